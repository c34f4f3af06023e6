"""Whatever goes wrong on the way, a run ends well, or with an error that says what is known.

A wrapper around the direct backend plays the trouble, call by call, on a schedule; what the service
accepted is read off the simulator's trace.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfsm import AsyncRunDriver, Outcome, Policy, RunDriver, RunRequest, RunStatus, Transition
from runfsm.driver.journal import CancelReason, FaultMet, GaveUp
from runfsm.errors import (
    BackendError,
    Fault,
    FaultKind,
    IllegalTransition,
    RunfsmError,
    RunNotCompleted,
)
from runfsm.lifecycle import LIFECYCLE, RunEvent, RunSnapshot
from runfsm.lifecycle.journal import UnknownStatus
from runfsm_simulator import Simulator
from runfsm_simulator.world.script import Script, call, hang, say

S, K = RunStatus, FaultKind

#: More calls than any of these runs needs: beyond, the driver goes in a circle.
CALLS_MAX = 500

Trouble = Callable[["Troubled", Callable[[], Any]], Any]
Schedule = Mapping[tuple[str, int], Trouble]  # by verb, and by how many such calls came before


@dataclass
class Troubled:
    """A backend for threads with trouble on its way.

    Attributes:
        simulator: the service.
        schedule: what goes wrong; what is not in it goes well.
        always: what goes wrong in every other call.
        calls: verb and arguments of each call.
        looks: the snapshots that were given out.
    """

    simulator: Simulator
    schedule: Schedule = field(default_factory=dict)
    always: Trouble = lambda _self, call: call()  # the default: no trouble
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    looks: list[RunSnapshot] = field(default_factory=list)

    def ask(self, verb: str, *args: Any) -> Any:
        """One call, with the trouble that is due."""
        before = self.count(verb)
        self.calls.append((verb, args))
        assert len(self.calls) < CALLS_MAX, "the driver goes in a circle"
        trouble = self.schedule.get((verb, before), self.always)
        answer = trouble(self, partial(getattr(self.simulator.backend, verb), *args))
        if isinstance(answer, RunSnapshot):
            self.looks.append(answer)
        return answer

    def count(self, verb: str) -> int:
        """How often this was asked."""
        return sum(verb == called for called, _ in self.calls)

    def create(self, request: Any) -> Any:
        return self.ask("create", request)

    def retrieve(self, ref: Any) -> Any:
        return self.ask("retrieve", ref)

    def submit(self, ref: Any, outputs: Any) -> Any:
        return self.ask("submit", ref, outputs)

    def cancel(self, ref: Any) -> Any:
        return self.ask("cancel", ref)

    def messages(self, ref: Any) -> Any:
        return self.ask("messages", ref)


@dataclass
class AsyncTroubled:
    """The same for tasks."""

    inner: Troubled

    async def create(self, request: Any) -> Any:
        return self.inner.create(request)

    async def retrieve(self, ref: Any) -> Any:
        return self.inner.retrieve(ref)

    async def submit(self, ref: Any, outputs: Any) -> Any:
        return self.inner.submit(ref, outputs)

    async def cancel(self, ref: Any) -> Any:
        return self.inner.cancel(ref)

    async def messages(self, ref: Any) -> Any:
        return self.inner.messages(ref)


# Troubles ----------------------------------------------------------------------------------------


def _raising(kind: FaultKind, **fields: Any) -> Trouble:
    def trouble(_service: Troubled, _call: Callable[[], Any]) -> Any:
        raise BackendError.of(Fault(kind, "No.", **fields))

    return trouble


def _lost(_service: Troubled, call: Callable[[], Any]) -> Any:
    call()
    raise BackendError.of(Fault(K.TRANSIENT, "The answer was lost.", maybe_applied=True))


def _stale(back: int) -> Trouble:
    def trouble(service: Troubled, call: Callable[[], Any]) -> Any:
        fresh = call()
        past = service.looks[-back:]
        return past[0] if past and isinstance(fresh, RunSnapshot) else fresh

    return trouble


def _paused(_service: Troubled, call: Callable[[], Any]) -> Any:
    fresh = call()
    return replace(fresh, raw_status="paused") if isinstance(fresh, RunSnapshot) else fresh


def _an_hour_slow(_service: Troubled, call: Callable[[], Any]) -> Any:
    fresh = call()
    if not isinstance(fresh, RunSnapshot):
        return fresh
    times = ("created_at", "started_at", "expires_at")
    told = {name: getattr(fresh, name) for name in times}
    return replace(fresh, **{name: at and at - 3600 for name, at in told.items()})


refused = _raising(K.TRANSIENT)  # before it had an effect
vanished = _raising(K.TRANSIENT, maybe_applied=True)  # the same, but who knows?
limited = _raising(K.RATE_LIMITED, retry_after_s=17.0)

TROUBLES: Mapping[str, Trouble] = {
    "refused": refused,
    "vanished": vanished,
    "lost": _lost,
    "limited": limited,
}

# The stage ---------------------------------------------------------------------------------------


def _stage(*turns: Any, **options: Any) -> Simulator:
    return Simulator(Script.of(*turns or (call("f", queue_s=1, work_s=1), say("Done.")), **options))


def _drive(
    service: Troubled,
    loop: str | None = None,
    *,
    policy: Policy | None = None,
    f: Callable[[], str] = lambda: "42",
    cancel_at: int | None = None,
) -> Outcome:
    """Drive a run; ask to cancel at the given step of its journal, or before it begins at -1."""

    def tool_f() -> str:
        return f()

    tool_f.__name__ = "f"
    simulator = service.simulator
    request = RunRequest(simulator.create_assistant(), "Hello")
    if loop is None:
        watch = RunDriver(service, [tool_f], policy=policy, clock=simulator.clock).watch(request)
        if cancel_at == -1:
            watch.cancel()
        for number, _ in enumerate(watch):
            if number == cancel_at:
                watch.cancel()
        return watch.outcome

    async def main() -> Outcome:
        driver = AsyncRunDriver(
            AsyncTroubled(service), [tool_f], policy=policy, clock=simulator.clock
        )
        return await driver.run(request)

    return anyio.run(main, backend=loop)


def _end(service: Troubled, **options: Any) -> Outcome | RunfsmError:
    """Drive a run to its end, or to the error that ends it: either is well."""
    try:
        return _drive(service, **options)
    except RunfsmError as error:
        return error


def _events(simulator: Simulator) -> list[RunEvent]:
    return [entry.event for entry in simulator.trace]


def _foreign(journal: Sequence[Any]) -> list[Any]:
    return [step for step in journal if isinstance(step, Transition) and step.foreign]


LOOPS = [None, "asyncio"]
LOOP_NAMES = ["threads", "asyncio"]

# One trouble -------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS, ids=LOOP_NAMES)
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("verb", ["retrieve", "submit", "messages"])
def test_one_trouble_is_borne(loop: str | None, verb: str, trouble: Trouble) -> None:
    """The run completes; the tool is called once, its output is taken once, by us."""
    service = Troubled(_stage(), {(verb, 0): trouble})
    called: list[str] = []
    outcome = _drive(service, loop, f=lambda: called.append("f") or "42")

    assert S.COMPLETED is outcome.status
    assert ["f"] == called
    assert 1 == _events(service.simulator).count(RunEvent.SUBMIT_TOOL_OUTPUTS)
    assert [] == _foreign(outcome.journal)
    assert 1 == sum(isinstance(step, FaultMet) for step in outcome.journal)


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_one_trouble_with_a_cancel_is_borne(trouble: Trouble) -> None:
    """The run is cancelled, once, by us."""
    service = Troubled(_stage(hang(), cancel_s=1), {("cancel", 0): trouble})
    outcome = _drive(service, cancel_at=1)

    assert S.CANCELLED is outcome.status
    assert 1 == _events(service.simulator).count(RunEvent.CANCEL)
    assert [] == _foreign(outcome.journal)


@pytest.mark.parametrize("trouble", ["refused", "limited"])
def test_a_create_that_was_not_applied_is_repeated(trouble: str) -> None:
    """Two requests, one run."""
    service = Troubled(_stage(say("Hi")), {("create", 0): TROUBLES[trouble]})

    assert S.COMPLETED is _drive(service).status
    assert 1 == _events(service.simulator).count(RunEvent.CREATE)


@pytest.mark.parametrize("trouble", ["vanished", "lost"])
def test_a_create_that_may_have_been_applied_is_not_repeated(trouble: str) -> None:
    """One request; the error says that it may have been applied, and that no run is known."""
    service = Troubled(_stage(say("Hi")), {("create", 0): TROUBLES[trouble]})

    with pytest.raises(BackendError) as caught:
        _drive(service)
    assert 1 == service.count("create")
    assert caught.value.fault.maybe_applied
    assert caught.value.ref is None
    assert ["fault_met"] == [step.kind for step in caught.value.journal]


def test_a_create_that_is_lost_after_the_deadline_is_told_as_lost() -> None:
    """There may be a run: the error must not say that there is none, though time was up too."""

    def late(service: Troubled, call: Callable[[], Any]) -> Any:
        service.simulator.clock.advance(100)
        return _lost(service, call)

    service = Troubled(_stage(say("Hi")), {("create", 0): late})

    with pytest.raises(BackendError) as caught:
        _drive(service, policy=Policy(deadline_s=30))
    assert caught.value.fault.maybe_applied


def test_the_services_wish_to_wait_is_granted() -> None:
    """After a `retry_after` of 17 s, the next request comes 17 s later."""
    service = Troubled(_stage(say("Hi")), {("create", 0): limited})
    started_at = service.simulator.clock.now()
    outcome = _drive(service)

    assert started_at + 17 == outcome.snapshot.created_at


@pytest.mark.parametrize("verb", ["create", "retrieve", "submit", "messages"])
def test_a_trouble_that_stays_ends_in_an_error(verb: str) -> None:
    """A service that never comes back: a `BackendError` with its fault, journal and, then, run."""
    service = Troubled(_stage(), {(verb, n): refused for n in range(100)})

    with pytest.raises(BackendError) as caught:
        _drive(service)
    error = caught.value
    assert K.TRANSIENT is error.fault.kind
    assert (verb == "create") == (error.ref is None)
    assert isinstance(error.journal[-1], FaultMet)
    assert service.count(verb) <= 1 + Policy().pacing.faults_max


def test_the_error_keeps_what_the_backend_raised() -> None:
    """The `BackendError` that ends a run leads to the exception of the client beneath."""

    def trouble(_service: Troubled, _call: Callable[[], Any]) -> Any:
        fault = Fault(K.AUTH, "No.")
        raise BackendError.of(fault) from OSError("the client's own")

    with pytest.raises(BackendError) as caught:
        _drive(Troubled(_stage(), {("create", 0): trouble}))
    seen: list[BaseException | None] = [caught.value]
    while seen[-1] is not None:
        seen.append(seen[-1].__cause__)
    assert any(isinstance(error, OSError) for error in seen)


# Two troubles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["submit", "cancel"])
def test_a_failed_look_is_no_look(verb: str) -> None:
    """A lost submit, or cancel, is not sent again before a look has succeeded, and not at once."""
    simulator = _stage(call("f", queue_s=1, work_s=1), hang(), cancel_s=1)
    service = Troubled(simulator, {(verb, 0): _lost})
    looks_before: list[int] = []

    def failing_look(service: Troubled, call: Callable[[], Any]) -> Any:
        if service.count(verb) and len(looks_before) < 2:
            looks_before.append(service.count(verb))
            raise BackendError.of(Fault(K.TRANSIENT, "No."))
        return call()

    service.always = lambda s, c: failing_look(s, c) if s.calls[-1][0] == "retrieve" else c()
    _drive(service, policy=Policy(deadline_s=60), cancel_at=1 if verb == "cancel" else None)

    assert [1, 1] == looks_before
    assert 1 == service.count(verb)


@pytest.mark.parametrize("looks", [1, 2])
def test_an_old_look_after_an_accepted_submit_is_not_answered(looks: int) -> None:
    """A replica that lags still shows the calls: their outputs were accepted, and stay so."""
    old: list[RunSnapshot] = []

    def lagging(service: Troubled, call: Callable[[], Any]) -> Any:
        fresh = call()
        verbs = [verb for verb, _ in service.calls]
        if verbs[-1] != "retrieve":
            return fresh
        if "submit" not in verbs:
            old[:] = [fresh]
        elif len(verbs) - verbs.index("submit") <= looks + 1:
            return old[0]
        return fresh

    service = Troubled(_stage(), always=lagging)
    outcome = _drive(service)

    assert S.COMPLETED is outcome.status
    assert 1 == service.count("submit")


@pytest.mark.parametrize("verb", ["create", "retrieve", "cancel"])
def test_the_deadline_is_kept_whatever_the_service_wishes(verb: str) -> None:
    """A `retry_after` of an hour does not keep the driver for an hour."""
    simulator = _stage(hang(), cancel_s=1)
    hour = _raising(K.RATE_LIMITED, retry_after_s=3600.0)
    service = Troubled(simulator, {(verb, n): hour for n in range(100)})
    policy = Policy(deadline_s=30, cancel_grace_s=20)
    started_at = simulator.clock.now()

    _end(service, policy=policy)

    assert simulator.clock.now() <= started_at + 30 + 20 + policy.pacing.longest_s


# Cancels -----------------------------------------------------------------------------------------


def test_a_cancel_before_the_first_action_leaves_no_run_behind() -> None:
    """Either nothing was created, or what was created is over: the service works for nobody."""
    service = Troubled(_stage(hang(), cancel_s=1))
    _end(service, cancel_at=-1)

    assert [entry.dest for entry in service.simulator.trace][-1:] in ([], [S.CANCELLED])


def test_a_run_that_was_created_late_is_cancelled_all_the_same() -> None:
    """Asked to cancel while a create is being repeated for longer than the grace: no run stays."""
    late = _raising(K.RATE_LIMITED, retry_after_s=70.0)
    service = Troubled(_stage(hang(), cancel_s=1), {("create", 0): late, ("create", 1): late})
    _end(service, cancel_at=-1)

    assert [entry.dest for entry in service.simulator.trace][-1:] in ([], [S.CANCELLED])


def test_the_driver_gives_up_when_its_grace_is_over() -> None:
    """Not later: however long its pauses are, it is there when the grace ends."""
    simulator = _stage(hang(), cancel_s="never")
    service = Troubled(simulator)
    slow = replace(Policy().pacing, first_s=50.0, longest_s=50.0)
    outcome = _drive(service, policy=Policy(cancel_grace_s=20, pacing=slow), cancel_at=0)
    wanted, gave_up = (
        next(step.at for step in outcome.journal if step.kind == kind)
        for kind in ("cancel_wanted", "gave_up")
    )

    assert isinstance(outcome.journal[-1], GaveUp)
    assert 20.0 == (gave_up or 0) - (wanted or 0)


# What the service shows --------------------------------------------------------------------------


def test_a_status_that_nobody_knows_is_waited_out() -> None:
    """A tenth status in the middle is journalled once, and the run completes."""
    service = Troubled(_stage(), {("retrieve", n): _paused for n in range(1, 4)})
    outcome = _drive(service)

    assert S.COMPLETED is outcome.status
    assert ["paused"] == [s.raw_status for s in outcome.journal if isinstance(s, UnknownStatus)]


def test_a_service_of_unknown_statuses_only_is_its_own_fault() -> None:
    """When no known status is ever seen, the end is a `BackendError` that names what was."""
    service = Troubled(_stage(hang(), cancel_s="never"), always=_paused)

    with pytest.raises(BackendError, match="paused") as caught:
        _drive(service, policy=Policy(deadline_s=30, cancel_grace_s=10))
    assert caught.value.ref is not None


def test_calls_that_are_shown_after_their_time_are_not_waited_for() -> None:
    """A look-alike that never clears `required_action` is believed its status, and the run ends."""

    def clinging(service: Troubled, call: Callable[[], Any]) -> Any:
        fresh = call()
        seen = next((look.calls for look in service.looks if look.calls), ())
        return replace(fresh, calls=seen) if isinstance(fresh, RunSnapshot) and seen else fresh

    outcome = _drive(Troubled(_stage(), always=clinging))

    assert (S.COMPLETED, []) == (outcome.status, _foreign(outcome.journal))


def test_the_first_terminal_status_wins() -> None:
    """Once a run is seen to be over it is looked at no more, so it cannot be seen to change."""
    service = Troubled(_stage(hang(), cancel_s=0))
    outcome = _drive(service, cancel_at=1)
    last_look = max(n for n, (verb, _) in enumerate(service.calls) if verb == "retrieve")

    assert S.CANCELLED is outcome.status
    assert ["messages"] == [verb for verb, _ in service.calls[last_look + 1 :]]


@pytest.mark.parametrize("loop", LOOPS, ids=LOOP_NAMES)
def test_a_service_whose_clock_is_slow_gets_its_outputs(loop: str | None) -> None:
    """Its `expires_at` has passed by our clock, not by its own: what it asks for is done."""
    service = Troubled(_stage(), always=_an_hour_slow)

    assert S.COMPLETED is _drive(service, loop).status


def test_outputs_that_come_when_the_run_expires_are_not_insisted_on() -> None:
    """The run expires on the way of the submit: that is how it ended, and no error."""

    def late(service: Troubled, call: Callable[[], Any]) -> Any:
        service.simulator.clock.advance(600)
        return call()

    service = Troubled(_stage(), {("submit", 0): late})

    assert S.EXPIRED is _drive(service).status
    assert 1 == service.count("submit")


# Another client ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pause_s", [0, 10], ids=["in the queue", "in the next round"])
def test_another_client_was_faster_with_the_outputs(pause_s: float) -> None:
    """Ours are refused; a look shows where the run is; the next round is ours again."""
    simulator = _stage(call("f", queue_s=1, work_s=1), call("f", queue_s=1, work_s=1), say("Done."))
    called: list[str] = []

    def f() -> str:
        called.append("f")
        if len(called) == 1:
            simulator.world.fire(simulator.trace[-1].run_id, RunEvent.SUBMIT_TOOL_OUTPUTS)
            simulator.clock.sleep(pause_s)
        return "42"

    outcome = _drive(Troubled(simulator), f=f)

    assert (S.COMPLETED, 2) == (outcome.status, len(called))
    assert [RunEvent.SUBMIT_TOOL_OUTPUTS] == [s.edge.event for s in _foreign(outcome.journal)]


# Any troubles ------------------------------------------------------------------------------------

STALE = [_stale(1), _stale(2), _stale(3)]
ANY = st.sampled_from([*TROUBLES.values(), *STALE, _paused])
PLACES = st.tuples(st.sampled_from(["retrieve", "submit", "cancel", "messages"]), st.integers(0, 8))


@settings(max_examples=300)
@given(
    schedule=st.dictionaries(PLACES, ANY, max_size=10),
    cancel_at=st.none() | st.integers(0, 12),
    loop=st.sampled_from(LOOPS),
)
def test_any_troubles_end_in_an_outcome_or_an_error_that_tells(
    schedule: Schedule, cancel_at: int | None, loop: str | None
) -> None:
    """No call id is submitted after it was accepted, no call is made twice, and it ends."""
    service = Troubled(_stage(call("f"), call("f"), say("Done."), cancel_s=1), schedule)
    called: list[str] = []
    end = _end(service, loop=loop, f=lambda: called.append("f") or "42", cancel_at=cancel_at)

    if isinstance(end, Outcome):
        ended = {entry.dest for entry in service.simulator.trace} & LIFECYCLE.terminal
        assert {end.status} == ended
    else:
        assert isinstance(end, BackendError)
        assert end.ref is not None
        assert isinstance(end.journal[-1], FaultMet)
    accepted = _events(service.simulator).count(RunEvent.SUBMIT_TOOL_OUTPUTS)
    assert accepted <= len(called) <= accepted + 1
    _check_no_submit_after_acceptance(service)


def _check_no_submit_after_acceptance(service: Troubled) -> None:
    """An answer `queued` is an acceptance that the driver has heard of: nothing may follow it."""
    sent: Counter[Any] = Counter()
    for number, (verb, args) in enumerate(service.calls):
        if verb == "submit":
            ids = tuple(output.call_id for output in args[1])
            trouble = service.schedule.get(("submit", sent.total()))
            sent[ids] += 1
            if trouble in {None, *STALE, _paused}:
                later = [a for v, a in service.calls[number + 1 :] if v == "submit"]
                assert ids not in [tuple(o.call_id for o in a[1]) for a in later]


# Errors in other processes -----------------------------------------------------------------------


def _ending(*turns: Any, **options: Any) -> RunfsmError:
    try:
        _drive(Troubled(_stage(*turns)), **options).raise_for_status()
    except RunfsmError as error:
        return error
    raise AssertionError("it completed")


def _broken() -> str:
    raise ValueError("odd")


ERRORS: Mapping[str, Callable[[], RunfsmError]] = {
    "RunExpired": lambda: _ending(hang()),
    "RunCancelled": lambda: _ending(hang(), cancel_at=1),
    "DeadlineExceeded": lambda: _ending(hang(), policy=Policy(deadline_s=5)),
    "ToolError": lambda: _ending(
        call("f"), hang(), f=_broken, policy=Policy(on_tool_error="raise")
    ),
    "IllegalTransition": lambda: LIFECYCLE.illegal(S.COMPLETED, RunEvent.CANCEL),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_crosses_a_process_border(name: str) -> None:
    """Pickled, as an executor's worker does, an error keeps its class, text and fields."""
    error = ERRORS[name]()
    twin: Any = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes

    assert (name, type(error), str(error)) == (type(twin).__name__, type(twin), str(twin))
    match error:
        case RunNotCompleted():
            assert error.outcome == twin.outcome
        case IllegalTransition():
            assert (error.status, error.event) == (twin.status, twin.event)


def test_a_cancel_while_a_tool_works_is_no_tools_failure() -> None:
    """With `on_tool_error="raise"` too, an app that cancelled gets its outcome, no ToolError."""
    simulator = _stage(call("f"), hang(), cancel_s=1)
    watches: list[Any] = []

    def f() -> str:
        watches[0].cancel()
        simulator.clock.sleep(5)
        return "too late"

    driver = RunDriver(
        simulator.backend, [f], policy=Policy(on_tool_error="raise"), clock=simulator.clock
    )
    watch = driver.watch(RunRequest(simulator.create_assistant(), "Hello"))
    watches.append(watch)
    for _ in watch:
        pass

    assert (S.CANCELLED, CancelReason.ASKED) == (
        watch.outcome.status,
        watch.outcome.cancel_reason,
    )
