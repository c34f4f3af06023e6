"""What stands between a driver and its backend: it notes each call, and lets a hand in.

So a case can count what was asked, let another client act at the one moment that matters, and show
the driver what a service should not show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Final

from runfsm.backends.base import Backend, StreamingBackend

__all__ = ["Sent", "Tap"]

#: The calls of a backend.
VERBS: Final = tuple(
    name for kind in (Backend, StreamingBackend) for name in vars(kind) if not name.startswith("_")
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One call: which, and when (Unix seconds)."""

    verb: str
    at: float


class Tap:
    """What is noted, and what is done about it. A call that streams counts as the plain one.

    Args:
        now: what time it is.

    Attributes:
        sent: the calls, oldest first.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.sent: list[Sent] = []
        self._now = now
        self._hands: dict[str, Callable[[], object]] = {}
        self._lies: dict[str, Callable[[Any], Any]] = {}

    def before(self, verb: str, hand: Callable[[], object]) -> None:
        """Let somebody else act just before the next call of this kind."""
        self._hands[verb] = hand

    def show(self, verb: str, change: Callable[[Any], Any]) -> None:
        """Show the driver what `change` makes of each answer of this kind."""
        self._lies[verb] = change

    def on(self, backend: Any) -> Any:
        """The same backend, tapped."""
        for verb in VERBS:
            if hasattr(backend, verb):
                setattr(backend, verb, self._tapped(verb, getattr(backend, verb)))
        return backend

    def _tapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        verb = name.removeprefix("stream_")

        @wraps(call)
        def tapped(*args: Any, **kwargs: Any) -> Any:
            self._note(verb)
            return self._shown(name, call(*args, **kwargs))

        @wraps(call)
        async def tapped_async(*args: Any, **kwargs: Any) -> Any:
            self._note(verb)
            return self._shown(name, await call(*args, **kwargs))

        return tapped_async if iscoroutinefunction(call) else tapped

    def _note(self, verb: str) -> None:
        self.sent.append(Sent(verb, self._now()))
        if hand := self._hands.pop(verb, None):
            hand()

    def _shown(self, verb: str, answer: Any) -> Any:
        return self._lies[verb](answer) if verb in self._lies else answer
