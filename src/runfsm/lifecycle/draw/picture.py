"""What every diagram shows, before anybody decides how: nodes and arrows, taken from a table.

Table -> picture -> renderer. A picture knows no colour and no syntax; a renderer knows no
lifecycle. So a new format is one more function of a `Picture`, and a new lifecycle is none.

A picture may *fold* its table: put several statuses into one node. Whatever happens inside a node
then is an arrow that stays there. `picture_of` folds nothing; `thread_lock.py` folds a run's
statuses into `unlocked` and `locked`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from runfsm.errors import CallerError
from runfsm.lifecycle.table import Actor, Confidence, Edge, Evidence, Lifecycle, Origin

__all__ = ["Arrow", "Node", "Picture", "Refusal", "bundled", "fold", "picture_of"]

StatusT = TypeVar("StatusT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Node:
    """One place to be in.

    Attributes:
        name: what stands in the middle of it.
        terminal: whether no arrow leaves it.
        locks: whether the thread takes no new message and no new run here.
        inside: what is folded into it, as text; `()` for a node that is simply its status.
        before_creation: whether one is here, too, before anything was created.
        highlighted: whether to paint it as visited.
        count: how often it was entered; `None`: nobody has counted.
        origin: who says that one is here; of several folded into it, the service before others.
    """

    name: str
    terminal: bool
    locks: bool
    inside: tuple[str, ...] = ()
    before_creation: bool = False
    highlighted: bool = False
    origin: Origin = Origin.NATIVE
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Arrow:
    """One event that leads from node to node, and the rows of the table that it stands for.

    Attributes:
        source: the node before; `None` for the arrow that creates the thing.
        event: what happens.
        dest: the node after.
        actor: whose hand it is.
        edges: the rows, in the table's order; never empty.
        highlighted: whether to paint it as taken.
        count: how often it was taken; `None`: nobody has counted.
    """

    source: str | None
    event: str
    dest: str
    actor: Actor
    edges: tuple[Edge[Any, Any], ...]
    highlighted: bool = False
    count: int | None = None

    @property
    def why(self) -> str:
        """The reasons of the rows; a folded row's with the status that it starts from."""
        return "; ".join(
            edge.why if edge.source in {None, self.source} else f"{edge.source}: {edge.why}"
            for edge in self.edges
        )

    @property
    def evidence(self) -> Evidence:
        """The surest evidence among the rows: the arrow is there as soon as one of them is."""
        sure = tuple(Confidence)
        return min(
            (edge.evidence for edge in self.edges), key=lambda known: sure.index(known.confidence)
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A client's call that a node refuses; nothing changes.

    Attributes:
        node: where it is refused.
        call: what the client asked for.
        answer: what the service says, with HTTP status.
        evidence: where we know it from.
    """

    node: str
    call: str
    answer: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Picture:
    """Nodes and arrows, ready for any renderer.

    Attributes:
        name: what is shown: `"run"`.
        about: a sentence on it.
        nodes: in the order of the table's statuses, after the one before creation.
        arrows: in the order of the table's rows.
        refusals: calls that bounce.
    """

    name: str
    about: str
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    refusals: tuple[Refusal, ...] = ()

    @property
    def all_native(self) -> bool:
        """Whether the service says every status itself, so that a legend need not tell."""
        return all(node.origin is Origin.NATIVE for node in self.nodes)

    @property
    def counted(self) -> bool:
        """Whether somebody has counted what happened, so that this is what is painted."""
        return any(arrow.count is not None for arrow in self.arrows)


def picture_of(
    lifecycle: Lifecycle[StatusT, EventT],
    *,
    highlight: Collection[StatusT | Edge[StatusT, EventT]] = (),
    counts: Mapping[StatusT | Edge[StatusT, EventT], int] | None = None,
) -> Picture:
    """The picture of a table: a node for each status, an arrow for each row.

    Args:
        lifecycle: any table.
        highlight: statuses and edges to paint: where a live run has been.
        counts: how often each status was entered and each edge taken; what is not in it, never.
            What tests have covered, say.

    Raises:
        CallerError: `highlight` or `counts` names a status or an edge that the table does not have.

    Example:
        >>> from runfsm.lifecycle import LIFECYCLE, RunStatus
        >>> way = LIFECYCLE.path(None, RunStatus.IN_PROGRESS)
        >>> picture = picture_of(LIFECYCLE, highlight=way)
        >>> [arrow.event for arrow in picture.arrows if arrow.highlighted]
        ['create', 'start']
    """
    return fold(lifecycle, str, highlight=highlight, counts=counts)


def fold(
    lifecycle: Lifecycle[StatusT, EventT],
    place: Callable[[StatusT], str],
    *,
    before_creation: str | None = None,
    highlight: Collection[StatusT | Edge[StatusT, EventT]] = (),
    counts: Mapping[StatusT | Edge[StatusT, EventT], int] | None = None,
) -> Picture:
    """The picture of a table in which `place` says which node a status belongs to.

    Args:
        lifecycle: any table.
        place: the name of the node that a status is folded into.
        before_creation: the name of the node that one is in before anything was created; without
            it the first arrow comes out of nowhere.
        highlight: statuses and edges to paint; they paint what they are folded into.
        counts: how often each was entered or taken; they add up in what they are folded into.

    Raises:
        CallerError: `highlight` or `counts` names a status or an edge that the table does not have.
    """
    _check_known(lifecycle, [*highlight, *(counts or ())])

    def count(items: tuple[StatusT, ...] | tuple[Edge[StatusT, EventT], ...]) -> int | None:
        return None if counts is None else sum(counts.get(item, 0) for item in items)

    def ends(edge: Edge[StatusT, EventT]) -> tuple[str | None, str, str, Actor]:
        source = before_creation if edge.source is None else place(edge.source)
        return source, str(edge.event), place(edge.dest), edge.actor

    arrows = tuple(
        Arrow(
            *ends(rows[0]),
            edges=rows,
            highlighted=not set(rows).isdisjoint(highlight),
            count=count(rows),
        )
        for rows in bundled(lifecycle.edges, by=ends)
    )
    sources = {arrow.source for arrow in arrows}

    def node(statuses: tuple[StatusT, ...]) -> Node:
        name = place(statuses[0])
        first = (f"no {lifecycle.name} yet",) if name == before_creation else ()
        inside = (*first, *map(str, statuses))
        return Node(
            name=name,
            terminal=name not in sources,
            locks=all(map(lifecycle.locks_thread, statuses)),
            inside=() if inside == (name,) else inside,
            before_creation=name == before_creation,
            highlighted=not set(statuses).isdisjoint(highlight),
            origin=min(map(lifecycle.origin, statuses), key=tuple(Origin).index),
            count=count(statuses),
        )

    nodes = map(node, bundled(lifecycle.statuses, by=place))
    in_time = tuple(sorted(nodes, key=lambda node: not node.before_creation))
    return Picture(lifecycle.name, lifecycle.about, in_time, arrows)


ItemT = TypeVar("ItemT")


def bundled(
    items: Iterable[ItemT], *, by: Callable[[ItemT], Hashable]
) -> tuple[tuple[ItemT, ...], ...]:
    """The items that share a key, together, in the order in which each key first came."""
    bundles: dict[Hashable, list[ItemT]] = {}
    for item in items:
        bundles.setdefault(by(item), []).append(item)
    return tuple(map(tuple, bundles.values()))


def _check_known(
    lifecycle: Lifecycle[StatusT, EventT],
    highlight: Collection[StatusT | Edge[StatusT, EventT]],
) -> None:
    known = {*lifecycle.statuses, *lifecycle.edges}
    if strangers := [str(item) for item in highlight if item not in known]:
        raise CallerError(
            f"cannot paint {', '.join(strangers)}: not in the table of the {lifecycle.name}. "
            f"Its statuses are {', '.join(lifecycle.statuses)}; for an arrow, "
            "pass an edge of the table, as `lifecycle.next(status, event)` gives it."
        )
