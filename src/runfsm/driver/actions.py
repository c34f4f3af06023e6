"""The driver's two vocabularies: what the core asks for, and what came of it.

Which reply answers which action is said in `ANSWERS`. Each reply carries the time, because a core
never asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runfsm.driver.live import StreamEvent
from runfsm.errors import CallerError, Fault
from runfsm.lifecycle.snapshot import RunMessage, RunRef, RunSnapshot, ToolCall

__all__ = [
    "Action",
    "AddMessage",
    "Added",
    "Cancel",
    "Create",
    "CreateThread",
    "Done",
    "Driving",
    "Entering",
    "Faulted",
    "FetchMessages",
    "Fetched",
    "FindMessage",
    "Heard",
    "ListRuns",
    "Listed",
    "Listen",
    "Reply",
    "Retrieve",
    "RunRequest",
    "RunTools",
    "Seen",
    "Silent",
    "Sleep",
    "Slept",
    "SubmitOutputs",
    "TakeTurn",
    "ThreadMade",
    "ToolOutput",
    "ToolsRan",
    "TurnTaken",
    "check_id",
    "check_reply",
]


def check_id(name: str, value: object, *, right: str) -> None:
    """Refuse what names nothing: `None`, an empty text, or the thing itself.

    Raises:
        CallerError: it is that; the message says what is `right`.
    """
    if isinstance(value, str) and value:
        return
    told = repr(value) if value is None or value == "" else f"a {type(value).__name__}"
    raise CallerError(f"{name} is {told}: {right}")


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
        key: a name of your own for this one run, at most 512 characters, kept in its metadata. A
            run whose creation was not answered is found by it, and taken over instead of being
            created twice; so never use one for two runs. A driver makes one up when it is `None`.

    Raises:
        CallerError: an id or a key that is no text, or empty; options that are no mapping.

    Example:
        >>> RunRequest("asst_abc123", "How is the weather?", options={"temperature": 0.2})
        RunRequest(assistant_id='asst_abc123', thread_id=None)
    """

    assistant_id: str
    message: str | None = field(default=None, repr=False)
    thread_id: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    key: str | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        check_id("assistant_id", self.assistant_id, right="give its id: RunRequest(assistant.id)")
        if self.thread_id is not None:
            right = "give its id, thread.id, or leave it out for a new thread"
            check_id("thread_id", self.thread_id, right=right)
        if self.key is not None:
            check_id("key", self.key, right="give a text of your own, or leave it out")
        if not isinstance(self.options, Mapping):
            kind = type(self.options).__name__
            raise CallerError(f"options is a {kind}: give a dict, such as {{'temperature': 0.2}}")


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What is handed in for one call.

    Attributes:
        call_id: which call.
        name: the tool's name, as the model wrote it.
        output: the text for the model: the result as JSON or plain text, or what went wrong.
        kind: the kind of the call, as `ToolCall.kind`.
        error: `None`, or what kind of failure `output` tells of: `"unknown_tool"`,
            `"malformed_arguments"`, `"invalid_arguments"`, `"raised"`, `"timed_out"`,
            `"unserialisable_result"`, `"abandoned"`.
        exception: what the tool raised, if it raised; it stays in the process.
        began_at: when the tool was called, Unix seconds; `None` if it was not.
        took_s: the seconds until it had answered, or was given up.
    """

    call_id: str
    name: str
    output: str = field(repr=False)
    error: str | None = None
    exception: BaseException | None = field(default=None, compare=False, repr=False)
    began_at: float | None = field(default=None, compare=False, repr=False)
    took_s: float | None = field(default=None, compare=False, repr=False)
    kind: str = "function"

    def __reduce__(self) -> tuple[Any, ...]:
        # Not with the exception: those of HTTP clients, say, cannot be pickled.
        told = (self.call_id, self.name, self.output, self.error)
        return ToolOutput, (*told, None, self.began_at, self.took_s, self.kind)


# What the core asks for --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateThread:
    """Make an empty thread. Twice does no harm."""


@dataclass(frozen=True, slots=True)
class TakeTurn:
    """Stand in the line for a thread, and wait until it is our turn.

    Attributes:
        thread_id: which thread.
        waiting_max: how many may stand in the line; one more is refused with a fault.
        timeout_s: seconds to wait at most, or less if the app asks to cancel.
    """

    thread_id: str
    waiting_max: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class ListRuns:
    """Look at the thread's latest runs: who holds it, and whether ours is among them."""

    thread_id: str


