"""Conversations, and items that are added to them."""

from __future__ import annotations

from runfsm_simulator.wire.bodies.common import Body, Metadata
from runfsm_simulator.wire.bodies.items import NewItems

__all__ = ["AddItems", "CreateConversation", "ModifyConversation"]


class CreateConversation(Body):
    """A conversation, perhaps with items."""

    items: NewItems | None = None
    metadata: Metadata | None = None


class ModifyConversation(Body):
    """What can be changed about a conversation."""

    metadata: Metadata | None = None


class AddItems(Body):
    """Items at the end of a conversation."""

    items: NewItems
