"""A world at one instant, kept to come back to.

Rule 1: what is saved is never handed out, only copies of it; so it can be restored again and again.

Rule 2: time never goes back on a clock. Who comes back to an earlier instant gets a *new* clock,
which begins there; whoever waits on the old one waits in a future that is not any more.

Shared, not copied: the planner (a program, perhaps with sockets and files). Whoever listens to the
world from outside does not belong to it: `Happenings` says so itself.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self, runtime_checkable

from runfsm.errors import CallerError

__all__ = ["Restartable", "Saved", "check_restartable"]


@runtime_checkable
class Restartable(Protocol):
    """A clock that can be had again, beginning at another moment."""

    def starting_at(self, moment: float) -> Self:
        """A new clock of the same kind that shows `moment` (Unix seconds) now."""


def check_restartable(clock: Any) -> None:
    """Refuse a clock with which there is no coming back.

    Raises:
        CallerError: the clock is one that cannot begin again.
    """
    if not isinstance(clock, Restartable):
        raise CallerError(
            f"a world with the clock {clock!r} cannot come back: it would need a new clock, from a "
            "method `starting_at(moment)` as VirtualClock has it"
        )


class Saved:
    """Parts of a world as they were, tied to the clock that they had.

    Args:
        parts: what to keep, by name; they may refer to each other.
        clock: the clock that they refer to.
        at: what time it was, in Unix seconds.
        shared: things in them that are not to be copied.

    Raises:
        CallerError: the clock is one that cannot begin again.
    """

    def __init__(
        self,
        parts: Mapping[str, Any],
        *,
        clock: Any,
        at: float,
        shared: Sequence[Any] = (),
    ) -> None:
        check_restartable(clock)
        self._clock = clock
        self._at = at
        self._shared = tuple(shared)
        self._parts = self._copied(parts, clock)

    def revive(self) -> tuple[Any, Mapping[str, Any]]:
        """A new clock that shows the saved moment, and a copy of the parts that runs on it."""
        clock = self._clock.starting_at(self._at)
        return clock, self._copied(self._parts, clock)

    def _copied(self, parts: Mapping[str, Any], clock: Any) -> Mapping[str, Any]:
        kept = {id(one): one for one in self._shared}
        return copy.deepcopy(parts, {**kept, id(self._clock): clock})
