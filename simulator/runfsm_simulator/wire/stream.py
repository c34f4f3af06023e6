"""A stream of events: written down when they happen, sent when somebody reads.

Rule 1: the payload is the thing as it was at that moment, so it is rendered at once.

Rule 2: who reads lets time pass (`reading.py`).

Rule 3: the run does not wait for its reader. Who closes a stream, or reads so slowly that its
buffer is full, loses the stream; the run goes on.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from runfsm.lifecycle import LIFECYCLE, RunEvent
from runfsm_simulator.wire import sse
from runfsm_simulator.wire.http import Response
from runfsm_simulator.wire.profiles import PROFILES, Profile
from runfsm_simulator.wire.reading import NOT_YET, NotYet, Reading
from runfsm_simulator.world.happenings import Happening, RunMoved
from runfsm_simulator.world.models import Run
from runfsm_simulator.world.operations import World

__all__ = ["EventStream"]

# What is kept for a reader who is behind. One leg of a run is a few hundred events, or a few
# thousand if a script asks for as many calls at once.
EVENTS_MAX: Final = 10_000
BYTES_MAX: Final = 16 * 1024 * 1024


class EventStream(Reading):
    """One leg of a run: until it is over, or until it is the client's turn.

    To be read once, in a thread (`for`) or in a task (`async for`), and to be closed.

    Args:
        world: where the run is. It is given the stream as a listener.
        profile: which form the payloads have.
        met: the run, if it is there already and goes on.
        contents: whether a search that has ended shows the passages that it found.

    Raises:
        ApiError: the world's clock is one that nobody can wait at.
    """

    def __init__(
        self,
        world: World,
        profile: Profile = PROFILES["wire"],
        *,
        met: Run | None = None,
        contents: bool = False,
    ) -> None:
        super().__init__(world)
        self._profile = profile
        self._contents = contents
        self._fault = world.next_stream_fault(met)
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
        match happening:
            case RunMoved(Run() as run):
                moved: Run | None = run
            case _:
                moved = None
        self._run = moved or self._run
        if self._ended or self._hangs(moved):
            return
        told = sse.events(happening, self._world.switches, contents=self._contents)
        for name, payload in told:
            self._event(sse.block(name, self._profile(payload, self._world.store)))
        if moved and _pauses(moved):
            self._end(self._broken() if self._breaks_off(at_end=True) else sse.DONE)

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

    # Reading, by the client.

    def close(self) -> None:
        """Hear no more, and forget what was heard. The run goes on."""
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
        """Whether the run has been deleted, or the world has become another one."""
        return self._run is None or self._world.store.runs.get(self._run.id) is not self._run


def _pauses(run: Run) -> bool:
    """Whether nothing more comes of a run before its client does something."""
    waits = LIFECYCLE.allows(run.status, RunEvent.SUBMIT_TOOL_OUTPUTS)
    return waits or run.status in LIFECYCLE.terminal
