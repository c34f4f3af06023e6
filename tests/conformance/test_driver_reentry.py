"""A wait that nobody can end is refused: on the thread of a tool's own run, in its own line."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from inspect import isawaitable
from typing import Any, Final

import anyio
import pytest

from driving import S
from onroad import OnRoad
from runfsm import (
    AsyncRunDriver,
    CallerError,
    Enqueue,
    Interrupt,
    Lines,
    Outcome,
    Reject,
    RunDriver,
    RunRequest,
    Wait,
)
from runfsm.driver.journal import ToolAnswered
from runfsm_simulator import Script, call, say

SCRIPT: Final = Script.of(call("ask"), say("Done."))
POLICIES: Final = [Wait(), Enqueue(), Interrupt(), Reject()]


async def _run(stage: OnRoad, thread_id: str, on_busy: Any) -> None:
    await _done(stage.driver.run(_request(stage, thread_id), on_busy=on_busy))


async def _add(stage: OnRoad, thread_id: str, on_busy: Any) -> None:
    await _done(stage.driver.add_message(thread_id, "And?", on_busy=on_busy))


async def _stream(stage: OnRoad, thread_id: str, on_busy: Any) -> None:
    async with stage.awaited(
        stage.driver.stream(_request(stage, thread_id), on_busy=on_busy)
    ) as it:
        await it.finish()


async def _session(stage: OnRoad, thread_id: str, on_busy: Any) -> None:
    session = stage.driver.thread_session(thread_id, on_busy=on_busy)
    if stage.road.loop is None:
        with session:
            pass
    else:
        async with session:
            pass


async def _another_driver(stage: OnRoad, thread_id: str, on_busy: Any) -> None:
    backend = stage.road.backend(stage.simulator)
    make: Any = RunDriver if stage.road.loop is None else AsyncRunDriver
    driver = make(backend, clock=stage.clock)
    await _done(driver.run(_request(stage, thread_id), on_busy=on_busy))


WAYS: Final = {
    "run": _run,
    "add_message": _add,
    "stream": _stream,
    "thread_session": _session,
    "another driver": _another_driver,
}


async def _done(answer: Any) -> Any:
    return await answer if isawaitable(answer) else answer


def _request(stage: OnRoad, thread_id: str) -> RunRequest:
    return RunRequest(stage.request.assistant_id, "And?", thread_id)


def _stepped(body: Any) -> None:
    try:
        body.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def _asking(road: Any, ask: Callable[[OnRoad, str], Awaitable[None]]) -> tuple[Outcome, list[Any]]:
    """The outcome of a run whose tool asks so on its thread, and what that came to."""
    met: list[Any] = []
    thread_ids: list[str] = []

    async def asks() -> str:
        try:
            await ask(stage, thread_ids[0])
        except CallerError as error:
            met.append(str(error))
            raise
        met.append(None)
        return "asked"

    def asks_plainly() -> str:
        _stepped(asks())
        return "asked"

    tool: Any = asks_plainly if road.loop is None else asks
    tool.__name__ = "ask"
    stage = OnRoad(road, SCRIPT, tools=[tool])
    thread_ids.append(road.thread(stage.simulator))
    stage.request = RunRequest(stage.request.assistant_id, "Hi", thread_ids[0])
    began_at = stage.clock.now()
    outcome = stage.run()
    assert stage.clock.now() - began_at < 60
    stage.nothing_is_left()
    return outcome, met


@pytest.mark.reported(
    "librefang#3613",
    "A tool that asked on its own run's thread, with Wait() or Enqueue(), waited for ten minutes.",
    now="CallerError at once, on each wire, through whichever driver it asks.",
)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("on_busy", POLICIES, ids=str)
def test_a_tool_cannot_wait_for_its_own_run(road: Any, way: Any, on_busy: Any) -> None:
    """It is told so at once; the run goes on with the error as the tool's word (librefang#3613)."""
    outcome, met = _asking(road, lambda stage, thread_id: way(stage, thread_id, on_busy))

    assert (S.COMPLETED, "Done.") == (outcome.status, outcome.text)
    assert 1 == len(met)
    assert "its own run holds" in met[0]
    assert ["raised"] == [it.error for it in outcome.journal if isinstance(it, ToolAnswered)]


def test_a_group_of_tasks_is_a_part_of_its_tool(tasks: Any) -> None:
    """Tasks that a tool starts, and waits for, are refused too."""

    async def ask(stage: OnRoad, thread_id: str) -> None:
        met: list[Exception] = []

        async def child() -> None:
            try:
                await _run(stage, thread_id, Wait())
            except CallerError as error:
                met.append(error)

        async with anyio.create_task_group() as group:
            group.start_soon(child)
        raise met[0]

    _, met = _asking(tasks, ask)

    assert "its own run holds" in met[0]


def test_a_map_in_a_tool_tells_it_of_that_request(tasks: Any) -> None:
    """The results of a map have the error of the one request; the others go on."""

    async def ask(stage: OnRoad, thread_id: str) -> None:
        requests = [_request(stage, thread_id), RunRequest(stage.request.assistant_id, "Hi")]
        stage.simulator.world.play(Script.of(say("Hello!")))
        async with stage.driver.map(requests, on_busy=Wait()) as results:
            found = {result.index: result async for result in results}
        assert "Hello!" == found[1].outcome.text
        raise found[0].error

    _, met = _asking(tasks, ask)

    assert "its own run holds" in met[0]


