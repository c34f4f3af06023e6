"""A search of a vector store."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from runfsm_simulator.wire.bodies.common import Body, string_or
from runfsm_simulator.wire.validation import TAG

__all__ = ["SearchVectorStore"]

Value = str | bool | float


class Comparison(Body):
    """An attribute, and what it is to be."""

    type: Literal["eq", "ne", "gt", "gte", "lt", "lte"]
    key: str
    value: Value


class Membership(Body):
    """An attribute, and which it may be."""

    type: Literal["in", "nin"]
    key: str
    value: list[Value]


class Compound(Body):
    """Several filters."""

    type: Literal["and", "or"]
    filters: list[Filter]


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    if kind in ("and", "or"):
        return f"{TAG}compound"
    return f"{TAG}membership" if kind in ("in", "nin") else f"{TAG}comparison"


Filter = Annotated[
    Annotated[Compound, Tag(f"{TAG}compound")]
    | Annotated[Membership, Tag(f"{TAG}membership")]
    | Annotated[Comparison, Tag(f"{TAG}comparison")],
    Discriminator(_kind),
]


class Ranking(Body):
    """How passages are ranked: only the threshold makes a difference here."""

    ranker: Literal["none", "auto", "default-2024-11-15"] = "auto"
    score_threshold: Annotated[float, Field(ge=0, le=1)] = 0.0


Query = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class SearchVectorStore(Body):
    """What is looked for, and how much of it is wanted."""

    query: Annotated[
        Annotated[Query, Tag(f"{TAG}string")]
        | Annotated[list[Query], Field(min_length=1), Tag(f"{TAG}other")],
        string_or("an array of strings"),
    ]
    filters: Filter | None = None
    max_num_results: Annotated[int, Field(ge=1, le=50)] = 10
    ranking_options: Ranking = Field(default_factory=Ranking)
    rewrite_query: bool = False

    @property
    def queries(self) -> list[str]:
        """One, or several."""
        return [self.query] if isinstance(self.query, str) else self.query
