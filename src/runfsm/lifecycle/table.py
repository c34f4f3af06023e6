"""What a lifecycle *is*: rows of edges, checked when built, asked by everybody else.

Rule 1: everything about which event may follow which status is said in a table of this class,
and nowhere else. The machine, the simulator, the diagrams, the documentation, the error texts and
the tests are computed from it.

Rule 2: this file does not know which lifecycle it holds, nor who is asking. A second lifecycle is
another table (`run.py`, `catalog.py`), never another branch here.

A poll sees statuses, not events: between two looks several edges may have been taken, some of
them by another client. Which ones, or that none can have been, is a question about the table, so
`Lifecycle.path` answers it here.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cached_property
from itertools import count
from typing import Final, Generic, Self, TypeVar

from runfsm.errors import IllegalTransition, TableError
from runfsm.lifecycle.names import unknown_name

__all__ = ["Actor", "Confidence", "Edge", "Evidence", "Lifecycle", "Origin"]

StatusT = TypeVar("StatusT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)


class Actor(StrEnum):
    """Who may take an edge."""

    CLIENT = "client"
    SERVICE = "service"
    CLOCK = "clock"


class Origin(StrEnum):
    """Who says that the thing is in a status."""

    NATIVE = "native"  # the service, in this word or in another
    COMPUTED = "computed"  # whoever looks, from what the service shows
    LOCAL = "local"  # the library alone: the service knows nothing of it


class Confidence(StrEnum):
    """How sure a piece of evidence is. Services go away, and cannot be asked again."""

    CERTAIN = "certain"  # recorded live, or several independent reports
    LIKELY = "likely"  # documented, or one good report
    INFERRED = "inferred"  # follows from the rest; nobody was seen to see it


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why we believe it: a source that a reader can look up, and how sure it makes us."""

    source: str
    confidence: Confidence

    @classmethod
    def certain(cls, source: str) -> Self:
        """Recorded live, or told by several."""
        return cls(source, Confidence.CERTAIN)

    @classmethod
    def likely(cls, source: str) -> Self:
        """Documented, or told by one good report."""
        return cls(source, Confidence.LIKELY)

    @classmethod
    def inferred(cls, source: str) -> Self:
        """Follows from the rest."""
        return cls(source, Confidence.INFERRED)


@dataclass(frozen=True, slots=True)
class Edge(Generic[StatusT, EventT]):
    """One row: in `source`, on `event`, go to `dest`.

    Attributes:
        source: the status before, or `None` for the edge that creates the thing.
        event: what happens.
        dest: the status after.
        actor: whose hand it is.
        why: one clause for tooltips, documentation and error texts.
        evidence: where we know it from.
    """

    source: StatusT | None
    event: EventT
    dest: StatusT
    actor: Actor
    why: str
    evidence: Evidence

    def __str__(self) -> str:
        return f"{self.source or '(created)'} --{self.event}--> {self.dest}"


# A path that needs fewer foreign hands is likelier; then one of surer edges; then a shorter one.
# The weights make two surely known edges beat one and a half merely likely ones: a run seen first
# in requires_action and then in completed was answered (three certain edges), not cancelled in
# vain (two likely ones).
WEIGHT: Final[Mapping[Confidence, float]] = {
    Confidence.CERTAIN: 1.0,
    Confidence.LIKELY: 1.75,
    Confidence.INFERRED: 2.5,
}


