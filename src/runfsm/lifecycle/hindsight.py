"""What two looks prove: which edges must have been taken between them, and what could come next.

`Lifecycle.path` tells the likeliest way from one look to the next. Whether an edge of it is sure is
another question: it is, if no way goes around it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from runfsm.lifecycle.table import Edge, Lifecycle

__all__ = ["is_sure", "kept_lock", "reachable"]

StatusT = TypeVar("StatusT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)


def is_sure(
    table: Lifecycle[StatusT, EventT],
    edge: Edge[StatusT, EventT],
    seen: StatusT | None,
    now: StatusT,
) -> bool:
    """Whether `edge` must have been taken between two looks, for there is no way around it.

    Args:
        table: whose edges.
        edge: one that lies on a way from `seen` to `now`.
        seen: the status at the last look; `None`: not created yet.
        now: the status at this look. Where it is `seen`, the way is known to have left it.

    Example:
        >>> from runfsm.lifecycle import LIFECYCLE, RunStatus
        >>> path = LIFECYCLE.path(RunStatus.REQUIRES_ACTION, RunStatus.IN_PROGRESS)
        >>> [is_sure(LIFECYCLE, edge, path[0].source, path[-1].dest) for edge in path]
        [True, True]
        >>> create, *_ = path = LIFECYCLE.path(None, RunStatus.COMPLETED)
        >>> [is_sure(LIFECYCLE, edge, None, RunStatus.COMPLETED) for edge in path]
        [True, False, False]
    """
    met: set[StatusT] = set()
    frontier: list[StatusT | None] = [seen]
    while frontier:
        for other in table.allowed(frontier.pop()):
            if other == edge or other.dest in met:
                continue
            if other.dest == now:
                return False
            met.add(other.dest)
            frontier.append(other.dest)
    return True


def reachable(
    table: Lifecycle[StatusT, EventT], seen: StatusT | None
) -> tuple[Edge[StatusT, EventT], ...]:
    """The statuses that a later look may show, each as the last edge of its likeliest way.

    In the order of the table's statuses; empty for a terminal status.

    Example:
        >>> from runfsm.lifecycle import LIFECYCLE, RunStatus
        >>> [str(edge.dest) for edge in reachable(LIFECYCLE, RunStatus.CANCELLING)]
        ['cancelled', 'failed', 'completed', 'incomplete', 'expired']
    """
    ways = (table.path(seen, status, again=True) for status in table.statuses)
    return tuple(way[-1] for way in ways if way)


def kept_lock(table: Lifecycle[StatusT, EventT], seen: StatusT, now: StatusT) -> bool:
    """Whether a thing has locked its thread all the while between two looks.

    It has, if it did at both, and no way from one to the other leads through a status that does
    not lock.

    Example:
        >>> from runfsm.lifecycle import LIFECYCLE, RunStatus
        >>> kept_lock(LIFECYCLE, RunStatus.QUEUED, RunStatus.REQUIRES_ACTION)
        True
        >>> kept_lock(LIFECYCLE, RunStatus.QUEUED, RunStatus.COMPLETED)
        False
    """
    free = [status for status in table.statuses if not table.locks_thread(status)]
    leads_through = any(table.path(seen, one) and table.path(one, now) for one in free)
    return table.locks_thread(seen) and table.locks_thread(now) and not leads_through
