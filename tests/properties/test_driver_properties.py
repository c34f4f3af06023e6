"""Whole runs out of generated scripts, tools, policies and cancels: what holds for all of them.

Below, the corners that are too sharp to be drawn by chance: tools that misbehave, watches that are
left or nested, cancels from other threads.
"""

from __future__ import annotations

import asyncio
import math
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfsm import (
    LIFECYCLE,
    AsyncRunDriver,
    CallerError,
    Outcome,
    Pacing,
    Policy,
    RunCancelled,
    RunCore,
    RunDriver,
    RunEvent,
    RunRequest,
    RunSnapshot,
    RunStatus,
    Transition,
    tool,
)
from runfsm.driver.actions import RunTools, Seen
from runfsm.driver.journal import FaultMet, GaveUp, ToolAnswered
from runfsm.errors import BackendError, FaultKind
from runfsm.lifecycle import RunRef, ToolCall
from runfsm_simulator import Simulator
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.script import (
    Call,
    Script,
    call,
    calls,
    fail,
    hang,
    say,
    truncate,
)

T = TypeVar("T")
S = RunStatus

#: Far more looks at the clock than any run below needs: beyond, time stands still in a circle.
LOOKS_MAX: Final = 20_000


class WatchfulClock(VirtualClock):
    """Virtual time that does not let a driver go in a circle."""

    looks = 0

    def now(self) -> float:
        """Unix time in seconds."""
        self.looks += 1
        assert self.looks < LOOKS_MAX, "the driver goes in a circle"
        return super().now()


def _in_time(work: Callable[[], T]) -> T:
    """What `work` gives; a failure, instead of a test that hangs, if it never does."""
    answers: list[T] = []
    raised: list[BaseException] = []

    def body() -> None:
        try:
            answers.append(work())
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is raised below
            raised.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(timeout=10)
    if raised:
        raise raised[0]
    assert answers, "it hangs: somebody holds virtual time"
    return answers[0]


# Scripts, tools and policies ---------------------------------------------------------------------

SECONDS = st.sampled_from([0.0, 0.25, 1.0, 7.3, 59.9, 599.0, 601.0, 5000.0])
NAMES = ["fine", "raises", "naps", "naps_async", "sleeps", "oversleeps", "unheard_of"]
CALLS = st.builds(
    Call, name=st.sampled_from(NAMES), arguments=st.sampled_from([{}, {}, {}, "{", {"x": 1}])
)
ROUNDS = st.builds(
    lambda made, queue_s, work_s: calls(*made, queue_s=queue_s, work_s=work_s),
    st.lists(CALLS, min_size=1, max_size=4),
    SECONDS,
    SECONDS,
)
ENDINGS = st.one_of(
    st.builds(partial(say, "Done."), queue_s=SECONDS, work_s=SECONDS),
    st.builds(fail, queue_s=SECONDS, work_s=SECONDS),
    st.builds(partial(truncate, say="Do"), queue_s=SECONDS, work_s=SECONDS),
    st.builds(hang, queue_s=SECONDS),
)
SCRIPTS = st.builds(
    lambda rounds, ending, cancel_s: Script.of(*rounds, ending, cancel_s=cancel_s),
    st.lists(ROUNDS, max_size=3),
    ENDINGS,
    st.one_of(SECONDS, st.just("never")),
)
POLICIES = st.builds(
    Policy,
    deadline_s=st.sampled_from([None, 0.0, 4.9, 61.7, 900.0]),
    cancel_grace_s=st.sampled_from([0.0, 20.3, 60.0]),
    tool_timeout_s=st.sampled_from([None, 0.1, 3.3, 30.0]),
    pacing=st.sampled_from([Pacing(), Pacing(first_s=0.07), Pacing(first_s=40.0, longest_s=40.0)]),
)
CANCELS = st.none() | st.integers(0, 12)  # at this step of the journal


def _tools(clock: VirtualClock) -> list[Callable[..., Any]]:
    def fine() -> str:
        return "fine"

    def raises() -> str:
        raise ValueError("odd")

    def naps() -> str:
        clock.sleep(2.1)
        return "rested"

    async def naps_async() -> str:
        await clock.async_sleep(3.7)
        return "rested"

    def sleeps() -> str:
        clock.sleep(40.0)
        return "rested"

    def oversleeps() -> str:
        clock.sleep(700.0)
        return "too late"

    return [fine, raises, naps, naps_async, sleeps, oversleeps]


