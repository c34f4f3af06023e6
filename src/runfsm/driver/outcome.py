"""What a driven run came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from runfsm.driver.journal import CancelReason
from runfsm.errors import (
    DeadlineExceeded,
    RunCancelled,
    RunExpired,
    RunFailed,
    RunIncomplete,
    RunNotCompleted,
)
from runfsm.lifecycle.journal import JournalStep
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunError, RunMessage, RunRef, RunSnapshot, Usage

__all__ = ["Outcome"]

BY_STATUS: dict[RunStatus, type[RunNotCompleted]] = {
    RunStatus.CANCELLED: RunCancelled,
    RunStatus.EXPIRED: RunExpired,
    RunStatus.FAILED: RunFailed,
    RunStatus.INCOMPLETE: RunIncomplete,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and everything that is known about it.

    Attributes:
        status: the terminal status; the last known one if the driver gave up on a run that would
            not be cancelled.
        snapshot: the last look.
        messages: what the run wrote, oldest first; in every ending, for a cut answer is there too.
        journal: what was seen to happen and what the driver did, oldest first.
        cancel_reason: why the driver wanted the run cancelled, if it did. The cancel may have
            lost: then `status` is what won.
    """

    status: RunStatus
    snapshot: RunSnapshot
    messages: tuple[RunMessage, ...] = field(repr=False)
    journal: tuple[JournalStep, ...] = field(repr=False)
    cancel_reason: CancelReason | None = None

    @property
    def text(self) -> str:
        """The run's answer: its messages' texts, a line break between two."""
        return "\n".join(message.text for message in self.messages)

    @property
    def ref(self) -> RunRef:
        """The run's name, to come back with."""
        return self.snapshot.ref

    @property
    def run(self) -> Any:
        """The service's own object: an `openai` `Run` with `AssistantsBackend`."""
        return self.snapshot.raw

    @property
    def usage(self) -> Usage | None:
        """Tokens of the whole run."""
        return self.snapshot.usage

    @property
    def error(self) -> RunError | None:
        """Why a failed run failed."""
        return self.snapshot.error

    @property
    def incomplete_reason(self) -> str | None:
        """Why an incomplete run was cut short."""
        return self.snapshot.incomplete_reason

    def raise_for_status(self) -> Self:
        """Return this outcome if the run completed; raise otherwise.

        Raises:
            RunCancelled: it was cancelled.
            RunExpired: it expired.
            RunFailed: it failed.
            RunIncomplete: its answer was cut short.
            DeadlineExceeded: the driver's own deadline passed first.

        Example:
            >>> print(driver.run(request).raise_for_status().text)  # doctest: +SKIP
        """
        if self.status is RunStatus.COMPLETED:
            return self
        kind = BY_STATUS.get(self.status, RunCancelled)
        if self.cancel_reason is CancelReason.DEADLINE:
            kind = DeadlineExceeded
        said = f"run {self.ref.run_id} ended {self.status}{self._because()}{self._unknown()}"
        raise kind(said, outcome=self)

    def _unknown(self) -> str:
        """The status that the service has shown last, if it is none of the nine."""
        if self.snapshot.status is not None:
            return ""
        return f"; it shows the status {self.snapshot.raw_status!r}, which is none of this API's"

    def _because(self) -> str:
        if self.error:
            return f": {self.error.code}: {self.error.message}"
        if self.incomplete_reason:
            return f": {self.incomplete_reason}"
        if self.cancel_reason:
            return f": the driver cancelled it ({self.cancel_reason})"
        return ""
