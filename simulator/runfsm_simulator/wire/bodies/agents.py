"""The agent of a session: what its turns work with, and what is only said again.

Its limits are those of openai-python 3.54: types and docstrings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag

from runfsm_simulator.wire.bodies.common import Body, ReasoningEffort, by_type
from runfsm_simulator.wire.bodies.flattools import nested, nested_format
from runfsm_simulator.wire.validation import TAG
from runfsm_simulator.world.sessionmodels import Session
from runfsm_simulator.world.terms import Json, Settings, Terms

__all__ = ["Agent", "ChangedAgent"]


class FunctionTool(Body):
    """A function of the app. No limit of its name is told; these are the platform's."""

    model_config = ConfigDict(serialize_by_alias=True)

    type: Literal["function"]
    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$", max_length=64)]
    description: str
    parameters: dict[str, Any]
    defer_loading: bool = False
    is_async: Annotated[bool | None, Field(alias="async")] = None

    def kept(self) -> Json:
        """For the world."""
        return nested(self.model_dump(exclude_none=True))


class HostedTool(Body):
    """Accepted and echoed; no script has one."""

    def kept(self) -> Json:
        """With its defaults."""
        return self.model_dump()


class ProgrammaticTool(HostedTool):
    """Calls from code of the model's own."""

    type: Literal["programmatic_tool_calling"]
    enabled: bool = True


class WebSearchTool(HostedTool):
    """A search on the web."""

    type: Literal["web_search"]
    allowed_domains: list[str] | None = None
    context_size: Literal["low", "medium", "high"] = "medium"
    mode: Literal["disabled", "cached", "live"] = "live"


Tool = Annotated[
    Annotated[FunctionTool, Tag(f"{TAG}function")]
    | Annotated[ProgrammaticTool, Tag(f"{TAG}programmatic_tool_calling")]
    | Annotated[WebSearchTool, Tag(f"{TAG}web_search")],
    Discriminator(by_type),
]


class PlainFormat(Body):
    """An ordinary text."""

    type: Literal["text"]


class SchemaFormat(Body):
    """JSON of a schema."""

    model_config = ConfigDict(serialize_by_alias=True)

    type: Literal["json_schema"]
    of_schema: Annotated[dict[str, Any], Field(alias="schema")]


Format = Annotated[
    Annotated[PlainFormat, Tag(f"{TAG}text")] | Annotated[SchemaFormat, Tag(f"{TAG}json_schema")],
    Discriminator(by_type),
]


class AgentText(Body):
    """What is wished of the text."""

    format: Format | None = None
    verbosity: Literal["low", "medium", "high"] | None = None

    def response_format(self) -> Any:
        """The format, for the world."""
        if isinstance(self.format, SchemaFormat):
            return nested_format("json_schema", self.format.of_schema)
        return "auto"


class Reasoning(Body):
    """What is wished of the reasoning."""

    effort: ReasoningEffort | None = None
    summary: Literal["concise", "detailed", "auto"] | None = None


class MultiAgent(Body):
    """Subagents. None is ever made here."""

    enabled: bool
    max_concurrent_subagents: Annotated[int, Field(ge=1)] | None = None


class Experimental(Body):
    """What may change."""

    time_awareness: bool | None = None


class Compaction(Body):
    """How a long session is made shorter. None is here."""

    is_async: Annotated[bool | None, Field(alias="async")] = None


ServiceTier = Literal["auto", "default", "flex", "priority", "fast", "ultrafast"]


class Agent(Body):
    """Who works in a session."""

    model: str | None = None
    instructions: str | None = None
    tools: list[Tool] | None = None
    reasoning: Reasoning | None = None
    text: AgentText | None = None
    service_tier: ServiceTier | None = None
    multi_agent: MultiAgent | None = None
    compaction: Compaction | None = None
    experimental: Experimental | None = None

    def terms(self) -> Terms:
        """What the model works with."""
        return Terms(
            assistant_id="",
            assistant_name=None,
            model=self.model or "",
            instructions=self.instructions,
            tools=tuple(tool.kept() for tool in self.tools or ()),
            settings=Settings(
                reasoning_effort=self.reasoning.effort if self.reasoning else None,
                response_format=self.text.response_format() if self.text else "auto",
            ),
        )

    def echo(self) -> Json:
        """What is only said again, with its defaults."""
        text = self.text.model_dump(exclude_none=True) if self.text else {}
        return {
            "multi_agent": self._subagents(),
            "reasoning": (self.reasoning or Reasoning()).model_dump(),
            "service_tier": self.service_tier or "auto",
            "text": {"format": {"type": "text"}, "verbosity": "medium", **text},
        }

    def _subagents(self) -> Json:
        """Six may be at work at once, if that is enabled and nothing else is said."""
        wish = self.multi_agent
        if wish is None or not wish.enabled:
            return {"enabled": False, "max_concurrent_subagents": None}
        return {"enabled": True, "max_concurrent_subagents": wish.max_concurrent_subagents or 6}


class ChangedAgent(Body):
    """What can be changed about an agent, for later turns."""

    model: str | None = None
    tools: list[Tool] | None = None
    reasoning: Reasoning | None = None
    service_tier: ServiceTier | None = None

    def changes(self, session: Session) -> dict[str, Any]:
        """What of the session becomes what."""
        terms = replace(session.terms, model=self.model or session.terms.model)
        if "tools" in self.model_fields_set:
            terms = replace(terms, tools=tuple(tool.kept() for tool in self.tools or ()))
        echo = dict(session.echo)
        if "service_tier" in self.model_fields_set:
            echo["service_tier"] = self.service_tier or "auto"
        if self.reasoning:
            told = self.reasoning.model_dump(exclude_unset=True)
            echo["reasoning"] = {**echo["reasoning"], **told}
        return {"terms": terms, "echo": echo}
