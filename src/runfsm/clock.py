"""Time as a port: the only importer of `time`, and the only place that sleeps.

The driver waits through a `Clock`. `SystemClock` is the real one; the simulator brings a virtual
one (`runfsm_simulator.world.clock.VirtualClock`) that has the same four methods and jumps as soon
as everybody waits, so that ten minutes take microseconds.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, Self

import anyio
import anyio.lowlevel

__all__ = ["Alarm", "AsyncAlarm", "Clock", "Participant", "SystemClock"]


class Alarm(Protocol):
    """Something to wait at that rings after a while, or when somebody rings it."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until rung or until `timeout_s` seconds have passed; say whether it was rung."""

    def ring(self) -> None:
        """Wake who waits, or who waits next. Any thread may ring."""


class AsyncAlarm(Protocol):
    """The same for tasks; `timeout_s=math.inf` waits until it is rung."""

    async def wait(self, timeout_s: float) -> bool:
        """Wait until rung or until `timeout_s` seconds have passed; say whether it was rung."""

    def ring(self) -> None:
        """Wake who waits, or who waits next. Any task and any thread may ring."""


class Participant(Protocol):
    """Somebody whose work holds virtual time: from creation on, and while inside, until `leave()`.

    A virtual clock must not jump while somebody works. The code inside the context is the
    participant's own; it may be entered again and again, and outside it holds nobody up. Make the
    participant *before* the thread or task that enters it, so that no instant lies between in which
    nobody counts. Whoever has the word outside should give it back, or wait on the clock: time does
    not jump for others while it waits for them by other means.
    """

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc_info: object) -> None: ...

    def leave(self) -> None:
        """Take no part in time any more; what waits on its behalf is abandoned."""


class Clock(Protocol):
    """What a driver needs of time."""

    def now(self) -> float:
        """Unix time in seconds."""

    def alarm(self) -> Alarm:
        """A new alarm for a thread to wait at."""

    def async_alarm(self) -> AsyncAlarm:
        """A new alarm for a task to wait at."""

    def participant(self, *, beside: bool = False) -> Participant:
        """A new participant in this clock's time.

        Args:
            beside: works beside the participant whose code makes it, not inside it: a tool in a
                thread of its own. The one inside makes the outer one wait.
        """


class SystemAlarm:
    """An alarm on real time, for threads.

    Args:
        speed: seconds of `timeout_s` in a real one.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._rung = threading.Event()

    def wait(self, timeout_s: float) -> bool:
        """See `Alarm.wait`."""
        rung = self._rung.wait(timeout_s / self._speed)
        if rung:  # a ring that comes just too late is kept for the next wait
            self._rung.clear()
        return rung

    def ring(self) -> None:
        """See `Alarm.ring`."""
        self._rung.set()


class AsyncSystemAlarm:
    """An alarm on real time, for tasks.

    Args:
        speed: seconds of `timeout_s` in a real one.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._rung = False
        self._wake: Callable[[], None] | None = None

    async def wait(self, timeout_s: float) -> bool:
        """See `AsyncAlarm.wait`."""
        woken = anyio.Event()
        self._wake = _from_any_thread(woken.set)
        try:
            if not self._rung:  # asked after the waking is prepared: a ring meets one of the two
                with anyio.move_on_after(timeout_s / self._speed):
                    await woken.wait()
        finally:
            self._wake = None
        rung, self._rung = self._rung, False
        return rung

    def ring(self) -> None:
        """See `AsyncAlarm.ring`."""
        self._rung = True
        if (wake := self._wake) is not None:
            wake()


def _from_any_thread(wake: Callable[[], None]) -> Callable[[], None]:
    """What wakes a task of this event loop, called from whichever thread, without waiting for it.

    anyio's own door (`from_thread.run_sync`) waits: two loops that knock at once would stand still.
    """
    home = threading.get_ident()
    loop: Any = anyio.lowlevel.current_token().native_token
    soon = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon  # asyncio, or trio

    def knock() -> None:
        if threading.get_ident() == home:
            wake()
        else:
            with suppress(RuntimeError):  # the loop is gone, and with it who waited
                soon(wake)

    return knock


class SystemClock:
    """Real time, or a multiple of it.

    Args:
        speed: how many of its seconds pass in a real one.
        start: what it shows now, in Unix seconds; the real time if `None`.

    Raises:
        ValueError: `speed` is not a positive number.

    Example:
        >>> clock = SystemClock(speed=60)  # a run that expires after ten minutes does so after ten
        >>> clock.now() >= SystemClock().now()  # real seconds
        True
    """

    def __init__(self, *, speed: float = 1.0, start: float | None = None) -> None:
        if not 0 < speed < math.inf:
            raise ValueError(f"time can't go by at speed {speed}: give a positive number")
        self._speed = speed
        self._began_at = time.time()
        self._start = self._began_at if start is None else start

    def now(self) -> float:
        """Unix time in seconds."""
        return self._start + (time.time() - self._began_at) * self._speed

    def starting_at(self, moment: float) -> SystemClock:
        """Another clock of this speed, which shows `moment` (Unix seconds) now."""
        return SystemClock(speed=self._speed, start=moment)

    def alarm(self) -> Alarm:
        """A new alarm for a thread to wait at."""
        return SystemAlarm(self._speed)

    def async_alarm(self) -> AsyncAlarm:
        """A new alarm for a task to wait at."""
        return AsyncSystemAlarm(self._speed)

    def participant(self, *, beside: bool = False) -> Participant:  # noqa: ARG002  # no matter here
        """Real time passes by itself; nobody is counted."""
        return Bystander()


class Bystander:
    """A participant in real time: counts for nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass

    def leave(self) -> None:
        """See `Participant.leave`."""
