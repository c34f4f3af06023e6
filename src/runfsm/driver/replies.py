"""What came of an action. Which reply answers which action is said in `ANSWERS`.

Each reply carries the time, because a core never asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from runfsm.driver.actions import (
    Action,
    AddMessage,
    Cancel,
    Create,
    CreateThread,
    Done,
    FetchMessages,
    FindMessage,
    Listen,
    ListRuns,
    Retrieve,
    RunTools,
    Sleep,
    SubmitOutputs,
    TakeKey,
    TakeTurn,
)
from runfsm.driver.live import StreamEvent
from runfsm.driver.request import ToolOutput
from runfsm.errors import CallerError, Fault
from runfsm.lifecycle.snapshot import RunMessage, RunSnapshot

__all__ = [
    "Added",
    "Faulted",
    "Fetched",
    "Heard",
    "KeyTaken",
    "Listed",
    "Reply",
    "Seen",
    "Silent",
    "Slept",
    "ThreadMade",
    "ToolsRan",
    "TurnTaken",
    "check_reply",
]


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
class KeyTaken:
    """The key is ours; `run` is what was made by it in this process, if anything was."""

    run: RunSnapshot | None
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
    | KeyTaken
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
    TakeKey: (KeyTaken, Slept, Faulted),
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
