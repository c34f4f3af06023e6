"""Arguments made from a JSON schema fit that schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, Field, create_model

from runfsm_simulator.world.arguments import SHAPES, VALUES_MAX, make_arguments


def first(_stream: str, options: Sequence[Any]) -> Any:
    """Choose the first option."""
    return options[0]


def last(_stream: str, options: Sequence[Any]) -> Any:
    """Choose the last option."""
    return options[-1]


def value_for(schema: Any, **around: Any) -> Any:
    """The value made for one required property."""
    whole = {"properties": {"place": schema}, "required": ["place"], **around}
    return make_arguments(whole, pick=first)["place"]


# pydantic is the oracle: it writes the schema, and then judges the arguments made for it. ---------


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class City(BaseModel):
    name: str
    twin: City | None
    districts: list[City]


@st.composite
def bounded_number(draw: st.DrawFn) -> Any:
    """A number type, a whole multiple of whose step lies within its bounds."""
    kind, step = draw(
        st.sampled_from([(int, None), (int, 3), (float, None), (float, 0.25), (float, 5)])
    )
    low = draw(st.integers(-1000, 1000))
    high = low + draw(st.integers(11, 100))  # twice the largest step, and a bit for open bounds
    bounds = {draw(st.sampled_from(["ge", "gt"])): low, draw(st.sampled_from(["le", "lt"])): high}
    kept = {key: value for key, value in bounds.items() if draw(st.booleans())}
    return Annotated[kind, Field(multiple_of=step, **kept)]


@st.composite
def bounded_text(draw: st.DrawFn) -> Any:
    """Text between two lengths, perhaps with a hint in its description."""
    low = draw(st.integers(0, 40))
    high = low + draw(st.integers(0, 40))
    description = draw(
        st.sampled_from(["", "A place, e.g. Paris.", 'One, e.g. "San Francisco, CA"'])
    )
    return Annotated[str, Field(min_length=low, max_length=high, description=description)]


PLAIN = st.sampled_from(
    [bool, None, Colour, Literal["a", 1], date, datetime, time, timedelta, UUID, AnyUrl, City, Any,
     dict[str, int], tuple[int, str, City]]
)  # fmt: skip  # a list of types


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists of a type, unions with it, and models around it."""
    sized = st.builds(
        lambda item, low, room: Annotated[
            list[item],  # type: ignore[valid-type]  # built at run time
            Field(min_length=low, max_length=low + room),
        ],
        inner,
        st.integers(0, 3),
        st.integers(0, 3),
    )
    union = st.builds(lambda one, other: one | other, st.sampled_from([str, bool, City]), inner)
    nested = inner.map(lambda kind: create_model("Nested", inside=(kind, ...)))
    return sized | union | nested


KINDS = st.recursive(PLAIN | bounded_number() | bounded_text(), containers, max_leaves=6)


@given(kinds=st.lists(KINDS, max_size=4), pick=st.sampled_from([first, last]))
def test_arguments_fit_the_schema_that_they_are_made_for(kinds: list[Any], pick: Any) -> None:
    """Whatever model pydantic describes, it accepts the arguments made from the description."""
    fields = {f"field_{index}": (kind, ...) for index, kind in enumerate(kinds)}
    model = create_model("Arguments", **fields)  # type: ignore[call-overload]  # names made up

    made = make_arguments(model.model_json_schema(), pick=pick)

    model.model_validate_json(json.dumps(made), strict=True)


KEYWORDS = st.sampled_from(sorted(SHAPES))
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | KEYWORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=3),
    max_leaves=12,
)


@given(schema=st.dictionaries(KEYWORDS, JUNK, max_size=4), pick=st.sampled_from([first, last]))
def test_any_json_will_do_for_a_schema(schema: dict[str, Any], pick: Any) -> None:
    """What is no schema at all still makes arguments: `"properties": []` says nothing."""
    json.dumps(make_arguments({"properties": {"a": schema}, "required": ["a"]}, pick=pick))
    json.dumps(make_arguments(schema, pick=pick))


