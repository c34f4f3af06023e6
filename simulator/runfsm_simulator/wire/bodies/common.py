"""What several bodies share: how strict they are, limits, unions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from runfsm_simulator.wire.validation import TAG, switches_in

__all__ = [
    "AssistantId",
    "Body",
    "FileId",
    "Instructions",
    "Metadata",
    "ModifyMetadata",
    "Nothing",
    "ReasoningEffort",
    "ResponseFormat",
    "Temperature",
    "TokenCap",
    "TopP",
    "VectorStoreId",
    "by_type",
    "given",
    "string_or",
]


class Body(BaseModel):
    """An object of which every key is known, and nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(Body):
    """The body of a call that takes none."""


Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=64)],
        Annotated[str, StringConstraints(max_length=512)],
    ],
    Field(max_length=16),
]


def _beginning_with(prefix: str) -> AfterValidator:
    def check(value: str) -> str:
        if not value.startswith(prefix):
            raise PydanticCustomError("malformed_id", "malformed id", {"prefix": prefix})
        return value

    return AfterValidator(check)


AssistantId = Annotated[str, _beginning_with("asst")]
FileId = Annotated[str, _beginning_with("file")]
VectorStoreId = Annotated[str, _beginning_with("vs")]
Instructions = Annotated[str, StringConstraints(max_length=256_000)]
# As the clients of 2026 have it from the schema. Which model takes which, nobody here knows.
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(ge=0, le=1)]


def _check_cap(value: int, info: ValidationInfo) -> int:
    least = switches_in(info).token_cap_min
    if least is not None and value < least:
        raise PydanticKnownError("greater_than_equal", {"ge": least})
    return value


TokenCap = Annotated[int, AfterValidator(_check_cap)]


def by_type(value: Any) -> str | None:
    """Which member of a union a value wants to be (JSON), or is (a model), by its `type`."""
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"{TAG}{kind}" if isinstance(kind, str) else None


def string_or(other: str) -> Discriminator:
    """A union of a string and something else."""

    def tag(value: Any) -> str | None:
        if isinstance(value, str):
            return f"{TAG}string"
        return f"{TAG}other" if isinstance(value, list | dict | Body) else None

    return Discriminator(
        tag,
        custom_error_type="one_of",
        custom_error_message=f"one of a string or {other}",
    )


class PlainFormat(Body):
    """A text, or any JSON object."""

    type: Literal["text", "json_object"]
    json_schema: None = None


class NamedSchema(Body):
    """A JSON schema, and its name."""

    model_config = ConfigDict(serialize_by_alias=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$", max_length=64)]
    description: str | None = None
    of_schema: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None


class SchemaFormat(Body):
    """JSON of a schema."""

    type: Literal["json_schema"]
    json_schema: NamedSchema


FormatObject = Annotated[
    Annotated[PlainFormat, Tag(f"{TAG}text")]
    | Annotated[PlainFormat, Tag(f"{TAG}json_object")]
    | Annotated[SchemaFormat, Tag(f"{TAG}json_schema")],
    Discriminator(by_type),
]
ResponseFormat = Annotated[
    Annotated[Literal["auto"], Tag(f"{TAG}string")] | Annotated[FormatObject, Tag(f"{TAG}other")],
    string_or("an object"),
]


class ModifyMetadata(Body):
    """What can be changed about a message or a run."""

    metadata: Metadata | None = None


def given(body: BaseModel, tools: list[Any] | None) -> dict[str, Any]:
    """What a body names and does not null, its tools as they are kept."""
    dumped = body.model_dump(exclude_unset=True)
    named = {name: value for name, value in dumped.items() if value is not None}
    return named if tools is None else {**named, "tools": tuple(tool.kept() for tool in tools)}
