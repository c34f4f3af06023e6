"""Watches that are left, nested, reused or kept: nothing is held up, nothing is lost."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial

import anyio
import anyio.lowlevel
import pytest

from driving import HANGING, HELLO, S, Stage, in_time
from runfsm import (
    AsyncRunDriver,
    CallerError,
    Policy,
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

    in_time(lambda: anyio.run(main, backend=loop))

    assert (0, 0) == (len(driver._watches), stage.clock._busy)


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


def test_an_exception_ends_a_watch_for_good() -> None:
    """What a backend raises comes through once; then the watch is empty and has no outcome."""
    stage = Stage(HELLO, Policy())
    stage.simulator.backend.retrieve = lambda _ref: 1 / 0  # type: ignore[assignment,method-assign]  # a bug
    driver = stage.driver
    watch = driver.watch(stage.request)

    with pytest.raises(ZeroDivisionError):
        in_time(lambda: list(watch))
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
