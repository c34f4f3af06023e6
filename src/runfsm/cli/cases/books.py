"""What a simulated service has in its own books, in a run's terms, whichever wire it speaks.

A case is judged by them, and not by what the driver says of itself. There are no runs in the books
of two wires: there, one is a chain of responses, or a turn. Its events follow from theirs, and its
status from its events, by the run's own table.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from runfsm.backends.agents_flows import THREAD_KEY
from runfsm.backends.responses_answers import GIVEN_UP
from runfsm.lifecycle.run import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.snapshot import METADATA_KEY, Usage
from runfsm_simulator import Simulator
from runfsm_simulator.world.models import Message, Work
from runfsm_simulator.world.responsemodels import Conversation, Response
from runfsm_simulator.world.sessionmodels import Session

__all__ = ["Books", "TrueRun", "books_of"]

E = RunEvent

#: What another client says, and to whom.
FOREIGN: Final = "This is another client's."
MODEL: Final = "gpt-4o"


@dataclass(frozen=True, slots=True)
class TrueRun:
    """A run, as the service knows it.

    Attributes:
        id: the service's id of it, or of the latest part of it.
        key: whose it is, if it says so.
        created_at: Unix seconds.
        events: what has happened to it, oldest first.
        outputs: how many outputs of tools it has taken.
        usage: tokens, if they are told.
    """

    id: str
    key: str | None
    created_at: float
    events: tuple[RunEvent, ...]
    outputs: int
    usage: Usage | None

    @property
    def status(self) -> RunStatus:
        """Where that has brought it."""
        status = LIFECYCLE.initial
        for event in self.events[1:]:
            status = LIFECYCLE.next(status, event).dest
        return status


class Books(ABC):
    """The books of one service.

    Args:
        simulator: the service.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._store = simulator.world.store

    @property
    def runs(self) -> list[TrueRun]:
        """All runs, oldest first."""
        with self._simulator.world.operation():
            return [*self._runs()]

    def said(self, thread_id: str, role: str = "user") -> list[str]:
        """The texts on a thread, by role."""
        with self._simulator.world.operation():
            return [message.text for message in self._on(thread_id) if message.role == role]

    def holder(self, thread_id: str) -> str | None:
        """The id of what holds a thread, or would be disturbed there."""
        with self._simulator.world.operation():
            held = self._holder(thread_id)
            return held.id if held else None

    def foreign_run(self, thread_id: str, status: RunStatus, assistant_id: str) -> str:
        """Another client's run on this thread, brought into a status; its id."""
        world = self._simulator.world
        with world.sheltered():
            run_id = self._foreign_run(thread_id, assistant_id)
            for edge in LIFECYCLE.path(LIFECYCLE.initial, status) or ():
                world.fire(run_id, edge.event)
            return run_id

    @abstractmethod
    def new_thread(self) -> str:
        """A new thread, or what is to be one."""

    @abstractmethod
    def _runs(self) -> Iterator[TrueRun]: ...

    @abstractmethod
    def _on(self, thread_id: str) -> Iterable[Message]: ...

    @abstractmethod
    def _holder(self, thread_id: str) -> Work | None: ...

    @abstractmethod
    def _foreign_run(self, thread_id: str, assistant_id: str) -> str: ...

    def _events(self, work: Work) -> Iterator[RunEvent]:
        return (entry.event for entry in self._simulator.trace if entry.run_id == work.id)


class OfRuns(Books):
    """The Assistants API has runs."""

    def new_thread(self) -> str:
        """See `Books`."""
        return self._simulator.create_thread()

    def _runs(self) -> Iterator[TrueRun]:
        for run in self._store.runs.values():
            yield _true(run, run, self._events(run))

    def _on(self, thread_id: str) -> Iterable[Message]:
        return self._store.thread(thread_id).messages.values()

    def _holder(self, thread_id: str) -> Work | None:
        return self._store.thread(thread_id).holder(self._simulator.clock.now())

    def _foreign_run(self, thread_id: str, assistant_id: str) -> str:
        seed = self._simulator.control.seed
        return seed.run(thread_id=thread_id, assistant_id=assistant_id).run_id


