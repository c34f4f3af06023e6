"""Cancels and deadlines while calls go wrong: nobody waits for ever, no run is left behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runfsm import Policy, RunStatus
from runfsm.driver.journal import GaveUp
from runfsm_simulator.world.script import hang
from troubled import K, Troubled, drive, end, lost, raising, stage

S = RunStatus
LATER = raising(K.RATE_LIMITED, retry_after_s=70.0)
HOUR = raising(K.RATE_LIMITED, retry_after_s=3600.0)


@pytest.mark.parametrize("cancel_at", [-1, 0])
@pytest.mark.parametrize("verb", ["create_thread", "create"])
def test_a_cancel_on_the_way_leaves_no_run_behind(verb: str, cancel_at: int) -> None:
    """Asked before the first action, or at its first fault: nothing is created any more."""
    service = Troubled(stage(hang()), {(verb, 0): LATER, (verb, 1): LATER})
    end(service, cancel_at=cancel_at)

    assert [] == service.events
    assert service.count(verb) <= 1


def test_a_cancel_in_doubt_leaves_no_run_behind() -> None:
    """Asked when the creation's answer was lost: the run is found, and cancelled."""
    service = Troubled(stage(hang(), cancel_s=1), {("create", 0): lost, ("runs", 0): LATER})
    outcome = drive(service, cancel_at=0)

    assert S.CANCELLED is outcome.status
    assert S.CANCELLED is service.simulator.trace[-1].dest


@pytest.mark.parametrize("verb", ["create_thread", "create", "runs", "retrieve", "cancel"])
def test_the_deadline_is_kept_whatever_the_service_wishes(verb: str) -> None:
    """A `retry_after` of an hour does not keep the driver for an hour."""
    simulator = stage(hang(), cancel_s=1)
    always = {(verb, n): HOUR for n in range(100)}
    in_doubt = {("create", 0): lost} if verb == "runs" else {}
    service = Troubled(simulator, {**always, **in_doubt})
    policy = Policy(deadline_s=30, cancel_grace_s=20)
    started_at = simulator.clock.now()

    end(service, policy=policy)

    assert simulator.clock.now() <= started_at + 30 + 20 + policy.pacing.longest_s


def test_the_driver_gives_up_when_its_grace_is_over() -> None:
    """Not later: however long its pauses are, it is there when the grace ends."""
    service = Troubled(stage(hang(), cancel_s="never"))
    slow = replace(Policy().pacing, first_s=50.0, longest_s=50.0)
    outcome = drive(service, policy=Policy(cancel_grace_s=20, pacing=slow), cancel_at=0)
    wanted, gave_up = (
        next(step.at for step in outcome.journal if step.kind == kind)
        for kind in ("cancel_wanted", "gave_up")
    )

    assert isinstance(outcome.journal[-1], GaveUp)
    assert 20.0 == (gave_up or 0) - (wanted or 0)
