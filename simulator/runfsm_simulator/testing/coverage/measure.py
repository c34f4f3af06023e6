"""A book against the universe: what is covered, what is missing, and how many per cent that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import floor
from typing import Any, Final

from runfsm.lifecycle import LIFECYCLE, Lifecycle
from runfsm_simulator.testing.coverage.book import Book
from runfsm_simulator.testing.coverage.cells import Cell
from runfsm_simulator.testing.coverage.universe import Section, universe

__all__ = ["GATED", "Covered", "Measured", "measure"]

#: What a gate looks at if nothing else is asked for: a run's own moves.
GATED: Final = ("statuses", "edges", "pairs")


@dataclass(frozen=True, slots=True)
class Covered:
    """One section, measured.

    Attributes:
        section: the places.
        book: how often each was covered.
    """

    section: Section
    book: Book

    @property
    def missing(self) -> tuple[Cell, ...]:
        """What could have been covered, and was not."""
        return tuple(cell for cell in self.section.reachable if not self.book[cell])

    @property
    def strays(self) -> tuple[Cell, ...]:
        """What was covered though it is said to be impossible: the reason given is wrong."""
        return tuple(cell for cell in self.section.impossible if self.book[cell])

    @property
    def hits(self) -> int:
        """How many of the reachable were covered."""
        return len(self.section.reachable) - len(self.missing)

    @property
    def percent(self) -> float:
        """Of the reachable, rounded down to a tenth: 100.0 is all of them."""
        return floor(1000 * self.hits / len(self.section.reachable)) / 10

    @property
    def told(self) -> str:
        """A line: `"edges: 3 of 19, 15.7 %"`."""
        return f"{self.section.name}: {self.of_all}, {self.percent} %"

    @property
    def of_all(self) -> str:
        """How many of how many: `"3 of 19"`."""
        return f"{self.hits} of {len(self.section.reachable)}"


@dataclass(frozen=True, slots=True)
class Measured:
    """All sections of a lifecycle, measured; by name as in a mapping.

    Attributes:
        lifecycle: whose life it is.
        book: what happened.
        sections: in the order of `universe`.
    """

    lifecycle: Lifecycle[Any, Any]
    book: Book
    sections: Mapping[str, Covered]

    def __getitem__(self, name: str) -> Covered:
        return self.sections[name]

    def __iter__(self) -> Iterator[Covered]:
        return iter(self.sections.values())

    def below(self, percent: float, *, of: Iterable[str] = GATED) -> tuple[Covered, ...]:
        """The sections that a gate does not let pass: below `percent`, or with a stray."""
        gated = (self.sections[name] for name in of)
        return tuple(covered for covered in gated if covered.percent < percent or covered.strays)


def measure(book: Book, lifecycle: Lifecycle[Any, Any] = LIFECYCLE) -> Measured:
    """A book against all that can be covered."""
    sections = {section.name: Covered(section, book) for section in universe(lifecycle)}
    return Measured(lifecycle, book, sections)
