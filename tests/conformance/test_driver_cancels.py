"""Cancels from other threads, in the middle of whatever is under way, down every road."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from driving import HANGING, HELLO, S
from onroad import OnRoad
from runfsm import (
    CancelReason,
    DeadlineExceeded,
    Outcome,
    Pacing,
    Policy,
    RunCancelled,
    RunStatus,
    Transition,
)
from runfsm_simulator.world.script import Script, call, hang


@pytest.mark.parametrize("verb", ["create", "retrieve", "cancel", "submit", "f"])
def test_another_thread_may_cancel_in_the_middle_of_any_action(road: Any, verb: str) -> None:
    """The cancel comes while the action is under way: it is not lost, and one is sent."""
    sent: list[str] = []

    def send(name: str) -> None:
        sent.append(name)
        if name == verb and sent.count(name) == 1:
            canceller = threading.Thread(target=stage.watches[0].cancel)
            canceller.start()
            canceller.join()

    def f() -> str:
        send("f")
        return "42"

    script = Script.of(call("f", queue_s=1, work_s=1), hang(), cancel_s=1)
    stage = OnRoad(road, script, tools=[f])
    for name in ("create", "retrieve", "cancel", "submit"):
        stage.on_call(name, partial(send, name))

    async def main() -> Outcome:
        watch = stage.watch()
        await anext(watch)
        if verb == "cancel":
            watch.cancel()
        outcome: Outcome = await watch.finish()
        return outcome

    assert S.CANCELLED is stage.play(main).status
    assert 1 == sent.count("cancel")


def test_another_thread_may_cancel_in_the_middle_of_a_wait(road: Any) -> None:
    """The wait ends at once: no time has passed between the cancel and its being sent."""
    stage = OnRoad(road, HANGING, Policy(pacing=Pacing(first_s=50.0, longest_s=50.0)))
    gate = stage.clock.participant()  # holds time: the wait can end by the cancel alone

    def cancel_and_go() -> None:
        stage.watches[0].cancel()
        gate.leave()

    async def main() -> Outcome:
        watch = stage.watch()
        await anext(watch)
        canceller = threading.Thread(target=cancel_and_go)
        canceller.start()
        outcome: Outcome = await watch.finish()
        canceller.join()
        return outcome

    outcome = stage.play(main)
    at = {step.edge.event: step.at for step in outcome.journal if isinstance(step, Transition)}

    assert S.CANCELLED is outcome.status
    assert at["create"] == at["cancel"]


def _cancelled(road: Any, policy: Policy, *, at: range) -> Outcome:
    """A run that hangs, and is asked to cancel at these steps of its journal."""
    stage = OnRoad(road, HANGING, policy)

    async def main() -> Outcome:
        watch, number = stage.watch(), 0
        async for _ in watch:
            if number in at:
                watch.cancel()
            number += 1
        outcome: Outcome = watch.outcome
        return outcome

    return stage.play(main)


def test_to_ask_again_for_a_cancel_changes_nothing(road: Any) -> None:
    """Asked at every step, the run is looked at no more often than when asked once."""
    once = _cancelled(road, Policy(), at=range(1, 2))
    always = _cancelled(road, Policy(), at=range(1, 99))

    assert once == always


def test_a_cancel_brings_no_later_look_forward(road: Any) -> None:
    """One that comes in no wait ends none: the run is seen again when a look is due.

    Its answer was a look; there used to be one more at the same moment.
    """
    stage = OnRoad(road, HANGING, Policy(pacing=Pacing(first_s=50.0, longest_s=50.0)))
    looked_at: list[float] = []
    stage.on_call("retrieve", lambda: looked_at.append(stage.clock.now()))

    async def main() -> Outcome:
        watch = stage.watch()
        await anext(watch)
        looked_at.append(stage.clock.now())
        watch.cancel()
        outcome: Outcome = await watch.finish()
        return outcome

    assert S.CANCELLED is stage.play(main).status
    assert 1 == looked_at.count(looked_at[0])


def test_nobody_gives_up_without_a_last_look(road: Any) -> None:
    """However long the pauses are: a cancel that was honoured long ago is seen to be."""
    policy = Policy(pacing=Pacing(first_s=100.0, longest_s=100.0))

    assert S.CANCELLED is _cancelled(road, policy, at=range(1)).status


def test_a_driver_is_cancelled_while_others_begin(threads: Any) -> None:
    """`driver.cancel()` may come at any time: while threads begin runs, and while they end them."""
    stage = OnRoad(threads, HELLO)
    driver = stage.driver
    quickly = sys.getswitchinterval()

    def work() -> None:
        for _ in range(300 if threads.name == "direct" else 10):
            watch = driver.watch(stage.request)
            with suppress(RunCancelled):  # before it was created, even
                next(watch)
            watch.close()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    sys.setswitchinterval(1e-6)
    try:
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            driver.cancel()
    finally:
        sys.setswitchinterval(quickly)
        for worker in workers:
            worker.join(timeout=10)

    assert 0 == len(driver._under_way)


def test_a_driver_cancels_all_that_it_has_under_way(threads: Any) -> None:
    """Three watched runs, one `driver.cancel()`: three cancelled runs."""
    stage = OnRoad(threads, HANGING)
    begun = threading.Barrier(4, timeout=10)
    statuses: list[RunStatus] = []

    def work() -> None:
        watch = stage.driver.watch(stage.request)
        next(watch)
        begun.wait()
        begun.wait()
        statuses.append(watch.finish().status)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(3)]
    for worker in workers:
        worker.start()
    begun.wait()
    stage.driver.cancel()
    begun.wait()
    for worker in workers:
        worker.join(timeout=10)

    assert [S.CANCELLED] * 3 == statuses


def test_a_deadline_of_nothing_creates_nothing(road: Any) -> None:
    """Time was up before there was a run: the error says so, and none was created."""
    stage = OnRoad(road, HELLO, Policy(deadline_s=0))

    with pytest.raises(DeadlineExceeded, match="before a run was created"):
        stage.run()
    assert () == tuple(stage.simulator.trace)


def test_a_cancel_while_a_tool_works_is_no_tools_failure(road: Any) -> None:
    """With `on_tool_error="raise"` too, an app that cancelled gets its outcome, no ToolError."""

    def f() -> str:
        stage.watches[0].cancel()
        stage.clock.sleep(5)
        return "too late"

    script = Script.of(call("f"), hang(), cancel_s=1)
    stage = OnRoad(road, script, Policy(on_tool_error="raise"), tools=[f])
    outcome = stage.run()

    assert (S.CANCELLED, CancelReason.ASKED) == (outcome.status, outcome.cancel_reason)
