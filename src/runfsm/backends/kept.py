"""What is kept for long is bounded: the oldest is forgotten."""

from __future__ import annotations

from typing import Final, TypeVar

__all__ = ["keep"]

KeyT = TypeVar("KeyT")
T = TypeVar("T")

#: Of each kind of thing. They are small; whoever has more has other troubles.
KEPT_MAX: Final = 10_000


def keep(kept: dict[KeyT, T], key: KeyT, value: T) -> None:
    """Keep one more; of too many, the oldest is forgotten."""
    kept[key] = value
    if len(kept) > KEPT_MAX:
        del kept[next(iter(kept))]
