"""Pages of a list: order, cursors, limit, envelope.

Recordings: newest first unless asked otherwise; what was created in one second keeps the order of
its creation; an empty page has null for both ids. Cursors are exclusive. That an unknown cursor
is *not found* is a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field

from runfsm_simulator.wire.validation import validate
from runfsm_simulator.world.models import Assistant, Message, Run, Step
from runfsm_simulator.world.refusals import Kind, NotFound

__all__ = ["page"]

ThingT = TypeVar("ThingT", Assistant, Message, Run, Step)


class ListQuery(BaseModel):
    """The parameters of every list. Others are ignored, as `include[]` is."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None


def page(
    things: Sequence[ThingT],
    kind: Kind,
    query: Mapping[str, Sequence[str]],
    shape: Callable[[ThingT], dict[str, Any]],
) -> dict[str, Any]:
    """One page.

    Args:
        things: all of them, in the order of creation.
        kind: what they are, should a cursor not be found.
        query: the request's query.
        shape: makes one of them JSON.

    Raises:
        ApiError: a parameter is invalid.
        NotFound: a cursor is none of `things`.
    """
    asked = validate(ListQuery, {name: values[-1] for name, values in query.items() if values})
    ordered = things if asked.order == "asc" else things[::-1]
    if asked.after:
        ordered = ordered[_index(ordered, kind, asked.after) + 1 :]
    if asked.before:
        ordered = ordered[: _index(ordered, kind, asked.before)]
    # The page before an object is the one that ends at it.
    backwards = asked.before and not asked.after
    found = ordered[-asked.limit :] if backwards else ordered[: asked.limit]
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
