"""Lines of those who want a thread, one line a thread: first come, first served, in one process.

Nobody sleeps in here: who leaves rings the next one's alarm.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from runfsm.driver.actions import TakeTurn
from runfsm.errors import BackendError, CallerError, Fault, FaultKind
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunRef, RunSnapshot

__all__ = ["Lines", "Ticket", "key_line", "line_is_full"]


#: So many keys are remembered.
MADE_MAX: Final = 10_000


class Lines:
    """Who wants which thread. Drivers that shall not get in each other's way share one.

    Any thread may call. A line that is empty takes no memory.

    Example:
        >>> lines = Lines()
        >>> driver = RunDriver(backend, lines=lines)        # doctest: +SKIP
        >>> another = RunDriver(backend, lines=lines)       # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[str, deque[Ticket]] = {}
        # By the keys of idempotent requests; and whether a run was cancelled for its time.
        self._made: dict[str, tuple[RunRef, bool]] = {}

    def join(
        self,
        thread_id: str,
        ring: Callable[[], None],
        *,
        waiting_max: int,
        owner: object = None,
    ) -> Ticket | None:
        """Stand at the end of a thread's line.

        Args:
            thread_id: which thread.
            ring: called, from any thread, when it is this one's turn.
            waiting_max: how many may wait behind the one whose turn it is.
            owner: the thread or task that will wait, if that is to be noticed.

        Returns:
            The place in the line, or `None` if the line is full.

        Raises:
            CallerError: the owner has a place in this line, which it cannot leave while it waits.
        """
        with self._lock:
            line = self._lines.setdefault(thread_id, deque())
            if owner is not None and any(ticket.owner == owner for ticket in line):
                raise CallerError(
                    f"this would wait for its own place in the line of {thread_id}: inside of a "
                    f"session say thread.run(...), and finish or close a run before the next one"
                )
            if len(line) > waiting_max:
                return None
            ticket = Ticket(self, thread_id, ring, owner)
            line.append(ticket)
            return ticket

    def remember(self, key: str, ref: RunRef, *, has_expired: bool = False) -> None:
        """Keep which run a key has made; of too many, the oldest is forgotten."""
        with self._lock:
            self._made.pop(key, None)
            self._made[key] = ref, has_expired
            if len(self._made) > MADE_MAX:
                del self._made[next(iter(self._made))]

    def made(self, key: str) -> RunRef | None:
        """Return the run that a key has made in this process, as far as it is remembered."""
        with self._lock:
            ref, _ = self._made.get(key, (None, False))
            return ref

    def as_it_ended(self, key: str, run: RunSnapshot) -> RunSnapshot:
        """Return the run that a key has made, as it was told to have ended.

        Where a service has no expiry, only this process knows what the run was cancelled for.
        """
        with self._lock:
            _, has_expired = self._made.get(key, (None, False))
        is_cancelled = run.status is RunStatus.CANCELLED
        return replace(run, means=RunStatus.EXPIRED) if has_expired and is_cancelled else run

    def waiting(self, thread_id: str) -> int:
        """How many stand in a thread's line, the one whose turn it is included."""
        with self._lock:
            return len(self._lines.get(thread_id, ()))

    def _is_first(self, ticket: Ticket) -> bool:
        with self._lock:
            line = self._lines.get(ticket.thread_id, deque())
            if ticket not in line:
                raise CallerError(
                    f"the session on {ticket.thread_id} is over: use it inside of its `with` block"
                )
            return line[0] is ticket

    def _leave(self, ticket: Ticket) -> None:
        with self._lock:
            line = self._lines.get(ticket.thread_id, deque())
            if ticket not in line:
                return
            was_first = line[0] is ticket
            line.remove(ticket)
            following = line[0] if line and was_first else None
            if not line:
                del self._lines[ticket.thread_id]
        if following is not None:  # not under the lock: an alarm may have one of its own
            following.ring()


class Ticket:
    """A place in a line. To be left in the end, come what may."""

    __slots__ = ("_lines", "owner", "ring", "thread_id")

    def __init__(
        self, lines: Lines, thread_id: str, ring: Callable[[], None], owner: object = None
    ) -> None:
        self._lines = lines
        self.thread_id = thread_id
        self.ring = ring
        self.owner = owner

    @property
    def is_first(self) -> bool:
        """Whether it is this one's turn.

        Raises:
            CallerError: the place was given up.
        """
        return self._lines._is_first(self)  # noqa: SLF001  # two halves of one mechanism

    def check(self) -> None:
        """Be sure that there is a place.

        Raises:
            CallerError: it was given up.
        """
        self._lines._is_first(self)  # noqa: SLF001  # as above

    def leave(self) -> None:
        """Give the place up; a second time is nothing."""
        self._lines._leave(self)  # noqa: SLF001  # as above


def key_line(key: str) -> str:
    """Return the name of the line for a key, beside those of threads."""
    return f"key {key}"


def line_is_full(asked: TakeTurn) -> BackendError:
    """The error for one too many."""
    said = (
        f"{asked.waiting_max} stand in line for {asked.thread_id} already: "
        f"Enqueue(waiting_max=…) allows more"
    )
    return BackendError.of(Fault(FaultKind.LOCKED, said))
