"""How a machine says that something is wrong."""

from __future__ import annotations

from typing import Any

__all__ = ["expect"]


def expect(what: str, expected: Any, got: Any) -> None:
    """Compare.

    Raises:
        AssertionError: they differ. The message has both, and of what.
    """
    if expected != got:
        raise AssertionError(f"{what}: expected {_told(expected)}, got {_told(got)}")


def _told(value: Any) -> str:
    """Statuses as the wire has them."""
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
