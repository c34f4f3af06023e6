"""What the core does about faults, cancels and clocks, told by hand what came of each action."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import LATE, LOST, REF, REQUEST, STALE, a_core, fetched, met, ran, seen, told
from runfsm import BackendError, CancelReason, Fault, FaultKind, Pacing, Policy, RunStatus
from runfsm.driver.actions import (
    Cancel,
    Done,
    FetchMessages,
    Retrieve,
    RunTools,
    Sleep,
    SubmitOutputs,
)
from runfsm.driver.journal import CancelWanted, GaveUp
from runfsm.driver.replies import Slept
from runfsm.lifecycle.journal import Transition

K = FaultKind


def _pause_s(faults: int, retry_after_s: float | None = None) -> float:
    """The pause after so many failures in a row, with the jitter of the request's key."""
    return Pacing().fault_delay_s(faults, retry_after_s, key=REQUEST.key or "")


# Submits -----------------------------------------------------------------------------------------


def test_a_lost_submit_is_looked_up_before_it_is_sent_again() -> None:
    """After a submit that may have been applied comes a look; the tool is not called again."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"))

    assert [SubmitOutputs, Sleep, Retrieve, SubmitOutputs] == told(
        core, [met(LOST, 1.0), Slept(1.5), seen("requires_action", "call_1", now=1.5)]
    )


def test_a_lost_submit_that_was_applied_is_ours() -> None:
    """When the look shows that the lost submit went through, its edge is not foreign."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"), met(LOST, 1.0))
    core.receive(Slept(1.5))
    core.receive(seen("in_progress", now=1.5))

    assert [False, False] == [s.foreign for s in core.journal[-2:] if isinstance(s, Transition)]


def test_a_stale_submit_is_followed_by_a_look_at_once() -> None:
    """'Does not accept tool outputs' means that the run is elsewhere: look, do not wait."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"), met(STALE, 1.0))

    assert Retrieve(REF) == core.next_action()


def test_a_service_that_contradicts_itself_is_not_asked_in_a_circle() -> None:
    """Refusing outputs and asking for them, again and again, ends in an error, with pauses."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"))
    waits = 0
    while not isinstance(action := core.next_action(), Cancel):
        match action:
            case SubmitOutputs():
                core.receive(met(STALE, 1.0))
            case Sleep():
                waits += 1
                core.receive(Slept(1.0))
            case _:
                core.receive(seen("requires_action", "call_1", now=1.0))
    core.receive(seen("cancelling", now=1.0))

    assert isinstance(core.error, BackendError)
    assert Pacing().faults_max == waits + 1


# Looks -------------------------------------------------------------------------------------------


def test_a_failing_look_is_repeated_with_growing_pauses_and_then_given_up() -> None:
    """Five faults in a row are borne, each pause about twice the last; the sixth is an error.

    It is not left behind: one last request tells the run to cancel.
    """
    core = a_core(seen("queued"), Slept(0.5))
    pauses, asked = [], []
    while not isinstance(action := core.next_action(), Done):
        if isinstance(action, Sleep):
            pauses.append(action.delay_s)
            core.receive(Slept(1.0))
        else:
            asked.append(type(action))
            core.receive(met(LOST, 1.0))

    assert [_pause_s(faults) for faults in range(1, 6)] == pauses
    assert [*[Retrieve] * 6, Cancel] == asked
    assert isinstance(core.error, BackendError)
    assert REF == core.error.ref


@pytest.mark.parametrize("kind", [K.NOT_FOUND, K.GARBLED])
def test_a_run_that_was_there_may_be_missing_for_a_while(kind: FaultKind) -> None:
    """Not found, or garbled, is a lag or a hiccup for a run that was shown."""
    core = a_core(seen("queued"), Slept(0.5), met(Fault(kind, "No."), 0.5))

    assert [Sleep, Retrieve, Sleep] == told(core, [Slept(1.0), seen("queued", now=1.0)])
    assert core.error is None


@pytest.mark.parametrize("kind", [K.AUTH, K.QUOTA, K.INVALID, K.UNSUPPORTED])
def test_what_will_not_pass_ends_the_run(kind: FaultKind) -> None:
    """It is told to cancel, once, whatever comes of that; the error is the first fault."""
    core = a_core(seen("queued"), Slept(0.5), met(Fault(kind, "No."), 0.5))

    assert [Cancel, Done] == told(core, [met(LOST)])
    assert isinstance(core.error, BackendError)
    assert (kind, REF) == (core.error.fault.kind, core.error.ref)
    assert CancelReason.FAULT is core.cancel_reason


def test_what_will_not_pass_leaves_a_run_that_is_to_be_left() -> None:
    """With `on_interrupt="leave"` nothing more is sent."""
    policy = Policy(on_interrupt="leave")
    core = a_core(seen("queued"), Slept(0.5), met(Fault(K.AUTH, "No."), 0.5), policy=policy)

    assert Done() == core.next_action()
    assert (True, None) == (isinstance(core.error, BackendError), core.cancel_reason)


def test_the_services_own_retry_after_is_honoured() -> None:
    """A `retry-after` of 17 s is a wait of at least 17 s, and of no more than a quarter more."""
    fault = Fault(K.RATE_LIMITED, "slow down", retry_after_s=17.0)
    core = a_core(seen("queued"), Slept(0.5), met(fault, 0.5))
    action = core.next_action()

    assert Sleep(_pause_s(1, 17.0)) == action
    assert 17.0 <= _pause_s(1, 17.0) <= 17.0 * 1.25


def test_no_retry_after_outlasts_the_deadline() -> None:
    """A service that asks for an hour does not keep the driver from its deadline of 10 s."""
    fault = Fault(K.RATE_LIMITED, "slow down", retry_after_s=3600.0)
    core = a_core(seen("queued"), Slept(0.5), met(fault, 0.5), policy=Policy(deadline_s=10.0))

    assert Sleep(9.5) == core.next_action()


