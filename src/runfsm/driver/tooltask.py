"""An async tool in a task of its own. Its mirror is `toolthread.py`."""

from __future__ import annotations

import math
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

import anyio
from anyio.abc import TaskGroup

from runfsm.clock import Clock, Participant
from runfsm.driver.request import ToolOutput
from runfsm.driver.toolround import ToolJob, ToolRound
from runfsm.driver.toolthread import settle

__all__ = ["go_on", "start"]


def start(
    tasks: TaskGroup, job: ToolJob, ring: Callable[[], None], participant: Participant
) -> None:
    """Call the tool in a new task of this group, and `ring` when it is settled.

    If its function was called already, in a thread, what that returned is awaited.
    """
    value = job.take_awaitable()
    invoke = job.bound.invoke if value is None else lambda: value
    tasks.start_soon(_work, job, invoke, ring, participant)


def go_on(
    tasks: TaskGroup, tools: ToolRound, ring: Callable[[], None], clock: Clock
) -> list[tuple[ToolJob, Participant]]:
    """Await what plain functions have returned from their threads, each in a new task."""
    workers = [(job, clock.participant(beside=True)) for job in tools.returned]
    for job, participant in workers:
        start(tasks, job, ring, participant)
    return workers


async def _work(
    job: ToolJob, invoke: Callable[[], Any], ring: Callable[[], None], participant: Participant
) -> None:
    try:
        with participant:
            settle(job, await _call(job, invoke))
            ring()
    finally:
        participant.leave()


async def _call(job: ToolJob, invoke: Callable[[], Any]) -> ToolOutput:
    bound = job.bound
    try:
        value = invoke()  # what it returns counts, not how the function was declared
        while isawaitable(value):  # of an awaitable, too
            value = await value
        return bound.finish(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if anyio.current_effective_deadline() == -math.inf:  # we are cancelled: not the tool's word
            raise
        return bound.failed(error)
