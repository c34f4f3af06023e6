"""When is the thread locked? A run's lifecycle, folded into two nodes.

Computed from the table: `unlocked` holds the statuses that do not lock (and the time before any
run), `locked` those that do. An arrow from `unlocked` to `locked` takes the lock, one from
`locked` to `locked` keeps it, one back releases it. What the lock refuses is no event of a run:
the wire says it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from runfsm.lifecycle.draw.picture import Picture, Refusal, fold
from runfsm.lifecycle.run import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.table import Edge
from runfsm.lifecycle.wires import ASSISTANTS, Occasion

__all__ = ["thread_lock_picture"]

UNLOCKED, LOCKED = "unlocked", "locked"

REFUSALS: Final = tuple(
    Refusal(LOCKED, call, str(refused.value), refused.evidence)
    for call, refused in (
        ("create message", ASSISTANTS.refusals[Occasion.MESSAGE_WHILE_BUSY]),
        ("create run", ASSISTANTS.refusals[Occasion.RUN_WHILE_BUSY]),
    )
)


def thread_lock_picture(
    *, highlight: Collection[RunStatus | Edge[RunStatus, RunEvent]] = ()
) -> Picture:
    """The two-node picture of a thread, locked or not by its run.

    Args:
        highlight: statuses and edges *of the run*; they paint the node and the arrow they are
            folded into.

    Raises:
        CallerError: `highlight` names a status or an edge that a run does not have.

    Example:
        >>> [arrow.event for arrow in thread_lock_picture().arrows if arrow.source == "unlocked"]
        ['create']
    """
    picture = fold(
        LIFECYCLE,
        lambda status: LOCKED if LIFECYCLE.locks_thread(status) else UNLOCKED,
        before_creation=UNLOCKED,
        highlight=highlight,
    )
    return replace(
        picture,
        name="thread lock",
        about="A thread has one run at a time; while that run is on its way, the thread is locked.",
        refusals=REFUSALS,
    )
