"""What a driver has under way, for all its threads and tasks."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar
from weakref import WeakSet

__all__ = ["UnderWay"]

WatchT = TypeVar("WatchT")


class UnderWay(Generic[WatchT]):
    """A set of watches that any thread may change and read. It keeps none of them alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # a WeakSet must not change while it is read
        self._watches: WeakSet[WatchT] = WeakSet()

    def __len__(self) -> int:
        return len(self._watches)

    def add(self, watch: WatchT) -> None:
        """Begin."""
        with self._lock:
            self._watches.add(watch)

    def discard(self, watch: WatchT) -> None:
        """End; a second time is nothing."""
        with self._lock:
            self._watches.discard(watch)

    def all(self) -> list[WatchT]:
        """Those of this moment."""
        with self._lock:
            return list(self._watches)
