"""A stream that is read in a thread of its own, one event at a time, so that waiting can end.

Its mirror is `streamtask.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextvars import copy_context
from queue import SimpleQueue

from runfsm.clock import Alarm, Clock, Participant
from runfsm.driver.live import StreamEvent

__all__ = ["StreamThread"]


class StreamThread:
    """Reads when asked, and not ahead: a slow app costs no memory.

    A thread cannot be stopped: one whose read nobody waits for any more ends with that read, by
    the client's own time-out at the latest.

    Args:
        events: the backend's stream.
        clock: whose time the reading may take.
        alarm: rings when an event is there, and when somebody else has rung it.
    """

    def __init__(
        self, events: Generator[StreamEvent, None, None], clock: Clock, alarm: Alarm
    ) -> None:
        self._events = events
        self._clock = clock
        self._alarm = alarm
        self._asks: SimpleQueue[Participant | None] = SimpleQueue()
        self._answer: StreamEvent | BaseException | None = None
        self._participant: Participant | None = None
        # A daemon: a read that does not end must not hold the program's exit.
        threading.Thread(
            target=copy_context().run, args=(self._work,), name="runfsm-stream", daemon=True
        ).start()

    def next(self, timeout_s: float, is_cut_short: Callable[[], bool]) -> StreamEvent | None:
        """The next event; `None` if the stream is over, silent for too long, or cut short.

        After `None`, or an error, it is to be closed.

        Args:
            timeout_s: seconds to wait at most.
            is_cut_short: asked at each ring: whether to wait no longer.

        Raises:
            BackendError: the stream broke.
        """
        self._answer = None
        self._participant = self._clock.participant(beside=True)
        self._asks.put(self._participant)
        ends_at = self._clock.now() + timeout_s
        while self._answer is None and not is_cut_short():
            left_s = ends_at - self._clock.now()
            if left_s <= 0:
                break
            self._alarm.wait(left_s)
        # Who was cut short may have heard one more event just before: that is chance.
        answer = None if is_cut_short() else self._answer
        if isinstance(answer, StopIteration):
            return None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self) -> None:
        """Read no more; a read under way is waited for by nobody."""
        self._asks.put(None)
        if self._participant:
            self._participant.leave()

    def _work(self) -> None:
        while (participant := self._asks.get()) is not None:
            with participant:
                self._answer = self._next()
                self._alarm.ring()
            participant.leave()
        self._events.close()

    def _next(self) -> StreamEvent | BaseException:
        try:
            return next(self._events)
        except BaseException as error:  # noqa: BLE001  # raised by who asked, in their thread
            return error
