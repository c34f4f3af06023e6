"""Tools that misbehave, down every road: the run goes on."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest

from driving import S, WatchfulClock
from onroad import OnRoad
from runfsm import (
    AsyncRunDriver,
    Outcome,
    RunCore,
    RunDriver,
    RunRequest,
    tool,
)
from runfsm.driver.journal import ToolAnswered
from runfsm_simulator import Simulator
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.script import (
    Call,
    Script,
    call,
    calls,
    say,
)

Run = Callable[..., Outcome]


@pytest.fixture
def run(road: Any) -> Run:
    """Drive a script with some tools, down each road in turn."""

    def drive(script: Script, *tools: Any, clock: VirtualClock | None = None) -> Outcome:
        return OnRoad(road, script, tools=tools, clock=clock).run()

    return drive


def _errors(outcome: Outcome) -> list[str | None]:
    return [step.error for step in outcome.journal if isinstance(step, ToolAnswered)]


def test_a_large_round_of_plain_tools(run: Run) -> None:
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
    run: Run, start: float, timeout_s: float
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
    run: Run, raised: type[BaseException], *, is_async: bool
) -> None:
    """Also what is no `Exception`, or has no text: the run goes on, at once, and completes."""

    def odd() -> str:
        raise raised

    async def odd_async() -> str:
        raise raised

    odd_async.__name__ = "odd"
    outcome = run(Script.of(call("odd"), say("Done.")), odd_async if is_async else odd)

    assert (["raised"], S.COMPLETED) == (_errors(outcome), outcome.status)


def test_a_tool_may_drive_a_run_of_its_own(run: Run) -> None:
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


def test_a_core_can_be_kept_whatever_a_tool_raised(road: Any) -> None:
    """A run can be pickled though its tool's exception, as those of HTTP clients, cannot."""

    class UnkeptError(Exception):
        def __init__(self, message: str, *, response: object) -> None:
            super().__init__(message)
            self.response = response

    def odd() -> str:
        raise UnkeptError("odd", response=threading.Lock())

    stage = OnRoad(road, Script.of(call("odd"), say("Done.")), tools=[odd])

    async def main() -> tuple[RunCore, RunCore]:
        watch = stage.watch()
        async for step in watch:
            if isinstance(step, ToolAnswered):
                break
        core = pickle.loads(pickle.dumps(watch.core))  # noqa: S301  # our own bytes
        await watch.aclose()
        return watch.core, core

    before, kept = stage.play(main)

    assert before.next_action() == kept.next_action()
