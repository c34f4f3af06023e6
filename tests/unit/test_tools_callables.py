"""Whatever can be called, as a tool: what it is called by, what it asks for, what is refused."""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest

from runfsm import Tool, ToolDefinitionError, Toolset, tool
from runfsm.lifecycle.snapshot import ToolCall
from runfsm.tools import BoundCall


def get_weather(location: str, unit: str = "f", *, days: int = 1) -> str:
    """Get the weather.

    Args:
        location: City and country.
        unit: As it is printed.
        days: How far ahead.
    """
    return f"{location} {unit} {days}"


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator as many apps have one."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


class Counted:
    """A decorator that is a class."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


@dataclass
class Weather:
    unit: str

    def __call__(self, location: str) -> str:
        """Get the weather."""
        return f"{location} {self.unit}"

    def by_method(self, location: str) -> str:
        """Get the weather."""
        return self(location)

    @classmethod
    def by_class(cls, location: str) -> str:
        """Get the weather."""
        return cls("k")(location)

    @staticmethod
    def by_nobody(location: str) -> str:
        """Get the weather."""
        return f"{location} s"


class Described:
    """Look up anything."""

    def __call__(self, location: str) -> str:
        return location


def called(thing: Any, arguments: str = '{"location": "Oslo"}') -> Any:
    """What a call by a model gives."""
    made = Toolset([thing])
    bound = made.bind(ToolCall("call_1", made.names[0], arguments))
    assert isinstance(bound, BoundCall), bound
    return bound.invoke()


@pytest.mark.reported(
    "pydantic-ai#1097",
    "A `functools.partial` or an `lru_cache`-wrapped function as a tool was refused.",
    now="Whatever has a signature with types is taken; what a partial gives leaves the schema.",
)
@pytest.mark.parametrize(
    ("thing", "name", "asks_for", "gives"),
    [
        (functools.partial(get_weather, unit="c"), "get_weather", ["location", "days"], "Oslo c 1"),
        (
            functools.partial(functools.partial(get_weather, days=2), unit="c"),
            "get_weather",
            ["location"],
            "Oslo c 2",
        ),
        (functools.lru_cache(get_weather), "get_weather", ["location", "unit", "days"], "Oslo f 1"),
        (logged(get_weather), "get_weather", ["location", "unit", "days"], "Oslo f 1"),
        (Counted(get_weather), "get_weather", ["location", "unit", "days"], "Oslo f 1"),
        (
            functools.partial(logged(functools.cache(get_weather)), unit="c"),
            "get_weather",
            ["location", "days"],
            "Oslo c 1",
        ),
        (
            functools.partial(tool(get_weather), days=3),
            "get_weather",
            ["location", "unit"],
            "Oslo f 3",
        ),
        (Weather("c"), "Weather", ["location"], "Oslo c"),
        (Weather("c").by_method, "by_method", ["location"], "Oslo c"),
        (functools.cache(Weather.by_class), "by_class", ["location"], "Oslo k"),
        (Weather.by_class, "by_class", ["location"], "Oslo k"),
        (Weather.by_nobody, "by_nobody", ["location"], "Oslo s"),
        (staticmethod(get_weather), "get_weather", ["location", "unit", "days"], "Oslo f 1"),
    ],
)
def test_whatever_has_a_signature_is_a_tool(
    thing: Any, name: str, asks_for: list[str], gives: str
) -> None:
    """Partials, caches, decorated functions, objects, all kinds of methods (pydantic-ai#1097)."""
    made = tool(thing)

    assert (name, "Get the weather.") == (made.name, made.description)
    assert asks_for == [*made.parameters["properties"]]
    assert gives == called(thing)
    assert name.rpartition("_")[2].lower() in repr(made).lower()


def test_a_partial_by_place_gives_the_first_parameters() -> None:
    """What it gives is not asked for, and has no need of a type."""

    def look_up(connection, key: str) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001  # given
        return f"{connection}[{key}]"

    made = tool(functools.partial(look_up, "db"))

    assert ["key"] == [*made.parameters["properties"]]
    assert "db[a]" == called(made, '{"key": "a"}')


def test_what_a_partial_gives_by_name_cannot_be_overruled() -> None:
    """A model that sends it all the same is refused, as with any other unknown name."""
    made = Toolset([functools.partial(get_weather, unit="c")])
    output = made.bind(ToolCall("call_1", "get_weather", '{"location": "Oslo", "unit": "k"}'))

    assert not isinstance(output, BoundCall)
    assert "invalid_arguments" == output.error


def test_descriptions_of_partials_and_objects() -> None:
    """Theirs, if they have one of their own; else that of the function, then of the class."""
    given = functools.partial(get_weather, unit="c")
    given.__doc__ = "Get it in Celsius."

    assert "Get it in Celsius." == tool(given).description
    assert "Look up anything." == tool(Described()).description
    assert (
        "City and country."
        == (
            tool(functools.partial(get_weather, unit="c")).parameters["properties"]["location"][
                "description"
            ]
        )
    )


def test_a_tool_gets_another_name() -> None:
    """As the error for two tools of one name advises; what is not given stays."""
    first = tool(timeout_s=5)(get_weather)
    second = tool(name="forecast")(first)

    assert ("forecast", "Get the weather.", 5) == (
        second.name,
        second.description,
        second.timeout_s,
    )
    assert "get_weather" == first.name
    assert "Oslo f 1" == called(second)
    assert ("get_weather", "forecast") == Toolset([first, second]).names


@functools.lru_cache
async def cached(location: str) -> str:
    """Get the weather."""
    return location


@functools.singledispatch
def shown(value: int) -> str:
    """Show a number, or something else."""
    return str(value)


class Showing:
    """An object whose method is chosen by its argument."""

    @functools.singledispatchmethod
    def shown(self, value: int) -> str:
        """Show a number, or something else."""
        return str(value)


async def told(location: str) -> AsyncIterator[str]:
    """Tell one by one."""
    yield location


class TestRefused:
    @pytest.mark.parametrize(
        ("thing", "problem", "right"),
        [
            (Weather, "a class is no tool", "tool(Weather().a_method)"),
            (functools.partial(Weather), "a class is no tool", "tool(Weather().a_method)"),
            (lambda location: location, "a lambda has no name", "def get_weather(location: str)"),
            (functools.partial(lambda a: a), "a lambda has no name", "def get_weather("),
            (len, "a builtin has no type hints", "def my_len(text: str) -> str"),
            (print, "a builtin has no type hints", "def my_print(text: str)"),
            (dict[str, str]().get, "a builtin has no type hints", "def my_get(text: str)"),
            (operator.itemgetter(1), "its parameters are not known", "def my_tool(text: str)"),
            (classmethod(get_weather), "no class before the class is made", "tool(TheClass.get_w"),
            (
                functools.partial(get_weather, "a", "b", "c"),
                "has incorrect arguments",
                "def my_get_w",
            ),
            (cached, "can be awaited only once", "with a dict of its results"),
            (shown, "singledispatch chooses by", "return shown(value)"),
            (Showing().shown, "singledispatch chooses by", "def one_more(value"),
            (told, "an async generator has no result", "async def told(...) -> list[str]"),
            (functools.partial(told, "a"), "an async generator has no result", "return [...]"),
            ("f", "a tool is made from a function", "tool(get_weather)"),
            (5, "a tool is made from a function", "tool(get_weather)"),
            (None, "a tool is made from a function", "tool(get_weather)"),
        ],
    )
    def test_with_advice_that_fits(self, thing: Any, problem: str, right: str) -> None:
        """Each kind of thing that is no tool is told what would be one."""
        with pytest.raises(ToolDefinitionError) as caught:
            Tool(thing)

        head, *_ = str(caught.value).split("\n")
        assert problem in head
        assert right in str(caught.value)


# A function and a schema -------------------------------------------------------------------------

PLACE = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 1},
        "inside": {"$ref": "#/$defs/Place"},
    },
    "required": ["city"],
    "additionalProperties": False,
    "$defs": {"Place": {"type": "object", "required": ["city"]}},
}


