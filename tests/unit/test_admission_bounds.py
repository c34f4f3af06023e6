"""Facts about the edges of admission: how long exactly, what is forgotten, and whose run it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import (
    GARBLED,
    LATE,
    LOCKED,
    LOST,
    MESSAGE,
    REFUSED,
    REQUEST,
    K,
    a_core,
    a_run,
    a_waiting_core,
    adopted,
    another,
    listed,
    met,
    seen,
    told,
)
from runfsm import (
    BackendError,
    Enqueue,
    Fault,
    Interrupt,
    Pacing,
    Policy,
    Reject,
    RunCore,
    ThreadBusy,
    Wait,
)
from runfsm.driver.actions import AddMessage, Create, Done, FindMessage, ListRuns, Sleep, TakeTurn
from runfsm.driver.admission import Admission
from runfsm.driver.journal import FaultMet
from runfsm.driver.pacing import Patience
from runfsm.driver.replies import Added, Slept, ThreadMade, TurnTaken
from runfsm.driver.threadcore import ThreadCore

PAGE = replace(GARBLED, maybe_applied=False)


def _waits_s(core: RunCore, *, now: float = 0.0) -> list[float]:
    """The pauses while another's run is in the queue, until the core gives up."""
    waits_s = []
    while not isinstance(action := core.next_action(), Done):
        if isinstance(action, Sleep):
            waits_s.append(action.delay_s)
            now += action.delay_s
            core.receive(Slept(now))
        else:
            core.receive(listed(another("queued"), now=now))
    return waits_s


# How long ----------------------------------------------------------------------------------------


def test_a_line_is_stood_in_for_what_is_left_of_its_time() -> None:
    """What the making of the thread took counts too."""
    policy = Policy(on_busy=Enqueue(timeout_s=60))
    core = RunCore(replace(REQUEST, thread_id=None), 0.0, policy)
    core.receive(ThreadMade("thread_1", 5.0))
    action = core.next_action()

    assert isinstance(action, TakeTurn)
    assert 55.0 == action.timeout_s


def test_waiting_begins_when_the_lock_is_met() -> None:
    """Not when the run was wanted: here it took ten seconds until somebody was there."""
    core = a_waiting_core(Wait(7.0), met(REFUSED), Slept(10.0), met(LOCKED, 10.0))
    core.receive(listed(another("queued"), now=10.0))

    assert 7.0 == pytest.approx(sum(_waits_s(core, now=10.0)))
    assert isinstance(core.error, ThreadBusy)


def test_the_last_wait_ends_when_time_is_up() -> None:
    """Ever longer, but for the last; and none of them is nothing."""
    core = a_waiting_core(Wait(2.0), met(LOCKED), listed(another("queued")))

    assert [0.5, 0.75, 0.75] == _waits_s(core)


@pytest.mark.parametrize("now", [7.5, 70.0])
def test_a_pause_after_time_is_up_is_a_pause(now: float) -> None:
    """When a creation may still have been done, it is looked up; a failing look is paused after."""
    core = a_waiting_core(Wait(7.0), met(LOST), Slept(0.5), met(LOCKED, 0.5))
    core.receive(met(REFUSED, now))
    action = core.next_action()

    assert isinstance(action, Sleep)
    assert action.delay_s > 0


def test_who_is_refused_again_and_again_knocks_ever_more_slowly() -> None:
    """Nobody is there; the last pause ends when the lock has lingered for its five seconds."""
    core, waits_s, now = a_waiting_core(Wait(), met(LOCKED)), [], 0.0
    while not isinstance(action := core.next_action(), Done):
        if isinstance(action, Sleep):
            waits_s.append(action.delay_s)
            now += action.delay_s
        replies = {Sleep: Slept(now), ListRuns: listed(now=now), Create: met(LOCKED, now)}
        core.receive(replies[type(action)])

    assert [1.6875, 3.3125] == waits_s


def test_who_would_not_wait_is_not_told_of_waiting() -> None:
    """That the look took a while is no wait."""
    core = a_waiting_core(Reject(), met(LOCKED), listed(another("queued"), now=0.75))

    assert LOCKED.message == str(core.error)


# What is forgotten -------------------------------------------------------------------------------


def test_a_thread_that_was_made_mends_what_failed_before() -> None:
    """So many failures in a row are borne; these are not in a row."""
    policy = Policy(pacing=Pacing(faults_max=1))
    core = RunCore(replace(REQUEST, thread_id=None), 0.0, policy)
    told(core, [met(REFUSED), Slept(1.0), ThreadMade("thread_1", 1.0)])

    assert [Create, Sleep] == told(core, [met(REFUSED, 1.0)])


def test_a_cancel_that_was_taken_mends_what_failed_before() -> None:
    """And the holder is looked at soon, however long it was waited for."""
    core = a_waiting_core(Interrupt(), met(LOCKED), pacing=Pacing(faults_max=1))
    told(core, [listed(another("in_progress")), met(REFUSED), Slept(1.0)])
    cancelled = replace(seen("cancelling", now=1.0), snapshot=another("cancelling"))

    core.receive(cancelled)

    assert Sleep(0.5) == core.next_action()
    assert [Sleep, ListRuns, Sleep] == told(core, [Slept(1.5), met(REFUSED, 1.5)])


def test_a_refusal_in_the_apis_words_is_an_answer() -> None:
    """After it, a page is a hiccup of something on the way."""
    core = a_waiting_core(Wait(), met(LOCKED))

    assert [ListRuns, Sleep, ListRuns] == told(core, [met(PAGE), Slept(1.0)])


