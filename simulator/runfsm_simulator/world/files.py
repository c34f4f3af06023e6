"""Uploaded files, and the vector stores that they are attached to.

Rule: like the runs, files own no thread and no clock. What is being indexed has a time at which it
will be ready, and `catch_up` performs what has come due.

The recordings (openai-dotnet 2025) show:

* an uploaded file is there at once; attached to a vector store, it is `in_progress` at first, and
  `completed` a few seconds later;
* a vector store is `in_progress` while one of its files is; an empty one is `completed`.

That a deleted file leaves its vector stores too is inferred. What is in a file, only a client's own
search reads (`searching.py`): what a run's search finds, a script says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from runfsm.lifecycle import VECTOR_STORE_FILE, VectorStoreFileEvent
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.filebatches import FileBatch
from runfsm_simulator.world.filemodels import CHUNKING, File, StoreFile, VectorStore
from runfsm_simulator.world.refusals import NotAttached, NotDownloadable, StorageFull
from runfsm_simulator.world.store import find
from runfsm_simulator.world.terms import Json

__all__ = ["Files"]

#: Of all uploads together: the simulator keeps them in memory.
STORED_BYTES_MAX: Final = 256 * 1024 * 1024

INDEX_S: Final = (1.0, 3.0)

#: Reports by many, e.g. for `assistants`; `vision` was recorded to be given out.
NOT_GIVEN_OUT: Final = frozenset({"assistants", "user_data"})


class Present(Protocol):
    """What knows the world's time: the engine."""

    now: float


