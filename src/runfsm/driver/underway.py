"""What a driver has under way, for all its threads and tasks."""

from __future__ import annotations

import threading
from typing import Protocol
from weakref import WeakSet

from runfsm.driver.hint import WebhookHint

__all__ = ["Cancellable", "UnderWay"]


class Cancellable(Protocol):
    """A run or an errand under way."""

    def cancel(self) -> None:
        """Let it come to its end soon. Any thread may ask."""

    def wake(self, hint: WebhookHint) -> bool:
        """Look at once, if the service has told of this; say whether it has. Any thread may."""


class UnderWay:
    """What can be cancelled; any thread may change and read it. It keeps nothing alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # a WeakSet must not change while it is read
        self._drives: WeakSet[Cancellable] = WeakSet()

    def __len__(self) -> int:
        return len(self._drives)

    def add(self, drive: Cancellable) -> None:
        """Begin."""
        with self._lock:
            self._drives.add(drive)

    def discard(self, drive: Cancellable) -> None:
        """End; a second time is nothing."""
        with self._lock:
            self._drives.discard(drive)

    def all(self) -> list[Cancellable]:
        """Those of this moment."""
        with self._lock:
            return list(self._drives)

    def wake(self, hint: WebhookHint) -> bool:
        """Have those look at once that the service has told of; whether there are any."""
        return sum(drive.wake(hint) for drive in self.all()) > 0  # all of them, not the first
