"""Facts about the driver's core, told by hand what came of each action: no service, no clock."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest

from by_hand import REF, REQUEST, a_core, a_run, fetched, ran, seen, told
from runfsm import CallerError, Policy, RunCancelled, RunCore, RunSnapshot, ToolError
from runfsm.driver.actions import (
    Cancel,
    Create,
    CreateThread,
    Done,
    FetchMessages,
    Retrieve,
    RunTools,
    Sleep,
    SubmitOutputs,
)
from runfsm.driver.habits import Habits
from runfsm.driver.journal import CancelReason, NoText
from runfsm.driver.replies import Reply, Seen, Slept, ThreadMade
from runfsm.lifecycle import LIFECYCLE, RunStatus

ONE_ROUND: list[Reply] = [
    seen("queued"),
    Slept(0.5),
    seen("requires_action", "call_1", now=0.5),
    ran("call_1", now=0.6),
    seen("queued", now=0.7),
    Slept(1.2),
    seen("completed", now=1.2),
    fetched("Hi", now=1.2),
]


def test_one_round_of_tools_from_create_to_done() -> None:
    """The plain run: create, wait, look, call tools, submit, wait, look, fetch, done."""
    assert [
        Create,
        Sleep,
        Retrieve,
        RunTools,
        SubmitOutputs,
        Sleep,
        Retrieve,
        FetchMessages,
        Done,
    ] == told(a_core(), ONE_ROUND)


def test_a_run_without_a_thread_gets_a_new_one_first() -> None:
    """The thread is made, then the run on it: what is lost then can be looked up on the thread."""
    core = RunCore(replace(REQUEST, thread_id=None), 0.0)

    assert [CreateThread, Create] == told(core, [ThreadMade("thread_1", 0.0)])
    assert Create(REQUEST) == core.next_action()


def test_the_thread_is_the_one_that_the_run_is_on() -> None:
    """Before there is one, the one that it is to be on."""
    run = a_run("queued")
    elsewhere = replace(run, ref=replace(run.ref, thread_id="thread_9"))

    assert "thread_1" == a_core().thread_id
    assert "thread_9" == a_core(Seen(elsewhere, 1.0)).thread_id


def test_asking_twice_changes_nothing() -> None:
    """`next_action` is a question: the answer is the same until something is received."""
    core = a_core()
    for reply in ONE_ROUND:
        assert core.next_action() == core.next_action()
        core.receive(reply)


@pytest.mark.parametrize("cut", range(len(ONE_ROUND)))
def test_a_core_pickled_in_mid_run_goes_on_from_the_same_action(cut: int) -> None:
    """Wherever it is cut, the pickled core asks for the same actions and ends the same."""
    core = a_core(*ONE_ROUND[:cut])
    twin = pickle.loads(pickle.dumps(core))  # noqa: S301  # our own bytes

    assert told(core, ONE_ROUND[cut:]) == told(twin, ONE_ROUND[cut:])
    assert core.outcome == twin.outcome


@pytest.mark.parametrize("status", sorted(LIFECYCLE.terminal))
def test_every_terminal_status_is_an_end(status: str) -> None:
    """None of the five endings is polled any further; the outcome has its status."""
    core = a_core(seen("queued"), Slept(1.0), seen(status, now=1.0), fetched("Hi", now=1.0))

    assert Done() == core.next_action()
    assert status == core.outcome.status


# Messages ----------------------------------------------------------------------------------------


def test_a_completed_run_is_asked_for_its_messages_until_there_is_one() -> None:
    """They may lag behind the status (openai-php#321): after a pause, they are asked for again."""
    core = a_core(seen("completed"))

    assert [FetchMessages, Sleep, FetchMessages, Done] == told(
        core, [fetched(), Slept(0.5), fetched("Hi", now=0.5)]
    )
    assert "Hi" == core.outcome.text


@pytest.mark.parametrize(
    ("status", "texts", "noted"),
    [
        ("completed", ["Hello!"], []),
        ("completed", ["", "Hello!"], []),
        ("completed", ["", ""], [(7.0, 2)]),
        ("failed", [""], []),
    ],
)
def test_an_answer_without_a_text_is_written_down(
    status: str, texts: list[str], noted: list[tuple[float, int]]
) -> None:
    """Of a run that claims to have answered, with how many messages it has."""
    core = a_core(seen(status), fetched(*texts, now=7.0))

    assert noted == [(it.at, it.messages) for it in core.journal if isinstance(it, NoText)]


def test_a_completed_run_that_wrote_nothing_ends() -> None:
    """Asked so often and no oftener: then it is believed that there is no message."""
    core = a_core(seen("completed"))
    asked = 0
    while not isinstance(action := core.next_action(), Done):
        asked += isinstance(action, FetchMessages)
        core.receive(Slept(1.0) if isinstance(action, Sleep) else fetched())

    assert 4 == asked
    assert (RunStatus.COMPLETED, ()) == (core.outcome.status, core.outcome.messages)


@pytest.mark.parametrize("status", sorted(LIFECYCLE.terminal - {RunStatus.COMPLETED}))
def test_only_a_completed_run_owes_messages(status: str) -> None:
    """In the other endings there need be none, so they are asked for once."""
    assert Done() == a_core(seen(status), fetched()).next_action()


# Tool rounds -------------------------------------------------------------------------------------


def test_all_calls_of_a_round_are_answered_in_one_submit_in_their_order() -> None:
    """Two parallel calls are one submit of two outputs, whatever order they were answered in."""
    core = a_core(seen("requires_action", "call_1", "call_2"), ran("call_2", "call_1"))
    action = core.next_action()

    assert isinstance(action, SubmitOutputs)
    assert ["call_1", "call_2"] == [output.call_id for output in action.outputs]


def test_a_call_that_stands_twice_in_a_round_is_made_once() -> None:
    """Two calls of one id (agency-swarm#151) are one call, with one output."""
    core = a_core(seen("requires_action", "call_1", "call_1"))
    action = core.next_action()

    assert isinstance(action, RunTools)
    assert ["call_1"] == [call.call_id for call in action.calls]


def test_a_second_round_is_answered_too() -> None:
    """After a submit, new call ids are a new round, even if no look fell between the two."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"), seen("queued"), Slept(1.0))
    core.receive(seen("requires_action", "call_2", now=1.0))
    action = core.next_action()

    assert isinstance(action, RunTools)
    assert ["call_2"] == [call.call_id for call in action.calls]


def test_accepted_outputs_are_not_handed_in_twice() -> None:
    """A stale look after an accepted submit shows the same calls: wait, do not submit again."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"))
    core.receive(seen("requires_action", "call_1", now=1.0))

    assert isinstance(core.next_action(), Sleep)


