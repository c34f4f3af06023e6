"""Assistants."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints, ValidationInfo
from pydantic_core import PydanticKnownError

from runfsm_simulator.wire.bodies.common import (
    Body,
    Instructions,
    Metadata,
    ReasoningEffort,
    ResponseFormat,
    Temperature,
    TopP,
    given,
)
from runfsm_simulator.wire.bodies.resources import ToolResources
from runfsm_simulator.wire.bodies.tools import Tool
from runfsm_simulator.wire.validation import switches_in

__all__ = ["CreateAssistant", "ModifyAssistant"]


def _check_count(value: Any, info: ValidationInfo) -> Any:
    """The count is judged before the tools are, as in other arrays."""
    most = switches_in(info).tools_max
    if isinstance(value, list) and most is not None and len(value) > most:
        bound = {"field_type": "List", "max_length": most, "actual_length": len(value)}
        raise PydanticKnownError("too_long", bound)
    return value


class ModifyAssistant(Body):
    """What can be changed about an assistant."""

    model: str | None = None
    name: Annotated[str, StringConstraints(max_length=256)] | None = None
    description: Annotated[str, StringConstraints(max_length=512)] | None = None
    instructions: Instructions | None = None
    tools: Annotated[list[Tool], BeforeValidator(_check_count)] | None = None
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: ReasoningEffort | None = None

    def fields(self) -> dict[str, Any]:
        """What was given, for the world."""
        fields = given(self, self.tools)
        resources = self.tool_resources
        return {**fields, "tool_resources": resources.fields()} if resources else fields


class CreateAssistant(ModifyAssistant):
    """An assistant."""

    model: str
