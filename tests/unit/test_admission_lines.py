"""The way onto a thread by a line, for messages and sessions, and what ends it, told by hand."""

from __future__ import annotations

import pytest

from by_hand import (
    LOCKED,
    MESSAGE,
    REQUEST,
    K,
    a_waiting_core,
    another,
    knock,
    listed,
    met,
    told,
)
from runfsm import (
    DeadlineExceeded,
    Enqueue,
    Fault,
    Interrupt,
    Policy,
    Reject,
    RunCancelled,
    RunCore,
    ThreadBusy,
    Wait,
)
from runfsm.driver.actions import AddMessage, Create, Done, ListRuns, Sleep, TakeTurn
from runfsm.driver.busy import OnBusy
from runfsm.driver.journal import CancelReason
from runfsm.driver.replies import Slept, TurnTaken
from runfsm.driver.threadcore import ThreadCore

WAITING = [Wait(), Interrupt(), Enqueue()]
EVERY: list[OnBusy] = [Reject(), *WAITING]


# Enqueue -----------------------------------------------------------------------------------------


def test_enqueue_takes_its_turn_before_it_creates() -> None:
    """In a line of so many, for so long."""
    core = RunCore(REQUEST, 0.0, Policy(on_busy=Enqueue(waiting_max=3, timeout_s=20.0)))

    assert TakeTurn("thread_1", waiting_max=3, timeout_s=20.0) == core.next_action()
    assert [TakeTurn, Create] == told(core, [TurnTaken(5.0)])


def test_a_turn_that_does_not_come_is_thread_busy() -> None:
    """After the policy's timeout, counted from the start."""
    core = RunCore(REQUEST, 0.0, Policy(on_busy=Enqueue(timeout_s=20.0)))

    assert [TakeTurn, Done] == told(core, [Slept(20.0)])
    assert isinstance(core.error, ThreadBusy)
    assert "Others stand in line for thread thread_1. Still so after 20 s." == str(core.error)


def test_the_time_in_the_line_counts_at_its_head() -> None:
    """After 15 of 20 seconds in the line, a holder from elsewhere is waited for 5 more."""
    core = RunCore(REQUEST, 0.0, Policy(on_busy=Enqueue(timeout_s=20.0)))
    core.receive(TurnTaken(15.0))

    assert 20.0 == knock(core, lists=[listed(another("queued"))] * 20, now=15.0)


def test_a_line_that_is_full_is_thread_busy() -> None:
    """One too many is refused at once."""
    core = RunCore(REQUEST, 0.0, Policy(on_busy=Enqueue()))
    core.receive(met(Fault(K.LOCKED, "100 stand in line")))

    assert isinstance(core.error, ThreadBusy)


def test_no_turn_is_waited_for_beyond_the_deadline() -> None:
    """The driver's own deadline ends the standing in line: then it is that, and no busy thread."""
    core = RunCore(REQUEST, 0.0, Policy(on_busy=Enqueue(), deadline_s=10.0))
    action = core.next_action()
    core.receive(Slept(10.0))

    assert TakeTurn("thread_1", 100, timeout_s=10.0) == action
    assert isinstance(core.error, DeadlineExceeded)


# Cancels on the way ------------------------------------------------------------------------------


@pytest.mark.parametrize("on_busy", WAITING, ids=str)
def test_a_cancel_while_another_holds_the_thread_leaves_nothing(on_busy: OnBusy) -> None:
    """Nothing was created, so nothing is sent any more; the holder is left alone."""
    core = a_waiting_core(on_busy, met(LOCKED), listed(another("cancelling")))
    core.request_cancel()

    assert Done() == core.next_action()
    assert isinstance(core.error, RunCancelled)


@pytest.mark.parametrize("on_busy", WAITING, ids=str)
def test_a_deadline_while_another_holds_the_thread_is_told_as_that(on_busy: OnBusy) -> None:
    """Its pauses end when the deadline does."""
    core = a_waiting_core(on_busy, met(LOCKED), listed(another("cancelling")), deadline_s=0.25)
    action = core.next_action()
    core.receive(Slept(0.25))

    assert Sleep(0.25) == action
    assert isinstance(core.error, DeadlineExceeded)
    assert CancelReason.DEADLINE is core.cancel_reason


# Messages, and threads for oneself ---------------------------------------------------------------


def test_a_message_waits_for_the_holder_too() -> None:
    """A thread takes no message while a run is active (openai-python#1023)."""
    core = ThreadCore(MESSAGE, 0.0, Policy(on_busy=Wait()))

    assert [AddMessage, ListRuns, Sleep, ListRuns, AddMessage] == told(
        core, [met(LOCKED), listed(another("queued")), Slept(0.5), listed(now=0.5)]
    )


def test_a_session_begins_when_nobody_holds_the_thread() -> None:
    """It stands in line whatever the policy, and looks; nothing is created by it."""
    core = ThreadCore(ListRuns("thread_1"), 0.0, Policy(on_busy=Wait()))

    assert [TakeTurn, ListRuns, Sleep, ListRuns, Done] == told(
        core, [TurnTaken(0.0), listed(another("queued")), Slept(0.5), listed(now=0.5)]
    )
    assert core.error is None


def test_a_session_under_reject_neither_stands_in_line_nor_waits() -> None:
    """Its turn is now or never; and so it is with a run that is active."""
    behind, outside = (ThreadCore(ListRuns("thread_1"), 0.0) for _ in range(2))
    behind.receive(Slept(0.0))
    told(outside, [TurnTaken(0.0), listed(another("queued"))])

    assert TakeTurn("thread_1", 100, 0.0) == ThreadCore(ListRuns("thread_1"), 0.0).next_action()
    assert (ThreadBusy, ThreadBusy) == (type(behind.error), type(outside.error))