def test_accepted_outputs_are_not_handed_in_to_a_tenth_status_either() -> None:
    """An old look whose status nobody knows may still show the calls."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"))
    core.receive(seen("paused", "call_1", now=1.0))

    assert isinstance(core.next_action(), Sleep)


def test_outputs_are_not_sent_to_a_run_known_to_be_expired() -> None:
    """When the tools took until `expires_at`, the core looks, at once, instead of submitting."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1", now=600.0))

    assert Retrieve(REF) == core.next_action()


def test_tools_are_given_the_time_that_the_run_has_left() -> None:
    """At second 250 of 600, a tool may take 350 s."""
    core = a_core(seen("requires_action", "call_1", now=250.0))
    action = core.next_action()

    assert isinstance(action, RunTools)
    assert 350.0 == action.time_left_s


@pytest.mark.parametrize("shown", ["requires_action", "in_progress", "expired"])
def test_tools_that_were_given_up_are_followed_by_a_look(shown: str) -> None:
    """The run is about to end, or has: what it is, a look tells, at once; only then is submitted.

    A run that still waits gets the outputs after all.
    """
    core = a_core(seen("requires_action", "call_1"), ran("call_1", error="abandoned", now=599.0))
    after = {"requires_action": SubmitOutputs, "in_progress": Sleep, "expired": FetchMessages}
    calls = ["call_1"] if shown == "requires_action" else []

    assert [Retrieve, after[shown]] == told(core, [seen(shown, *calls, now=599.0)])


def test_a_failing_tool_can_stop_the_run() -> None:
    """With `on_tool_error="raise"` the run is cancelled, and the error names tool and call."""
    core = a_core(seen("requires_action", "call_1"), policy=Policy(on_tool_error="raise"))

    assert [RunTools, Cancel, FetchMessages, Done] == told(
        core, [ran("call_1", error="raised"), seen("cancelled"), fetched()]
    )
    assert isinstance(core.error, ToolError)
    assert ("f", "call_1") == (core.error.tool, core.error.call_id)
    assert RunStatus.CANCELLED is core.error.outcome.status


# The two verbs -----------------------------------------------------------------------------------


def test_an_unknown_status_is_looked_at_again() -> None:
    """A tenth status is neither an end nor an error: the core goes on looking."""
    core = a_core(seen("in_progress"), Slept(0.5), seen("paused", now=0.5))

    assert isinstance(core.next_action(), Sleep)


@pytest.mark.parametrize("reply", [Slept(0.0), ran("call_1"), fetched()])
def test_a_reply_to_another_question_is_refused(reply: Any) -> None:
    """The core says what it asked for and what it was given; nothing has changed."""
    core = a_core()

    with pytest.raises(CallerError, match=r"asked for Create, and was .* it takes Seen or Faulted"):
        core.receive(reply)
    assert Create(REQUEST) == core.next_action()


def test_who_is_done_takes_nothing_more() -> None:
    """Not even time: the core is at its end, and says so."""
    core = a_core()
    core.request_cancel()

    assert Done() == core.next_action()
    with pytest.raises(CallerError, match=r"asked for Done, and .* Slept; it takes nothing more"):
        core.receive(Slept(1.0))


def test_the_first_reason_to_cancel_stays() -> None:
    """It was given up before there was a run; a deadline that comes later changes nothing."""
    core = a_core()
    core.request_cancel()
    error = core.error
    core.request_cancel(CancelReason.DEADLINE)

    assert isinstance(error, RunCancelled)
    assert error is core.error


def test_there_is_no_outcome_before_the_end() -> None:
    """Asking too early is the caller's mistake, and told so."""
    with pytest.raises(CallerError, match="no outcome before"):
        _ = a_core(seen("queued")).outcome


def test_time_never_goes_back() -> None:
    """A reply with an earlier time does not bring the core's clock back."""
    core = a_core(seen("queued", now=100.0))
    core.receive(Slept(50.0))
    core.receive(seen("in_progress", now=60.0))

    assert 100.0 == core.journal[-1].at


def test_a_run_that_was_waited_for_is_told_with_its_last_look() -> None:
    """The outcome's snapshot is the one of the last look."""
    last: RunSnapshot = replace(a_run("failed"), raw="the service's own")
    core = a_core(seen("queued"), Slept(0.5), replace(seen("failed"), snapshot=last), fetched())

    assert last is core.outcome.snapshot


def test_a_core_that_is_resumed_learns_with_its_new_driver() -> None:
    """It comes with a copy of what its old driver had learnt; from here on it shares."""
    core = pickle.loads(pickle.dumps(RunCore(REQUEST, 0.0, habits=Habits())))  # noqa: S301  # ours
    habits = Habits()

    core.learn_with(habits)

    assert core.habits is habits
