"""Watches that are left, nested, reused or kept, down every road: nothing is held up, or lost."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from dataclasses import replace
from typing import Any, Literal

import anyio
import anyio.lowlevel
import pytest

from driving import HANGING, HELLO, S
from onroad import OnRoad
from runfsm import CallerError, Policy, RunEvent, RunStatus
from runfsm.errors import BackendError
from runfsm.lifecycle.wires import WIRES
from runfsm_simulator import Script, call, hang
from runfsm_simulator.world.clock import VirtualParticipant

OnInterrupt = Literal["cancel", "leave"]
either_way = pytest.mark.parametrize("on_interrupt", ["cancel", "leave"])


def test_a_watch_that_is_left_holds_nobody_up(road: Any) -> None:
    """After a `break`, the same driver's next run completes."""
    stage = OnRoad(road, HELLO)

    async def leave_and_run() -> RunStatus:
        async for _ in stage.watch():
            break
        outcome = await stage.watch(replace(stage.request, key=None)).finish()
        status: RunStatus = outcome.status
        return status

    assert S.COMPLETED is stage.play(leave_and_run)


def test_a_run_can_be_driven_between_the_steps_of_another(road: Any) -> None:
    """Whoever watches one run may drive a second one in the loop's body."""
    stage = OnRoad(road, HELLO)
    another = replace(stage.request, key=None)

    async def nested() -> list[RunStatus]:
        return [(await stage.watch(another).finish()).status async for _ in stage.watch()]

    assert [S.COMPLETED] * 3 == stage.play(nested)


@either_way
def test_a_task_that_is_cancelled_leaves_nothing_behind(
    tasks: Any, on_interrupt: OnInterrupt
) -> None:
    """Cancelled in mid-wait, its driver has no watch and its clock no participant any more.

    Nor does its run go on, unless the policy wants it to.
    """
    stage = OnRoad(tasks, HANGING, Policy(on_interrupt=on_interrupt))

    async def main() -> None:
        gate = stage.clock.participant()
        async with anyio.create_task_group() as group:
            group.start_soon(stage.driver.run, stage.request)
            while not stage.events:  # a client's first request asks a thread for the platform
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        gate.leave()

    stage.play(main)

    stage.nothing_is_left()
    assert (on_interrupt == "cancel") == (RunEvent.CANCEL is stage.events[-1])


def test_a_task_that_is_cancelled_while_a_tool_sleeps_leaves_no_sleeper(tasks: Any) -> None:
    """The tool's thread is woken and ended; it neither holds virtual time nor moves it later."""
    asleep, ended = threading.Event(), threading.Event()
    gates: list[VirtualParticipant] = []

    def naps() -> None:
        gates.append(stage.clock.participant(beside=True))  # from here on, time stands still
        asleep.set()
        try:
            stage.clock.sleep(300)
        finally:
            ended.set()

    script = Script.of(call("naps", queue_s=1, work_s=1), hang())
    stage = OnRoad(tasks, script, tools=[naps])

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(stage.driver.run, stage.request)
            while not asleep.is_set():
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

    before = stage.clock.now()
    stage.play(main)

    assert ended.wait(timeout=10)
    gates[0].leave()
    assert stage.clock.now() < before + 300
    stage.nothing_is_left()


@either_way
def test_a_block_that_is_left_early_leaves_no_run_behind(
    road: Any, on_interrupt: OnInterrupt
) -> None:
    """By `break` or by an exception: its run is told to cancel, unless it is to be left."""
    stage = OnRoad(road, HANGING, Policy(on_interrupt=on_interrupt))

    async def leave() -> None:
        async with stage.watch() as watch:
            async for _ in watch:
                raise LookupError("the app's own")

    with pytest.raises(LookupError):
        stage.play(leave)
    assert (on_interrupt == "cancel") == (RunEvent.CANCEL is stage.events[-1])
    stage.nothing_is_left()


def test_a_block_of_a_run_that_is_over_sends_nothing(road: Any) -> None:
    """To leave it is nothing, and its outcome stays."""
    stage = OnRoad(road, HELLO)

    async def stay() -> RunStatus:
        async with stage.watch() as watch:
            await watch.finish()
        status: RunStatus = watch.outcome.status
        return status

    assert S.COMPLETED is stage.play(stay)
    assert RunEvent.CANCEL not in stage.events


