"""A call goes wrong: it is borne, repeated, looked up, or told; nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from runfsm import Policy, RunAdopted, RunDriver, RunRequest, RunStatus
from runfsm.driver.journal import CancelReason, FaultMet
from runfsm.errors import BackendError, Fault, FaultKind
from runfsm.lifecycle import LIFECYCLE, RunEvent
from runfsm_simulator.world.script import call, hang, say
from troubled import (
    LOOP_NAMES,
    LOOPS,
    TROUBLES,
    Trouble,
    Troubled,
    drive,
    foreign,
    garbled,
    limited,
    lost,
    refused,
    stage,
    vanished,
)

S, K = RunStatus, FaultKind
FAULTS_MAX = Policy().pacing.faults_max


def _adopted(journal: Any) -> int:
    return sum(isinstance(step, RunAdopted) for step in journal)


# One trouble -------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS, ids=LOOP_NAMES)
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("verb", ["create", "retrieve", "submit", "messages"])
def test_one_trouble_is_borne(loop: str | None, verb: str, trouble: Trouble) -> None:
    """The run completes; it is created once, the tool is called once, its output is taken once."""
    service = Troubled(stage(), {(verb, 0): trouble})
    called: list[str] = []
    outcome = drive(service, loop, f=lambda: called.append("f") or "42")

    assert S.COMPLETED is outcome.status
    assert "Done." == outcome.text
    assert ["f"] == called
    assert 1 == service.events.count(RunEvent.CREATE)
    assert 1 == service.events.count(RunEvent.SUBMIT_TOOL_OUTPUTS)
    assert [] == foreign(outcome.journal)
    assert 1 == sum(isinstance(step, FaultMet) for step in outcome.journal)


@pytest.mark.parametrize("trouble", ["refused", "vanished", "lost", "limited"])
def test_a_thread_that_was_not_heard_of_is_made_again(trouble: str) -> None:
    """An empty one too many does no harm; the run is on the one whose id is known."""
    service = Troubled(stage(say("Hi")), {("create_thread", 0): TROUBLES[trouble]})

    assert S.COMPLETED is drive(service).status
    assert (2, 1) == (service.count("create_thread"), service.events.count(RunEvent.CREATE))


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_one_trouble_with_a_cancel_is_borne(trouble: Trouble) -> None:
    """The run is cancelled, once, by us."""
    service = Troubled(stage(hang(), cancel_s=1), {("cancel", 0): trouble})
    outcome = drive(service, cancel_at=1)

    assert S.CANCELLED is outcome.status
    assert 1 == service.events.count(RunEvent.CANCEL)
    assert [] == foreign(outcome.journal)


def test_the_services_wish_to_wait_is_granted() -> None:
    """After a `retry_after` of 17 s, the next request comes 17 s later, or up to a quarter more."""
    service = Troubled(stage(say("Hi")), {("create", 0): limited})
    started_at = service.simulator.clock.now()
    waited_s = (drive(service).snapshot.created_at or 0) - started_at

    assert 17.0 <= waited_s <= 17.0 * 1.25


# Creations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["refused", "limited"])
def test_a_create_that_was_not_applied_is_repeated(trouble: str) -> None:
    """Two requests, one run, and nothing to look up."""
    service = Troubled(stage(say("Hi")), {("create", 0): TROUBLES[trouble]})

    assert S.COMPLETED is drive(service).status
    assert (2, 0) == (service.count("create"), service.count("runs"))


@pytest.mark.parametrize("trouble", [lost, garbled], ids=["lost", "garbled"])
def test_a_create_that_was_applied_is_taken_over(trouble: Trouble) -> None:
    """One request, one run: it is found on its thread by its key, and it is ours."""
    service = Troubled(stage(say("Hi")), {("create", 0): trouble})
    outcome = drive(service)

    assert (S.COMPLETED, "Hi") == (outcome.status, outcome.text)
    assert (1, 1) == (service.count("create"), service.count("runs"))
    assert (1, []) == (_adopted(outcome.journal), foreign(outcome.journal))


def test_a_create_that_may_have_been_applied_is_looked_up_and_repeated_once() -> None:
    """It was not: no run is found, so a second request makes the only run."""
    service = Troubled(stage(say("Hi")), {("create", 0): vanished})
    outcome = drive(service)

    assert S.COMPLETED is outcome.status
    assert (2, 1) == (service.count("create"), service.count("runs"))
    assert (0, 1) == (_adopted(outcome.journal), service.events.count(RunEvent.CREATE))


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_look_up_that_fails_is_no_look_up(trouble: Trouble) -> None:
    """A lost creation is not repeated before the thread's runs were seen."""
    service = Troubled(stage(say("Hi")), {("create", 0): lost, ("runs", 0): trouble})

    # A garbled look-up is a hiccup, for the thread was made in the API's words.
    assert S.COMPLETED is drive(service).status
    assert (1, 2) == (service.count("create"), service.count("runs"))


