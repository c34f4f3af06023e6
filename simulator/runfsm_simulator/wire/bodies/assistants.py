"""Assistants."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

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

__all__ = ["CreateAssistant", "ModifyAssistant"]


class ModifyAssistant(Body):
    """What can be changed about an assistant."""

    model: str | None = None
    name: Annotated[str, StringConstraints(max_length=256)] | None = None
    description: Annotated[str, StringConstraints(max_length=512)] | None = None
    instructions: Instructions | None = None
    tools: Annotated[list[Tool], Field(max_length=128)] | None = None
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
