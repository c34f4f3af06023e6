"""/v1/threads/{thread_id}/messages."""

from __future__ import annotations

from functools import partial
from typing import Any

from runfsm_simulator.wire import shapes
from runfsm_simulator.wire.asked import Asked
from runfsm_simulator.wire.bodies.common import ModifyMetadata
from runfsm_simulator.wire.bodies.threads import CreateMessage
from runfsm_simulator.wire.listing import Window
from runfsm_simulator.world.models import Message

__all__ = ["create", "delete", "list_all", "modify", "retrieve"]


def create(asked: Asked) -> dict[str, Any]:
    """POST messages."""
    new = asked.body(CreateMessage).new()
    return shapes.message(asked.world.add_message(asked.ids["thread_id"], new))


def list_all(asked: Asked) -> dict[str, Any]:
    """GET messages; `run_id` leaves those that this run wrote."""
    window = asked.window(Window)
    things = list(asked.world.store.thread(**asked.ids).messages.values())
    for run_id in asked.request.query.get("run_id", ()):
        things = [message for message in things if message.run_id == run_id]
    return window.page(things, "message", partial(_shown, asked))


def _shown(asked: Asked, message: Message) -> dict[str, Any]:
    return shapes.message(asked.world.as_shown(message))


def retrieve(asked: Asked) -> dict[str, Any]:
    """GET messages/{id}."""
    return _shown(asked, asked.world.store.message(**asked.ids))


def modify(asked: Asked) -> dict[str, Any]:
    """POST messages/{id}: the metadata, and nothing else."""
    changes = asked.body(ModifyMetadata).model_dump(exclude_none=True)
    message = asked.world.store.message(**asked.ids)
    asked.world.modify(message, changes)
    return shapes.modified_message(asked.world.as_shown(message))


def delete(asked: Asked) -> dict[str, Any]:
    """DELETE messages/{id}."""
    asked.world.delete_message(**asked.ids)
    return shapes.deleted("thread.message", asked.ids["message_id"])