def call(**arguments: Any) -> str:
    """Call a server."""
    return json.dumps(arguments)


def of_schema(function: Any = call, **more: Any) -> Tool[..., Any]:
    """A tool of a schema."""
    return Tool.from_schema(
        **({"name": "look_up", "parameters": PLACE, "function": function} | more)
    )


@pytest.mark.reported(
    "modelcontextprotocol/python-sdk#761",
    "A JSON schema and a function, as MCP servers give them, could not be a tool.",
    now="`Tool.from_schema(...)`; the arguments are checked by the schema before the call.",
)
def test_a_schema_and_a_function_are_a_tool() -> None:
    """The model sees the schema, and the function gets JSON values (python-sdk#761 of MCP)."""
    made = of_schema(description="Look up a place.", timeout_s=5)

    assert ("look_up", "Look up a place.", PLACE, 5) == (
        made.name,
        made.description,
        made.parameters,
        made.timeout_s,
    )
    arguments = '{"city": "Oslo", "inside": {"city": "Norway"}}'
    assert arguments == called(made, arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ("{}", "invalid_arguments", "Wrong: 'city' is a required property."),
        ('{"city": 5}', "invalid_arguments", 'Wrong: city: does not fit type: "string".'),
        ('{"city": "a", "days": 0}', "invalid_arguments", "Wrong: days: does not fit minimum: 1."),
        ('{"city": "a", "inside": {}}', "invalid_arguments", "inside: 'city' is a required"),
        ('{"city": "a", "x": 5}', "invalid_arguments", "('x' was unexpected)"),
        ('{"city": "a", "city": "b"}', "malformed_arguments", "stands twice"),
        ('{"city": NaN}', "malformed_arguments", "not a JSON object"),
        ("[]", "malformed_arguments", "expected a JSON object"),
    ],
)
def test_arguments_are_checked_by_the_schema(arguments: str, error: str, message: str) -> None:
    """The model is told what is wrong, and the function is not called."""
    output = Toolset([of_schema()]).bind(ToolCall("call_1", "look_up", arguments))

    assert not isinstance(output, BoundCall)
    assert error == output.error
    assert message in json.loads(output.output)["message"]


