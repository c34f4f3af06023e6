"""A function that sleeps and looks at the clock by itself, put into virtual time for a while.

`time.sleep`, `asyncio.sleep` and `anyio.sleep` let virtual time pass, `time.time` and
`time.monotonic` read it, and `random` begins anew, so that the function repeats itself. That holds
for the whole process as long as it lasts, and for what the function's own module has imported by
name (`from time import sleep`); what other modules have imported by name is not reached.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import anyio

from runfsm_simulator.world.clock import VirtualClock

__all__ = ["pretended"]


@contextmanager
def pretended(
    clock: VirtualClock,
    names: MutableMapping[str, Any],
    *,
    slept: Callable[[], None],
    read: Callable[[], float],
) -> Iterator[None]:
    """Within it, time is this clock's.

    Args:
        clock: what is slept on.
        names: the globals of the function's module.
        slept: called after each sleep; it may raise.
        read: what the clock shows (Unix seconds).
    """
    state = random.getstate()
    random.seed(0)
    with ExitStack() as stack:
        stack.callback(random.setstate, state)
        for (module, name), pretender in _pretenders(clock, slept, read).items():
            real = getattr(module, name)
            stack.enter_context(patch.object(module, name, pretender))
            known_as = {key: pretender for key, value in names.items() if value is real}
            stack.enter_context(patch.dict(names, known_as))
        yield


def _pretenders(
    clock: VirtualClock, slept: Callable[[], None], read: Callable[[], float]
) -> Mapping[tuple[Any, str], Callable[..., Any]]:
    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        slept()

    yield_once = asyncio.sleep  # of no time: how tasks give way to each other, and anyio to them

    async def async_sleep(delay: float, result: Any = None) -> Any:
        if delay <= 0:
            return await yield_once(0, result)
        await clock.async_sleep(delay)
        slept()
        return result

    return {
        (time, "sleep"): sleep,
        (time, "time"): read,
        (time, "monotonic"): read,
        (asyncio, "sleep"): async_sleep,
        (anyio, "sleep"): async_sleep,
    }
