"""Runs, and the outputs of tools."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, Tag, ValidationInfo
from pydantic_core import PydanticCustomError, PydanticKnownError

from runfsm_simulator.wire.bodies.common import (
    AssistantId,
    Body,
    Instructions,
    Metadata,
    ReasoningEffort,
    ResponseFormat,
    Temperature,
    TokenCap,
    TopP,
    given,
    string_or,
)
from runfsm_simulator.wire.bodies.resources import ToolResources
from runfsm_simulator.wire.bodies.threads import CreateMessage, CreateThread
from runfsm_simulator.wire.bodies.tools import Tool
from runfsm_simulator.wire.validation import TAG, switches_in
from runfsm_simulator.world.terms import WISHES

__all__ = ["CreateRun", "CreateThreadAndRun", "SubmitToolOutputs"]


class TruncationStrategy(Body):
    """How much of the thread the model reads."""

    type: Literal["auto", "last_messages"]
    last_messages: Annotated[int, Field(ge=1)] | None = None


class FunctionName(Body):
    """A function, by its name."""

    name: str


class NamedTool(Body):
    """A tool that the model must use."""

    type: Literal["function", "code_interpreter", "file_search"]
    function: FunctionName | None = None


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag(f"{TAG}string")]
    | Annotated[NamedTool, Tag(f"{TAG}other")],
    string_or("an object"),
]


class RunOptions(Body):
    """What the two ways to create a run share."""

    assistant_id: AssistantId
    model: str | None = None
    instructions: Instructions | None = None
    tools: Annotated[list[Tool], Field(max_length=20)] | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    stream: bool | None = None
    max_prompt_tokens: TokenCap | None = None
    max_completion_tokens: TokenCap | None = None
    truncation_strategy: TruncationStrategy | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None

    def wishes(self) -> dict[str, Any]:
        """What was given, for the world."""
        wishes = {name: value for name, value in given(self, self.tools).items() if name in WISHES}
        if self.truncation_strategy:
            wishes["truncation_strategy"] = self.truncation_strategy.model_dump()
        return wishes


class CreateRun(RunOptions):
    """A run on a thread."""

    additional_instructions: Instructions | None = None
    additional_messages: list[CreateMessage] | None = None
    reasoning_effort: ReasoningEffort | None = None


class CreateThreadAndRun(RunOptions):
    """A run on a new thread."""

    thread: CreateThread | None = None
    tool_resources: ToolResources | None = None


class ToolOutput(Body):
    """An output. Both keys are optional in the schema, as odd as that is."""

    tool_call_id: str | None = None
    output: Annotated[str, StringConstraints(max_length=1_048_576)] | None = None


def _check_any(value: list[ToolOutput], info: ValidationInfo) -> list[ToolOutput]:
    if not value and switches_in(info).empty_outputs == "too_short":
        bound = {"field_type": "List", "min_length": 1, "actual_length": 0}
        raise PydanticKnownError("too_short", bound)
    return value


def _check_sum(value: list[ToolOutput], info: ValidationInfo) -> list[ToolOutput]:
    """All outputs together; a kB is taken as 1,024 bytes of UTF-8."""
    most_kb = switches_in(info).tool_outputs_max_kb
    size = sum(len((one.output or "").encode()) for one in value)
    if most_kb is not None and size >= most_kb * 1024:
        raise PydanticCustomError("outputs_too_large", "too large", {"max_kb": most_kb})
    return value


class SubmitToolOutputs(Body):
    """The outputs of the pending calls."""

    tool_outputs: Annotated[
        list[ToolOutput], AfterValidator(_check_any), AfterValidator(_check_sum)
    ]
    stream: bool | None = None
