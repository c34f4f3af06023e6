"""Virtual time: it stands still while anybody works, and jumps as soon as everybody waits.

Rule 1: time moves in two ways only. Somebody moves it by hand (`advance`, `advance_to`, `sleep`
outside of a run), or every *participant* waits and it jumps to the earliest due moment; or, on the
way there, to what somebody is to be reminded of.

Rule 2: time never goes back.

A participant is a thread or a task that has said so: a driver's run, or a tool that it called.
Counting them, instead of guessing from the event loop who is idle, makes the jumps the same in
threads, asyncio and trio, and the same in each repetition. The price: a tool that waits for
something else than this clock (a socket, a real sleep) holds virtual time until it is done.

`VirtualClock` has the methods that a driver asks of a clock, so it can stand in for real time.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import ContextVar, Token
from itertools import count
from typing import Any, Final, Protocol, Self

import anyio
import anyio.lowlevel

__all__ = ["Abandoned", "VirtualAlarm", "VirtualClock", "VirtualParticipant"]

#: 2023-11-14 22:13:20 UTC: a round number of Unix seconds, in the month the API was announced.
START: Final = 1_700_000_000.0

_current: ContextVar[VirtualParticipant | None] = ContextVar("participant", default=None)


class VirtualClock:
    """A clock that a test or a lesson owns.

    Args:
        start: Unix time in seconds.
        by_hand: time never jumps; whoever waits, waits for somebody to move it.

    Example:
        >>> clock = VirtualClock()
        >>> clock.advance(600)
        >>> clock.now() - START
        600.0
    """

    def __init__(self, start: float = START, *, by_hand: bool = False) -> None:
        self._now = start
        self._by_hand = by_hand
        self._lock = threading.RLock()  # `__del__` of a participant may strike anywhere
        self._busy = 0  # participants who neither wait nor have left
        self._waiting: list[tuple[float, int, _Waiter]] = []
        self._reminders: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()  # two who are due at once are woken in the order of their coming

    def now(self) -> float:
        """Unix time in seconds."""
        return self._now

    def starting_at(self, moment: float) -> VirtualClock:
        """Another clock, which shows `moment` (Unix seconds): this one never goes back."""
        return VirtualClock(moment, by_hand=self._by_hand)

    def advance(self, seconds: float) -> None:
        """Move time forward by hand.

        Raises:
            ValueError: `seconds` is negative: time can't go backwards.
        """
        self.advance_to(self._now + seconds)

    def advance_to(self, moment: float) -> None:
        """Move time forward to `moment` (Unix seconds) by hand, and wake whoever is due.

        Raises:
            ValueError: `moment` has passed already: time can't go backwards.
        """
        with self._lock:
            if moment < self._now:
                msg = f"time can't go backwards: it is {self._now}, you asked for {moment}"
                raise ValueError(msg)
            woken = self._move_to(moment)
        _wake(woken)

    def remind(self, moment: float, call: Callable[[], object]) -> None:
        """Have something called at `moment` (Unix seconds), by whoever moves time there or past it.

        It holds nobody up, and nobody waits for it: time does not go there for its sake alone.
        """
        with self._lock:
            heapq.heappush(self._reminders, (moment, next(self._order), call))

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass for this thread: a slow tool, say."""
        self.alarm().wait(seconds)

    async def async_sleep(self, seconds: float) -> None:
        """Let `seconds` pass for this task."""
        await self.async_alarm().wait(seconds)

    def alarm(self) -> VirtualAlarm:
        """A new alarm for a thread to wait at."""
        return VirtualAlarm(self)

    def async_alarm(self) -> AsyncVirtualAlarm:
        """A new alarm for a task to wait at."""
        return AsyncVirtualAlarm(self)

    def participant(self, *, beside: bool = False) -> VirtualParticipant:
        """Somebody whose work holds time.

        Args:
            beside: works beside the participant whose code makes it (a tool that a driver starts
                in a thread); otherwise inside it (a run that a tool drives).
        """
        return VirtualParticipant(self, None if beside else _participant_in(self))

    # How time jumps; all of it under the lock, but the waking.

    def _enlist(self, waiter: _Waiter, timeout_s: float) -> None:
        with self._lock:
            due = self._now + max(0.0, timeout_s)
            if due < math.inf:  # else a ring alone ends it; time never jumps there
                heapq.heappush(self._waiting, (due, next(self._order), waiter))
            if waiter.participant:
                waiter.participant._waiters.add(waiter)
            # An onlooker, who takes no part, moves time by itself.
            woken = waiter.participant._rest() if waiter.participant else self._jump_to(due)
        _wake(woken)

    def _dismiss(self, waiter: _Waiter) -> None:
        """Take a waiter off the list before it is due: it was rung, or is waited for no more."""
        with self._lock:
            if waiter.done:
                return
            waiter.end()
        _wake([waiter])

    def _jump_if_idle(self) -> list[_Woken]:
        while self._waiting and self._waiting[0][2].done:
            heapq.heappop(self._waiting)
        if self._busy or not self._waiting:
            return []
        # Nothing is allocated from here to the jump: to collect garbage may end a participant, and
        # so jump in between.
        first = self._waiting[0][0]
        if self._reminders:
            first = min(first, self._reminders[0][0])
        return self._jump_to(max(self._now, first))

    def _jump_to(self, moment: float) -> list[_Woken]:
        stays = self._by_hand or moment == math.inf
        return self._move_to(self._now if stays else moment)

    def _move_to(self, moment: float) -> list[_Woken]:
        self._now = moment
        calls: list[Callable[[], object]] = []
        while self._reminders and self._reminders[0][0] <= moment:
            calls.append(heapq.heappop(self._reminders)[2])
        woken: list[_Woken] = [_Reminded(self, calls)] if calls else []
        while self._waiting and self._waiting[0][0] <= moment:
            _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done:
                waiter.end()
                woken.append(waiter)
        return woken


