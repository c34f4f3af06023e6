"""A key for each step: where nobody can press one, all steps come at once."""

from __future__ import annotations

import sys
from typing import Final

import typer

__all__ = ["HINT", "is_pressed_by_somebody", "wants_next"]

HINT: Final = "Enter: the next step; q: leave"


def is_pressed_by_somebody() -> bool:
    """Whether there is a terminal on both sides: one to read at, one to press keys at."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def wants_next() -> bool:
    """Wait for a key, if there is somebody to press one; whether to go on.

    q and Ctrl-C leave, as does the end of the input; any other key goes on.
    """
    if not is_pressed_by_somebody():
        return True
    try:
        pressed = typer.getchar()  # all that was pressed since: somebody may be fast
    except (EOFError, KeyboardInterrupt):
        return False
    return "q" not in pressed.lower()
