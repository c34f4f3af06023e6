"""A status that is none of the nine: borne for a while, and named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from by_hand import a_core, a_run, fetched, seen
from driving import S
from onroad import OnRoad
from roads import Road
from runfsm import (
    BackendError,
    DeadlineExceeded,
    FaultKind,
    Policy,
    RunCore,
    RunStatus,
    UnknownStatus,
)
from runfsm.driver.actions import Cancel, Done, Sleep
from runfsm.driver.learn import UNKNOWN_S
from runfsm.driver.replies import Seen, Slept
from runfsm.driver.spelling import status_meant_by
from runfsm_simulator import Script, hang


@pytest.mark.parametrize(
    ("raw_status", "status"),
    [
        ("COMPLETED", S.COMPLETED),
        ("In-Progress", S.IN_PROGRESS),
        ("in progress", S.IN_PROGRESS),
        ("requiresAction", S.REQUIRES_ACTION),
        ("RunStatus.Canceled", S.CANCELLED),
        ("CANCELING", S.CANCELLING),
        ("completing", None),
        ("paused", None),
        ("", None),
    ],
)
def test_a_status_in_other_letters_is_known(raw_status: str, status: RunStatus | None) -> None:
    """Capitals, blanks, dashes and one l less are spellings; what is near is not the same."""
    assert status is status_meant_by(raw_status)


def _shows(raw_status: str, now: float) -> Seen:
    return Seen(replace(a_run("queued"), raw_status=raw_status), now)


@pytest.mark.reported(
    "tried as a new user",
    "A server writes COMPLETED: the driver looked on until its deadline, and named no status.",
    now="It stops at once, and the error names the status and the one that is meant.",
)
@pytest.mark.parametrize("before", [(), (seen("queued"), Slept(0.5))], ids=["at first", "later"])
def test_the_end_in_capitals_is_named_at_once(before: tuple[Any, ...]) -> None:
    """The run is over there; nobody looks on, and nothing is cancelled."""
    core = a_core(*before, _shows("COMPLETED", 1.0))

    assert Done() == core.next_action()
    assert isinstance(core.error, BackendError)
    assert FaultKind.UNSUPPORTED is core.error.fault.kind
    assert "'COMPLETED'" in str(core.error)
    assert "'completed'" in str(core.error)


def test_a_run_under_way_in_capitals_is_cancelled() -> None:
    """It would hold its thread, and nobody could tell when it ends."""
    core = a_core(_shows("IN_PROGRESS", 1.0))

    assert isinstance(core.next_action(), Cancel)
    core.receive(_shows("CANCELLING", 2.0))
    assert isinstance(core.error, BackendError)
    assert "'IN_PROGRESS'" in str(core.error)


def test_a_tenth_status_is_borne_and_then_named() -> None:
    """Without a deadline, too, the driver does not look for ever."""
    core = a_core(seen("queued"), policy=Policy(deadline_s=None, on_interrupt="leave"))
    now = 0.0
    while not isinstance(action := core.next_action(), Done):
        now += 60 if isinstance(action, Sleep) else 0
        core.receive(Slept(now) if isinstance(action, Sleep) else _shows("paused", now))

    assert UNKNOWN_S <= now < UNKNOWN_S + 200
    assert "'paused'" in str(core.error)
    assert "cancelling" in str(core.error)


@pytest.mark.parametrize(("now", "is_borne"), [(1_200.9, True), (1_201.0, False)])
def test_a_tenth_status_is_borne_for_twenty_minutes(now: float, *, is_borne: bool) -> None:
    """From the first look that shows it."""
    policy = Policy(deadline_s=None, on_interrupt="leave")
    core = a_core(_shows("paused", 1.0), Slept(9.0), _shows("paused", 9.0), policy=policy)
    for reply in (Slept(now), _shows("paused", now)):
        core.receive(reply)

    assert is_borne == (core.error is None)


def test_a_known_status_ends_the_count() -> None:
    """A status that comes and goes is borne each time."""
    core = a_core(_shows("paused", 1.0), Slept(2.0), seen("in_progress", now=UNKNOWN_S))
    for reply in (Slept(UNKNOWN_S + 1), _shows("paused", UNKNOWN_S + 1), Slept(UNKNOWN_S + 2)):
        _given(core, reply)
    _given(core, _shows("paused", UNKNOWN_S + 2))

    assert not isinstance(core.error, BackendError)


def _given(core: RunCore, reply: Any) -> None:
    action = core.next_action()
    if isinstance(action, Sleep) == isinstance(reply, Slept):
        core.receive(reply)


def test_the_deadline_names_it(direct: Road) -> None:
    """Whoever raises for the status is told which one the service shows."""
    stage = OnRoad(direct, Script.of(hang(queue_s=1)), Policy(deadline_s=30, cancel_grace_s=5))
    retrieve = stage.backend.retrieve
    stage.backend.retrieve = lambda ref: replace(retrieve(ref), raw_status="paused", means=None)
    outcome = stage.run()

    assert {"paused"} == {it.raw_status for it in outcome.journal if isinstance(it, UnknownStatus)}
    with pytest.raises(DeadlineExceeded, match="shows the status 'paused'"):
        outcome.raise_for_status()


def test_a_known_status_is_not_named_so() -> None:
    """The message of a usual end is as before."""
    core = a_core(seen("failed"), fetched())
    with pytest.raises(Exception, match=r"ended failed$"):
        core.outcome.raise_for_status()
