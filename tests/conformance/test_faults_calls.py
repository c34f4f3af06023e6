"""A call goes wrong: it is borne, repeated, looked up, or told; nothing is done twice.

Each fact is asked of every road; the trouble is on the way of a wire, where there is one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runfsm import Policy, RunAdopted, RunStatus
from runfsm.driver.journal import CancelReason, FaultMet
from runfsm.errors import BackendError, Fault, FaultKind
from runfsm.lifecycle import LIFECYCLE, RunEvent
from runfsm.lifecycle.wires import WIRES
from runfsm_simulator.world.script import call, hang, say
from troubled import (
    TROUBLES,
    Trouble,
    Troubled,
    drive,
    foreign,
    garbled,
    limited,
    limiting,
    lost,
    stage,
    vanished,
)

S, K = RunStatus, FaultKind
FAULTS_MAX = Policy().pacing.faults_max


def _adopted(journal: Any) -> int:
    return sum(isinstance(step, RunAdopted) for step in journal)


def _makes(road: Any, verb: str) -> None:
    """Skip a thread's creation where there is none."""
    empty = WIRES[road.wire].empty_threads
    road.must(verb != "create_thread" or empty.value, empty)


def _lists(road: Any) -> bool:
    """Whether a run is listed as soon as it is there."""
    return WIRES[road.wire].listing.value


# One trouble -------------------------------------------------------------------------------------


CALLS = ("create", "retrieve", "submit", "messages")


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_trouble_is_borne_once_by_each_call(road: Any, trouble: Trouble) -> None:
    """The run completes; it is created once, the tool is called once, its output is taken once."""
    service = Troubled(stage(), {(verb, 0): trouble for verb in CALLS}, road=road)
    called: list[str] = []
    outcome = drive(service, f=lambda: called.append("f") or "42")

    assert S.COMPLETED is outcome.status
    assert "Done." == outcome.text
    assert ["f"] == called
    assert 1 == service.events.count(RunEvent.CREATE)
    assert 1 == service.events.count(RunEvent.SUBMIT_TOOL_OUTPUTS)
    assert [] == foreign(outcome.journal)
    met = [step.fault for step in outcome.journal if isinstance(step, FaultMet)]
    locked_out = met.count(K.LOCKED)
    assert len(CALLS) == len(met) - locked_out
    assert not (locked_out and _lists(road))  # by what came of the call itself, and nobody lists


@pytest.mark.parametrize("verb", ["submit", "cancel"])
def test_a_page_of_somebody_elses_is_no_acceptance(road: Any, verb: str) -> None:
    """A network that wants a login passed nothing on, and said 200: it is sent once more."""
    page = replace(garbled, applied=False)
    simulator = stage(call("f", queue_s=1, work_s=1), say("Done.", work_s=30), cancel_s=1)
    service = Troubled(simulator, {(verb, 0): page}, road=road)
    outcome = drive(service, cancel_at=1 if verb == "cancel" else None)

    assert (S.CANCELLED if verb == "cancel" else S.COMPLETED) is outcome.status
    assert 2 == service.count(verb)


@pytest.mark.parametrize("trouble", ["refused", "vanished", "lost", "limited"])
def test_a_thread_that_was_not_heard_of_is_made_again(road: Any, trouble: str) -> None:
    """An empty one too many does no harm; the run is on the one whose id is known."""
    _makes(road, "create_thread")
    service = Troubled(stage(say("Hi")), {("create_thread", 0): TROUBLES[trouble]}, road=road)

    assert S.COMPLETED is drive(service).status
    assert (2, 1) == (service.count("create_thread"), service.events.count(RunEvent.CREATE))


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_one_trouble_with_a_cancel_is_borne(road: Any, trouble: Trouble) -> None:
    """The run is cancelled, once, by us."""
    service = Troubled(stage(hang(), cancel_s=1), {("cancel", 0): trouble}, road=road)
    outcome = drive(service, cancel_at=1)

    assert S.CANCELLED is outcome.status
    assert 1 == service.events.count(RunEvent.CANCEL)
    assert [] == foreign(outcome.journal)


