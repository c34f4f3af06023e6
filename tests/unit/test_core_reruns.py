"""A core makes another run after its model's rate limit: when, how often, and when not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from by_hand import LOCKED, a_run, fetched, listed, met, seen
from runfsm import CancelReason, Enqueue, Fault, FaultKind, Policy, RunCore, RunRequest
from runfsm.driver.actions import (
    Create,
    Done,
    ListRuns,
    RunTools,
    Sleep,
    SubmitOutputs,
    TakeTurn,
)
from runfsm.driver.journal import OutputTooLarge, RunAgain
from runfsm.driver.replies import KeyTaken, Seen, Slept, ToolsRan, TurnTaken
from runfsm.driver.request import ToolOutput
from runfsm.lifecycle.snapshot import RunError

REQUEST: Final = RunRequest("asst_1", "Hi", "thread_1", key="key_1")
TOO_LONG: Final = "string too long. Expected a string with maximum length 5000, but got more"


def _failed(now: float, *, run_id: str = "run_1") -> Seen:
    error = RunError("rate_limit_exceeded", "Please try again in 6s.")
    return Seen(replace(a_run("failed", run_id=run_id), error=error), now)


def _core(*replies: Any, request: RunRequest = REQUEST, reruns: int = 1, **policy: Any) -> RunCore:
    core = RunCore(request, 0.0, Policy(rerun_on_rate_limit=reruns, **policy))
    for reply in replies:
        core.receive(reply)
    return core


def _agains(core: RunCore) -> list[tuple[float, int, float]]:
    return [(it.at, it.number, it.delay_s) for it in core.journal if isinstance(it, RunAgain)]


def test_the_wait_is_as_long_as_was_told() -> None:
    """From the moment at which the failure is known; then the run is made."""
    core = _core(_failed(1.0), fetched(now=2.0))

    assert ([(2.0, 1, 6.0)], Sleep(6.0)) == (_agains(core), core.next_action())
    core.receive(Slept(5.0))
    assert Sleep(3.0) == core.next_action()
    core.receive(Slept(8.0))
    action = core.next_action()
    assert isinstance(action, Create)
    assert ("key_1/1", "thread_1") == (action.request.key, action.request.thread_id)


def test_each_has_its_number() -> None:
    """The third run is the second further one; a fourth was not wanted."""
    core = _core(_failed(1.0), fetched(now=1.0), Slept(7.0), reruns=2)
    for reply in (_failed(8.0, run_id="run_2"), fetched(now=8.0), Slept(14.0)):
        core.receive(reply)

    assert [(1.0, 1, 6.0), (8.0, 2, 6.0)] == _agains(core)
    action = core.next_action()
    assert isinstance(action, Create)
    assert "key_1/2" == action.request.key
    for reply in (_failed(15.0, run_id="run_3"), fetched(now=15.0)):
        core.receive(reply)
    assert (Done(), "run_3") == (core.next_action(), core.outcome.ref.run_id)


def test_the_time_in_line_counts_from_when_it_is_due() -> None:
    """The wait for the rate limit is none for the thread."""
    core = _core(TurnTaken(0.0), _failed(1.0), fetched(now=1.0), on_busy=Enqueue(timeout_s=30))
    core.receive(Slept(7.0))
    action = core.next_action()

    assert isinstance(action, TakeTurn)
    assert 30.0 == action.timeout_s


@pytest.mark.parametrize(("deadline_s", "is_made"), [(7.0, False), (7.001, True), (None, True)])
def test_a_run_that_is_due_at_the_deadline_is_not_made(
    deadline_s: float | None, *, is_made: bool
) -> None:
    """It would be cancelled in the moment it is made."""
    core = _core(_failed(1.0), fetched(now=1.0), deadline_s=deadline_s)

    assert (is_made, is_made) == (bool(_agains(core)), isinstance(core.next_action(), Sleep))


def test_a_run_that_was_to_be_cancelled_is_not_made_again() -> None:
    """Whoever wants no run wants no other one."""
    core = _core(seen("in_progress"))
    core.request_cancel()
    core.receive(met(Fault(FaultKind.ALREADY_TERMINAL, "is 'failed'"), now=1.0))
    for reply in (_failed(1.0), fetched(now=1.0)):
        core.receive(reply)

    assert (Done(), []) == (core.next_action(), _agains(core))
    assert CancelReason.ASKED is core.outcome.cancel_reason


def test_a_run_that_was_found_is_not_made_again() -> None:
    """Whoever made it has made what further runs there are."""
    core = _core(
        KeyTaken(_failed(1.0).snapshot, 1.0),
        fetched(now=1.0),
        request=replace(REQUEST, idempotent=True),
    )

    assert (Done(), []) == (core.next_action(), _agains(core))


def test_a_further_run_that_was_in_doubt_is_found_by_its_own_key() -> None:
    """The first one's, which the thread still has, is not taken for it."""
    lost = Fault(FaultKind.TRANSIENT, "timed out", maybe_applied=True)
    core = _core(_failed(1.0), fetched(now=1.0), Slept(7.0), met(lost, now=8.0), Slept(9.0))

    assert ListRuns("thread_1") == core.next_action()
    core.receive(listed(_failed(1.0).snapshot, now=9.0))
    assert core.snapshot is None
    core.receive(Slept(10.0))
    assert isinstance(core.next_action(), Create)


def test_a_further_run_is_locked_out_as_the_first_was() -> None:
    """Its lock is a new one: the holder is looked for."""
    core = _core(_failed(1.0), fetched(now=1.0), Slept(7.0), met(LOCKED, now=7.0))

    assert ListRuns("thread_1") == core.next_action()


def test_a_limit_that_was_told_holds_for_the_further_run() -> None:
    """An output that was too large for the first run is not sent to the second."""
    told = Fault(FaultKind.TOO_LARGE, TOO_LONG, status_code=400)
    large = ToolsRan([ToolOutput("call_1", "f", "x" * 9_000)], 2.0)
    core = _core(seen("requires_action", "call_1", now=1.0), large, met(told, now=2.0))
    for reply in (seen("queued", now=3.0), Slept(4.0), _failed(4.0), fetched(now=4.0)):
        core.receive(reply)
    core.receive(Slept(10.0))
    core.receive(Seen(a_run("requires_action", "call_1", run_id="run_2"), 11.0))
    assert isinstance(core.next_action(), RunTools)
    core.receive(replace(large, now=12.0))

    assert [2.0, 12.0] == [it.at for it in core.journal if isinstance(it, OutputTooLarge)]
    action = core.next_action()
    assert isinstance(action, SubmitOutputs)
    assert ["too_large"] == [it.error for it in action.outputs]


def test_a_run_without_a_rate_limit_is_over() -> None:
    """The setting alone makes no second run."""
    core = _core(seen("failed", now=1.0), fetched(now=1.0))

    assert (Done(), []) == (core.next_action(), _agains(core))


def test_who_cancels_the_wait_is_told_of_another_run() -> None:
    """Of the first one, when there was none yet."""
    core = _core(_failed(1.0), fetched(now=1.0))
    for waiting, said in ((core, "before another run was created"), (_core(), "before a run was")):
        waiting.request_cancel()
        assert said in str(waiting.error)
