"""Facts about tools in threads of their own."""

from __future__ import annotations

import logging
import threading

import anyio
import pytest

from runfsm import SystemClock, ToolCall, Toolset
from runfsm.driver import toolthread
from runfsm.driver.toolround import ToolJob
from runfsm.tools import BoundCall


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_plain_tool_may_run_an_event_loop_of_its_own(loop: str) -> None:
    """Its thread is in no event loop, though the driver that called it is."""

    def look_up() -> str:
        async def later() -> str:
            await anyio.lowlevel.checkpoint()
            return "42"

        return anyio.run(later, backend=loop)

    bound = Toolset([look_up]).bind(ToolCall("call_1", "look_up", "{}"))
    assert isinstance(bound, BoundCall)
    job = ToolJob(bound, timeout_s=10.0, left_s=10.0, now=0.0)
    settled = threading.Event()

    async def start() -> None:
        toolthread.start(job, settled.set, SystemClock().participant())

    anyio.run(start, backend=loop)

    assert settled.wait(timeout=10)
    assert job.output is not None
    assert ("42", None) == (job.output.output, job.output.error)


def test_what_is_raised_after_a_call_was_given_up_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The output is not taken, and no step reports it; whoever has to mend the tool reads of it."""

    def odd() -> str:
        raise ValueError("the station is silent")

    bound = Toolset([odd]).bind(ToolCall("call_1", "odd", "{}"))
    assert isinstance(bound, BoundCall)
    job = ToolJob(bound, timeout_s=10.0, left_s=10.0, now=0.0)
    job.abandon()
    settled = threading.Event()
    with caplog.at_level(logging.WARNING, "runfsm"):
        toolthread.start(job, settled.set, SystemClock().participant())
        assert settled.wait(timeout=10)

    assert "tool odd (call_1): raised, after it was given up" in caplog.text
    assert "the station is silent" in caplog.text
    assert job.output is not None
    assert job.output.error == "abandoned"
