"""Files and vector stores."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag
from pydantic_core import PydanticCustomError, PydanticKnownError

from runfsm_simulator.wire.bodies.common import Body, FileId, Metadata, by_type
from runfsm_simulator.wire.validation import TAG

__all__ = [
    "AttachFile",
    "AttachFiles",
    "CreateVectorStore",
    "ModifyVectorStore",
    "NewVectorStore",
    "Upload",
]

HOUR_S = 60 * 60
BATCH_MAX = 2000  # files
DAYS_30_S = 30 * 24 * HOUR_S


class FileLifetime(Body):
    """When a file expires. It comes in a form, where all values are text."""

    anchor: Literal["created_at"]
    seconds: Annotated[int, Field(ge=HOUR_S, le=DAYS_30_S, strict=False)]


class Upload(Body):
    """What a form says beside the file itself. Its purpose has words of its own for a mistake."""

    purpose: str
    expires_after: FileLifetime | None = None


class StoreLifetime(Body):
    """When a vector store expires."""

    anchor: Literal["last_active_at"]
    days: Annotated[int, Field(ge=1, le=365)]


class StaticChunks(Body):
    """How long the chunks are, and by how much they overlap."""

    max_chunk_size_tokens: Annotated[int, Field(ge=100, le=4096)]
    chunk_overlap_tokens: Annotated[int, Field(ge=0)]


class StaticChunking(Body):
    """Chunks as the client wants them."""

    type: Literal["static"]
    static: StaticChunks


class AutoChunking(Body):
    """Chunks as the service cuts them."""

    type: Literal["auto"]


ChunkingStrategy = Annotated[
    Annotated[AutoChunking, Tag(f"{TAG}auto")] | Annotated[StaticChunking, Tag(f"{TAG}static")],
    Discriminator(by_type),
]


def _attribute(value: Any) -> Any:
    """A value beside metadata's strings: true, false or a number too."""
    if not isinstance(value, str | bool | int | float):
        raise PydanticCustomError("one_of", "one of a string, a boolean, or a number")
    if isinstance(value, str) and len(value) > 512:
        raise PydanticKnownError("string_too_long", {"max_length": 512})
    if isinstance(value, int) and abs(value) > sys.float_info.max:  # JSON's integers have no end
        raise PydanticKnownError("finite_number")
    return value


Attributes = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=64)], Annotated[Any, AfterValidator(_attribute)]
    ],
    Field(max_length=16),
]


class ModifyVectorStore(Body):
    """What can be changed about a vector store."""

    name: str | None = None
    expires_after: StoreLifetime | None = None
    metadata: Metadata | None = None

    def fields(self) -> dict[str, Any]:
        """What was given, for the world."""
        return self.model_dump(exclude_none=True)


class NewVectorStore(Body):
    """A vector store, perhaps with files; one that is created on the way to something else."""

    file_ids: Annotated[list[FileId], Field(max_length=10_000)] = Field(default_factory=list)
    chunking_strategy: ChunkingStrategy | None = None
    metadata: Metadata | None = None

    def fields(self) -> dict[str, Any]:
        """What was given, for the world."""
        fields = self.model_dump(exclude_none=True, exclude={"chunking_strategy"})
        return {**fields, **chunking(self.chunking_strategy)}


class CreateVectorStore(NewVectorStore, ModifyVectorStore):
    """A vector store that is wanted for itself."""

    description: str | None = None
    file_ids: Annotated[list[FileId], Field(max_length=500)] = Field(default_factory=list)


class AttachmentOptions(Body):
    """What can be wished for a file in a vector store, or for several alike."""

    attributes: Attributes | None = None
    chunking_strategy: ChunkingStrategy | None = None

    def fields(self) -> dict[str, Any]:
        """What was given beside the file, for the world."""
        fields = {} if self.attributes is None else {"attributes": self.attributes}
        return {**fields, **chunking(self.chunking_strategy)}


class AttachFile(AttachmentOptions):
    """A file for a vector store."""

    file_id: FileId


class AttachFiles(AttachmentOptions):
    """Several: with what is wished for all of them, or each with its own. One of the two lists."""

    file_ids: Annotated[list[FileId], Field(min_length=1, max_length=BATCH_MAX)] | None = None
    files: Annotated[list[AttachFile], Field(min_length=1, max_length=BATCH_MAX)] | None = None

    def wanted(self) -> list[tuple[str, dict[str, Any]]]:
        """Each file's id, and what was given beside it, for the world."""
        if self.files is not None:
            return [(file.file_id, file.fields()) for file in self.files]
        return [(file_id, self.fields()) for file_id in self.file_ids or ()]


def chunking(strategy: AutoChunking | StaticChunking | None) -> dict[str, Any]:
    """A wish for chunks, for the world; `auto` is none."""
    if isinstance(strategy, StaticChunking):
        return {"chunking_strategy": strategy.model_dump()}
    return {}
