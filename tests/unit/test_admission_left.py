"""What becomes of a creation that is cancelled, interrupted, too late or pickled on its way."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from by_hand import (
    LOCKED,
    LOST,
    REFUSED,
    REQUEST,
    K,
    a_core,
    a_run,
    adopted,
    another,
    listed,
    met,
    seen,
    told,
)
from runfsm import (
    CancelReason,
    DeadlineExceeded,
    Enqueue,
    Fault,
    Interrupt,
    Policy,
    RunCancelled,
    RunCore,
)
from runfsm.driver.actions import Cancel, Create, Done, FetchMessages, ListRuns, Sleep
from runfsm.driver.replies import Reply, Slept, ThreadMade, TurnTaken

# Cancels, interrupts and deadlines on the way ----------------------------------------------------


def test_a_cancel_while_in_doubt_finds_the_run_and_cancels_it() -> None:
    """There may be a run: it is looked up, taken over and cancelled."""
    core = a_core(met(LOST), Slept(0.5))
    core.request_cancel()

    assert [ListRuns, Cancel] == told(core, [listed(a_run("queued"), now=0.5)])


def test_a_cancel_while_in_doubt_creates_nothing() -> None:
    """There was none: then none is created any more."""
    core = a_core(met(LOST), Slept(0.5))
    core.request_cancel()

    assert [ListRuns, Done] == told(core, [listed(now=0.5)])
    assert isinstance(core.error, RunCancelled)


@pytest.mark.parametrize(
    ("fault", "then"),
    [(LOST, Sleep), (REFUSED, Done), (LOCKED, Done)],
    ids=["lost", "refused", "locked"],
)
def test_a_cancel_while_a_creation_is_under_way(fault: Fault, then: type) -> None:
    """Its answer says whether there is something to look for; nobody who holds it is waited for."""
    core = a_core(policy=Policy(on_busy=Interrupt()))
    assert isinstance(core.next_action(), Create)
    core.request_cancel()
    core.receive(met(fault))

    assert isinstance(core.next_action(), then)


def test_an_interrupted_creation_is_looked_up_at_once_and_cancelled() -> None:
    """Its answer was not waited for; nor is anything else."""
    core = a_core()
    assert isinstance(core.next_action(), Create)
    core.interrupt(1.0)

    assert [ListRuns, Cancel] == told(core, [listed(a_run("queued"), now=1.0)])
    assert CancelReason.INTERRUPTED is core.cancel_reason


def test_an_interrupted_creation_that_was_not_done_is_the_end() -> None:
    """None is found, none is created."""
    core = a_core()
    assert isinstance(core.next_action(), Create)
    core.interrupt(1.0)
    core.receive(listed(now=1.0))

    assert core.is_let_go
    assert isinstance(core.error, RunCancelled)


@pytest.mark.parametrize("found", [True, False])
def test_a_deadline_while_in_doubt(*, found: bool) -> None:
    """A run that was created all the same is cancelled; else the deadline is what is told."""
    core = a_core(met(LOST, 100.0), Slept(100.5), policy=Policy(deadline_s=30.0))
    core.receive(listed(*[a_run("queued")] * found, now=100.5))

    assert (Cancel if found else Done) is type(core.next_action())
    assert found == (core.error is None)
    assert found or isinstance(core.error, DeadlineExceeded)
    assert CancelReason.DEADLINE is core.cancel_reason


def test_a_service_that_wants_to_be_spared_does_not_keep_the_doubt_for_an_hour() -> None:
    """Once wanted cancelled, the run is looked for at the driver's own pace."""
    hour = Fault(K.RATE_LIMITED, "slow down", retry_after_s=3600.0)
    core = a_core(met(LOST), Slept(0.5), met(hour, 0.5), policy=Policy(deadline_s=30.0))
    pauses = []
    for now in (30.0, 31.0, 200.0):
        pauses.append(core.next_action())
        core.receive(Slept(now))
        core.receive(met(hour, now))

    assert [Sleep(29.5), Sleep(5.0), Sleep(5.0)] == pauses


# Pickling ----------------------------------------------------------------------------------------

HARD_WAY: list[Reply] = [
    ThreadMade("thread_1", 0.0),
    TurnTaken(0.0),
    met(LOCKED, 0.0),
    listed(another("queued"), now=0.0),
    Slept(0.5),
    listed(now=0.5),
    met(LOST, 0.5),
    Slept(1.0),
    listed(now=1.0),
    Slept(2.0),
    met(LOCKED, 2.0),
    Slept(2.5),
    listed(a_run("queued"), now=2.5),
    Slept(3.0),
    seen("completed", now=3.0),
]


@pytest.mark.parametrize("cut", range(len(HARD_WAY)))
def test_a_core_pickled_on_its_way_goes_on_from_the_same_action(cut: int) -> None:
    """Lock, line, doubt and journal are kept: the twin asks for the same, and adopts the same."""
    core = RunCore(replace(REQUEST, thread_id=None), 0.0, Policy(on_busy=Enqueue()))
    told(core, HARD_WAY[:cut])
    twin = pickle.loads(pickle.dumps(core))  # noqa: S301  # our own bytes

    assert told(core, HARD_WAY[cut:]) == told(twin, HARD_WAY[cut:])
    assert (core.journal, core.snapshot) == (twin.journal, twin.snapshot)
    assert ["run_1"] == adopted(twin)
    assert isinstance(twin.next_action(), FetchMessages)