class Files:
    """Everything uploaded. Look at it inside of `World.operation()`.

    Every look-up raises `NotFound` (or its like) when nothing has this id.

    Args:
        present: knows what time it is.
        chooser: asked for ids, and how long indexing takes.

    Attributes:
        stores: the vector stores by their ids.
        batches: the batches of files that were put into them, by their ids.
    """

    def __init__(self, present: Present, chooser: Chooser) -> None:
        self.stores: dict[str, VectorStore] = {}
        self.batches: dict[str, FileBatch] = {}
        self._present = present
        self._chooser = chooser
        self._files: dict[str, File] = {}
        self._indexing: list[StoreFile] = []

    @property
    def now(self) -> float:
        """What time it is for them (Unix seconds)."""
        return self._present.now

    def catch_up(self) -> None:
        """Perform what has come due."""
        if not self._indexing:
            return
        for file in [one for one in self._indexing if one.ready_at <= self.now]:
            self.take(file, VectorStoreFileEvent.COMPLETE)

    def next_due(self) -> float | None:
        """When something will happen by itself next (Unix seconds); `None`: nothing will."""
        return min((file.ready_at for file in self._indexing), default=None)

    # Files.

    def uploaded(self) -> dict[str, File]:
        """The files that are there, by their ids; one that has expired is not."""
        return {
            file.id: file
            for file in self._files.values()
            if file.expires_at is None or self.now < file.expires_at
        }

    def file(self, id: str) -> File:
        """The file with this id."""
        return find(self.uploaded(), "file", id)

    def upload(
        self, filename: str, content: bytes, purpose: str, *, lifetime_s: float | None = None
    ) -> File:
        """A new file, for `lifetime_s` seconds or for ever.

        Raises:
            StorageFull: all uploads together would be too many bytes.
        """
        self._files = self.uploaded()
        stored = sum(len(file.content) for file in self._files.values())
        if stored + len(content) > STORED_BYTES_MAX:
            raise StorageFull(STORED_BYTES_MAX)
        file_id = self._chooser.ident("file").replace("_", "-", 1)
        expires_at = None if lifetime_s is None else self.now + lifetime_s
        file = File(file_id, self.now, filename, purpose, content, expires_at)
        self._files[file_id] = file
        return file

    def content(self, id: str) -> bytes:
        """What was uploaded.

        Raises:
            NotDownloadable: files of this purpose are not given out.
        """
        file = self.file(id)
        if file.purpose in NOT_GIVEN_OUT:
            raise NotDownloadable(file.purpose)
        return file.content

    def delete_file(self, id: str) -> None:
        """Forget a file, in the vector stores too."""
        del self._files[self.file(id).id]
        for store in self.stores.values():
            if id in store.files:
                self.detach(store.id, id)

    # Vector stores.

    def store(self, vector_store_id: str) -> VectorStore:
        """The vector store with this id."""
        return find(self.stores, "vector store", vector_store_id)

    def create_store(
        self,
        file_ids: Iterable[str] = (),
        *,
        chunking_strategy: Json = CHUNKING,
        **fields: Any,
    ) -> VectorStore:
        """A new vector store of the fields of `VectorStore`, with these files.

        Raises:
            NotFound: one of the files is not there. Nothing has changed.
        """
        files = [self.file(file_id) for file_id in file_ids]
        store = VectorStore(self._chooser.ident("vs"), self.now, **fields)
        self.stores[store.id] = store
        for file in files:
            self._attach(store, file, chunking_strategy=chunking_strategy)
        return store

    def kept(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Fields of an assistant or a thread as they are kept.

        A vector store that its `tool_resources` ask for is created, and named in its place.

        Raises:
            NotFound: one of its files is not there. Nothing has changed.
        """
        resources = fields.get("tool_resources", {})
        search = resources.get("file_search", {})
        if "vector_stores" not in search:
            return fields
        made = [self.create_store(**wanted).id for wanted in search["vector_stores"]]
        stores = {"vector_store_ids": [*search.get("vector_store_ids", ()), *made]}
        return {**fields, "tool_resources": {**resources, "file_search": stores}}

    def offered(self, resources: Json, attachments: Iterable[Json]) -> Json:
        """A thread's `tool_resources` with the files of a new message: each for the tools it names.

        A file that was never uploaded is taken all the same, for no run reads it.
        """
        for one in attachments:
            file_id, tools = one.get("file_id"), {tool["type"] for tool in one.get("tools", ())}
            if file_id and "code_interpreter" in tools:
                known = resources.get("code_interpreter", {}).get("file_ids", ())
                resources = {**resources, "code_interpreter": {"file_ids": [*known, file_id]}}
            if file_id and "file_search" in tools:
                known = resources.get("file_search", {}).get("vector_store_ids", ())
                store_id = known[0] if known else self.create_store().id
                resources = {**resources, "file_search": {"vector_store_ids": [store_id]}}
                if store_id in self.stores and file_id in self.uploaded():
                    self.attach(store_id, file_id)
        return resources

    def delete_store(self, vector_store_id: str) -> None:
        """Forget a vector store. Its files stay."""
        for file_id in list(self.store(vector_store_id).files):
            self.detach(vector_store_id, file_id)
        for batch in [
            one for one in self.batches.values() if one.vector_store_id == vector_store_id
        ]:
            del self.batches[batch.id]
        del self.stores[vector_store_id]

    def attached(self, vector_store_id: str, file_id: str) -> StoreFile:
        """A file of a vector store."""
        try:
            return self.store(vector_store_id).files[file_id]
        except KeyError:
            raise NotAttached(file_id, vector_store_id) from None

    def attach(self, vector_store_id: str, file_id: str, **fields: Any) -> StoreFile:
        """Put a file into a vector store. One that is there already is put in anew (a guess)."""
        store, file = self.store(vector_store_id), self.file(file_id)
        if file_id in store.files:
            self.detach(vector_store_id, file_id)
        return self._attach(store, file, **fields)

    def _attach(self, store: VectorStore, file: File, **fields: Any) -> StoreFile:
        ready_at = self.now + self._chooser.between("index_s", *INDEX_S)
        new = StoreFile(file.id, self.now, store.id, ready_at, len(file.content), **fields)
        store.files[file.id] = new
        self._indexing.append(new)
        return new

    def detach(self, vector_store_id: str, file_id: str) -> None:
        """Take a file out of a vector store."""
        file = self.attached(vector_store_id, file_id)
        del self.store(vector_store_id).files[file_id]
        self._indexing = [one for one in self._indexing if one is not file]

    def take(self, file: StoreFile, event: VectorStoreFileEvent) -> None:
        """Make an event happen to a file in a vector store now: in time, or by a person's hand.

        Raises:
            IllegalTransition: the lifecycle does not allow it. Nothing has changed.
        """
        file.status = VECTOR_STORE_FILE.next(file.status, event).dest
        self._indexing = [one for one in self._indexing if one is not file]

    # Batches.

    def attach_batch(
        self, vector_store_id: str, wanted: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> FileBatch:
        """Put several files into a vector store: each by its id, with the fields of `attach`.

        Raises:
            NotFound: one of the files is not there. Nothing has changed.
        """
        ids = tuple(dict.fromkeys(self.file(file_id).id for file_id, _ in wanted))
        store = self.store(vector_store_id)
        batch = FileBatch(self._chooser.ident("vsfb"), self.now, store.id, ids)
        self.batches[batch.id] = batch
        for file_id, fields in wanted:
            self.attach(store.id, file_id, **fields)
        return batch

    def batch(self, vector_store_id: str, batch_id: str) -> FileBatch:
        """A batch of a vector store."""
        store, batch = self.store(vector_store_id), self.batches.get(batch_id)
        if batch is None or batch.vector_store_id != store.id:
            raise NotAttached(batch_id, store.id)
        return batch

    def in_batch(self, batch: FileBatch) -> list[StoreFile]:
        """The files of a batch that are in its vector store still."""
        files = self.store(batch.vector_store_id).files
        return [files[file_id] for file_id in batch.file_ids if file_id in files]

    def cancel(self, batch: FileBatch) -> None:
        """Give up the files of a batch that are not indexed yet."""
        event = VectorStoreFileEvent.CANCEL
        for file in self.in_batch(batch):
            if VECTOR_STORE_FILE.allows(file.status, event):
                self.take(file, event)
                batch.is_cancelled = True
