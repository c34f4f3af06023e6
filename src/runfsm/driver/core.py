"""The driver's mind, without hands: it decides everything and does nothing.

Rule 1: two verbs. `next_action()` says what to do, as often as one asks; `receive(reply)` takes
what came of it. No time, no random, no socket and no `openai` in here: the time is in the reply.

Rule 2: every decision is made from what is known (`known.py`), not from where in a loop one is. So
a core that was pickled in mid-run goes on from the same action, and a fault needs no path of its
own: the core looks again, and what it then sees says what to do.

What is done next is decided in `decide.py`; what a reply changes is learnt in `learn.py`; how the
run gets onto its thread, in `admission.py`. Here they are led, and told when it is enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from runfsm.driver.actions import Action, Create, CreateThread, Done, Sleep
from runfsm.driver.admission import Admission
from runfsm.driver.decide import decide, in_time
from runfsm.driver.habits import Habits
from runfsm.driver.journal import CancelReason, RunAgain
from runfsm.driver.known import Known
from runfsm.driver.learn import SENDS, fail, give_up, learn, see, want_cancel
from runfsm.driver.outcome import Outcome
from runfsm.driver.pacing import Patience
from runfsm.driver.policy import Policy
from runfsm.driver.replies import Faulted, Reply, Seen, check_reply
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.driver.rerun import rerun_delay_s, rerun_request
from runfsm.errors import (
    BackendError,
    CallerError,
    DeadlineExceeded,
    Fault,
    FaultKind,
    RunCancelled,
    RunfsmError,
)
from runfsm.lifecycle.journal import JournalStep
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunSnapshot

__all__ = ["RunCore", "check_core"]

#: What may have been done when its answer was not waited for.
CHANGES: Final = (CreateThread, Create, *SENDS)


@dataclass(slots=True, weakref_slot=True)  # who observes a core need not keep it
class RunCore:
    """One run, driven in thought.

    Args:
        request: what to run. Without a key, a creation that was not answered is not repeated.
        started_at: the time now, Unix seconds.
        policy: what the app wants.
        streaming: whether to listen to the run's stream, as long as there is one, and not to poll.
        habits: what is known of how long runs take.

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

    _asked: Action | None = field(default=None, init=False)  # handed out, not answered yet
    _failed: Outcome | None = field(default=None, init=False)  # of the run before this one
    _reruns: int = field(default=0, init=False)
    _rerun_at: float = field(default=0.0, init=False)  # then the next one is due
    _known: Known = field(init=False, repr=False)
    _admission: Admission = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._begin(self.request, self.started_at, [])

    def _begin(self, request: RunRequest, now: float, journal: list[JournalStep]) -> None:
        """Know nothing of a run but that it is to be made."""
        key, pacing = request.key or "", self.policy.pacing
        patience = Patience(pacing, habits=self.habits, key=key)
        started_at = self.started_at
        self._known = Known(self.policy, started_at, journal, patience, self.streaming, now=now)
        self._admission = Admission(
            Create(request, self.streaming),
            on_busy=self.policy.on_busy,
            patience=Patience(pacing, key=key),
            journal=journal,
            started_at=max(now, self._rerun_at),
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
        if known.snapshot is not None:
            return decide(known, known.snapshot)
        if known.now < self._rerun_at:
            return in_time(known, Sleep(self._rerun_at - known.now))
        return in_time(known, self._admission.next_action(known.now))

    # What is known ------------------------------------------------------------------------------

    @property
    def journal(self) -> list[JournalStep]:
        """What was seen to happen and what was done, oldest first."""
        return self._known.journal

    @property
    def snapshot(self) -> RunSnapshot | None:
        """The latest look at the run; `None` if there is none yet."""
        return self._known.snapshot

    @property
    def thread_id(self) -> str | None:
        """The thread that the run is on, or is to be on; `None` if there is none yet."""
        run = self._known.snapshot
        return self._admission.thread_id if run is None else run.ref.thread_id

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
        outcome = self._known.outcome
        if outcome is None:
            raise CallerError(
                "there is no outcome before the run is driven to its end: watch.finish(), or "
                "iterate over the watch (a core is at its end when next_action() says Done())"
            )
        return outcome

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
            learn(self._known, self.policy, action, reply)
            self._rerun()
        self._watch_time(looked=isinstance(reply, Seen | Faulted))
        return tuple(self.journal[before:])

    def _be_admitted(self, action: Action, reply: Reply) -> None:
        known, admission = self._known, self._admission
        admission.receive(action, reply)
        if admission.snapshot is not None:
            known.cancel_wanted_at = known.now  # its grace is for a run, not for its creation
            known.there_at = known.now if isinstance(action, Create) else admission.tried_at
            known.is_listening = self.streaming and isinstance(action, Create)
            known.is_found = admission.search.is_found
            known.is_followed = admission.search.is_followed
            if not isinstance(action, Create):  # taken over: how long it has run is not known
                known.patience.habits = None
            see(known, action, admission.snapshot)
        elif admission.error is not None:
            fail(known, admission.error)
        elif known.cancel_reason is not None:
            self._cancel_early(known.cancel_reason)

    def _rerun(self) -> None:
        """Begin anew, if the run met its model's rate limit and the policy wants another."""
        known, outcome = self._known, self._known.outcome
        if outcome is None or known.cancel_reason is not None:
            return
        if known.is_found:  # whoever made it has made what further runs there are
            return
        delay_s = rerun_delay_s(outcome.snapshot, self._reruns)
        if delay_s is None or self._reruns >= self.policy.rerun_on_rate_limit:
            return
        if known.deadline_at is not None and known.now + delay_s >= known.deadline_at:
            return
        self._failed, self._rerun_at = outcome, known.now + delay_s
        self._reruns += 1
        run = outcome.snapshot
        known.journal.append(RunAgain(known.now, run.ref.run_id, self._reruns, delay_s))
        request = rerun_request(self.request, run, self._reruns)
        self._begin(request, known.now, known.journal)
        self._known.limit = known.limit

    # When it is enough --------------------------------------------------------------------------

    def request_cancel(self, reason: CancelReason = CancelReason.ASKED) -> None:
        """Want the run cancelled. The first reason stays; a run that is over stays as it is.

        An action that was handed out already is still to be answered. If none was, and no run was
        created either, none will be.
        """
        if want_cancel(self._known, reason) and self.snapshot is None and self._asked is None:
            self._cancel_early(reason)

    def _cancel_early(self, reason: CancelReason) -> None:
        """Cancelled before there was a run; unless one may have been created: find it first."""
        doubt, give_up_at = self._admission.doubt, self._known.give_up_at
        if doubt is not None and give_up_at is not None and self._known.now >= give_up_at:
            fail(self._known, BackendError.of(replace(doubt, maybe_applied=True)))
        elif not self._admission.may_be_in:
            kind = DeadlineExceeded if reason is CancelReason.DEADLINE else RunCancelled
            which = "a run was created" if self._failed is None else "another run was created"
            self._known.error = kind(f"cancelled before {which} ({reason})", outcome=self._failed)

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
            give_up(known)


def check_core(core: RunCore) -> None:
    """Refuse to resume what is no core.

    Raises:
        CallerError: it is none.
    """
    if not isinstance(core, RunCore):
        raise CallerError(f"a {type(core).__name__} is no core: say driver.resume(watch.core)")
