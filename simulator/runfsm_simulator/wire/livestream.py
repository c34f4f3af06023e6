"""A stream of what happens now: written down by the world, sent when somebody reads.

Rule 1: the payload is the thing as it was at that moment, so it is rendered at once.

Rule 2: who reads lets time pass (`reading.py`).

Rule 3: what is told of does not wait for its reader. Who closes a stream, or reads so slowly that
its buffer is full, loses the stream; what it was about goes on.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from runfsm_simulator.wire import sse
from runfsm_simulator.wire.http import NO_REQUEST, Response
from runfsm_simulator.wire.reading import NOT_YET, NotYet, Reading
from runfsm_simulator.world.models import Work
from runfsm_simulator.world.operations import World

__all__ = ["LiveStream"]

# What is kept for a reader who is behind. One leg of a run is a few hundred events, or a few
# thousand if a script asks for as many calls at once.
EVENTS_MAX: Final = 10_000
BYTES_MAX: Final = 16 * 1024 * 1024


class LiveStream(Reading):
    """Events that are told once.

    To be read once, in a thread (`for`) or in a task (`async for`), and to be closed.

    Args:
        world: of which is told. It is given the stream as a listener.
        met: what is told of, if it is there already and waits for its client.
        request_id: of the request that began the stream; an `error` event names it.

    Raises:
        ApiError: the world's clock is one that nobody can wait at.
    """

    def __init__(
        self, world: World, *, met: Work | None = None, request_id: str = NO_REQUEST
    ) -> None:
        super().__init__(world)
        self._request_id = request_id
        self._fault = world.next_stream_fault(met)
        self._blocks: deque[bytes] = deque()
        self._bytes = 0
        self._events = 0
        self._ended = False

    def response(self) -> Response:
        """The answer that sends it. Nothing of it has been sent so far."""
        return Response(200, {"content-type": sse.CONTENT_TYPE}, b"", stream=self)

    # Writing, by the world.

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

    def _hangs(self, *, over: bool) -> bool:
        """Whether nothing is told of this, nor of anything before it is over."""
        if self._fault is None or self._fault.kind != "hang":
            return False
        return not over and self._events >= (self._fault.after_events or 0)

    def _broken(self) -> bytes:
        if self._fault is None or self._fault.kind != "error":
            return b""
        return sse.error_block(self._fault, self._request_id)

    def _end(self, last: bytes) -> None:
        self._put(last)
        self._ended = True
        self._leave()

    def _put(self, block: bytes) -> None:
        if block and not self._ended:
            self._blocks.append(block)
            self._bytes += len(block)

    def _leave(self) -> None:
        """Hear no more."""
        raise NotImplementedError

    # Reading, by the client.

    def close(self) -> None:
        """Hear no more, and forget what was heard. What it was about goes on."""
        self._ended = True
        self._blocks.clear()
        self._leave()

    def _take(self) -> bytes | NotYet | None:
        if self._blocks:
            block = self._blocks.popleft()
            self._bytes -= len(block)
            return block
        return None if self._ended or self._is_gone() else NOT_YET

    def _is_gone(self) -> bool:
        """Whether what it was about has been deleted, or the world has become another one."""
        raise NotImplementedError
