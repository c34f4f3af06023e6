"""/v1/conversations, and the items in them. There is no list of conversations."""

from __future__ import annotations

from typing import Any

from runfsm_simulator.wire import response_shapes as shapes
from runfsm_simulator.wire.asked import Asked
from runfsm_simulator.wire.bodies.conversations import (
    AddItems,
    CreateConversation,
    ModifyConversation,
)
from runfsm_simulator.wire.bodies.items import items_of
from runfsm_simulator.wire.listing import Window
from runfsm_simulator.wire.responses import included

__all__ = [
    "add_items",
    "create",
    "delete",
    "delete_item",
    "list_items",
    "modify",
    "retrieve",
    "retrieve_item",
]


def create(asked: Asked) -> dict[str, Any]:
    """POST; the body may be empty."""
    body = asked.body(CreateConversation)
    made = asked.world.create_conversation(items_of(body.items), metadata=body.metadata)
    return shapes.conversation(made)


def retrieve(asked: Asked) -> dict[str, Any]:
    """GET."""
    return shapes.conversation(asked.world.store.conversation(**asked.ids))


def modify(asked: Asked) -> dict[str, Any]:
    """POST: the metadata, and nothing else."""
    changes = asked.body(ModifyConversation).model_dump(exclude_none=True)
    conversation = asked.world.store.conversation(**asked.ids)
    asked.world.modify(conversation, changes)
    return shapes.conversation(conversation)


def delete(asked: Asked) -> dict[str, Any]:
    """DELETE."""
    asked.world.store.delete_conversation(**asked.ids)
    return shapes.deleted_conversation(asked.ids["conversation_id"])


def list_items(asked: Asked) -> dict[str, Any]:
    """GET items."""
    items = list(asked.world.store.conversation(**asked.ids).items.values())
    include = included(asked)
    page = asked.window(Window).page(items, "item", lambda it: shapes.item(it, include))
    return shapes.typed_page(page)


def add_items(asked: Asked) -> dict[str, Any]:
    """POST items: at the end; the answer lists the new ones."""
    body = asked.body(AddItems)
    added = asked.world.add_items(asked.ids["conversation_id"], items_of(body.items))
    return shapes.item_list(added)


def retrieve_item(asked: Asked) -> dict[str, Any]:
    """GET items/{id}."""
    return shapes.item(asked.world.store.item(**asked.ids), included(asked))


def delete_item(asked: Asked) -> dict[str, Any]:
    """DELETE items/{id}: the answer is the conversation."""
    asked.world.store.delete_item(**asked.ids)
    return retrieve(
        Asked(asked.world, {"conversation_id": asked.ids["conversation_id"]}, asked.request)
    )
