"""Files, vector stores, and the files in them. State; what becomes of it is told in `files.py`.

Times are Unix seconds. The recordings (openai-dotnet 2025) show that without a wish a file is cut
into chunks of 800 tokens that overlap by 400, and that 21 bytes of text, indexed, use 1045.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from runfsm.lifecycle import VECTOR_STORE_FILE, VectorStoreFileStatus
from runfsm_simulator.world.terms import Json

__all__ = ["CHUNKING", "File", "StoreFile", "VectorStore"]

CHUNKING: Final[Json] = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
}
INDEX_BYTES: Final = 1024  # what an indexed file uses beside its own bytes
DAY_S: Final = 24 * 60 * 60


@dataclass(slots=True)
class File:
    """An uploaded file."""

    id: str
    created_at: float
    filename: str
    purpose: str
    content: bytes = field(repr=False)
    expires_at: float | None = None


@dataclass(slots=True)
class StoreFile:
    """A file in a vector store; it has the id of the file."""

    id: str
    created_at: float
    vector_store_id: str
    ready_at: float
    content_bytes: int
    status: VectorStoreFileStatus = VECTOR_STORE_FILE.initial
    attributes: Json = field(default_factory=dict)
    chunking_strategy: Json = field(default_factory=lambda: CHUNKING)

    @property
    def usage_bytes(self) -> int:
        """What its index uses; nothing before it is ready."""
        ready = self.status is VectorStoreFileStatus.COMPLETED
        return self.content_bytes + INDEX_BYTES if ready else 0


@dataclass(slots=True)
class VectorStore:
    """A vector store. The order of its files is that in which they were attached."""

    id: str
    created_at: float
    name: str | None = None
    description: str | None = None
    expires_after: Json | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    files: dict[str, StoreFile] = field(default_factory=dict)

    @property
    def last_active_at(self) -> float:
        """When a file came in last; that a search counts too is left to those who can search."""
        return max([self.created_at, *(file.created_at for file in self.files.values())])

    @property
    def expires_at(self) -> float | None:
        """When it expires, if it does."""
        days = self.expires_after and self.expires_after["days"]
        return self.last_active_at + days * DAY_S if days else None

    def status_at(self, now: float) -> Literal["in_progress", "completed", "expired"]:
        """Its status, which follows from its files' and from the time."""
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        done = all(file.status in VECTOR_STORE_FILE.terminal for file in self.files.values())
        return "completed" if done else "in_progress"
