"""What the core remembers, and what it forgets: hands, faults, reasons, and what was asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from by_hand import (
    LOST,
    REFUSED,
    REQUEST,
    K,
    a_core,
    a_run,
    fetched,
    listed,
    met,
    ran,
    seen,
    told,
)
from runfsm import (
    BackendError,
    CallerError,
    CancelReason,
    Fault,
    Pacing,
    Policy,
    RunCore,
    RunStatus,
    ToolError,
)
from runfsm.driver.actions import (
    Cancel,
    Create,
    Done,
    FetchMessages,
    ListRuns,
    Retrieve,
    RunTools,
    Sleep,
    SubmitOutputs,
)
from runfsm.driver.core import check_core
from runfsm.driver.habits import Habits
from runfsm.driver.journal import CancelWanted, FaultMet, GaveUp, ToolAnswered
from runfsm.driver.replies import Reply, Slept, ToolsRan
from runfsm.driver.request import ToolOutput
from runfsm.lifecycle import RunEvent
from runfsm.lifecycle.journal import Transition

REFUSAL = Fault(K.AUTH, "No.")
ANSWERED: list[Reply] = [seen("requires_action", "call_1"), ran("call_1")]


def _submits(core: RunCore) -> list[bool]:
    """Of each submit that was seen to come through: whether it was another's."""
    steps = [step for step in core.journal if isinstance(step, Transition)]
    return [it.foreign for it in steps if it.edge.event is RunEvent.SUBMIT_TOOL_OUTPUTS]


def _of(core: RunCore, kind: type[Any]) -> list[Any]:
    return [step for step in core.journal if isinstance(step, kind)]


# What was asked ----------------------------------------------------------------------------------


def test_an_action_that_was_handed_out_stays_the_one_that_is_answered() -> None:
    """A cancel that is wanted in between does not take it back."""
    core = a_core(seen("in_progress"), Slept(0.5))
    asked = core.next_action()
    core.request_cancel()

    assert isinstance(asked, Retrieve)
    assert [Retrieve, Cancel] == told(core, [seen("in_progress", now=0.5)])


def test_a_reply_may_come_without_a_question() -> None:
    """A core that was not asked what to do answers by itself what it would have said."""
    core = RunCore(REQUEST, 0.0)
    core.receive(seen("queued"))

    assert RunStatus.QUEUED is core.status


def test_what_is_no_core_is_not_resumed() -> None:
    """The error says where to find one."""
    check_core(a_core())
    with pytest.raises(CallerError, match=r"a str is no core: say driver\.resume"):
        check_core("core")  # type: ignore[arg-type]  # the mistake


# Whose hand --------------------------------------------------------------------------------------


def test_a_submit_that_was_taken_is_ours_and_the_next_one_is_not() -> None:
    """What we have sent counts for one round."""
    core = a_core(*ANSWERED, seen("queued"), Slept(0.5), seen("in_progress", now=0.5))
    told(core, [Slept(1.0), seen("requires_action", "call_2", now=1.0)])
    told(core, [ran("call_2", error="abandoned", now=1.0), seen("queued", now=1.0)])

    assert [False, True] == _submits(core)


def test_a_submit_that_was_refused_is_not_ours() -> None:
    """If the run goes on all the same, somebody else has answered."""
    core = a_core(*ANSWERED, met(REFUSED), Slept(0.5), seen("queued", now=0.5))

    assert [True] == _submits(core)


def test_nothing_is_learnt_together_of_a_run_that_was_taken_over() -> None:
    """How long it has run is not known; one that was created here is learnt from."""
    created = RunCore(REQUEST, 0.0, habits=Habits())
    created.receive(seen("queued"))
    found = RunCore(REQUEST, 0.0, habits=Habits())
    told(found, [met(LOST), Slept(0.5), listed(a_run("queued"), now=0.5)])
    shared = Habits()
    for core in (created, found):
        core.learn_with(shared)

    assert (True, False) == (created.habits is shared, found.habits is shared)


# Faults ------------------------------------------------------------------------------------------


def test_a_look_mends_what_failed_before_though_it_shows_nothing_new() -> None:
    """So many failures in a row are borne; these are not in a row."""
    core = a_core(seen("in_progress"), policy=Policy(pacing=Pacing(faults_max=1)))
    told(core, [Slept(1), met(REFUSED, 1), Slept(2), seen("in_progress", now=2), Slept(3)])

    assert [Retrieve, Sleep] == told(core, [met(REFUSED, 3)])