def test_the_services_wish_to_wait_is_granted(road: Any) -> None:
    """After a `retry_after` of 17 s, the next request comes 17 s later, or up to a quarter more."""
    service = Troubled(stage(say("Hi")), {("create", 0): limited}, road=road)
    started_at = service.simulator.clock.now()
    waited_s = (drive(service).snapshot.created_at or 0) - started_at

    assert 17.0 <= waited_s <= 17.0 * 1.25


# Creations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["refused", "limited"])
def test_a_create_that_was_not_applied_is_repeated(road: Any, trouble: str) -> None:
    """Two requests, one run, and nothing to look up."""
    service = Troubled(stage(say("Hi")), {("create", 0): TROUBLES[trouble]}, road=road)

    assert S.COMPLETED is drive(service).status
    assert (2, 0) == (service.count("create"), service.count("runs"))


@pytest.mark.parametrize("trouble", [lost, garbled], ids=["lost", "garbled"])
def test_a_create_that_was_applied_is_taken_over(road: Any, trouble: Trouble) -> None:
    """One run: it is found on its thread, and it is ours.

    Where nobody lists it, one is locked out by it before it is found: by what it has left.
    """
    service = Troubled(stage(say("Hi")), {("create", 0): trouble}, road=road)
    outcome = drive(service)

    assert (S.COMPLETED, "Hi") == (outcome.status, outcome.text)
    assert 1 == service.events.count(RunEvent.CREATE)
    assert (1, []) == (_adopted(outcome.journal), foreign(outcome.journal))
    if _lists(road):
        assert (1, 1) == (service.count("create"), service.count("runs"))


def test_a_create_that_may_have_been_applied_is_looked_up_and_repeated_once(road: Any) -> None:
    """It was not: no run is found, so a second request makes the only run."""
    service = Troubled(stage(say("Hi")), {("create", 0): vanished}, road=road)
    outcome = drive(service)

    assert S.COMPLETED is outcome.status
    assert (2, 1) == (service.count("create"), service.count("runs"))
    assert (0, 1) == (_adopted(outcome.journal), service.events.count(RunEvent.CREATE))


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_look_up_that_fails_is_no_look_up(road: Any, trouble: Trouble) -> None:
    """A lost creation is not repeated before the thread's runs were seen."""
    if trouble is garbled:  # a hiccup, for the thread was made in the API's words; if it was
        _makes(road, "create_thread")
    schedule = {("create", 0): lost, ("runs", 0): trouble}
    service = Troubled(stage(say("Hi")), schedule, road=road)

    assert S.COMPLETED is drive(service).status
    verbs = [verb for verb, _ in service.calls if verb in {"create", "runs"}]
    assert ["create", "runs", "runs"] == verbs[:3]
    assert 1 == service.events.count(RunEvent.CREATE)


def test_a_create_that_locks_itself_out_is_taken_over(road: Any) -> None:
    """The runs are listed by a replica that lags: the lock that is met next is our own run's."""
    lagging = Trouble(shows=lambda _, runs: type(runs)())
    schedule = {("create", 0): lost, ("runs", 0): lagging}
    service = Troubled(stage(say("Hi", work_s=9)), schedule, road=road)
    outcome = drive(service)

    assert (S.COMPLETED, 1) == (outcome.status, service.events.count(RunEvent.CREATE))
    assert service.count("create") > 1
    assert 1 == _adopted(outcome.journal)


def test_a_create_that_is_lost_after_the_deadline_is_found_and_cancelled(road: Any) -> None:
    """There may be a run: time is up, but it is not left to go on alone."""
    listing = WIRES[road.wire].listing
    road.must(listing.value, listing)  # what nobody lists is found once it is over
    late = replace(lost, before=lambda service: service.simulator.clock.advance(100))
    service = Troubled(stage(hang(), cancel_s=1), {("create", 0): late}, road=road)
    outcome = drive(service, policy=Policy(deadline_s=30))

    assert (S.CANCELLED, CancelReason.DEADLINE) == (outcome.status, outcome.cancel_reason)
    assert 1 == _adopted(outcome.journal)


