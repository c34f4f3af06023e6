"""What the driver did and met, beside what the run went through (`lifecycle/journal.py`).

As there: ids, names, kinds and times; no arguments, no outputs, no message texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from runfsm.errors import FaultKind
from runfsm.lifecycle.journal import JournalStep

__all__ = ["CancelReason", "CancelWanted", "FaultMet", "GaveUp", "ToolAnswered"]


class CancelReason(StrEnum):
    """Why the driver cancels a run."""

    ASKED = "asked"  # the app called `cancel()`
    DEADLINE = "deadline"  # the driver's own deadline passed
    TOOL_ERROR = "tool_error"  # a tool failed, and `on_tool_error="raise"`


@dataclass(frozen=True, slots=True)
class ToolAnswered(JournalStep):
    """A call has its output. `error` is the kind of failure that the output tells of, if any."""

    kind: ClassVar[str] = "tool_answered"
    call_id: str
    name: str
    error: str | None

    def __str__(self) -> str:
        return f"tool {self.name} ({self.call_id}): {self.error or 'answered'}"


@dataclass(frozen=True, slots=True)
class FaultMet(JournalStep):
    """A call to the service failed. `action` is what was asked: `"Retrieve"`."""

    kind: ClassVar[str] = "fault_met"
    action: str
    fault: FaultKind
    status_code: int | None

    def __str__(self) -> str:
        code = f" (HTTP {self.status_code})" if self.status_code else ""
        return f"{self.action} met a fault: {self.fault}{code}"


@dataclass(frozen=True, slots=True)
class CancelWanted(JournalStep):
    """From here on the driver wants the run cancelled."""

    kind: ClassVar[str] = "cancel_wanted"
    reason: CancelReason

    def __str__(self) -> str:
        return f"the driver cancels: {self.reason}"


@dataclass(frozen=True, slots=True)
class GaveUp(JournalStep):
    """The cancel never took effect; the driver left the run as it was."""

    kind: ClassVar[str] = "gave_up"
    status: str

    def __str__(self) -> str:
        return f"gave up: still {self.status}, though told to cancel"
