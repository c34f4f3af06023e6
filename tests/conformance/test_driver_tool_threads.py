"""Where tools run: in which thread, in which event loop; down every road."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from driving import WatchfulClock
from onroad import OnRoad
from runfsm import ToolAnswered, tool
from runfsm_simulator.world.script import Call, Script, call, calls, say

TWICE = Script.of(calls(Call(name="work"), Call(name="work")), say("Done."))
WHO = contextvars.ContextVar("WHO", default="nobody")


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    """A plain decorator around an async function: it gives what that gives, an awaitable."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.reported(
    "hermes-agent PR 2146, conductor-oss#507, persist-queue#175",
    "In which thread and which event loop a tool runs was written nowhere.",
    now="docs/driving.md says it, with the way to have one thread or one loop.",
)
def test_a_plain_tool_has_a_thread_of_its_own_for_each_call(road: Any) -> None:
    """A daemon that is not the driver's, with the driver's context variables.

    hermes-agent PR 2146, conductor-oss#507, persist-queue#175.
    """
    seen: list[tuple[threading.Thread, str]] = []

    def work() -> None:
        seen.append((threading.current_thread(), WHO.get()))

    stage = OnRoad(road, TWICE, tools=[work])

    async def main() -> None:
        WHO.set("the user")
        await stage.watch().finish()

    stage.play(main)
    first, second = (thread for thread, _ in seen)

    assert first is not second
    assert ["the user"] * 2 == [who for _, who in seen]
    assert first.daemon


def _loop() -> object:
    """The running loop, of asyncio or of trio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        import trio  # noqa: PLC0415  # only where it runs

        return trio.lowlevel.current_trio_token()


@pytest.mark.parametrize("decorate", [tool, logged], ids=["async", "wrapped"])
def test_an_async_tool_runs_in_the_loop_of_an_async_driver(road: Any, decorate: Any) -> None:
    """And in a loop of its own for each call of the other; however it was declared."""
    loops: list[object] = []

    async def work() -> str:
        await asyncio.sleep(0) if road.loop != "trio" else None
        loops.append(_loop())
        return "done"

    stage = OnRoad(road, TWICE, tools=[decorate(work)])
    drivers: list[object] = []

    async def main() -> Any:
        drivers.append(_loop() if road.loop else None)
        return await stage.watch().finish()

    outcome = stage.play(main)

    assert [None, None] == [it.error for it in outcome.journal if isinstance(it, ToolAnswered)]
    if road.loop:
        assert drivers * 2 == loops
    else:
        assert loops[0] is not loops[1]


def test_an_awaitable_of_a_plain_tool_has_its_time_limit(road: Any) -> None:
    """It is given up as any other, and the run completes."""
    clock = WatchfulClock()

    @tool(timeout_s=5)
    def work() -> Awaitable[None]:
        return clock.async_alarm().wait(60)  # type: ignore[return-value]  # whatever it gives

    stage = OnRoad(road, Script.of(call("work"), say("Done.")), tools=[work], clock=clock)
    outcome = stage.run()

    assert ["timed_out"] == [it.error for it in outcome.journal if isinstance(it, ToolAnswered)]
    assert "Done." == outcome.text


def test_what_an_awaitable_of_a_plain_tool_raises_is_told(road: Any) -> None:
    """As what any tool raises."""

    async def odd() -> None:
        raise LookupError("no such city")

    stage = OnRoad(road, Script.of(call("odd"), say("Done.")), tools=[logged(odd)])
    outcome = stage.run()
    [step] = [it for it in outcome.journal if isinstance(it, ToolAnswered)]

    assert ("raised", LookupError) == (step.error, type(step.exception))