def test_after_a_lost_submit_it_is_looked_until_a_look_succeeds() -> None:
    """A look that fails too does not lead back to the submit."""
    core = a_core(*ANSWERED)

    assert [SubmitOutputs, Sleep, Retrieve, Sleep, Retrieve] == told(
        core, [met(LOST), Slept(1.0), met(REFUSED, 1.0), Slept(3.0)]
    )


def test_a_fault_is_written_down() -> None:
    """With the action that met it, and when; the error has the whole journal."""
    core = a_core(seen("in_progress"), Slept(0.5), met(REFUSAL, 0.5), met(REFUSED, 0.75))

    assert [("Retrieve", 0.5), ("Cancel", 0.75)] == [
        (it.action, it.at) for it in _of(core, FaultMet)
    ]
    assert isinstance(core.error, BackendError)
    assert tuple(core.journal) == core.error.journal


def test_a_run_that_was_told_to_cancel_is_not_told_again_when_the_service_fails() -> None:
    """By whomever: nothing is left to be sent, so the fault is raised at once."""
    core = a_core(seen("cancelling"), Slept(0.5))

    assert [Retrieve, Done] == told(core, [met(REFUSAL, 0.5)])


# Messages ----------------------------------------------------------------------------------------


def test_messages_that_are_not_there_yet_are_waited_for_ever_longer() -> None:
    """As a status that does not change; a fault in between is forgotten."""
    core, waits_s = a_core(seen("completed"), met(REFUSED), Slept(1.0)), []
    while not isinstance(action := core.next_action(), Done):
        if isinstance(action, Sleep):
            waits_s.append(action.delay_s)
        core.receive(Slept(1.0) if isinstance(action, Sleep) else fetched(now=1.0))

    assert [0.75, 1.125, 1.6875] == waits_s


def test_a_run_of_a_status_that_nobody_knows_has_no_outcome() -> None:
    """It was never understood: after the cancel's grace, that is the error."""
    core = a_core(seen("paused"), policy=Policy(cancel_grace_s=5.0))
    core.request_cancel()

    assert [Cancel, Sleep, Retrieve, FetchMessages, Done] == told(
        core, [seen("paused"), Slept(5.0), seen("paused", now=5.0), fetched(now=5.0)]
    )
    assert "never showed a status that is known: 'paused'" in str(core.error)
    with pytest.raises(CallerError, match="no outcome"):
        _ = core.outcome


# Tools -------------------------------------------------------------------------------------------


def test_each_output_is_written_down() -> None:
    """With its call, and whether it failed."""
    core = a_core(*ANSWERED)

    assert [("call_1", None)] == [(it.call_id, it.error) for it in _of(core, ToolAnswered)]


def test_one_call_that_was_given_up_is_enough_for_a_look() -> None:
    """The others' outputs are kept, and handed in if the run still wants them."""
    given_up = ran("call_2", error="abandoned").outputs
    core = a_core(seen("requires_action", "call_1", "call_2"))

    assert [RunTools, Retrieve] == told(core, [ToolsRan([*ran("call_1").outputs, *given_up], 0.0)])


