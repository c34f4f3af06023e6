"""Two runs that were active at once on one thread: on a wire whose threads are locked, impossible.

The argument, which asks nothing but the table. Let one run have been seen in a status that locks
its thread, later on a second run of that thread, and after it the first one again, locking still.
From no status that does not lock can one come back to one that does (`hindsight.kept_lock`); so the
first run has locked the thread all the while, also when the second was seen. That one was locking
the thread, too; and a service that keeps its lock takes no run while another has it.

Two looks prove nothing: the first run may have ended, and the second have begun, in between. Nor
does a look at a run that is over: nobody knows how long it has been.

Rule: only what is certain is told. That the log is in the order of the looks is assumed, as it is
of each run; where looks have times, these must say so too. A wire without such a lock is left out,
and so is a look that does not tell its thread or its wire.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Final

from runfsm.cli.judge.lookfile import Look
from runfsm.lifecycle import WIRES, Lifecycle, RunEvent, RunStatus
from runfsm.lifecycle.hindsight import kept_lock
from runfsm.lifecycle.wires.wire import LockScope

__all__ = ["Locks", "TwoActive"]

#: The table of a run on each wire on which a thread takes one run at a time.
LOCKED: Final[dict[str, Lifecycle[RunStatus, RunEvent]]] = {
    name: wire.table
    for name, wire in WIRES.items()
    if wire.lock.value is LockScope.THREAD and wire.table is not None
}


@dataclass(frozen=True, slots=True)
class TwoActive:
    """A look that proves that two runs were active at once on one thread: no step of either.

    Attributes:
        at: when it was taken, in Unix seconds, if that is known.
        run_id: the run that is looked at, which was active at `since` already.
        since: the line of its first look.
        thread_id: of both.
        other_id: the run that was seen in between.
        other_line: where.
    """

    kind: ClassVar[str] = "two_active"
    at: float | None
    run_id: str
    since: int
    thread_id: str
    other_id: str
    other_line: int

    def to_dict(self) -> dict[str, Any]:
        """A JSON object, as a journal's step is one."""
        return {"kind": self.kind, **asdict(self)}

    def __str__(self) -> str:
        return f"impossible: {self.other_id} was active too, on {self.thread_id}"

    @property
    def why(self) -> str:
        """In words."""
        return (
            f"it was active from line {self.since} to this one, and so was {self.other_id} at line "
            f"{self.other_line}; {self.thread_id} is locked by one run at a time."
        )


@dataclass(frozen=True, slots=True)
class Active:
    """A look at a run that locks its thread."""

    look: Look
    status: RunStatus

    def comes_before(self, later: Active) -> bool:
        """Whether it was certainly taken before another: by its line, and by its time if told."""
        one, other = self.look, later.look
        in_time = one.at is None or other.at is None or one.at <= other.at
        return one.line < other.line and in_time


@dataclass(slots=True)
class Holders:
    """Who was seen to hold the lock of one thread.

    Attributes:
        table: what may happen to its runs.
        first: the first such look at each run.
        latest: the latest one of all; and the latest at any other run.
    """

    table: Lifecycle[RunStatus, RunEvent]
    first: dict[str, Active] = field(default_factory=dict)
    latest: tuple[Active | None, Active | None] = (None, None)

    def met(self, now: Active) -> TwoActive | None:
        """What another look proves, and remember it."""
        run_id = now.look.run_id
        first = self.first.setdefault(run_id, now)
        newest, before = self.latest
        other = before if newest and newest.look.run_id == run_id else newest
        self.latest = (now, other)
        kept = kept_lock(self.table, first.status, now.status)
        if other and kept and first.comes_before(other) and other.comes_before(now):
            thread_id, between = str(now.look.thread_id), other.look
            where = (run_id, first.look.line, thread_id, between.run_id, between.line)
            return TwoActive(now.look.at, *where)
        return None


class Locks:
    """The locks of all threads in a log."""

    def __init__(self) -> None:
        self._threads: dict[tuple[str, str], Holders] = {}

    def met(self, look: Look, status: RunStatus | None) -> TwoActive | None:
        """What a look proves about other runs of its thread; `None`: nothing.

        Args:
            look: one that can be, as far as its own run goes.
            status: what it shows.
        """
        table = LOCKED.get(look.wire or "")
        if table is None or look.thread_id is None or look.guessed or status is None:
            return None
        if not table.locks_thread(status):
            return None
        holders = self._threads.setdefault((str(look.wire), look.thread_id), Holders(table))
        return holders.met(Active(look, status))
