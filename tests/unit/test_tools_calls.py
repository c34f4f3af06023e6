"""From a tool and a call to an output: `@tool`, `Toolset`, `BoundCall`."""

from __future__ import annotations

import asyncio
import datetime as dt
import enum
import inspect
import json
import math
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel

from runfsm.driver.request import ToolOutput
from runfsm.errors import ToolDefinitionError
from runfsm.lifecycle.snapshot import ToolCall
from runfsm.tools import BoundCall, Tool, Toolset, tool


@tool
def get_weather(location: str, unit: Literal["c", "f"] = "f") -> str:
    """Get the weather."""
    return f"22{unit} in {location}"


@tool(name="later", description="Twice.", timeout_s=5)
async def twice(number: int) -> int:
    """Double a number."""
    return 2 * number


class Colour(str, enum.Enum):  # noqa: UP042  # a StrEnum has no text but its value
    RED = "red"


class Point(BaseModel):
    x: int


TOOLS = Toolset([get_weather, twice])


def _call(name: str = "get_weather", arguments: str = '{"location": "Oslo"}') -> ToolCall:
    return ToolCall("call_1", name, arguments)


def _bound(tools: Toolset = TOOLS, **parts: str) -> BoundCall:
    made = tools.bind(_call(**parts))
    assert isinstance(made, BoundCall)
    return made


def _told(output: BoundCall | ToolOutput) -> str:
    """The message of an output that tells of a failure."""
    assert isinstance(output, ToolOutput)
    said = json.loads(output.output)
    assert said == {"error": output.error, "message": said["message"]}
    assert isinstance(said["message"], str)
    return said["message"]


# A tool ------------------------------------------------------------------------------------------


def test_a_tool_is_its_function() -> None:
    """A direct call is the function's own: positional, unchecked, with its name and docstring."""
    assert get_weather("Oslo", "k") == "22k in Oslo"  # type: ignore[arg-type]  # unchecked
    assert vars(get_weather)["__name__"] == "get_weather"
    assert get_weather.__doc__ == "Get the weather."
    assert list(inspect.signature(get_weather).parameters) == ["location", "unit"]


def test_an_async_tool_is_its_function() -> None:
    """A direct call of an async tool is to be awaited, and the tool says so."""
    assert twice.is_async
    assert not get_weather.is_async
    assert asyncio.run(twice(4)) == 8


def test_what_is_given_to_the_decorator() -> None:
    """Name, description and timeout are those that were given."""
    assert (twice.name, twice.description) == ("later", "Twice.")
    assert twice.timeout_s == 5
    assert get_weather.timeout_s is None


def test_schema_on_the_wire() -> None:
    """The schema is an entry of the Assistants API's `tools`."""
    assert get_weather.schema == {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the weather.",
            "parameters": get_weather.parameters,
        },
    }


def test_attributes_of_the_function_do_not_displace_those_of_the_tool() -> None:
    """A function that carries a `name` of its own is still called by the tool's."""

    def f() -> None: ...

    f.name = "other"  # type: ignore[attr-defined]  # any function can carry attributes

    assert tool(f).name == "f"


def test_bound_methods() -> None:
    """A bound method is a tool without `self`."""

    class Greeter:
        def __init__(self, word: str) -> None:
            self.word = word

        def greet(self, name: str) -> str:
            return f"{self.word} {name}"

    greet = tool(Greeter("Hei").greet)

    assert list(greet.parameters["properties"]) == ["name"]
    assert greet(**greet.read('{"name": "Ida"}')) == "Hei Ida"


@pytest.mark.parametrize("timeout_s", [0, -1, math.nan])
def test_refused_timeouts(timeout_s: float) -> None:
    """A timeout that no call can meet is refused."""
    with pytest.raises(ToolDefinitionError, match=r"write: +tool\(timeout_s=30\)"):
        tool(name="nothing", timeout_s=timeout_s)(lambda: None)


# A set of tools ----------------------------------------------------------------------------------


def test_toolset_holds_tools_by_name() -> None:
    """A set knows its tools' names, in order, and makes tools of plain functions."""

    def plain() -> None: ...

    tools = Toolset([get_weather, twice, plain])

    assert tools.names == ("get_weather", "later", "plain")
    assert [each.name for each in tools] == ["get_weather", "later", "plain"]
    assert all(isinstance(each, Tool) for each in tools)
    assert len(tools) == 3
    assert "later" in tools
    assert "twice" not in tools
    assert [each.schema for each in tools] == tools.schemas
    assert Toolset().schemas == []


def test_two_tools_of_one_name() -> None:
    """A name that is taken is refused, and the error names both functions."""

    def other() -> None: ...

    with pytest.raises(ToolDefinitionError, match=r"twice\) and .*other\)") as caught:
        Toolset([twice, tool(name="later")(other)])

    assert caught.value.tool == "later"