def test_a_create_that_locks_itself_out_is_taken_over() -> None:
    """The runs are listed by a replica that lags: the lock that is met next is our own run's."""

    def lagging(_service: Troubled, _call: Callable[[], Any]) -> Any:
        return ()

    service = Troubled(stage(say("Hi", work_s=9)), {("create", 0): lost, ("runs", 0): lagging})
    outcome = drive(service)

    assert (S.COMPLETED, 1) == (outcome.status, service.events.count(RunEvent.CREATE))
    assert (2, 1) == (service.count("create"), _adopted(outcome.journal))


def test_a_create_that_is_lost_after_the_deadline_is_found_and_cancelled() -> None:
    """There may be a run: time is up, but it is not left to go on alone."""

    def late(service: Troubled, call: Callable[[], Any]) -> Any:
        service.simulator.clock.advance(100)
        return lost(service, call)

    service = Troubled(stage(hang(), cancel_s=1), {("create", 0): late})
    outcome = drive(service, policy=Policy(deadline_s=30))

    assert (S.CANCELLED, CancelReason.DEADLINE) == (outcome.status, outcome.cancel_reason)
    assert 1 == _adopted(outcome.journal)


def test_a_look_alike_that_keeps_no_keys_is_not_asked_for_a_run_for_ever() -> None:
    """No listed run has our key: the lock of our lost run, whom nobody knows, is `ThreadBusy`."""

    def keyless(_service: Troubled, call: Callable[[], Any]) -> Any:
        return tuple(replace(run, key=None) for run in call())

    keyless_runs = {("runs", n): keyless for n in range(2)}
    service = Troubled(stage(hang()), {("create", 0): lost, **keyless_runs})

    with pytest.raises(BackendError) as caught:
        drive(service)
    assert caught.value.fault.holder == service.simulator.trace[0].run_id


# Troubles that stay ------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["create_thread", "create", "retrieve", "submit", "messages"])
def test_a_trouble_that_stays_ends_in_an_error(verb: str) -> None:
    """A service that never comes back: a `BackendError` with its fault, journal and, then, run.

    A run that is not over is told to cancel: alone it would hold its thread.
    """
    service = Troubled(stage(cancel_s=1), {(verb, n): refused for n in range(100)})

    with pytest.raises(BackendError) as caught:
        drive(service)
    error = caught.value
    assert K.TRANSIENT is error.fault.kind
    assert (verb in {"create_thread", "create"}) == (error.ref is None)
    assert 1 + FAULTS_MAX == sum(isinstance(step, FaultMet) for step in error.journal)
    assert 1 + FAULTS_MAX == service.count(verb)
    assert (verb in {"retrieve", "submit"}) == (RunEvent.CANCEL in service.events)


def test_creations_that_are_always_lost_end_in_an_error_that_tells() -> None:
    """Each is looked up, none is found: so many attempts, and it may have been applied."""
    service = Troubled(stage(), {("create", n): vanished for n in range(100)})

    with pytest.raises(BackendError) as caught:
        drive(service)
    assert caught.value.fault.maybe_applied
    assert (1 + FAULTS_MAX, FAULTS_MAX) == (service.count("create"), service.count("runs"))


def test_an_assistant_that_is_not_there_is_told_at_once() -> None:
    """Its id is the app's: unlike a thread just made, it is not waited for."""
    simulator = stage()
    service = Troubled(simulator)
    driver = RunDriver(service, clock=simulator.clock)
    started_at = simulator.clock.now()

    with pytest.raises(BackendError, match="asst_gone"):
        driver.run(RunRequest("asst_gone", "Hello"))
    assert (1, started_at) == (service.count("create"), simulator.clock.now())


def test_the_error_keeps_what_the_backend_raised() -> None:
    """The `BackendError` that ends a run leads to the exception of the client beneath."""

    def trouble(_service: Troubled, _call: Callable[[], Any]) -> Any:
        fault = Fault(K.AUTH, "No.")
        raise BackendError.of(fault) from OSError("the client's own")

    with pytest.raises(BackendError) as caught:
        drive(Troubled(stage(), {("create", 0): trouble}))
    seen: list[BaseException | None] = [caught.value]
    while seen[-1] is not None:
        seen.append(seen[-1].__cause__)
    assert any(isinstance(error, OSError) for error in seen)


# Two troubles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["submit", "cancel"])
def test_a_failed_look_is_no_look(verb: str) -> None:
    """A lost submit, or cancel, is not sent again before a look has succeeded, and not at once."""
    simulator = stage(call("f", queue_s=1, work_s=1), hang(), cancel_s=1)
    service = Troubled(simulator, {(verb, 0): lost})
    looks_before: list[int] = []

    def failing_look(service: Troubled, call: Callable[[], Any]) -> Any:
        if service.count(verb) and len(looks_before) < 2:
            looks_before.append(service.count(verb))
            raise BackendError.of(Fault(K.TRANSIENT, "No."))
        return call()

    service.always = lambda s, c: failing_look(s, c) if s.calls[-1][0] == "retrieve" else c()
    outcome = drive(
        service, policy=Policy(deadline_s=60), cancel_at=1 if verb == "cancel" else None
    )

    assert outcome.status in LIFECYCLE.terminal
    assert [1, 1] == looks_before
    assert 1 == service.count(verb)
