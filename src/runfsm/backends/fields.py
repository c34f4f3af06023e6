"""What stands in a field of an answer, where anything may: read, or taken for nothing. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from runfsm.lifecycle.snapshot import RunError

__all__ = [
    "arguments_in",
    "error_in",
    "json_or_text",
    "number_in",
    "object_in",
    "objects_in",
    "usage_in",
]


def objects_in(value: Any) -> tuple[Mapping[str, Any], ...]:
    """The objects of a list; none, where there is no list."""
    things: Sequence[Any] = value if isinstance(value, list) else ()
    return tuple(thing for thing in things if isinstance(thing, Mapping))


def object_in(value: Any) -> Mapping[str, Any]:
    """An object; an empty one, where there is none."""
    return value if isinstance(value, Mapping) else {}


def number_in(value: Any) -> float | None:
    """A number, if it is one."""
    return value if isinstance(value, int | float) else None


def usage_in(usage: Any) -> tuple[int, int, int] | None:
    """Tokens, if they are counted: input, output, total."""
    counts = [object_in(usage).get(f"{name}_tokens") for name in ("input", "output", "total")]
    whole = [count for count in counts if isinstance(count, int)]
    return (whole[0], whole[1], whole[2]) if len(whole) == len(counts) else None


def error_in(error: Any) -> RunError | None:
    """Why something has failed, if it says so."""
    if not isinstance(error, Mapping):
        return None
    return RunError(str(error.get("code") or "unknown"), str(error.get("message") or ""))


def arguments_in(value: Any) -> str:
    """The arguments of a call, as text. Look-alikes write the object itself."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def json_or_text(text: str) -> Any:
    """What a text is as JSON, or else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
