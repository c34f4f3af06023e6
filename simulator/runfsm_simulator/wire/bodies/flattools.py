"""Tools and a tool choice of the Responses API: flat, where the Assistants API nests them.

The world has the nested form, so that one script plays on both: `nested` and `flat` translate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from runfsm_simulator.wire.bodies.common import Body, by_type, string_or
from runfsm_simulator.wire.validation import TAG
from runfsm_simulator.world.terms import Json

__all__ = ["Tool", "ToolChoice", "flat", "nested", "nested_format"]


class FunctionTool(Body):
    """A function of the app, described for the model."""

    type: Literal["function"]
    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$", max_length=64)]
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    description: str | None = None
    defer_loading: bool | None = None
    output_schema: dict[str, Any] | None = None
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None
    is_async: Annotated[bool | None, Field(alias="async", exclude=True)] = None  # since 3.x

    def kept(self) -> Json:
        """For the world. `strict` is true if it was not sent (reference), not false."""
        given = self.model_dump(exclude_unset=True)
        return nested({"parameters": None, "strict": True, **given})


class HostedTool(Body):
    """Accepted and echoed; whether it is run, a script says."""

    def kept(self) -> Json:
        """As it came."""
        return self.model_dump(exclude_unset=True)


class Ranking(Body):
    """How results are ranked."""

    ranker: Literal["auto", "default-2024-11-15"] | None = None
    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = None


class FileSearchTool(HostedTool):
    """A search in files."""

    type: Literal["file_search"]
    vector_store_ids: list[str]
    max_num_results: Annotated[int, Field(ge=1, le=50)] | None = None
    ranking_options: Ranking | None = None


class Container(Body):
    """A container that the service makes."""

    type: Literal["auto"]
    file_ids: list[str] | None = None


ContainerParam = Annotated[
    Annotated[str, Tag(f"{TAG}string")] | Annotated[Container, Tag(f"{TAG}other")],
    string_or("an object"),
]


class CodeInterpreterTool(HostedTool):
    """A container to run code in."""

    type: Literal["code_interpreter"]
    container: ContainerParam


class WebSearchTool(HostedTool):
    """A search on the web. No script has one."""

    type: Literal["web_search"]
    search_context_size: Literal["low", "medium", "high"] | None = None


Tool = Annotated[
    Annotated[FunctionTool, Tag(f"{TAG}function")]
    | Annotated[FileSearchTool, Tag(f"{TAG}file_search")]
    | Annotated[CodeInterpreterTool, Tag(f"{TAG}code_interpreter")]
    | Annotated[WebSearchTool, Tag(f"{TAG}web_search")],
    Discriminator(by_type),
]


class FunctionChoice(Body):
    """A function that the model must call."""

    type: Literal["function"]
    name: str

    def kept(self) -> Json:
        """For the world."""
        return nested(self.model_dump())


class HostedChoice(HostedTool):
    """A hosted tool that the model must use."""

    type: Literal["file_search", "code_interpreter"]


NamedChoice = Annotated[
    Annotated[FunctionChoice, Tag(f"{TAG}function")]
    | Annotated[HostedChoice, Tag(f"{TAG}file_search")]
    | Annotated[HostedChoice, Tag(f"{TAG}code_interpreter")],
    Discriminator(by_type),
]
ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag(f"{TAG}string")]
    | Annotated[NamedChoice, Tag(f"{TAG}other")],
    string_or("an object"),
]


def nested(tool: Mapping[str, Any]) -> Json:
    """A function, as the Assistants API has it; anything else as it is."""
    if tool["type"] != "function":
        return tool
    return {
        "type": "function",
        "function": {key: value for key, value in tool.items() if key != "type"},
    }


def nested_format(kind: str, schema: Mapping[str, Any] | None, name: str = "answer") -> Any:
    """A format of a text, as the Assistants API has a response format."""
    if schema is None:
        return {"type": kind}
    return {"type": kind, "json_schema": {"name": name, "schema": schema}}


def flat(tool: Json) -> Json:
    """A function, as the Responses API has it; anything else as it is."""
    return {"type": "function", **tool["function"]} if tool["type"] == "function" else tool
