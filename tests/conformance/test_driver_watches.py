"""Watches that are left, nested, reused or kept: nothing is held up, nothing is lost."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import anyio
import anyio.lowlevel
import pytest

from driving import HANGING, HELLO, LOOPS, S, Stage, in_time
from runfsm import (
    AsyncRunDriver,
    CallerError,
    Policy,
    RunEvent,
    RunStatus,
)
from runfsm.errors import BackendError
from runfsm_simulator import Script, call, hang
from runfsm_simulator.world.clock import VirtualParticipant


def test_a_watch_that_is_left_holds_nobody_up() -> None:
    """After a `break`, the same driver's next run completes."""
    stage = Stage(HELLO, Policy())
    driver = stage.driver

    def leave_and_run() -> RunStatus:
        for _ in driver.watch(stage.request):
            break
        return driver.run(stage.request).status

    assert S.COMPLETED is in_time(leave_and_run)


def test_a_run_can_be_driven_between_the_steps_of_another() -> None:
    """Whoever watches one run may drive a second one in the loop's body."""
    stage = Stage(HELLO, Policy())
    driver = stage.driver

    def nested() -> list[RunStatus]:
        return [driver.run(stage.request).status for _ in driver.watch(stage.request)]

    assert {S.COMPLETED} == set(in_time(nested))


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
@pytest.mark.parametrize("on_interrupt", ["cancel", "leave"])
def test_a_task_that_is_cancelled_leaves_nothing_behind(
    loop: str, on_interrupt: Literal["cancel", "leave"]
) -> None:
    """Cancelled in mid-wait, its driver has no watch and its clock no participant any more.

    Nor does its run go on, unless the policy wants it to.
    """
    stage = Stage(HANGING, Policy(on_interrupt=on_interrupt))
    driver = stage.async_driver

    async def main() -> None:
        gate = stage.clock.participant()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(driver.run, stage.request)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        gate.leave()

    in_time(lambda: anyio.run(main, backend=loop))

    assert (0, 0) == (len(driver._under_way), stage.clock._busy)
    assert (on_interrupt == "cancel") == (RunEvent.CANCEL is stage.events[-1])


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_task_that_is_cancelled_while_a_tool_sleeps_leaves_no_sleeper(loop: str) -> None:
    """The tool's thread is woken and ended; it neither holds virtual time nor moves it later."""
    stage = Stage(Script.of(call("naps", queue_s=1, work_s=1), hang()), Policy())
    asleep, ended = threading.Event(), threading.Event()
    gates: list[VirtualParticipant] = []

    def naps() -> None:
        gates.append(stage.clock.participant(beside=True))  # from here on, time stands still
        asleep.set()
        try:
            stage.clock.sleep(300)
        finally:
            ended.set()

    driver = AsyncRunDriver(stage.simulator.async_backend, [naps], clock=stage.clock)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(driver.run, stage.request)
            while not asleep.is_set():
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()

    before = stage.clock.now()
    in_time(lambda: anyio.run(main, backend=loop))

    assert ended.wait(timeout=10)
    gates[0].leave()
    assert stage.clock.now() < before + 300
    assert 0 == stage.clock._busy


@pytest.mark.parametrize("loop", LOOPS, ids=["threads", "asyncio", "trio"])
@pytest.mark.parametrize("on_interrupt", ["cancel", "leave"])
def test_a_block_that_is_left_early_leaves_no_run_behind(
    loop: str | None, on_interrupt: Literal["cancel", "leave"]
) -> None:
    """By `break` or by an exception: its run is told to cancel, unless it is to be left."""
    stage = Stage(HANGING, Policy(on_interrupt=on_interrupt))

    def leave() -> None:
        with stage.driver.watch(stage.request) as watch:
            for _ in watch:
                raise LookupError("the app's own")

    async def leave_async() -> None:
        async with stage.async_driver.watch(stage.request) as watch:
            async for _ in watch:
                raise LookupError("the app's own")

    with pytest.raises(LookupError):
        in_time(lambda: anyio.run(leave_async, backend=loop) if loop else leave())
    assert (on_interrupt == "cancel") == (RunEvent.CANCEL is stage.events[-1])
    assert 0 == stage.clock._busy


@pytest.mark.parametrize("loop", LOOPS, ids=["threads", "asyncio", "trio"])
def test_a_block_of_a_run_that_is_over_sends_nothing(loop: str | None) -> None:
    """To leave it is nothing, and its outcome stays."""
    stage = Stage(HELLO, Policy())

    def stay() -> RunStatus:
        with stage.driver.watch(stage.request) as watch:
            watch.finish()
        return watch.outcome.status

    async def stay_async() -> RunStatus:
        async with stage.async_driver.watch(stage.request) as watch:
            await watch.finish()
        return watch.outcome.status

    assert S.COMPLETED is in_time(lambda: anyio.run(stay_async, backend=loop) if loop else stay())
    assert RunEvent.CANCEL not in stage.events


@pytest.mark.parametrize("verb", ["create_thread", "create", "retrieve", "cancel"])
def test_ctrl_c_cancels_the_run(verb: str) -> None:
    """Wherever it strikes, also in the middle of a request: the run is found and told to cancel."""
    stage = Stage(HANGING, Policy(deadline_s=5))
    call = getattr(stage.simulator.backend, verb)
    struck: list[str] = []

    def interrupted(*args: Any) -> Any:
        answer = call(*args)
        if not struck:
            struck.append(verb)
            raise KeyboardInterrupt
        return answer

    setattr(stage.simulator.backend, verb, interrupted)

    with pytest.raises(KeyboardInterrupt):
        in_time(lambda: stage.driver.run(stage.request))
    assert [RunEvent.CANCEL] * (verb != "create_thread") == [
        event for event in stage.events if event is RunEvent.CANCEL
    ]
    assert 0 == stage.clock._busy


def test_an_exception_ends_a_watch_for_good() -> None:
    """What a backend raises comes through once; then the watch is empty and has no outcome."""
    stage = Stage(HELLO, Policy())
    stage.simulator.backend.retrieve = lambda _ref: 1 / 0  # type: ignore[assignment,method-assign]  # a bug
    driver = stage.driver
    watch = driver.watch(stage.request)

    with pytest.raises(ZeroDivisionError):
        in_time(lambda: list(watch))
    assert [] == list(watch)
    assert (0, 0) == (len(driver._under_way), stage.clock._busy)
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
    assert (0, 0) == (len(driver._under_way), stage.clock._busy)


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
