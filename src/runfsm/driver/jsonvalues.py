"""JSON, checked where the app says it, and not where a client fails to send it.

`json`, `httpx` and the `openai` client each fail in their own way over a lone surrogate, NaN or a
set, after the run was begun. Here all of it is one error, before, which names the place.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from runfsm.errors import CallerError

__all__ = ["check_text", "plain_json"]

#: Honest options are nested some ten levels deep; Python's own encoder gives up at some thousand.
DEPTH_MAX: Final = 100

#: So much of a place that is deep down is told, in characters.
PLACE_MAX: Final = 80

#: An integer beyond cannot be read as a number by most parsers.
BITS_MAX: Final = 1024


def plain_json(value: Any, place: str, *, depth: int = 0) -> Any:
    """Return a copy of a value in dicts, lists and JSON's scalars.

    Args:
        value: a value of the app's.
        place: its name in an error: `"options"`.
        depth: how deep it stands in another.

    Raises:
        CallerError: it is no JSON; the message names the place, and says what to write instead.

    Example:
        >>> plain_json({"temperature": 0.2, "tools": ()}, "options")
        {'temperature': 0.2, 'tools': []}
        >>> plain_json({"temperature": float("nan")}, "options")
        Traceback (most recent call last):
            ...
        runfsm.errors.CallerError: options['temperature'] is nan, which is no JSON: give a finite \
number, or None
    """
    if depth > DEPTH_MAX:
        begin = place[:PLACE_MAX]
        raise CallerError(
            f"{begin}... is nested more than {DEPTH_MAX} levels deep, or holds itself: give a flat "
            f"value"
        )
    match value:
        case None | bool():
            return value
        case str():
            return check_text(value, place)
        case int():
            return _checked_int(value, place)
        case float():
            return _checked_float(value, place)
        case Mapping():
            return {
                _checked_key(name, place): plain_json(it, f"{place}[{name!r}]", depth=depth + 1)
                for name, it in value.items()
            }
        case list() | tuple():
            return [plain_json(it, f"{place}[{i}]", depth=depth + 1) for i, it in enumerate(value)]
    raise CallerError(f"{place} is {_kind(value)}, which is no JSON: {_advice(value)}")


def check_text(text: str, place: str) -> str:
    """Return the text, if it can be sent.

    Raises:
        CallerError: it has a lone surrogate.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CallerError(
            f"{place} has half of a surrogate pair at index {error.start}, which UTF-8 cannot "
            f"carry: decode it as it was encoded, or say text.encode(errors='replace').decode()"
        ) from error
    return str.__str__(text)  # of a str enum's member, too, its value


def _checked_key(name: Any, place: str) -> str:
    if isinstance(name, str):
        return check_text(name, f"a key of {place}")
    raise CallerError(f"{place} has the key {name!r}, a {type(name).__name__}: keys are texts")


def _checked_int(value: int, place: str) -> int:
    if value.bit_length() > BITS_MAX:
        raise CallerError(f"{place} is too large an integer for JSON: give it as text")
    return int(value)


def _checked_float(value: float, place: str) -> float:
    if not math.isfinite(value):
        raise CallerError(f"{place} is {value}, which is no JSON: give a finite number, or None")
    return float(value)


# What to write instead ---------------------------------------------------------------------------


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[:1] in set('AEIOUaeiou') else 'a'} {name}"


def _advice(value: Any) -> str:
    return next((right for fits, right in ADVICE if fits(value)), "give a text or a number")


#: The first that fits is given.
ADVICE: Final[Sequence[tuple[Callable[[Any], bool], str]]] = (
    (
        lambda it: isinstance(it, type),
        "give a value; as response_format, a pydantic model or a dict of the API's own",
    ),
    (
        lambda it: isinstance(it, bytes | bytearray | memoryview),
        "decode it to text, or encode it by base64",
    ),
    (lambda it: isinstance(it, set | frozenset), "give a list, such as sorted(...)"),
    (lambda it: isinstance(it, enum.Enum), "give its value"),
    (lambda it: hasattr(it, "model_dump"), "say value.model_dump(mode='json')"),  # pydantic's
    (
        lambda it: isinstance(getattr(it, "type", None), str),  # a part of a message
        "parts are for RunRequest(message=[...]); here, write the API's own dict",
    ),
    (dataclasses.is_dataclass, "say dataclasses.asdict(value)"),
    (callable, "a function is offered by its schema, tool(function).schema"),
    (lambda it: type(it).__name__ in {"NotGiven", "Omit"}, "leave it out"),
    (lambda it: hasattr(it, "__iter__"), "give a list"),
)
