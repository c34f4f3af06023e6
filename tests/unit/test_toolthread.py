"""Facts about tools in threads of their own."""

from __future__ import annotations

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
