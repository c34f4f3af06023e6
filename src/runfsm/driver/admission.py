"""How something gets onto its thread: once, and when nobody else holds it. Pure.

Rule 1: what may have been done is looked up before it is done again: a run by its key in the
thread's latest runs, a message by its key in the latest messages. A creation that timed out is
taken over, not repeated.

Rule 2: who is locked out looks at the thread's runs, and knocks again when none is active.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runfsm.driver.actions import (
    Action,
    AddMessage,
    Cancel,
    Create,
    CreateThread,
    FindMessage,
    ListRuns,
    Sleep,
    TakeTurn,
)
from runfsm.driver.busy import OWN_S, Enqueue, OnBusy, Reject
from runfsm.driver.journal import FaultMet, RunAdopted, ThreadHeld
from runfsm.driver.keysearch import UNLISTED, KeySearch
from runfsm.driver.lock import Lock
from runfsm.driver.pacing import Patience
from runfsm.driver.replies import (
    Added,
    Faulted,
    KeyTaken,
    Listed,
    Reply,
    Seen,
    Slept,
    ThreadMade,
    TurnTaken,
)
from runfsm.driver.rerun import is_of
from runfsm.driver.retry import OUTDATED, may_pass
from runfsm.errors import BackendError, Fault, FaultKind
from runfsm.lifecycle.journal import JournalStep
from runfsm.lifecycle.snapshot import RunRef, RunSnapshot

__all__ = ["Admission", "Entry"]

#: What wants to get onto a thread. `ListRuns` wants nothing but that nobody holds it.
Entry = Create | AddMessage | ListRuns


@dataclass(slots=True)
class Admission:
    """The way of one entry onto its thread.

    Args:
        entry: what is to get there.
        on_busy: what to do about a lock.
        patience: how often to look, and how many faults to bear.
        journal: where to write what is met.
        started_at: the time now, Unix seconds.
        in_line: whether to stand in line for the thread, whatever the policy.

    Attributes:
        is_in: whether it is there.
        snapshot: the run, when the entry was one.
        message_id: the message, when the entry was one.
        may_be_in: whether an attempt may have been done, and it is not known whether it was.
        tried_at: when the latest attempt was made that may have been done, Unix seconds.
        search: the search for a run that is there already, if the request is idempotent.
        error: why it will not get there.
    """

    entry: Entry
    on_busy: OnBusy
    patience: Patience
    journal: list[JournalStep]
    started_at: float
    in_line: bool = False

    is_in: bool = field(default=False, init=False)
    snapshot: RunSnapshot | None = field(default=None, init=False)
    message_id: str | None = field(default=None, init=False)
    tried_at: float = field(default=0.0, init=False)
    search: KeySearch = field(init=False)
    error: BackendError | None = field(default=None, init=False)

    _must_find: bool = field(default=False, init=False)
    _doubt: Fault | None = field(default=None, init=False)  # of the attempt to be looked up
    _ever: Fault | None = field(default=None, init=False)  # of the latest that ever was in doubt
    _is_sure: bool = field(default=True, init=False)  # whether what is not found is not there
    _lock: Lock | None = field(default=None, init=False)
    _has_turn: bool = field(default=False, init=False)
    _made_thread: bool = field(default=False, init=False)
    _answered: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.search = KeySearch.of(self.entry)

    @property
    def may_be_in(self) -> bool:
        """Whether an attempt may have been done, and it is not known whether it was."""
        return self._must_find or self.doubt is not None

    @property
    def doubt(self) -> Fault | None:
        """The fault of an attempt that was looked for in vain, where that says little.

        A run that nobody lists is found by what it leaves, and so not before it has ended. Until
        then, only a second attempt tells: it is locked out, or else there was no first one.
        """
        return None if self._is_sure else self._ever

    @property
    def thread_id(self) -> str | None:
        """The thread, once there is one."""
        entry = self.entry
        return entry.request.thread_id if isinstance(entry, Create) else entry.thread_id

    # What to do ---------------------------------------------------------------------------------

    def next_action(self, now: float) -> Action:
        """What to do now."""
        thread_id = self.thread_id
        if search := self.search.next_action(thread_id, is_new=self._made_thread):
            return self._rested(search, now)
        if thread_id is None:
            return self._rested(CreateThread(), now)
        if self._stands_in_line and not self._has_turn:
            return TakeTurn(thread_id, self._waiting_max, max(0.0, self._gives_up_at - now))
        if self._must_find:
            lingers = self._lock is not None and self._lock.is_lingering
            return self._rested(self._look_up(thread_id), now, always=lingers)
        if self._lock is not None:
            return self._wait_for(self._lock, thread_id, now)
        return self._rested(self.entry, now)

    def _look_up(self, thread_id: str) -> Action:
        if isinstance(self.entry, AddMessage):
            return FindMessage(thread_id, self.entry.key)
        return ListRuns(thread_id)

    def _wait_for(self, lock: Lock, thread_id: str, now: float) -> Action:
        if not lock.is_looked_at:
            return self._rested(ListRuns(thread_id), now, always=lock.is_lingering)
        if lock.holder is None:  # nobody is there: knock
            return self._rested(self.entry, now)
        if victim := lock.victim(self.on_busy):
            return self._rested(Cancel(victim), now)
        return self._rested(ListRuns(thread_id), now, always=True)

    def _rested(self, action: Action, now: float, *, always: bool = False) -> Action:
        if self.patience.is_rested or not (always or self.patience.faults):
            return action
        delay_s, left_s = self.patience.delay_s(now), self._left_s(now)
        return Sleep(min(delay_s, left_s) if left_s > 0 else delay_s)

    def _left_s(self, now: float) -> float:
        """For how long a lock is still waited for: as the policy says, or until it has lingered."""
        if self._lock is None:
            return math.inf
        lock = self._lock
        return (self._gives_up_at if lock.free_since is None else lock.bears_until) - now

    @property
    def _stands_in_line(self) -> bool:
        return self.in_line or isinstance(self.on_busy, Enqueue)

    @property
    def _waiting_max(self) -> int:
        policy = self.on_busy if isinstance(self.on_busy, Enqueue) else Enqueue()
        return policy.waiting_max

    @property
    def _gives_up_at(self) -> float:
        """When waiting for a holder ends; if one stands in line for the thread, that counts too."""
        since = self._lock.since if self._lock and not self._stands_in_line else self.started_at
        return since + self.on_busy.timeout_s

    # What came of it ----------------------------------------------------------------------------

    def receive(self, action: Action, reply: Reply) -> None:
        """Take what came of `next_action`. The reply fits the action."""
        self._answered = self._answered or _is_answer(reply)
        match reply:
            case Slept(now):
                self.patience.rest()
                self._check_time(action, now)
            case KeyTaken(run, now):
                self.search.has_key = True
                self._take_found(run, now)
            case TurnTaken():
                self._has_turn = True
            case ThreadMade(thread_id, is_there=is_there):
                self._made_thread = is_there
                self._take_thread(thread_id)
                self.patience.look(news=True, mends=True)
            case Seen(snapshot) if isinstance(action, Create):
                self._come_in(snapshot)
            case Seen(snapshot):
                self._told(snapshot.ref)
            case Listed(runs, now, is_whole=is_whole):
                self._take_list(runs, now, is_whole=is_whole)
            case Added(message_id):
                self._take_message(message_id)
            case Faulted(fault, now):
                self._meet(action, fault, now)

    def _take_thread(self, thread_id: str) -> None:
        if isinstance(self.entry, Create):
            request = replace(self.entry.request, thread_id=thread_id)
            self.entry = replace(self.entry, request=request)

    def _come_in(self, snapshot: RunSnapshot) -> None:
        self.is_in, self.snapshot, self._must_find = True, snapshot, False

    def _take_found(self, run: RunSnapshot | None, now: float) -> None:
        """An idempotent request has looked for its run before it makes one."""
        if run is not None:
            self.search.is_found, self.tried_at = True, now
            self.journal.append(RunAdopted(now, run.ref.run_id, found=True))
            self._come_in(run)

    def _take_message(self, message_id: str | None) -> None:
        self.message_id = message_id
        self.is_in = message_id is not None
        self.patience.look(news=True, mends=self.is_in)
        if not self.is_in:
            self._was_not_done()

    def _was_not_done(self) -> None:
        """The look-up found nothing: try again, if that may help."""
        doubt, self._doubt, self._must_find = self._doubt, None, False
        if doubt is not None and not self._may_pass(doubt):
            self.error = BackendError.of(replace(doubt, maybe_applied=False))

    def _take_list(self, runs: Sequence[RunSnapshot], now: float, *, is_whole: bool) -> None:
        if self.search.key is not None and self._ever is None:
            self.search.has_looked = True
            ours = self._ours(runs)
            self.search.is_followed = ours is not None
            self._take_found(ours, now)
            if ours:
                return
        if self._ever and (ours := self._ours(runs)):
            self.journal.append(RunAdopted(now, ours.ref.run_id))
            self._come_in(ours)
            return
        self._is_sure = is_whole
        active = next((run for run in runs if not run.is_terminal), None)
        if isinstance(self.entry, ListRuns) and active is None:
            self.is_in = True
        elif isinstance(self.entry, ListRuns) or self._lock is not None:
            self._see_holder(active, now, is_whole=is_whole)
        else:
            self.patience.look(news=True, mends=not self._must_find)
        if self._must_find:
            self._was_not_done()
            if not is_whole:
                self.patience.rest()  # what was looked for may come: the sooner it is tried

    def _ours(self, runs: Sequence[RunSnapshot]) -> RunSnapshot | None:
        key = self._key
        return next((run for run in runs if run.key and key and is_of(key, run.key)), None)

    @property
    def _key(self) -> str | None:
        match self.entry:
            case Create(request):
                return request.key
            case AddMessage(key=key):
                return key
        return None

    # The lock -----------------------------------------------------------------------------------

    def _see_holder(self, holder: RunSnapshot | None, now: float, *, is_whole: bool) -> None:
        lock = self._lock = self._lock or Lock.by(holder, self.thread_id, now)
        is_new = lock.see(holder, now, at_least_until=now if is_whole else self._unseen_until(lock))
        self.patience.look(news=is_new, mends=not self._must_find)
        if holder is None:
            self.error = self._lock_error(lock, now) if lock.has_lingered else None
            return
        if is_new:
            self.journal.append(ThreadHeld(now, holder.ref.run_id, str(self.on_busy)))
        if isinstance(self.on_busy, Reject):
            self.error = BackendError.of(lock.fault)
        elif now >= self._gives_up_at:
            self.error = lock.error(now)

    def _lock_error(self, lock: Lock, now: float) -> BackendError:
        error = lock.error(now)
        if self.doubt is None:
            return error
        return BackendError.of(replace(error.fault, maybe_applied=True))

    def _unseen_until(self, lock: Lock) -> float:
        """How long a holder is waited for that nobody can name: it may be our own run."""
        if self._ever is None or not isinstance(self.entry, Create):
            return self._gives_up_at
        return max(self._gives_up_at, lock.since + OWN_S)

    def _locked_out(self, fault: Fault, now: float) -> None:
        self._lock = self._lock or Lock(fault, now)
        self._lock.refuse(fault, now)
        self._answered = True  # a refusal in the API's own words
        self._must_find = self._ever is not None  # it may be our own run that holds it
        self.patience.look(news=False, mends=True)

    def _told(self, ref: RunRef) -> None:
        if self._lock is not None:
            self._lock.told.add(ref.run_id)
        self.patience.look(news=True, mends=True)

    def _check_time(self, action: Action, now: float) -> None:
        """After a wait: whether it was the last."""
        if isinstance(action, TakeTurn) and now >= self._gives_up_at:
            said = f"Others stand in line for thread {self.thread_id}."
            self.error = Lock(Fault(FaultKind.LOCKED, said), self.started_at).error(now)

    # Faults -------------------------------------------------------------------------------------

    def _meet(self, action: Action, fault: Fault, now: float) -> None:
        self.journal.append(FaultMet.of(fault, type(action).__name__, now))
        if isinstance(action, TakeTurn):
            self.error = BackendError.of(fault)
        elif fault.kind is FaultKind.LOCKED:
            self._locked_out(fault, now)
        elif isinstance(action, Cancel) and fault.kind in OUTDATED:
            self._told(action.ref)
        elif self.search.is_refused(action, fault) and not self._may_pass(fault):
            self.search.has_looked = True
        elif self._lock is not None and self._cannot_list(self._lock, fault):
            self._see_holder(None, now, is_whole=False)
        elif self._lock is not None and self._is_just_locked(self._lock, fault, now):
            self.error = self._lock.error(now)
        else:
            self._bear(action, fault, now)

    def _cannot_list(self, lock: Lock, fault: Fault) -> bool:
        """Whether looks are refused: not every look-alike can list runs. Then one knocks."""
        if isinstance(self.on_busy, Reject) or fault.kind not in UNLISTED:
            return False
        return not (self._must_find or lock.is_looked_at or self._may_pass(fault))

    def _is_just_locked(self, lock: Lock, fault: Fault, now: float) -> bool:
        """Whether the lock is what to tell, and not this fault: time is up, or nobody may look."""
        if self._must_find:
            return False
        if fault.kind is FaultKind.QUOTA:  # that is the account's, whatever was asked
            return False
        is_refused = not lock.is_looked_at and not self._may_pass(fault)
        return is_refused or (lock.holder is not None and now >= self._gives_up_at)

    def _bear(self, action: Action, fault: Fault, now: float) -> None:
        in_doubt = fault.maybe_applied and isinstance(action, Create | AddMessage)
        if in_doubt and self._key is not None:
            self._doubt, self._ever, self._must_find = fault, fault, True
            self.tried_at = now
            hopeless = False
        else:  # without a key it could not be found again, and twice costs twice
            hopeless = in_doubt or not self._may_pass(fault)
            self._must_find = self.may_be_in  # by the next attempt the first may have come through
        self.patience.fail(fault.wait_s(now), at_once=False)
        if hopeless or self.patience.is_worn_out:
            self.error = BackendError.of(replace(fault, maybe_applied=in_doubt or self._must_find))

    def _may_pass(self, fault: Fault) -> bool:
        ours = self._made_thread and not self._names_assistant(fault)
        was_there = self._lock is not None and str(self.thread_id) in fault.message
        return may_pass(fault, ours=ours or was_there, answered=self._answered)

    def _names_assistant(self, fault: Fault) -> bool:
        """Whether what was not found is the assistant: that is the app's, and no lag."""
        entry = self.entry
        return isinstance(entry, Create) and entry.request.assistant_id in fault.message


def _is_answer(reply: Reply) -> bool:
    """Whether the service has said something, in the API's words."""
    if isinstance(reply, ThreadMade):
        return reply.is_there
    return not isinstance(reply, Faulted | Slept | TurnTaken | KeyTaken)
