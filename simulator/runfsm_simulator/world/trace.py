"""What happened in the world, one entry for each edge that a run, a response or a turn took."""

from __future__ import annotations

from dataclasses import dataclass

from runfsm.lifecycle import Actor, RunEvent, RunStatus, TurnStatus

__all__ = ["TraceEntry"]


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One edge, taken.

    Attributes:
        at: Unix time in seconds.
        run_id: whose edge.
        source: the status before; `None` for the creation.
        event: what happened.
        dest: the status after.
        actor: whose hand it was.
        table: which lifecycle the edge is of: `"run"`, `"response"` or `"turn"`.
    """

    at: float
    run_id: str
    source: RunStatus | TurnStatus | None
    event: RunEvent
    dest: RunStatus | TurnStatus
    actor: Actor
    table: str = "run"

    def __str__(self) -> str:
        return f"{self.at:.3f}  {self.told}"

    @property
    def told(self) -> str:
        """It, without its time."""
        move = f"{self.source or '(created)'} --{self.event}--> {self.dest}"
        return f"{self.run_id}  {move}  ({self.actor})"

    def to_dict(self) -> dict[str, str | float | None]:
        """A JSON object, keys in the order of the attributes."""
        return {
            "at": self.at,
            "run_id": self.run_id,
            "source": self.source and self.source.value,
            "event": self.event.value,
            "dest": self.dest.value,
            "actor": self.actor.value,
        }
