"""What each call of a backend takes on the Agents API, as one or more HTTP calls. Pure.

A run is a turn of a session, and a thread is a session; which there is not before its first run.

Rule 1: nothing steers. The service takes a message at any time, and the turn that is on its way
reads it (`lifecycle/wires/agents.py`). So the session is looked at before, and who is on its way
there holds it, as on the other wires. Whoever comes between the look and the message is found by a
look at the turn that came of it.

Rule 2: a turn is ours if it begins with what we said: the answer to a message names no turn. What
may have been sent is looked up by that before it is sent again, with the same idempotency key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Final, NoReturn, TypeVar

from runfsm.backends import agents_wire as wire
from runfsm.backends.agents_answers import Turn, read_turn
from runfsm.backends.agents_memory import Attempt, Memory
from runfsm.backends.agents_recipe import check_agent, check_later, input_of, session_of
from runfsm.backends.agents_stream import TurnReader
from runfsm.backends.call import Call
from runfsm.backends.content import agents_content
from runfsm.backends.flow import Flow
from runfsm.backends.responses_answers import Item, message_of, said_by
from runfsm.backends.responses_recipe import assistant_id_of
from runfsm.driver.content import MessageContent
from runfsm.driver.request import RunRequest, ToolOutput, checked_options
from runfsm.errors import BackendError, CallerError, Fault, FaultKind
from runfsm.lifecycle.snapshot import METADATA_MAX, RunMessage, RunRef, RunSnapshot, ToolCall
from runfsm.lifecycle.turn import TurnStatus

__all__ = ["Flows"]

T = TypeVar("T")

#: Where in the metadata of a session the name stands that its thread had before.
THREAD_KEY: Final = "runfsm_thread"

#: The record of a run that was told to cancel.
CANCELLING: Final = json.dumps({"cancelling": True})

CONFLICT: Final = 409


class Flows:
    """The calls of a backend, as flows.

    Args:
        memory: what is kept in mind.
        expires_after_s: how long a run may take from its creation; `None`: for ever.
    """

    def __init__(self, memory: Memory, *, expires_after_s: float | None) -> None:
        self.memory = memory
        self._expires_after_s = expires_after_s

    # Assistants and threads ----------------------------------------------------------------------

    def create_assistant(self, params: Mapping[str, Any], assistant_id: str | None = None) -> str:
        """Keep what an assistant is, once it is known to make sense; its id."""
        checked = checked_options(params, "assistant")
        check_agent(checked)
        assistant_id = assistant_id or assistant_id_of(checked)
        self.memory.assistants[assistant_id] = checked
        return assistant_id

    def create_thread(self, params: Mapping[str, Any]) -> Flow[str]:
        """A name for a session that there will be."""
        yield from ()  # it takes no call
        if wrong := sorted({*params} - {"messages"}):
            raise CallerError(
                f"there is no session before its first run, which may have {', '.join(wrong)}: "
                f"RunRequest(…, options={{…}}); create_thread(messages=…)"
            )
        thread_id = self.memory.new_thread()
        for message in checked_options(params, "thread").get("messages") or ():
            self.memory.add(thread_id, message, None)
        return thread_id

    def add_message(self, thread_id: str, content: MessageContent, key: str | None) -> Flow[str]:
        """A user's message. A session would begin a turn with it, so it waits here for a run."""
        yield from ()  # it takes no call
        message = {"role": "user", "content": agents_content(content)}
        return self.memory.add(thread_id, message, key)

    def find_message(self, thread_id: str, key: str) -> Flow[str | None]:
        """The message of a key, if it waits."""
        yield from ()  # it takes no call
        return self.memory.find(thread_id, key)

    def _session(self, thread_id: str) -> Flow[str | None]:
        """The session that a thread is; `None`: it is none yet."""
        known = self.memory.session_of(thread_id)
        if known is not None or self.memory.is_new(thread_id):
            return known
        found: tuple[str, ...] = yield wire.find_sessions(THREAD_KEY, thread_id)
        for session_id in found[:1]:
            self.memory.found(thread_id, session_id)
        return next(iter(found), None)

    def _turns(self, session_id: str) -> Flow[tuple[Turn, ...]]:
        """The latest turns of a session, newest first."""
        call = wire.list_turns(session_id)
        if self.memory.has_seen(session_id):
            return (yield from _lagging(call))
        turns: tuple[Turn, ...] = yield call
        return turns

    # Creating ------------------------------------------------------------------------------------

    def create(self, request: RunRequest) -> Flow[RunSnapshot]:
        """A new run."""
        thread_id = request.thread_id or self.memory.new_thread()
        waiting = self.memory.waiting(thread_id)
        messages = input_of(request, [*waiting.values()])
        session_id = yield from self._session(thread_id)
        begin = self._first if session_id is None else self._next
        turn = yield from begin(replace(request, thread_id=session_id or thread_id), messages)
        self.memory.said(thread_id, waiting)
        return self._look(turn)

    def _first(self, request: RunRequest, messages: Sequence[Item]) -> Flow[Turn]:
        """The first turn of a session, which is created with it."""
        thread_id = str(request.thread_id)
        assistant = self.memory.assistants.get(request.assistant_id)
        body = session_of(request.assistant_id, assistant, request.options)
        metadata = body.get("metadata") or {}
        if len({*metadata, THREAD_KEY}) <= METADATA_MAX:
            body["metadata"] = {**metadata, THREAD_KEY: thread_id}
        is_again = self.memory.attempt(request.key) is not None
        attempt = self.memory.begin(request.key, Attempt(thread_id, "", _heard(messages)))
        call = wire.create_session({**body, "input": messages})
        session_id: str = yield from self._sent(call, request.key, is_again=is_again)
        self.memory.found(thread_id, session_id)
        self.memory.made(session_id, request.assistant_id)
        return (yield from self._begun(session_id, request.key, attempt))

    def _next(self, request: RunRequest, messages: Sequence[Item]) -> Flow[Turn]:
        """A further turn of a session."""
        session_id = str(request.thread_id)
        attempt = self.memory.attempt(request.key)
        if attempt and attempt.thread_id != session_id:  # the session came of it, and has its turn
            return (yield from self._begun(session_id, request.key, attempt))
        if attempt is None:
            self._check_later(request, session_id)
        turns = yield from self._turns(session_id)
        if attempt and (found := (yield from self._find(request.key, attempt, turns))):
            return found
        newest = next(iter(turns), None)
        if newest and not newest.is_over:
            _refuse_steering(newest)
        is_again, after = attempt is not None, newest.id if newest else ""
        attempt = attempt or Attempt(session_id, after, _heard(messages))
        self.memory.begin(request.key, attempt)
        call = wire.say(session_id, messages, request.key)
        yield from self._sent(call, request.key, is_again=is_again)
        return (yield from self._begun(session_id, request.key, attempt))

    def _check_later(self, request: RunRequest, session_id: str) -> None:
        check_later(request.options)
        made_for = self.memory.assistant_of(session_id)
        if made_for not in {None, request.assistant_id}:
            raise CallerError(
                f"{session_id} was made for {made_for}, and a session keeps its agent: for "
                f"{request.assistant_id}, begin a new thread"
            )

    def _sent(self, call: Call[T], key: str | None, *, is_again: bool) -> Flow[T]:
        """Send it. A refusal of the second attempt says nothing of the first one."""
        try:
            answer: T = yield call
        except BackendError as error:
            if not (error.fault.maybe_applied or is_again):
                self.memory.end(key)
            raise
        return answer

    def _begun(self, session_id: str, key: str | None, attempt: Attempt) -> Flow[Turn]:
        """The turn that came of what was accepted."""
        turn = yield from _applied(self._looked_up(session_id, key, attempt))
        if turn is None:
            said = f"{session_id} has accepted the message, and shows no turn of it yet"
            raise BackendError.of(Fault(FaultKind.TRANSIENT, said, maybe_applied=True))
        return turn

    def _looked_up(self, session_id: str, key: str | None, attempt: Attempt) -> Flow[Turn | None]:
        turns = yield from self._turns(session_id)
        return (yield from self._find(key, attempt, turns))

    def _find(self, key: str | None, attempt: Attempt, turns: Sequence[Turn]) -> Flow[Turn | None]:
        """The turn of an attempt, if there is one.

        Raises:
            BackendError: what was said has steered somebody else's turn.
        """
        later = [*takewhile(lambda turn: turn.id != attempt.after, turns)]
        for turn in reversed(later):
            page = yield from _lagging(wire.list_items(turn.session_id, turn.id))
            heard, said = _heard(page.items), attempt.said
            if heard[: len(said)] == said:
                self.memory.end(key, turn.id)
                return turn
            if said in {heard[at : at + len(said)] for at in range(1, len(heard))}:
                self.memory.end(key)
                _tell_steered(turn)
        return None

    # Looking -------------------------------------------------------------------------------------

    def retrieve(self, ref: RunRef) -> Flow[RunSnapshot]:
        """A run: its turn, and what the session wants of its client, if it waits for something."""
        turn: Turn = yield wire.retrieve_turn(ref.thread_id, ref.run_id)
        if not turn.is_waiting or self._is_cancelling(ref):
            return self._look(turn, ref)
        actions = yield wire.retrieve_actions(ref.thread_id)
        calls = tuple(call for turn_id, call in actions if turn_id in {turn.id, None})
        return self._look(turn, ref, calls)

    def reader(self, run: RunSnapshot) -> TurnReader:
        """Reads what a session tells of this run from now on."""
        return TurnReader(read_turn(run.raw), lambda turn, calls: self._look(turn, run.ref, calls))

    def _look(
        self, turn: Turn, ref: RunRef | None = None, calls: tuple[ToolCall, ...] = ()
    ) -> RunSnapshot:
        ref = ref or RunRef("agents", turn.id, turn.session_id)
        is_cancelling = self._is_cancelling(ref)
        if is_cancelling:
            ref = replace(ref, record=CANCELLING)
        more = {"key": self.memory.key_of(turn.id), "calls": calls}
        run = turn.shown(ref, is_cancelling=is_cancelling, **more)
        run = replace(run, keeps_input=False)  # a turn begins with something that is said
        limit_s = self._expires_after_s
        if limit_s is not None and run.created_at is not None and not run.is_terminal:
            run = replace(run, expires_at=run.created_at + limit_s, expires_here=True)
        return run

    def _is_cancelling(self, ref: RunRef) -> bool:
        return ref.record == CANCELLING or self.memory.is_cancelling(ref.run_id)

    def runs(self, thread_id: str) -> Flow[list[RunSnapshot]]:
        """The latest turns, newest first; with the keys of those that were created here."""
        session_id = yield from self._session(thread_id)
        if session_id is None:
            return []
        turns = yield from self._turns(session_id)
        for key, attempt in self.memory.attempts_on(session_id):
            yield from self._find(key, attempt, turns)
        return [self._look(turn) for turn in turns]

    def messages(self, ref: RunRef) -> Flow[list[RunMessage]]:
        """What a run has written."""
        found: list[RunMessage] = []
        after: str | None = None
        while True:
            page: wire.Page = yield wire.list_items(ref.thread_id, ref.run_id, after)
            found += [message for item in page.items if (message := message_of(item))]
            after = page.after
            if after is None:
                return found

    # Answering and ending ------------------------------------------------------------------------

    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> Flow[RunSnapshot]:
        """The outputs, one by one. One that came before is taken once more, and changes nothing."""
        for number, output in enumerate(outputs):
            try:
                yield wire.answer(ref.thread_id, ref.run_id, output)
            except BackendError as error:
                raise BackendError.of(_of_result(error.fault, is_first=not number)) from error
        return (yield from _applied(self.retrieve(ref)))

    def cancel(self, ref: RunRef) -> Flow[RunSnapshot]:
        """A cancel of the session's turn, if that is still this one; and a look at what it met."""
        turns = yield from self._turns(ref.thread_id)
        if not turns or turns[0].id != ref.run_id or turns[0].is_over:
            _refuse_cancel(ref, "no turn of this id is on its way")
        yield wire.cancel(ref.thread_id, f"{ref.run_id}:cancel")
        self.memory.cancels(ref.run_id)
        newest, *older = (yield from _applied(self._turns(ref.thread_id))) or turns
        ours = next((turn for turn in (newest, *older) if turn.id == ref.run_id), turns[0])
        if ours in older and ours.is_over and ours.status != TurnStatus.CANCELLED:
            why = f"it was just over, and {newest.id}, another client's, may be cancelled instead"
            _refuse_cancel(ref, why, holder=newest.id)
        return self._look(ours, ref)


