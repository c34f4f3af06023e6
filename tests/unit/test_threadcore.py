"""Facts about a message on its way onto a thread, and about a thread for oneself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import LOCKED, MESSAGE, REFUSED, another, listed, met, seen
from runfsm import CallerError, Enqueue, Fault, FaultKind, FaultMet, Policy, RunCancelled, Wait
from runfsm.driver.actions import AddMessage, Done, ListRuns, Sleep, TakeTurn
from runfsm.driver.replies import Added, Slept, TurnTaken
from runfsm.driver.threadcore import ThreadCore
from runfsm.errors import BackendError

THREAD = ListRuns("thread_1")
WRONG = Fault(FaultKind.INVALID, "No.", status_code=400)


@pytest.mark.parametrize("entry", [AddMessage("", "Hi", key="k"), ListRuns("")])
def test_what_names_no_thread_is_refused(entry: AddMessage | ListRuns) -> None:
    """Before anything is asked of a service."""
    with pytest.raises(CallerError, match=r"thread_id is '': give its id, thread\.id"):
        ThreadCore(entry, 0.0)


def test_a_reply_that_does_not_fit_changes_nothing() -> None:
    """The same is asked for as before, and the right reply is taken."""
    core = ThreadCore(MESSAGE, 0.0)
    with pytest.raises(CallerError, match="asked for AddMessage, and was answered Seen"):
        core.receive(seen("queued"))

    assert MESSAGE == core.next_action()
    core.receive(Added("msg_1", 0.0))
    assert (Done(), "msg_1") == (core.next_action(), core.message_id)


def test_the_time_of_a_line_is_counted_from_when_it_was_wanted() -> None:
    """Not from the beginning of all time."""
    core = ThreadCore(THREAD, 1000.0, Policy(on_busy=Enqueue(timeout_s=60)))
    action = core.next_action()

    assert isinstance(action, TakeTurn)
    assert 60.0 == action.timeout_s


def test_time_does_not_go_back() -> None:
    """A reply that shows an earlier time leaves no more to wait for than there was."""
    core = ThreadCore(THREAD, 0.0, Policy(on_busy=Wait(8.25)))
    core.receive(TurnTaken(0.0))
    for reply in (listed(another("queued")), Slept(8.0), listed(another("queued"), now=1.0)):
        core.receive(reply)

    assert Sleep(0.25) == core.next_action()


def test_messages_wait_each_in_its_own_time() -> None:
    """Of many that met the same fault, not all come back at one moment: the key decides."""
    waits = []
    for key in ("key_1", "key_2"):
        core = ThreadCore(replace(MESSAGE, key=key), 0.0)
        core.receive(met(REFUSED))
        waits.append(core.next_action())

    assert all(isinstance(wait, Sleep) for wait in waits)
    assert waits[0] != waits[1]


def test_an_error_tells_what_was_met() -> None:
    """The fault, and what came before it."""
    core = ThreadCore(MESSAGE, 0.0)
    core.receive(met(WRONG))

    assert isinstance(core.error, BackendError)
    assert [FaultMet] == [type(step) for step in core.journal]
    assert tuple(core.journal) == core.error.journal


def test_who_waits_may_give_up() -> None:
    """Nothing is done any more."""
    core = ThreadCore(MESSAGE, 0.0, Policy(on_busy=Wait()))
    core.receive(met(LOCKED))
    core.request_cancel()

    assert isinstance(core.error, RunCancelled)
    assert Done() == core.next_action()


def test_what_has_come_to_pass_is_not_given_up() -> None:
    """The message is there."""
    core = ThreadCore(MESSAGE, 0.0)
    core.receive(Added("msg_1", 0.0))
    core.request_cancel()

    assert (None, "msg_1") == (core.error, core.message_id)


def test_an_error_stays_when_it_is_given_up() -> None:
    """The first reason counts."""
    core = ThreadCore(MESSAGE, 0.0)
    core.receive(met(WRONG))
    error = core.error
    core.request_cancel()

    assert error is not None
    assert error is core.error
