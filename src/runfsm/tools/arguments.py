"""From the text that a model wrote to keyword arguments, or to the reason why not.

Rule: nothing that a model wrote is believed, and nothing is mended. The text is bounded, it is JSON
by the letter, and its values are checked in pydantic's strict JSON mode: "5" is no integer, while
an integer is a number, and an ISO 8601 text is a date, because JSON has no better way to say it.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import from_json

__all__ = ["MisfitError", "parsed", "read"]

#: Arguments are written by a model, token by token: a mebibyte is far beyond any honest call.
MAX_BYTES: Final = 2**20


class MisfitError(ValueError):
    """Arguments that do not fit their schema.

    Attributes:
        problems: where, as a dotted path, and what; without the values that a model wrote.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__(
            "; ".join(f"{where}: {what}" if where else what for where, what in problems)
        )


def read(arguments: type[BaseModel], text: str) -> dict[str, Any]:
    """Keyword arguments, complete with defaults.

    A default is a fresh copy for each call, so that a tool with `tags: list[str] = []` does not
    remember the calls before.

    Raises:
        pydantic.ValidationError: a JSON object, but not of these arguments.
        ValueError: no JSON object at all; the message says where.
    """
    parsed(text)
    checked = arguments.model_validate_json(text.encode(), strict=True)
    return {str(f.alias): getattr(checked, p) for p, f in arguments.model_fields.items()}


def parsed(text: str) -> dict[str, Any]:
    """Parse a JSON object by the letter, as no option of pydantic's parser does.

    Raises:
        ValueError: no JSON object; the message says where.
    """
    data = text.encode()  # a lone surrogate is refused here, as a UnicodeEncodeError
    if len(data) > MAX_BYTES:
        raise ValueError(f"{len(data)} bytes are too many: at most {MAX_BYTES}")
    from_json(data)  # bounds the depth, which json.loads leaves to Python's stack
    value = json.loads(text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise ValueError(f'expected a JSON object, such as {{"name": "value"}}, not a {kind}')  # noqa: TRY004  # the text has a wrong value
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Parsers keep the last, or the first: to choose for the model would be to guess.
    unique = dict(pairs)
    if len(unique) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return unique


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a number that JSON has")
    return value
