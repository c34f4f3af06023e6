"""What clients of the Agents API can do: sessions, and what is sent to them.

The rules are those of `operations.py`: one operation each, and whatever may be refused comes before
the first change. Only of several inputs that come at once, a planner that raises may leave those
done that stand before the one for which it was asked.

Documented is that a message to an active session steers its turn; how, is not. Here the message
joins what the model reads, and what the model is at is drawn anew: a turn that waits for its worker
is planned anew, and one at work drops what it has begun and begins again. A turn that waits for
results goes on waiting: the message is read together with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from runfsm.lifecycle import TURN, MessageStatus, RunEvent, TurnStatus
from runfsm_simulator.world.answering import Answering
from runfsm_simulator.world.engine import RunEdge
from runfsm_simulator.world.happenings import CallAnswered, ItemAdded
from runfsm_simulator.world.models import Message, NewMessage, Thread
from runfsm_simulator.world.refusals import (
    CallHasResult,
    CallIsOver,
    OtherTurnsCall,
    SessionBusy,
    UnknownPendingCall,
    UnknownRequest,
)
from runfsm_simulator.world.scene import Answered
from runfsm_simulator.world.sessionmodels import Session, SessionTurn, ToolResult, TurnItem
from runfsm_simulator.world.store import find
from runfsm_simulator.world.terms import Json, Terms
from runfsm_simulator.world.turns import Turn
from runfsm_simulator.world.upsets import FOREIGN_TURN

__all__ = ["Cancel", "Decision", "NewSession", "Said", "SessionInput", "Sessions"]

#: What another client says to a session, just before.
FOREIGN_MESSAGE: Final = NewMessage("user", ("This is another client's.",))


@dataclass(frozen=True, slots=True)
class Said:
    """Messages of a user: they start a turn, or steer the one that is on its way."""

    messages: tuple[NewMessage, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Whatever turn is on its way is to stop."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer to a request for an approval. Nobody asks for any here."""

    request_id: str


