"""An async tool in a task of its own. Its mirror is `toolthread.py`."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

import anyio
from anyio.abc import TaskGroup

from runfsm.clock import Participant
from runfsm.driver.logbook import log_late
from runfsm.driver.request import ToolOutput
from runfsm.driver.toolround import ToolJob

__all__ = ["start"]


def start(
    tasks: TaskGroup,
    job: ToolJob,
    ring: Callable[[], None],
    participant: Participant,
    awaitable: Awaitable[Any] | None = None,
) -> None:
    """Await the tool in a new task of this group, and `ring` when it is settled.

    Args:
        tasks: the group.
        job: the call.
        ring: wakes the loop.
        participant: the task's part in time.
        awaitable: what the tool has returned in a thread; `None` calls it in the task.
    """
    tasks.start_soon(_work, job, ring, participant, awaitable)


async def _work(
    job: ToolJob,
    ring: Callable[[], None],
    participant: Participant,
    awaitable: Awaitable[Any] | None,
) -> None:
    try:
        with participant:
            output = await _call(job, awaitable)
            if not job.settle(output):
                log_late(output)
            ring()
    finally:
        participant.leave()


async def _call(job: ToolJob, awaitable: Awaitable[Any] | None) -> ToolOutput:
    bound = job.bound
    try:
        value = bound.invoke() if awaitable is None else awaitable
        return bound.finish(await value if isawaitable(value) else value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if anyio.current_effective_deadline() == -math.inf:  # we are cancelled: not the tool's word
            raise
        return bound.failed(error)
