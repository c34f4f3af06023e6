"""The driver's mind, without hands: it decides everything and does nothing.

Rule 1: two verbs. `next_action()` says what to do, as often as one asks; `receive(reply)` takes
what came of it. No time, no random, no socket and no `openai` in here: the time is in the reply.

Rule 2: every decision is made from what is known, not from where in a loop one is. So a core that
was pickled in mid-run goes on from the same action, and a fault needs no path of its own: the
core looks again, and what it then sees says what to do.

The decisions: when to look, when to call tools and to hand in what they gave, when to cancel,
what to do about a failed call, and when it is over.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from runfsm.driver.actions import (
    Action,
    Cancel,
    Create,
    Done,
    Faulted,
    Fetched,
    FetchMessages,
    Reply,
    Retrieve,
    RunRequest,
    RunTools,
    Seen,
    SubmitOutputs,
    ToolOutput,
    ToolsRan,
    Wait,
    Waited,
)
from runfsm.driver.journal import CancelReason, CancelWanted, FaultMet, GaveUp, ToolAnswered
from runfsm.driver.outcome import Outcome
from runfsm.driver.pacing import Patience
from runfsm.driver.policy import Policy
from runfsm.errors import (
    BackendError,
    CallerError,
    DeadlineExceeded,
    Fault,
    FaultKind,
    RunCancelled,
    RunfsmError,
    ToolError,
)
from runfsm.lifecycle.journal import JournalStep, Transition
from runfsm.lifecycle.run import RunEvent, RunStatus
from runfsm.lifecycle.snapshot import RunMessage, RunSnapshot
from runfsm.lifecycle.tracker import RunTracker

__all__ = ["RunCore"]

#: Again may help.
RETRYABLE = frozenset({FaultKind.TRANSIENT, FaultKind.RATE_LIMITED})
#: The run is further than we thought: look at once.
OUTDATED = frozenset({FaultKind.ALREADY_TERMINAL, FaultKind.STALE_ACTION})

#: The client's edge that an action takes.
SENDS: dict[type[Action], RunEvent] = {
    SubmitOutputs: RunEvent.SUBMIT_TOOL_OUTPUTS,
    Cancel: RunEvent.CANCEL,
}

ANSWERS: dict[type[Action], tuple[type[Reply], ...]] = {
    Create: (Seen, Faulted),
    Retrieve: (Seen, Faulted),
    SubmitOutputs: (Seen, Faulted),
    Cancel: (Seen, Faulted),
    Wait: (Waited,),
    RunTools: (ToolsRan,),
    FetchMessages: (Fetched, Faulted),
    Done: (),
}


@dataclass(slots=True)
class RunCore:
    """One run, driven in thought.

    Args:
        request: what to run.
        started_at: the time now, Unix seconds.
        policy: what the app wants.

    Example:
        >>> core = RunCore(RunRequest("asst_abc123", "How is the weather?"), started_at=0.0)
        >>> core.next_action()
        Create(request=RunRequest(assistant_id='asst_abc123', thread_id=None))
    """

    request: RunRequest
    started_at: float
    policy: Policy = field(default_factory=Policy)

    snapshot: RunSnapshot | None = field(default=None, init=False)
    journal: list[JournalStep] = field(default_factory=list, init=False)
    cancel_reason: CancelReason | None = field(default=None, init=False)
    error: RunfsmError | None = field(default=None, init=False)

    _asked: Action | None = field(default=None, init=False)  # handed out, not answered yet
    _now: float = field(default=0.0, init=False)
    _seen_at: float = field(default=0.0, init=False)  # when the snapshot was taken
    _tracker: RunTracker = field(default_factory=RunTracker, init=False)
    _own: set[RunEvent] = field(default_factory=set, init=False)  # client events we have sent
    _outputs: dict[str, ToolOutput] = field(default_factory=dict, init=False)  # by call id
    _accepted: set[str] = field(default_factory=set, init=False)  # call ids; by the service
    _cancel_tried: bool = field(default=False, init=False)  # asked for, with whatever answer
    _cancel_sent: bool = field(default=False, init=False)  # and taken
    _cancel_wanted_at: float = field(default=0.0, init=False)
    _gave_up: bool = field(default=False, init=False)
    _messages: tuple[RunMessage, ...] | None = field(default=None, init=False)
    _patience: Patience = field(init=False)
    _must_look: bool = field(default=False, init=False)  # a call failed: look before acting again

    def __post_init__(self) -> None:
        self._now = self.started_at
        self._patience = Patience(self.policy.pacing)

    # What to do ---------------------------------------------------------------------------------

    def next_action(self) -> Action:
        """What to do now; the same answer until the next `receive`."""
        if self._asked is None:
            self._asked = self._decide()
        return self._asked

    def _decide(self) -> Action:
        if self.error is not None or self._messages is not None:
            return Done()
        if self.snapshot is None:
            return self._after_rest(Create(self.request))
        if self.is_over:
            return self._after_rest(FetchMessages(self.snapshot.ref))
        return self._act(self.snapshot) or self._after_rest(Retrieve(self.snapshot.ref), look=True)

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, or the driver has given up on it."""
        return self._tracker.is_terminal or self._gave_up

    def _act(self, run: RunSnapshot) -> Action | None:
        """What the run's status asks of us, if anything but to look again."""
        if self._must_look:
            return None
        if self.cancel_reason is not None:
            cancelling = self._cancel_sent or self._tracker.status is RunStatus.CANCELLING
            return None if cancelling else Cancel(run.ref)
        if self._can_answer(run):
            return self._answer(run)
        return None

    def _can_answer(self, run: RunSnapshot) -> bool:
        waiting = self._tracker.status is RunStatus.REQUIRES_ACTION and bool(run.calls)
        return waiting and not self._is_old_round(run) and not self._may_have_expired(run)

    def _is_old_round(self, run: RunSnapshot) -> bool:
        """Whether these calls are answered: a replica that lags still shows them."""
        asks = run.status is RunStatus.REQUIRES_ACTION and bool(run.calls)
        return asks and {call.call_id for call in run.calls} <= self._accepted

    def _may_have_expired(self, run: RunSnapshot) -> bool:
        """Whether `expires_at` has passed since the look; then only another look can tell.

        If that look still shows the calls, the service's clock is behind ours, and it decides.
        """
        return run.expires_at is not None and self._seen_at < run.expires_at <= self._now

    def _answer(self, run: RunSnapshot) -> Action:
        calls = {call.call_id: call for call in run.calls}  # a call that stands twice is one call
        missing = tuple(call for call_id, call in calls.items() if call_id not in self._outputs)
        if missing:
            return RunTools(missing, self._time_left_s(run))
        return SubmitOutputs(run.ref, tuple(self._outputs[call_id] for call_id in calls))

    def _time_left_s(self, run: RunSnapshot) -> float | None:
        ends = (run.expires_at, self._deadline_at)
        return min(
            (at - self._now for at in ends if at is not None and at > self._now), default=None
        )

    @property
    def _deadline_at(self) -> float | None:
        limit = self.policy.deadline_s
        return None if limit is None else self.started_at + limit

    @property
    def _give_up_at(self) -> float | None:
        wanted = self.cancel_reason is not None
        return self._cancel_wanted_at + self.policy.cancel_grace_s if wanted else None

    def _after_rest(self, action: Action, *, look: bool = False) -> Action:
        """The action, once we have waited if there is something to wait for."""
        if self._patience.is_rested or not (look or self._patience.faults):
            return action
        return Wait(self._delay_s())

    def _delay_s(self) -> float:
        delay = self._patience.delay_s
        expires_at = self.snapshot.expires_at if self.snapshot else None
        for moment in (expires_at, self._deadline_at, self._give_up_at):  # be there when it passes
            if moment is not None and moment > self._now:
                delay = min(delay, moment - self._now)
        # Wanted cancelled, or given up on: then nobody waits for an hour because a service says so.
        return delay if self.cancel_reason is None else min(delay, self.policy.pacing.longest_s)

    # What came of it ----------------------------------------------------------------------------

    def receive(self, reply: Reply) -> tuple[JournalStep, ...]:
        """Take what came of `next_action()`.

        Returns:
            The new steps of the journal.

        Raises:
            CallerError: the reply does not answer the action; nothing has changed.
        """
        action = self._asked or self._decide()
        if not isinstance(reply, ANSWERS[type(action)]):
            raise CallerError(
                f"the core asked for {type(action).__name__}, and was answered "
                f"{type(reply).__name__}; it takes {_names(ANSWERS[type(action)])}"
            )
        before = len(self.journal)
        self._asked = None
        self._cancel_tried = self._cancel_tried or isinstance(action, Cancel)
        self._now = max(self._now, reply.now)
        match reply:
            case Waited():
                self._patience.rest()
            case Seen(snapshot):
                self._see(action, snapshot)
            case ToolsRan(outputs):
                self._take_outputs(outputs)
            case Fetched(messages):
                self._finish(tuple(messages))
            case Faulted(fault):
                self._meet(action, fault)
        self._watch_time(looked=isinstance(reply, Seen | Faulted))
        return tuple(self.journal[before:])

    def request_cancel(self, reason: CancelReason = CancelReason.ASKED) -> None:
        """Want the run cancelled. The first reason stays; a run that is over stays as it is.

        An action that was handed out already is still to be answered. If none was, and no run was
        created either, none will be.
        """
        if self.cancel_reason is not None or self.error is not None or self.is_over:
            return
        self.cancel_reason = reason
        self._cancel_wanted_at = self._now
        self.journal.append(CancelWanted(self._now, reason))
        if self.snapshot is None and self._asked is None:
            kind = DeadlineExceeded if reason is CancelReason.DEADLINE else RunCancelled
            self.error = kind(f"cancelled before a run was created ({reason})", outcome=None)

    def _see(self, action: Action, snapshot: RunSnapshot) -> None:
        self._remember(action)
        if self.snapshot is None:  # the grace of a cancel is for a run, not for its creation
            self._cancel_wanted_at = self._now
        steps: tuple[JournalStep, ...] = ()
        if self.snapshot is None or not self._is_old_round(snapshot):
            steps = self._tracker.observe(snapshot, at=self._now, own=self._own)
            self.snapshot, self._seen_at = snapshot, self._now
        self.journal.extend(steps)
        self._own -= {step.edge.event for step in steps if isinstance(step, Transition)}
        # A look that shows nothing new mends no failed submit.
        self._patience.look(news=bool(steps), mends=bool(steps) or not self._must_look)
        self._must_look = False

    def _remember(self, action: Action) -> None:
        """Note what we have sent, so that its edge is not taken for another client's."""
        if type(action) in SENDS:
            self._own.add(SENDS[type(action)])
        match action:
            case SubmitOutputs(_, outputs):
                self._accepted |= {output.call_id for output in outputs}
            case Cancel():
                self._cancel_sent = True

    def _take_outputs(self, outputs: Sequence[ToolOutput]) -> None:
        self._patience.rest()  # tools take time: if the run has expired by now, look at once
        for output in outputs:
            self._outputs[output.call_id] = output
            self.journal.append(ToolAnswered(self._now, output.call_id, output.name, output.error))
        if self.policy.on_tool_error == "raise" and self._failed_output:
            self.request_cancel(CancelReason.TOOL_ERROR)

    @property
    def _failed_output(self) -> ToolOutput | None:
        # What was abandoned, because the run is to be cancelled, is no failure of the tool's.
        failed = (o for o in self._outputs.values() if o.error not in {None, "abandoned"})
        return next(failed, None)

    def _meet(self, action: Action, fault: Fault) -> None:
        self.journal.append(
            FaultMet(self._now, type(action).__name__, fault.kind, fault.status_code)
        )
        # Once, an outdated view is mended by a look right away; a service that contradicts itself
        # is not asked in a circle without a pause.
        self._patience.fail(fault.retry_after_s, at_once=fault.kind in OUTDATED)
        self._must_look = self._must_look or type(action) in SENDS
        if fault.maybe_applied and type(action) in SENDS:
            self._own.add(SENDS[type(action)])
        if not self._may_retry(action, fault):
            self._fail(BackendError.of(fault))

    def _may_retry(self, action: Action, fault: Fault) -> bool:
        # A create that may have been applied is not repeated: two runs cost twice, and the first
        # one's thread lock refuses the second anyway.
        twice = isinstance(action, Create) and fault.maybe_applied
        again = fault.kind in RETRYABLE | OUTDATED and not twice
        return again and not self._patience.is_worn_out

    def _watch_time(self, *, looked: bool) -> None:
        if self._deadline_at is not None and self._now >= self._deadline_at:
            self.request_cancel(CancelReason.DEADLINE)
        hopeless = self._give_up_at is not None and self._now >= self._give_up_at
        if hopeless and looked and self._cancel_tried and not self.is_over:
            self._gave_up = True
            self.journal.append(GaveUp(self._now, str(self._tracker.status)))

    def _finish(self, messages: tuple[RunMessage, ...]) -> None:
        self._messages = messages
        failed = self._failed_output
        if self._tracker.status is None and self.snapshot is not None:
            said = f"the run never showed a status that is known: {self.snapshot.raw_status!r}"
            self._fail(BackendError.of(Fault(FaultKind.UNSUPPORTED, said)))
        elif self.cancel_reason is CancelReason.TOOL_ERROR and failed is not None:
            error = ToolError(
                f"tool {failed.name!r} failed ({failed.error}), so the run was cancelled",
                tool=failed.name,
                call_id=failed.call_id,
            )
            error.outcome = self.outcome
            error.__cause__ = failed.exception
            self.error = error

    def _fail(self, error: BackendError) -> None:
        error.ref = self.snapshot and self.snapshot.ref
        error.journal = tuple(self.journal)
        self.error = error

    @property
    def outcome(self) -> Outcome:
        """How the run ended.

        Raises:
            CallerError: it has not ended yet.
        """
        if self.snapshot is None or self._messages is None or self._tracker.status is None:
            raise CallerError("there is no outcome before next_action() says Done()")
        return Outcome(
            status=self._tracker.status,
            snapshot=self.snapshot,
            messages=self._messages,
            journal=tuple(self.journal),
            cancel_reason=self.cancel_reason,
        )


def _names(types: Collection[type[Reply]]) -> str:
    return " or ".join(kind.__name__ for kind in types) or "nothing more"
