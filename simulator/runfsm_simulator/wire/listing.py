"""Pages of a list: order, cursors, limit, envelope.

Recordings: newest first unless asked otherwise; what was created in one second keeps the order of
its creation; an empty page has null for both ids. Cursors are exclusive. That an unknown cursor
is *not found* is a guess, and so are the words for a `limit` out of range: both are switches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, Field, PrivateAttr, ValidationInfo, field_validator

from runfsm_simulator.wire.validation import switches_in, validate
from runfsm_simulator.world.refusals import Kind, NotFound
from runfsm_simulator.world.switches import DOCUMENTED, Switches, UnknownCursor

__all__ = ["Window"]


NUMBER: Final = re.compile(r"-?\d{1,18}", re.ASCII)


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
    _unknown_cursor: UnknownCursor = PrivateAttr("not_found")

    @classmethod
    def of(cls, query: Mapping[str, Sequence[str]], switches: Switches = DOCUMENTED) -> Self:
        """The window that a request's query asks for.

        Raises:
            ApiError: a parameter is invalid.
        """
        asked = {name: values[-1] for name, values in query.items() if values}
        return validate(cls, asked, switches)

    def model_post_init(self, context: Switches | None) -> None:
        """Keep what a page has to know."""
        self._unknown_cursor = (context or DOCUMENTED).unknown_cursor

    @field_validator("limit", mode="before")
    @classmethod
    def _clamp(cls, value: Any, info: ValidationInfo) -> Any:
        """Bring a number into the range, if a switch wants it there."""
        if switches_in(info).limit_out_of_range != "clamp" or not NUMBER.fullmatch(str(value)):
            return value
        least, most = cls.model_fields["limit"].metadata
        return max(least.ge, min(int(value), most.le))

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
        backwards = False
        for cursor, is_after in ((self.after, True), (self.before, False)):
            beyond = self._beyond(ordered, kind, cursor, is_after=is_after) if cursor else None
            if beyond is not None:
                # The page before an object, and after none, is the one that ends at it.
                backwards = not is_after and len(ordered) == len(things)
                ordered = beyond
        found = ordered[-self.limit :] if backwards else ordered[: self.limit]
        return {
            "object": "list",
            "data": [shape(thing) for thing in found],
            "first_id": found[0].id if found else None,
            "last_id": found[-1].id if found else None,
            "has_more": len(ordered) > len(found),
        }

    def _beyond(
        self, things: Sequence[ThingT], kind: Kind, cursor: str, *, is_after: bool
    ) -> Sequence[ThingT] | None:
        """What is on the wanted side of a cursor; `None`: it is to be ignored."""
        for index, thing in enumerate(things):
            if thing.id == cursor:
                return things[index + 1 :] if is_after else things[:index]
        if self._unknown_cursor == "not_found":
            raise NotFound(kind, cursor)
        return None if self._unknown_cursor == "ignore" else ()
