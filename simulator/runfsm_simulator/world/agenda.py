"""What is still to come, in the order of time.

Rule: the agenda orders, it does not judge. Whether an entry that has come due still means
anything is for the world to say, which asks the lifecycle.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from runfsm.lifecycle import RunEvent

__all__ = ["GROW", "OPEN_OUTPUT", "Agenda", "Entry", "Moment"]


class Moment(Enum):
    """What can come due beside the events of a run."""

    OPEN_OUTPUT = "open_output"  # the model begins to write, or to call; no edge of the run
    GROW = "grow"  # some more of it has come


OPEN_OUTPUT = Moment.OPEN_OUTPUT
GROW = Moment.GROW


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """Something planned for one run.

    Attributes:
        due: Unix time in seconds.
        rank: 0 for the expiry, which goes first among those due at once; 1 for the rest.
        number: settles what is left by age.
        plan: the run's plan that it belongs to, or `None` if it holds under every plan.
    """

    due: float
    rank: int
    number: int
    run_id: str
    what: RunEvent | Moment
    plan: int | None


class Agenda:
    """Entries, earliest first."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._numbers = 0  # not an `itertools.count`: a world can be copied, and those soon not

    def put(self, due: float, run_id: str, what: RunEvent | Moment, *, plan: int | None) -> None:
        """Plan `what` for `due` (Unix seconds)."""
        rank = 0 if what is RunEvent.EXPIRE else 1
        self._numbers += 1
        heapq.heappush(self._heap, Entry(due, rank, self._numbers, run_id, what, plan))

    def is_due(self, now: float) -> bool:
        """Return whether something is due by `now`, void or not. Quick: called all the time."""
        return bool(self._heap) and self._heap[0].due <= now

    def next_due(self, holds: Callable[[Entry], bool]) -> float | None:
        """When the earliest entry that still `holds` is due; those before it are dropped."""
        while self._heap and not holds(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0].due if self._heap else None

    def pop(self) -> Entry:
        """Take the earliest entry."""
        return heapq.heappop(self._heap)