def _lagging(call: Call[T]) -> Flow[T]:
    """A look at what was there a moment ago: that it is not found is a lag."""
    try:
        answer: T = yield call
    except BackendError as error:
        if error.fault.kind is not FaultKind.NOT_FOUND:
            raise
        raise BackendError.of(replace(error.fault, kind=FaultKind.TRANSIENT)) from error
    return answer


def _applied(flow: Flow[T]) -> Flow[T]:
    """A flow after something was done: what goes wrong now leaves that done."""
    try:
        return (yield from flow)
    except BackendError as error:
        if error.fault.kind is FaultKind.UNSUPPORTED:
            raise
        raise BackendError.of(replace(error.fault, maybe_applied=True)) from error


def _heard(items: Sequence[Item]) -> tuple[str, ...]:
    """What users say in these items."""
    told = (said_by(item) for item in items)
    return tuple(said for role, said in filter(None, told) if role == "user")


def _of_result(fault: Fault, *, is_first: bool) -> Fault:
    """A refusal of a result. A conflict is one that came too late; others may be in already."""
    kind = FaultKind.STALE_ACTION if fault.status_code == CONFLICT else fault.kind
    return replace(fault, kind=kind, maybe_applied=fault.maybe_applied or not is_first)


def _refuse_cancel(ref: RunRef, why: str, *, holder: str | None = None) -> NoReturn:
    said = f"Cannot cancel {ref.run_id}: {why}."
    raise BackendError.of(Fault(FaultKind.ALREADY_TERMINAL, said, holder=holder))


def _refuse_steering(turn: Turn) -> NoReturn:
    said = f"Session {turn.session_id} already has an active turn {turn.id}."
    raise BackendError.of(Fault(FaultKind.LOCKED, said, holder=turn.id))


def _tell_steered(turn: Turn) -> NoReturn:
    said = (
        f"Another client began turn {turn.id} a moment before, and reads what was meant for ours: "
        f"nobody can take a message back. Look at that turn, or say it again in a new run"
    )
    raise BackendError.of(Fault(FaultKind.UNSUPPORTED, said, holder=turn.id))
