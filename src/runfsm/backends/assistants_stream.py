"""What the events of an Assistants stream tell. Pure: bytes in, events out.

The names are those of the published API schema (openai/openai-openapi, AssistantStreamEvent).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from runfsm.backends.assistants_answers import join_texts, read_run
from runfsm.backends.faults import not_this_api
from runfsm.backends.sse import EventReader
from runfsm.driver.live import StepUpdate, StreamEvent, TextDelta
from runfsm.errors import BackendError, Fault, FaultKind

if TYPE_CHECKING:
    from openai.types.beta.threads import MessageDeltaEvent

__all__ = ["LegReader"]

#: Steps have two events for their beginning, as runs do; one is enough. Their pieces are the calls
#: that the run asks for at its pause, whole.
UNTOLD: Final = frozenset({"thread.run.step.in_progress", "thread.run.step.delta"})


class LegReader:
    """Reads one stream: a run's leg, until it is over or asks for tools.

    Attributes:
        is_done: whether the service has said that nothing more comes.
    """

    __slots__ = ("_events", "is_done")

    def __init__(self) -> None:
        self.is_done = False
        self._events = EventReader()

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        """What a piece of the body tells.

        Raises:
            BackendError: it tells of an error, or is none of this API's.
        """
        try:
            for name, data in self._events.feed(chunk):
                if data == "[DONE]":
                    self.is_done = True
                    return
                if (told := _read(name, data)) is not None:
                    yield told
        except (AttributeError, TypeError, ValueError) as error:
            raise BackendError.of(not_this_api(f"not an event of this API: {error}")) from error


def _read(name: str, data: str) -> StreamEvent | None:
    """One event; `None` for those that tell a driver nothing, and for unknown ones."""
    from openai.types.beta.threads import MessageDeltaEvent, Run
    from openai.types.beta.threads.runs import RunStep

    if name == "error":
        raise BackendError.of(_fault(json.loads(data)))
    if name in UNTOLD:
        return None
    if name.startswith("thread.run.step."):
        step = RunStep.construct(**json.loads(data))
        return StepUpdate(step.id, step.type, step.status, raw=step)
    if name.startswith("thread.run."):
        return read_run(Run.construct(**json.loads(data)))
    if name == "thread.message.delta":
        return _read_delta(MessageDeltaEvent.construct(**json.loads(data)))
    return None


def _read_delta(event: MessageDeltaEvent) -> TextDelta | None:
    text = join_texts(event.delta.content)
    return TextDelta(event.id, text) if text else None


def _fault(data: Any) -> Fault:
    """Of an `error` event: nested as openai-dotnet shows it, or flat as in the published schema."""
    nested = data.get("error") if isinstance(data, Mapping) else None
    error = nested if isinstance(nested, Mapping) else data
    said = error.get("message") if isinstance(error, Mapping) else None
    message = said if isinstance(said, str) else "the stream broke off with an error"
    return Fault(FaultKind.TRANSIENT, message, maybe_applied=True)
