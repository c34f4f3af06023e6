"""What is said to a session: messages, results of calls, cancels, decisions.

Its limits are those of openai-python 3.54: types and docstrings.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from runfsm_simulator.wire.bodies.common import Body, by_type, string_or
from runfsm_simulator.wire.bodies.items import Text
from runfsm_simulator.wire.validation import TAG
from runfsm_simulator.world.models import NewMessage, Part
from runfsm_simulator.world.sessionmodels import ToolResult
from runfsm_simulator.world.sessions import Cancel, Decision, Said, SessionInput

__all__ = ["Messages", "SendEvents", "messages_of"]


# Messages ----------------------------------------------------------------------------------------


class TextContent(Body):
    """A text."""

    type: Literal["input_text"]
    text: Text

    def kept(self) -> Part:
        """The text itself."""
        return self.text


class ImageContent(Body):
    """An image, passed through."""

    type: Literal["input_image"]
    image_url: str

    def kept(self) -> Part:
        """As it came."""
        return self.model_dump()


Content = Annotated[
    Annotated[TextContent, Tag(f"{TAG}input_text")]
    | Annotated[ImageContent, Tag(f"{TAG}input_image")],
    Discriminator(by_type),
]


class InputMessage(Body):
    """What a user says."""

    type: Literal["message"] = "message"
    role: Literal["user"]
    content: Annotated[list[Content], Field(min_length=1)]

    def kept(self) -> NewMessage:
        """For the world."""
        return NewMessage(self.role, tuple(part.kept() for part in self.content))


Messages = Annotated[
    Annotated[Text, Tag(f"{TAG}string")] | Annotated[list[InputMessage], Tag(f"{TAG}other")],
    string_or("an array of input messages"),
]


def messages_of(input: str | list[InputMessage] | None) -> tuple[NewMessage, ...]:
    """The messages of an input, for the world: a text is what a user says."""
    if isinstance(input, str):
        return (NewMessage("user", (input,)),)
    return tuple(message.kept() for message in input or ())


# Events ------------------------------------------------------------------------------------------


class MessageEvent(Body):
    """Messages of a user."""

    type: Literal["agent.session.input.message"]
    input: Annotated[list[InputMessage], Field(min_length=1)]

    def given(self) -> SessionInput:
        """For the world."""
        return Said(messages_of(self.input))


class CancelEvent(Body):
    """The active turn is to stop."""

    type: Literal["agent.session.input.cancel"]

    def given(self) -> SessionInput:
        """For the world."""
        return Cancel()


Output = Annotated[
    Annotated[Text, Tag(f"{TAG}string")] | Annotated[list[Content], Tag(f"{TAG}other")],
    string_or("an array of objects"),
]


class ResultEvent(Body):
    """What became of a call."""

    type: Literal["agent.session.input.tool_result"]
    turn_id: str
    call_id: str
    success: bool
    output: Output | None = None
    error: str | None = None

    def given(self) -> SessionInput:
        """For the world."""
        output = self.output
        if isinstance(output, list):
            kept: Any = tuple(part.model_dump() for part in output)
        else:
            kept = output
        return ToolResult(self.turn_id, self.call_id, self.success, kept, self.error)


class DecisionEvent(Body):
    """An answer to a request for an approval."""

    type: Literal[
        "agent.session.input.mcp_approval_request_result",
        "agent.session.input.computer_use_approval_request_result",
    ]
    request_id: str
    response: dict[str, Any]

    def given(self) -> SessionInput:
        """For the world."""
        return Decision(self.request_id)


Event = Annotated[
    Annotated[MessageEvent, Tag(f"{TAG}agent.session.input.message")]
    | Annotated[CancelEvent, Tag(f"{TAG}agent.session.input.cancel")]
    | Annotated[ResultEvent, Tag(f"{TAG}agent.session.input.tool_result")]
    | Annotated[DecisionEvent, Tag(f"{TAG}agent.session.input.mcp_approval_request_result")]
    | Annotated[
        DecisionEvent, Tag(f"{TAG}agent.session.input.computer_use_approval_request_result")
    ],
    Discriminator(by_type),
]


class SendEvents(Body):
    """What is sent to a session."""

    events: list[Event]

    def inputs(self) -> tuple[SessionInput, ...]:
        """For the world, in their order."""
        return tuple(event.given() for event in self.events)
