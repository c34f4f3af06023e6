"""What happens to a run, told to who listens, at the moment when it happens.

Rule 1: listening changes nothing. A run that nobody listens to makes the same choices, and comes
to the same end; it only tells nobody.

Rule 2: a listener is told in the middle of an operation, so it must neither wait nor act. It is
woken when the operation is over.

A run has one listener at most, who asked last: the API lets nobody attach a stream to a run that
exists; only its creation and its `submit_tool_outputs` begin one. To a response, and to a session,
anybody may.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from runfsm.lifecycle import Edge, MessageEvent, RunEvent, RunStepEvent
from runfsm_simulator.world.draft import Piece
from runfsm_simulator.world.models import Message, Step, Thread, Work

if TYPE_CHECKING:
    from runfsm_simulator.world.sessionmodels import TurnItem

__all__ = [
    "CallAnswered",
    "Happening",
    "Happenings",
    "HostedRan",
    "ItemAdded",
    "Listener",
    "MessageMoved",
    "RunMoved",
    "StepGrew",
    "StepMoved",
    "ThreadMade",
]


@dataclass(frozen=True, slots=True)
class ThreadMade:
    """A thread has been created together with the run."""

    thread: Thread


@dataclass(frozen=True, slots=True)
class RunMoved:
    """The run, the response or the turn has taken an edge of its table."""

    run: Work
    edge: Edge[Any, RunEvent]


@dataclass(frozen=True, slots=True)
class StepMoved:
    """A step of the run has taken an edge of the run step's table."""

    run: Work
    step: Step
    event: RunStepEvent


@dataclass(frozen=True, slots=True)
class MessageMoved:
    """A message of the run has taken an edge of the message's table."""

    message: Message
    event: MessageEvent


@dataclass(frozen=True, slots=True)
class StepGrew:
    """Another piece of what a step is to hold has come."""

    step: Step
    piece: Piece


@dataclass(frozen=True, slots=True)
class HostedRan:
    """A hosted tool has run in a step: its call is seen from now on."""

    run: Work
    step: Step


@dataclass(frozen=True, slots=True)
class ItemAdded:
    """A client has added an item to a turn that exists: a message, or the result of a call."""

    run: Work
    item: TurnItem


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A call of a turn has its result."""

    run: Work
    call_id: str


#: The things in it go on changing: who wants to keep what they are now, writes it down at once.
Happening = (
    ThreadMade
    | RunMoved
    | StepMoved
    | MessageMoved
    | StepGrew
    | HostedRan
    | ItemAdded
    | CallAnswered
)


class Listener(Protocol):
    """Who wants to know what happens to a run."""

    def hear(self, happening: Happening) -> None:
        """Take note, at once. The world stands still meanwhile."""

    def wake(self) -> None:
        """Something was heard, and the operation in which it happened is over."""


class Happenings:
    """Who listens to which run."""

    def __init__(self) -> None:
        self._listeners: dict[str, tuple[Listener, ...]] = {}
        self._to_wake: dict[Listener, None] = {}  # in the order of their hearing

    def __reduce__(self) -> tuple[Any, ...]:
        return Happenings, ()  # nobody listens to a copy of a world

    def listen(self, run_id: str, listener: Listener) -> None:
        """Tell `listener` of all that happens to a run from now on, and nobody else."""
        self._listeners[run_id] = (listener,)

    def join(self, channel: str, listener: Listener) -> None:
        """Tell `listener` of all that happens there from now on, beside those who hear."""
        self._listeners[channel] = (*self._listeners.get(channel, ()), listener)

    def unlisten(self, run_id: str, listener: Listener) -> None:
        """Tell `listener` no more; nothing if it is not told anyhow."""
        heard = self._listeners.pop(run_id, ())
        if left := tuple(one for one in heard if one is not listener):
            self._listeners[run_id] = left

    def heard(self, run: Work) -> bool:
        """Whether somebody listens to `run`, or may want to know later."""
        return run.remembers or run.channel in self._listeners

    def tell(self, run: Work, happening: Happening) -> None:
        """Tell who listens to `run`, if anybody does."""
        run.remember(happening)
        for listener in self._listeners.get(run.channel, ()):
            self._to_wake[listener] = None
            listener.hear(happening)

    def everybody(self) -> Iterable[Listener]:
        """Who listens to any run."""
        return tuple(one for heard in self._listeners.values() for one in heard)

    def to_wake(self) -> Iterable[Listener]:
        """Who has heard something since the last time of asking."""
        if not self._to_wake:
            return ()
        heard, self._to_wake = self._to_wake, {}
        return heard