# A call that cannot be made ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "error", "message"),
    [
        ("twice", "{}", "unknown_tool", "No such tool. The tools are: get_weather, later."),
        ("__call__", "{}", "unknown_tool", "No such tool. The tools are: get_weather, later."),
        (
            "get_weather",
            "location=Oslo",
            "malformed_arguments",
            "The arguments are not a JSON object: expected value at line 1 column 1",
        ),
        (
            "get_weather",
            '{"unit": "k", "when": "now"}',
            "invalid_arguments",
            (
                "Parameters: location, unit?. Wrong: location: Field required; "
                "unit: Input should be 'c' or 'f'; when: Extra inputs are not permitted."
            ),
        ),
        (
            "later",
            '{"number": "secret"}',
            "invalid_arguments",
            "Parameters: number. Wrong: number: Input should be a valid integer.",
        ),
    ],
)
def test_calls_that_cannot_be_made(name: str, arguments: str, error: str, message: str) -> None:
    """The model is told what is wrong, and what would be right, but not what it wrote."""
    output = TOOLS.bind(_call(name, arguments))

    assert isinstance(output, ToolOutput)
    assert ("call_1", name, error, None) == (
        output.call_id,
        output.name,
        output.error,
        output.exception,
    )
    assert message == _told(output)


def test_no_tools_at_all() -> None:
    """A set without tools says so."""
    assert _told(Toolset().bind(_call())) == "No such tool. The tools are: none."


def test_many_problems() -> None:
    """Of many problems the first ten are told, and the others counted."""

    def total(numbers: list[int]) -> None: ...

    message = _told(Toolset([total]).bind(_call("total", json.dumps({"numbers": ["1"] * 12}))))

    assert message.count("valid integer") == 10
    assert message.endswith("and 2 more.")


def _fragile(number: int) -> int:
    raise LookupError(f"no table for {number}")


def test_a_validator_that_raises() -> None:
    """An exception in a type's own validator is an output, too."""

    def look_up(number: Annotated[int, AfterValidator(_fragile)]) -> None: ...

    output = Toolset([look_up]).bind(_call("look_up", '{"number": 5}'))

    assert isinstance(output, ToolOutput)
    assert output.error == "raised"
    assert isinstance(output.exception, LookupError)
    assert _told(output) == "LookupError: no table for 5"


# A call that was made ----------------------------------------------------------------------------


def test_a_bound_call() -> None:
    """A call that fits is the tool with its arguments, complete with defaults."""
    made = _bound()

    assert ("call_1", get_weather) == (made.call_id, made.tool)
    assert made.arguments == {"location": "Oslo", "unit": "f"}
    assert made.invoke() == "22f in Oslo"
    assert "Oslo" not in repr(made)


def test_a_bound_call_of_an_async_tool() -> None:
    """Invoking an async tool gives an awaitable."""
    assert asyncio.run(_bound(name="later", arguments='{"number": 2}').invoke()) == 4


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain ü", "plain ü"),
        ("", ""),
        (Colour.RED, "red"),
        (None, "null"),
        (5, "5"),
        ({"b": [1, True], "a": Colour.RED}, '{"b":[1,true],"a":"red"}'),
        (Point(x=1), '{"x":1}'),
        ([Point(x=1)], '[{"x":1}]'),
        (dt.date(2026, 8, 26), '"2026-08-26"'),
        ({1}, "[1]"),
        (math.nan, '"NaN"'),
        ((letter for letter in "ü"), '["ü"]'),
    ],
)
def test_results(value: Any, expected: str) -> None:
    """A text is handed in as it is, anything else as JSON."""
    assert ToolOutput("call_1", "get_weather", expected) == _bound().finish(value)


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    "value",
    [object(), [object()], b"\xff", CYCLE, "\ud800", ["\ud800"]],
    ids=["object", "an object in a list", "bytes", "a cycle", "surrogate", "one in a list"],
)
def test_results_that_cannot_be_sent(value: Any) -> None:
    """What is no JSON, or no UTF-8, is told to the model instead of crashing the app."""
    output = _bound().finish(value)

    assert output.error == "unserialisable_result"
    assert _told(output).startswith("It ran, but gave no JSON: ")
    output.output.encode()


def test_a_tool_that_raised() -> None:
    """The model is told the exception, the app keeps it."""
    error = ValueError("no city of that name")
    output = _bound().failed(error)

    assert ("raised", error) == (output.error, output.exception)
    assert _told(output) == "ValueError: no city of that name"


@pytest.mark.parametrize("text", ["x" * 5_000, "\ud800" * 5_000])
def test_a_long_message(text: str) -> None:
    """What the model is told of an exception is bounded, and can be sent whatever it holds."""
    output = _bound().failed(ValueError(text))

    assert len(_told(output)) == 1003
    output.output.encode()


def test_a_tool_that_was_late() -> None:
    """The model is told that the call may have taken effect."""
    output = _bound().timed_out(2.5)

    assert output.error == "timed_out"
    assert _told(output) == ("No result within 2.5 s. The call may have taken effect all the same.")
