"""What clients of the Responses API can do: responses, and conversations.

The rules are those of `operations.py`: one operation each, and whatever may be refused comes before
the first change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from runfsm.lifecycle import MessageStatus, ResponseStatus, RunEvent
from runfsm_simulator.world.exchange import first_waiting, progress
from runfsm_simulator.world.models import Message, Thread
from runfsm_simulator.world.refusals import (
    ConversationLocked,
    LostPrevious,
    NotBackground,
    NotFound,
    NotRepeated,
    NotStored,
    NotStreamed,
)
from runfsm_simulator.world.responsemodels import Conversation, Item, NewItem, Response
from runfsm_simulator.world.stormy import Stormy
from runfsm_simulator.world.terms import Json, Settings, Terms
from runfsm_simulator.world.turns import Turn
from runfsm_simulator.world.upsets import FOREIGN_TURN

__all__ = ["Answering", "Wanted"]

#: How long the events of a response can be had once more, after its end. The guide speaks of
#: minutes, and Azure's documentation of ten at least.
STREAM_TTL_S: Final = 600.0

#: What another client's response works with.
SOMEBODYS: Final = Terms("", None, "gpt-4o", None, (), Settings())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A response that is asked for.

    Attributes:
        terms: what the model works with.
        items: the input.
        conversation_id: to go on with, if any; or
        previous_id: the response to go on from.
        background: whether nobody waits for it.
        stored: whether it can be asked for by its id.
        streamed: whether its events are kept, to be read while they come.
        metadata: kept with it.
        echo: see `Response.echo`.
    """

    terms: Terms
    items: tuple[NewItem, ...] = ()
    conversation_id: str | None = None
    previous_id: str | None = None
    background: bool = False
    stored: bool = True
    streamed: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    echo: Json = field(default_factory=dict)


