"""/v1/vector_stores, their files, and batches of these; and what a search finds in them."""

from __future__ import annotations

from functools import partial
from typing import Any

from runfsm_simulator.wire import file_shapes, shapes
from runfsm_simulator.wire.asked import Asked
from runfsm_simulator.wire.bodies.common import Nothing
from runfsm_simulator.wire.bodies.files import (
    AttachFile,
    AttachFiles,
    CreateVectorStore,
    ModifyVectorStore,
)
from runfsm_simulator.wire.bodies.search import SearchVectorStore
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.listing import Window
from runfsm_simulator.world import searching
from runfsm_simulator.world.filebatches import FileBatch
from runfsm_simulator.world.filemodels import StoreFile

__all__ = [
    "attach",
    "attach_batch",
    "cancel_batch",
    "create",
    "delete",
    "detach",
    "list_all",
    "list_batch",
    "list_files",
    "modify",
    "retrieve",
    "retrieve_batch",
    "retrieve_file",
    "search",
]


def create(asked: Asked) -> dict[str, Any]:
    """POST /vector_stores."""
    fields = asked.body(CreateVectorStore).fields()
    files = asked.world.files
    return file_shapes.vector_store(files.create_store(**fields), files.now)


def list_all(asked: Asked) -> dict[str, Any]:
    """GET /vector_stores."""
    files = asked.world.files
    shape = partial(file_shapes.vector_store, now=files.now)
    window = asked.window(Window)
    return window.page(list(files.stores.values()), "vector store", shape)


def retrieve(asked: Asked) -> dict[str, Any]:
    """GET /vector_stores/{id}."""
    files = asked.world.files
    return file_shapes.vector_store(files.store(**asked.ids), files.now)


def modify(asked: Asked) -> dict[str, Any]:
    """POST /vector_stores/{id}: what is left out stays."""
    changes = asked.body(ModifyVectorStore).fields()
    store = asked.world.files.store(**asked.ids)
    for name, value in changes.items():
        setattr(store, name, value)
    return retrieve(asked)


def delete(asked: Asked) -> dict[str, Any]:
    """DELETE /vector_stores/{id}."""
    asked.world.files.delete_store(**asked.ids)
    return shapes.deleted("vector_store", asked.ids["vector_store_id"])


def search(asked: Asked) -> dict[str, Any]:
    """POST /vector_stores/{id}/search. A page has no next one: nothing in the API asks for it."""
    body = asked.body(SearchVectorStore)
    found = searching.search(
        asked.world.files,
        **asked.ids,
        queries=body.queries,
        filters=body.filters.model_dump() if body.filters else None,
        score_min=body.ranking_options.score_threshold,
    )
    return {
        "object": "vector_store.search_results.page",
        "search_query": body.queries,
        "data": [file_shapes.passage(one) for one in found[: body.max_num_results]],
        "has_more": False,
        "next_page": None,
    }


def attach(asked: Asked) -> dict[str, Any]:
    """POST /vector_stores/{id}/files."""
    body = asked.body(AttachFile)
    file = asked.world.files.attach(**asked.ids, file_id=body.file_id, **body.fields())
    return file_shapes.store_file(file)


def list_files(asked: Asked) -> dict[str, Any]:
    """GET /vector_stores/{id}/files; `filter` leaves those in that status."""
    return _page(asked, list(asked.world.files.store(**asked.ids).files.values()))


def _page(asked: Asked, things: list[StoreFile]) -> dict[str, Any]:
    window = asked.window(Window)
    for status in asked.request.query.get("filter", ()):
        things = [file for file in things if file.status == status]
    return window.page(things, "file", file_shapes.store_file)


def retrieve_file(asked: Asked) -> dict[str, Any]:
    """GET /vector_stores/{id}/files/{file_id}."""
    return file_shapes.store_file(asked.world.files.attached(**asked.ids))


def detach(asked: Asked) -> dict[str, Any]:
    """DELETE /vector_stores/{id}/files/{file_id}. The file itself stays."""
    asked.world.files.detach(**asked.ids)
    return shapes.deleted("vector_store.file", asked.ids["file_id"])


def attach_batch(asked: Asked) -> dict[str, Any]:
    """POST /vector_stores/{id}/file_batches."""
    body = asked.body(AttachFiles)
    if body.file_ids is None and body.files is None:
        raise REFUSALS["missing"].error(name="file_ids")
    if body.file_ids is not None and body.files is not None:
        raise REFUSALS["invalid"].error(name="files", problem="it excludes 'file_ids'")
    return _batch(asked, asked.world.files.attach_batch(**asked.ids, wanted=body.wanted()))


def retrieve_batch(asked: Asked) -> dict[str, Any]:
    """GET /vector_stores/{id}/file_batches/{batch_id}."""
    return _batch(asked, asked.world.files.batch(**asked.ids))


def cancel_batch(asked: Asked) -> dict[str, Any]:
    """POST /vector_stores/{id}/file_batches/{batch_id}/cancel."""
    asked.body(Nothing)
    files = asked.world.files
    files.cancel(files.batch(**asked.ids))
    return retrieve_batch(asked)


def list_batch(asked: Asked) -> dict[str, Any]:
    """GET /vector_stores/{id}/file_batches/{batch_id}/files; `filter` as for all of them."""
    files = asked.world.files
    return _page(asked, files.in_batch(files.batch(**asked.ids)))


def _batch(asked: Asked, batch: FileBatch) -> dict[str, Any]:
    return file_shapes.file_batch(batch, asked.world.files.in_batch(batch))
