"""What the tests of `AgentsBackend` share: the stage of `chains.py`, set for sessions."""

from __future__ import annotations

from typing import Any

from chains import Chains
from runfsm import AgentsBackend
from runfsm_simulator.world.sessionmodels import Session, SessionTurn

__all__ = ["EVENTS", "Turns"]

#: Where something is said to a session.
EVENTS = "/v1/agents/sessions/*/events"


class Turns(Chains):
    """A simulator, and a driver of its wire of the Agents API."""

    def new_backend(self) -> Any:
        """A backend that knows nothing yet, as in another process."""
        sim = self.sim
        client: Any = sim.client() if self.loop is None else sim.async_client()
        return AgentsBackend(client, **self.settings)

    def new_thread(self) -> str:
        """The name of a session that there is not yet."""
        return "thread_1"

    @property
    def sessions(self) -> list[Session]:
        """Every session, oldest first."""
        return [*self.sim.world.store.sessions.values()]

    @property
    def turns(self) -> list[SessionTurn]:
        """Every turn of the first session, oldest first."""
        return [*self.sessions[0].turns.values()]

    @property
    def said(self) -> list[list[str]]:
        """What was said to each of these turns."""
        return [[_text(item) for item in turn.items.values() if _text(item)] for turn in self.turns]

    def meanwhile(self, said: str) -> None:
        """Another client says something to the first session."""
        message = {"role": "user", "content": [{"type": "input_text", "text": said}]}
        event: Any = {"type": "agent.session.input.message", "input": [message]}
        sessions = self.sim.client().beta.agents.sessions
        sessions.events.create(self.sessions[0].id, events=[event])


def _text(item: Any) -> str:
    message = item.message
    return "".join(message.content) if message and message.role == "user" else ""
