"""Answers about a response that come when it moves: its events, or itself when it is over.

Rule: the response does not wait for its reader. Who leaves (a time-out, say) leaves it at work, and
its conversation locked; what happened meanwhile is read later.

The service tells nothing for as long as nothing happens, and a response has no expiry. So who waits
for one that never ends is left as a client leaves by itself: after ten minutes of silence, the
SDKs' time-out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Any, Final

from runfsm_simulator.wire import response_shapes as shapes
from runfsm_simulator.wire import sse
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import NO_REQUEST, NoAnswer, json_bytes
from runfsm_simulator.wire.http import Response as Answer
from runfsm_simulator.wire.reading import NOT_YET, NotYet, Reading
from runfsm_simulator.wire.response_events import Events
from runfsm_simulator.world.happenings import Happening
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.responsemodels import Response

__all__ = ["SILENCE_MAX_S", "Late", "ResponseStream"]

#: The time-out of the SDKs' own clients, in seconds.
SILENCE_MAX_S: Final = 600.0


class Waiting(Reading):
    """Waits for what becomes of one response.

    Args:
        world: where it is.
        response: of which is told.

    Raises:
        ApiError: the world's clock is one that nobody can wait at.
    """

    def __init__(self, world: World, response: Response) -> None:
        super().__init__(world)
        self._response = response
        self._since = self._clock.now()
        world.attend(response.id, self)

    def hear(self, happening: Happening) -> None:
        """See `Listener.hear`. What has happened is asked of the response, by who reads."""

    def close(self) -> None:
        """Read no more. The response goes on."""
        self._world.unlisten(self._response.id, self)

    def _take(self) -> bytes | NotYet | None:
        found = self._look()
        now = self._clock.now()
        if not isinstance(found, NotYet):
            self._since = now
        elif self._is_gone():
            raise NoAnswer("drop")
        elif now - self._since >= SILENCE_MAX_S:
            raise NoAnswer("timeout")
        return found

    def _look(self) -> bytes | NotYet | None:
        """What there is to send: as `_take`."""
        raise NotImplementedError

    def _is_gone(self) -> bool:
        """Whether the response has been deleted, or the world has become another one."""
        found = self._world.store.responses.get(self._response.id)
        return found is not self._response


class Late(Waiting):
    """The response as JSON, when it is over.

    Args:
        world: where it is.
        response: not in background mode.
        include: what to show beside.
    """

    def __init__(self, world: World, response: Response, include: Collection[str] = ()) -> None:
        super().__init__(world, response)
        self._include = include
        self._sent = False

    def response(self) -> Answer:
        """The answer that sends it."""
        return Answer(200, {"content-type": "application/json"}, b"", stream=self)

    def body(self) -> dict[str, Any]:
        """What is sent."""
        return shapes.response(self._response, self._include)

    def _look(self) -> bytes | NotYet | None:
        if self._sent:
            return None
        if not self._response.is_over:
            return NOT_YET
        self._sent = True
        self.close()
        return json_bytes(self.body())


class ResponseStream(Waiting):
    """The events of a response: those that have been, and then each when it comes.

    Args:
        world: where it is.
        response: created to be streamed.
        after: the number of the last event that the client knows; -1: none.
        request_id: of the request that began the stream; an `error` event names it.
    """

    def __init__(
        self, world: World, response: Response, *, after: int = -1, request_id: str = NO_REQUEST
    ) -> None:
        super().__init__(world, response)
        self._request_id = request_id
        self._fault = world.next_stream_fault()
        self._events = Events(response)
        self._after = after
        self._found: deque[dict[str, Any]] = deque()
        self._sent = 0
        self._ended = False

    def response(self) -> Answer:
        """The answer that sends it."""
        return Answer(200, {"content-type": sse.CONTENT_TYPE}, b"", stream=self)

    def close(self) -> None:
        """Read no more. The response goes on."""
        self._ended = True
        super().close()

    def _look(self) -> bytes | NotYet | None:
        if self._ended:
            return None
        new = (event for event in self._events if event["sequence_number"] > self._after)
        self._found.extend(new)
        over = self._response.is_over
        if self._hangs(over=over):
            return NOT_YET
        if self._breaks_off(last=over and len(self._found) <= 1):
            self.close()
            return self._broken()
        if self._found:
            self._sent += 1
            return block(self._found.popleft())
        if over:
            self.close()
        return None if over else NOT_YET

    # How a storm, or a script, breaks it off: as the stream of a run, but for the event `done`,
    # which there is not. What is missing at the end is the event of the end.

    def _hangs(self, *, over: bool) -> bool:
        if over or self._fault is None or self._fault.kind != "hang":
            return False
        return self._sent >= (self._fault.after_events or 0)

    def _breaks_off(self, *, last: bool) -> bool:
        if self._fault is None or self._fault.kind == "hang":
            return False
        after = self._fault.after_events
        return last if after is None else after == self._sent

    def _broken(self) -> bytes | None:
        if self._fault is None or self._fault.kind != "error":
            return None
        error = REFUSALS["broken_stream"].error(request_id=self._request_id).body()["error"]
        if self._fault.shape == "nested":
            return block({"type": "error", "error": error})
        known = {name: error[name] for name in ("code", "message", "param")}
        number = self._found[0]["sequence_number"] if self._found else self._sent
        return block({"type": "error", "sequence_number": number, **known})


def block(event: dict[str, Any]) -> bytes:
    """One event as it is sent. `sse.block` has the form."""
    return sse.block(event["type"], event)
