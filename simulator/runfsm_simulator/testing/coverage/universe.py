"""Which places there are, computed from the tables; which cannot be reached, and why.

Rule: nothing here says what is legal. That one edge may follow another, or in which statuses a
fault of cancelling can strike, is asked of the lifecycle; a cell that is called impossible carries
the reason, and a test holds all of them against storms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from runfsm.lifecycle import LIFECYCLE, Lifecycle, RunEvent, RunStatus
from runfsm_simulator.testing.coverage.cells import (
    Cell,
    call_cell,
    edge_cell,
    fault_cell,
    pair_cell,
    status_cell,
)
from runfsm_simulator.wire.routes import ROUTES
from runfsm_simulator.world.storm import REASONS

__all__ = ["ROWS", "SECTIONS", "Section", "universe"]

Met = RunStatus | None

#: What calls and faults can meet: no run, or one in a status.
ROWS: Final[tuple[Met, ...]] = (None, *RunStatus)


@dataclass(frozen=True, slots=True)
class Section:
    """The places of one kind.

    Attributes:
        name: `"edges"`.
        about: what it is to be there.
        reachable: those that can be covered, in the order of the tables.
        impossible: those that cannot, each with its reason.
    """

    name: str
    about: str
    reachable: tuple[Cell, ...]
    impossible: Mapping[Cell, str]


def universe(lifecycle: Lifecycle[Any, Any] = LIFECYCLE) -> tuple[Section, ...]:
    """All sections; calls and faults are known of the run only."""
    sections = [_statuses(lifecycle), _edges(lifecycle), _pairs(lifecycle)]
    return (*sections, _calls(), _faults()) if lifecycle is LIFECYCLE else tuple(sections)


# A run's own moves: the table leaves no doubt -----------------------------------------------------


def _statuses(lifecycle: Lifecycle[Any, Any]) -> Section:
    cells = (status_cell(lifecycle.name, status) for status in lifecycle.statuses)
    return Section("statuses", f"a {lifecycle.name} has been in it", tuple(cells), {})


def _edges(lifecycle: Lifecycle[Any, Any]) -> Section:
    cells = (edge_cell(lifecycle.name, edge) for edge in lifecycle.edges)
    return Section("edges", f"a {lifecycle.name} has taken it", tuple(cells), {})


def _pairs(lifecycle: Lifecycle[Any, Any]) -> Section:
    """Every status can be reached, and an edge asks for nothing but its source: so can a pair."""
    reachable, impossible = [], {}
    for first in lifecycle.edges:
        for second in lifecycle.edges:
            cell = pair_cell(lifecycle.name, first, second)
            if first.dest == second.source:
                reachable.append(cell)
            elif second.source is None:
                impossible[cell] = "nothing is created twice"
            else:
                impossible[cell] = f"it leads to {first.dest}, the next one leaves {second.source}"
    about = f"one {lifecycle.name} has taken one after the other"
    return Section("pairs", about, tuple(reachable), impossible)


# What a run meets --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Where:
    """In which statuses something can be, and why in no others."""

    met: frozenset[Met]
    why: str


def _grid(
    name: str, about: str, columns: Mapping[str, Where], cell: Callable[[str, Met], Cell]
) -> Section:
    possible = [
        cell(column, met) for column, where in columns.items() for met in ROWS if met in where.met
    ]
    impossible = {
        cell(column, met): where.why
        for column, where in columns.items()
        for met in ROWS
        if met not in where.met
    }
    return Section(name, about, tuple(possible), impossible)


EVERYWHERE: Final = Where(frozenset(ROWS), "")
SOME_RUN: Final = Where(frozenset(RunStatus), "it names a run, so there is one")
NEW_THREAD: Final = Where(frozenset({None}), "it makes a thread, on which there is no run yet")


def _calls() -> Section:
    columns = {
        f"{method} {path}": _where(path)
        for path, handlers in ROUTES.items()
        if path.startswith("/v1/threads")
        for method in handlers
    }
    return _grid(
        "calls", "it has found its run so, or the newest of its thread", columns, call_cell
    )


def _where(path: str) -> Where:
    if "{run_id}" in path:
        return SOME_RUN
    return EVERYWHERE if "{thread_id}" in path else NEW_THREAD


def _faults() -> Section:
    columns = {name: FAULTS.get(name, EVERYWHERE) for name in REASONS}  # of calls: anywhere
    return _grid("faults", "it has struck when its run was there", columns, fault_cell)


def _into(event: RunEvent) -> set[Met]:
    return {edge.dest for edge in LIFECYCLE.edges if edge.event is event}


def _out_of(event: RunEvent) -> set[Met]:
    return {edge.source for edge in LIFECYCLE.edges if edge.event is event}


def _at(met: Iterable[Met], why: str) -> Where:
    return Where(frozenset(met), why)


CREATED: Final = _at(_into(RunEvent.CREATE), "it is drawn when a run has been created")
CALLING: Final = _at(_into(RunEvent.REQUIRE_ACTION), "it is drawn when calls are wanted")
STOPPING: Final = _at(_into(RunEvent.CANCEL), "it is drawn when a cancel is taken")
OVER: Final = _at(LIFECYCLE.terminal, "it is about a run that is over")
FREE: Final = _at(
    {None} | {status for status in RunStatus if not LIFECYCLE.locks_thread(status)},
    "another client's run comes first only where a thread is free",
)
FIRST_TURN: Final = _at({None}, "it is drawn before the run is created")
TURN: Final = _at(
    {None} | _out_of(RunEvent.SUBMIT_TOOL_OUTPUTS),
    "it is drawn when the model is asked: for a new run, or after outputs",
)
STREAM: Final = _at(TURN.met, "a stream begins with a run, or with outputs")

#: Of the faults that do not befall just any call: where they can strike.
FAULTS: Final[Mapping[str, Where]] = {
    "stale_look": _at(RunStatus, "a look names a run, so there is one"),
    "unknown_status": _at(RunStatus, "a look names a run, so there is one"),
    "missing_message": OVER,
    "stuck_queued": CREATED,
    "stuck_in_progress": FIRST_TURN,
    "nothing_after_outputs": TURN,  # no run: outputs that begin a response
    "random_failure": TURN,
    "endless_cancelling": STOPPING,
    "completes_after_cancel": STOPPING,
    "second_round": TURN,  # likewise
    "duplicate_calls": CALLING,
    "strange_call": TURN,
    "foreign_cancel": CREATED,
    "foreign_run": FREE,
    "lingering_lock_s": OVER,
    "cut": STREAM,
    "no_done": STREAM,
    "error_event": STREAM,
    "hangs": STREAM,
}

#: The sections of a run, by their names.
SECTIONS: Final = tuple(section.name for section in universe())
