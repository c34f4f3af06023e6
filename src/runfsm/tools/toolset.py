"""The tools of a run by name, and the calls that a model makes of them.

Rule: a call reaches a function only through a name that was registered and arguments that were
checked. Whatever is wrong with a call is an output for the model, never an exception for the app:
the run waits for an output of every call, and expires without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from runfsm.driver.request import ToolOutput
from runfsm.lifecycle.snapshot import ToolCall
from runfsm.tools.arguments import MisfitError
from runfsm.tools.definition import Tool, tool
from runfsm.tools.outputs import FailureKind, described, encoded, explained, failure
from runfsm.tools.refusals import refusal

__all__ = ["BoundCall", "Toolset"]


@dataclass(frozen=True, slots=True)
class BoundCall:
    """A call that can be made: `invoke` it, then hand what came of it to one of the other three.

    Attributes:
        call_id: the id that the output is handed in under.
        tool: what is called.
        arguments: checked keyword arguments, complete with defaults.
    """

    call_id: str
    tool: Tool[..., Any]
    arguments: Mapping[str, Any] = field(repr=False)  # may hold what a user said

    def invoke(self) -> Any:
        """Call the function: gives its result, or an awaitable of it. Raises what it raises."""
        return self.tool(**self.arguments)

    def finish(self, value: Any) -> ToolOutput:
        """The output of a call that returned: a text as it is, anything else as JSON."""
        try:
            return ToolOutput(self.call_id, self.tool.name, encoded(value))
        except ValueError as error:
            message = f"It ran, but gave no JSON: {error}"
            return self._failure("unserialisable_result", message, exception=error)

    def failed(self, exception: BaseException) -> ToolOutput:
        """The output of a call that raised. The model is told what: it may know a way around."""
        return self._failure("raised", described(exception), exception=exception)

    def timed_out(self, timeout_s: float) -> ToolOutput:
        """The output of a call that gave no result within `timeout_s` seconds."""
        message = f"No result within {timeout_s:g} s. The call may have taken effect all the same."
        return self._failure("timed_out", message)

    def _failure(
        self, error: FailureKind, message: str, *, exception: BaseException | None = None
    ) -> ToolOutput:
        return failure(self.call_id, self.tool.name, error, message, exception=exception)


class Toolset:
    """The tools that a run may use.

    Args:
        tools: tools, or functions and whatever else `tool` makes tools of.

    Raises:
        ToolDefinitionError: a function that cannot be a tool, or a name that is taken.

    Example:
        >>> from runfsm.lifecycle.snapshot import ToolCall
        >>> def get_nickname(location: str) -> str:
        ...     return {"Los Angeles": "LA"}[location]
        >>> tools = Toolset([get_nickname])
        >>> call = tools.bind(ToolCall("call_1", "get_nickname", '{"location": "Los Angeles"}'))
        >>> call.finish(call.invoke()).output
        'LA'
        >>> tools.bind(ToolCall("call_2", "get_nickname", '{"location": 5}')).error
        'invalid_arguments'
    """

    def __init__(self, tools: Iterable[Callable[..., Any]] = ()) -> None:
        self._tools: dict[str, Tool[..., Any]] = {}
        if callable(tools):
            name = str(getattr(tools, "__name__", None) or getattr(tools, "name", "it"))
            raise refusal(
                name,
                "one tool is no list of tools",
                wrong=f"Toolset({name})",
                right=f"Toolset([{name}])",
            )
        for each in tools:
            made = each if isinstance(each, Tool) else tool(each)
            if made.name in self._tools:
                raise refusal(
                    made.name,
                    f"two tools of one name: {self._tools[made.name]} and {made}",
                    wrong="Toolset([first, second])",
                    right='Toolset([first, tool(name="another_name")(second)])',
                )
            self._tools[made.name] = made

    def __len__(self) -> int:
        return len(self._tools)

    def __iter__(self) -> Iterator[Tool[..., Any]]:
        return iter(self._tools.values())

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __repr__(self) -> str:
        return f"Toolset({list(self._tools)})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the model can call, in the order of registration."""
        return tuple(self._tools)

    @property
    def schemas(self) -> list[dict[str, Any]]:
        """What `tools` of the API's *create assistant* and *create run* calls takes."""
        return [each.schema for each in self]

    def bind(self, call: ToolCall) -> BoundCall | ToolOutput:
        """Check a call that the model asks for.

        Returns:
            The call, ready to be made; or, if it cannot be made, the output that tells the model
            why, with `error` set.
        """
        known = self._tools.get(call.name)
        if known is None:
            names = ", ".join(self.names) or "none"
            return _refusal(call, "unknown_tool", f"No such tool. The tools are: {names}.")
        try:
            return BoundCall(call.call_id, known, known.read(call.arguments))
        except (ValidationError, MisfitError) as error:
            return _refusal(call, "invalid_arguments", explained(error, known.parameters))
        except ValueError as error:
            message = f"The arguments are not a JSON object: {error}"
            return _refusal(call, "malformed_arguments", message)
        except Exception as error:  # noqa: BLE001  # a type's own validator may raise anything
            return _refusal(call, "raised", described(error), exception=error)


def _refusal(
    call: ToolCall, error: FailureKind, message: str, *, exception: Exception | None = None
) -> ToolOutput:
    return failure(call.call_id, call.name, error, message, exception=exception)
