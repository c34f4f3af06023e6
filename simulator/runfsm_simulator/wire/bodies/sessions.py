"""Sessions of the Agents API.

Its limits are those of openai-python 3.54: types and docstrings. A session has no environment here
(`none`).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from runfsm_simulator.wire.bodies.agents import Agent, ChangedAgent
from runfsm_simulator.wire.bodies.common import Body, Metadata
from runfsm_simulator.wire.bodies.sessioninput import Messages, messages_of
from runfsm_simulator.world.sessionmodels import Session
from runfsm_simulator.world.sessions import NewSession

__all__ = ["CreateSession", "UpdateSession"]


class NoEnvironment(Body):
    """The model alone."""

    type: Literal["none"]


class CacheOptions(Body):
    """How long what was read is remembered. Nobody does, here."""

    ttl: Literal["30m", "12h"] = "30m"


class SpendControl(Body):
    """What a session may cost. It costs nothing here."""

    limit: Annotated[int, Field(ge=1)] | None


class StreamOptions(Body):
    """Padding of events. None is here."""

    include_obfuscation: bool | None = None


class CreateSession(Body):
    """A session, and what its first turn is about."""

    environment: NoEnvironment
    agent: Agent | None = None
    agent_id: str | None = None
    input: Messages | None = None
    metadata: Metadata | None = None
    prompt_cache_options: CacheOptions | None = None
    review: Literal["none", "auto_review"] | None = None
    spend_control: SpendControl | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    vault_ids: list[str] | None = None

    def new(self) -> NewSession:
        """What is asked for, for the world."""
        agent = self.agent or Agent()
        return NewSession(
            terms=agent.terms(),
            messages=messages_of(self.input),
            echo=agent.echo(),
            extras={"vault_ids": self.vault_ids or [], **_extras(self)},
            metadata=self.metadata or {},
        )


class UpdateSession(Body):
    """What can be changed about a session."""

    agent: ChangedAgent | None = None
    metadata: Metadata | None = None
    prompt_cache_options: CacheOptions | None = None
    review: Literal["none", "auto_review"] | None = None
    spend_control: SpendControl | None = None

    def changes(self, session: Session) -> dict[str, Any]:
        """What of the session becomes what."""
        changed: dict[str, Any] = {"extras": {**session.extras, **_extras(self)}}
        if "metadata" in self.model_fields_set:
            changed["metadata"] = self.metadata or {}
        return changed | (self.agent.changes(session) if self.agent else {})


#: What a session says again only if it was told.
EXTRAS: Final = ("prompt_cache_options", "review", "spend_control")


def _extras(body: CreateSession | UpdateSession) -> dict[str, Any]:
    extras: dict[str, Any] = body.model_dump(include={*EXTRAS} & body.model_fields_set)
    spend = extras.get("spend_control")
    return {**extras, "spend_control": {**spend, "consumed": None}} if spend else extras
