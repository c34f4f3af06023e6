"""Messages and threads."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from runfsm_simulator.wire.bodies.common import Body, FileId, Metadata, by_type, string_or
from runfsm_simulator.wire.bodies.resources import ToolResources
from runfsm_simulator.wire.validation import TAG
from runfsm_simulator.world.models import NewMessage, Part

__all__ = ["CreateMessage", "CreateThread", "ModifyThread"]


class TextPart(Body):
    """A text."""

    type: Literal["text"]
    text: Annotated[str, StringConstraints(max_length=256_000)]

    def kept(self) -> Part:
        """The text itself."""
        return self.text


Detail = Literal["auto", "low", "high"]


class ImageFile(Body):
    """An uploaded image."""

    file_id: str
    detail: Detail = "auto"


class ImageUrl(Body):
    """An image on the web."""

    url: str
    detail: Detail = "auto"


class ImagePart(Body):
    """An image, as a part."""

    def kept(self) -> Part:
        """As it is echoed: `detail` is there even when it was not sent (recordings)."""
        return self.model_dump()


class ImageFilePart(ImagePart):
    """An uploaded image, as a part."""

    type: Literal["image_file"]
    image_file: ImageFile


class ImageUrlPart(ImagePart):
    """An image on the web, as a part."""

    type: Literal["image_url"]
    image_url: ImageUrl


ContentPart = Annotated[
    Annotated[TextPart, Tag(f"{TAG}text")]
    | Annotated[ImageFilePart, Tag(f"{TAG}image_file")]
    | Annotated[ImageUrlPart, Tag(f"{TAG}image_url")],
    Discriminator(by_type),
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=256_000)]
Content = Annotated[
    Annotated[Text, Tag(f"{TAG}string")]
    | Annotated[list[ContentPart], Field(min_length=1), Tag(f"{TAG}other")],
    string_or("an array of objects"),
]


class AttachmentTool(Body):
    """What may read an attachment."""

    type: Literal["code_interpreter", "file_search"]


class Attachment(Body):
    """A file of a message."""

    file_id: FileId | None = None
    tools: list[AttachmentTool] | None = None


class CreateMessage(Body):
    """A message from a client. It may speak for either side."""

    role: Literal["user", "assistant"]
    content: Content
    attachments: list[Attachment] | None = None
    metadata: Metadata | None = None

    def new(self) -> NewMessage:
        """The message, for the world."""
        content = self.content
        parts = (content,) if isinstance(content, str) else [part.kept() for part in content]
        return NewMessage(
            role=self.role,
            content=tuple(parts),
            attachments=tuple(
                file.model_dump(exclude_none=True) for file in self.attachments or ()
            ),
            metadata=self.metadata or {},
        )


class ModifyThread(Body):
    """What can be changed about a thread."""

    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None

    def changes(self) -> dict[str, Any]:
        """What was given, for the world."""
        changes: dict[str, Any] = {}
        if self.tool_resources is not None:
            changes["tool_resources"] = self.tool_resources.fields()
        if self.metadata is not None:
            changes["metadata"] = self.metadata
        return changes


class CreateThread(ModifyThread):
    """A thread, perhaps with messages."""

    messages: list[CreateMessage] | None = None

    def fields(self) -> dict[str, Any]:
        """The thread, for the world."""
        return {"messages": [message.new() for message in self.messages or ()], **self.changes()}
