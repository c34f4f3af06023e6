"""Calls that are wrong: refused at once, in words that show the right ones; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest

from driving import HELLO, Stage, in_time
from runfsm import (
    AsyncRunDriver,
    BackendError,
    CallerError,
    Enqueue,
    Pacing,
    Policy,
    Reject,
    RunDriver,
    RunRequest,
    SystemClock,
    ToolDefinitionError,
    Toolset,
    Wait,
)
from runfsm.otel import Spans
from runfsm_simulator import Simulator

LOOPS = [None, "asyncio"]
DRIVERS = [RunDriver, AsyncRunDriver]


def get_weather() -> str:
    """It rains."""
    return "It rains."


def _driver(kind: Any, **settings: Any) -> Any:
    stage = Stage(HELLO, Policy())
    backend = stage.simulator.backend if kind is RunDriver else stage.simulator.async_backend
    return kind(backend, **{"clock": stage.clock, **settings})


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize(
    ("settings", "right"),
    [
        ({"policy": "wait"}, r"Policy\(on_busy=Wait\(\)\)"),
        ({"policy": Wait()}, r"Policy\(on_busy=Wait\(\)\)"),
        ({"clock": Simulator()}, r"clock is a Simulator.*clock=simulator\.clock"),
        ({"clock": SystemClock}, "clock is SystemClock"),
        ({"observers": ["print"]}, "not callable"),
        ({"observers": print}, r"observers=\[print\]"),
        ({"observers": [Spans]}, r"Spans\(\)"),
    ],
)
def test_a_drivers_wrong_settings_are_refused(kind: Any, settings: Any, right: str) -> None:
    """Where they are given, not at the first run."""
    with pytest.raises(CallerError, match=right):
        _driver(kind, **settings)


@pytest.mark.parametrize("kind", DRIVERS)
def test_one_tool_is_no_list_of_tools(kind: Any) -> None:
    """A bare function, in the place of a list of them."""
    with pytest.raises(ToolDefinitionError, match=r"Toolset\(\[get_weather\]\)"):
        _driver(kind, tools=get_weather)
    with pytest.raises(ToolDefinitionError, match=r"Toolset\(\[get_weather\]\)"):
        Toolset(get_weather)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (partial(Policy, deadline_s="30"), "deadline_s is '30'"),
        (partial(Wait, "60"), "timeout_s is '60'"),
        (partial(Wait, None), "timeout_s is None"),
        (partial(Pacing, first_s="1"), "first_s is '1'"),
        (partial(Pacing, faults_max=1.5), "faults_max is 1.5, where a whole number"),
        (partial(Enqueue, waiting_max=1.5), "waiting_max is 1.5, where a whole number"),
        (partial(Policy, pacing={"first_s": 1}), r"say Pacing\(first_s=1\.0\)"),
        (partial(Policy, on_busy=Wait), r"say Reject\(\), Wait\(\)"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(make: Callable[[], Any], said: str) -> None:
    """`ValueError`, with the setting's name and value."""
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (partial(RunRequest, None), "assistant_id is None"),
        (partial(RunRequest, ""), "assistant_id is ''"),
        (partial(RunRequest, Reject()), r"assistant_id is a Reject.*assistant\.id"),
        (partial(RunRequest, "asst_1", thread_id=Reject()), "thread_id is a Reject"),
        (partial(RunRequest, "asst_1", options=None), "options"),
        (partial(RunRequest, "asst_1", key=""), "key"),
        (partial(RunRequest, "asst_1", key=5), "key"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(make: Callable[[], Any], said: str) -> None:
    """When it is made. A key of nothing would find nothing: a lost creation would be repeated."""
    with pytest.raises(CallerError, match=said):
        make()


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("verb", ["run", "watch", "stream", "map", "map-one"])
def test_a_text_is_no_request(loop: str | None, verb: str) -> None:
    """Whoever gives a driver the text alone hears what to write; nothing is sent."""
    stage = Stage(HELLO, Policy())

    async def mapped() -> None:
        requests: Any = ["Hello"] if verb == "map" else stage.request
        async with stage.async_driver.map(requests) as results:
            async for _ in results:
                pass

    def work() -> None:
        if verb.startswith("map"):
            anyio.run(mapped, backend=loop or "trio")
            return
        driver: Any = stage.driver if loop is None else stage.async_driver
        begun = getattr(driver, verb)("Hello")
        if loop is not None:
            anyio.run(lambda: begun, backend=loop)

    right = r"map\(\[request\]\)" if verb == "map-one" else r"RunRequest\(assistant_id, message\)"
    with pytest.raises(CallerError, match=right):
        in_time(work)
    assert [] == stage.events


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("verb", ["add_message", "thread_session"])
@pytest.mark.parametrize("thread_id", [None, ""])
def test_no_thread_is_not_made_up(loop: str | None, verb: str, thread_id: Any) -> None:
    """A message without a thread is refused: threads were made for it, one after the other."""
    stage = Stage(HELLO, Policy())

    def work() -> None:
        if verb == "add_message":
            stage.driver.add_message(thread_id, "Hello")
        else:
            with stage.driver.thread_session(thread_id):
                pass

    async def work_async() -> None:
        if verb == "add_message":
            await stage.async_driver.add_message(thread_id, "Hello")
        else:
            async with stage.async_driver.thread_session(thread_id):
                pass

    with pytest.raises(CallerError, match="thread_id is"):
        in_time(work if loop is None else lambda: anyio.run(work_async, backend=loop))
    assert {} == stage.simulator.world.store.threads


@pytest.mark.parametrize("on_busy", [Reject(), Wait(), Enqueue()], ids=str)
@pytest.mark.parametrize("loop", LOOPS)
def test_a_session_is_over_with_its_block(loop: str | None, on_busy: Any) -> None:
    """Under every policy: what is asked of it afterwards is refused, and nothing is sent."""
    stage = Stage(HELLO, Policy(on_busy=on_busy))
    thread_id = stage.simulator.backend.create_thread()

    def work() -> None:
        with stage.driver.thread_session(thread_id) as thread:
            pass
        thread.add_message("Hello")

    async def work_async() -> None:
        async with stage.async_driver.thread_session(thread_id) as thread:
            pass
        await thread.run(stage.request)

    with pytest.raises(CallerError, match="is over"):
        in_time(work if loop is None else lambda: anyio.run(work_async, backend=loop))
    assert [] == stage.events


def test_an_outcome_that_is_not_there_says_what_to_do() -> None:
    """In the words of who drives a run, not in the driver's own."""
    stage = Stage(HELLO, Policy())
    with pytest.raises(CallerError, match=r"finish\(\)"):
        _ = stage.driver.watch(stage.request).outcome


def test_a_service_that_refuses_an_assistant_is_told_in_its_own_words() -> None:
    """An id of another kind is the service's to refuse."""
    stage = Stage(HELLO, Policy())
    with pytest.raises(BackendError, match="assistant"):
        stage.driver.run(RunRequest("no-id", "Hello"))


def test_more_than_one_is_no_limit() -> None:
    """`limit` counts runs."""
    stage = Stage(HELLO, Policy())
    with pytest.raises(ValueError, match=r"limit is 1\.5, where a whole number"):
        stage.async_driver.map([], limit=1.5)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("kind", DRIVERS)
def test_what_is_resumed_is_a_core(kind: Any) -> None:
    """A watch in its place is told from it."""
    driver = _driver(kind)
    with pytest.raises(CallerError, match=r"resume\(watch\.core\)"):
        driver.resume(driver.watch(RunRequest("asst_1", "Hello")))