def test_a_failing_tool_is_told_to_the_model() -> None:
    """Unless the app wants it raised: its output is submitted, and the run ends as it ends."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1", error="raised"))

    assert [SubmitOutputs, FetchMessages, Done] == told(core, [seen("completed"), fetched("Oh.")])
    assert None is core.error


def test_a_failing_tool_that_is_raised_has_its_cause() -> None:
    """The exception that the tool itself raised."""
    cause = ValueError("odd")
    failed = ToolsRan([ToolOutput("call_1", "f", "It failed.", "raised", cause)], 0.0)
    core = a_core(seen("requires_action", "call_1"), failed, policy=Policy(on_tool_error="raise"))
    told(core, [seen("cancelled"), fetched()])

    assert isinstance(core.error, ToolError)
    assert cause is core.error.__cause__


# Cancels -----------------------------------------------------------------------------------------


def test_a_cancel_that_was_taken_is_not_sent_again() -> None:
    """Whatever its answer shows: a replica may lag."""
    core = a_core(seen("in_progress"))
    core.request_cancel()

    assert [Cancel, Sleep] == told(core, [seen("in_progress")])


@pytest.mark.parametrize(
    ("replies", "status"),
    [([seen("completed")], RunStatus.COMPLETED), ([met(REFUSAL)], None)],
    ids=["over", "raised"],
)
def test_what_is_over_is_not_cancelled(replies: list[Reply], status: RunStatus | None) -> None:
    """Nothing is written down either; and nothing is left to be sent."""
    core = a_core(*replies)
    before = [*core.journal]
    core.request_cancel()

    assert (status, None, True) == (core.status, core.cancel_reason, core.is_let_go)
    assert before == core.journal


def test_the_grace_of_a_cancel_begins_when_it_is_wanted() -> None:
    """At second 100, not at the run's beginning."""
    at_100 = [Slept(100.0), seen("in_progress", now=100.0)]
    core = a_core(seen("in_progress"), *at_100, policy=Policy(cancel_grace_s=30.0))
    core.request_cancel()

    assert [Cancel, Sleep, Retrieve, Sleep] == told(
        core, [seen("cancelling", now=100.0), Slept(129.0), seen("cancelling", now=129.0)]
    )


def test_the_grace_of_a_cancel_is_for_a_run_and_not_for_its_creation() -> None:
    """Wanted while the creation was in doubt, which took longer than the grace."""
    core = a_core(met(LOST), policy=Policy(cancel_grace_s=30.0))
    core.request_cancel()

    assert [Sleep, ListRuns, Cancel, Sleep] == told(
        core,
        [Slept(70.0), listed(a_run("in_progress"), now=70.0), seen("cancelling", now=70.0)],
    )


def test_a_cancel_of_another_client_has_no_grace_of_ours() -> None:
    """The run is looked at as long as it takes; given up is only what we wanted."""
    core = a_core(seen("cancelling"), policy=Policy(cancel_grace_s=30.0))

    assert [Sleep, Retrieve, Sleep] == told(core, [Slept(100.0), seen("cancelling", now=100.0)])


def test_a_cancel_that_another_client_sent_is_given_up_in_our_time() -> None:
    """Wanted here as well, it need not be sent; not honoured in time, it is given up, once."""
    core = a_core(seen("cancelling"), policy=Policy(cancel_grace_s=30.0))
    core.request_cancel()

    assert [Sleep, Retrieve, FetchMessages, Sleep] == told(
        core, [Slept(30.0), seen("cancelling", now=30.0), met(REFUSED, 30.0)]
    )
    assert 1 == len(_of(core, GaveUp))


def test_a_cancel_that_met_a_fault_is_given_up_after_a_look() -> None:
    """It was tried; the look after it is the last."""
    core = a_core(seen("in_progress"), policy=Policy(cancel_grace_s=5.0))
    core.request_cancel()

    told(core, [met(LOST), Slept(5.0), seen("in_progress", now=5.0)])

    assert [GaveUp(5.0, "in_progress")] == _of(core, GaveUp)


@pytest.mark.parametrize("grace_s", [0.0, 5.0])
def test_what_ends_in_an_error_is_not_given_up_as_well(grace_s: float) -> None:
    """Neither when the cancel is refused, nor when a look is, and a cancel is the parting."""
    core = a_core(seen("in_progress"), policy=Policy(cancel_grace_s=grace_s))
    core.request_cancel()
    told(core, [met(REFUSAL)] if not grace_s else [met(LOST), Slept(1.0), met(REFUSAL, 6.0)])

    assert (Cancel if grace_s else Done) is type(core.next_action())
    assert [] == _of(core, GaveUp)


@pytest.mark.parametrize(("now", "at"), [(7.0, 7.0), (1.0, 2.0)])
def test_an_interrupt_tells_the_time(now: float, at: float) -> None:
    """If it is later than what was known."""
    core = a_core(seen("in_progress", now=2.0))
    core.interrupt(now)

    assert [(at, CancelReason.INTERRUPTED)] == [
        (it.at, it.reason) for it in _of(core, CancelWanted)
    ]


def test_a_core_without_a_key_has_a_pause_of_its_own() -> None:
    """It has no name to draw the jitter from, and needs none."""
    core = RunCore(replace(REQUEST, key=None), 0.0)

    assert [Create, Sleep] == told(core, [met(REFUSED)])
