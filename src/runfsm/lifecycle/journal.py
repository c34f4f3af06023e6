"""What was seen to happen, one frozen line a step: the words that a journal is written in.

The tracker writes these three; the driver adds its own (`driver/journal.py`). A step holds
statuses, events, ids and times, never what a user, a model or a tool said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from runfsm.lifecycle.names import nearest
from runfsm.lifecycle.run import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.table import Edge, Origin

__all__ = ["Anomaly", "JournalStep", "Transition", "UnknownStatus", "step_from_dict"]


@dataclass(frozen=True, slots=True)
class JournalStep:
    """One line of a journal.

    Attributes:
        at: Unix time in seconds, or `None` if the observer did not tell the time.
    """

    kind: ClassVar[str] = "step"
    at: float | None

    def to_dict(self) -> dict[str, Any]:
        """The step as a JSON object; `step_from_dict` is the inverse for the tracker's kinds."""
        return {"kind": self.kind} | {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True)
class Transition(JournalStep):
    """An edge was taken.

    Attributes:
        edge: which one.
        inferred: nobody saw the status that it leads to; it must have been passed through.
        foreign: a client's edge that we did not take: another client's hand.
        origin: who says the status that it leads to: the service, or else we, from what it says
            (`computed`) or by ourselves (`local`).
    """

    kind: ClassVar[str] = "transition"
    edge: Edge[RunStatus, RunEvent]
    inferred: bool = False
    foreign: bool = False
    origin: Origin = Origin.NATIVE

    def to_dict(self) -> dict[str, Any]:
        """See `JournalStep.to_dict`."""
        edge = self.edge
        return {
            "kind": self.kind,
            "at": self.at,
            "source": edge.source,
            "event": edge.event,
            "dest": edge.dest,
            "actor": edge.actor,
            "inferred": self.inferred,
            "foreign": self.foreign,
        } | ({} if self.origin is Origin.NATIVE else {"origin": self.origin})

    def __str__(self) -> str:
        hand = "another client" if self.foreign else self.edge.actor
        seen = ", not seen" if self.inferred else ""
        edge = self.edge
        whose = "" if self.origin is Origin.NATIVE else f" ({self.origin})"
        return f"{edge.source or '(created)'} → {edge.dest}  {edge.event} by {hand}{seen}{whose}"


@dataclass(frozen=True, slots=True)
class UnknownStatus(JournalStep):
    """The service showed a status that is none of the nine; the last known one is kept."""

    kind: ClassVar[str] = "unknown_status"
    raw_status: str
    kept: str | None

    def __str__(self) -> str:
        near = nearest(self.raw_status, list(RunStatus))
        meant = f" (did you mean {near!r}?)" if near else ""
        return f"unknown status {self.raw_status!r}{meant}; still {self.kept or 'not created'}"


@dataclass(frozen=True, slots=True)
class Anomaly(JournalStep):
    """The service showed what the lifecycle says cannot be; the last known status is kept."""

    kind: ClassVar[str] = "anomaly"
    seen: str
    shown: str

    def __str__(self) -> str:
        why = (
            "a terminal status is final"
            if self.seen in LIFECYCLE.terminal
            else "no path of edges leads there"
        )
        return f"impossible: {self.seen} → {self.shown} ({why}); kept {self.seen}"


def step_from_dict(data: Mapping[str, Any]) -> JournalStep:
    """The step of a JSON object that `to_dict` made.

    Raises:
        ValueError: it is none: an unknown kind, or an edge that the lifecycle does not have.
        KeyError: a field is missing.
    """
    at = data["at"]
    match data["kind"]:
        case "transition":
            source = data["source"] and RunStatus(data["source"])
            edge = LIFECYCLE.next(source, RunEvent(data["event"]))
            origin = Origin(data.get("origin", Origin.NATIVE))
            return Transition(at, edge, bool(data["inferred"]), bool(data["foreign"]), origin)
        case "unknown_status":
            return UnknownStatus(at, data["raw_status"], data["kept"])
        case "anomaly":
            return Anomaly(at, data["seen"], data["shown"])
        case kind:
            raise ValueError(f"a tracker's journal has no step of kind {kind!r}")
