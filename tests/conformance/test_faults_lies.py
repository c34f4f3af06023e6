"""The service shows what is old, odd or wrong, or somebody else was there: the run ends well.

Each fact is asked of every road.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runfsm import Policy, RunSnapshot, RunStatus
from runfsm.errors import BackendError
from runfsm.lifecycle import RunEvent
from runfsm.lifecycle.journal import UnknownStatus
from runfsm.lifecycle.wires import WIRES
from runfsm.lifecycle.wires.wire import Occasion
from runfsm_simulator.world.script import call, hang, say
from troubled import Trouble, Troubled, drive, foreign, paused, showing, stage

S = RunStatus


def _an_hour_ago(_service: Troubled, fresh: RunSnapshot) -> RunSnapshot:
    times = ("created_at", "started_at", "expires_at")
    told = {name: getattr(fresh, name) for name in times}
    return replace(fresh, **{name: at and at - 3600 for name, at in told.items()})


# Old looks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("looks", [1, 2])
def test_an_old_look_after_an_accepted_submit_is_not_answered(road: Any, looks: int) -> None:
    """A replica that lags still shows the calls: their outputs were accepted, and stay so."""
    old: list[RunSnapshot] = []

    def lagging(service: Troubled, fresh: RunSnapshot) -> RunSnapshot:
        verbs = [verb for verb, _ in service.calls]
        if verbs[-1] != "retrieve":
            return fresh
        if "submit" not in verbs:
            old[:] = [fresh]
        elif len(verbs) - verbs.index("submit") <= looks + 1:
            return old[0]
        return fresh

    service = Troubled(stage(), always=showing(lagging), road=road)
    outcome = drive(service)

    assert S.COMPLETED is outcome.status
    assert 1 == service.count("submit")


@pytest.mark.parametrize("looks", [1, 3])
def test_messages_that_come_late_are_waited_for(road: Any, looks: int) -> None:
    """A completed run shows none at first (openai-php#321): its text is got all the same."""
    messages = WIRES[road.wire].messages
    road.must(messages.value, messages)
    none = Trouble(shows=lambda *_: ())
    service = Troubled(stage(), {("messages", n): none for n in range(looks)}, road=road)

    assert "Done." == drive(service).text
    assert looks + 1 == service.count("messages")


# Odd looks ---------------------------------------------------------------------------------------


def test_a_status_that_nobody_knows_is_waited_out(road: Any) -> None:
    """A tenth status in the middle is journalled once, and the run completes."""
    service = Troubled(stage(), {("retrieve", n): paused for n in range(1, 4)}, road=road)
    outcome = drive(service)

    assert S.COMPLETED is outcome.status
    assert ["paused"] == [s.raw_status for s in outcome.journal if isinstance(s, UnknownStatus)]


def test_a_service_of_unknown_statuses_only_is_its_own_fault(road: Any) -> None:
    """When no known status is ever seen, the end is a `BackendError` that names what was."""
    service = Troubled(stage(hang(), cancel_s="never"), always=paused, road=road)

    with pytest.raises(BackendError, match="paused") as caught:
        drive(service, policy=Policy(deadline_s=30, cancel_grace_s=10))
    assert caught.value.ref is not None


def test_calls_that_are_shown_after_their_time_are_not_waited_for(road: Any) -> None:
    """A look-alike that never clears `required_action` is believed its status, and the run ends."""

    def clinging(service: Troubled, fresh: RunSnapshot) -> RunSnapshot:
        seen = next((look.calls for look in service.looks if look.calls), ())
        return replace(fresh, calls=seen) if seen else fresh

    outcome = drive(Troubled(stage(), always=showing(clinging), road=road))

    assert (S.COMPLETED, []) == (outcome.status, foreign(outcome.journal))


def test_the_first_terminal_status_wins(road: Any) -> None:
    """Once a run is seen to be over it is looked at no more, so it cannot be seen to change."""
    service = Troubled(stage(hang(), cancel_s=0), road=road)
    outcome = drive(service, cancel_at=1)
    looks = [n for n, (verb, _) in enumerate(service.calls) if verb in {"retrieve", "cancel"}]

    assert S.CANCELLED is outcome.status
    assert ["messages"] == [verb for verb, _ in service.calls[looks[-1] + 1 :]]


# Clocks ------------------------------------------------------------------------------------------


def test_a_service_whose_clock_is_slow_gets_its_outputs(road: Any) -> None:
    """Its `expires_at` has passed by our clock, not by its own: what it asks for is done."""
    expiry = WIRES[road.wire].expiry
    road.must(expiry.value, expiry)
    service = Troubled(stage(), always=showing(_an_hour_ago), road=road)

    assert S.COMPLETED is drive(service).status


def test_outputs_that_come_when_the_run_expires_are_not_insisted_on(road: Any) -> None:
    """The run expires on the way of the submit: that is how it ended, and no error."""
    expiry = WIRES[road.wire].expiry
    road.must(expiry.value, expiry)
    late = Trouble(before=lambda service: service.simulator.clock.advance(600))
    service = Troubled(stage(), {("submit", 0): late}, road=road)

    assert S.EXPIRED is drive(service).status
    assert 1 == service.count("submit")


# Another client ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pause_s", [0, 10], ids=["in the queue", "in the next round"])
def test_another_client_was_faster_with_the_outputs(road: Any, pause_s: float) -> None:
    """Ours are refused; a look shows where the run is; the next round is ours again."""
    refusal = WIRES[road.wire].refusals[Occasion.OUTPUTS_TOO_LATE]
    road.must(refusal.value, refusal)
    simulator = stage(call("f", queue_s=1, work_s=1), call("f", queue_s=1, work_s=1), say("Done."))
    called: list[str] = []

    def f() -> str:
        called.append("f")
        if len(called) == 1:
            simulator.world.fire(simulator.trace[-1].run_id, RunEvent.SUBMIT_TOOL_OUTPUTS)
            simulator.clock.sleep(pause_s)
        return "42"

    outcome = drive(Troubled(simulator, road=road), f=f)

    assert (S.COMPLETED, 2) == (outcome.status, len(called))
    assert [RunEvent.SUBMIT_TOOL_OUTPUTS] == [s.edge.event for s in foreign(outcome.journal)]
