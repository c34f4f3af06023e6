"""What a stream tells beside the lifecycle: text as it is written, and steps as they go.

Unlike a journal this holds what the model says; so it is handed on, and kept by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from runfsm.errors import BackendError, Fault, FaultKind
from runfsm.lifecycle.journal import JournalStep
from runfsm.lifecycle.snapshot import RunMessage, RunSnapshot, ToolCall

__all__ = [
    "OPENING_MAX",
    "SILENCE_S",
    "LiveItem",
    "StepUpdate",
    "StreamEvent",
    "TextDelta",
    "Transcript",
    "never_shown",
]

#: A stream that says nothing for so long is given up, in seconds, and the run is polled.
SILENCE_S: Final = 60.0

#: A stream that tells of so much before it shows the run is given up too.
OPENING_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of text of a message; all pieces of one, joined, are its text."""

    message_id: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StepUpdate:
    """A run step began, or ended.

    Attributes:
        step_id: which step.
        type: `"message_creation"` or `"tool_calls"`.
        status: `"in_progress"`, `"completed"`, `"failed"`, `"cancelled"` or `"expired"`.
        raw: the service's own object.
    """

    step_id: str
    type: str
    status: str
    raw: Any = field(default=None, compare=False, repr=False)


#: What a backend's stream is made of.
StreamEvent = RunSnapshot | TextDelta | StepUpdate

#: What `driver.stream()` yields.
LiveItem = JournalStep | TextDelta | StepUpdate | ToolCall


def never_shown() -> BackendError:
    """The error of a stream that was opened, and was over or silent before it showed its run."""
    said = "the stream did not show the run"
    return BackendError.of(Fault(FaultKind.TRANSIENT, said, maybe_applied=True))


class Transcript:
    """How much of each message was told already, so that a broken stream is made good at the end.

    Example:
        >>> transcript = Transcript()
        >>> transcript.note(TextDelta("msg_1", "It ra"))
        >>> messages = [RunMessage("msg_1", "assistant", "It rains.")]
        >>> [delta.text for delta in transcript.rest(messages)]
        ['ins.']
    """

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def note(self, delta: TextDelta) -> None:
        """This was told."""
        self._told[delta.message_id] = self._told.get(delta.message_id, "") + delta.text

    def rest(self, messages: Iterable[RunMessage]) -> Iterator[TextDelta]:
        """What is still to be told of the finished messages."""
        for message in messages:
            told = self._told.get(message.message_id, "")
            if message.text.startswith(told) and message.text != told:
                yield TextDelta(message.message_id, message.text[len(told) :])
