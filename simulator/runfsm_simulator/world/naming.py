"""Ids that were wished for, in front of the chooser that makes up all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from runfsm_simulator.world.chooser import Chooser

__all__ = ["Naming"]

T = TypeVar("T")


class Naming:
    """Another chooser's choices, save for the ids that somebody wished for.

    A wish takes the place of a draw: it does not shift the ids that come after it.

    Args:
        chooser: makes all other choices.

    Attributes:
        inner: the same.

    Example:
        >>> from runfsm_simulator.world.chooser import Seeded
        >>> naming = Naming(Seeded(7))
        >>> with naming.wishing({"run": "run_1"}):
        ...     naming.ident("run")
        'run_1'
    """

    def __init__(self, chooser: Chooser) -> None:
        self.inner = chooser
        self._wishes: dict[str, str] = {}

    @contextmanager
    def wishing(self, wishes: Mapping[str, str]) -> Iterator[None]:
        """Give these ids, by their prefixes, to the next things that are made inside."""
        self._wishes = dict(wishes)
        try:
            yield
        finally:
            self._wishes = {}  # a refused creation has drawn none

    def pick(self, stream: str, options: Sequence[T]) -> T:
        """See `Chooser.pick`."""
        return self.inner.pick(stream, options)

    def between(self, stream: str, low: float, high: float) -> float:
        """See `Chooser.between`."""
        return self.inner.between(stream, low, high)

    def ident(self, prefix: str) -> str:
        """See `Chooser.ident`."""
        return self._wishes.pop(prefix, None) or self.inner.ident(prefix)
