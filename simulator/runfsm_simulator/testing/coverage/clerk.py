"""Writes a book of what all simulators of the process do: the witness of the coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from runfsm.lifecycle import Edge, RunEvent, RunStatus
from runfsm_simulator.testing.coverage.book import Book
from runfsm_simulator.testing.coverage.cells import (
    Cell,
    call_cell,
    edge_cell,
    fault_cell,
    pair_cell,
    refusal_cell,
    status_cell,
)
from runfsm_simulator.world.models import Work
from runfsm_simulator.world.witness import WITNESSES

__all__ = ["Clerk", "counting"]


class Clerk:
    """A witness that counts. Any thread may tell it.

    A run that was copied in the middle of its life, by a fork or a snapshot, or read from a state
    file, begins anew as far as pairs go: its next edge is counted, but follows none.
    """

    def __init__(self) -> None:
        self._counts: Counter[Cell] = Counter()
        self._latest: WeakKeyDictionary[Work, Edge[Any, RunEvent]] = WeakKeyDictionary()
        self._lock = Lock()

    @property
    def book(self) -> Book:
        """What has been counted so far."""
        with self._lock:
            return Book(self._counts)

    def moved(self, work: Work, edge: Edge[Any, RunEvent]) -> None:
        """See `Witness.moved`."""
        table = work.lifecycle.name
        with self._lock:
            self._counts[edge_cell(table, edge)] += 1
            self._counts[status_cell(table, edge.dest)] += 1
            if before := self._latest.get(work):
                self._counts[pair_cell(table, before, edge)] += 1
            self._latest[work] = edge

    def called(self, call: str, met: RunStatus | None, *, refused: bool) -> None:
        """See `Witness.called`."""
        with self._lock:
            self._counts[call_cell(call, met)] += 1
            if refused:
                self._counts[refusal_cell(call, met)] += 1

    def struck(self, fault: str, met: RunStatus | None) -> None:
        """See `Witness.struck`."""
        with self._lock:
            self._counts[fault_cell(fault, met)] += 1


@contextmanager
def counting() -> Iterator[Clerk]:
    """A clerk that counts what is done while this is open, in any thread.

    Example:
        >>> with counting() as clerk:
        ...     pass
        >>> clerk.book
        Book(counts=mappingproxy({}))
    """
    clerk = Clerk()
    WITNESSES.admit(clerk)
    try:
        yield clerk
    finally:
        WITNESSES.dismiss(clerk)