class _Woken(Protocol):
    """Whom time has come to; told when the lock is free."""

    def wake(self) -> None: ...


class _Reminded:
    """All who are reminded at one moment. If that has woken nobody, time goes on: not sooner."""

    def __init__(self, clock: VirtualClock, calls: Iterable[Callable[[], object]]) -> None:
        self._clock = clock
        self._calls = calls

    def wake(self) -> None:
        for call in self._calls:
            call()
        with self._clock._lock:
            woken = self._clock._jump_if_idle()
        _wake(woken)


class Abandoned(BaseException):
    """Raised in code that waits on virtual time though its participant has left.

    A tool that was timed out sleeps for nobody. A real thread cannot be stopped; a simulated sleep
    can, so that it neither holds time nor moves it when the run is over. No `Exception`, so that a
    tool's own `except` does not take it for a failure of what it called.
    """


class VirtualParticipant:
    """Somebody whose work holds time: from creation on, and while inside, until `leave()`.

    Entering it says that the code inside is this participant's: when that code waits at the
    clock's alarms, the participant waits. Outside, it waits for whoever has the word (the loop's
    body of somebody who watches a run), and holds nobody up. A participant inside of another one's
    code makes that one wait while it is inside.
    """

    def __init__(self, clock: VirtualClock, outer: VirtualParticipant | None) -> None:
        self._clock = clock
        self._outer = outer
        self._waiters: set[_Waiter] = set()
        self._rests = 1  # reasons to be idle: outside, waiting at an alarm, or for an inner one
        self._inside = False
        self._left = False
        self._tokens: list[Token[VirtualParticipant | None]] = []
        self._go_in()

    def __enter__(self) -> Self:
        self._go_in()
        self._tokens.append(_current.set(self))
        return self

    def __exit__(self, *exc_info: object) -> None:
        _current.reset(self._tokens.pop())
        self._go_out()

    def leave(self) -> None:
        """Take no part in time any more; what still waits on its behalf is abandoned."""
        self._go_out()
        with self._clock._lock:
            self._left = True
            abandoned = [*self._waiters]
            for waiter in abandoned:
                waiter.end()
            woken = self._clock._jump_if_idle()
        _wake([*abandoned, *woken])

    def __del__(self) -> None:
        self.leave()  # a task that was cancelled before it began would hold time for ever

    def _go_in(self) -> None:
        with self._clock._lock:
            if not self._inside and not self._left:
                self._inside = True
                self._resume()
                if self._outer:
                    self._outer._rest()  # cannot jump: this one is busy

    def _go_out(self) -> None:
        # No jump: whoever is given the word will wait in a moment, or leave.
        with self._clock._lock:
            if self._inside:
                self._inside = False
                if self._outer:
                    self._outer._resume()
                self._count_rest()

    def _rest(self) -> list[_Woken]:
        self._count_rest()
        return self._clock._jump_if_idle()

    def _count_rest(self) -> None:
        self._rests += 1
        if self._rests == 1:
            self._clock._busy -= 1

    def _resume(self) -> None:
        self._rests -= 1
        if self._rests == 0:
            self._clock._busy += 1


class _Waiter:
    __slots__ = ("_wake", "done", "participant")

    def __init__(self, clock: VirtualClock, wake: Callable[[], None]) -> None:
        self._wake = wake
        self.participant = _participant_in(clock)
        self.done = False
        self.check()

    def wake(self) -> None:
        """Go on."""
        self._wake()

    def end(self) -> None:
        """Be waited for no more. Its participant is busy at once: nobody may jump before it ran."""
        self.done = True
        if self.participant:
            self.participant._waiters.discard(self)
            self.participant._resume()

    def check(self) -> None:
        """Raise `Abandoned` if nobody is interested in this code any more."""
        if self.participant and self.participant._left:
            raise Abandoned


def _participant_in(clock: VirtualClock) -> VirtualParticipant | None:
    """Whose code this is, unless it takes part in another clock's time."""
    participant = _current.get()
    return participant if participant and participant._clock is clock else None


def _wake(woken: Iterable[_Woken]) -> None:
    for one in woken:
        one.wake()


class _Bell:
    """What the two alarms share: a ring that nobody waits for is kept for the next wait."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._rung = False
        self._waiter: _Waiter | None = None

    def ring(self) -> None:
        """Wake who waits, or who waits next."""
        self._rung = True
        if self._waiter is not None:
            self._clock._dismiss(self._waiter)

    def _answer(self) -> bool:
        self._waiter = None
        rung, self._rung = self._rung, False
        return rung


class VirtualAlarm(_Bell):
    """An alarm on virtual time, for threads."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until rung or until `timeout_s` virtual seconds have passed; say whether rung."""
        woken = threading.Event()
        self._waiter = waiter = _Waiter(self._clock, woken.set)
        if not self._rung:
            self._clock._enlist(waiter, timeout_s)
            if self._rung:  # rung between the look and the list
                self._clock._dismiss(waiter)
            woken.wait()
            waiter.check()
        return self._answer()


class AsyncVirtualAlarm(_Bell):
    """An alarm on virtual time, for tasks."""

    async def wait(self, timeout_s: float) -> bool:
        """Wait until rung or until `timeout_s` virtual seconds have passed; say whether rung."""
        await anyio.lowlevel.checkpoint()
        if not self._rung:
            woken = anyio.Event()
            self._waiter = waiter = _Waiter(self._clock, _from_any_thread(woken.set))
            self._clock._enlist(waiter, timeout_s)
            try:
                await woken.wait()
            finally:
                self._clock._dismiss(waiter)
            waiter.check()
        return self._answer()


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
