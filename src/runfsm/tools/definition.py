"""One function that a model may call, and `@tool`, which makes it.

Rule: a tool *is* its function. Called directly it behaves, and type-checks, as if nobody had
decorated it; what the model sees of it stands beside.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload

from runfsm.tools import arguments
from runfsm.tools.signature import refusal, signature_of

__all__ = ["Tool", "tool"]

P = ParamSpec("P")
R = TypeVar("R")


class Tool(Generic[P, R]):
    """A function together with what a model is told about it. Made by `tool`; read-only.

    Attributes:
        name: the name that the model calls it by.
        description: what the model is told that it does; may be empty.
        parameters: the JSON schema of its arguments.
        timeout_s: how long a call may take, in seconds; `None` leaves that to the driver.
        is_async: whether a call gives an awaitable.
    """

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        description: str | None = None,
        timeout_s: float | None = None,
    ) -> None:
        signature = signature_of(function, name=name, description=description)
        # First the function's own attributes, so that none of them can displace one of ours.
        functools.update_wrapper(self, function)
        self.name = signature.name
        self.description = signature.description
        self.parameters = signature.parameters
        self.timeout_s = _checked_timeout(signature.name, timeout_s)
        self.is_async = inspect.iscoroutinefunction(function)
        self._function = function
        self._arguments = signature.arguments

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself: nothing is checked, nothing converted."""
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"Tool({self.name!r}, {self._function.__module__}.{self._function.__qualname__})"

    @property
    def schema(self) -> dict[str, Any]:
        """The tool as an entry of `tools` in the Assistants API."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": self.parameters,
            },
        }

    def read(self, text: str) -> dict[str, Any]:
        """Check what a model wrote, and give keyword arguments that are ready to be used.

        Args:
            text: the arguments as the model wrote them: text that should be a JSON object.

        Returns:
            A value of the annotated type for every parameter; defaults are filled in.

        Raises:
            pydantic.ValidationError: a JSON object, but not of this tool's arguments.
            ValueError: no JSON object at all.
        """
        return arguments.read(self._arguments, text)


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...


@overload
def tool(
    *, name: str | None = None, description: str | None = None, timeout_s: float | None = None
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout_s: float | None = None,
) -> Any:
    """Make a tool of a function, plain or `async`, or of a bound method.

    The schema comes from the type hints: whatever pydantic knows, such as `Literal`, enums,
    `Optional`, lists, dataclasses, models and `Annotated[..., Field(description=...)]`. The
    descriptions come from the docstring, in Google's, NumPy's or Sphinx's style.

    Args:
        function: what the model may call.
        name: instead of the function's own name: 1 to 64 of a-z A-Z 0-9 _ -
        description: instead of the text above the sections of the docstring.
        timeout_s: how long a call may take, in seconds; `None` leaves that to the driver.

    Raises:
        ToolDefinitionError: the function cannot be a tool; the message says why, and what to
            write instead.

    Example:
        >>> from typing import Literal
        >>> @tool
        ... def get_weather(location: str, unit: Literal["c", "f"] = "f") -> str:
        ...     '''Look up the weather.
        ...
        ...     Args:
        ...         location: City and country.
        ...     '''
        ...     return f"22{unit} in {location}"
        >>> get_weather("Oslo")
        '22f in Oslo'
        >>> get_weather.description
        'Look up the weather.'
        >>> get_weather.parameters["properties"]["location"]
        {'type': 'string', 'description': 'City and country.'}
    """

    def made(function: Callable[..., Any]) -> Tool[..., Any]:
        return Tool(function, name=name, description=description, timeout_s=timeout_s)

    return made if function is None else made(function)


def _checked_timeout(tool: str, timeout_s: float | None) -> float | None:
    if timeout_s is None or timeout_s > 0:
        return timeout_s
    raise refusal(
        tool,
        "a timeout is a number of seconds above zero",
        wrong=f"tool(timeout_s={timeout_s})",
        right="tool(timeout_s=30)",
    )
