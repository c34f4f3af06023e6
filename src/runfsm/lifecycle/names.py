"""Names of statuses and events as people write them: an error tells the nearest that there is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Final

from runfsm.errors import UnknownNameError

__all__ = ["nearest", "unknown_name"]

LETTERS_MAX: Final = 100  # are compared; the longest name has a fifth of them


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that `word` most likely means; `None` if none is near.

    Example:
        >>> nearest("In-Progress", ["queued", "in_progress"])
        'in_progress'
        >>> nearest("requiresAction", ["requires_action", "expired"])
        'requires_action'
    """
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word.strip())
    snake = re.sub(r"[\s-]+", "_", snake).casefold().rpartition(".")[2]
    found = get_close_matches(snake[:LETTERS_MAX], [str(name) for name in known])
    return found[0] if found else None


def unknown_name(kind: str, owner: str, given: object, known: Collection[str]) -> UnknownNameError:
    """Return the error for a name that `owner`'s lifecycle does not have.

    Args:
        kind: `"status"` or `"event"`.
        owner: the lifecycle's name: `"run"`.
        given: what was got.
        known: what can be written instead.
    """
    near = nearest(given, known) if isinstance(given, str) else None
    meant = f" Did you mean {near!r}?" if near else ""
    message = f"{given!r} is no {kind} of a {owner}.{meant} There are: {', '.join(known)}."
    return UnknownNameError(message, given=given, known=tuple(known), nearest=near)
