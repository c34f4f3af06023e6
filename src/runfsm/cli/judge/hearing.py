"""Looks in; the hidden path of each run out, and the first look that cannot be.

Rule: what may be is asked of the lifecycle's table. This file only remembers who said what, and
where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from runfsm.cli.judge.locking import Locks, TwoActive
from runfsm.cli.judge.lookfile import Look
from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, Actor, RunStatus
from runfsm.lifecycle.hindsight import is_sure, reachable
from runfsm.lifecycle.journal import Anomaly, JournalStep, Transition, UnknownStatus
from runfsm.lifecycle.tracker import RunTracker

__all__ = ["Hearing", "RunHeard", "Told", "heard"]

RUNS_MAX: Final = 10_000

#: A log does not say which client took an edge: a cancel or a submit is taken for its writer's.
CLIENTS: Final = frozenset(
    edge.event for edge in LIFECYCLE.edges if edge.source and edge.actor is Actor.CLIENT
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a look tells, one step of it.

    Attributes:
        line: where the look stands.
        step: an edge that was taken, an unknown status, or what cannot be: of the run by itself,
            or beside another one.
        sure: the edge must have been taken, or joins two looks by itself; otherwise it is part of
            the likeliest of several ways.
        disordered: the look's time is before that of the one before it.
    """

    line: int
    step: JournalStep | TwoActive
    sure: bool = True
    disordered: bool = False

    @property
    def why(self) -> str | None:
        """Why it cannot be, in the table's words, and what could have been; `None`: it can."""
        if isinstance(self.step, TwoActive):
            return f"line {self.line} shows that {self.step.why}"
        if not isinstance(self.step, Anomaly):
            return None
        seen = RunStatus(self.step.seen)
        said = f"line {self.line} shows {self.step.shown}, after {seen}. "
        if seen in LIFECYCLE.terminal:
            said += f"{seen} is terminal: nothing can happen to a run any more."
        else:
            options = "; ".join(f"{edge.dest} ({edge.why})" for edge in reachable(LIFECYCLE, seen))
            said += f"After {seen} can come only: {options}."
        if self.disordered:
            said += " Its time is before that of the look before: is the log in order?"
        return said

    def to_dict(self) -> dict[str, Any]:
        """A JSON object: the step's own, with the line."""
        told = {"line": self.line, **self.step.to_dict()}
        if isinstance(self.step, Transition):
            told["sure"] = self.sure
        return told | ({"why": self.why} if self.why else {})


@dataclass(slots=True)
class RunHeard:
    """One run, as far as a log shows it.

    Attributes:
        run_id: which.
        looks: how many there were.
        told: its path, oldest first.
    """

    run_id: str
    looks: int = 0
    told: list[Told] = field(default_factory=list)
    _tracker: RunTracker = field(default_factory=RunTracker)
    _latest_at: float | None = None
    _has_clashed: bool = False

    @property
    def status(self) -> RunStatus | None:
        """The last one that is believed."""
        return self._tracker.status

    @property
    def impossible(self) -> Told | None:
        """The first look that cannot be."""
        return next((one for one in self.told if one.why), None)

    def hear(self, look: Look, locks: Locks) -> None:
        """Take one look, and what it proves about other runs of its thread: once."""
        self.looks += not look.guessed
        before = self._tracker.status
        own = {look.own} if look.own else CLIENTS
        steps = self._tracker.observe(look.run, at=look.at, own=own)
        for step in steps:
            self.told.append(self._told(look, step, before, is_alone=len(steps) == 1))
        if look.at is not None:
            self._latest_at = look.at
        clash = locks.met(look, self._believed(look))
        if clash and not self._has_clashed:
            self._has_clashed = True
            self.told.append(Told(look.line, clash, sure=True))

    def _believed(self, look: Look) -> RunStatus | None:
        """What a look shows, if it can be."""
        shown = look.run["status"] if isinstance(look.run, Mapping) else look.run
        return self.status if self.status == shown else None

    def _told(
        self, look: Look, step: JournalStep | TwoActive, before: RunStatus | None, *, is_alone: bool
    ) -> Told:
        if not isinstance(step, Transition):
            return Told(look.line, step, sure=False, disordered=self._is_late(look))
        after = self._tracker.status or step.edge.dest
        sure = is_alone or is_sure(LIFECYCLE, step.edge, before, after)
        sure = sure and not look.guessed
        return Told(look.line, replace(step, inferred=step.inferred or look.guessed), sure)

    def _is_late(self, look: Look) -> bool:
        if look.at is None or self._latest_at is None:
            return False
        return look.at < self._latest_at

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "run_id": self.run_id,
            "looks": self.looks,
            "status": self.status,
            "path": [one.to_dict() for one in self.told],
        }


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a log proves.

    Attributes:
        runs: each run that was looked at, in the order of the first looks.
    """

    runs: tuple[RunHeard, ...]

    @property
    def impossible(self) -> tuple[RunHeard, Told] | None:
        """The run, and the first look in the log, that cannot be; `None`: all can."""
        found = [(run, told) for run in self.runs if (told := run.impossible)]
        return min(found, key=lambda one: one[1].line, default=None)

    @property
    def judged(self) -> tuple[RunHeard, ...]:
        """The runs of which some look showed one of the nine statuses."""
        return tuple(run for run in self.runs if run.status)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The statuses that are none of the nine, sorted."""
        steps = (told.step for run in self.runs for told in run.told)
        return tuple(sorted({one.raw_status for one in steps if isinstance(one, UnknownStatus)}))


def heard(looks: Iterable[Look]) -> Hearing:
    """What these looks prove.

    Raises:
        CallerError: they are of more runs than anybody judges.

    Example:
        >>> statuses = enumerate(["queued", "completed", "in_progress"], start=1)
        >>> hearing = heard(Look(line, "run_1", status) for line, status in statuses)
        >>> run, told = hearing.impossible
        >>> print(told.step)
        impossible: completed → in_progress (a terminal status is final); kept completed
    """
    runs: dict[str, RunHeard] = {}
    locks = Locks()
    for look in looks:
        if look.run_id not in runs:
            if len(runs) >= RUNS_MAX:
                raise CallerError(f"more than {RUNS_MAX} runs; judge the log in parts")
            runs[look.run_id] = RunHeard(look.run_id)
        runs[look.run_id].hear(look, locks)
    return Hearing(tuple(runs.values()))