class Stage:
    """A simulator with an assistant, and a driver's arguments; every stage of a script is alike."""

    def __init__(self, script: Script, policy: Policy, clock: VirtualClock | None = None) -> None:
        self.policy = policy
        self.clock = clock or WatchfulClock()
        self.simulator = Simulator(script, clock=self.clock)
        self.request = RunRequest(self.simulator.create_assistant(), "Hello")
        self.submitted: list[tuple[str, ...]] = []
        self.started_at = self.clock.now()
        submit = self.simulator.backend.submit

        def recorded(ref: Any, outputs: Any) -> Any:
            self.submitted.append(tuple(output.call_id for output in outputs))
            return submit(ref, outputs)

        self.simulator.backend.submit = recorded  # type: ignore[method-assign]  # to listen in

    @property
    def driver(self) -> RunDriver:
        """A new driver."""
        tools = _tools(self.clock)
        return RunDriver(self.simulator.backend, tools, policy=self.policy, clock=self.clock)

    @property
    def async_driver(self) -> AsyncRunDriver:
        """A new driver for tasks."""
        tools = _tools(self.clock)
        backend = self.simulator.async_backend
        return AsyncRunDriver(backend, tools, policy=self.policy, clock=self.clock)

    def drive(self, cancel_at: int | None = None) -> Outcome:
        """Drive to the end, by threads."""
        watch = self.driver.watch(self.request)
        for number, _ in enumerate(watch):
            if number == cancel_at:
                watch.cancel()
        return watch.outcome

    async def drive_async(self, cancel_at: int | None = None) -> Outcome:
        """Drive to the end, by tasks."""
        watch = self.async_driver.watch(self.request)
        number = 0
        async for _ in watch:
            if number == cancel_at:
                watch.cancel()
            number += 1
        return watch.outcome


# What holds for all of them ----------------------------------------------------------------------


@settings(max_examples=300)
@given(script=SCRIPTS, policy=POLICIES, cancel_at=CANCELS)
def test_every_run_ends_well(script: Script, policy: Policy, cancel_at: int | None) -> None:
    """It ends, in time, in a terminal status or given up; the journal is one path of the table.

    Nobody else is suspected, no call is answered twice, no round is handed in twice, and the thread
    is free again.
    """
    stage = Stage(script, policy)
    outcome = _in_time(lambda: stage.drive(cancel_at))
    gave_up = any(isinstance(step, GaveUp) for step in outcome.journal)
    answered = [step.call_id for step in outcome.journal if isinstance(step, ToolAnswered)]

    assert gave_up or outcome.status in LIFECYCLE.terminal
    _check_path(outcome)
    assert len(set(answered)) == len(answered)
    assert len(set(stage.submitted)) == len(stage.submitted)
    deadline_s = 600.0 if policy.deadline_s is None else policy.deadline_s
    bound_s = min(deadline_s, 600.0) + policy.cancel_grace_s + policy.pacing.longest_s
    assert stage.clock.now() <= stage.started_at + bound_s
    if gave_up:
        assert RunEvent.CANCEL in {entry.event for entry in stage.simulator.trace}
    else:
        stage.simulator.add_message(outcome.ref.thread_id, "Thanks.")


def _check_path(outcome: Outcome) -> None:
    steps = [step for step in outcome.journal if isinstance(step, Transition)]
    status = None
    for step in steps:
        assert step.edge in LIFECYCLE.edges
        assert status == step.edge.source
        assert not step.foreign
        status = step.edge.dest
    assert outcome.status == status
    assert not [s for s in outcome.journal if s.kind in {"anomaly", "unknown_status"}]
    # The only trouble there can be is a cancel that came too late.
    faults = {step.fault for step in outcome.journal if isinstance(step, FaultMet)}
    assert faults <= {FaultKind.ALREADY_TERMINAL}


@settings(max_examples=100)
@given(
    script=SCRIPTS, policy=POLICIES, cancel_at=CANCELS, loop=st.sampled_from(["asyncio", "trio"])
)
def test_tasks_tell_the_same_story(
    script: Script, policy: Policy, cancel_at: int | None, loop: str
) -> None:
    """The async driver's outcome, journal and all, is the sync one's."""
    by_threads, by_tasks = Stage(script, policy), Stage(script, policy)
    expected = _in_time(lambda: by_threads.drive(cancel_at))
    outcome = _in_time(lambda: anyio.run(partial(by_tasks.drive_async, cancel_at), backend=loop))

    assert expected == outcome
    assert by_threads.clock.now() == by_tasks.clock.now()


