"""A stream whose every event is read in a task of its own. Its mirror is `streamthread.py`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import anyio

from runfsm.clock import AsyncAlarm, Clock, Participant
from runfsm.driver.live import StreamEvent

__all__ = ["StreamTask"]


class StreamTask:
    """Reads when asked, and not ahead: a slow app costs no memory.

    A read that nobody waits for any more is cancelled.

    Args:
        events: the backend's stream.
        clock: whose time the reading may take.
        alarm: rings when an event is there, and when somebody else has rung it.
    """

    def __init__(
        self, events: AsyncGenerator[StreamEvent, None], clock: Clock, alarm: AsyncAlarm
    ) -> None:
        self._events = events
        self._clock = clock
        self._alarm = alarm
        self._answer: StreamEvent | Exception | None = None

    async def next(self, timeout_s: float, is_cut_short: Callable[[], bool]) -> StreamEvent | None:
        """The next event; `None` if the stream is over, silent for too long, or cut short.

        After `None`, or an error, it is to be closed.

        Args:
            timeout_s: seconds to wait at most.
            is_cut_short: asked at each ring: whether to wait no longer.

        Raises:
            BackendError: the stream broke.
        """
        self._answer = None
        participant = self._clock.participant(beside=True)
        ends_at = self._clock.now() + timeout_s
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._work, participant)
                while self._answer is None and not is_cut_short():
                    left_s = ends_at - self._clock.now()
                    if left_s <= 0:
                        break
                    await self._alarm.wait(left_s)
                tasks.cancel_scope.cancel()
        finally:
            participant.leave()
        # Who was cut short may have heard one more event just before: that is chance.
        answer = None if is_cut_short() else self._answer
        if isinstance(answer, StopAsyncIteration):
            return None
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def aclose(self) -> None:
        """Read no more, even if the task is cancelled: the connection is not left open."""
        with anyio.CancelScope(shield=True):
            await self._events.aclose()

    async def _work(self, participant: Participant) -> None:
        with participant:
            self._answer = await self._next()
            self._alarm.ring()

    async def _next(self) -> StreamEvent | Exception:
        try:
            return await anext(self._events)
        except Exception as error:  # noqa: BLE001  # raised by who asked, outside of the group
            return error
