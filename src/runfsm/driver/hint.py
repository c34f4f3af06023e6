"""What a service tells by itself: that something has happened, and no more."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WebhookHint"]


@dataclass(frozen=True, slots=True)
class WebhookHint:
    """That something has happened to something; `driver.wake(hint)` has it looked at.

    Attributes:
        event: `"response.completed"`, say. A call that waits for an answer is told so too.
        remote_id: what it happened to, as the service names it: a response, a session.
        webhook_id: the letter's id, the same each time it is delivered.
    """

    event: str
    remote_id: str
    webhook_id: str
