"""/v1/threads. There is no list of them, as on the real service."""

from __future__ import annotations

from typing import Any

from runfsm_simulator.wire import shapes
from runfsm_simulator.wire.asked import Asked
from runfsm_simulator.wire.bodies.threads import CreateThread, ModifyThread

__all__ = ["create", "delete", "modify", "retrieve"]


def create(asked: Asked) -> dict[str, Any]:
    """POST /threads; the body may be empty."""
    fields = asked.body(CreateThread).fields()
    return shapes.new_thread(asked.world.create_thread(**fields))


def retrieve(asked: Asked) -> dict[str, Any]:
    """GET /threads/{id}."""
    return shapes.thread(asked.world.store.thread(**asked.ids))


def modify(asked: Asked) -> dict[str, Any]:
    """POST /threads/{id}: what is left out stays."""
    changes = asked.body(ModifyThread).changes()
    thread = asked.world.store.thread(**asked.ids)
    asked.world.modify(thread, changes)
    return shapes.new_thread(thread)


def delete(asked: Asked) -> dict[str, Any]:
    """DELETE /threads/{id}."""
    asked.world.delete_thread(**asked.ids)
    return shapes.deleted("thread", asked.ids["thread_id"])