@dataclass(frozen=True, slots=True)
class Create:
    """Create the run on its thread, and listen to its stream if so told."""

    request: RunRequest
    stream: bool = False


@dataclass(frozen=True, slots=True)
class AddMessage:
    """Add a user's message to a thread. It can be found again by its key."""

    thread_id: str
    content: str = field(repr=False)
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FindMessage:
    """Look whether the message of this key is on the thread."""

    thread_id: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let time pass, in seconds, or less if the app asks to cancel."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for the stream's next event, for so many seconds, or less if the app asks to cancel.

    A stream that was not heard out in time is given up.
    """

    ref: RunRef
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Retrieve:
    """Look at the run."""

    ref: RunRef


@dataclass(frozen=True, slots=True)
class RunTools:
    """Call these tools; no call is ever asked for twice.

    Attributes:
        calls: what the model wants called.
        ref: the run that wants them called.
        time_left_s: seconds until the run takes no output any more, or until the driver's
            deadline; `None` when neither is known.
        look_s: how often to look meanwhile whether the run still wants them: seconds.
    """

    calls: tuple[ToolCall, ...]
    ref: RunRef
    time_left_s: float | None
    look_s: float


@dataclass(frozen=True, slots=True)
class SubmitOutputs:
    """Hand in the outputs of every call of the round, in their order; listen on, if so told."""

    ref: RunRef
    outputs: tuple[ToolOutput, ...]
    stream: bool = False


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


#: On the way onto a thread.
Entering = CreateThread | TakeTurn | ListRuns | Create | AddMessage | FindMessage
#: With a run that is there.
Driving = Sleep | Listen | Retrieve | RunTools | SubmitOutputs | Cancel | FetchMessages | Done

Action = Entering | Driving

# What came of it ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """The service answered with the run."""

    snapshot: RunSnapshot
    now: float


@dataclass(frozen=True, slots=True)
class Slept:
    """Time has passed."""

    now: float


@dataclass(frozen=True, slots=True)
class ThreadMade:
    """There is a new thread.

    Attributes:
        thread_id: its id.
        now: the time.
        is_there: whether the service has it, and not only the backend a name for it.
    """

    thread_id: str
    now: float
    is_there: bool = field(default=True, kw_only=True)


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """It is our turn; nobody else in this process has the thread until we have left."""

    now: float


@dataclass(frozen=True, slots=True)
class Listed:
    """The thread's latest runs, newest first.

    Attributes:
        runs: as far as the service, or else the backend, knows of any.
        now: the time.
        is_whole: whether there are no others; not every service can list them.
    """

    runs: Sequence[RunSnapshot]
    now: float
    is_whole: bool = field(default=True, kw_only=True)


@dataclass(frozen=True, slots=True)
class Added:
    """The message that is on the thread; `None` when none of that key was found."""

    message_id: str | None
    now: float


@dataclass(frozen=True, slots=True)
class Heard:
    """The stream said something."""

    event: StreamEvent
    now: float


@dataclass(frozen=True, slots=True)
class Silent:
    """The stream says nothing more: it is over, broken or given up."""

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


Reply = (
    Seen
    | Slept
    | ThreadMade
    | TurnTaken
    | Listed
    | Added
    | Heard
    | Silent
    | ToolsRan
    | Fetched
    | Faulted
)

#: What may answer what. A wait may end early, so that one is answered by `Slept` in any case.
ANSWERS: Final[Mapping[type[Action], tuple[type[Reply], ...]]] = {
    CreateThread: (ThreadMade, Faulted),
    TakeTurn: (TurnTaken, Slept, Faulted),
    ListRuns: (Listed, Faulted),
    Create: (Seen, Faulted),
    AddMessage: (Added, Faulted),
    FindMessage: (Added, Faulted),
    Sleep: (Slept,),
    Listen: (Heard, Silent, Faulted),
    Retrieve: (Seen, Faulted),
    RunTools: (ToolsRan,),
    SubmitOutputs: (Seen, Faulted),
    Cancel: (Seen, Faulted),
    FetchMessages: (Fetched, Faulted),
    Done: (),
}


def check_reply(action: Action, reply: Reply) -> None:
    """Refuse a reply that does not answer the action.

    Raises:
        CallerError: it does not; the message says what would.
    """
    takes = ANSWERS[type(action)]
    if not isinstance(reply, takes):
        names = " or ".join(kind.__name__ for kind in takes) or "nothing more"
        raise CallerError(
            f"the core asked for {type(action).__name__}, and was answered "
            f"{type(reply).__name__}; it takes {names}"
        )
