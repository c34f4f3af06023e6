"""What is known of a run under way; everything that is decided about it is decided from this."""

from __future__ import annotations

from dataclasses import dataclass, field

from runfsm.driver.answers import Answers
from runfsm.driver.journal import CancelReason
from runfsm.driver.outcome import Outcome
from runfsm.driver.oversize import Limit
from runfsm.driver.pacing import Patience
from runfsm.driver.policy import Policy
from runfsm.errors import BackendError, RunfsmError
from runfsm.lifecycle.journal import JournalStep
from runfsm.lifecycle.run import RunEvent, RunStatus
from runfsm.lifecycle.snapshot import RunMessage, RunSnapshot
from runfsm.lifecycle.tracker import RunTracker

__all__ = ["Known"]


@dataclass(slots=True)
class Known:
    """What is known. Times are Unix seconds.

    Attributes:
        policy: what the app wants.
        started_at: when the driver began.
        journal: what was seen to happen and what was done, oldest first.
        patience: what has been waited for.
        streaming: whether to listen where one can.
        now: the latest time that was told.
        snapshot: the latest look, and when it was taken: `seen_at`.
        unknown_since: since when every look has shown a status that is none of the nine.
        there_at: since when the run is there, at the latest.
        tracker: where the run is, as far as one knows.
        own: client events that we have sent, and have not seen come through.
        answers: what was answered to its calls.
        is_found: it was made by the request's key before.
        is_followed: somebody else may drive it, so its tools are theirs.
        limit: how large outputs may be, as far as a refusal has told.
        must_look: a call failed, or tools were given up: look before acting again.
        is_listening: there is a stream that has not ended.
        cancel_reason: why it is to be cancelled, since `cancel_wanted_at`.
        cancel_tried: a cancel was sent, with whatever answer; `cancel_sent`: and taken.
        gave_up: the cancel was not honoured in time.
        parting: what to raise once the run was told to cancel.
        has_text: the stream told a piece of a message.
        messages: what the run wrote; `None` until it was fetched.
        empty: how many looks at the messages showed none.
        error: why it cannot go on.
    """

    policy: Policy
    started_at: float
    journal: list[JournalStep]
    patience: Patience
    streaming: bool
    now: float
    snapshot: RunSnapshot | None = None
    seen_at: float = 0.0
    unknown_since: float | None = None
    there_at: float = 0.0
    tracker: RunTracker = field(default_factory=RunTracker)
    own: set[RunEvent] = field(default_factory=set)
    answers: Answers = field(default_factory=Answers)
    is_found: bool = False
    is_followed: bool = False
    limit: Limit = field(default_factory=Limit)
    must_look: bool = False
    is_listening: bool = False
    cancel_reason: CancelReason | None = None
    cancel_wanted_at: float = 0.0
    cancel_tried: bool = False
    cancel_sent: bool = False
    gave_up: bool = False
    parting: BackendError | None = None
    has_text: bool = False
    messages: tuple[RunMessage, ...] | None = None
    empty: int = 0
    error: RunfsmError | None = None

    @property
    def status(self) -> RunStatus | None:
        """The last known status; `None` if no run was seen yet."""
        return self.tracker.status

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, or the driver has given up on it."""
        return self.tracker.is_terminal or self.gave_up

    @property
    def is_cancelling(self) -> bool:
        """Whether it was told to cancel, by whomever."""
        return self.cancel_sent or self.status is RunStatus.CANCELLING

    @property
    def is_let_go(self) -> bool:
        """Whether nothing is left to be sent: it is over, or was told to cancel."""
        is_theirs = self.is_followed and self.cancel_reason is None
        return self.is_over or self.error is not None or self.is_cancelling or is_theirs

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; `None` before its messages are fetched."""
        if self.snapshot is None or self.messages is None or self.status is None:
            return None
        return Outcome(
            status=self.status,
            snapshot=self.snapshot,
            messages=self.messages,
            journal=tuple(self.journal),
            cancel_reason=self.cancel_reason,
        )

    @property
    def deadline_at(self) -> float | None:
        """When the driver's own time is over."""
        limit_s = self.policy.deadline_s
        return None if limit_s is None else self.started_at + limit_s

    @property
    def expires_at(self) -> float | None:
        """When the run's time is over. Of one that was found, nobody says when it was created."""
        run = self.snapshot
        if run is None:
            return None
        if run.expires_at is not None or run.expires_after_s is None:
            return run.expires_at
        return self.there_at + run.expires_after_s

    @property
    def has_expired(self) -> bool:
        """Whether its time is over by our own clock, on a service that does not end it."""
        expires_here = self.snapshot is not None and self.snapshot.expires_here
        if not expires_here or self.expires_at is None:
            return False
        return self.now >= self.expires_at and self.cancel_reason is None

    @property
    def give_up_at(self) -> float | None:
        """When a cancel has not been honoured for long enough."""
        since = self.cancel_wanted_at if self.cancel_reason is not None else None
        if self.has_expired:
            since = self.expires_at
        return None if since is None else since + self.policy.cancel_grace_s

    @property
    def is_due(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline_at is not None and self.now >= self.deadline_at

    @property
    def is_hopeless(self) -> bool:
        """Whether a cancel that was tried, by whomever, has not been honoured in time."""
        tried = self.cancel_tried or self.is_cancelling
        return tried and self.give_up_at is not None and self.now >= self.give_up_at
