"""How a run is told: a table by file, what is wrong, and one line that says it all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

from child import CRASH, TIME
from mutant import Mutant
from trial import IMPORT, SURVIVED

__all__ = ["told"]

HEADS = ("file", "mutants", "by a test", "at import", "by time", "explained", "alive")


def told(
    verdicts: Collection[tuple[Mutant, str]],
    reasons: Mapping[tuple[str, str, str], str],
    stale: Collection[tuple[str, str, str]],
) -> Iterator[str]:
    """The lines.

    Args:
        verdicts: each mutant, and what has killed it.
        reasons: of the survivors that are explained.
        stale: explanations for nothing.
    """
    yield from _table(verdicts, reasons)
    alive = [it for it, by in verdicts if by == SURVIVED and it.name not in reasons]
    for mutant in alive:
        yield from ("", *_entry(mutant))
    for name in stale:
        yield f"\nStale in survivors.toml: {' | '.join(name)}"
    killed = sum(by != SURVIVED for _, by in verdicts)
    explained = len(verdicts) - killed - len(alive)
    wanted = killed + len(alive)
    yield f"\nMutants: killed {killed:,} of {wanted:,}; {explained} more are explained."


def _table(
    verdicts: Collection[tuple[Mutant, str]], reasons: Mapping[tuple[str, str, str], str]
) -> Iterator[str]:
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant, by in verdicts:
        by_file[mutant.file][_column(by, is_explained=mutant.name in reasons)] += 1
    by_file["all"] = sum(by_file.values(), Counter())
    yield f"| {' | '.join(HEADS)} |"
    yield f"| --- |{' ---: |' * (len(HEADS) - 1)}"
    for file, counts in by_file.items():
        cells = [counts.total(), *(counts[head] for head in HEADS[2:])]
        yield f"| {file} | {' | '.join(map(str, cells))} |"


def _column(killed_by: str, *, is_explained: bool) -> str:
    if killed_by == SURVIVED:
        return "explained" if is_explained else "alive"
    return {IMPORT: "at import", TIME: "by time", CRASH: "by time"}.get(killed_by, "by a test")


def _entry(mutant: Mutant) -> Iterator[str]:
    """What to write into `survivors.toml`, where no test can be written."""
    yield f"# {mutant.file}:{mutant.line}"
    yield "[[survivor]]"
    for key, value in zip(("file", "function", "change"), mutant.name, strict=True):
        yield f"{key} = '''{value}'''" if "'" in value else f"{key} = '{value}'"
    yield "reason = ''"
