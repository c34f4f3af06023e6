"""Every word that goes back to the model: results, and what went wrong.

Rule: a failure is told as `{"error": kind, "message": text}`, short, and such that the model can
repair its call or stop trying. Nothing in it can fail to be sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import ValidationError
from pydantic_core import to_json

from runfsm.driver.request import ToolOutput
from runfsm.tools.arguments import MisfitError

__all__ = ["FailureKind", "described", "encoded", "explained", "failure"]

FailureKind = Literal[
    "unknown_tool",  # the model called what was never offered
    "malformed_arguments",  # no JSON object
    "invalid_arguments",  # a JSON object that does not fit the schema
    "raised",  # the tool raised
    "timed_out",  # the tool took too long
    "too_large",  # the service takes no output of that length
    "unserialisable_result",  # the tool ran, but what it returned is no JSON
]

# An exception's text may be a page of HTML, and the model pays for it in tokens.
MAX_MESSAGE_CHARS: Final = 1000
MAX_PROBLEMS: Final = 10


def encoded(value: Any) -> str:
    """A result as the model reads it: a text as it is, anything else as JSON.

    Raises:
        ValueError: it cannot be written as JSON, or not in UTF-8.
    """
    if isinstance(value, str):
        value.encode()  # a lone surrogate cannot be sent
        return str.__str__(value)  # the text of a str enum's member, too, and not its name
    return to_json(value, inf_nan_mode="strings").decode()  # NaN is no JSON, "NaN" is


def failure(
    call_id: str,
    name: str,
    error: FailureKind,
    message: str,
    *,
    exception: BaseException | None = None,
) -> ToolOutput:
    """The output that tells the model what went wrong."""
    sendable = message.encode(errors="replace").decode()
    if len(sendable) > MAX_MESSAGE_CHARS:
        sendable = sendable[:MAX_MESSAGE_CHARS] + "..."
    output = to_json({"error": error, "message": sendable}).decode()
    return ToolOutput(call_id, name, output, error, exception)


def described(exception: BaseException) -> str:
    """What kind of exception it is, and its text, if it can be had."""
    try:
        text = str(exception)
    except Exception:  # noqa: BLE001  # an exception's own `__str__` may raise anything
        text = "(it cannot be printed)"
    return f"{type(exception).__name__}: {text}"


def explained(error: ValidationError | MisfitError, parameters: Mapping[str, Any]) -> str:
    """What the arguments should have been, and where they were not; without repeating them.

    Args:
        error: what pydantic, or the check of a schema, found.
        parameters: the JSON schema of the arguments.
    """
    required = parameters.get("required", ())
    takes = [name if name in required else f"{name}?" for name in parameters.get("properties", ())]
    problems = _problems(error)
    wrong = [f"{where}: {what}" if where else what for where, what in problems[:MAX_PROBLEMS]]
    if unsaid := len(problems) - len(wrong):
        wrong.append(f"and {unsaid} more")
    return f"Parameters: {', '.join(takes) or 'none'}. Wrong: {'; '.join(wrong)}."


def _problems(error: ValidationError | MisfitError) -> list[tuple[str, str]]:
    if isinstance(error, MisfitError):
        return error.problems
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [(".".join(map(str, one["loc"])), one["msg"]) for one in found]
