"""What the storms have found (`make storm`), each bug told by hand, as small as it gets.

The core knows no wire, so what is told to it holds on all of them. What a service must then have
been told is asked of every road.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from by_hand import (
    GARBLED,
    LOCKED,
    LOST,
    REQUEST,
    K,
    a_run,
    another,
    fetched,
    listed,
    met,
    ran,
    seen,
    told,
)
from runfsm import (
    BackendError,
    Fault,
    Interrupt,
    Policy,
    Reject,
    RunCore,
    RunEvent,
    RunStatus,
    Wait,
)
from runfsm.driver.actions import (
    AddMessage,
    Cancel,
    Create,
    Done,
    FetchMessages,
    ListRuns,
    Retrieve,
    Sleep,
    SubmitOutputs,
)
from runfsm.driver.busy import OnBusy
from runfsm.driver.journal import CancelReason, GaveUp
from runfsm.driver.live import TextDelta
from runfsm.driver.replies import Heard, Reply, Slept
from runfsm.driver.threadcore import ThreadCore
from runfsm.lifecycle.wires import WIRES
from runfsm.lifecycle.wires.wire import CancelAnswer
from runfsm_simulator.world.script import hang
from troubled import Trouble, Troubled, drive, stage

QUOTA = Fault(K.QUOTA, "You exceeded your current quota.", status_code=429)
AUTH = Fault(K.AUTH, "Incorrect API key provided.", status_code=401)

#: The same, as they come from a service.
OUT_OF_MONEY = Trouble(
    fault=QUOTA, on_wire={"status": 429, "body": {"error": {"code": "insufficient_quota"}}}
)
NO_KEY = Trouble(fault=AUTH, on_wire={"status": 401})


# A run is not left behind ------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [seen("cancelling"), met(LOST), met(QUOTA)])
def test_who_gives_up_on_a_service_tells_the_run_to_cancel_once(reply: Reply) -> None:
    """Alone, the run would hold its thread for ten minutes. The error is the fault before that."""
    core = RunCore(REQUEST, 0.0)
    replies = [seen("queued"), Slept(0.5), met(QUOTA, now=0.5), reply]

    assert [Create, Sleep, Retrieve, Cancel, Done] == told(core, replies)
    assert CancelReason.FAULT is core.cancel_reason
    assert isinstance(core.error, BackendError)
    assert QUOTA == core.error.fault
    assert tuple(core.journal) == core.error.journal


def test_outputs_that_cannot_be_handed_in_leave_no_run_behind() -> None:
    """The same when it is the submit that is refused for good."""
    core = RunCore(REQUEST, 0.0)
    replies = [
        seen("requires_action", "call_1"),
        ran("call_1"),
        met(AUTH),
        seen("cancelling"),
    ]

    assert [SubmitOutputs, Cancel, Done] == told(core, replies)[-3:]


@pytest.mark.parametrize("status", ["cancelling", "completed"])
def test_a_run_that_is_let_go_is_not_told_again(status: str) -> None:
    """One that is being cancelled, or is over, needs no last word."""
    core = RunCore(REQUEST, 0.0)
    last = [met(QUOTA)] if status == "completed" else [Slept(0.5), met(QUOTA, now=0.5)]

    assert Done is told(core, [seen(status), *last])[-1]


def test_a_cancel_that_failed_is_not_sent_once_more() -> None:
    """When it is the cancel that is refused for good, that was the last word."""
    core = RunCore(REQUEST, 0.0)
    core.receive(seen("queued"))
    core.request_cancel()

    assert [Cancel, Done] == told(core, [met(QUOTA)])


def test_an_app_may_want_its_runs_left() -> None:
    """`on_interrupt="leave"`: then nothing is sent after the fault."""
    core = RunCore(REQUEST, 0.0, Policy(on_interrupt="leave"))

    assert [Create, Sleep, Retrieve, Done] == told(
        core, [seen("queued"), Slept(0.5), met(QUOTA, now=0.5)]
    )


def test_a_last_cancel_that_is_interrupted_is_not_waited_for() -> None:
    """Ctrl-C in the midst of it: the fault is raised, and nothing more is sent."""
    core = RunCore(REQUEST, 0.0)
    told(core, [seen("queued"), Slept(0.5), met(QUOTA, now=0.5)])
    core.interrupt(0.6)

    assert Done() == core.next_action()
    assert isinstance(core.error, BackendError)
    assert QUOTA == core.error.fault


@pytest.mark.parametrize(("on_interrupt", "cancels"), [("cancel", 1), ("leave", 0)])
@pytest.mark.parametrize(("verb", "trouble"), [("retrieve", OUT_OF_MONEY), ("submit", NO_KEY)])
def test_a_service_hears_of_it_once(
    road: Any, verb: str, trouble: Trouble, on_interrupt: Any, cancels: int
) -> None:
    """Who is refused for good takes back the run, where the app wants that; the error says why."""
    service = Troubled(stage(cancel_s=1), {(verb, 0): trouble}, road=road)

    with pytest.raises(BackendError) as caught:
        drive(service, policy=Policy(on_interrupt=on_interrupt))
    assert trouble.fault is not None
    assert trouble.fault.kind is caught.value.fault.kind
    assert (cancels, cancels) == (service.count("cancel"), service.events.count(RunEvent.CANCEL))


# Another client's cancel -------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["asked", "deadline"])
def test_another_clients_cancel_counts_as_one(reason: str) -> None:
    """A run that somebody cancelled, and that stays in `cancelling`, is given up after our grace.

    There is nothing for us to send; the run used to be watched until it expired.
    """
    core = RunCore(REQUEST, 0.0, Policy(deadline_s=10.0, cancel_grace_s=20.0))
    told(core, [seen("queued"), Slept(0.5), seen("cancelling", now=0.5)])
    if reason == "asked":
        core.request_cancel()
    told(core, [Slept(10.0), seen("cancelling", now=10.0), Slept(30.0)])

    assert [Retrieve, FetchMessages] == told(core, [seen("cancelling", now=30.0)])
    assert [GaveUp(30.0, RunStatus.CANCELLING)] == core.journal[-1:]


def test_another_hands_cancel_that_is_never_honoured_is_given_up(road: Any) -> None:
    """After our grace, 20 s from the deadline; whether or not a look shows that there was one."""
    cancel = WIRES[road.wire].cancel
    road.must(cancel.value is CancelAnswer.ASKED, cancel)
    simulator = stage(hang(), cancel_s="never")
    by_another = Trouble(
        before=lambda _: simulator.world.fire(simulator.trace[0].run_id, RunEvent.CANCEL)
    )
    service = Troubled(simulator, {("retrieve", 0): by_another}, road=road)
    outcome = drive(service, policy=Policy(deadline_s=10.0, cancel_grace_s=20.0))

    assert isinstance(outcome.journal[-1], GaveUp)
    assert 30.0 == (outcome.journal[-1].at or 0) - (outcome.snapshot.created_at or 0)


# A message that is on its way --------------------------------------------------------------------


@pytest.mark.parametrize("status", ["incomplete", "cancelled", "expired", "failed"])
def test_a_text_that_was_told_is_asked_for_again(status: str) -> None:
    """Of a run that wrote something a message must be there, whatever became of the run.

    The first list of messages may lack it (openai-php#321); the answer used to be empty then,
    though the stream had told a part of it.
    """
    core = RunCore(REQUEST, 0.0, streaming=True)
    told(core, [seen("in_progress"), Heard(TextDelta("msg_1", "It ra"), 1.0)])
    core.receive(Heard(a_run(status), 2.0))

    assert [FetchMessages, Sleep] == told(core, [fetched(now=2.0)])
    assert [Sleep, FetchMessages, Done] == told(core, [Slept(2.5), fetched("It ra", now=2.5)])
    assert "It ra" == core.outcome.text


# Who holds a thread ------------------------------------------------------------------------------


@pytest.mark.parametrize("on_busy", [Wait(), Interrupt()])
def test_a_new_holder_is_no_lingering_lock(on_busy: OnBusy) -> None:
    """Nobody was active; much later another run refuses us, and is over when we look.

    So we were locked out for six seconds and more though nobody was active at either look; but not
    by the same run, and the thread is free now.
    """
    core = RunCore(REQUEST, 0.0, Policy(on_busy=on_busy))
    first, second = (replace(LOCKED, holder=f"run_{n}") for n in (8, 9))
    told(core, [met(first), listed(another("completed", "run_8"))])
    told(core, [met(LOST, now=1.0), Slept(2.0), listed(now=2.0), Slept(3.0)])
    told(core, [met(second, now=9.0), listed(another("completed"), now=9.0)])

    assert core.error is None
    assert Create(REQUEST) == core.next_action()


@pytest.mark.parametrize("on_busy", [Reject(), Wait(), Interrupt()])
def test_a_thread_that_was_locked_just_now_is_there(on_busy: OnBusy) -> None:
    """A replica that does not know it yet is asked again; the app's patience is not over yet."""
    core = RunCore(REQUEST, 0.0, Policy(on_busy=on_busy))
    missing = Fault(K.NOT_FOUND, "No thread found with id 'thread_1'.", status_code=404)

    assert [Create, ListRuns, Sleep, ListRuns] == told(
        core, [met(LOCKED), met(missing), Slept(0.5)]
    )


@pytest.mark.parametrize("on_busy", [Reject(), Wait(), Interrupt()])
def test_a_service_that_refuses_has_answered(on_busy: OnBusy) -> None:
    """So a proxy's page after that is a hiccup on the way, and not the wrong address."""
    core = RunCore(REQUEST, 0.0, Policy(on_busy=on_busy))

    assert [Create, ListRuns, Sleep, ListRuns] == told(
        core, [met(LOCKED), met(GARBLED), Slept(0.5)]
    )


def test_out_of_money_is_told_as_such() -> None:
    """Whatever was asked when it was met: not as the lock that we wanted to look at."""
    core = ThreadCore(AddMessage("thread_1", "Hello", key="key_1"), 0.0, Policy(on_busy=Wait()))

    assert [AddMessage, ListRuns, Done] == told(core, [met(LOCKED), met(QUOTA)])
    assert isinstance(core.error, BackendError)
    assert QUOTA == core.error.fault
