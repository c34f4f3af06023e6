"""Items of the Responses API, as an input or a conversation takes them.

Whatever a response has put out is taken back in as it was. What hosted tools did is taken and left
out: nobody reads it again here.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag

from runfsm.lifecycle import ToolCall
from runfsm_simulator.wire.bodies.common import Body, by_type, string_or
from runfsm_simulator.wire.validation import TAG
from runfsm_simulator.world.models import NewMessage, Part
from runfsm_simulator.world.responsemodels import NewItem, ToolOutput
from runfsm_simulator.world.terms import Json

__all__ = ["ITEMS_MAX", "Input", "NewItems", "items_of"]

#: Reference: how many items a conversation takes at once.
ITEMS_MAX: Final = 20

# The reference names a limit of 10,485,760 characters for an input text and for an output; refusals
# that quote it are in public code (`input[37].output`), and in VectorlyApp/bluebox#31.
Text = Annotated[str, StringConstraints(max_length=10_485_760)]


class OpenBody(Body):
    """An object of which not every key is known: it has been put out, or passes through."""

    model_config = ConfigDict(extra="allow")


class TextContent(OpenBody):
    """A text, from either side. What was put out beside it is left out."""

    type: Literal["input_text", "output_text"]
    text: Text

    def kept(self) -> Part:
        """The text itself."""
        return self.text


class OtherContent(Body):
    """Passed through."""

    def kept(self) -> Part:
        """As it came."""
        return self.model_dump(exclude_none=True)


class InputImage(OtherContent):
    """An image. It has a `detail` even when that was not sent (types)."""

    type: Literal["input_image"]
    detail: Literal["auto", "low", "high", "original"] = "auto"
    file_id: str | None = None
    image_url: str | None = None


class InputFile(OtherContent):
    """A file."""

    type: Literal["input_file"]
    file_id: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None


class Refusal(OtherContent):
    """What a model has not said."""

    type: Literal["refusal"]
    refusal: str


Content = Annotated[
    Annotated[TextContent, Tag(f"{TAG}input_text")]
    | Annotated[TextContent, Tag(f"{TAG}output_text")]
    | Annotated[InputImage, Tag(f"{TAG}input_image")]
    | Annotated[InputFile, Tag(f"{TAG}input_file")]
    | Annotated[Refusal, Tag(f"{TAG}refusal")],
    Discriminator(by_type),
]
Contents = Annotated[
    Annotated[Text, Tag(f"{TAG}string")] | Annotated[list[Content], Tag(f"{TAG}other")],
    string_or("an array of objects"),
]
OutputContent = Annotated[
    Annotated[TextContent, Tag(f"{TAG}input_text")]
    | Annotated[InputImage, Tag(f"{TAG}input_image")]
    | Annotated[InputFile, Tag(f"{TAG}input_file")],
    Discriminator(by_type),
]
OutputContents = Annotated[
    Annotated[Text, Tag(f"{TAG}string")] | Annotated[list[OutputContent], Tag(f"{TAG}other")],
    string_or("an array of objects"),
]


class MessageItem(OpenBody):
    """A message. It may speak for anybody, and need not say that it is one."""

    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: Contents

    def new(self) -> NewItem:
        """The item, for the world."""
        content = self.content
        parts = (content,) if isinstance(content, str) else tuple(part.kept() for part in content)
        return NewItem(message=NewMessage(role=self.role, content=parts))


class FunctionCallItem(OpenBody):
    """A call that a model made."""

    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str

    def new(self) -> NewItem:
        """The item, for the world."""
        return NewItem(call=ToolCall(self.call_id, self.name, self.arguments))


class FunctionCallOutputItem(OpenBody):
    """What the function has answered."""

    type: Literal["function_call_output"]
    call_id: str
    output: OutputContents

    def new(self) -> NewItem:
        """The item, for the world."""
        output = self.output
        kept = output if isinstance(output, str) else tuple(map(_part, output))
        return NewItem(output=ToolOutput(self.call_id, kept))


def _part(content: TextContent | OtherContent) -> Json:
    part = content.kept()
    return {"type": "input_text", "text": part} if isinstance(part, str) else part


class HostedItem(OpenBody):
    """What a hosted tool did, in an earlier response."""

    type: Literal["file_search_call", "code_interpreter_call"]

    def new(self) -> None:
        """Nothing: see above."""


def _by_type_or_role(value: Any) -> str | None:
    """Which item it is; one that has a role, and no type, is a message."""
    if isinstance(value, dict) and "role" in value and "type" not in value:
        return f"{TAG}message"
    return by_type(value)


NewItemBody = Annotated[
    Annotated[MessageItem, Tag(f"{TAG}message")]
    | Annotated[FunctionCallItem, Tag(f"{TAG}function_call")]
    | Annotated[FunctionCallOutputItem, Tag(f"{TAG}function_call_output")]
    | Annotated[HostedItem, Tag(f"{TAG}file_search_call")]
    | Annotated[HostedItem, Tag(f"{TAG}code_interpreter_call")],
    Discriminator(_by_type_or_role),
]
Input = Annotated[
    Annotated[Text, Tag(f"{TAG}string")] | Annotated[list[NewItemBody], Tag(f"{TAG}other")],
    string_or("an array of input items"),
]
NewItems = Annotated[list[NewItemBody], Field(max_length=ITEMS_MAX)]


def items_of(input: str | list[Any] | None) -> tuple[NewItem, ...]:
    """The items of an input, for the world: a text is what a user says."""
    if isinstance(input, str):
        return (NewItem(message=NewMessage(role="user", content=(input,))),)
    made = (item.new() for item in input or ())
    return tuple(item for item in made if item is not None)
