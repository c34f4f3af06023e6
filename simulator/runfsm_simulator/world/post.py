"""What the world tells the outside by itself: of responses in background mode, and of sessions.

Rule: the world writes letters and knows when each is due; it does not carry them. Who does, carries
them when no operation is going on, and reports; a letter that did not arrive is due again later.

Documented are the events, and that the service tries again for up to 72 hours, with more and more
time in between. How much, is a guess.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from runfsm.lifecycle import Edge, RunEvent
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.models import Work

__all__ = ["RETRY_S", "Letter", "Post"]

#: From the first attempt to the second one; doubled each time.
RETRY_S: Final = 5.0

#: From the first attempt to the last one, at most.
PATIENCE_S: Final = 72 * 3600.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One event for one receiver.

    Attributes:
        id: the same for each attempt, and for no other letter.
        to: the receiver's id.
        event_id: of the event.
        event: its type: `"response.completed"`.
        about: the id of the response, or of the session.
        created_at: when it happened (Unix seconds).
        due: when to carry it.
        attempts: how many have failed.
    """

    id: str
    to: str
    event_id: str
    event: str
    about: str
    created_at: float
    due: float
    attempts: int = 0


class Post:
    """Letters that are to be carried.

    Args:
        chooser: asked for ids.
        receivers: which events each receiver wants. Others may change it.
    """

    def __init__(self, chooser: Chooser, receivers: Mapping[str, Collection[str]]) -> None:
        self.receivers = receivers
        self.waiting: list[Letter] = []
        self._chooser = chooser

    def announce(self, work: Work, edge: Edge[Any, RunEvent], now: float) -> None:
        """Write to all who want to know of what this edge brings, if it is told."""
        for event, about in work.announced(edge):
            self._write(event, about, now)

    def _write(self, event: str, about: str, now: float) -> None:
        receivers = [to for to, wanted in self.receivers.items() if event in wanted]
        if not receivers:
            return
        event_id = self._chooser.ident("evt")
        for to in receivers:
            ident = self._chooser.ident("wh")
            self.waiting.append(Letter(ident, to, event_id, event, about, now, due=now))

    def next_due(self) -> float | None:
        """When the next letter is due (Unix seconds), if there is one."""
        return min((letter.due for letter in self.waiting), default=None)

    def take(self, now: float) -> list[Letter]:
        """The letters that are due, earliest first. Whoever takes them carries them."""
        if not self.waiting:
            return []
        due = sorted((one for one in self.waiting if one.due <= now), key=lambda one: one.due)
        self.waiting = [one for one in self.waiting if one.due > now]
        return due

    def try_again(self, letter: Letter) -> None:
        """It did not arrive."""
        due = letter.due + RETRY_S * 2**letter.attempts
        if letter.to in self.receivers and due <= letter.created_at + PATIENCE_S:
            self.waiting.append(replace(letter, due=due, attempts=letter.attempts + 1))
