"""What exists, and how it is found and deleted. Knows nothing of time and of lifecycles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from runfsm_simulator.world.models import Assistant, Message, Run, Step, Thread, Work
from runfsm_simulator.world.refusals import Kind, NotFound
from runfsm_simulator.world.responsemodels import Conversation, Item, Response
from runfsm_simulator.world.sessionmodels import Session, SessionTurn

__all__ = ["Store"]

T = TypeVar("T")


class Store:
    """The things of the world by their ids.

    Every look-up raises `NotFound` when nothing has this id. What belongs to a thread is looked up
    in its thread: the right id on the wrong thread is not found, as on the real service.
    """

    def __init__(self) -> None:
        self.assistants: dict[str, Assistant] = {}
        self.threads: dict[str, Thread] = {}
        self.runs: dict[str, Run] = {}
        self.responses: dict[str, Response] = {}
        self.conversations: dict[str, Conversation] = {}
        self.sessions: dict[str, Session] = {}
        self.turns: dict[str, SessionTurn] = {}

    def assistant(self, assistant_id: str) -> Assistant:
        """The assistant with this id."""
        return find(self.assistants, "assistant", assistant_id)

    def thread(self, thread_id: str) -> Thread:
        """The thread with this id."""
        return find(self.threads, "thread", thread_id)

    def message(self, thread_id: str, message_id: str) -> Message:
        """A message of a thread."""
        return find(self.thread(thread_id).messages, "message", message_id)

    def run(self, thread_id: str, run_id: str) -> Run:
        """A run of a thread."""
        return find(self.thread(thread_id).runs, "run", run_id)

    def step(self, thread_id: str, run_id: str, step_id: str) -> Step:
        """A step of a run."""
        return find(self.run(thread_id, run_id).steps, "run step", step_id)

    def work(self, id: str) -> Work:
        """The run, the response or the turn with this id."""
        return self.responses.get(id) or self.turns.get(id) or find(self.runs, "run", id)

    def response(self, response_id: str) -> Response:
        """The response with this id, if it is stored."""
        found = find(self.responses, "response", response_id)
        if not found.stored:
            raise NotFound("response", response_id)
        return found

    def conversation(self, conversation_id: str) -> Conversation:
        """The conversation with this id."""
        return find(self.conversations, "conversation", conversation_id)

    def item(self, conversation_id: str, item_id: str) -> Item:
        """An item of a conversation."""
        return find(self.conversation(conversation_id).items, "item", item_id)

    def session(self, session_id: str) -> Session:
        """The session with this id."""
        session = find(self.sessions, "session", session_id)
        if session.is_deleted:
            raise NotFound("session", session_id)
        return session

    def turn(self, session_id: str, turn_id: str) -> SessionTurn:
        """A turn of a session."""
        return find(self.session(session_id).turns, "turn", turn_id)

    def delete_assistant(self, assistant_id: str) -> None:
        """Forget an assistant. Its runs go on: they have copied what they need."""
        del self.assistants[self.assistant(assistant_id).id]

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread and all that is on it, an active run too."""
        thread = self.thread(thread_id)
        for run_id in thread.runs:
            del self.runs[run_id]
        del self.threads[thread_id]

    def delete_message(self, thread_id: str, message_id: str) -> None:
        """Forget a message."""
        del self.thread(thread_id).messages[self.message(thread_id, message_id).id]

    def delete_response(self, response_id: str) -> None:
        """Forget a response; one that is being made comes to nothing, and locks nothing."""
        response = self.response(response_id)
        if response.conversation and response.conversation.newest is response:
            response.conversation.newest = None
        del self.responses[response_id]

    def delete_conversation(self, conversation_id: str) -> None:
        """Forget a conversation. The responses on it stay, as the reference says of its items."""
        del self.conversations[self.conversation(conversation_id).id]

    def delete_session(self, session_id: str) -> None:
        """Forget a session, its turns and what was said; only that there was one is known."""
        session = find(self.sessions, "session", session_id)
        for turn_id in session.turns:
            del self.turns[turn_id]
        session.turns.clear()
        session.thread.messages.clear()
        session.is_deleted = True

    def delete_item(self, conversation_id: str, item_id: str) -> None:
        """Forget an item of a conversation, a call that waits too."""
        del self.conversation(conversation_id).items[self.item(conversation_id, item_id).id]


def find(things: Mapping[str, T], kind: Kind, id: str) -> T:
    """`things[id]`, or `NotFound`."""
    try:
        return things[id]
    except KeyError:
        raise NotFound(kind, id) from None
