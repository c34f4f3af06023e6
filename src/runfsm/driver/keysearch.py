"""The search of an idempotent request for the run of its key, before one is made. Pure.

First the key is held in this process, which tells what was made by it here; then the thread's
latest runs are listed. A run that is found there, and is under way, may be another process's: it is
followed, and not driven.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from runfsm.driver.actions import Action, Create, ListRuns, TakeKey
from runfsm.driver.pacing import FOREVER_S
from runfsm.errors import Fault, FaultKind

__all__ = ["UNLISTED", "KeySearch"]

#: How a service says that it cannot list runs.
UNLISTED: Final = frozenset({FaultKind.NOT_FOUND, FaultKind.INVALID, FaultKind.UNSUPPORTED})


@dataclass(slots=True)
class KeySearch:
    """The steps of the search for a run.

    Args:
        key: the key; `None`: nothing is looked for.

    Attributes:
        has_key: whether it is held here.
        has_looked: whether the thread's runs were listed, or cannot be.
        is_found: whether the run was there before.
        is_followed: whether it was, and somebody else may drive it.
    """

    key: str | None
    has_key: bool = field(default=False, init=False)
    has_looked: bool = field(default=False, init=False)
    is_found: bool = field(default=False, init=False)
    is_followed: bool = field(default=False, init=False)

    @classmethod
    def of(cls, entry: object) -> KeySearch:
        """The search of an entry: of one that is not idempotent, none."""
        if isinstance(entry, Create) and entry.request.idempotent:
            return cls(entry.request.key)
        return cls(None)

    def next_action(self, thread_id: str | None, *, is_new: bool) -> TakeKey | ListRuns | None:
        """Return the next step, if any; on a thread that is new there is nothing to list."""
        if self.key is None:
            return None
        if not self.has_key:
            return TakeKey(self.key, FOREVER_S)
        if thread_id is None or is_new or self.has_looked:
            return None
        return ListRuns(thread_id)

    def is_refused(self, action: Action, fault: Fault) -> bool:
        """Return whether the runs cannot be listed: not every look-alike can do that."""
        is_look = isinstance(action, ListRuns) and self.key is not None and not self.has_looked
        return is_look and fault.kind in UNLISTED
