"""A stream of events: written down when they happen, sent when somebody reads.

Rule 1: the payload is the thing as it was at that moment, so it is rendered at once.

Rule 2: who reads lets time pass. When all that has happened is read, the reader waits at the
simulator's clock for the next thing to come due; in virtual time that is at once.

Rule 3: the run does not wait for its reader. Who closes a stream, or reads so slowly that its
buffer is full, loses the stream; the run goes on.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol, Self, runtime_checkable

from runfsm.lifecycle import LIFECYCLE, RunEvent
from runfsm_simulator.wire import sse
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import Response
from runfsm_simulator.wire.profiles import PROFILES, Profile
from runfsm_simulator.world.happenings import Happening, RunMoved
from runfsm_simulator.world.models import Run
from runfsm_simulator.world.operations import World

__all__ = ["EventStream", "WaitableClock"]

# What is kept for a reader who is behind. One leg of a run is a few hundred events, or a few
# thousand if a script asks for as many calls at once.
EVENTS_MAX: Final = 10_000
BYTES_MAX: Final = 16 * 1024 * 1024

#: No longer than this a reader waits without a look: whether the run has been deleted, say.
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


class EventStream:
    """One leg of a run: until it is over, or until it is the client's turn.

    To be read once, in a thread (`for`) or in a task (`async for`), and to be closed.

    Args:
        world: where the run is. It is given the stream as a listener.
        profile: which form the payloads have.

    Raises:
        ApiError: the world's clock is one that nobody can wait at.
    """

    def __init__(self, world: World, profile: Profile = PROFILES["wire"]) -> None:
        if not isinstance(world.clock, WaitableClock):
            why = "nobody can wait at this simulator's clock, as at a VirtualClock"
            raise REFUSALS["stream"].error(why=why)
        self._world = world
        self._profile = profile
        self._clock: WaitableClock = world.clock
        self._alarm = self._clock.alarm()
        self._async_alarm = self._clock.async_alarm()
        self._fault = world.next_stream_fault()
        self._run: Run | None = None
        self._blocks: deque[bytes] = deque()
        self._bytes = 0
        self._events = 0
        self._ended = False

    def response(self) -> Response:
        """The answer that sends it. Nothing of it has been sent so far."""
        return Response(200, {"content-type": sse.CONTENT_TYPE}, b"", stream=self)

    # Writing, by the world.

    def hear(self, happening: Happening) -> None:
        """See `Listener.hear`."""
        moved = happening.run if isinstance(happening, RunMoved) else None
        self._run = moved or self._run
        if self._ended or self._hangs(moved):
            return
        for name, payload in sse.events(happening):
            self._event(sse.block(name, self._profile(payload, self._world.store)))
        if moved and _pauses(moved):
            self._end(self._broken() if self._breaks_off(at_end=True) else sse.DONE)

    def wake(self) -> None:
        """See `Listener.wake`."""
        self._alarm.ring()
        self._async_alarm.ring()

    def _event(self, block: bytes) -> None:
        if self._breaks_off():
            self._end(self._broken())
        elif len(self._blocks) == EVENTS_MAX or self._bytes + len(block) > BYTES_MAX:
            self._end(b"")  # a reader so far behind is given up
        else:
            self._events += 1
            self._put(block)

    def _breaks_off(self, *, at_end: bool = False) -> bool:
        if self._fault is None or self._fault.kind == "hang":
            return False
        return self._fault.after_events == self._events or (
            at_end and self._fault.after_events is None
        )

    def _hangs(self, moved: Run | None) -> bool:
        """Whether nothing is told of this, nor of anything before the run is over."""
        if self._fault is None or self._fault.kind != "hang":
            return False
        over = moved is not None and moved.status in LIFECYCLE.terminal
        return not over and self._events >= (self._fault.after_events or 0)

    def _broken(self) -> bytes:
        return sse.error_block(self._fault) if self._fault and self._fault.kind == "error" else b""

    def _end(self, last: bytes) -> None:
        self._put(last)
        self._ended = True
        self._leave()

    def _put(self, block: bytes) -> None:
        if block and not self._ended:
            self._blocks.append(block)
            self._bytes += len(block)

    def _leave(self) -> None:
        if self._run is not None:
            self._world.unlisten(self._run.id, self)

    # Reading, by the client. No generators: one that is left in the middle has to be cleared away.

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

    def close(self) -> None:
        """Hear no more, and forget what was heard. The run goes on."""
        self._ended = True
        self._blocks.clear()
        self._leave()

    def _next(self) -> bytes | float | None:
        """The next block; or how many seconds to wait for it; or `None`, for there is none."""
        with self._world.operation():
            if self._blocks:
                block = self._blocks.popleft()
                self._bytes -= len(block)
                return block
            if self._ended or self._is_gone():
                return None
            due = self._world.next_due()
            return LOOK_S if due is None else min(max(0.0, due - self._clock.now()), LOOK_S)

    def _is_gone(self) -> bool:
        """Whether the run has been deleted, or the world has become another one."""
        return self._run is None or self._world.store.runs.get(self._run.id) is not self._run


def _pauses(run: Run) -> bool:
    """Whether nothing more comes of a run before its client does something."""
    waits = LIFECYCLE.allows(run.status, RunEvent.SUBMIT_TOOL_OUTPUTS)
    return waits or run.status in LIFECYCLE.terminal