def test_an_answer_is_not_forgotten() -> None:
    """Whatever comes in between: here a pause, and another fault."""
    core = a_waiting_core(Wait(), met(LOCKED), listed(another("queued")), Slept(0.5))

    assert [ListRuns, Sleep, ListRuns, Sleep] == told(
        core, [met(REFUSED, 0.5), Slept(1.5), met(PAGE, 1.5)]
    )


def test_a_turn_in_a_line_is_no_answer_of_the_service() -> None:
    """The line is the app's own: a page is still the wrong address."""
    core = a_core(TurnTaken(0.0), policy=Policy(on_busy=Enqueue()))

    assert [Create, Done] == told(core, [met(PAGE)])


# Whose it is -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["key_2", None])
def test_a_run_of_another_key_is_not_taken_over(key: str | None) -> None:
    """Also not after a doubt: another client of the same app may use this thread."""
    core = a_core(met(LOST), Slept(0.5), listed(a_run("queued", key=key), now=0.5))

    assert [] == adopted(core)


def test_a_creation_that_was_not_done_and_will_not_pass_is_told() -> None:
    """The look-up shows that there is no run, so the error does not say that there may be one."""
    hopeless = Fault(K.UNSUPPORTED, "Not implemented.", maybe_applied=True)
    core = a_core()

    assert [Create, Sleep, ListRuns, Done] == told(
        core, [met(hopeless), Slept(0.5), listed(now=0.5)]
    )
    assert isinstance(core.error, BackendError)
    assert (K.UNSUPPORTED, False) == (core.error.fault.kind, core.error.fault.maybe_applied)


def test_a_creation_that_was_found_is_told_as_no_error() -> None:
    """Whatever the fault was that left it in doubt."""
    hopeless = Fault(K.UNSUPPORTED, "Not implemented.", maybe_applied=True)
    core = a_core(met(hopeless), Slept(0.5), listed(a_run("queued"), now=0.5))

    assert (["run_1"], None) == (adopted(core), core.error)


def test_a_message_that_was_found_is_told_as_no_error() -> None:
    """As a creation that was."""
    hopeless = Fault(K.UNSUPPORTED, "Not implemented.", maybe_applied=True)
    core = ThreadCore(MESSAGE, 0.0)

    assert [AddMessage, Sleep, FindMessage, Done] == told(
        core, [met(hopeless), Slept(0.5), Added("msg_1", 0.5)]
    )
    assert (None, "msg_1") == (core.error, core.message_id)


@pytest.mark.parametrize("lost", [False, True])
def test_a_run_that_is_there_is_not_looked_for(*, lost: bool) -> None:
    """Once it is seen, created or found, nothing is in doubt."""
    entry = Create(REQUEST)
    admission = Admission(
        entry, on_busy=Reject(), patience=Patience(Pacing()), journal=[], started_at=0.0
    )
    if lost:
        admission.receive(entry, met(LOST))
        admission.receive(ListRuns("thread_1"), listed(a_run("queued")))
    else:
        admission.receive(entry, seen("queued"))

    assert (True, False) == (admission.is_in, admission.may_be_in)


# Faults ------------------------------------------------------------------------------------------


def test_a_fault_on_the_way_is_written_down() -> None:
    """With the action that met it, and when."""
    core = a_core(met(REFUSED, 0.25))

    assert [("Create", 0.25)] == [
        (step.action, step.at) for step in core.journal if isinstance(step, FaultMet)
    ]


def test_only_a_cancel_can_come_too_late() -> None:
    """To anything else, such a refusal is one that will not pass."""
    core = a_core()

    assert [Create, Done] == told(core, [met(LATE)])


@pytest.mark.parametrize(
    ("fault", "then"),
    [
        (REFUSED, Sleep),  # may pass
        (Fault(K.AUTH, "No."), Done),
        (Fault(K.NOT_FOUND, "No thread found with id 'thread_1'.", status_code=404), Sleep),
        (Fault(K.NOT_FOUND, "No such route.", status_code=404), Create),  # cannot list: knock
    ],
)
def test_what_a_look_at_a_locked_thread_meets(fault: Fault, then: type) -> None:
    """A thread that was there a moment ago lags. Without such a route, one knocks to find out."""
    core = a_waiting_core(Wait(), met(LOCKED))

    assert [ListRuns, then] == told(core, [met(fault)])


def test_a_thread_that_was_never_there_is_told_at_once() -> None:
    """It was neither made here nor found locked: its id is wrong, and no replica lags."""
    core = a_core(met(Fault(K.NOT_FOUND, "No thread found with id 'thread_1'.", status_code=404)))

    assert isinstance(core.error, BackendError)


@pytest.mark.parametrize("on_busy", [Reject(), Wait()])
def test_a_look_that_is_refused_later_is_told_as_itself(on_busy: Reject | Wait) -> None:
    """A service that has listed runs once can; only where it never did, the lock is told."""
    refused = Fault(K.AUTH, "No.")
    never = a_waiting_core(on_busy, met(LOCKED), met(refused))
    once = a_waiting_core(Wait(), met(LOCKED), listed(another("queued")), Slept(0.5))
    once.receive(met(refused, 0.5))

    assert isinstance(never.error, ThreadBusy)
    assert isinstance(once.error, BackendError)
    assert K.AUTH is once.error.fault.kind
