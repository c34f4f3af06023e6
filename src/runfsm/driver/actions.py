"""What a core asks for. What may come of it is in `replies.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

from runfsm.driver.content import MessageContent
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.lifecycle.snapshot import RunRef, ToolCall

__all__ = [
    "Action",
    "AddMessage",
    "Cancel",
    "Create",
    "CreateThread",
    "Done",
    "Driving",
    "Entering",
    "FetchMessages",
    "FindMessage",
    "ListRuns",
    "Listen",
    "Retrieve",
    "RunTools",
    "Sleep",
    "SubmitOutputs",
    "TakeKey",
    "TakeTurn",
]


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
class TakeKey:
    """Hold a request's key in this process, and look at the run that was made by it here.

    Attributes:
        key: the key; whoever asks for it next waits until this run is driven no more.
        timeout_s: seconds to wait at most, or less if the app asks to cancel.
    """

    key: str = field(repr=False)
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
    content: MessageContent = field(repr=False)
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
Entering = CreateThread | TakeKey | TakeTurn | ListRuns | Create | AddMessage | FindMessage
#: With a run that is there.
Driving = Sleep | Listen | Retrieve | RunTools | SubmitOutputs | Cancel | FetchMessages | Done

Action = Entering | Driving
