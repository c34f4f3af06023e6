"""/v1/assistants."""

from __future__ import annotations

from typing import Any

from runfsm_simulator.wire import shapes
from runfsm_simulator.wire.asked import Asked
from runfsm_simulator.wire.bodies.assistants import CreateAssistant, ModifyAssistant
from runfsm_simulator.wire.listing import Window

__all__ = ["create", "delete", "list_all", "modify", "retrieve"]


def create(asked: Asked) -> dict[str, Any]:
    """POST /assistants."""
    fields = asked.body(CreateAssistant).fields()
    return shapes.assistant(asked.world.create_assistant(**fields))


def list_all(asked: Asked) -> dict[str, Any]:
    """GET /assistants."""
    window = asked.window(Window)
    things = list(asked.world.store.assistants.values())
    return window.page(things, "assistant", shapes.assistant)


def retrieve(asked: Asked) -> dict[str, Any]:
    """GET /assistants/{id}."""
    return shapes.assistant(asked.world.store.assistant(**asked.ids))


def modify(asked: Asked) -> dict[str, Any]:
    """POST /assistants/{id}: what is left out stays."""
    changes = asked.body(ModifyAssistant).fields()
    assistant = asked.world.store.assistant(**asked.ids)
    asked.world.modify(assistant, changes)
    return shapes.assistant(assistant)


def delete(asked: Asked) -> dict[str, Any]:
    """DELETE /assistants/{id}."""
    asked.world.store.delete_assistant(**asked.ids)
    return shapes.deleted("assistant", asked.ids["assistant_id"])
