"""One function that a model may call, and `@tool`, which makes it.

Rule: a tool *is* its function. Called directly it behaves, and type-checks, as if nobody had
decorated it; what the model sees of it stands beside.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Generic, ParamSpec, TypeVar, overload

from runfsm.tools.callables import place_of
from runfsm.tools.refusals import refusal
from runfsm.tools.signature import signature_of

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
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        if parameters is None:
            signature = signature_of(function, name=name, description=description)
        else:
            # Loads `jsonschema`, which only those pay for who use it.
            schemas = import_module("runfsm.tools.schemas")
            signature = schemas.signature_of_schema(function, name, description, parameters)
        # First the function's own attributes, so that none of them can displace one of ours; those
        # of any other object are its state.
        updated = functools.WRAPPER_UPDATES if inspect.isroutine(function) else ()
        functools.update_wrapper(self, function, updated=updated)
        self.name = signature.name
        self.description = signature.description
        self.parameters = signature.parameters
        self.timeout_s = _checked_timeout(signature.name, timeout_s)
        self.is_async = signature.is_async
        self._function = function
        self._read = signature.read
        self._given_parameters = None if parameters is None else self.parameters

    @classmethod
    def from_schema(
        cls,
        *,
        name: str,
        description: str = "",
        parameters: Mapping[str, Any],
        function: Callable[..., R],
        timeout_s: float | None = None,
    ) -> Tool[..., R]:
        """Make a tool of a function and a JSON schema of its arguments, such as MCP servers give.

        The arguments of each call are checked by the schema, and given to the function by name, as
        JSON values: lists, dicts, texts, numbers. Defaults are the function's own.

        Args:
            name: the name that the model calls it by: 1 to 64 of a-z A-Z 0-9 _ -
            description: what the model is told that it does.
            parameters: a JSON schema of `"type": "object"`. References into itself are followed,
                others are refused: nothing is fetched.
            function: called with the properties as keyword arguments, plain or `async`.
            timeout_s: how long a call may take, in seconds; `None` leaves that to the driver.

        Raises:
            ToolDefinitionError: the schema is none, or the function does not take what it offers.

        Example:
            >>> def call(**arguments):
            ...     return f"calls the server with {arguments}"
            >>> look_up = Tool.from_schema(
            ...     name="look_up",
            ...     parameters={"type": "object", "properties": {"city": {"type": "string"}}},
            ...     function=call,
            ... )
            >>> look_up(**look_up.read('{"city": "Oslo"}'))
            "calls the server with {'city': 'Oslo'}"
        """
        return Tool(
            function,
            name=name,
            description=description,
            timeout_s=timeout_s,
            parameters=parameters,
        )

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself: nothing is checked, nothing converted."""
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"Tool({self.name!r}, {place_of(self._function)})"

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
            pydantic.ValidationError: a JSON object, but not of this tool's arguments;
                `MisfitError` where those are a schema's.
            ValueError: no JSON object at all.
        """
        return self._read(text)

    def changed(
        self, name: str | None, description: str | None, timeout_s: float | None
    ) -> Tool[P, R]:
        """Make a tool of the same function, with what is given in place of its own."""
        return Tool(
            self._function,
            name=name or self.name,
            description=self.description if description is None else description,
            timeout_s=timeout_s or self.timeout_s,
            parameters=self._given_parameters,
        )


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
    """Make a tool of a function, plain or `async`.

    As good as a function are bound methods, `functools.partial` (what it gives by name or place
    leaves the schema), what `functools.wraps` or `lru_cache` has wrapped, objects with `__call__`,
    and tools, which get another name or description. For a JSON schema: `Tool.from_schema`.

    The schema comes from the type hints: whatever pydantic knows, such as `Literal`, enums,
    `Optional`, lists, dataclasses, models. An `Iterable` is checked as a list, and comes as one.

    A parameter is described by the most specific of these: `Field(description=...)`, `Doc(...)`, a
    plain text, each in its `Annotated[...]`; then the docstring, in Google's, NumPy's or Sphinx's
    style.

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
        if isinstance(function, Tool):
            return function.changed(name, description, timeout_s)
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
