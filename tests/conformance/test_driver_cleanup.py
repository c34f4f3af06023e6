"""A run is not left behind, whichever exception ends it; and what functions return counts."""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any, Final

import pytest

from driving import HANGING, S
from onroad import OnRoad
from runfsm import CallerError, RunEvent, ToolAnswered, Transition
from runfsm_simulator import Script, call, say


class SoftTimeLimitExceeded(Exception):  # noqa: N818  # as a task queue calls it
    """What a queue's signal handler raises in the middle of anything."""


class Unlisted(BaseException):  # no error, and no exception of Python's own
    """What derives from the root alone."""


ENDS: Final = [
    SystemExit,
    KeyboardInterrupt,
    SoftTimeLimitExceeded,
    Unlisted,
    ZeroDivisionError,
    MemoryError,
    CallerError,
]


def _strikes(stage: OnRoad, kind: type[BaseException]) -> None:
    """Have the second look raise, once."""
    looks: list[str] = []

    def strike() -> None:
        looks.append("look")
        if len(looks) == 2:
            raise kind("struck")

    stage.on_call("retrieve", strike)


@pytest.mark.reported(
    "tried as a new user",
    "A run was left behind, and held its thread, when SystemExit or a signal's own class ended it.",
    now="The run is told to cancel, whichever class of exception ends its driving.",
)
@pytest.mark.parametrize("kind", ENDS)
def test_any_exception_in_a_drive_cancels_the_run(road: Any, kind: type[BaseException]) -> None:
    """Ctrl-C is one way of many: a signal may raise whatever its handler likes."""
    if road.loop == "trio" and kind in {SystemExit, KeyboardInterrupt, Unlisted}:
        pytest.skip("trio lets those out of its own loop in a way of its own")
    stage = OnRoad(road, HANGING)
    _strikes(stage, kind)

    with pytest.raises(kind):
        stage.run()
    assert RunEvent.CANCEL in stage.events
    stage.nothing_is_left()


@pytest.mark.parametrize("kind", [*ENDS, GeneratorExit, asyncio.CancelledError])
def test_any_exception_in_a_block_cancels_the_run(threads: Any, kind: type[BaseException]) -> None:
    """The block of a watch ends, and its run is told to cancel."""
    stage = OnRoad(threads, HANGING)

    def leave() -> None:
        with stage.driver.watch(stage.request) as watch:
            for step in watch:
                if isinstance(step, Transition) and step.edge.event is RunEvent.START:
                    raise kind

    with pytest.raises(kind):
        leave()
    assert RunEvent.CANCEL in stage.events
    stage.nothing_is_left()


def test_a_generator_that_is_closed_in_a_block_cancels_the_run(threads: Any) -> None:
    """An app that tells its run step by step is closed half-way: its block ends."""
    stage = OnRoad(threads, HANGING)

    def steps() -> Any:
        with stage.driver.watch(stage.request) as watch:
            yield from watch

    told = steps()
    next(told)
    told.close()

    assert RunEvent.CANCEL in stage.events
    stage.nothing_is_left()


def test_the_error_on_its_way_is_the_one_that_is_raised(road: Any, caplog: Any) -> None:
    """If the cancel goes wrong too, the log has that, and the app its own exception."""
    stage = OnRoad(road, HANGING)
    _strikes(stage, ZeroDivisionError)
    stage.on_call("cancel", lambda: {}["no such key"])

    with caplog.at_level(logging.ERROR, "runfsm.run"), pytest.raises(ZeroDivisionError):
        stage.run()
    assert ["a run could not be told to cancel"] == [it.message for it in caplog.records]
    stage.nothing_is_left()


# What a function returns -------------------------------------------------------------------------


async def _answer(city: str) -> str:
    await asyncio.sleep(0)
    return f"Sunny in {city}."


def returns_a_coroutine(city: str) -> Any:
    """Not declared async, and returns a coroutine."""
    return _answer(city)


@functools.wraps(returns_a_coroutine)
def wrapped(*args: Any, **kwargs: Any) -> Any:
    """A decorator's plain function around an async one."""
    return _answer(*args, **kwargs)


async def late(city: str) -> Any:
    """A decorator's async function that does not await the one that it wraps."""
    return _answer(city)


late.__name__ = "returns_a_coroutine"
RETURNING = [returns_a_coroutine, wrapped, late]


@pytest.mark.parametrize("function", RETURNING, ids=["plain", "wrapped", "twice"])
def test_a_tool_is_awaited_if_it_returns_an_awaitable(road: Any, function: Any) -> None:
    """What a function returns counts, not how it was declared."""
    if road.loop == "trio":
        pytest.skip("the coroutine is asyncio's")
    told: list[str | None] = []
    script = Script.of(call("returns_a_coroutine", city="Paris"), say("So."))
    stage = OnRoad(road, script, tools=[function])

    def hear(watch: Any, step: Any) -> None:
        if isinstance(step, ToolAnswered):
            told.append(watch.core.output(step.call_id).output)

    assert S.COMPLETED is stage.run(hear).status
    assert ["Sunny in Paris."] == told
    stage.nothing_is_left()


def test_an_awaitable_is_awaited_in_the_loop_of_the_driver() -> None:
    """A plain function's coroutine may use what belongs to the app's own loop."""
    from roads import ROADS  # noqa: PLC0415  # the table, beside its fixtures

    loops: list[Any] = []

    async def note() -> str:
        loops.append(asyncio.get_running_loop())
        return "noted"

    def ask() -> Any:
        return note()

    stage = OnRoad(ROADS["direct-asyncio"], Script.of(call("ask"), say("So.")), tools=[ask])

    async def main() -> bool:
        await stage.driver.run(stage.request)
        return loops == [asyncio.get_running_loop()]

    assert stage.play(main)
    stage.nothing_is_left()


def test_an_awaitable_that_raises_is_the_tools_failure(road: Any) -> None:
    """As if the function had raised."""
    if road.loop == "trio":
        pytest.skip("the coroutine is asyncio's")

    async def fails() -> str:
        raise ValueError("odd")

    def ask() -> Any:
        return fails()

    outcome = OnRoad(road, Script.of(call("ask"), say("So.")), tools=[ask]).run()

    assert ["raised"] == [it.error for it in outcome.journal if isinstance(it, ToolAnswered)]


def test_an_observer_that_returns_a_coroutine_is_told_of(road: Any, caplog: Any) -> None:
    """Nobody would await it: the log says so, and the run goes on."""

    async def later() -> None:
        raise AssertionError("nobody awaits it")

    stage = OnRoad(road, Script.of(say("Hello!")))
    stage.driver = stage.new_driver(observers=[lambda _step, _core: later()])
    with caplog.at_level(logging.ERROR, "runfsm.observers"):
        outcome = stage.run()

    assert S.COMPLETED is outcome.status
    assert all("nobody awaits it" in record.message for record in caplog.records)
    assert caplog.records