# Cancels -----------------------------------------------------------------------------------------


def test_an_asked_for_cancel_is_sent_once() -> None:
    """After `request_cancel` comes one Cancel, and then looks until the run has ended."""
    core = a_core(seen("in_progress"))
    core.request_cancel()
    core.request_cancel()

    assert [Cancel, Sleep, Retrieve, FetchMessages] == told(
        core, [seen("cancelling"), Slept(0.5), seen("cancelled", now=0.5)]
    )
    assert 1 == sum(isinstance(step, CancelWanted) for step in core.journal)


def test_a_cancel_that_lost_the_race_has_an_honest_outcome() -> None:
    """The service says it cannot cancel a completed run: the outcome is completed, and asked."""
    core = a_core(seen("in_progress"))
    core.request_cancel()

    assert [Cancel, Retrieve, FetchMessages, Done] == told(
        core, [met(LATE, 1.0), seen("completed", now=1.0), fetched("Hi", now=1.0)]
    )
    assert (RunStatus.COMPLETED, CancelReason.ASKED) == (
        core.outcome.status,
        core.outcome.cancel_reason,
    )


def test_tools_are_not_called_for_a_run_to_be_cancelled() -> None:
    """A required action that is seen after `request_cancel` is answered with Cancel."""
    core = a_core(seen("in_progress"))
    core.request_cancel()
    core.receive(met(LOST, 1.0))
    core.receive(Slept(1.5))
    core.receive(seen("requires_action", "call_1", now=1.5))

    assert Cancel(REF) == core.next_action()


def test_the_deadline_cancels() -> None:
    """When the driver's own deadline passes, the run is cancelled, for that reason."""
    core = a_core(seen("in_progress"), policy=Policy(deadline_s=10.0))
    core.receive(Slept(10.0))

    assert Cancel(REF) == core.next_action()
    assert CancelReason.DEADLINE is core.cancel_reason


def test_the_core_wakes_up_when_the_deadline_or_the_expiry_passes() -> None:
    """No wait sleeps over the moment at which something is bound to happen."""
    slow = Pacing(first_s=100.0, longest_s=100.0)
    at_550 = a_core(seen("queued", now=550.0), policy=Policy(pacing=slow))
    before_deadline = a_core(seen("queued"), policy=Policy(deadline_s=3.0, pacing=slow))

    assert Sleep(50.0) == at_550.next_action()
    assert Sleep(3.0) == before_deadline.next_action()


def test_a_cancel_that_never_takes_effect_ends() -> None:
    """After the grace and a last look, the driver gives up; the outcome has that look's status."""
    core = a_core(seen("in_progress"), policy=Policy(cancel_grace_s=30.0))
    core.request_cancel()

    assert [Cancel, Sleep, Retrieve, FetchMessages, Done] == told(
        core, [seen("cancelling"), Slept(30.0), seen("cancelling", now=30.0), fetched()]
    )
    assert RunStatus.CANCELLING is core.outcome.status
    assert isinstance(core.outcome.journal[-1], GaveUp)


def test_a_cancel_that_is_never_answered_ends_too() -> None:
    """Tried and looked after until the grace is over: then the driver gives up."""
    core = a_core(seen("in_progress"), policy=Policy(cancel_grace_s=5.0))
    core.request_cancel()
    told(core, [met(LOST), Slept(1.0), seen("in_progress", now=1.0), met(LOST, 5.0)])

    assert isinstance(core.next_action(), Sleep | FetchMessages)
    assert isinstance(core.journal[-1], GaveUp)


# Interrupts --------------------------------------------------------------------------------------


def test_who_wants_the_run_left_may_say_so_under_way() -> None:
    """A fault is met as the app wants by now: nothing more is sent, and the error is raised."""
    core = a_core(seen("in_progress"), Slept(0.5))
    core.policy = replace(core.policy, on_interrupt="leave")

    assert [Retrieve, Done] == told(core, [met(Fault(K.AUTH, "No."), 1.0)])
    assert isinstance(core.error, BackendError)


def test_who_wants_a_tools_error_raised_may_say_so_under_way() -> None:
    """A failure is met as the app wants by now: the run is cancelled for it."""
    core = a_core(seen("requires_action", "call_1"))
    core.policy = replace(core.policy, on_tool_error="raise")
    core.receive(ran("call_1", error="raised", now=1.0))

    assert Cancel(REF) == core.next_action()
    assert CancelReason.TOOL_ERROR is core.cancel_reason


def test_an_interrupt_asks_for_a_cancel_at_once() -> None:
    """Whatever was being waited for, the next thing is the cancel; once taken, all is sent."""
    core = a_core(seen("in_progress"))
    assert isinstance(core.next_action(), Sleep)
    core.interrupt(7.0)

    assert [Cancel] == told(core, [])
    core.receive(seen("cancelling", now=7.0))
    assert core.is_let_go
    assert CancelReason.INTERRUPTED is core.cancel_reason


def test_an_interrupted_submit_is_looked_up_before_the_cancel() -> None:
    """Its answer was not waited for, so a look comes first, without a pause; then the cancel."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"))
    assert isinstance(core.next_action(), SubmitOutputs)
    core.interrupt(7.0)

    assert [Retrieve, Cancel] == told(core, [seen("queued", now=7.0)])
    assert not core.is_let_go


def test_an_interrupted_round_of_tools_is_given_up() -> None:
    """Outputs that nobody will hand in are not waited for."""
    core = a_core(seen("requires_action", "call_1"))
    assert isinstance(core.next_action(), RunTools)
    core.interrupt(7.0)

    assert Cancel(REF) == core.next_action()
