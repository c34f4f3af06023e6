"""Facts about the edges of what the core decides: the moment itself, and what is not there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import REFUSED, a_core, a_run, fetched, met, ran, seen, told
from runfsm import Policy, RunStatus
from runfsm.driver.actions import (
    Action,
    Cancel,
    FetchMessages,
    Retrieve,
    RunTools,
    Sleep,
    SubmitOutputs,
)
from runfsm.driver.replies import Seen, Slept

EXPIRES_AT = 600.0


def _unlimited(status: str, *call_ids: str) -> Seen:
    """A run that never expires: not every look-alike sends `expires_at`."""
    return Seen(replace(a_run(status, *call_ids), expires_at=None), 0.0)


# What is answered --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["queued", "in_progress", "paused"])
def test_calls_are_answered_only_where_the_run_waits_for_them(status: str) -> None:
    """In any other status, known or not, calls that are shown are left alone."""
    assert isinstance(a_core(seen(status, "call_1")).next_action(), Sleep)


def test_a_run_that_waits_for_no_calls_is_looked_at_again() -> None:
    """`requires_action` without function calls is nothing to submit to; it is seen all the same."""
    core = a_core(seen("requires_action"))

    assert isinstance(core.next_action(), Sleep)
    assert RunStatus.REQUIRES_ACTION is core.status


def test_an_old_view_of_a_round_does_not_bring_the_run_back() -> None:
    """The outputs were taken: a replica that still shows the calls is not believed."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"), seen("queued"), Slept(0.5))

    assert () == core.receive(seen("requires_action", "call_1", now=0.5))
    assert RunStatus.QUEUED is core.status


def test_a_run_at_work_that_still_shows_its_calls_is_at_work() -> None:
    """Only what waits for answered calls is an old view."""
    core = a_core(seen("requires_action", "call_1"), ran("call_1"), seen("queued"), Slept(0.5))
    core.receive(seen("in_progress", "call_1", now=0.5))

    assert RunStatus.IN_PROGRESS is core.status


@pytest.mark.parametrize(
    ("error", "after"), [(None, SubmitOutputs), ("abandoned", Retrieve), ("raised", Cancel)]
)
def test_only_a_tool_that_failed_stops_a_run(error: str | None, after: type[Action]) -> None:
    """Under `on_tool_error="raise"` an output is submitted, and what was given up is no failure."""
    core = a_core(seen("requires_action", "call_1"), policy=Policy(on_tool_error="raise"))
    core.receive(ran("call_1", error=error))

    assert after is type(core.next_action())


# The expiry --------------------------------------------------------------------------------------


def test_a_run_without_an_expiry_is_answered_at_any_time() -> None:
    """A service may tell none; and without a deadline of ours, nothing hurries."""
    core = a_core(_unlimited("requires_action", "call_1"), policy=Policy(deadline_s=None))
    action = core.next_action()
    core.receive(ran("call_1", now=10_000.0))

    assert isinstance(action, RunTools)
    assert None is action.time_left_s
    assert isinstance(core.next_action(), SubmitOutputs)


def test_outputs_that_are_ready_at_the_moment_of_the_expiry_are_too_late() -> None:
    """At `expires_at` a look comes first; a hair before, the outputs are sent."""
    ready = [
        a_core(seen("requires_action", "call_1"), ran("call_1", now=EXPIRES_AT - ahead_s))
        for ahead_s in (0.0, 0.001)
    ]

    assert [Retrieve, SubmitOutputs] == [type(core.next_action()) for core in ready]


@pytest.mark.parametrize("now", [EXPIRES_AT, EXPIRES_AT + 100])
def test_a_look_after_the_expiry_that_shows_the_calls_is_believed(now: float) -> None:
    """The service's clock is behind ours, and it decides: the tools have until the deadline."""
    core = a_core(seen("requires_action", "call_1", now=now), policy=Policy(deadline_s=900))
    action = core.next_action()

    assert isinstance(action, RunTools)
    assert 900 - now == action.time_left_s


@pytest.mark.parametrize("now", [EXPIRES_AT, EXPIRES_AT + 100])
def test_a_wait_after_the_expiry_is_a_wait(now: float) -> None:
    """What has passed does not shorten it: a wait of nothing would be a storm of looks."""
    assert Sleep(0.5) == a_core(seen("in_progress", now=now)).next_action()


def test_a_wait_ends_at_the_expiry() -> None:
    """A tenth of a second before, the wait is a tenth."""
    action = a_core(seen("in_progress", now=EXPIRES_AT - 0.125)).next_action()

    assert Sleep(0.125) == action


# The messages ------------------------------------------------------------------------------------


def test_messages_are_asked_for_at_once_and_after_a_fault_with_a_pause() -> None:
    """There is nothing to wait for, unless the call failed."""
    core = a_core(seen("failed"))

    assert [FetchMessages, Sleep, FetchMessages] == told(core, [met(REFUSED), Slept(1.0)])
    core.receive(fetched(now=1.0))
    assert () == core.outcome.messages
