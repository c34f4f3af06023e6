"""The things of the Responses API: responses, conversations, and the items in both.

A response is work of the model as a run is (`models.Work`), and moves by its own table. It reads a
*context*: what its conversation held, or what its predecessors read and wrote, and then its own
input. It keeps that for good, so that nothing that is deleted or added later changes what a
response was about, and a chain can fork.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runfsm.lifecycle import (
    RESPONSE,
    RUN_STEP,
    Edge,
    Lifecycle,
    ResponseStatus,
    RunEvent,
    RunStepEvent,
    ToolCall,
)
from runfsm_simulator.world.draft import Piece
from runfsm_simulator.world.happenings import RunMoved, StepGrew, StepMoved
from runfsm_simulator.world.hosted import HostedStep
from runfsm_simulator.world.models import OUTCOMES, Message, NewMessage, Step, Work
from runfsm_simulator.world.terms import Json

__all__ = [
    "Conversation",
    "Item",
    "NewItem",
    "Response",
    "Told",
    "ToolOutput",
    "item_of",
    "items_of",
    "joined",
]

#: What each kind of turn comes to. A round of calls is a whole answer: the outputs go into the next
#: response.
ANSWERS: Final[Mapping[str, RunEvent]] = {**OUTCOMES, "call": RunEvent.COMPLETE}

#: The ends after which input and output become part of the conversation. The reference says that
#: they do "after this response completes"; that one which was cut does as well, is a guess.
KEPT_AFTER: Final = frozenset({ResponseStatus.COMPLETED, ResponseStatus.INCOMPLETE})


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a client's function has answered; `output` is a text, or content as it came."""

    call_id: str
    output: str | tuple[Json, ...]

    @property
    def text(self) -> str:
        """Its texts, joined."""
        return joined(self.output)


def joined(output: str | Iterable[Json]) -> str:
    """The texts of an output that may have come as content."""
    if isinstance(output, str):
        return output
    return "".join(str(part.get("text", "")) for part in output)


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item that a client adds. Exactly one of the three is given."""

    message: NewMessage | None = None
    call: ToolCall | None = None
    output: ToolOutput | None = None


@dataclass(slots=True, eq=False)
class Item:
    """An entry of a conversation, of an input or of an output. Exactly one of the four is given."""

    id: str
    message: Message | None = None
    call: ToolCall | None = None
    output: ToolOutput | None = None
    hosted: HostedStep | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened to a response, as a stream tells of it; now, or once more later.

    Attributes:
        event: the response took this edge of its table.
        step_id: or this step of it did ...
        step_event: ... take that edge of the run step's table ...
        piece: ... or grow by this.
    """

    event: RunEvent | None = None
    step_id: str = ""
    step_event: RunStepEvent | None = None
    piece: Piece | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Response(Work):
    """A response.

    Attributes:
        background: whether nobody waits for it; only then can it be cancelled.
        stored: whether it can be asked for by its id.
        conversation: that it belongs to, if to any.
        previous_id: its predecessor, if it was named.
        context: what came before its input.
        input: what it was created with.
        echo: what is only said again to whoever asks, in the wire's form.
        told: what has happened to it so far, if it was created to be streamed.
    """

    background: bool
    stored: bool
    conversation: Conversation | None
    previous_id: str | None
    context: tuple[Item, ...]
    input: tuple[Item, ...]
    echo: Json
    told: list[Told] | None
    status: ResponseStatus = RESPONSE.initial

    @property
    def lifecycle(self) -> Lifecycle[Any, RunEvent]:
        """The table of one response."""
        return RESPONSE

    @property
    def outcomes(self) -> Mapping[str, RunEvent]:
        """What each kind of turn comes to."""
        return ANSWERS

    @property
    def output(self) -> tuple[Item, ...]:
        """What it has written, as far as that is done; nothing once it is cancelled."""
        if self.status is ResponseStatus.CANCELLED:
            return ()
        return tuple(
            item
            for step in self.steps.values()
            if step.status in RUN_STEP.terminal
            for item in items_of(step)
        )

    def announced(self, _: Edge[Any, RunEvent]) -> Iterator[tuple[str, str]]:
        """Its end, if nobody waits for it."""
        if self.background and self.is_over:
            yield f"response.{self.status}", self.id

    def settle(self) -> None:
        """Leave input and output to the conversation."""
        if self.conversation and self.status in KEPT_AFTER:
            self.conversation.add((*self.input, *self.output))

    def remember(self, happening: Any) -> None:
        """Keep what a stream tells of."""
        if self.told is None:
            return
        match happening:
            case RunMoved(_, edge):
                self.told.append(Told(edge.event))
            case StepMoved(_, step, event):
                self.told.append(Told(step_id=step.id, step_event=event))
            case StepGrew(step, piece):
                self.told.append(Told(step_id=step.id, piece=piece))

    @property
    def remembers(self) -> bool:
        """Whether it was created to be streamed."""
        return self.told is not None


def items_of(step: Step) -> Iterator[Item]:
    """What a step shows as: a message, each of its calls, or the call of a hosted tool."""
    if step.message:
        yield Item(step.message.id, message=step.message)
    elif step.hosted:
        yield Item(_renamed(step.hosted_id, HOSTED_IDS[step.hosted.type]), hosted=step.hosted)
    yield from map(item_of, step.calls)


def item_of(call: ToolCall) -> Item:
    """A call, as an item."""
    return Item(_renamed(call.call_id, "fc"), call=call)


#: What the ids of hosted calls begin with.
HOSTED_IDS: Final = {"code_interpreter": "ci", "file_search": "fs"}


def _renamed(call_id: str, prefix: str) -> str:
    """A call's item has an id of its own; it is made of the call's, and not drawn."""
    return f"{prefix}_{call_id.removeprefix('call_')}"


@dataclass(slots=True, eq=False)
class Conversation:
    """Items, in the order of their coming. One response at a time works on them.

    Attributes:
        newest: the latest response that was created on it; it alone can hold the lock.
    """

    id: str
    created_at: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    newest: Response | None = None

    def add(self, items: tuple[Item, ...]) -> None:
        """More items, at the end."""
        self.items.update({item.id: item for item in items})

    def holder(self, now: float) -> Response | None:
        """The response that holds the conversation, if one does."""
        newest = self.newest
        if newest and (RESPONSE.locks_thread(newest.status) or now < newest.lingers_until):
            return newest
        return None
