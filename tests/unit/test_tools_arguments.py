"""What a model wrote, believed only after it was checked."""

from __future__ import annotations

import datetime as dt
import enum
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from runfsm.lifecycle.snapshot import ToolCall
from runfsm.tools import BoundCall, Tool, Toolset, tool
from runfsm.tools.arguments import MAX_BYTES


class Unit(enum.Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


class Place(BaseModel):
    city: str
    inside: Place | None = None


@dataclass
class Span:
    start: float
    end: float = 1.0


def _taking(hint: Any) -> Tool[..., Any]:
    """A tool with one parameter `x` of this type."""

    def take(x: Any) -> Any:
        return x

    take.__annotations__ = {"x": hint}
    return tool(take)


ACCEPTED: list[tuple[Any, str, Any]] = [
    (int, "5", 5),
    (float, "5", 5.0),
    (float, "5.5", 5.5),
    (bool, "true", True),
    (str, '"ü\\n"', "ü\n"),
    (int | None, "null", None),
    (Unit, '"c"', Unit.CELSIUS),
    (Literal["c", 1], "1", 1),
    (dt.date, '"2026-08-26"', dt.date(2026, 8, 26)),
    (list[int], "[1, 2]", [1, 2]),
    (set[int], "[1, 1]", {1}),
    (tuple[int, str], '[1, "a"]', (1, "a")),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (Place, '{"city": "A", "inside": {"city": "B"}}', Place(city="A", inside=Place(city="B"))),
    (Span, '{"start": 0}', Span(0.0)),
    (Any, '{"a": [1, null]}', {"a": [1, None]}),
]


@pytest.mark.parametrize(("hint", "text", "expected"), ACCEPTED)
def test_accepted(hint: Any, text: str, expected: Any) -> None:
    """What JSON can say of a type is read as a value of that type."""
    value = _taking(hint).read(f'{{"x": {text}}}')["x"]

    assert expected == value
    assert type(expected) is type(value)


REFUSED: list[tuple[Any, str, tuple[str | int, ...]]] = [
    (int, '"5"', ("x",)),
    (int, "5.0", ("x",)),
    (int, "true", ("x",)),
    (str, "5", ("x",)),
    (bool, "1", ("x",)),
    (float, '"nan"', ("x",)),
    (Unit, '"CELSIUS"', ("x",)),
    (Literal["c", "f"], '"k"', ("x",)),
    (dt.date, "0", ("x",)),
    (list[int], '[1, "2"]', ("x", 1)),
    (Place, '{"city": "A", "inside": {"city": 1}}', ("x", "inside", "city")),
    (Span, '{"start": "0"}', ("x", "start")),
]


@pytest.mark.parametrize(("hint", "text", "where"), REFUSED)
def test_refused(hint: Any, text: str, where: tuple[str | int, ...]) -> None:
    """Nothing is converted that JSON could have said itself, however deep it lies."""
    with pytest.raises(ValidationError) as caught:
        _taking(hint).read(f'{{"x": {text}}}')

    assert [where] == [problem["loc"] for problem in caught.value.errors()]


MALFORMED = {
    "": "EOF",
    "null": "expected a JSON object",
    "[1]": "expected a JSON object",
    '"{}"': "expected a JSON object",
    "{'x': 1}": "key must be a string",
    '{"x": 1,}': "trailing comma",
    '{"x": 1} {}': "trailing characters",
    '{"x": 1, "x": 1}': "'x' stands twice",
    '{"x": {"y": 1, "y": 2}}': "'y' stands twice",
    '{"x": NaN}': "NaN is not a number",
    '{"x": -Infinity}': "-Infinity is not a number",
    '{"x": 1e999}': "1e999 is not a number",
    '{"x": "\ud800"}': "surrogates not allowed",
    '{"x": "\\ud800"}': "hex escape",
    '{"x": ' + "[" * 100_000: "recursion limit",
    '{"x": ' + "1" * 5_000 + "}": "out of range",
    '{"x": "' + "a" * MAX_BYTES + '"}': "bytes are too many",
    "__import__('os').abort()": "expected value",
}


@pytest.mark.parametrize(("text", "problem"), MALFORMED.items(), ids=range(len(MALFORMED)))
def test_malformed(text: str, problem: str) -> None:
    """What is not one bounded JSON object by the letter is refused, even for a type like Any."""
    with pytest.raises(ValueError, match=problem) as caught:
        _taking(Any).read(text)

    assert not isinstance(caught.value, ValidationError)


def test_unknown_and_missing_names() -> None:
    """A name too many is refused, as is one too few; `p0` of the checking model is too many."""
    with pytest.raises(ValidationError) as caught:
        _taking(int).read('{"p0": 1}')

    assert [(p["type"], p["loc"]) for p in caught.value.errors()] == [
        ("missing", ("x",)),
        ("extra_forbidden", ("p0",)),
    ]


def test_defaults_are_fresh() -> None:
    """A mutable default is another object in each call."""

    @tool
    def collect(item: int, into: list[int] = []) -> list[int]:  # noqa: B006  # the point
        into.append(item)
        return into

    one = collect(**collect.read('{"item": 1}'))
    two = collect(**collect.read('{"item": 2}'))

    assert [[1], [2]] == [one, two]


def test_a_default_for_the_model_alone() -> None:
    """A default inside Annotated holds for the model, while Python still asks for a value."""
    absolute = _taking(Annotated[int, Field(default=3), AfterValidator(abs)])

    assert absolute.parameters["properties"]["x"] == {"type": "integer", "default": 3}
    assert absolute.read("{}") == {"x": 3}
    assert absolute.read('{"x": -5}') == {"x": 5}


def _rich(
    a: int,
    b: list[Place],
    c: dict[str, float | None],
    *,
    d: Unit = Unit.CELSIUS,
    e: Span | None = None,
    f: Literal["x", "y"] | bool = "x",
) -> str:
    return f"{a} {b} {c} {d} {e} {f}"


RICH = Toolset([tool(name="rich")(_rich)])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("c"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["city", "inside", "start", "k"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PLACES = st.fixed_dictionaries({"city": st.text(max_size=5)})
OBJECTS = st.fixed_dictionaries(
    {"a": st.integers() | JSON, "b": st.lists(PLACES, max_size=2) | JSON, "c": st.just({}) | JSON},
    optional={"d": JSON, "e": JSON, "f": JSON, "g": JSON},
)
TEXTS = st.text() | JSON.map(json.dumps) | OBJECTS.map(json.dumps)
KINDS = {"malformed_arguments", "invalid_arguments"}


@settings(derandomize=True, database=None, deadline=None)
@given(TEXTS)
@example('{"a": 1, "b": [], "c": {}}')
@example('{"a": 1, "b": [], "c": {}, "g": 1}')
def test_any_text_binds_or_is_told(text: str) -> None:
    """Whatever a model writes is a call that can be made, or an output that says why not."""
    bound = RICH.bind(ToolCall("call_1", "rich", text))

    if isinstance(bound, BoundCall):
        assert isinstance(bound.invoke(), str)
    else:
        assert bound.error in KINDS
        assert bound.error == json.loads(bound.output)["error"]


@settings(derandomize=True, database=None, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "a": st.integers(-(10**30), 10**30),
            "b": st.lists(PLACES, max_size=3),
            "c": st.dictionaries(
                st.text(), st.none() | st.floats(allow_nan=False, allow_infinity=False)
            ),
        },
        optional={
            "d": st.sampled_from(["c", "f"]),
            "e": st.none() | st.fixed_dictionaries({"start": st.integers(-9, 9)}),
            "f": st.sampled_from(["x", "y", True]),
        },
    )
)
def test_every_fitting_object_binds(arguments: dict[str, Any]) -> None:
    """Arguments that the schema allows are never refused, whatever their order and escapes."""
    bound = RICH.bind(ToolCall("call_1", "rich", json.dumps(arguments)))

    assert isinstance(bound, BoundCall)
    assert arguments["a"] == bound.arguments["a"]
    assert set("abcdef") == set(bound.arguments)
