"""What of a run's life has happened in tests, and what never has.

cells.py     the places that can be covered
book.py      how often each was: a value that adds up, and is JSON
clerk.py     writes a book of what all simulators of the process do
universe.py  which places there are, computed from the tables; which cannot be reached, and why
measure.py   a book against that: what is covered, what is missing, how many per cent
report.py    told on a terminal, and as JSON
page.py      told on one page of HTML
painting.py  told on the lifecycle's diagram

Example:
    >>> from runfsm_simulator import Simulator
    >>> with counting() as clerk:
    ...     simulator = Simulator()
    ...     thread_id = simulator.create_thread()
    ...     _ = simulator.add_message(thread_id, "Hi")
    ...     _ = simulator.world.create_run(thread_id, simulator.create_assistant())
    ...     simulator.clock.advance(60)
    ...     _ = simulator.trace  # what nobody looks at has not happened yet
    >>> measure(clerk.book)["edges"].told
    'edges: 3 of 19, 15.7 %'
"""

from runfsm_simulator.testing.coverage.book import Book
from runfsm_simulator.testing.coverage.cells import Cell
from runfsm_simulator.testing.coverage.clerk import Clerk, counting
from runfsm_simulator.testing.coverage.measure import GATED, Measured, measure
from runfsm_simulator.testing.coverage.universe import SECTIONS, Section, universe

__all__ = [
    "GATED",
    "SECTIONS",
    "Book",
    "Cell",
    "Clerk",
    "Measured",
    "Section",
    "counting",
    "measure",
    "universe",
]