SessionInput = Said | ToolResult | Cancel | Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session that is asked for.

    Attributes:
        terms: what its turns work with.
        messages: for its first turn.
        echo: see `Session.echo`.
        extras: see `Session.extras`.
        metadata: kept with it.
    """

    terms: Terms
    messages: tuple[NewMessage, ...]
    echo: Json
    extras: Json = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


class Sessions(Answering):
    """What a `World` does for clients of the Agents API. See there."""

    def create_session(self, new: NewSession) -> Session:
        """A new session, with its first turn."""
        with self.operation():
            turn = self._next_turn(new.terms, new.messages)
            ident, now = self._chooser.ident("sess"), self._engine.now
            session = Session(
                id=ident,
                created_at=now,
                agent_id=self._chooser.ident("agent"),
                terms=new.terms,
                echo=new.echo,
                extras=new.extras,
                metadata=new.metadata,
                thread=Thread(ident, now),
            )
            self.store.sessions[ident] = session
            self._start(session, new.messages, turn)
            return session

    def send(
        self, session_id: str, inputs: Sequence[SessionInput], *, key: str | None = None
    ) -> None:
        """Take what a client has to say, all of it or nothing.

        Args:
            session_id: to which session.
            inputs: in their order.
            key: what came with this key already is not done again.

        Raises:
            NotFound: there is no such session.
            UnknownPendingCall: a result of a call that the session has not made.
            OtherTurnsCall: a result that names the wrong turn.
            CallIsOver: a result that comes too late.
            CallHasResult: a result that is another one than before.
            UnknownRequest: a decision; nobody asks for any.
        """
        with self.operation():
            session = self.store.session(session_id)
            if key in session.seen_keys:
                return
            for one in inputs:
                self._check(session, one)
            for one in inputs:
                self._take(session, one)
            if key is not None and inputs:
                session.remember_key(key)

    def delete_session(self, session_id: str) -> None:
        """Forget a session. One that is deleted already stays so.

        Raises:
            NotFound: there never was such a session.
            SessionBusy: a turn of it is on its way.
        """
        with self.operation():
            if find(self.store.sessions, "session", session_id).active:
                raise SessionBusy(session_id)
            self.store.delete_session(session_id)

    # What is refused.

    def _check(self, session: Session, given: SessionInput) -> None:
        if isinstance(given, Decision):
            raise UnknownRequest(given.request_id)
        if isinstance(given, ToolResult):
            _check_result(session, given)

    # What is done.

    def _take(self, session: Session, given: SessionInput) -> None:
        active = session.active
        match given:
            case Said(messages):
                self._say(session, messages)
            case ToolResult() if active:
                self._answer(active, given)
            case Cancel() if active and TURN.allows(active.status, RunEvent.CANCEL):
                self._engine.take(active, RunEvent.CANCEL)

    def _say(self, session: Session, messages: tuple[NewMessage, ...]) -> None:
        active = session.active or self._foreign_turn(session)
        if active is None:
            planned = self._next_turn(session.terms, [*_read(session), *messages])
            self._start(session, messages, planned)
        else:
            self._steer(active, messages)

    def _steer(self, turn: SessionTurn, messages: tuple[NewMessage, ...]) -> None:
        planned = turn.turn
        if not TURN.allows(turn.status, RunEvent.SUBMIT_TOOL_OUTPUTS):
            planned = self._next_turn(
                turn.terms,
                [*_read(turn.session), *messages],
                round=turn.round,
                answered=turn.answered,
            )
        for item in self._added(turn, messages):
            self._engine.happenings.tell(turn, ItemAdded(turn, item))
        turn.turn = planned
        if turn.status is TurnStatus.IN_PROGRESS:
            self._engine.begin_anew(turn)

    def _start(
        self, session: Session, messages: Iterable[NewMessage], planned: Turn
    ) -> SessionTurn:
        turn = SessionTurn(
            id=self._chooser.ident("turn"),
            created_at=self._engine.now,
            thread=session.thread,
            terms=session.terms,
            metadata={},
            turn=planned,
            session=session,
        )
        session.turns[turn.id] = self.store.turns[turn.id] = turn
        self._added(turn, messages)
        self._engine.enter(turn)
        return turn

    def _added(self, turn: SessionTurn, messages: Iterable[NewMessage]) -> tuple[TurnItem, ...]:
        """The messages, as items of a turn that reads them."""
        items = tuple(
            TurnItem(message.id, turn.id, message=message)
            for message in map(self._user_message, messages)
        )
        for item in items:
            turn.add(item)
            if item.message:
                turn.thread.messages[item.id] = item.message
        return items

    def _user_message(self, new: NewMessage) -> Message:
        return Message(
            id=self._chooser.ident("msg"),
            created_at=self._engine.now,
            thread_id="",
            role=new.role,
            content=new.content,
            status=MessageStatus.COMPLETED,
        )

    def _answer(self, turn: SessionTurn, result: ToolResult) -> RunEdge | None:
        """Take a result; the edge, if it was the last that was missing."""
        left = tuple(call for call in turn.calls if call.call_id != result.call_id)
        if left == turn.calls:
            return None  # the same once more, or a cancel has come first
        results = {**turn.results, result.call_id: result}
        latest = _latest(turn, results)
        answered = turn.answered + latest
        planned = None
        if not left:
            planned = self._next_turn(
                turn.terms,
                _read(turn.session),
                round=turn.round + 1,
                answered=answered,
                latest=latest,
            )
        turn.results, turn.calls = results, left
        self._engine.happenings.tell(turn, CallAnswered(turn, result.call_id))
        item = TurnItem(self._chooser.ident("fco"), turn.id, result=result)
        turn.add(item)
        self._engine.happenings.tell(turn, ItemAdded(turn, item))
        if planned is None:
            return None
        turn.turn, turn.round, turn.answered = planned, turn.round + 1, answered
        return self._engine.take(turn, RunEvent.SUBMIT_TOOL_OUTPUTS)

    def _answer_all(self, turn: SessionTurn) -> RunEdge:
        """An empty result for each call that waits for one: a person's hand."""
        TURN.next(turn.status, RunEvent.SUBMIT_TOOL_OUTPUTS)  # the state is judged first
        edge = None
        for call_id in {call.call_id: None for call in turn.calls}:
            edge = self._answer(turn, ToolResult(turn.id, call_id, success=True, output=""))
        return edge or self._engine.take(turn, RunEvent.SUBMIT_TOOL_OUTPUTS)

    def _foreign_turn(self, session: Session) -> SessionTurn | None:
        """Another client's turn, which has come first; what we say then steers it."""
        if not self.strikes("foreign_run"):
            return None
        return self._start(session, [FOREIGN_MESSAGE], FOREIGN_TURN)


def _check_result(session: Session, result: ToolResult) -> None:
    made = {
        item.call.call_id: turn
        for turn in session.turns.values()
        for item in turn.items.values()
        if item.call
    }
    turn = made.get(result.call_id)
    if turn is None:
        raise UnknownPendingCall(result.call_id)
    if result.turn_id != turn.id:
        raise OtherTurnsCall(result.call_id)
    before = turn.results.get(result.call_id)
    if before is None and all(call.call_id != result.call_id for call in turn.calls):
        raise CallIsOver(result.call_id)
    if before is not None and before != result:
        raise CallHasResult(result.call_id)


def _read(session: Session) -> Iterable[Message]:
    """What the model reads: all that was said in the session so far."""
    return session.thread.messages.values()


def _latest(turn: SessionTurn, results: Mapping[str, ToolResult]) -> Answered:
    """The calls of this round that have a result by now."""
    asked = turn.open_step.calls if turn.open_step else ()
    return tuple(
        (call.name, call.arguments, results[call.call_id].text)
        for call in asked
        if call.call_id in results
    )
