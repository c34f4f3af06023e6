"""Pages of a list: order, cursors, limit, envelope.

Recordings: newest first unless asked otherwise; what was created in one second keeps the order of
its creation; an empty page has null for both ids. Cursors are exclusive. That an unknown cursor
is *not found* is a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, Field

from runfsm_simulator.wire.validation import validate
from runfsm_simulator.world.refusals import Kind, NotFound

__all__ = ["Window"]


class Thing(Protocol):
    """Whatever can be listed."""

    id: str


ThingT = TypeVar("ThingT", bound=Thing)


class Window(BaseModel):
    """What to show of a list: the parameters that all of them have.

    Others are ignored, as `include[]` is.
    """

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None

    @classmethod
    def of(cls, query: Mapping[str, Sequence[str]]) -> Self:
        """The window that a request's query asks for.

        Raises:
            ApiError: a parameter is invalid.
        """
        return validate(cls, {name: values[-1] for name, values in query.items() if values})

    def page(
        self, things: Sequence[ThingT], kind: Kind, shape: Callable[[ThingT], dict[str, Any]]
    ) -> dict[str, Any]:
        """One page.

        Args:
            things: all of them, in the order of creation.
            kind: what they are, should a cursor not be found.
            shape: makes one of them JSON.

        Raises:
            NotFound: a cursor is none of `things`.
        """
        ordered = things if self.order == "asc" else things[::-1]
        if self.after:
            ordered = ordered[_index(ordered, kind, self.after) + 1 :]
        if self.before:
            ordered = ordered[: _index(ordered, kind, self.before)]
        # The page before an object is the one that ends at it.
        backwards = self.before and not self.after
        found = ordered[-self.limit :] if backwards else ordered[: self.limit]
        return {
            "object": "list",
            "data": [shape(thing) for thing in found],
            "first_id": found[0].id if found else None,
            "last_id": found[-1].id if found else None,
            "has_more": len(ordered) > len(found),
        }


def _index(things: Sequence[ThingT], kind: Kind, cursor: str) -> int:
    for index, thing in enumerate(things):
        if thing.id == cursor:
            return index
    raise NotFound(kind, cursor)