class Answering(Stormy):
    """What a `World` does for clients of the Responses API. See there."""

    def create_response(self, wanted: Wanted) -> Response:
        """A new response.

        In background mode it is queued; otherwise somebody waits for it, and it is begun at once.

        Raises:
            NotFound: there is no such conversation.
            LostPrevious: there is no such response to go on from.
            NotStored: in background mode, and not to be stored.
            ConversationLocked: a response is being made on the conversation.
            UnknownToolCall: an output of a call that nobody made.
            MissingToolOutput: a call has no output.
        """
        with self.operation():
            if wanted.background and not wanted.stored:
                raise NotStored
            conversation = self._conversation(wanted.conversation_id)
            context = self._context(conversation, wanted.previous_id)
            read: list[Item | NewItem] = [*context, *wanted.items]
            done = progress(read)
            messages = [item.message for item in read if item.message]
            turn = self._next_turn(
                wanted.terms,
                messages,
                round=done.round,
                answered=done.answered,
                latest=done.latest,
            )
            response = self._response(wanted, turn, conversation=conversation, context=context)
            response.round, response.answered = done.round, done.answered
            return self._begin_response(response)

    def cancel_response(self, response_id: str) -> Response:
        """The response, cancelled; one that is cancelled already stays so.

        Raises:
            NotFound: there is no such response.
            NotBackground: somebody waits for it.
            IllegalTransition: it has come to another end.
        """
        with self.operation():
            response = self.store.response(response_id)
            if not response.background:
                raise NotBackground(response_id)
            if response.status is not ResponseStatus.CANCELLED:
                self._engine.take(response, RunEvent.CANCEL)
            return response

    def streamed_response(self, response_id: str) -> Response:
        """A response whose events can be read, now or once more.

        Raises:
            NotFound: there is no such response.
            NotRepeated: it was not made in background mode.
            NotStreamed: it has none, or not any more.
        """
        with self.operation():
            response = self.store.response(response_id)
            if not response.background:
                raise NotRepeated(response_id)
            ended_at = response.ended_at
            too_late = ended_at is not None and self._engine.now >= ended_at + STREAM_TTL_S
            if response.told is None or too_late:
                raise NotStreamed(response_id)
            return response

    def create_conversation(
        self, items: Sequence[NewItem] = (), *, metadata: Mapping[str, str] | None = None
    ) -> Conversation:
        """A new conversation with these items."""
        with self.operation():
            conversation = Conversation(
                self._chooser.ident("conv"), self._engine.now, metadata or {}
            )
            self.store.conversations[conversation.id] = conversation
            conversation.add(self._items(items))
            return conversation

    def add_items(self, conversation_id: str, items: Sequence[NewItem]) -> tuple[Item, ...]:
        """The new items at the end of a conversation.

        Raises:
            NotFound: there is no such conversation.
            ConversationLocked: a response is being made on it.
        """
        with self.operation():
            conversation = self.store.conversation(conversation_id)
            self._check_free(conversation)
            made = self._items(items)
            conversation.add(made)
            return made

    def _conversation(self, conversation_id: str | None) -> Conversation | None:
        if conversation_id is None:
            return None
        conversation = self.store.conversation(conversation_id)
        self._check_free(conversation)
        return conversation

    def _check_free(self, conversation: Conversation) -> None:
        if conversation.holder(self._engine.now) or self._foreign_response(conversation):
            raise ConversationLocked(conversation.id)

    def _foreign_response(self, conversation: Conversation) -> Response | None:
        """Another client's response, which has come first; none where calls wait, whoever asks."""
        waits = first_waiting(conversation.items.values()) is not None
        if waits or not self.strikes("foreign_run"):
            return None
        wanted = Wanted(terms=SOMEBODYS, background=True)
        response = self._response(
            wanted,
            FOREIGN_TURN,
            conversation=conversation,
            context=tuple(conversation.items.values()),
        )
        return self._begin_response(response)

    def _context(
        self, conversation: Conversation | None, previous_id: str | None
    ) -> tuple[Item, ...]:
        if conversation:
            return tuple(conversation.items.values())
        if previous_id is None:
            return ()
        try:
            previous = self.store.response(previous_id)
        except NotFound:
            raise LostPrevious(previous_id) from None
        return (*previous.context, *previous.input, *previous.output)

    def _response(
        self,
        wanted: Wanted,
        turn: Turn,
        *,
        conversation: Conversation | None,
        context: tuple[Item, ...],
    ) -> Response:
        items = self._items(wanted.items)
        return Response(
            id=self._chooser.ident("resp"),
            created_at=self._engine.now,
            thread=self._read((*context, *items)),
            terms=wanted.terms,
            metadata=wanted.metadata,
            turn=turn,
            background=wanted.background,
            stored=wanted.stored,
            conversation=conversation,
            previous_id=wanted.previous_id,
            context=context,
            input=items,
            echo=wanted.echo,
            told=[] if wanted.streamed else None,
        )

    def _begin_response(self, response: Response) -> Response:
        self.store.responses[response.id] = response
        if response.conversation:
            response.conversation.newest = response
        self._engine.enter(response)
        if not response.background:
            self._engine.take(response, RunEvent.START)
        return response

    def _items(self, items: Iterable[NewItem]) -> tuple[Item, ...]:
        return tuple(map(self._item, items))

    def _item(self, new: NewItem) -> Item:
        if new.message is None:
            return Item(
                self._chooser.ident("fc" if new.call else "fco"), call=new.call, output=new.output
            )
        message = Message(
            id=self._chooser.ident("msg"),
            created_at=self._engine.now,
            thread_id="",
            role=new.message.role,
            content=new.message.content,
            status=MessageStatus.COMPLETED,
        )
        return Item(message.id, message=message)

    def _read(self, items: Sequence[Item]) -> Thread:
        """What a response reads, and writes on: its own, for two may go on from one."""
        messages = {item.message.id: item.message for item in items if item.message}
        return Thread("", self._engine.now, messages=messages)