@settings(max_examples=100)
@given(script=SCRIPTS, policy=POLICIES, cut=st.integers(0, 12))
def test_a_run_goes_on_in_another_driver(script: Script, policy: Policy, cut: int) -> None:
    """Pickled at any step, left, and resumed by a fresh driver, it ends as if nothing had been."""
    whole, parts = Stage(script, policy), Stage(script, policy)
    expected = _in_time(whole.drive)

    def in_parts() -> Outcome:
        watch = parts.driver.watch(parts.request)
        core = watch.core
        for number, _ in enumerate(watch):
            if number == cut:
                core = pickle.loads(pickle.dumps(watch.core))  # noqa: S301  # our own bytes
                break
        watch.close()
        rest = parts.driver.resume(core)
        for _ in rest:
            pass
        return rest.outcome

    assert expected == _in_time(in_parts)


@settings(max_examples=50)
@given(
    scripts=st.lists(SCRIPTS, min_size=2, max_size=3),
    policy=POLICIES,
    loop=st.sampled_from(["asyncio", "trio"]),
)
def test_runs_beside_each_other_do_not_meet(
    scripts: Sequence[Script], policy: Policy, loop: str
) -> None:
    """Several runs in one loop and one time: each one's outcome is the one it has alone."""
    alone = [_in_time(Stage(script, policy).drive) for script in scripts]
    clock = WatchfulClock()
    stages = [Stage(script, policy, clock) for script in scripts]
    found: dict[int, Outcome] = {}

    async def one(number: int) -> None:
        found[number] = await stages[number].drive_async()

    async def main() -> None:
        gate = clock.participant()  # until all have begun, nobody may jump
        async with anyio.create_task_group() as tasks:
            for number in range(len(stages)):
                tasks.start_soon(one, number)
            await anyio.wait_all_tasks_blocked()
            gate.leave()

    _in_time(lambda: anyio.run(main, backend=loop))

    assert alone == [found[number] for number in range(len(stages))]


# Tools that misbehave ----------------------------------------------------------------------------

LOOPS = [None, "asyncio", "trio"]


