"""What tools may read: files for the interpreter, vector stores for the search."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from runfsm_simulator.wire.bodies.common import Body, FileId, VectorStoreId
from runfsm_simulator.wire.bodies.files import NewVectorStore

__all__ = ["ToolResources"]


class InterpreterFiles(Body):
    """Files for the code interpreter."""

    file_ids: Annotated[list[FileId], Field(max_length=20)] = Field(default_factory=list)


class SearchedStores(Body):
    """Where the file search looks: one vector store, or a new one."""

    vector_store_ids: Annotated[list[VectorStoreId], Field(max_length=1)] | None = None
    vector_stores: Annotated[list[NewVectorStore], Field(max_length=1)] | None = None


class ToolResources(Body):
    """What tools may read."""

    code_interpreter: InterpreterFiles | None = None
    file_search: SearchedStores | None = None

    def fields(self) -> dict[str, Any]:
        """What was given, for the world."""
        fields = self.model_dump(exclude_none=True)
        if self.file_search and self.file_search.vector_stores:
            stores = self.file_search.vector_stores
            fields["file_search"]["vector_stores"] = [store.fields() for store in stores]
        return fields