def test_a_plain_tool_of_tasks_may_ask_by_threads() -> None:
    """A sync tool under an `AsyncRunDriver` asks through a `RunDriver`, and through a pool."""
    from roads import ROADS  # noqa: PLC0415  # the table, beside its fixtures

    met: list[str] = []

    def ask() -> str:
        driver = RunDriver(stage.simulator.backend, clock=stage.clock)
        work = partial(driver.run, stage.request, on_busy=Wait())
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(contextvars.copy_context().run, work)
            met.extend(str(error) for error in [future.exception()])
        with pytest.raises(CallerError) as caught:
            work()
        met.append(str(caught.value))
        return "asked"

    stage = OnRoad(ROADS["direct-asyncio"], SCRIPT, tools=[ask])
    thread_id = stage.simulator.create_thread()
    stage.request = RunRequest(stage.request.assistant_id, "Hi", thread_id)

    assert "Done." == stage.run().text
    assert [True, True] == ["its own run holds" in text for text in met]


def test_another_thread_is_free_for_a_tool(road: Any) -> None:
    """A tool may drive a run on a thread of its own, and on another service's of the same name."""
    outcome, met = _asking(road, lambda stage, _: _elsewhere(stage))

    assert ([None], "Done.") == (met, outcome.text)


async def _elsewhere(stage: OnRoad) -> None:
    if stage.road.name != "asgi-asyncio":  # its two servers have one address there
        twin = OnRoad(stage.road, Script.of(say("Hello!")), clock=stage.clock)
        thread_id = stage.road.thread(twin.simulator)
        await _done(twin.driver.run(RunRequest(twin.request.assistant_id, "Hi", thread_id)))
    stage.simulator.world.play(Script.of(say("Hello!")))
    await _done(stage.driver.run(RunRequest(stage.request.assistant_id, "Hi")))
    stage.simulator.world.play(SCRIPT)


def test_a_tool_may_ask_on_a_new_thread_whose_run_is_on_one() -> None:
    """Two threads that were not named are not one thread."""
    from roads import ROADS  # noqa: PLC0415  # the table, beside its fixtures

    met: list[str] = []

    def ask() -> str:
        stage.simulator.world.play(Script.of(say("Hello!")))
        met.append(stage.driver.run(stage.request).text)
        stage.simulator.world.play(SCRIPT)
        return "asked"

    stage = OnRoad(ROADS["direct"], SCRIPT, tools=[ask])

    assert "Done." == stage.run().text
    assert ["Hello!"] == met


def test_what_a_tool_leaves_behind_may_wait_for_its_run() -> None:
    """A task that outlives the tool waits for the run, as anybody else would."""
    from roads import ROADS  # noqa: PLC0415  # the table, beside its fixtures

    later: list[asyncio.Task[Outcome]] = []

    async def ask() -> str:
        follow = stage.driver.run(_request(stage, thread_id), on_busy=Wait())
        later.append(asyncio.get_running_loop().create_task(follow))
        return "asked"

    stage = OnRoad(ROADS["direct-asyncio"], SCRIPT, tools=[ask])
    thread_id = stage.simulator.create_thread()
    stage.request = RunRequest(stage.request.assistant_id, "Hi", thread_id)

    async def main() -> tuple[str, str]:
        first = await stage.driver.run(stage.request)
        stage.simulator.world.play(Script.of(say("Later.")))
        return first.text, (await later[0]).text

    assert ("Done.", "Later.") == stage.play(main)


# Lines -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [_run, _add, _session], ids=["run", "add_message", "session"])
def test_a_session_does_not_stand_in_line_behind_itself(road: Any, way: Any) -> None:
    """Inside of a session's block, `Enqueue()` by the driver would wait for the block's end."""
    stage = OnRoad(road, Script.of(say("Hello!")))
    thread_id = road.thread(stage.simulator)

    async def main() -> str:
        session = stage.driver.thread_session(thread_id)
        if road.loop is None:
            with session, pytest.raises(CallerError, match="own place in the line") as caught:
                await way(stage, thread_id, Enqueue())
            return str(caught.value)
        async with session:
            with pytest.raises(CallerError, match="own place in the line") as caught:
                await way(stage, thread_id, Enqueue())
        return str(caught.value)

    assert "thread.run" in stage.play(main)
    stage.nothing_is_left()


def test_drivers_that_share_lines_notice_it_too() -> None:
    """The line is the same, whichever driver stands in it."""
    from roads import ROADS  # noqa: PLC0415  # the table, beside its fixtures

    stage, lines = OnRoad(ROADS["direct"], Script.of(say("Hello!"))), Lines()
    first, second = stage.new_driver(lines=lines), stage.new_driver(lines=lines)
    thread_id = stage.simulator.create_thread()

    with first.thread_session(thread_id), pytest.raises(CallerError, match="own place"):
        second.run(_request(stage, thread_id), on_busy=Enqueue())
    assert 0 == lines.waiting(thread_id)
