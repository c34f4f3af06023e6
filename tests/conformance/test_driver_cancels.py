"""Cancels from other threads, in the middle of whatever is under way."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest

from driving import HANGING, HELLO, LOOPS, S, Stage, in_time
from runfsm import (
    CancelReason,
    DeadlineExceeded,
    Pacing,
    Policy,
    RunCancelled,
    RunDriver,
    RunStatus,
    Transition,
)
from runfsm_simulator.world.script import (
    Script,
    call,
    hang,
)


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
    in_time(lambda: list(watch))

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
    in_time(lambda: list(watch))
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

    assert 0 == len(driver._under_way)


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


@pytest.mark.parametrize("loop", LOOPS, ids=["threads", "asyncio", "trio"])
def test_a_deadline_of_nothing_creates_nothing(loop: str | None) -> None:
    """Time was up before there was a run: the error says so, and none was created."""
    stage = Stage(HELLO, Policy(deadline_s=0))

    with pytest.raises(DeadlineExceeded, match="before a run was created"):
        in_time(lambda: anyio.run(stage.drive_async, backend=loop) if loop else stage.drive())
    assert () == tuple(stage.simulator.trace)


def test_a_cancel_while_a_tool_works_is_no_tools_failure() -> None:
    """With `on_tool_error="raise"` too, an app that cancelled gets its outcome, no ToolError."""
    stage = Stage(Script.of(call("f"), hang(), cancel_s=1), Policy(on_tool_error="raise"))
    watches: list[Any] = []

    def f() -> str:
        watches[0].cancel()
        stage.clock.sleep(5)
        return "too late"

    driver = RunDriver(stage.simulator.backend, [f], policy=stage.policy, clock=stage.clock)
    watches.append(driver.watch(stage.request))
    outcome = in_time(watches[0].finish)

    assert (S.CANCELLED, CancelReason.ASKED) == (outcome.status, outcome.cancel_reason)
