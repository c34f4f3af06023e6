"""A body that has not changed is not made again.

Rule: a body is kept together with the parts of the thing that it was made of. It is given again
while these parts are what they were, and made anew as soon as one is not; so nobody has to say
that something has changed, and nobody can forget to. Parts are values, or are replaced and never
changed in place, as all that a client sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from runfsm_simulator.wire.http import json_bytes

__all__ = ["BodyCache", "Shaped"]

#: Bodies that are kept; a forgotten one is made again. A client polls few things at a time.
KEPT_MAX: Final = 1_000


@dataclass(slots=True)
class Shaped:
    """A body that is yet to be made, if it was not made before.

    Attributes:
        thing: what it shows.
        parts: all of the thing that the body is made of.
        shape: makes it.
    """

    thing: Any
    parts: tuple[Any, ...]
    shape: Callable[[Any], dict[str, Any]]

    def made(self) -> dict[str, Any]:
        """The body, made now."""
        return self.shape(self.thing)


class BodyCache:
    """Bodies as bytes, by the ids of the things that they show.

    Args:
        finish: what becomes of a body before it is written; it depends on nothing but the body.
    """

    def __init__(self, finish: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._finish = finish
        self._kept: dict[str, tuple[Any, tuple[Any, ...], bytes]] = {}

    def bytes_of(self, shaped: Shaped) -> bytes:
        """The body as JSON: as it was made before, if its thing shows the same still."""
        kept = self._kept.get(shaped.thing.id)
        if kept is not None and kept[0] is shaped.thing and kept[1] == shaped.parts:
            return kept[2]
        body = json_bytes(self._finish(shaped.made()))
        self._kept.pop(shaped.thing.id, None)  # to the end of the line of those that are forgotten
        self._kept[shaped.thing.id] = (shaped.thing, shaped.parts, body)
        if len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        return body
