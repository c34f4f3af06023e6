"""A function that sleeps and looks at the clock by itself, put into virtual time for a while.

`time.sleep`, `asyncio.sleep` and `anyio.sleep` let virtual time pass, `time.time` and
`time.monotonic` read it, and `random` begins anew, so that the function repeats itself. That holds
for the whole process as long as it lasts, and for what the function's own module has imported by
name (`from time import sleep`) or made a default of (`def wait(sleep=time.sleep)`); what other
modules have by name is not reached. A wait in real time is warned of (`realtime.py`).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager, suppress
from types import FunctionType
from typing import Any
from unittest.mock import patch

import anyio

from runfsm_simulator.explore.realtime import noticed
from runfsm_simulator.world.clock import VirtualClock

__all__ = ["pretended"]


@contextmanager
def pretended(
    clock: VirtualClock,
    function: Any,
    *,
    slept: Callable[[], None],
    read: Callable[[], float],
) -> Iterator[None]:
    """Within it, time is this clock's.

    Args:
        clock: what is slept on.
        function: what is played; its module's names, and what it has kept, are replaced.
        slept: called after each sleep; it may raise.
        read: what the clock shows (Unix seconds).
    """
    own = list(own_functions(function))
    names: MutableMapping[str, Any] = own[-1].__globals__ if own else {}
    state = random.getstate()
    random.seed(0)
    with ExitStack() as stack:
        stack.callback(random.setstate, state)
        instead: dict[int, Any] = {}  # of a real one, by its id
        for (module, name), pretender in _pretenders(clock, slept, read).items():
            instead[id(getattr(module, name))] = pretender
            stack.enter_context(patch.object(module, name, pretender))
        known_as = {key: instead[id(value)] for key, value in names.items() if id(value) in instead}
        functions = [value for value in names.values() if isinstance(value, FunctionType)]
        stack.enter_context(patch.dict(names, known_as))
        for keeping in {id(one): one for one in (*functions, *own)}.values():
            _replace_kept(keeping, instead, stack)
        stack.enter_context(noticed())
        yield


def _replace_kept(function: FunctionType, instead: Mapping[int, Any], stack: ExitStack) -> None:
    """Replace what a function has kept: in its defaults, and in what it closes over."""
    defaults = tuple(instead.get(id(one), one) for one in function.__defaults__ or ())
    if defaults != (function.__defaults__ or ()):
        stack.enter_context(patch.object(function, "__defaults__", defaults))
    by_name = function.__kwdefaults__ or {}
    if kept := {key: instead[id(one)] for key, one in by_name.items() if id(one) in instead}:
        stack.enter_context(patch.dict(by_name, kept))
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # it is empty
            if (real := cell.cell_contents) is not None and id(real) in instead:
                stack.callback(setattr, cell, "cell_contents", real)
                cell.cell_contents = instead[id(real)]


def own_functions(function: Any) -> Iterator[FunctionType]:
    """The function, and those that it wraps: of a decorator, a partial or a method."""
    while function is not None:
        function = getattr(function, "__func__", function)
        if isinstance(function, FunctionType):
            yield function
        function = getattr(function, "__wrapped__", None) or getattr(function, "func", None)


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
