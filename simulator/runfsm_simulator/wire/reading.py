"""Who reads lets time pass: the waiting side of everything that is sent piece by piece.

When all that has happened is read, the reader waits at the simulator's clock for the next thing to
come due; in virtual time that is at once. Whoever has something to tell in between rings.
"""

from __future__ import annotations

from typing import Final, Protocol, Self, TypeGuard, runtime_checkable

from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.world.operations import World

__all__ = ["LOOK_S", "NOT_YET", "NotYet", "Reading", "WaitableClock", "check_waitable"]

#: No longer than this a reader waits without a look: whether what it reads of is deleted, say.
LOOK_S: Final = 15.0


class Alarm(Protocol):
    """Something that a thread waits at."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until rung, or until `timeout_s` seconds have passed."""

    def ring(self) -> None:
        """Wake who waits, or who waits next."""


class AsyncAlarm(Protocol):
    """Something that a task waits at."""

    async def wait(self, timeout_s: float) -> bool:
        """Wait until rung, or until `timeout_s` seconds have passed."""

    def ring(self) -> None:
        """Wake who waits, or who waits next."""


@runtime_checkable
class WaitableClock(Protocol):
    """A clock that one can wait at, as `VirtualClock` and the driver's `SystemClock` are."""

    def now(self) -> float:
        """Unix time in seconds."""

    def alarm(self) -> Alarm:
        """A new alarm for a thread."""

    def async_alarm(self) -> AsyncAlarm:
        """A new alarm for a task."""


def _is_waitable(clock: object) -> TypeGuard[WaitableClock]:
    """As `isinstance` finds it, which takes half as long as the whole rest of a request."""
    return all(hasattr(clock, name) for name in ("now", "alarm", "async_alarm"))


def check_waitable(world: World) -> WaitableClock:
    """The world's clock, if one can wait at it.

    Raises:
        ApiError: nobody can.
    """
    if not _is_waitable(world.clock):
        why = "nobody can wait at this simulator's clock, as at a VirtualClock"
        raise REFUSALS["stream"].error(why=why)
    return world.clock


class NotYet:
    """There is nothing to send so far."""


NOT_YET: Final = NotYet()


class Reading:
    """Blocks that are read once, in a thread (`for`) or in a task (`async for`), and closed.

    No generators: one that is left in the middle has to be cleared away.

    Args:
        world: of which is told.

    Raises:
        ApiError: the world's clock is one that nobody can wait at.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._clock = check_waitable(world)
        self._alarm = self._clock.alarm()
        self._async_alarm = self._clock.async_alarm()

    def wake(self) -> None:
        """See `Listener.wake`."""
        self._alarm.ring()
        self._async_alarm.ring()

    def close(self) -> None:
        """Read no more. What is told of goes on."""
        raise NotImplementedError

    def _take(self) -> bytes | NotYet | None:
        """The next block, if there is one; `None`: there will be none. Asked in an operation."""
        raise NotImplementedError

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        while not isinstance(found := self._next(), bytes):
            if found is None:
                raise StopIteration
            self._alarm.wait(found)
        return found

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not isinstance(found := self._next(), bytes):
            if found is None:
                raise StopAsyncIteration
            try:
                await self._async_alarm.wait(found)
            except BaseException:  # the task is cancelled; its loop may be gone when we wake it
                self.close()
                raise
        return found

    def _next(self) -> bytes | float | None:
        """The next block; or how many seconds to wait for it; or `None`, for there is none."""
        with self._world.operation():
            found = self._take()
            if not isinstance(found, NotYet):
                return found
            due = self._world.next_due()
            return LOOK_S if due is None else min(max(0.0, due - self._clock.now()), LOOK_S)
