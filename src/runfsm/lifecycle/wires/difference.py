"""Two wires in, what differs out: statuses, edges, refusals, promises.

Computed from the wires alone, so that the command line and the documentation say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runfsm.lifecycle.run import RunEvent, RunStatus
from runfsm.lifecycle.table import Edge, Evidence
from runfsm.lifecycle.wires.wire import Answer, Trait, Wire

__all__ = ["Change", "Row", "Section", "Side", "differences"]

Key = tuple[RunStatus | None, RunEvent]


class Change(StrEnum):
    """What becomes of something on the way from one wire to another."""

    SAME = "same"
    CHANGES = "changes"
    VANISHES = "vanishes"
    APPEARS = "appears"


@dataclass(frozen=True, slots=True)
class Side:
    """What one wire says of it, and where we know that from."""

    told: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Row:
    """One thing on both wires. A side is `None` where a table has no such edge."""

    subject: str
    change: Change
    before: Side | None
    after: Side | None


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one kind."""

    title: str
    rows: tuple[Row, ...]

    @property
    def different(self) -> tuple[Row, ...]:
        """The rows that are not the same on both wires."""
        return tuple(row for row in self.rows if row.change is not Change.SAME)

    @property
    def same(self) -> tuple[str, ...]:
        """The subjects of the other rows."""
        return tuple(row.subject for row in self.rows if row.change is Change.SAME)


def differences(before: Wire, after: Wire) -> tuple[Section, ...]:
    """Everything that is said of both wires, and what becomes of it.

    Returns:
        Four sections: statuses, edges, refusals, promises. What is the same is there, too.

    Example:
        >>> from runfsm.lifecycle.wires import WIRES
        >>> statuses, *_ = differences(WIRES["assistants"], WIRES["responses"])
        >>> [row.subject for row in statuses.different]
        ['requires_action', 'cancelling', 'expired']
    """
    return (
        Section("Statuses", tuple(_statuses(before, after))),
        Section("Edges", tuple(_edges(before, after))),
        Section("Refusals", tuple(_refusals(before, after))),
        Section("Promises", tuple(_promises(before.traits, after.traits))),
    )


def _statuses(before: Wire, after: Wire) -> Iterator[Row]:
    for status in RunStatus:
        was, is_ = before.statuses[status], after.statuses[status]
        change = Change.SAME if was.value is is_.value else Change.CHANGES
        sides = (Side(f"{one.value}: {one.told}", one.evidence) for one in (was, is_))
        yield Row(str(status), change, *sides)


def _edges(before: Wire, after: Wire) -> Iterator[Row]:
    was, is_ = _by_key(before), _by_key(after)
    for key in {**was, **is_}:
        yield _edge(key, was.get(key), is_.get(key), before, after)


def _by_key(wire: Wire) -> dict[Key, Edge[RunStatus, RunEvent]]:
    return {(edge.source, edge.event): edge for edge in wire.table.edges}


def _edge(
    key: Key,
    was: Edge[RunStatus, RunEvent] | None,
    is_: Edge[RunStatus, RunEvent] | None,
    before: Wire,
    after: Wire,
) -> Row:
    source, event = key
    subject = f"{event} in {source}" if source else str(event)
    if was is None or is_ is None:
        change = Change.APPEARS if was is None else Change.VANISHES
    else:
        same = _nature(was, before) == _nature(is_, after)
        change = Change.SAME if same else Change.CHANGES
    return Row(subject, change, _edge_side(was), _edge_side(is_))


def _nature(edge: Edge[RunStatus, RunEvent], wire: Wire) -> tuple[object, ...]:
    """Where an edge leads, by whose hand, and who says that it was taken."""
    ends = [status for status in (edge.source, edge.dest) if status]
    return edge.dest, edge.actor, *(wire.statuses[status].value for status in ends)


def _edge_side(edge: Edge[RunStatus, RunEvent] | None) -> Side | None:
    if edge is None:
        return None
    return Side(f"{edge.actor} → {edge.dest}: {edge.why}", edge.evidence)


def _refusals(before: Wire, after: Wire) -> Iterator[Row]:
    for occasion, was in before.refusals.items():
        is_ = after.refusals[occasion]
        yield Row(str(occasion), _change(was, is_), _refusal_side(was), _refusal_side(is_))


def _refusal_side(refusal: Trait[Answer | None]) -> Side:
    if refusal.value is None:
        return Side(f"not refused: {refusal.told}", refusal.evidence)
    remark = f" ({refusal.told})" if refusal.told else ""
    return Side(f"{refusal.value}{remark}", refusal.evidence)


def _promises(before: Mapping[str, Trait[Any]], after: Mapping[str, Trait[Any]]) -> Iterator[Row]:
    for name, was in before.items():
        is_ = after[name]
        sides = (Side(one.told, one.evidence) for one in (was, is_))
        yield Row(name.replace("_", " "), _change(was, is_), *sides)


def _change(was: Trait[Any], is_: Trait[Any]) -> Change:
    if was.value == is_.value:
        return Change.SAME
    if not is_.value:
        return Change.VANISHES
    return Change.CHANGES if was.value else Change.APPEARS
