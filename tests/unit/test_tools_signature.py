"""What becomes of a function: its schema, or the reason why it has none."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from runfsm.errors import CallerError, ToolDefinitionError
from runfsm.tools.signature import signature_of

if TYPE_CHECKING:
    from decimal import Decimal


class Unit(enum.Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


class Place(BaseModel):
    city: str
    inside: Place | None = None


@dataclasses.dataclass
class Span:
    start: float
    end: float = 1.0


class Options(TypedDict, total=False):
    limit: int


def getCurrentWeather(location: str, unit: Literal["c", "f"] = "f") -> str:  # noqa: N802  # the API's own example
    """Get the weather in location."""
    return f"{location} {unit}"


def getNickname(location: str) -> str:  # noqa: N802  # the API's own example
    """Get the nickname of a city.

    Only the great ones have any.

    Args:
        location: The city and state e.g. San Francisco, CA
    """
    return location


def _function(parameters: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {}
    known = globals() | {"math": math, "socket": socket}
    exec(f"def f({parameters}): ...", known, namespace)  # noqa: S102  # the syntax is tested
    made: Callable[..., Any] = namespace["f"]
    return made


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return signature_of(function).parameters


def test_schema_of_a_default_and_a_literal() -> None:
    """A literal is an enum, and a parameter with a default is not required."""
    expected = {
        "type": "object",
        "properties": {
            "location": {"type": "string"},
            "unit": {"type": "string", "enum": ["c", "f"], "default": "f"},
        },
        "required": ["location"],
        "additionalProperties": False,
    }
    assert expected == _parameters(getCurrentWeather)


def test_schema_of_a_documented_parameter() -> None:
    """The Args section goes to the parameters, and all above it to the description."""
    signature = signature_of(getNickname)

    assert signature.description == "Get the nickname of a city.\n\nOnly the great ones have any."
    assert signature.parameters["properties"] == {
        "location": {
            "type": "string",
            "description": "The city and state e.g. San Francisco, CA",
        }
    }


def test_schema_of_no_parameters() -> None:
    """A function without parameters takes an empty object."""

    def now() -> None: ...

    assert _parameters(now) == {"type": "object", "properties": {}, "additionalProperties": False}


def _takes_any_of(  # noqa: PLR0917  # one of each
    a: Unit,
    b: int | None,
    c: list[float],
    d: dict[str, bool],
    e: Annotated[int, Field(ge=1, description="How many.")],
    f: Span,
    g: Options,
    h: Any,
) -> None: ...


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", {"$ref": "#/$defs/Unit"}),
        ("b", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("c", {"type": "array", "items": {"type": "number"}}),
        ("d", {"type": "object", "additionalProperties": {"type": "boolean"}}),
        ("e", {"type": "integer", "minimum": 1, "description": "How many."}),
        ("f", {"$ref": "#/$defs/Span"}),
        ("g", {"$ref": "#/$defs/Options"}),
        ("h", {}),
    ],
)
def test_schema_of_each_type(name: str, expected: dict[str, Any]) -> None:
    """Every type has the schema that pydantic gives it, without the titles of fields."""
    assert expected == _parameters(_takes_any_of)["properties"][name]


def test_schema_of_an_enum() -> None:
    """An enum is offered by its values."""
    assert _parameters(_takes_any_of)["$defs"]["Unit"]["enum"] == ["c", "f"]


def test_schema_of_a_recursive_model() -> None:
    """A model that contains itself is a definition that refers to itself."""

    def find(place: Place) -> None: ...

    definition = _parameters(find)["$defs"]["Place"]
    assert definition["properties"]["inside"]["anyOf"][0] == {"$ref": "#/$defs/Place"}


def test_a_default_is_told_as_json() -> None:
    """The model reads a default as it would have to write it."""

    def show(unit: Unit = Unit.CELSIUS, span: Span = Span(0)) -> None: ...  # noqa: B008  # read only

    told = _parameters(show)["properties"]
    assert told["unit"]["default"] == "c"
    assert told["span"]["default"] == {"start": 0, "end": 1.0}


GOOGLE = """Look up
    the weather.

    It asks a satellite.

    Args:
        city: Where,
            exactly.
        days (int): How far ahead.

    Returns:
        The weather.
    """
NUMPY = """Look up
    the weather.

    It asks a satellite.

    Parameters
    ----------
    city : str
        Where,
        exactly.
    days : int, optional
        How far ahead.

    Returns
    -------
    str
        The weather.
    """
SPHINX = """Look up
    the weather.

    It asks a satellite.

    :param city: Where,
        exactly.
    :param int days: How far ahead.
    :returns: The weather.
    """


@pytest.mark.parametrize("doc", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_docstring_styles(doc: str) -> None:
    """Google's, NumPy's and Sphinx's style say the same."""

    def look_up(city: str, days: int = 1) -> None: ...

    look_up.__doc__ = doc
    signature = signature_of(look_up)

    assert signature.description == "Look up\nthe weather.\n\nIt asks a satellite."
    told = signature.parameters["properties"]
    assert told["city"]["description"] == "Where,\nexactly."
    assert told["days"]["description"] == "How far ahead."


