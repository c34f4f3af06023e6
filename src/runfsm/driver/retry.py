"""Which faults may pass if one asks again.

Whether one *may* ask again is another question: what may have been done is looked up first
(`admission.py`, `learn.py`).
"""

from __future__ import annotations

from typing import Final

from runfsm.errors import Fault, FaultKind

__all__ = ["OUTDATED", "may_pass"]

#: The run is further than we thought: look at once.
OUTDATED: Final = frozenset({FaultKind.ALREADY_TERMINAL, FaultKind.STALE_ACTION})

RETRYABLE: Final = frozenset({FaultKind.TRANSIENT, FaultKind.RATE_LIMITED})


def may_pass(fault: Fault, *, ours: bool, answered: bool) -> bool:
    """Whether asking again may help.

    Args:
        fault: what was met.
        ours: whether we made what was asked for. If so, "not found" is a replica that lags
            (Flowise#3426 met it right after a creation).
        answered: whether this service has ever answered in the API's words. If so, a garbled
            answer is a hiccup of something on the way; if not, it is the wrong address.
    """
    return (
        fault.kind in RETRYABLE
        or (fault.kind is FaultKind.NOT_FOUND and ours)
        or (fault.kind is FaultKind.GARBLED and answered)
    )
