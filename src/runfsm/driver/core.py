"""The driver's mind, without hands: it decides everything and does nothing.

Rule 1: two verbs. `next_action()` says what to do, as often as one asks; `receive(reply)` takes
what came of it. No time, no random, no socket and no `openai` in here: the time is in the reply.

Rule 2: every decision is made from what is known (`known.py`), not from where in a loop one is. So
a core that was pickled in mid-run goes on from the same action, and a fault needs no path of its
own: the core looks again, and what it then sees says what to do.

Here is what becomes of a reply. What is done next is decided in `decide.py`; how the run gets onto
its thread, in `admission.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from runfsm.driver.actions import Action, Cancel, Create, CreateThread, Done, Listen, SubmitOutputs
from runfsm.driver.admission import Admission
from runfsm.driver.decide import decide, in_time
from runfsm.driver.habits import Habits
from runfsm.driver.journal import CancelReason, CancelWanted, FaultMet, GaveUp, ToolAnswered
from runfsm.driver.known import Known
from runfsm.driver.live import TextDelta
from runfsm.driver.outcome import Outcome
from runfsm.driver.pacing import Patience
from runfsm.driver.policy import Policy
from runfsm.driver.replies import (
    Faulted,
    Fetched,
    Heard,
    Reply,
    Seen,
    Silent,
    Slept,
    ToolsRan,
    check_reply,
)
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.driver.retry import OUTDATED, may_pass
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

__all__ = ["RunCore", "check_core"]

#: The client's edge that an action takes.
SENDS: Final[dict[type[Action], RunEvent]] = {
    SubmitOutputs: RunEvent.SUBMIT_TOOL_OUTPUTS,
    Cancel: RunEvent.CANCEL,
}

#: What may have been done when its answer was not waited for.
CHANGES: Final = (CreateThread, Create, *SENDS)

#: How often messages that must be there are asked for when none is there yet (openai-php#321).
EMPTY_MAX: Final = 3


@dataclass(slots=True, weakref_slot=True)  # who observes a core need not keep it
class RunCore:
    """One run, driven in thought.

    Args:
        request: what to run. Without a key, a creation that was not answered is not repeated.
        started_at: the time now, Unix seconds.
        policy: what the app wants.
        streaming: whether to listen to the run's stream, as long as there is one, and not to poll.
        habits: what is known of how long runs take.

    Attributes:
        journal: what was seen to happen and what was done, oldest first.

    Example:
        >>> core = RunCore(RunRequest("asst_abc123", "How is it?", "thread_1"), started_at=0.0)
        >>> core.next_action()
        Create(request=RunRequest(assistant_id='asst_abc123', thread_id='thread_1'), stream=False)
    """

    request: RunRequest
    started_at: float
    policy: Policy = field(default_factory=Policy)
    streaming: bool = False
    habits: Habits | None = field(default=None, repr=False)

    journal: list[JournalStep] = field(default_factory=list, init=False)
    _asked: Action | None = field(default=None, init=False)  # handed out, not answered yet
    _known: Known = field(init=False, repr=False)
    _admission: Admission = field(init=False, repr=False)

    def __post_init__(self) -> None:
        key, pacing = self.request.key or "", self.policy.pacing
        patience = Patience(pacing, habits=self.habits, key=key)
        started_at = self.started_at
        self._known = Known(self.policy, started_at, patience, self.streaming, now=started_at)
        self._admission = Admission(
            Create(self.request, self.streaming),
            on_busy=self.policy.on_busy,
            patience=Patience(pacing, key=key),
            journal=self.journal,
            started_at=started_at,
        )

    def learn_with(self, habits: Habits) -> None:
        """Learn together with the other runs of the driver that goes on with this one."""
        if self._known.patience.habits is not None:
            self.habits = self._known.patience.habits = habits

    def next_action(self) -> Action:
        """What to do now; the same answer until the next `receive`."""
        if self._asked is None:
            self._asked = self._decide()
        return self._asked

    def _decide(self) -> Action:
        known = self._known
        if known.error is not None:
            return Done()
        if known.snapshot is None:
            return in_time(known, self._admission.next_action(known.now))
        return decide(known, known.snapshot)

    # What is known ------------------------------------------------------------------------------

    @property
    def snapshot(self) -> RunSnapshot | None:
        """The latest look at the run; `None` if there is none yet."""
        return self._known.snapshot

    @property
    def status(self) -> RunStatus | None:
        """The last known status; `None` if no run was seen yet."""
        return self._known.status

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, or the driver has given up on it."""
        return self._known.is_over

    @property
    def is_let_go(self) -> bool:
        """Whether nothing is left to be sent: it is over, or was told to cancel."""
        return self._known.is_let_go

    def hears_of(self, remote_id: str) -> bool:
        """Whether a look at once is due when the service tells of this: it is us, and not unwell.

        A service that asked to slow down, or does not answer, is not asked sooner for a hint.
        """
        known = self._known
        is_ours = known.snapshot is not None and known.snapshot.ref.names(remote_id)
        return is_ours and not known.patience.faults

    @property
    def cancel_reason(self) -> CancelReason | None:
        """Why the run is to be cancelled, if it is."""
        return self._known.cancel_reason

    @property
    def error(self) -> RunfsmError | None:
        """Why it cannot go on, if it cannot."""
        return self._known.error

    def output(self, call_id: str) -> ToolOutput | None:
        """What was answered to a call, if it was."""
        return self._known.answers.get(call_id)

    @property
    def outcome(self) -> Outcome:
        """How the run ended.

        Raises:
            CallerError: it has not ended yet.
        """
        known = self._known
        if known.snapshot is None or known.messages is None or known.status is None:
            raise CallerError(
                "there is no outcome before the run is driven to its end: watch.finish(), or "
                "iterate over the watch (a core is at its end when next_action() says Done())"
            )
        return Outcome(
            status=known.status,
            snapshot=known.snapshot,
            messages=known.messages,
            journal=tuple(self.journal),
            cancel_reason=known.cancel_reason,
        )

    # What came of it ----------------------------------------------------------------------------

    def receive(self, reply: Reply) -> tuple[JournalStep, ...]:
        """Take what came of `next_action()`.

        Returns:
            The new steps of the journal.

        Raises:
            CallerError: the reply does not answer the action; nothing has changed.
        """
        action = self._asked or self._decide()
        check_reply(action, reply)
        before = len(self.journal)
        self._asked = None
        self._known.now = max(self._known.now, reply.now)
        if self._known.snapshot is None:
            self._be_admitted(action, reply)
        else:
            self._take(action, reply)
        self._watch_time(looked=isinstance(reply, Seen | Faulted))
        return tuple(self.journal[before:])

    def _be_admitted(self, action: Action, reply: Reply) -> None:
        known, admission = self._known, self._admission
        admission.receive(action, reply)
        if admission.snapshot is not None:
            known.cancel_wanted_at = known.now  # its grace is for a run, not for its creation
            known.there_at = known.now if isinstance(action, Create) else admission.tried_at
            known.is_listening = self.streaming and isinstance(action, Create)
            if not isinstance(action, Create):  # taken over: how long it has run is not known
                known.patience.habits = None
            self._see(action, admission.snapshot)
        elif admission.error is not None:
            self._fail(admission.error)
        elif known.cancel_reason is not None:
            self._cancel_early(known.cancel_reason)

    def _take(self, action: Action, reply: Reply) -> None:
        known = self._known
        known.cancel_tried = known.cancel_tried or isinstance(action, Cancel)
        match reply:
            case Slept():
                known.patience.rest()
            case Seen(snapshot) | Heard(RunSnapshot() as snapshot):
                self._see(action, snapshot)
            case Heard(TextDelta()):
                known.has_text = True
            case Silent():
                known.is_listening = False
                known.patience.rest()  # what it did not say, a look will: at once
            case ToolsRan(outputs):
                self._take_outputs(outputs)
            case Fetched(messages):
                self._take_messages(tuple(messages))
            case Faulted(fault):
                self._meet(action, fault)
        if known.parting is not None and isinstance(action, Cancel):
            self._fail(known.parting)

    def _see(self, action: Action, snapshot: RunSnapshot) -> None:
        known = self._known
        self._remember(action)
        if known.has_expired and known.cancel_tried and snapshot.status is RunStatus.CANCELLED:
            snapshot = replace(snapshot, means=RunStatus.EXPIRED)  # what we cancelled it for
        steps: tuple[JournalStep, ...] = ()
        if not known.answers.is_old_round(snapshot):
            steps = known.tracker.observe(snapshot, at=known.now, own=known.own)
            known.snapshot, known.seen_at = snapshot, known.now
        self.journal.extend(steps)
        known.own -= {step.edge.event for step in steps if isinstance(step, Transition)}
        known.patience.look(
            news=bool(steps),
            mends=bool(steps) or not known.must_look,  # a look at nothing new mends no submit
            status=known.status,
            at=known.now,
            poll_after_s=snapshot.poll_after_s,
        )
        known.must_look = False

    def _remember(self, action: Action) -> None:
        """Note what we have sent, so that its edge is not taken for another client's."""
        known = self._known
        if type(action) in SENDS:
            known.own.add(SENDS[type(action)])
        match action:
            case SubmitOutputs(_, outputs, stream):
                known.answers.accept(outputs)
                known.is_listening = stream
            case Cancel():
                known.cancel_sent = True
                known.is_listening = False  # what it says of the time before is of no use now

    def _take_outputs(self, outputs: Sequence[ToolOutput]) -> None:
        known = self._known
        known.is_listening = False  # the stream paused when the run did
        known.patience.rest()  # tools take time: if the run has expired by now, look at once
        for output in outputs:
            known.answers.take(output)
            self.journal.append(ToolAnswered.of(output, known.now))
        # Given up: the run does not want them any more, or nearly so. What it is, a look will tell.
        known.must_look = any(output.error == "abandoned" for output in outputs)
        if (kind := known.answers.unheard_of(outputs, self.snapshot)) is not None:
            known.parting = BackendError.of(_nobody_answers(kind))
            self.request_cancel(CancelReason.FAULT)
        elif self.policy.on_tool_error == "raise" and known.answers.failed:
            self.request_cancel(CancelReason.TOOL_ERROR)

    def _take_messages(self, messages: tuple[RunMessage, ...]) -> None:
        known = self._known
        must_be_some = known.has_text or known.status is RunStatus.COMPLETED
        if must_be_some and not messages and known.empty < EMPTY_MAX:
            known.empty += 1
            known.patience.look(news=False, mends=True, at=known.now)
        else:
            self._finish(messages)

    # Faults, cancels and the end ----------------------------------------------------------------

    def _meet(self, action: Action, fault: Fault) -> None:
        known = self._known
        self.journal.append(FaultMet.of(fault, type(action).__name__, known.now))
        # Once, an outdated view is mended by a look right away; a service that contradicts itself
        # is not asked in a circle without a pause.
        if fault.kind is FaultKind.LOCKED:  # not yet; it is no failure to be counted
            known.patience.look(news=False, mends=True, status=known.status, at=known.now)
        else:
            known.patience.fail(fault.retry_after_s, at_once=fault.kind in OUTDATED)
        known.must_look = known.must_look or type(action) in SENDS
        known.is_listening = False
        if fault.maybe_applied and type(action) in SENDS:
            known.own.add(SENDS[type(action)])
        if known.patience.is_worn_out or not _may_go_on(action, fault):
            self._part(action, BackendError.of(fault))

    def _part(self, action: Action, error: BackendError) -> None:
        """Raise it; but before, tell the run once to cancel: alone it would hold its thread."""
        if isinstance(action, Cancel) or self.is_let_go or self.policy.on_interrupt == "leave":
            self._fail(error)
        else:
            self._known.parting = error
            self.request_cancel(CancelReason.FAULT)

    def request_cancel(self, reason: CancelReason = CancelReason.ASKED) -> None:
        """Want the run cancelled. The first reason stays; a run that is over stays as it is.

        An action that was handed out already is still to be answered. If none was, and no run was
        created either, none will be.
        """
        known = self._known
        if known.cancel_reason is not None or known.error is not None or known.is_over:
            return
        known.cancel_reason = reason
        known.cancel_wanted_at = known.now
        self.journal.append(CancelWanted(known.now, reason))
        if known.snapshot is None and self._asked is None:
            self._cancel_early(reason)

    def _cancel_early(self, reason: CancelReason) -> None:
        """Cancelled before there was a run; unless one may have been created: find it first."""
        doubt, give_up_at = self._admission.doubt, self._known.give_up_at
        if doubt is not None and give_up_at is not None and self._known.now >= give_up_at:
            self._fail(BackendError.of(replace(doubt, maybe_applied=True)))
        elif not self._admission.may_be_in:
            kind = DeadlineExceeded if reason is CancelReason.DEADLINE else RunCancelled
            said = f"cancelled before a run was created ({reason})"
            self._known.error = kind(said, outcome=None)

    def interrupt(self, now: float) -> None:
        """Have the run cancelled, at once: what was asked for is not waited for any more.

        What may have been done all the same is looked up first. Once `is_let_go`, all is sent.
        """
        if isinstance(self._asked, CHANGES):
            said = Fault(FaultKind.TRANSIENT, "interrupted", maybe_applied=True)
            self.receive(Faulted(said, now))
        self._asked = None
        known = self._known
        known.is_listening = False
        known.now = max(known.now, now)
        known.patience.rest()
        self._admission.patience.rest()
        self.request_cancel(CancelReason.INTERRUPTED)

    def _watch_time(self, *, looked: bool) -> None:
        known = self._known
        if known.error is not None or known.parting is not None:
            return
        if known.is_due:
            self.request_cancel(CancelReason.DEADLINE)
        if known.is_hopeless and looked and not known.is_over:
            known.gave_up = True
            self.journal.append(GaveUp(known.now, str(known.status)))

    def _finish(self, messages: tuple[RunMessage, ...]) -> None:
        known = self._known
        known.messages = messages
        failed = known.answers.failed
        if known.status is None and known.snapshot is not None:
            said = f"the run never showed a status that is known: {known.snapshot.raw_status!r}"
            self._fail(BackendError.of(Fault(FaultKind.UNSUPPORTED, said)))
        elif known.cancel_reason is CancelReason.TOOL_ERROR and failed is not None:
            known.error = _tool_error(failed, self.outcome)

    def _fail(self, error: BackendError) -> None:
        error.ref = self.snapshot and self.snapshot.ref
        error.journal = tuple(self.journal)
        self._known.error = error


def check_core(core: RunCore) -> None:
    """Refuse to resume what is no core.

    Raises:
        CallerError: it is none.
    """
    if not isinstance(core, RunCore):
        raise CallerError(f"a {type(core).__name__} is no core: say driver.resume(watch.core)")


def _may_go_on(action: Action, fault: Fault) -> bool:
    if isinstance(action, Listen) or fault.kind in {*OUTDATED, FaultKind.LOCKED}:
        return True  # the next look tells more
    return may_pass(fault, ours=True, answered=True)


def _nobody_answers(kind: str) -> Fault:
    said = (
        f"the model waits for a {kind}, and no tool answers that: the run was cancelled. A tool "
        f"named {kind!r} would be called with the fields of the item; or do not offer it"
    )
    return Fault(FaultKind.UNSUPPORTED, said)


def _tool_error(failed: ToolOutput, outcome: Outcome) -> ToolError:
    error = ToolError(
        f"tool {failed.name!r} failed ({failed.error}), so the run was cancelled",
        tool=failed.name,
        call_id=failed.call_id,
    )
    error.outcome = outcome
    error.__cause__ = failed.exception
    return error
