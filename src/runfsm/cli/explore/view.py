"""A search on a terminal: while it runs, what it went through, and what it has found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from runfsm.cli.telling import amount, harmless
from runfsm.lifecycle.run import RunStatus
from runfsm_simulator.explore import Behaviour, Certificate, Counterexample
from runfsm_simulator.explore.replay import foreseen
from runfsm_simulator.explore.search import EDGES
from runfsm_simulator.explore.story import shortened

__all__ = ["as_json", "progress", "tell"]

#: Lines of a story, its beginning and its end; a long one is told in part.
LINES_MAX: Final = 24


@contextmanager
def progress(console: Console, *, silent: bool) -> Iterator[Callable[[Certificate], None]]:
    """A line that tells how far a search is; it yields who is to be told."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    hidden = silent or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("exploring")

        def watch(found: Certificate) -> None:
            deviations = max(found.by_depth, default=0)
            bar.update(
                task,
                description=f"{found.behaviours:,} behaviours, {found.states:,} states, "
                f"{deviations} of {found.depth} deviations, {len(found.found)} found",
            )

        yield watch


def tell(
    console: Console, found: Certificate, place: str, took_s: float, paths: Sequence[Path]
) -> None:
    """The counterexamples, then the certificate."""
    for nth, one in enumerate(found.found, 1):
        _tell_one(console, nth, one)
    if paths:
        console.print()
        folder = os.path.relpath(paths[0].parent)
        written = f"written: {amount(len(paths), 'test')}, each with its trace; pytest {folder}"
        console.print(written, soft_wrap=True)  # a path that is broken in two cannot be copied
    console.print()
    console.print(_verdict(found, place), soft_wrap=True)
    console.print(_certificate(found, took_s))


# Counterexamples ---------------------------------------------------------------------------------


def _tell_one(console: Console, nth: int, one: Counterexample) -> None:
    console.print()
    console.print(Text(f"{nth}. {harmless(str(one.broken))}", style="bold red"))
    times = f"{one.times:,} behaviours; the shortest: " if one.times > 1 else "if "
    console.print(Text(times + _deviations(one.behaviour), style="dim"))
    lines = [*shortened(one.behaviour.story)]
    left_out = len(lines) - LINES_MAX
    if left_out > 0:
        lines = [*lines[: LINES_MAX // 2], *lines[-LINES_MAX // 2 :]]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=9, justify="right", style="dim")
    grid.add_column(style="dim")
    grid.add_column()
    for at, (line, times_told) in enumerate(lines):
        if left_out > 0 and at == LINES_MAX // 2:
            grid.add_row("…", "", f"({left_out} lines)")
        again = f"  ({times_told} times)" if times_told > 1 else ""
        grid.add_row(f"{line.at_s:.1f} s", line.who, harmless(line.what) + again)
    console.print(grid)


def _deviations(behaviour: Behaviour) -> str:
    return "; ".join(_put(choice.stream, choice.taken) for choice in behaviour.deviations) or (
        "the service does no harm at all"
    )


def _put(stream: str, taken: object) -> str:
    match stream:
        case "the model":
            return f"the model {taken}"
        case "another hand":
            return str(taken)
        case "queue_s" | "work_s" | "cancel_s":
            return f"{taken:g} s in {SLOW[stream]}"
    return f"{stream.removeprefix('fault:')} strikes" if taken == 1.0 else f"{stream}: {taken}"


SLOW: Final = {
    "queue_s": RunStatus.QUEUED,
    "work_s": RunStatus.IN_PROGRESS,
    "cancel_s": RunStatus.CANCELLING,
}


# The certificate ---------------------------------------------------------------------------------


def _verdict(found: Certificate, place: str) -> Text:
    most = f"at most {amount(found.depth, 'deviation')}"
    if found.found:
        ways = amount(len(found.found), "way")
        more = "" if found.is_complete else "; not finished"
        return Text(f"{place}: {ways} to break a law, with {most}{more}", "bold red")
    if not found.statuses:
        return Text(
            f"{place}: no law is broken, but it made no run: nothing was tried", "bold yellow"
        )
    if not found.is_complete:
        return Text(f"{place}: no law broken so far; not finished", "bold yellow")
    return Text(f"{place}: no law is broken by any behaviour with {most}", "bold green")


def _certificate(found: Certificate, took_s: float) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    by_depth = ", ".join(f"{n:,} with {depth}" for depth, n in sorted(found.by_depth.items()))
    grid.add_row("behaviours", f"{found.behaviours:,} ({by_depth} deviations)")
    known = f"{amount(found.pruned, 'behaviour')} came to a known one"
    grid.add_row("states", f"{found.states:,} met; {known}")
    grid.add_row("the service", ", ".join(_options(found, "the model")))
    grid.add_row("other hands", ", ".join(_options(found, "another hand")) or "none")
    grid.add_row("faults", ", ".join(found.faults) or "none")
    grid.add_row(
        "covered",
        f"{len(found.statuses)} of {len(RunStatus)} statuses, "
        f"{len(found.edges)} of {EDGES} edges of the lifecycle",
    )
    grid.add_row("ends", ", ".join(f"{end} {n:,}" for end, n in found.ends.most_common()))
    grid.add_row("took", f"{took_s:.1f} s, {found.behaviours / max(took_s, 1e-9):,.0f} a second")
    return grid


def _options(found: Certificate, stream: str) -> list[str]:
    return [f"{taken}" for (name, taken), _ in found.options.most_common() if name == stream]


def as_json(found: Certificate, place: str, took_s: float, paths: Sequence[Path]) -> dict[str, Any]:
    """The same as a JSON object."""
    return {
        "function": place,
        "depth": found.depth,
        "faults": [*found.faults],
        "is_clean": found.is_clean,
        "is_complete": found.is_complete,
        "behaviours": found.behaviours,
        "by_deviations": {str(depth): n for depth, n in sorted(found.by_depth.items())},
        "states": found.states,
        "pruned": found.pruned,
        "statuses": sorted(found.statuses),
        "edges": len(found.edges),
        "edges_of_the_lifecycle": EDGES,
        "ends": dict(found.ends),
        "took_s": round(took_s, 3),
        "counterexamples": [_one_as_json(one) for one in found.found],
        "written": [str(path) for path in paths],
    }


def _one_as_json(one: Counterexample) -> dict[str, Any]:
    lines = shortened(one.behaviour.story)
    return {
        "law": one.broken.law,
        "what": one.broken.what,
        "behaviours": one.times,
        "deviations": [choice.to_dict() for choice in one.behaviour.deviations],
        "choices": foreseen(one.behaviour),
        "story": [
            {"at_s": line.at_s, "who": line.who, "what": line.what, "times": times}
            for line, times in lines
        ],
    }
