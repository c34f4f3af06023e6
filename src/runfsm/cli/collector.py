"""The garbage collector of a server: its full passes wait for a quiet moment.

Python looks through all objects whenever a quarter of them is new. A world of a hundred thousand
messages has a million objects, and every client waits for a tenth of a second meanwhile. Hardly
anything is found: what requests leave behind is freed by counting, or by the passes over what is
young, which go on as ever.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["QuietCollector", "full_passes_wait"]

#: So many passes over young objects that no count is reached: full passes are made here alone.
NEVER: Final = 1_000_000_000

#: Ticks without a request: a server has ten of them a second.
QUIET_TICKS: Final = 10
#: Ticks after which a full pass is made under load, too: ten minutes.
LATEST_TICKS: Final = 6_000
#: Passes over what is young, since the last full one, that make a full one worth its time.
WORTH: Final = 10


class QuietCollector:
    """Makes a full pass when no request has come for a second, and at the latest after ten minutes.

    Args:
        collect: makes the pass.
        passes: counts the passes over what is young since the last full one.

    Example:
        >>> collector = QuietCollector(collect=lambda: print("collected"), passes=lambda: 10)
        >>> for _ in range(QUIET_TICKS + 1):
        ...     collector.tick(requests=7)
        collected
    """

    def __init__(
        self,
        collect: Callable[[], object] = gc.collect,
        passes: Callable[[], int] = lambda: gc.get_count()[2],
    ) -> None:
        self._collect = collect
        self._passes = passes
        self._requests = 0
        self._quiet = self._since = 0

    def tick(self, requests: int) -> None:
        """Note how many requests there have been so far; make a full pass if it is time."""
        self._quiet = self._quiet + 1 if requests == self._requests else 0
        self._requests = requests
        self._since += 1
        is_time = self._quiet >= QUIET_TICKS or self._since >= LATEST_TICKS
        if is_time and self._passes() >= WORTH:
            self._collect()
            self._since = 0


@contextmanager
def full_passes_wait() -> Iterator[QuietCollector]:
    """Have nobody but the collector that is given make full passes, while the block runs.

    What is there already, modules for the most part, is looked through once more and set aside.
    """
    young, middle, full = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, middle, NEVER)
    try:
        yield QuietCollector()
    finally:
        gc.set_threshold(young, middle, full)
        gc.unfreeze()