def test_numpy_style_for_two_parameters_at_once() -> None:
    """A line for two parameters describes both."""

    def add(a: int, b: int) -> int:
        """Add.

        Parameters
        ----------
        a, b : int
            A number.
        """
        return a + b

    told = _parameters(add)["properties"]
    assert told["a"] == told["b"] == {"type": "integer", "description": "A number."}


def test_annotated_description_wins() -> None:
    """A description in the type was written for the model, one in the docstring for people."""

    def look_up(city: Annotated[str, Field(description="An IATA code.")]) -> str:
        """Look up.

        Args:
            city: See the wiki.
        """
        return city

    assert _parameters(look_up)["properties"]["city"]["description"] == "An IATA code."


def test_name_and_description_given() -> None:
    """A given name and description replace the function's own, even by nothing."""
    signature = signature_of(getNickname, name="nick-name", description="")
    assert (signature.name, signature.description) == ("nick-name", "")


SHADOWING = ["schema", "json", "copy", "dict", "validate", "model_config", "model_fields"]


@pytest.mark.parametrize("name", [*SHADOWING, "_hidden", "__mangled", "p0", "größe"])
def test_every_name_of_a_parameter(name: str) -> None:
    """A parameter may be called as no pydantic field may, and nobody warns."""
    assert _parameters(_function(f"{name}: int"))["properties"] == {name: {"type": "integer"}}


def test_types_local_to_a_function() -> None:
    """A hint that is a text may name a class of the functions around, in a method, too."""

    class Local(BaseModel):
        x: int

    class Service:
        def call(self, item: Local) -> Decimal:  # the return type is known to the checker alone
            raise NotImplementedError

    def outer() -> dict[str, Any]:
        class Inner(Local):
            place: Place

        def f(item: Inner) -> None: ...

        return _parameters(f)

    assert set(outer()["$defs"]) == {"Inner", "Place"}
    assert set(_parameters(Service().call)["$defs"]) == {"Local"}


def test_wrapped_functions() -> None:
    """A decorator that uses functools.wraps does not hide the hints of what it decorates."""

    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapper

    assert _parameters(getNickname) == _parameters(logged(getNickname))


class Service:
    def find(self, name: str) -> str:
        """Find by name."""
        return name


@pytest.mark.parametrize(
    ("parameter", "problem", "right"),
    [
        ("x: int, /", "is positional-only", "(x: str)"),
        ("*x: int", "takes any number of values", "(x: list[str])"),
        ("**x: int", "takes any name", "(x: dict[str, str])"),
        ("x", "has no type", "(x: str)"),
        ("x: Nope", "name 'Nope' is not defined", "import the type"),
        ("x: list[Nope]", "name 'Nope' is not defined", "import the type"),
        ("x: Decimal", "name 'Decimal' is not defined", "outside of `if TYPE_CHECKING:`"),
        ("x: enum.Nope", "has no attribute 'Nope'", "import the type"),
        ("x: socket.socket", "has no JSON schema", "another type that JSON can carry"),
        ("x: Callable[[int], int]", "has no JSON schema", "another type that JSON can carry"),
        ("x: Annotated[str, Field(pattern='(')]", "has no JSON schema", "another type"),
        ("x: int = None", "default None is no JSON value", "(x: int | None = None)"),
        ("x: int = '5'", "default '5' is no JSON value", "(x: int | None = None)"),
        ("x: Literal['a'] = 'b'", "default 'b' is no JSON value", "| None = None)"),
        ("x: float = math.inf", "default inf is no JSON value", "(x: float | None = None)"),
        ("x: int = Field(3)", "is no JSON value of its type", "(x: Annotated[int, Field(...)] = "),
    ],
)
def test_refused_parameters(parameter: str, problem: str, right: str) -> None:
    """The error names tool and parameter, what is wrong, and what to write instead."""
    with pytest.raises(ToolDefinitionError) as caught:
        signature_of(_function(parameter))

    head, wrong, advice = str(caught.value).split("\n")
    assert (caught.value.tool, caught.value.parameter) == ("f", "x")
    assert head.startswith("tool 'f', parameter 'x': ")
    assert problem in head
    assert "Instead of:" in wrong
    assert right in advice


def test_refused_method() -> None:
    """A method needs its instance; the error says how to give it one."""
    with pytest.raises(ToolDefinitionError, match=r"write: +tool\(instance\.find\)"):
        signature_of(Service.find)


@pytest.mark.parametrize("name", ["", "two words", "a" * 65, "naïve", "a.b", "a\n"])
def test_refused_names(name: str) -> None:
    """A name that the API would refuse is refused here."""
    with pytest.raises(ToolDefinitionError, match="1 to 64 of the characters") as caught:
        signature_of(getNickname, name=name)

    assert caught.value.tool == name


def test_a_lambda_needs_a_name() -> None:
    """A lambda is called `<lambda>`, which is no name; with another name it is a function."""
    with pytest.raises(ToolDefinitionError, match=r"Instead of: tool\(lambda: \.\.\.\)"):
        signature_of(lambda: 1)

    assert signature_of(lambda: 1, name="one").name == "one"


@pytest.mark.parametrize("kind", [CallerError, TypeError])
def test_kinds_of_the_error(kind: type[Exception]) -> None:
    """A definition that is refused is the caller's error, and a TypeError to all others."""
    with pytest.raises(kind):
        signature_of(_function("x"))
