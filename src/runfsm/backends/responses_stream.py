"""What the events of a Responses stream tell. Pure: bytes in, events out.

Events are known by their `type`, and statuses by what the response within says: the event of a
cancel is `response.failed`, and unknown types come. They are numbered, and can be had again after
any number, so that a stream which breaks off is taken up where it broke.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from runfsm.backends import responses_wire as wire
from runfsm.backends.call import Call
from runfsm.backends.faults import not_this_api
from runfsm.backends.responses_answers import Hop, read_hop
from runfsm.backends.sse import EventReader
from runfsm.driver.live import StepUpdate, StreamEvent, TextDelta
from runfsm.errors import BackendError, Fault, FaultKind
from runfsm.lifecycle.response import RESPONSE
from runfsm.lifecycle.snapshot import RunSnapshot

__all__ = ["LegReader"]

#: So often a stream that broke off is taken up again.
RESUMED_MAX: Final = 3

#: What breaks a connection, and not what was asked for.
PASSING: Final = frozenset({FaultKind.TRANSIENT, FaultKind.GARBLED, FaultKind.RATE_LIMITED})


class LegReader:
    """Reads one response's events, over as many connections as it takes.

    Args:
        call: creates the response.
        shown: makes a look at the run out of a look at the response; `None`: that is not for a
            stream to tell.
        refused: says what an error means that came in place of the response.

    Attributes:
        call: what is to be asked next; `None`: nothing more comes.
        is_over: whether the end was told.
    """

    __slots__ = (
        *("_events", "_left", "_number", "_refused", "_response_id", "_shown"),
        *("call", "is_over"),
    )

    def __init__(
        self,
        call: Call[Hop],
        *,
        shown: Callable[[Hop], RunSnapshot | None],
        refused: Callable[[BackendError], BackendError],
    ) -> None:
        self.call: Call[Hop] | None = call
        self.is_over = False
        self._shown = shown
        self._refused = refused
        self._left = RESUMED_MAX
        self._number = -1
        self._response_id: str | None = None
        self._events = EventReader()

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        """What a piece of the body tells.

        Raises:
            BackendError: it tells of an error, or is none of this API's.
        """
        try:
            for _, data in self._events.feed(chunk):
                if data != "[DONE]" and (told := self._read(json.loads(data))) is not None:
                    yield told
        except (AttributeError, TypeError, ValueError) as error:
            raise BackendError.of(not_this_api(f"not an event of this API: {error}")) from error

    @contextmanager
    def connection(self) -> Iterator[None]:
        """While one connection lasts; at its end, `call` is the next one.

        Raises:
            BackendError: it has ended in an error, and the response was never shown.
        """
        self._events = EventReader()
        passes = True
        try:
            yield
        except BackendError as error:
            if self._response_id is None:
                raise self._refused(error) from error
            passes = error.fault.kind in PASSING
        # What cannot be taken up ends in silence: the driver looks at the run instead.
        self.call = self._resuming() if passes else None

    def _resuming(self) -> Call[Hop] | None:
        self._left -= 1
        if self._response_id is None or self.is_over or self._left < 0:
            return None
        return wire.resume_stream(self._response_id, self._number)

    def _read(self, event: Mapping[str, Any]) -> StreamEvent | None:
        kind = event["type"]
        if kind == "error":
            raise BackendError.of(_fault(event))
        self._number = event.get("sequence_number", self._number)
        if kind == "response.output_text.delta":
            return TextDelta(str(event["item_id"]), str(event["delta"]))
        if kind in {"response.output_item.added", "response.output_item.done"}:
            return _step(event["item"], is_done=kind.endswith("done"))
        if isinstance(event.get("response"), Mapping):
            return self._look(read_hop(event["response"]))
        return None

    def _look(self, hop: Hop) -> RunSnapshot | None:
        self._response_id = hop.id
        self.is_over = hop.status in RESPONSE.terminal
        return self._shown(hop)


def _step(item: Mapping[str, Any], *, is_done: bool) -> StepUpdate | None:
    """An item as the step that it is; what is thought meanwhile is none."""
    kind = str(item["type"])
    name = "message_creation" if kind == "message" else "tool_calls"
    if name == "tool_calls" and not kind.endswith("_call"):
        return None
    return StepUpdate(str(item["id"]), name, "completed" if is_done else "in_progress", raw=item)


def _fault(event: Mapping[str, Any]) -> Fault:
    """Of an `error` event: flat as in the published schema, or nested as in other streams."""
    nested = event.get("error")
    said = (nested if isinstance(nested, Mapping) else event).get("message")
    message = said if isinstance(said, str) else "the stream broke off with an error"
    return Fault(FaultKind.TRANSIENT, message, maybe_applied=True)
