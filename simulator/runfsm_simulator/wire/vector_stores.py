"""/v1/vector_stores, and their files. Searching them is left to those who can search."""

from __future__ import annotations

from functools import partial
from typing import Any

from runfsm_simulator.wire import file_shapes, shapes
from runfsm_simulator.wire.asked import Asked
from runfsm_simulator.wire.bodies.files import AttachFile, CreateVectorStore, ModifyVectorStore
from runfsm_simulator.wire.listing import Window

__all__ = [
    "attach",
    "create",
    "delete",
    "detach",
    "list_all",
    "list_files",
    "modify",
    "retrieve",
    "retrieve_file",
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
    window = Window.of(asked.request.query)
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


def attach(asked: Asked) -> dict[str, Any]:
    """POST /vector_stores/{id}/files."""
    body = asked.body(AttachFile)
    file = asked.world.files.attach(**asked.ids, file_id=body.file_id, **body.fields())
    return file_shapes.store_file(file)


def list_files(asked: Asked) -> dict[str, Any]:
    """GET /vector_stores/{id}/files; `filter` leaves those in that status."""
    window = Window.of(asked.request.query)
    things = list(asked.world.files.store(**asked.ids).files.values())
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
