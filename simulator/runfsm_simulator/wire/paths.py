"""Finds the route of a path by look-ups, however many routes there are.

A path is cut at its slashes. The routes of as many segments are kept by their literal segments, in
one dictionary for each way in which literals and ids can alternate; there are one to four.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Generic, TypeVar

__all__ = ["Paths", "pattern"]

T = TypeVar("T")

ID: Final = re.compile(r"\{(\w+)\}")


def pattern(path: str) -> re.Pattern[str]:
    """The pattern of a path; `{name}` is one segment."""
    return re.compile(ID.sub(r"(?P<\1>[^/]+)", path))


@dataclass(slots=True)
class Route(Generic[T]):
    """A path of the table.

    Attributes:
        order: its place in the table.
        path: as it is written there.
        ids: the name of each id in it, and which segment that is.
        value: what stands there.
    """

    order: int
    path: str
    ids: tuple[tuple[str, int], ...]
    value: T


@dataclass(slots=True)
class Shape(Generic[T]):
    """The routes whose literal segments are at the same places, by these segments."""

    literals: Callable[[list[str]], object]
    routes: dict[object, Route[T]]


class Paths(Generic[T]):
    """A table of paths, made to be searched. Of several that fit, the first is found.

    Args:
        table: what stands at each path; `{name}` in it is one segment, not an empty one.

    Example:
        >>> Paths({"/threads/{thread_id}": 1}).find("/threads/thread_1")
        ('/threads/{thread_id}', 1, {'thread_id': 'thread_1'})
    """

    def __init__(self, table: Mapping[str, T]) -> None:
        shapes: dict[tuple[int, tuple[int, ...]], Shape[T]] = {}
        self._by_length: dict[int, list[Shape[T]]] = {}
        for order, (path, value) in enumerate(table.items()):
            parts = path.split("/")
            named = [(found[1], at) for at, part in enumerate(parts) if (found := ID.match(part))]
            places = tuple({*range(len(parts))} - {at for _, at in named})
            shape = shapes.get((len(parts), places))
            if shape is None:
                shape = shapes[len(parts), places] = Shape(itemgetter(*places), {})
                self._by_length.setdefault(len(parts), []).append(shape)
            route = Route(order, path, tuple(named), value)
            shape.routes.setdefault(shape.literals(parts), route)

    def find(self, path: str) -> tuple[str, T, dict[str, str]] | None:
        """The path of the table that fits, what stands there, and the ids by their names."""
        parts = path.split("/")
        if parts.count("") != 1:  # before the first slash; an empty id is none
            return None
        best: Route[T] | None = None
        for shape in self._by_length.get(len(parts), ()):
            route = shape.routes.get(shape.literals(parts))
            if route and (best is None or route.order < best.order):
                best = route
        if best is None:
            return None
        return best.path, best.value, {name: parts[at] for name, at in best.ids}
