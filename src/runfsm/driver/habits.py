"""What a driver has learnt of how long runs take, so that it looks when there is something to see.

Rule 1: what is learnt is the wait that a client's move begins (the run was created, outputs were
handed in, a cancel was asked for), until the service asks for something again or the run is over.
The statuses that lie between may come and go unseen, and nobody waits for them.

Rule 2: a wait is known as a span: it was not over at one look, and over at the next.

Rule 3: old waits are forgotten. Services grow faster and slower; the last ones say how it is now.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from runfsm.driver.schedule import FINE_S, Schedule, Span
from runfsm.lifecycle.run import RunEvent

__all__ = ["Habits"]

KEPT: Final = 64  # waits of each kind; a shift is learnt within so many
LEAST: Final = 8  # fewer say nothing yet


class Habits:
    """What many runs have shown. Any thread may learn and ask; it pickles.

    Example:
        >>> habits = Habits()
        >>> for _ in range(8):
        ...     habits.learn(RunEvent.CREATE, low_s=4.0, high_s=5.0)
        >>> round(habits.next_delay_s(RunEvent.CREATE, elapsed_s=0.0), 1)  # nothing before 4 s
        4.1
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[RunEvent, deque[Span]] = {}
        self._schedules: dict[RunEvent, Schedule] = {}  # of those whose waits have not changed

    def learn(self, move: RunEvent, *, low_s: float, high_s: float) -> None:
        """A wait is over.

        Args:
            move: what the client did to begin it.
            low_s: how long it had lasted at the last look that found it under way.
            high_s: how long at the look that found it over.
        """
        high_s = max(high_s, FINE_S)
        with self._lock:
            seen = self._seen.setdefault(move, deque(maxlen=KEPT))
            seen.append((max(0.0, min(low_s, high_s - FINE_S)), high_s))
            self._schedules.pop(move, None)

    def next_delay_s(self, move: RunEvent, elapsed_s: float) -> float | None:
        """How long to wait until the next look, in seconds.

        Args:
            move: what the client did to begin the wait.
            elapsed_s: how long it has lasted.

        Returns:
            `None` if nothing is known: too few such waits were seen, or this one outlives them all.
        """
        schedule = self._schedule(move)
        moment_s = None if schedule is None else schedule.next_s(elapsed_s)
        return None if moment_s is None else moment_s - elapsed_s

    def _schedule(self, move: RunEvent) -> Schedule | None:
        with self._lock:
            seen = self._seen.get(move, ())
            if len(seen) < LEAST:
                return None
            if move not in self._schedules:
                self._schedules[move] = Schedule.of(seen)
            return self._schedules[move]

    def __getstate__(self) -> Mapping[str, Any]:
        with self._lock:  # a lock does not pickle, and a schedule is made again
            return {"seen": {move: tuple(seen) for move, seen in self._seen.items()}}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]  # it takes nothing
        self._seen = {move: deque(seen, maxlen=KEPT) for move, seen in state["seen"].items()}