@pytest.mark.parametrize("verb", ["create_thread", "create", "retrieve", "cancel"])
def test_ctrl_c_cancels_the_run(threads: Any, verb: str) -> None:
    """Wherever it strikes, also in the middle of a request: the run is found and told to cancel."""
    stage = OnRoad(threads, HANGING, Policy(deadline_s=5))
    call = getattr(stage.backend, verb)
    struck: list[str] = []

    def interrupted(*args: Any) -> Any:
        answer = call(*args)
        if not struck:
            struck.append(verb)
            raise KeyboardInterrupt
        return answer

    setattr(stage.backend, verb, interrupted)

    with pytest.raises(KeyboardInterrupt):
        stage.run()
    assert [RunEvent.CANCEL] * (verb != "create_thread") == [
        event for event in stage.events if event is RunEvent.CANCEL
    ]
    stage.nothing_is_left()


def test_ctrl_c_before_the_answer_to_a_creation(threads: Any) -> None:
    """The service has the run, and nobody here its id: where runs are listed, it is cancelled.

    Elsewhere it would be found at its end: that is waited for as long as a cancel may take.
    """
    is_listed = WIRES[threads.wire].listing.value
    made_by = {"assistants": "create_run", "responses": "create_response"}
    verb = made_by.get(threads.wire, "create_session")
    stage = OnRoad(threads, HANGING, Policy(cancel_grace_s=20))
    create, began_at = getattr(stage.simulator.world, verb), stage.clock.now()
    struck: list[str] = []

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        answer = create(*args, **kwargs)
        if not struck:
            struck.append(verb)
            raise KeyboardInterrupt
        return answer

    setattr(stage.simulator.world, verb, interrupted)

    with pytest.raises(KeyboardInterrupt):
        stage.run()
    assert (0.0 if is_listed else 20.0) == stage.clock.now() - began_at
    assert bool(is_listed) == (RunEvent.CANCEL is stage.events[-1])
    assert 1 == stage.events.count(RunEvent.CREATE)
    stage.nothing_is_left()


def test_an_exception_ends_a_watch_for_good(road: Any) -> None:
    """What a backend raises comes through once; then the watch is empty and has no outcome."""
    stage = OnRoad(road, HELLO)
    stage.on_call("retrieve", lambda: 1 / 0)  # a bug

    async def main() -> list[Any]:
        watch = stage.watch()
        with pytest.raises(ZeroDivisionError):
            await watch.finish()
        return [step async for step in watch]

    assert [] == stage.play(main)
    stage.nothing_is_left()
    with pytest.raises(CallerError):
        _ = stage.watches[0].outcome


def test_a_finished_core_has_nothing_more_to_tell(road: Any) -> None:
    """Resumed, it gives no step, calls nobody, and has its outcome."""
    stage = OnRoad(road, HELLO)
    outcome = stage.run()
    before = stage.simulator.trace
    core = pickle.loads(pickle.dumps(stage.watches[0].core))  # noqa: S301  # our own bytes

    async def again() -> list[Any]:
        return [step async for step in stage.resume(core)]

    assert [] == stage.play(again)
    assert outcome == stage.watches[-1].outcome
    assert before == stage.simulator.trace


def test_a_core_that_ended_in_an_error_can_be_kept(road: Any) -> None:
    """Pickled and resumed, it raises the same error again."""
    stage = OnRoad(road, HELLO)
    stage.request = replace(stage.request, assistant_id="asst_gone")
    with pytest.raises(BackendError, match="asst_gone"):
        stage.run()
    core = pickle.loads(pickle.dumps(stage.watches[0].core))  # noqa: S301  # our own bytes

    async def again() -> None:
        await stage.resume(core).finish()

    with pytest.raises(BackendError, match="asst_gone"):
        stage.play(again)


def test_one_driver_serves_many_threads(threads: Any) -> None:
    """Twenty threads with one driver: twenty runs complete, and it watches nothing any more."""
    stage = OnRoad(threads, HELLO)
    request = replace(stage.request, key=None)
    statuses: list[RunStatus] = []

    def work() -> None:
        statuses.append(stage.driver.run(request).status)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=10)

    assert [S.COMPLETED] * 20 == statuses
    stage.nothing_is_left()


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