class OfResponses(Books):
    """The Responses API has responses: each is a hop of a run."""

    def new_thread(self) -> str:
        """See `Books`."""
        with self._simulator.world.sheltered():
            return self._simulator.world.create_conversation().id

    def _runs(self) -> Iterator[TrueRun]:
        chains: list[list[Response]] = []
        for response in self._store.responses.values():
            before = next((chain for chain in chains if _goes_on(chain, response)), None)
            if before is None:
                chains.append([response])
            else:
                before.append(response)
        for chain in chains:
            yield _true(chain[0], chain[-1], self._chained(chain))

    def _chained(self, chain: list[Response]) -> Iterator[RunEvent]:
        for number, response in enumerate(chain):
            calls = any(item.call for item in response.output)
            for event in self._events(response):
                match event:
                    case E.CREATE if number:
                        yield E.SUBMIT_TOOL_OUTPUTS
                    case E.COMPLETE if calls:
                        yield E.REQUIRE_ACTION
                    case E.CANCEL:
                        yield from (E.CANCEL, E.CONFIRM_CANCEL)
                    case _:
                        yield event
        if _is_given_up(chain[-1]):
            yield from (E.CANCEL, E.CONFIRM_CANCEL)

    def _on(self, thread_id: str) -> Iterable[Message]:
        items = self._conversation(thread_id).items.values()
        return [item.message for item in items if item.message]

    def _holder(self, thread_id: str) -> Work | None:
        return self._conversation(thread_id).holder(self._simulator.clock.now())

    def _conversation(self, thread_id: str) -> Conversation:
        return self._store.conversation(thread_id)

    def _foreign_run(self, thread_id: str, assistant_id: str) -> str:
        del assistant_id  # the service knows of none
        responses = self._simulator.client().responses
        return responses.create(
            model=MODEL, input=FOREIGN, conversation=thread_id, background=True
        ).id


class OfTurns(Books):
    """The Agents API has turns of sessions: each is a run."""

    def new_thread(self) -> str:
        """See `Books`: a name that no session has yet."""
        return f"thread_{len(self._store.sessions)}"

    def _runs(self) -> Iterator[TrueRun]:
        for turn in self._store.turns.values():
            events = (one for event in self._events(turn) for one in _of_turn(event))
            told = _true(turn, turn, _told(events))
            has_usage = turn.has_usage(self._simulator.clock.now())
            yield told if has_usage else replace(told, usage=None)

    def _on(self, thread_id: str) -> Iterable[Message]:
        session = self._session(thread_id)
        return session.thread.messages.values() if session else ()

    def _holder(self, thread_id: str) -> Work | None:
        session = self._session(thread_id)
        return session.active if session else None

    def _session(self, thread_id: str) -> Session | None:
        sessions = self._store.sessions.values()
        named = (it for it in sessions if thread_id in {it.id, it.metadata.get(THREAD_KEY)})
        return next(named, None)

    def _foreign_run(self, thread_id: str, assistant_id: str) -> str:
        del assistant_id  # the service knows of none
        sessions: Any = self._simulator.client().beta.agents.sessions
        if session := self._session(thread_id):
            said = {"role": "user", "content": [{"type": "input_text", "text": FOREIGN}]}
            event = {"type": "agent.session.input.message", "input": [said]}
            sessions.events.create(session.id, events=[event])
        else:
            sessions.create(
                environment={"type": "none"},
                agent={"model": MODEL},
                input=FOREIGN,
                metadata={THREAD_KEY: thread_id},
            )
        return [*self._store.turns][-1]


#: Whose books they are, by wire.
BOOKS: Final[Mapping[str, type[Books]]] = {
    "assistants": OfRuns,
    "responses": OfResponses,
    "agents": OfTurns,
}


def books_of(simulator: Simulator, wire: str) -> Books:
    """The books of a service that is spoken to by this wire."""
    return BOOKS[wire](simulator)


def _true(first: Work, last: Work, events: Iterable[RunEvent]) -> TrueRun:
    return TrueRun(
        id=last.id,
        key=first.metadata.get(METADATA_KEY),
        created_at=first.created_at,
        events=tuple(events),
        outputs=len(last.answered),
        usage=last.usage,
    )


# Hops ----------------------------------------------------------------------------------------


def _answers(response: Response) -> set[str]:
    """The calls whose outputs it was created with."""
    return {item.output.call_id for item in response.input if item.output}


def _calls(response: Response) -> set[str]:
    return {item.call.call_id for item in response.output if item.call}


def _goes_on(chain: list[Response], response: Response) -> bool:
    return any(_calls(hop) & _answers(response) for hop in chain)


def _is_given_up(head: Response) -> bool:
    items = head.conversation.items.values() if head.conversation else ()
    given_up = {it.output.call_id for it in items if it.output and it.output.output == GIVEN_UP}
    return bool(_calls(head) & given_up)


# Turns ---------------------------------------------------------------------------------------


def _of_turn(event: RunEvent) -> tuple[RunEvent, ...]:
    """A turn is not queued once more when its results are in."""
    return (event, E.START) if event is E.SUBMIT_TOOL_OUTPUTS else (event,)


def _told(events: Iterable[RunEvent]) -> Iterator[RunEvent]:
    """All but what a turn still comes to on its way to a cancel, which a run's table has not."""
    status: RunStatus | None = None
    for event in events:
        if LIFECYCLE.allows(status, event):
            status = LIFECYCLE.next(status, event).dest
            yield event
