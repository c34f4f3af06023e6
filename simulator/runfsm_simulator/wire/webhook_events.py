"""What webhooks tell, event by event, as the official client types it: an id, and hardly more.

Who wants to know more asks for it. A webhook calls `action_required` what a session and its stream
call `requires_action` (openai-python 3.54: `openai.types.webhooks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor
from typing import Any, Final

from runfsm_simulator.world.post import Letter

__all__ = ["EVENTS", "event"]

Json = dict[str, Any]

#: A session here has no environment, and wants nothing but functions called.
WITHOUT: Final = {"environment_type": "none"}
WANTED: Final = {"required_action": {"type": "function_call"}}

#: Each event, and what it says beside the id of what it is about. Nothing is told of a response
#: that is queued or at work, and one that wants functions called is completed.
EVENTS: Final[Mapping[str, Json]] = {
    "response.completed": {},
    "response.failed": {},
    "response.cancelled": {},
    "response.incomplete": {},
    "agent.session.created": WITHOUT,
    "agent.session.in_progress": WITHOUT,
    "agent.session.action_required": WANTED,
    "agent.session.idle": WITHOUT,
    "agent.session.failed": WITHOUT,
}


def event(letter: Letter) -> Json:
    """What a letter says."""
    return {
        "id": letter.event_id,
        "object": "event",
        "type": letter.event,
        "created_at": floor(letter.created_at),
        "data": {"id": letter.about, **EVENTS[letter.event]},
    }
