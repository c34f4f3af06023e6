"""An async tool in a task of its own. Its mirror is `toolthread.py`."""

from __future__ import annotations

import math
from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup

from runfsm.clock import Participant
from runfsm.driver.logbook import log_late
from runfsm.driver.request import ToolOutput
from runfsm.driver.toolround import ToolJob

__all__ = ["start"]


def start(
    tasks: TaskGroup, job: ToolJob, ring: Callable[[], None], participant: Participant
) -> None:
    """Call the tool in a new task of this group, and `ring` when it is settled."""
    tasks.start_soon(_work, job, ring, participant)


async def _work(job: ToolJob, ring: Callable[[], None], participant: Participant) -> None:
    try:
        with participant:
            output = await _call(job)
            if not job.settle(output):
                log_late(output)
            ring()
    finally:
        participant.leave()


async def _call(job: ToolJob) -> ToolOutput:
    bound = job.bound
    try:
        return bound.finish(await bound.invoke())
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if anyio.current_effective_deadline() == -math.inf:  # we are cancelled: not the tool's word
            raise
        return bound.failed(error)