# Which value it is -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 7, "enum": [8]}, 7),
        ({"enum": ["c", "f"], "default": "f"}, "c"),
        ({"type": "string", "default": "here", "examples": ["there"]}, "here"),
        ({"type": "string", "examples": ["there"], "description": "e.g. Rome"}, "there"),
        ({"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
         "San Francisco, CA"),
        ({"type": "string", "description": "A city (e.g. Paris) of the world"}, "Paris"),
        ({"type": "string", "description": "A city, e.g. Paris. Not a river."}, "Paris"),
        ({"type": "string", "description": "A version, e.g. 2.1.0, to install"},
         "2.1.0, to install"),
        ({"type": "string", "description": "A city, e.g., 'St. Ives'"}, "St. Ives"),
        ({"type": "string", "format": "date", "description": "e.g. today"}, "2026-01-31"),
        ({"type": "string"}, "example place"),
        ({}, "example place"),
        (True, "example place"),
        ({"type": "string", "maxLength": 3}, "exa"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3}, 2),
        ({"type": "number", "minimum": 0.25, "multipleOf": 0.1, "maximum": 0.35}, 0.3),
        ({"maximum": -5}, -5.0),
        ({"type": ["null", "boolean"]}, True),
        ({"type": ["null"]}, None),
        ({"items": {"type": "integer"}}, [1]),
        ({"type": "array", "maxItems": 0, "items": {}}, []),
        ({"prefixItems": [{"type": "integer"}, {"type": "null"}]}, [1, None]),
        ({"properties": {"a": {"type": "null"}, "b": {}}, "required": ["a"]}, {"a": None}),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, True),
        ({"oneOf": [{"const": 1}, {"const": 2}]}, 1),
        ({"allOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]},
                    {"properties": {"b": {"const": 2}}, "required": ["b"]}]}, {"a": 1, "b": 2}),
    ],
)  # fmt: skip  # a row is a schema and the value made for it
def test_the_value_is_the_plainest_that_the_schema_offers(schema: Any, value: Any) -> None:
    """const, enum, default, examples, a hint, then the type: in this order."""
    assert value == value_for(schema)


def test_properties_that_are_not_required_are_left_out() -> None:
    """So a function is called with its own defaults."""
    schema = {"properties": {"unit": {"default": "f"}, "place": {}}, "required": ["place"]}

    assert {"place": "example place"} == make_arguments(schema, pick=first)


def test_a_reference_is_followed_inside_the_schema() -> None:
    """A JSON pointer, escapes and all, leads to the schema that holds."""
    defs = {"a/b~c": {"type": "string", "description": "e.g. Paris"}}

    assert "Paris" == value_for({"$ref": "#/$defs/a~1b~0c"}, **{"$defs": defs})


def test_what_stands_beside_a_reference_counts_too() -> None:
    """The siblings of a `$ref` add to what it points at, and override it."""
    defs = {"city": {"type": "string", "description": "e.g. Paris", "maxLength": 3}}
    schema = {"$ref": "#/$defs/city", "description": "e.g. Rome"}

    assert "Rom" == value_for(schema, **{"$defs": defs})


@pytest.mark.parametrize("ref", ["https://example.com/schema", "#/nowhere", "#/required/0"])
def test_a_reference_to_nothing_allows_anything(ref: str) -> None:
    """No schema is fetched from anywhere; what is not there does not bind."""
    assert "example place" == value_for({"$ref": ref})


TREE = {
    "type": "object",
    "properties": {
        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
        "parent": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
    },
    "required": ["children", "parent"],
}


def test_a_recursive_schema_ends_at_the_first_way_out() -> None:
    """A list in a circle is empty, and a union in a circle is null."""
    made = value_for({"$ref": "#/$defs/tree"}, **{"$defs": {"tree": TREE}})

    assert {"children": [], "parent": None} == made


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/properties/place"},
        {"allOf": [{"$ref": "#/properties/place"}, {"$ref": "#/properties/place"}]},
        {"anyOf": [{"$ref": "#/properties/place"}]},
        {"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}, "required": ["a", "b"]},
        {"type": "array", "minItems": 9, "items": {"items": {"$ref": "#/properties/place"}}},
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**12},
        {"type": "integer", "minimum": 10**400},
    ],
    ids=[
        "itself", "all of itself", "any of itself", "two of itself", "lists of itself",
        "a billion items", "a terabyte of text", "a number beyond floats",
    ],
)  # fmt: skip  # ids in the order of the schemas
def test_a_schema_that_asks_for_too_much_gets_less(schema: Any) -> None:
    """A circle without a way out, or a huge bound, is cut: the value may not fit, but it ends."""
    assert len(repr(value_for(schema))) < 50 * VALUES_MAX