def test_a_property_that_is_never_allowed() -> None:
    """A property whose schema is `false` is told to the model in words."""
    made = of_schema(parameters={"type": "object", "properties": {"a": True, "b": False}})
    output = Toolset([made]).bind(ToolCall("call_1", "look_up", '{"a": 1, "b": 2}'))

    assert not isinstance(output, BoundCall)
    assert json.loads(output.output)["message"].endswith("has a property that is not allowed.")


def test_a_property_may_have_any_name() -> None:
    """Those of Python's own words, too: `self`, `class`, `name`."""
    names = dict.fromkeys(("self", "class", "name", "function", "two words"), 1)
    made = of_schema(
        parameters=MappingProxyType({"type": "object", "properties": {key: {} for key in names}})
    )

    assert json.dumps(names) == called(made, json.dumps(names))


def test_a_schema_that_is_changed_later_changes_nothing() -> None:
    """The tool has a copy."""
    mine = json.loads(json.dumps(PLACE))
    made = of_schema(parameters=mine)
    mine["properties"].clear()

    assert PLACE == made.parameters
    assert PLACE == tool(name="other")(made).parameters


def takes_city(city: str) -> str:
    """Take one of the properties."""
    return city


def takes_more(city: str, key: str, **rest: Any) -> str:  # noqa: ARG001  # its parameters are read
    """Take what the schema does not have."""
    return city


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"parameters": {"type": "objekt"}}, "is no JSON schema: 'objekt' is not valid"),
        (
            {"parameters": {"type": "object", "default": {1}}},
            "is no JSON schema: Object of type set",
        ),
        ({"parameters": {"type": "object", "default": float("nan")}}, "is no JSON schema: Out of"),
        ({"parameters": {"type": "string"}}, "a model sends an object"),
        ({"parameters": {}}, 'a model sends an object: "type" is "object" at the top'),
        ({"parameters": {"$schema": 5, "type": "object"}}, "is no JSON schema"),
        ({"parameters": []}, "a model sends an object"),
        (
            {"parameters": {"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}}},
            "refers to '#/$defs/b', which is not in it",
        ),
        (
            {"parameters": {"type": "object", "properties": {"a": {"$ref": "https://x.test/a"}}}},
            "refers to 'https://x.test/a', which is not in it",
        ),
        ({"function": takes_city}, "does not take what the schema sends: got an unexpected"),
        ({"function": takes_more}, "does not take what the schema sends: missing a required"),
        ({"function": Weather}, "a class is no tool"),
        ({"function": "call"}, "a tool is made from a function"),
        ({"name": "two words"}, "a name is 1 to 64"),
    ],
)
def test_refused_schemas(more: dict[str, Any], problem: str) -> None:
    """A schema that no model could fill, and a function that would not take it, are refused."""
    with pytest.raises(ToolDefinitionError) as caught:
        of_schema(**more)

    assert problem in str(caught.value).split("\n", maxsplit=1)[0]
