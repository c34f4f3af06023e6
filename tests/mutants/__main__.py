"""`make mutants`: every mutant of the chosen files before the tests, and what became of them.

    python tests/mutants [--fresh] [WORD IN A FILE'S PATH ...]

Ends with 1 if a mutant survives that is not explained, or an explanation is stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from rich.console import Console
from rich.progress import track

from memory import Memory
from mutant import Mutant, mutants_of
from report import told
from scope import AREAS, Area
from survivors import read_reasons
from trial import FROZEN, SURVIVED, cold, time_of, warm, warm_up

CONSOLE = Console(stderr=True, highlight=False, soft_wrap=True)


def main(words: list[str]) -> int:
    """Try the mutants of the files that are asked for."""
    parser = argparse.ArgumentParser(prog="python tests/mutants", description=__doc__)
    parser.add_argument("word", nargs="*", help="mutate only files with this in their path")
    parser.add_argument("--fresh", action="store_true", help="forget the kills of earlier runs")
    asked = parser.parse_args(words)
    memory = Memory(fresh=asked.fresh)
    warm_up()
    verdicts = [found for area in AREAS for found in _verdicts(area, asked.word, memory)]
    reasons = read_reasons()
    files = {mutant.file for mutant, _ in verdicts}
    alive = {mutant.name for mutant, by in verdicts if by == SURVIVED}
    stale = [name for name in reasons if name[0] in files and name not in alive]
    sys.stdout.write("\n".join(told(verdicts, reasons, stale)) + "\n")
    return bool(stale or alive - set(reasons))


def _verdicts(area: Area, only: Sequence[str], memory: Memory) -> Iterator[tuple[Mutant, str]]:
    """Each mutant of the area, and what has killed it; who survives is told of at once."""
    mutants = [it for file in area.chosen(only) for it in mutants_of(file)]
    rest = [it for it in mutants if memory.killer(it) is None]
    rest, frozen = _try_warm(area, area.near, rest, memory)
    rest, _ = _try_warm(area, area.far, rest, memory)
    rest = _try_cold(area, area.near, rest + frozen, memory)
    frozen = _try_cold(area, area.far, [it for it in rest if it in frozen], memory)
    for mutant in rest:
        if memory.killer(mutant) is None:
            CONSOLE.print(f"alive: {mutant}", markup=False)
    yield from ((it, memory.killer(it) or SURVIVED) for it in mutants)


def _try_warm(
    area: Area, tests: Sequence[str], mutants: Sequence[Mutant], memory: Memory
) -> tuple[list[Mutant], list[Mutant]]:
    """Who survives, and who cannot be tried warm."""
    left: dict[str, list[Mutant]] = {SURVIVED: [], FROZEN: []}
    killers = warm(tests, mutants, limit_s=_limit_s(tuple(tests))) if mutants else iter(())
    for mutant in _progress(mutants, area, "warm"):
        killed_by = next(killers)
        if killed_by in left:
            left[killed_by].append(mutant)
        else:
            memory.keep(mutant, killed_by)
    return left[SURVIVED], left[FROZEN]


def _try_cold(
    area: Area, tests: Sequence[str], mutants: Sequence[Mutant], memory: Memory
) -> list[Mutant]:
    """Who survives."""
    alive = []
    for mutant in _progress(mutants, area, "cold"):
        killed_by = cold(tests, mutant, limit_s=_limit_s(tuple(tests)))
        if killed_by == SURVIVED:
            alive.append(mutant)
        else:
            memory.keep(mutant, killed_by)
    return alive


def _progress(mutants: Sequence[Mutant], area: Area, how: str) -> Iterable[Mutant]:
    return track(mutants, f"{area.folder}, {how}", console=CONSOLE, disable=not mutants)


@cache
def _limit_s(tests: tuple[str, ...]) -> float:
    """How long a mutant may take for them; found out on the source as it is."""
    return time_of(tests)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
