"""A read of a stream that somebody cuts short, by threads and by tasks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import anyio
import pytest

from runfsm import TextDelta
from runfsm.driver.live import StreamEvent
from runfsm.driver.streamtask import StreamTask
from runfsm.driver.streamthread import StreamThread
from runfsm_simulator.world.clock import VirtualClock

DELTA = TextDelta("msg_1", "It")


def test_what_a_thread_reads_when_it_is_cut_short_is_not_told() -> None:
    """It may be there already, or not yet: that is the processor's choice."""
    cancelled: list[str] = []

    def events() -> Generator[StreamEvent, None, None]:
        cancelled.append("now")
        yield DELTA

    clock = VirtualClock()
    with clock.participant():
        stream = StreamThread(events(), clock, clock.alarm())
        assert stream.next(9.0, lambda: bool(cancelled)) is None
        stream.close()


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_what_a_task_reads_when_it_is_cut_short_is_not_told(loop: str) -> None:
    """The same for tasks."""
    cancelled: list[str] = []

    async def events() -> AsyncGenerator[StreamEvent, None]:
        cancelled.append("now")
        yield DELTA

    async def read() -> StreamEvent | None:
        clock = VirtualClock()
        with clock.participant():
            stream = StreamTask(events(), clock, clock.async_alarm())
            event = await stream.next(9.0, lambda: bool(cancelled))
            await stream.aclose()
        return event

    assert anyio.run(read, backend=loop) is None
