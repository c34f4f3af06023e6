"""Facts about a run whose expiry is ours to keep: no service ends it, so the driver must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import LOST, REF, REQUEST, a_core, a_run, listed, met
from runfsm import Fault, FaultKind, Policy, RunCore, RunSnapshot, RunStatus
from runfsm.driver.actions import Cancel, Listen, Retrieve, Sleep
from runfsm.driver.journal import CancelWanted, GaveUp
from runfsm.driver.live import SILENCE_S
from runfsm.driver.replies import Seen, Slept

EXPIRES_AT = 600.0

#: The service wishes to be left alone for an hour.
SLOW_DOWN = Fault(FaultKind.RATE_LIMITED, "slow down", retry_after_s=3600.0)


def _seen(status: str, now: float = 0.0) -> Seen:
    """The service shows our run, which only we let expire."""
    return Seen(replace(a_run(status), expires_here=True), now)


def test_a_run_that_nobody_ends_is_cancelled_at_its_expiry() -> None:
    """The wait ends there, and the cancel is sent at once: no look comes first."""
    core = a_core(_seen("in_progress", EXPIRES_AT - 0.125))
    wait = core.next_action()
    core.receive(Slept(EXPIRES_AT))

    assert Sleep(0.125) == wait
    assert Cancel(REF) == core.next_action()


def test_a_run_that_is_cancelled_for_its_time_has_expired() -> None:
    """Nobody wanted it cancelled, and nothing says so: its end is that of any expired run."""
    core = a_core(_seen("in_progress"), Slept(EXPIRES_AT))
    core.next_action()
    core.receive(Seen(a_run("cancelled"), EXPIRES_AT))

    assert RunStatus.EXPIRED is core.status
    assert None is core.cancel_reason
    assert [] == [step for step in core.journal if isinstance(step, CancelWanted)]


@pytest.mark.parametrize(
    ("expires_here", "timeout_s"), [(True, 10.0), (False, SILENCE_S)], ids=["ours", "the service's"]
)
def test_a_stream_is_left_at_an_expiry_that_only_we_keep(
    *, expires_here: bool, timeout_s: float
) -> None:
    """It will not tell of it; a service that ends its runs itself does, and is heard out."""
    core = RunCore(REQUEST, 0.0, streaming=True)
    run = replace(a_run("in_progress"), expires_here=expires_here)
    core.receive(Seen(run, EXPIRES_AT - 10))

    assert Listen(REF, timeout_s) == core.next_action()


def test_after_its_expiry_nobody_waits_for_an_hour() -> None:
    """A service that wishes to be left alone is cancelled all the same, as after any cancel."""
    core = a_core(_seen("in_progress"), Slept(EXPIRES_AT))
    core.next_action()
    core.receive(met(SLOW_DOWN, EXPIRES_AT))

    assert Sleep(Policy().pacing.longest_s) == core.next_action()


def test_a_service_that_does_not_let_it_expire_is_given_up() -> None:
    """After the grace of a cancel, counted from the expiry, and not a moment before."""
    core = a_core(_seen("in_progress"), Slept(EXPIRES_AT), policy=Policy(cancel_grace_s=60.0))
    core.next_action()
    core.receive(_seen("in_progress", EXPIRES_AT + 59.9))
    still = core.is_over
    core.receive(Slept(EXPIRES_AT + 60))
    assert isinstance(core.next_action(), Retrieve)
    core.receive(_seen("in_progress", EXPIRES_AT + 60))

    assert not still
    assert [EXPIRES_AT + 60] == [step.at for step in core.journal if isinstance(step, GaveUp)]


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_who_is_over_first_has_not_expired(status: str) -> None:
    """The answer to the cancel shows how it ended, and that counts."""
    core = a_core(_seen("in_progress"), Slept(EXPIRES_AT))
    core.next_action()
    core.receive(_seen(status, EXPIRES_AT))

    assert status == core.status


def test_whom_somebody_else_has_cancelled_has_not_expired() -> None:
    """Seen after its time, but before we have sent a cancel: it is as the service shows it."""
    core = a_core(_seen("in_progress"), Slept(0.5))
    core.next_action()
    core.receive(Seen(replace(a_run("cancelled"), expires_at=EXPIRES_AT), EXPIRES_AT))

    assert RunStatus.CANCELLED is core.status


def test_who_wants_it_cancelled_has_it_cancelled() -> None:
    """A cancel that was wanted before the expiry is not taken for one."""
    core = a_core(_seen("in_progress", EXPIRES_AT - 1))
    core.request_cancel()
    core.receive(_seen("in_progress", EXPIRES_AT - 1))
    core.receive(Slept(EXPIRES_AT))
    core.receive(Seen(a_run("cancelled"), EXPIRES_AT))

    assert RunStatus.CANCELLED is core.status


def test_whose_creation_is_known_expires_by_that() -> None:
    """Not by when the driver came to it: the run was there before."""
    run = replace(a_run("in_progress"), expires_here=True, expires_after_s=EXPIRES_AT)
    core = a_core(Seen(run, EXPIRES_AT - 1), Slept(EXPIRES_AT))

    assert EXPIRES_AT == run.expires_at
    assert Cancel(REF) == core.next_action()


def _unsaid() -> RunSnapshot:
    """A run that lives for a minute; the service does not say since when."""
    run = a_run("in_progress")
    return replace(run, expires_at=None, expires_here=True, expires_after_s=60.0)


def test_a_run_of_ours_expires_after_its_creation_was_answered() -> None:
    """No sooner: it may have been made as late as that."""
    core = a_core(Seen(_unsaid(), 5.0), Slept(64.0))

    assert not isinstance(core.next_action(), Cancel)
    core.receive(Seen(_unsaid(), 65.0))
    assert Cancel(REF) == core.next_action()


def test_a_run_that_was_lost_and_found_expires_after_the_attempt() -> None:
    """Not after the look that has found it."""
    core = a_core(met(LOST, now=5.0), Slept(20.0), listed(_unsaid(), now=20.0), Slept(65.0))

    assert Cancel(REF) == core.next_action()
