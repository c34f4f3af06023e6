"""What clients can do to the world, and a person's hand.

Rule 1: everything is done as one *operation* (`instant.py`): alone, after all that has come due.

Rule 2: whatever may be refused or may go wrong (a look-up, the lock, the planner) comes before
the first change, and before the first id is drawn; so a refusal changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from math import floor
from typing import Any, Final, Literal

from runfsm.lifecycle import LIFECYCLE, MessageStatus, RunEvent, ToolCall
from runfsm_simulator.world.changing import Changing
from runfsm_simulator.world.engine import RunEdge
from runfsm_simulator.world.happenings import Listener, ThreadMade
from runfsm_simulator.world.models import Assistant, Message, NewMessage, Run, Thread
from runfsm_simulator.world.refusals import (
    EmptyThread,
    ThreadFull,
    ThreadLocked,
    WrongToolOutputs,
)
from runfsm_simulator.world.script import Turn
from runfsm_simulator.world.sessionmodels import SessionTurn
from runfsm_simulator.world.store import find
from runfsm_simulator.world.terms import Terms, agree
from runfsm_simulator.world.upsets import FOREIGN_TURN
from runfsm_simulator.world.witness import work_met

__all__ = ["World"]

#: Recordings: expires_at is created_at + 600 in every one of them.
LIFETIME_S: Final = 600


class World(Changing):
    """Assistants, threads and runs, and what becomes of them.

    Args:
        planner: asked for a turn each time a run enters the queue. It may have an attribute
            `cancel_s`, as a `Script` has: seconds until a cancel is honoured, or `"never"`.
        clock: what time it is.
        chooser: asked for every choice that the planner leaves open.

    Attributes:
        store: what exists. Look at it inside of `operation()`.
        files: what was uploaded. The same holds for it.
        clock: as given, until the world comes back to an earlier instant.
        planner: who is asked.
        stream_fault: how each stream breaks off; the planner's, if it has such an attribute, as a
            `Script` has. May be changed.
    """

    def create_assistant(self, **fields: Any) -> Assistant:
        """A new assistant, of the fields of `Assistant`."""
        with self.operation():
            fields = {**self.files.kept(fields)}
            ident = self._chooser.ident("asst")
            assistant = Assistant(id=ident, created_at=self._engine.now, **fields)
            self.store.assistants[ident] = assistant
            return assistant

    def create_thread(self, messages: Sequence[NewMessage] = (), **fields: Any) -> Thread:
        """A new thread with these messages, all of the same instant.

        Raises:
            ThreadFull: they are more than a thread takes.
        """
        with self.operation():
            self._check_room(len(messages))
            fields = {**self.files.kept(fields)}
            thread = Thread(id=self._chooser.ident("thread"), created_at=self._engine.now, **fields)
            self.store.threads[thread.id] = thread
            for new in messages:
                self._add(thread, new)
            return thread

    def add_message(self, thread_id: str, new: NewMessage) -> Message:
        """A new message at the end of a thread.

        Raises:
            NotFound: there is no such thread.
            ThreadLocked: a run is active on it.
            ThreadFull: it has as many messages as it takes.
        """
        with self.operation():
            thread = self.store.thread(thread_id)
            self.check_unlocked(thread, "message")
            self._check_room(1, beside=len(thread.messages))
            return self._add(thread, new)

    def create_run(
        self,
        thread_id: str,
        assistant_id: str,
        *,
        messages: Sequence[NewMessage] = (),
        metadata: Mapping[str, str] | None = None,
        listener: Listener | None = None,
        **wishes: Any,
    ) -> Run:
        """A new run on a thread.

        Args:
            thread_id: where.
            assistant_id: who answers.
            messages: added to the thread together with the run, or not at all.
            metadata: kept with the run.
            listener: told of all that happens to the run, from its creation on.
            **wishes: see `terms.agree`.

        Raises:
            NotFound: there is no such thread, or no such assistant.
            ThreadLocked: a run is active on the thread.
            ThreadFull: it would have more messages than it takes.
            EmptyThread: no user message, and no instructions.
        """
        with self.operation():
            thread = self.store.thread(thread_id)
            terms = agree(self.store.assistant(assistant_id), wishes)
            self.check_unlocked(thread, "run")
            self._check_room(len(messages), beside=len(thread.messages))
            turn = self._first_turn(terms, [*thread.messages.values(), *messages])
            for new in messages:
                self._add(thread, new)
            run = self._create(thread, assistant_id, terms, turn, metadata or {})
            return self._enter(run, listener)

    def create_thread_and_run(
        self,
        assistant_id: str,
        *,
        thread: Mapping[str, Any],
        metadata: Mapping[str, str] | None = None,
        listener: Listener | None = None,
        **wishes: Any,
    ) -> Run:
        """A new run on a new thread, or neither.

        Args:
            assistant_id: who answers.
            thread: arguments of `create_thread`; its `messages` are a sequence.
            metadata: kept with the run.
            listener: told of the thread's creation, and of all that happens to the run.
            **wishes: see `terms.agree`.

        Raises:
            NotFound: there is no such assistant.
            ThreadFull: the messages are more than a thread takes.
            EmptyThread: no user message, and no instructions.
        """
        with self.operation():
            terms = agree(self.store.assistant(assistant_id), wishes)
            self._check_room(len(thread.get("messages", ())))
            turn = self._first_turn(terms, thread.get("messages", ()))
            created = self.create_thread(**thread)
            if listener:
                listener.hear(ThreadMade(created))
            run = self._create(created, assistant_id, terms, turn, metadata or {})
            return self._enter(run, listener)

    def attend(self, channel: str, listener: Listener) -> None:
        """Tell `listener` of what happens to a response, or in a session, beside all others."""
        with self.operation():
            self._engine.happenings.join(channel, listener)

    def unlisten(self, channel: str, listener: Listener) -> None:
        """Tell `listener` no more of what happens to a run, a response, or in a session."""
        with self._lock:
            self._engine.happenings.unlisten(channel, listener)

    def submit(
        self,
        run_id: str,
        outputs: Sequence[tuple[str | None, str]],
        *,
        listener: Listener | None = None,
    ) -> RunEdge:
        """Hand in (call id, output) for every pending call, or nothing.

        Args:
            run_id: whose calls.
            outputs: in any order.
            listener: told of all that happens to the run, from this on.

        Raises:
            NotFound: there is no such run.
            IllegalTransition: the run waits for no outputs.
            WrongToolOutputs: not exactly one output for each pending call.
        """
        with self.operation():
            return self._submit(find(self.store.runs, "run", run_id), outputs, listener)

    def fire(self, run_id: str, event: RunEvent) -> RunEdge:
        """Make an event happen to a run now: a client's cancel, or anything by a person's hand.

        To a response or to a turn as well, by its id.

        Submitted by hand, every output is empty.

        Raises:
            NotFound: there is no such run.
            IllegalTransition: the lifecycle does not allow it. Nothing has changed.
        """
        with self.operation():
            run = self.store.work(run_id)
            if isinstance(run, Run) and event is RunEvent.SUBMIT_TOOL_OUTPUTS:
                return self._submit(run, [(call_id, "") for call_id in _pending(run)])
            if isinstance(run, SessionTurn) and event is RunEvent.SUBMIT_TOOL_OUTPUTS:
                return self._answer_all(run)
            return self._engine.take(run, event)

    def _create(
        self,
        thread: Thread,
        assistant_id: str,
        terms: Terms,
        turn: Turn,
        metadata: Mapping[str, str],
    ) -> Run:
        run = Run(
            id=self._chooser.ident("run"),
            created_at=self._engine.now,
            expires_at=floor(self._engine.now) + LIFETIME_S,
            thread=thread,
            assistant_id=assistant_id,
            terms=terms,
            metadata=metadata,
            turn=turn,
        )
        thread.runs[run.id] = self.store.runs[run.id] = run
        return run

    def _enter(self, run: Run, listener: Listener | None) -> Run:
        if listener:
            self._engine.happenings.listen(run.id, listener)
        self._engine.enter(run)
        return run

    def _submit(
        self,
        run: Run,
        outputs: Sequence[tuple[str | None, str]],
        listener: Listener | None = None,
    ) -> RunEdge:
        LIFECYCLE.next(run.status, RunEvent.SUBMIT_TOOL_OUTPUTS)  # the state is judged first
        pending, got = _pending(run), [call_id for call_id, _ in outputs]
        if Counter(pending.keys()) != Counter(got):
            raise WrongToolOutputs([*pending], got)
        given = dict(outputs)
        latest = tuple((it.name, it.arguments, given[call_id]) for call_id, it in pending.items())
        answered = run.answered + latest
        turn = self._next_turn(
            run.terms,
            run.thread.messages.values(),
            round=run.round + 1,
            answered=answered,
            latest=latest,
            met=run,
        )
        if listener:
            self._engine.happenings.listen(run.id, listener)
        if run.open_step:
            run.open_step.outputs = {call_id: given[call_id] for call_id in pending}
        run.turn, run.round, run.answered = turn, run.round + 1, answered
        return self._engine.take(run, RunEvent.SUBMIT_TOOL_OUTPUTS)

    def _first_turn(self, terms: Terms, messages: Collection[Message | NewMessage]) -> Turn:
        if not terms.instructions and all(message.role != "user" for message in messages):
            raise EmptyThread
        return self._next_turn(terms, messages)

    def _add(self, thread: Thread, new: NewMessage) -> Message:
        message = Message(
            id=self._chooser.ident("msg"),
            created_at=self._engine.now,
            thread_id=thread.id,
            role=new.role,
            content=new.content,
            status=MessageStatus.COMPLETED,
            attachments=new.attachments,
            metadata=new.metadata,
        )
        thread.messages[message.id] = message
        thread.tool_resources = self.files.offered(thread.tool_resources, new.attachments)
        return message

    def check_unlocked(self, thread: Thread, wanted: Literal["message", "run"]) -> None:
        """Refuse what a run keeps from its thread.

        Raises:
            ThreadLocked: a run is active on it.
        """
        holder = thread.holder(self._engine.now) or self._foreign_run(thread)
        if holder:
            raise ThreadLocked(thread.id, holder.id, wanted)

    def _check_room(self, new: int, *, beside: int = 0) -> None:
        """Refuse more messages of clients on one thread than it takes: a run's always find room."""
        most = self.switches.messages_max
        if new and most is not None and beside + new > most:
            raise ThreadFull(most)

    def _foreign_run(self, thread: Thread) -> Run | None:
        """Another client's run, which has come first. To its hand, no refusal of ours matters."""
        if not self.storm.foreign_run:
            return None
        assistant = next(iter(self.store.assistants.values()), None)
        newest = work_met(self.store, thread_id=thread.id)
        if assistant is None or not self.strikes("foreign_run", newest):
            return None
        run = self._create(thread, assistant.id, agree(assistant, {}), FOREIGN_TURN, {})
        return self._enter(run, None)


def _pending(run: Run) -> dict[str, ToolCall]:
    """The calls that want an output, by their ids. In a storm, one may be shown twice."""
    return {call.call_id: call for call in run.calls}
