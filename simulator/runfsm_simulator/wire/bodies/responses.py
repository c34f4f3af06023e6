"""A response: what is asked for, and what is only said again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from runfsm_simulator.wire.bodies.common import (
    Body,
    Metadata,
    ReasoningEffort,
    Temperature,
    TopP,
    by_type,
    string_or,
)
from runfsm_simulator.wire.bodies.flattools import Tool, ToolChoice, nested_format
from runfsm_simulator.wire.bodies.items import Input, items_of
from runfsm_simulator.wire.validation import TAG
from runfsm_simulator.world.answering import Wanted
from runfsm_simulator.world.terms import Json, Settings, Terms

__all__ = ["CreateResponse"]


class Named(Body):
    """A conversation, as an object."""

    id: str


ConversationParam = Annotated[
    Annotated[str, Tag(f"{TAG}string")] | Annotated[Named, Tag(f"{TAG}other")],
    string_or("an object"),
]


class PlainFormat(Body):
    """A text, or any JSON."""

    type: Literal["text", "json_object"]


class SchemaFormat(Body):
    """JSON of a schema."""

    model_config = ConfigDict(serialize_by_alias=True)

    type: Literal["json_schema"]
    name: str
    of_schema: Annotated[dict[str, Any], Field(alias="schema")]
    description: str | None = None
    strict: bool | None = None


Format = Annotated[
    Annotated[PlainFormat, Tag(f"{TAG}text")]
    | Annotated[PlainFormat, Tag(f"{TAG}json_object")]
    | Annotated[SchemaFormat, Tag(f"{TAG}json_schema")],
    Discriminator(by_type),
]


class TextConfig(Body):
    """What is wished of the text."""

    format: Format | None = None
    verbosity: Literal["low", "medium", "high"] | None = None

    def response_format(self) -> Any:
        """The format, for the world."""
        if isinstance(self.format, SchemaFormat):
            return nested_format("json_schema", self.format.of_schema, self.format.name)
        return nested_format(self.format.type, None) if self.format else None


class Reasoning(Body):
    """What is wished of the reasoning."""

    effort: ReasoningEffort | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None


#: What is taken and heeded by nobody: the simulated model has no cache, and moderates nothing.
Unheeded = Any

#: What is only said again, and what the service says when it was not sent.
ECHOED: Final[Mapping[str, Any]] = {
    "max_tool_calls": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    "top_logprobs": 0,
    "truncation": "disabled",
    "user": None,
}


class CreateResponse(Body):
    """A response."""

    model: str
    input: Input | None = None
    instructions: str | None = None
    background: bool | None = None
    conversation: ConversationParam | None = None
    previous_response_id: str | None = None
    store: bool | None = None
    stream: bool | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    metadata: Metadata | None = None
    max_output_tokens: Annotated[int, Field(ge=16)] | None = None
    max_tool_calls: int | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    text: TextConfig | None = None
    reasoning: Reasoning | None = None
    truncation: Literal["auto", "disabled"] | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority"] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    include: list[str] | None = None
    access_programs: Unheeded = None
    background_options: Unheeded = None
    context_management: Unheeded = None
    image: Unheeded = None
    moderation: Unheeded = None
    prompt_cache_options: Unheeded = None
    prompt_cache_retention: Unheeded = None
    stream_options: Unheeded = None

    def wanted(self) -> Wanted:
        """What is asked for, for the world."""
        conversation = self.conversation
        return Wanted(
            terms=self._terms(),
            items=items_of(self.input),
            conversation_id=conversation.id if isinstance(conversation, Named) else conversation,
            previous_id=self.previous_response_id,
            background=bool(self.background),
            stored=self.store is not False,
            streamed=bool(self.stream),
            metadata=self.metadata or {},
            echo=self._echo(),
        )

    def _terms(self) -> Terms:
        choice = self.tool_choice or "auto"
        settings: dict[str, Any] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "reasoning_effort": self.reasoning and self.reasoning.effort,
            "max_completion_tokens": self.max_output_tokens,
            "parallel_tool_calls": self.parallel_tool_calls,
            "response_format": self.text and self.text.response_format(),
            "tool_choice": choice if isinstance(choice, str) else choice.kept(),
        }
        return Terms(
            assistant_id="",
            assistant_name=None,
            model=self.model,
            instructions=self.instructions,
            tools=tuple(tool.kept() for tool in self.tools or ()),
            settings=Settings(**{key: one for key, one in settings.items() if one is not None}),
        )

    def _echo(self) -> Json:
        given = self.model_dump(include={*ECHOED}, exclude_none=True)
        text = self.text.model_dump(exclude_none=True) if self.text else {}
        summary = self.reasoning and self.reasoning.summary
        return {
            **ECHOED,
            **given,
            "text": {"format": {"type": "text"}, "verbosity": "medium", **text},
            "reasoning": {"effort": self.reasoning and self.reasoning.effort, "summary": summary},
        }
