"""The driver's two vocabularies: what the core asks for, and what came of it.

Every `Action` has its reply: `Create`, `Retrieve`, `SubmitOutputs` and `Cancel` are answered by
`Seen` (or `Faulted`), `Wait` by `Waited`, `RunTools` by `ToolsRan`, `FetchMessages` by `Fetched`
(or `Faulted`). Each reply carries the time, because the core never asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runfsm.errors import Fault
from runfsm.lifecycle.snapshot import RunMessage, RunRef, RunSnapshot, ToolCall

__all__ = [
    "Action",
    "Cancel",
    "Create",
    "Done",
    "Faulted",
    "FetchMessages",
    "Fetched",
    "Reply",
    "Retrieve",
    "RunRequest",
    "RunTools",
    "Seen",
    "SubmitOutputs",
    "ToolOutput",
    "ToolsRan",
    "Wait",
    "Waited",
]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run.

    Attributes:
        assistant_id: the assistant that answers.
        message: what the user says; added to the thread together with the run.
        thread_id: the thread to run on; `None` makes a new one.
        options: further parameters of the API's own *create run* call, passed on as they are:
            `instructions`, `model`, `tools`, `tool_choice`, `metadata`, `temperature`,
            `max_completion_tokens` ...

    Example:
        >>> RunRequest("asst_abc123", "How is the weather?", options={"temperature": 0.2})
        RunRequest(assistant_id='asst_abc123', thread_id=None)
    """

    assistant_id: str
    message: str | None = field(default=None, repr=False)
    thread_id: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What is handed in for one call.

    Attributes:
        call_id: which call.
        name: the tool's name, as the model wrote it.
        output: the text for the model: the result as JSON or plain text, or what went wrong.
        error: `None`, or what kind of failure `output` tells of: `"unknown_tool"`,
            `"malformed_arguments"`, `"invalid_arguments"`, `"raised"`, `"timed_out"`,
            `"unserialisable_result"`, `"abandoned"`.
        exception: what the tool raised, if it raised; it stays in the process.
    """

    call_id: str
    name: str
    output: str = field(repr=False)
    error: str | None = None
    exception: BaseException | None = field(default=None, compare=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        # Not with the exception: those of HTTP clients, say, cannot be pickled.
        return ToolOutput, (self.call_id, self.name, self.output, self.error)


# What the core asks for --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Create:
    """Create the run."""

    request: RunRequest


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass, in seconds, or less if the app asks to cancel."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Retrieve:
    """Look at the run."""

    ref: RunRef


@dataclass(frozen=True, slots=True)
class RunTools:
    """Call these tools; no call is ever asked for twice.

    Attributes:
        calls: what the model wants called.
        time_left_s: seconds until the run takes no output any more, or until the driver's
            deadline; `None` when neither is known.
    """

    calls: tuple[ToolCall, ...]
    time_left_s: float | None


@dataclass(frozen=True, slots=True)
class SubmitOutputs:
    """Hand in the outputs of every call of the round, in the order of the calls."""

    ref: RunRef
    outputs: tuple[ToolOutput, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ask the service to cancel the run."""

    ref: RunRef


@dataclass(frozen=True, slots=True)
class FetchMessages:
    """Read what the run wrote."""

    ref: RunRef


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do: take the core's `outcome`, or raise its `error`."""


Action = Create | Wait | Retrieve | RunTools | SubmitOutputs | Cancel | FetchMessages | Done

# What came of it ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """The service answered with the run."""

    snapshot: RunSnapshot
    now: float


@dataclass(frozen=True, slots=True)
class Waited:
    """Time has passed."""

    now: float


@dataclass(frozen=True, slots=True)
class ToolsRan:
    """One output for each call that was asked for."""

    outputs: Sequence[ToolOutput]
    now: float


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the run wrote, oldest first."""

    messages: Sequence[RunMessage]
    now: float


@dataclass(frozen=True, slots=True)
class Faulted:
    """The call met a fault."""

    fault: Fault
    now: float


Reply = Seen | Waited | ToolsRan | Fetched | Faulted
