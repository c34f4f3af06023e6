"""Type hints of tools: checked as a whole before the call, and described to the model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Collection,
    Container,
    Generator,
    Iterable,
    Iterator,
    Reversible,
)
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypeVar
from typing import Iterable as OldIterable  # noqa: UP035  # many apps still write it so

import pytest
from annotated_types import DocInfo, doc
from pydantic import BaseModel, Field, SkipValidation, WithJsonSchema
from typing_extensions import Doc, TypeAliasType, TypedDict

from runfsm import Tool, ToolDefinitionError, Toolset, tool
from runfsm.lifecycle.snapshot import ToolCall
from runfsm.tools import BoundCall


def taking(hint: Any, docstring: str = "", **default: Any) -> Tool[..., Any]:
    """A tool with one parameter `x` of this type."""

    def take(x: Any) -> Any:
        return x

    take.__annotations__ = {"x": hint}
    take.__doc__ = docstring
    take.__defaults__ = (default["x"],) if default else None
    return tool(take)


def bound(made: Tool[..., Any], value: Any) -> Any:
    """The call of a model that sends this value, or the output that refuses it."""
    return Toolset([made]).bind(ToolCall("call_1", "take", json.dumps({"x": value})))


# Checked before the call -------------------------------------------------------------------------

LISTS = [
    (Iterable[int], [1, 2], ["a"]),
    (OldIterable[int], [1, 2], [1, "a"]),
    (Collection[int], [1, 2], ["a"]),
    (Reversible[int], [1, 2], ["a"]),
    (Container[int], [1, 2], ["a"]),
    (Iterable[int] | None, [1, 2], ["a"]),
    (Optional[Iterable[int]], [1, 2], ["a"]),  # noqa: UP045  # many apps still write it so
    (Annotated[Iterable[int], Field(min_length=1)], [1, 2], []),
    (dict[str, Iterable[int]], {"a": [1]}, {"a": ["b"]}),
    (list[Iterable[int]], [[1], [2]], [["a"]]),
    (Iterable[Iterable[int]], [[1], [2]], [["a"]]),
    (tuple[Iterable[int], ...], [[1], [2]], [["a"]]),
    (Iterable[Annotated[int, Field(ge=0)]], [1, 2], [-1]),
    (SkipValidation[int], 5, "a"),
    (Annotated[int, SkipValidation], 6, "b"),
    (list[SkipValidation[int]], [5], ["a"]),
]


@pytest.mark.reported(
    "pydantic#9266, #9541",
    "A tool parameter `Iterable[int]` was checked while it was read, and readable once.",
    now="It is checked as a list before the call, and the tool gets a list.",
)
@pytest.mark.parametrize(("hint", "good", "bad"), LISTS)
def test_what_pydantic_checks_late_is_checked_before_the_call(
    hint: Any, good: Any, bad: Any
) -> None:
    """The model is told what does not fit, and the tool gets lists (pydantic#9266, #9541)."""
    made = taking(hint)
    refused, taken = bound(made, bad), bound(made, good)

    assert not isinstance(refused, BoundCall)
    assert "invalid_arguments" == refused.error
    value = taken.invoke()
    assert (good, good) == tuple(json.loads(json.dumps(value)) for _ in "ab")  # read twice


def test_an_iterable_of_anything_is_a_list() -> None:
    """Without a type for its items, and with a default that is a tuple."""
    made = taking(Iterable, x=())

    assert {"type": "array", "items": {}, "default": []} == made.parameters["properties"]["x"]
    assert [1, "a"] == bound(made, [1, "a"]).invoke()
    assert {"x": ()} == made.read("{}")
    assert made.parameters == taking(OldIterable, x=()).parameters  # its old name


T = TypeVar("T", bound=Iterable[int])
Ids = NewType("Ids", Iterable[int])
Alias = TypeAliasType("Alias", Iterable[int])


class Order(BaseModel):
    items: Iterable[int]


class Skipping(BaseModel):
    item: SkipValidation[int]


@dataclasses.dataclass
class Basket:
    order: Order | None
    ids: Iterable[int] = ()


class Bag(TypedDict):
    ids: Iterable[int]


class Pair(NamedTuple):
    ids: Iterable[int]


@pytest.mark.parametrize(
    ("hint", "where"),
    [
        (Order, "Order.items is not checked before the call"),
        (list[Order], "Order.items is not checked before the call"),
        (Skipping, "Skipping.item is not checked before the call"),
        (Basket, "Order.items is not checked before the call"),
        (Bag, "Bag.ids is not checked before the call"),
        (Pair, "Pair.ids is not checked before the call"),
        (T, "its type is not checked before the call"),
        (Ids, "its type is not checked before the call"),
        (Alias, "its type is not checked before the call"),
        (Iterator[int], "a model sends all values at once, and this is read once"),
        (Iterator, "a model sends all values at once, and this is"),
        (Generator[int, None, None], "a model sends all values at once, and this is read once"),
        (AsyncIterator[int], "a model sends all values at once, and this is read once"),
        (AsyncIterable[int], "a model sends all values at once, and this is read once"),
        (dict[str, Generator[int, None, None]], "its type is not checked before the call"),
        (dict[str, Iterator[int]], "its type has no JSON schema"),
    ],
)
def test_what_cannot_be_checked_before_the_call_is_refused(hint: Any, where: str) -> None:
    """The error names the class and the field, and says what to write."""
    with pytest.raises(ToolDefinitionError) as caught:
        taking(hint)

    assert f"tool 'take', parameter 'x': {where}" in str(caught.value)
    assert "list[int]" in str(caught.value) or "JSON" in where


def test_anything_with_a_schema_of_its_own_is_not_refused() -> None:
    """`Any` is checked by nobody, and by design; so is one that comes with a schema."""
    schema = {"type": "string"}
    made = taking(dict[str, Annotated[Any, WithJsonSchema(schema)]])

    assert schema == made.parameters["properties"]["x"]["additionalProperties"]


# Described ---------------------------------------------------------------------------------------

ARGS = "Take it.\n\nArgs:\n    x: From the docstring."


@pytest.mark.reported(
    "openai-agents-python#1731",
    'The description in `Annotated[str, "a city"]`, or in `Doc("a city")`, was dropped.',
    now="The model is told it; the most specific description wins.",
)
@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (str, "From the docstring."),
        (Annotated[str, "A text."], "A text."),
        (Annotated[str, Doc("A Doc.")], "A Doc."),
        (Annotated[str, doc("A doc.")], "A doc."),
        (Annotated[str, DocInfo("A DocInfo.")], "A DocInfo."),
        (Annotated[str, Field(description="A Field.")], "A Field."),
        (Annotated[str, Field(min_length=1)], "From the docstring."),
        (Annotated[str, "A text.", Field(min_length=1)], "A text."),
        (Annotated[str, Doc("A Doc."), "A text."], "A Doc."),
        (Annotated[str, Field(description="A Field."), Doc("A Doc."), "A text."], "A Field."),
        (Annotated[str, "A text.", "Another."], "Another."),
        (Annotated[Annotated[str, "Inner."], "Outer."], "Outer."),
        (Annotated[Literal["a", "b"], "A choice."], "A choice."),
        (Annotated[str | None, "Perhaps."], "Perhaps."),
        (Annotated[Iterable[int], "Some."], "Some."),
    ],
    ids=str,
)
def test_the_most_specific_description_wins(hint: Any, expected: str) -> None:
    """`Field`, then `Doc`, then a plain text, then the docstring (openai-agents-python#1731)."""
    assert expected == taking(hint, ARGS).parameters["properties"]["x"]["description"]


def test_descriptions_within_a_type_are_told() -> None:
    """Of the items of a list, the values of a dict, the alternatives of a union."""
    told = taking(dict[str, list[Annotated[int, "One."]] | Annotated[str, Doc("Or a text.")]])
    inner = told.parameters["properties"]["x"]["additionalProperties"]["anyOf"]

    assert "One." == inner[0]["items"]["description"]
    assert "Or a text." == inner[1]["description"]


class Place(BaseModel):
    city: Annotated[str, "Of a model."]
    country: Annotated[str, "Dropped.", Field(description="Wins.")]


@dataclasses.dataclass
class Span:
    city: Annotated[str, Doc("Of a dataclass.")]


class Options(TypedDict):
    city: Annotated[str, "Of a dict."]


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (Place, ["Of a model.", "Wins."]),
        (Span, ["Of a dataclass."]),
        (Options, ["Of a dict."]),
    ],
)
def test_descriptions_of_fields_are_told(hint: Any, expected: list[str]) -> None:
    """Those of a model, a dataclass and a typed dict, too."""
    definition = taking(hint).parameters["$defs"][hint.__name__]

    assert expected == [part["description"] for part in definition["properties"].values()]