def test_a_look_alike_that_keeps_no_keys_is_not_asked_for_a_run_for_ever(road: Any) -> None:
    """No listed run has our key: the lock of our lost run, whom nobody knows, is `ThreadBusy`."""
    listing = WIRES[road.wire].listing
    road.must(listing.value, listing)
    keyless = Trouble(shows=lambda _, runs: tuple(replace(run, key=None) for run in runs))
    schedule = {("create", 0): lost, **{("runs", n): keyless for n in range(2)}}
    service = Troubled(stage(hang()), schedule, road=road)

    with pytest.raises(BackendError) as caught:
        drive(service)
    assert caught.value.fault.holder == service.simulator.trace[0].run_id


# Troubles that stay ------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["create_thread", "create", "retrieve", "submit", "messages"])
def test_a_trouble_that_stays_ends_in_an_error(road: Any, verb: str) -> None:
    """A service that never comes back: a `BackendError` with its fault, journal and, then, run.

    A run that is not over is told to cancel: alone it would hold its thread.
    """
    _makes(road, verb)
    service = Troubled(stage(cancel_s=1), {(verb, n): limiting(1) for n in range(100)}, road=road)

    with pytest.raises(BackendError) as caught:
        drive(service)
    error = caught.value
    assert K.RATE_LIMITED is error.fault.kind
    assert (verb in {"create_thread", "create"}) == (error.ref is None)
    assert 1 + FAULTS_MAX == sum(isinstance(step, FaultMet) for step in error.journal)
    assert 1 + FAULTS_MAX == service.count(verb)
    assert (verb in {"retrieve", "submit"}) == (RunEvent.CANCEL in service.events)


def test_creations_that_are_always_lost_end_in_an_error_that_tells(road: Any) -> None:
    """Each is looked up, none is found: so many attempts, and it may have been applied."""
    service = Troubled(stage(), {("create", n): vanished for n in range(100)}, road=road)

    with pytest.raises(BackendError) as caught:
        drive(service)
    assert caught.value.fault.maybe_applied
    assert (1 + FAULTS_MAX, FAULTS_MAX) == (service.count("create"), service.count("runs"))


def test_an_assistant_that_is_not_there_is_told_at_once(assistants: Any) -> None:
    """Its id is the app's: unlike a thread just made, it is not waited for."""
    service = Troubled(stage(), road=assistants)
    started_at = service.simulator.clock.now()

    with pytest.raises(BackendError, match="asst_gone"):
        drive(service, assistant_id="asst_gone")
    assert (1, started_at) == (service.count("create"), service.simulator.clock.now())


def test_the_error_keeps_what_the_backend_raised(road: Any) -> None:
    """The `BackendError` that ends a run leads to the exception of the client beneath."""

    def breaks(_service: Troubled) -> None:
        raise BackendError.of(Fault(K.AUTH, "No.")) from OSError("the client's own")

    with pytest.raises(BackendError) as caught:
        drive(Troubled(stage(), {("create", 0): Trouble(before=breaks)}, road=road))
    seen: list[BaseException | None] = [caught.value]
    while seen[-1] is not None:
        seen.append(seen[-1].__cause__)
    assert any(isinstance(error, OSError) for error in seen)


# Two troubles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["submit", "cancel"])
def test_a_failed_look_is_no_look(road: Any, verb: str) -> None:
    """A lost submit, or cancel, is not sent again before a look has succeeded, and not at once."""
    last = hang() if verb == "cancel" else say("Done.", work_s=9)
    simulator = stage(call("f", queue_s=1, work_s=1), last, cancel_s=1)
    service = Troubled(simulator, {(verb, 0): lost}, road=road)
    looks_before: list[int] = []

    def fails(service: Troubled) -> None:
        looks = service.calls[-1][0] == "retrieve"
        if looks and service.count(verb) and len(looks_before) < 2:
            looks_before.append(service.count(verb))
            raise BackendError.of(Fault(K.TRANSIENT, "No."))

    service.always = Trouble(before=fails)
    outcome = drive(
        service, policy=Policy(deadline_s=60), cancel_at=1 if verb == "cancel" else None
    )

    assert outcome.status in LIFECYCLE.terminal
    assert [1, 1] == looks_before
    if verb == "cancel" or _lists(road):  # or else it is knocked for what came of the first
        assert 1 == service.count(verb)
    assert 1 >= service.events.count(RunEvent.SUBMIT_TOOL_OUTPUTS)
