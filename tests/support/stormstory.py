"""What an app sees of a drive through a storm; the same, whoever drives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runfsm import Outcome, RunStatus
from runfsm.driver.journal import CancelReason
from runfsm.errors import FaultKind, RunfsmError
from runfsm.lifecycle.journal import JournalStep

__all__ = ["Call", "Story", "TrueRun"]


@dataclass(frozen=True)
class Call:
    """A call of the service, as it came there.

    Attributes:
        at: when, Unix seconds.
        name: a backend's verb, or a method and a path.
        fault: what the client made of it; not known of one by way of the SDK.
    """

    at: float
    name: str
    fault: FaultKind | None = None


@dataclass(frozen=True)
class TrueRun:
    """What a run truly came to, by the service's own book.

    Attributes:
        id: of the run.
        status: of the run.
        calls: name and arguments of each call that the model made.
        accepted: the ids of the calls whose outputs the service has taken; twice, if it did twice.
        wrote: its messages.
        cut: what else it began to write, where a message that did not become whole is not kept.
    """

    id: str
    status: RunStatus
    calls: list[tuple[str, str]]
    accepted: list[str]
    wrote: str
    cut: str = ""


@dataclass(frozen=True)
class Story:
    """What the app saw of a drive; the same, whoever drives.

    Attributes:
        outcome: the run's, if there is one.
        error: type, words and fault of what was raised instead, if something was.
        has_left: whether the app went away in the midst of it.
        told: the text that was told piece by piece, if the run was listened to.
        message_id: of the message that was added before.
        journal: the run's.
        cancel_reason: why the driver cancelled the run, if it did.
        finished_at: when it was over, Unix seconds.
        calls: of the service.
        before: how many of them came before the run's own.
    """

    outcome: Outcome | None
    error: tuple[type[RunfsmError], str, Any] | None
    has_left: bool
    told: str
    message_id: str | None
    journal: tuple[JournalStep, ...]
    cancel_reason: CancelReason | None
    finished_at: float
    calls: tuple[Call, ...]
    before: int

    def __str__(self) -> str:
        if self.has_left:
            return "left"
        if self.error:
            kind, _, fault = self.error
            return f"{kind.__name__} {fault.kind}" if fault else kind.__name__
        return str(self.outcome and self.outcome.status)