@dataclass(frozen=True, repr=False)
class Lifecycle(Generic[StatusT, EventT]):
    """A table of edges and the questions one asks of it.

    Args:
        name: what lives this life, for messages and diagrams: `"run"`.
        edges: the rows.
        locks: the statuses in which the thread takes no new message and no new run.
        about: a sentence for diagrams and documentation.
        origins: the statuses that are not native, and what they are instead.

    Raises:
        TableError: two edges for one status and event, a status that cannot be reached, or one
            from which no terminal status can be reached.

    Example:
        >>> from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
        >>> LIFECYCLE.next(RunStatus.QUEUED, RunEvent.START).dest
        <RunStatus.IN_PROGRESS: 'in_progress'>
        >>> [edge.event.value for edge in LIFECYCLE.allowed(RunStatus.REQUIRES_ACTION)]
        ['submit_tool_outputs', 'cancel', 'expire']
    """

    name: str
    statuses: type[StatusT]
    events: type[EventT]
    edges: tuple[Edge[StatusT, EventT], ...]
    locks: frozenset[StatusT] = frozenset()
    about: str = ""
    origins: Mapping[StatusT, Origin] = field(default_factory=dict, hash=False)
    _next: dict[tuple[StatusT | None, EventT], Edge[StatusT, EventT]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for edge in self.edges:
            twin = self._next.setdefault((edge.source, edge.event), edge)
            if twin is not edge:
                msg = f"{self.name}: two edges leave one status on one event: {twin}; {edge}"
                raise TableError(msg)
        self._check_reachable()

    def _check_reachable(self) -> None:
        if lost := set(self.statuses) - self._reach([None], forward=True):
            raise TableError(f"{self.name}: no path from creation to {_names(lost)}")
        if not self.terminal:
            raise TableError(f"{self.name}: no terminal status: every status has an edge out")
        if stuck := set(self.statuses) - self._reach(self.terminal, forward=False):
            raise TableError(f"{self.name}: no path to a terminal status from {_names(stuck)}")

    def _reach(self, start: Iterable[StatusT | None], *, forward: bool) -> set[StatusT | None]:
        seen = set(start)
        frontier = list(seen)
        while frontier:
            here = frontier.pop()
            for edge in self.edges:
                near, far = (edge.source, edge.dest) if forward else (edge.dest, edge.source)
                if near == here and far not in seen:
                    seen.add(far)
                    frontier.append(far)
        return seen

    @cached_property
    def terminal(self) -> frozenset[StatusT]:
        """The statuses without an edge out. Derived from the rows, never listed."""
        return frozenset(self.statuses) - {edge.source for edge in self.edges if edge.source}

    @cached_property
    def initial(self) -> StatusT:
        """The status that creation leads to."""
        return next(edge.dest for edge in self.edges if edge.source is None)

    def __repr__(self) -> str:
        return f"<Lifecycle {self.name!r}: {len(self.statuses)} statuses, {len(self.edges)} edges>"

    def status(self, name: str) -> StatusT:
        """Return the status of that name.

        Raises:
            UnknownNameError: there is none; the message lists all, and the nearest.

        Example:
            >>> from runfsm.lifecycle import LIFECYCLE
            >>> LIFECYCLE.status("in_progress")
            <RunStatus.IN_PROGRESS: 'in_progress'>
        """
        try:
            return self.statuses(name)
        except ValueError:
            raise unknown_name("status", self.name, name, list(self.statuses)) from None

    def event(self, name: str) -> EventT:
        """Return the event of that name.

        Raises:
            UnknownNameError: there is none; the message lists all, and the nearest.
        """
        try:
            return self.events(name)
        except ValueError:
            raise unknown_name("event", self.name, name, list(self.events)) from None

    def allowed(self, status: StatusT | None) -> tuple[Edge[StatusT, EventT], ...]:
        """The edges that leave `status` (`None`: not created yet), in the table's order.

        Raises:
            UnknownNameError: there is no such status.
        """
        found = tuple(edge for edge in self.edges if edge.source == status)
        if not found and status is not None:
            self.status(status)  # a misspelt status is no terminal one
        return found

    def allows(self, status: StatusT | None, event: EventT) -> bool:
        """Whether `event` is legal in `status`."""
        return (status, event) in self._next

    def locks_thread(self, status: StatusT) -> bool:
        """Whether the thread takes no new message and no new run while in `status`."""
        return status in self.locks

    def origin(self, status: StatusT) -> Origin:
        """Who says that the thing is in `status`."""
        return self.origins.get(status, Origin.NATIVE)

    def next(self, status: StatusT | None, event: EventT) -> Edge[StatusT, EventT]:
        """The edge that `event` takes in `status`.

        Raises:
            IllegalTransition: there is none; the message says why and what would be legal.
            UnknownNameError: there is no such status, or no such event.
        """
        try:
            return self._next[status, event]
        except KeyError:
            raise self.illegal(status, self.event(event)) from None

    def illegal(self, status: StatusT | None, event: EventT) -> IllegalTransition:
        """The error for an event that this table does not have in `status`."""
        allowed = self.allowed(status)
        if status in self.terminal:
            why = f"{status!s} is terminal: nothing can happen to the {self.name} any more"
        else:
            options = ", ".join(f"{edge.event} ({edge.actor}: {edge.why})" for edge in allowed)
            why = f"legal here: {options}"
        where = f"in status '{status}'" if status else "that is not created yet"
        message = f"'{event}' is not legal for a {self.name} {where}; {why}."
        return IllegalTransition(
            message, status=status, event=event, allowed=[edge.event for edge in allowed]
        )

    def path(
        self,
        seen: StatusT | None,
        now: StatusT,
        *,
        own: Collection[EventT] = (),
        again: bool = False,
    ) -> tuple[Edge[StatusT, EventT], ...] | None:
        """The edges that must have been taken between two looks.

        Args:
            seen: the status at the last look; `None` if there was none.
            now: the status at this look.
            own: the client events that we sent ourselves since the last look; any other client
                edge on the path was taken by somebody else's hand.
            again: whether the thing is known to have left `seen` in between (a new round of tool
                calls, say), so that the empty path is no answer to `seen == now`.

        Returns:
            The likeliest sequence of edges, `()` when nothing happened, or `None` when no
            sequence of edges leads from `seen` to `now`: an anomaly.

        Raises:
            UnknownNameError: there is no such status, or no such event.

        Example:
            >>> from runfsm.lifecycle import LIFECYCLE, RunStatus
            >>> for edge in LIFECYCLE.path(RunStatus.QUEUED, RunStatus.REQUIRES_ACTION):
            ...     print(edge)
            queued --start--> in_progress
            in_progress --require_action--> requires_action
        """
        if seen == now and not again:
            return ()
        key = (seen, now, frozenset(own))
        if key not in self._paths:
            for event in key[2]:
                self.event(event)
            self.allowed(seen)
            self._paths[key] = self._likeliest(seen, self.status(now), key[2])
        return self._paths[key]

    @cached_property
    def _paths(
        self,
    ) -> dict[
        tuple[StatusT | None, StatusT, frozenset[EventT]],
        tuple[Edge[StatusT, EventT], ...] | None,
    ]:
        return {}

    def _likeliest(
        self, seen: StatusT | None, now: StatusT, own: frozenset[EventT]
    ) -> tuple[Edge[StatusT, EventT], ...] | None:
        """Dijkstra's search; a cost is (foreign hands, weight of the evidence)."""
        order = count()  # settles ties by age, so that edges are never compared
        heap: list[tuple[int, float, int, tuple[Edge[StatusT, EventT], ...]]] = []
        done: set[StatusT] = set()

        def push(foreign: int, weight: float, path: tuple[Edge[StatusT, EventT], ...]) -> None:
            for edge in self.allowed(path[-1].dest if path else seen):
                hands = foreign + (edge.actor is Actor.CLIENT and edge.event not in own)
                cost = weight + WEIGHT[edge.evidence.confidence]
                heapq.heappush(heap, (hands, cost, next(order), (*path, edge)))

        push(0, 0.0, ())
        while heap:
            foreign, weight, _, path = heapq.heappop(heap)
            here = path[-1].dest
            if here == now:
                return path
            if here not in done:
                done.add(here)
                push(foreign, weight, path)
        return None


def _names(statuses: Iterable[Enum | None]) -> str:
    return ", ".join(sorted(str(status) for status in statuses))
