"""Cancels and deadlines while calls go wrong: nobody waits for ever, no run is left behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runfsm import Policy, RunStatus
from runfsm.driver.journal import GaveUp
from runfsm.lifecycle.wires import WIRES
from runfsm.lifecycle.wires.wire import CancelAnswer
from runfsm_simulator.world.script import hang, say
from troubled import Troubled, drive, end, limiting, lost, stage

S = RunStatus
LATER, HOUR = limiting(70), limiting(3600)


def _makes(road: Any, verb: str) -> None:
    """Skip a thread's creation where there is none."""
    empty = WIRES[road.wire].empty_threads
    road.must(verb != "create_thread" or empty.value, empty)


@pytest.mark.parametrize("cancel_at", [-1, 0])
@pytest.mark.parametrize("verb", ["create_thread", "create"])
def test_a_cancel_on_the_way_leaves_no_run_behind(road: Any, verb: str, cancel_at: int) -> None:
    """Asked before the first action, or at its first fault: nothing is created any more."""
    _makes(road, verb)
    service = Troubled(stage(hang()), {(verb, 0): LATER, (verb, 1): LATER}, road=road)
    end(service, cancel_at=cancel_at)

    assert [] == service.events
    assert service.count(verb) <= 1


def test_a_cancel_in_doubt_leaves_no_run_behind(road: Any) -> None:
    """Asked when the creation's answer was lost: the run is found, and cancelled.

    Or, where it is found by what it has left, it was over: then that is how it ended.
    """
    is_listed = WIRES[road.wire].listing.value
    turn = hang() if is_listed else say("Hi", work_s=9)
    service = Troubled(
        stage(turn, cancel_s=1), {("create", 0): lost, ("runs", 0): LATER}, road=road
    )
    outcome = drive(service, cancel_at=0)

    assert (S.CANCELLED if is_listed else S.COMPLETED) is outcome.status
    assert outcome.status == service.simulator.trace[-1].dest


@pytest.mark.parametrize("verb", ["create_thread", "create", "runs", "retrieve", "cancel"])
def test_the_deadline_is_kept_whatever_the_service_wishes(road: Any, verb: str) -> None:
    """A `retry_after` of an hour does not keep the driver for an hour."""
    _makes(road, verb)
    simulator = stage(hang(), cancel_s=1)
    always = {(verb, n): HOUR for n in range(100)}
    in_doubt = {("create", 0): lost} if verb == "runs" else {}
    service = Troubled(simulator, {**always, **in_doubt}, road=road)
    policy = Policy(deadline_s=30, cancel_grace_s=20)
    started_at = simulator.clock.now()

    end(service, policy=policy)

    assert simulator.clock.now() <= started_at + 30 + 20 + policy.pacing.longest_s


def test_the_driver_gives_up_when_its_grace_is_over(road: Any) -> None:
    """Not later: however long its pauses are, it is there when the grace ends."""
    cancel = WIRES[road.wire].cancel
    road.must(cancel.value is CancelAnswer.ASKED, cancel)
    service = Troubled(stage(hang(), cancel_s="never"), road=road)
    slow = replace(Policy().pacing, first_s=50.0, longest_s=50.0)
    outcome = drive(service, policy=Policy(cancel_grace_s=20, pacing=slow), cancel_at=0)
    wanted, gave_up = (
        next(step.at for step in outcome.journal if step.kind == kind)
        for kind in ("cancel_wanted", "gave_up")
    )

    assert isinstance(outcome.journal[-1], GaveUp)
    assert 20.0 == (gave_up or 0) - (wanted or 0)