@pytest.fixture(params=LOOPS, ids=["threads", "asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Callable[..., Outcome]:
    """Drive a script with some tools, by each kind of driver in turn."""

    def drive(script: Script, *tools: Any, clock: VirtualClock | None = None) -> Outcome:
        simulator = Simulator(script, clock=clock or WatchfulClock())
        wanted = RunRequest(simulator.create_assistant(), "Hello")
        make: Any = RunDriver if request.param is None else AsyncRunDriver
        backend = simulator.backend if request.param is None else simulator.async_backend
        driver = make(backend, tools, clock=simulator.clock)
        if request.param is None:
            return _in_time(lambda: driver.run(wanted))
        return _in_time(lambda: anyio.run(driver.run, wanted, backend=request.param))

    return drive


def _errors(outcome: Outcome) -> list[str | None]:
    return [step.error for step in outcome.journal if isinstance(step, ToolAnswered)]


def test_a_large_round_of_plain_tools(run: Callable[..., Outcome]) -> None:
    """Fifty calls at once that each take five seconds take five seconds."""
    clock = WatchfulClock()

    def nap() -> str:
        clock.sleep(5)
        return "rested"

    outcome = run(Script.of(calls(*[Call(name="nap")] * 50), say("Done.")), nap, clock=clock)

    assert [None] * 50 == _errors(outcome)


@pytest.mark.parametrize("start", [1_700_000_000.123, 1_700_000_000.5, 1_234_567_890.7])
@pytest.mark.parametrize("timeout_s", [0.1, 0.3, 1e-3, 2.2])
def test_a_time_limit_is_met_whatever_the_rounding(
    run: Callable[..., Outcome], start: float, timeout_s: float
) -> None:
    """A limit that is no multiple of a clock's tick ends: time does not stand still before it."""
    clock = WatchfulClock(start=start)

    @tool(timeout_s=timeout_s)
    def nap() -> str:
        clock.sleep(50)
        return "too late"

    outcome = run(Script.of(call("nap", queue_s=0.1, work_s=0.7), say("Done.")), nap, clock=clock)

    assert ["timed_out"] == _errors(outcome)


class UnspeakableError(Exception):
    """An exception that cannot even be printed."""

    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    "raised", [UnspeakableError, SystemExit, asyncio.CancelledError, GeneratorExit]
)
@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_whatever_a_tool_raises_is_told_to_the_model(
    run: Callable[..., Outcome], raised: type[BaseException], *, is_async: bool
) -> None:
    """Also what is no `Exception`, or has no text: the run goes on, at once, and completes."""

    def odd() -> str:
        raise raised

    async def odd_async() -> str:
        raise raised

    odd_async.__name__ = "odd"
    outcome = run(Script.of(call("odd"), say("Done.")), odd_async if is_async else odd)

    assert (["raised"], S.COMPLETED) == (_errors(outcome), outcome.status)


def test_a_call_that_stands_twice_in_a_round_is_made_once() -> None:
    """Two calls of one id (agency-swarm#151) are one call."""
    twice = (ToolCall("call_1", "f", "{}"),) * 2
    core = RunCore(RunRequest("asst_1"), 0.0)
    ref = RunRef("assistants", "run_1", "thread_1")
    core.receive(Seen(RunSnapshot(ref, "requires_action", twice, expires_at=600.0), 0.0))
    action = core.next_action()

    assert isinstance(action, RunTools)
    assert ["call_1"] == [call.call_id for call in action.calls]


def test_a_tool_may_drive_a_run_of_its_own(run: Callable[..., Outcome]) -> None:
    """A plain tool that asks another assistant of the same simulator: both runs complete."""
    clock = WatchfulClock()
    inner = Simulator(Script.of(say("Inner.", queue_s=1, work_s=30)), clock=clock)

    def ask() -> str:
        driver = RunDriver(inner.backend, clock=clock)
        return driver.run(RunRequest(inner.create_assistant(), "Hello")).text

    async def ask_async() -> str:
        driver = AsyncRunDriver(inner.async_backend, clock=clock)
        return (await driver.run(RunRequest(inner.create_assistant(), "Hello"))).text

    script = Script.of(calls(Call(name="ask"), Call(name="ask_async")), say("Outer."))
    outcome = run(script, ask, ask_async, clock=clock)

    assert ([None, None], "Outer.") == (_errors(outcome), outcome.text)


def test_a_core_can_be_kept_whatever_a_tool_raised() -> None:
    """A run can be pickled though its tool's exception, as those of HTTP clients, cannot."""

    class UnkeptError(Exception):
        def __init__(self, message: str, *, response: object) -> None:
            super().__init__(message)
            self.response = response

    def odd() -> str:
        raise UnkeptError("odd", response=threading.Lock())

    stage = Stage(Script.of(call("odd"), say("Done.")), Policy())
    watch = RunDriver(stage.simulator.backend, [odd], clock=stage.clock).watch(stage.request)
    for step in watch:
        if isinstance(step, ToolAnswered):
            break
    core = pickle.loads(pickle.dumps(watch.core))  # noqa: S301  # our own bytes
    watch.close()

    assert watch.core.next_action() == core.next_action()


# Watches that are left, nested, or reused --------------------------------------------------------

HELLO = Script.of(say("Hello!", queue_s=1, work_s=1), cancel_s=1)
HANGING = Script.of(hang(queue_s=1), cancel_s=1)


def test_a_watch_that_is_left_holds_nobody_up() -> None:
    """After a `break`, the same driver's next run completes."""
    stage = Stage(HELLO, Policy())
    driver = stage.driver

    def leave_and_run() -> RunStatus:
        for _ in driver.watch(stage.request):
            break
        return driver.run(stage.request).status

    assert S.COMPLETED is _in_time(leave_and_run)


def test_a_run_can_be_driven_between_the_steps_of_another() -> None:
    """Whoever watches one run may drive a second one in the loop's body."""
    stage = Stage(HELLO, Policy())
    driver = stage.driver

    def nested() -> list[RunStatus]:
        return [driver.run(stage.request).status for _ in driver.watch(stage.request)]

    assert {S.COMPLETED} == set(_in_time(nested))


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_task_that_is_cancelled_leaves_nothing_behind(loop: str) -> None:
    """Cancelled in mid-wait, its driver has no watch and its clock no participant any more."""
    stage = Stage(HANGING, Policy())
    driver = stage.async_driver

    async def main() -> None:
        gate = stage.clock.participant()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(driver.run, stage.request)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        gate.leave()

    _in_time(lambda: anyio.run(main, backend=loop))

    assert (0, 0) == (len(driver._watches), stage.clock._busy)


def test_an_exception_ends_a_watch_for_good() -> None:
    """What a backend raises comes through once; then the watch is empty and has no outcome."""
    stage = Stage(HELLO, Policy())
    stage.simulator.backend.retrieve = lambda _ref: 1 / 0  # type: ignore[assignment,method-assign]  # a bug
    driver = stage.driver
    watch = driver.watch(stage.request)

    with pytest.raises(ZeroDivisionError):
        _in_time(lambda: list(watch))
    assert [] == list(watch)
    assert (0, 0) == (len(driver._watches), stage.clock._busy)
    with pytest.raises(CallerError):
        _ = watch.outcome


def test_a_finished_core_has_nothing_more_to_tell() -> None:
    """Resumed, it gives no step, calls nobody, and has its outcome."""
    stage = Stage(HELLO, Policy())
    watch = stage.driver.watch(stage.request)
    list(watch)
    before = stage.simulator.trace
    again = stage.driver.resume(pickle.loads(pickle.dumps(watch.core)))  # noqa: S301  # our own bytes

    assert ([], watch.outcome) == (list(again), again.outcome)
    assert before == stage.simulator.trace


def test_a_core_that_ended_in_an_error_can_be_kept() -> None:
    """Pickled and resumed, it raises the same error again."""
    stage = Stage(HELLO, Policy())
    watch = stage.driver.watch(replace(stage.request, assistant_id="asst_gone"))
    with pytest.raises(BackendError, match="asst_gone"):
        list(watch)
    core = pickle.loads(pickle.dumps(watch.core))  # noqa: S301  # our own bytes

    with pytest.raises(BackendError, match="asst_gone"):
        list(stage.driver.resume(core))


def test_one_driver_serves_many_threads() -> None:
    """Twenty threads with one driver: twenty runs complete, and it watches nothing any more."""
    stage = Stage(HELLO, Policy())
    driver = stage.driver
    statuses: list[RunStatus] = []
    work = partial(lambda: statuses.append(driver.run(stage.request).status))
    threads = [threading.Thread(target=work, daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert [S.COMPLETED] * 20 == statuses
    assert (0, 0) == (len(driver._watches), stage.clock._busy)


HUNG_TOOL = """
import sys, threading, anyio
from runfsm import AsyncRunDriver, RunRequest, SystemClock, tool
from runfsm_simulator import Simulator
from runfsm_simulator.world.script import Script, call, say

@tool(timeout_s=0.01)
def hangs() -> str:
    threading.Event().wait()

simulator = Simulator(
    Script.of(call("hangs", queue_s=0, work_s=0), say("Done.", queue_s=0, work_s=0)),
    clock=SystemClock(),
)
driver = AsyncRunDriver(simulator.async_backend, [hangs])
outcome = anyio.run(
    driver.run, RunRequest(simulator.create_assistant(), "Hello"), backend=sys.argv[1]
)
print(outcome.text)
"""


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_tool_that_hangs_does_not_hold_the_programs_exit(loop: str) -> None:
    """A plain tool that was timed out by the async driver goes down with the program."""
    command = [sys.executable, "-c", HUNG_TOOL, loop]
    ended = subprocess.run(  # noqa: S603  # our own words
        command, timeout=20, capture_output=True, text=True, check=True
    )

    assert "Done.\n" == ended.stdout


@pytest.mark.parametrize(
    "fields",
    [
        {"first_s": 0.0},  # time would stand still, or the service be stormed
        {"first_s": -1.0},
        {"longest_s": 0.0},
        {"factor": 0.5},  # ever quicker
        {"fault_s": -1.0},
        {"faults_max": -1},
        {"first_s": math.nan},
    ],
    ids=str,
)
def test_a_pacing_that_makes_no_sense_is_refused(fields: dict[str, float]) -> None:
    """The mistake is told where it is made, and not by a driver that never ends."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        Pacing(**fields)  # type: ignore[arg-type]  # the mistake to be told of


@pytest.mark.parametrize("factor", [2.0, 1e6, 1e300])
def test_the_longest_wait_is_the_longest(factor: float) -> None:
    """However often and however fast the waits have grown: no overflow, and no longer wait."""
    assert 5.0 == Pacing(factor=factor).delay_s(10_000)


# Cancels from other threads ----------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["create", "retrieve", "cancel", "submit", "f"])
def test_another_thread_may_cancel_in_the_middle_of_any_action(verb: str) -> None:
    """The cancel comes while the action is under way: it is not lost, and one is sent."""
    stage = Stage(Script.of(call("f", queue_s=1, work_s=1), hang(), cancel_s=1), Policy())
    backend: Any = stage.simulator.backend
    sent: list[str] = []

    def interrupted(name: str, then: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any) -> Any:
            sent.append(name)
            if name == verb and sent.count(name) == 1:
                canceller = threading.Thread(target=watch.cancel)
                canceller.start()
                canceller.join()
            return then(*args)

        return wrapped

    for name in ("create", "retrieve", "cancel", "submit"):
        setattr(backend, name, interrupted(name, getattr(backend, name)))
    in_tool = interrupted("f", lambda: "42")

    def f() -> str:
        return str(in_tool())

    watch = RunDriver(backend, [f], clock=stage.clock).watch(stage.request)
    next(watch)
    if verb == "cancel":
        watch.cancel()
    _in_time(lambda: list(watch))

    assert S.CANCELLED is watch.outcome.status
    assert 1 == sent.count("cancel")


def test_another_thread_may_cancel_in_the_middle_of_a_wait() -> None:
    """The wait ends at once: no time has passed between the cancel and its being sent."""
    stage = Stage(HANGING, Policy(pacing=Pacing(first_s=50.0, longest_s=50.0)))
    gate = stage.clock.participant()  # holds time: the wait can end by the cancel alone
    watch = stage.driver.watch(stage.request)
    next(watch)

    def cancel_and_go() -> None:
        watch.cancel()
        gate.leave()

    canceller = threading.Thread(target=cancel_and_go)
    canceller.start()
    _in_time(lambda: list(watch))
    canceller.join()
    at = {
        step.edge.event: step.at for step in watch.outcome.journal if isinstance(step, Transition)
    }

    assert S.CANCELLED is watch.outcome.status
    assert at["create"] == at["cancel"]


def test_to_ask_again_for_a_cancel_changes_nothing() -> None:
    """Asked at every step, the run is looked at no more often than when asked once."""
    once, always = Stage(HANGING, Policy()), Stage(HANGING, Policy())
    expected = once.drive(cancel_at=1)
    watch = always.driver.watch(always.request)
    for number, _ in enumerate(watch):
        if number:
            watch.cancel()

    assert expected == watch.outcome


def test_nobody_gives_up_without_a_last_look() -> None:
    """However long the pauses are: a cancel that was honoured long ago is seen to be."""
    stage = Stage(HANGING, Policy(pacing=Pacing(first_s=100.0, longest_s=100.0)))

    assert S.CANCELLED is stage.drive(cancel_at=0).status


def test_a_driver_is_cancelled_while_others_begin() -> None:
    """`driver.cancel()` may come at any time: while threads begin runs, and while they end them."""
    stage = Stage(HELLO, Policy())
    driver = stage.driver
    quickly = sys.getswitchinterval()

    def work() -> None:
        for _ in range(300):
            watch = driver.watch(stage.request)
            with suppress(RunCancelled):  # before it was created, even
                next(watch)
            watch.close()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            driver.cancel()
    finally:
        sys.setswitchinterval(quickly)
        for thread in threads:
            thread.join(timeout=10)

    assert 0 == len(driver._watches)


def test_a_driver_cancels_all_that_it_has_under_way() -> None:
    """Three watched runs, one `driver.cancel()`: three cancelled runs."""
    stage = Stage(HANGING, Policy())
    driver = stage.driver
    begun = threading.Barrier(4, timeout=10)
    statuses: list[RunStatus] = []

    def work() -> None:
        watch = driver.watch(stage.request)
        next(watch)
        begun.wait()
        begun.wait()
        list(watch)
        statuses.append(watch.outcome.status)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait()
    driver.cancel()
    begun.wait()
    for thread in threads:
        thread.join(timeout=10)

    assert [S.CANCELLED] * 3 == statuses
