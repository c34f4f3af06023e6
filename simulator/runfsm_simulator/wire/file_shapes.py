"""Files and vector stores as they are given, key by key in the recorded order (openai-dotnet 2025).

The three deletions are told in two ways: that of a file keeps the name of the object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from runfsm.lifecycle import VectorStoreFileStatus
from runfsm_simulator.wire.shapes import unix
from runfsm_simulator.world.filebatches import FileBatch
from runfsm_simulator.world.filemodels import File, StoreFile, VectorStore
from runfsm_simulator.world.searching import Passage

__all__ = ["deleted_file", "file", "file_batch", "store_file", "vector_store"]


def file(it: File) -> dict[str, Any]:
    """An uploaded file. It is processed at once."""
    return {
        "object": "file",
        "id": it.id,
        "purpose": it.purpose,
        "filename": it.filename,
        "bytes": len(it.content),
        "created_at": unix(it.created_at),
        "expires_at": unix(it.expires_at),
        "status": "processed",
        "status_details": None,
    }


def deleted_file(id: str) -> dict[str, Any]:
    """What the deletion of a file answers."""
    return {"object": "file", "deleted": True, "id": id}


def vector_store(it: VectorStore, now: float) -> dict[str, Any]:
    """A vector store. `now` decides whether it has expired."""
    return {
        "id": it.id,
        "object": "vector_store",
        "created_at": unix(it.created_at),
        "name": it.name,
        "description": it.description,
        "usage_bytes": sum(file.usage_bytes for file in it.files.values()),
        "file_counts": _counts(it.files.values()),
        "status": it.status_at(now),
        "expires_after": it.expires_after,
        "expires_at": unix(it.expires_at),
        "last_active_at": unix(it.last_active_at),
        "metadata": it.metadata,
    }


def _counts(files: Collection[StoreFile]) -> dict[str, int]:
    counts = Counter(file.status for file in files)
    statuses = ("in_progress", "completed", "failed", "cancelled")
    return {
        **{status: counts[VectorStoreFileStatus(status)] for status in statuses},
        "total": len(files),
    }


def file_batch(it: FileBatch, files: Collection[StoreFile]) -> dict[str, Any]:
    """A batch of these files. Its object is named as answers were seen to, not as in the schema."""
    return {
        "id": it.id,
        "object": "vector_store.file_batch",
        "created_at": unix(it.created_at),
        "status": it.status_of(files),
        "vector_store_id": it.vector_store_id,
        "file_counts": _counts(files),
    }


def store_file(it: StoreFile) -> dict[str, Any]:
    """A file in a vector store."""
    return {
        "id": it.id,
        "object": "vector_store.file",
        "usage_bytes": it.usage_bytes,
        "created_at": unix(it.created_at),
        "vector_store_id": it.vector_store_id,
        "status": it.status.value,
        "last_error": _last_error(it),
        "chunking_strategy": it.chunking_strategy,
        "attributes": it.attributes,
    }


def _last_error(it: StoreFile) -> dict[str, str] | None:
    """Only a hand can make one fail; the code is one of the schema's."""
    if it.status is not VectorStoreFileStatus.FAILED:
        return None
    return {"code": "server_error", "message": "An internal error occurred."}


def passage(it: Passage) -> dict[str, Any]:
    """What a search found."""
    return {
        "file_id": it.file.id,
        "filename": it.file.filename,
        "score": it.score,
        "attributes": it.attributes,
        "content": [{"type": "text", "text": it.text}],
    }
