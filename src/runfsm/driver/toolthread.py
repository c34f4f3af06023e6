"""A tool in a thread of its own, for both loops. Its mirror, for async tools, is `tooltask.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Final

import anyio

from runfsm.clock import Participant
from runfsm.driver.logbook import log_late
from runfsm.driver.request import ToolOutput
from runfsm.driver.toolround import ToolJob

__all__ = ["start"]

#: Where anyio (by sniffio) notes which event loop a context is in, once `anyio.run` began it.
LOOP_NOTE: Final = "current_async_library_cvar"


def start(job: ToolJob, ring: Callable[[], None], participant: Participant) -> None:
    """Call the tool in a new thread, in a copy of this context, and `ring` when it is settled."""
    # A daemon: a tool that is timed out cannot be stopped, and must not hold the program's exit.
    arguments = (_work, job, ring, participant)
    threading.Thread(target=_outside_of_loops().run, args=arguments, daemon=True).start()


def _outside_of_loops() -> Context:
    """A copy of this context that is in no event loop: a tool may run one, where anyio allows."""
    context = copy_context()
    for variable in context:
        if variable.name == LOOP_NOTE:
            context.run(variable.set, None)
    return context


def _work(job: ToolJob, ring: Callable[[], None], participant: Participant) -> None:
    with participant:
        output = _call(job)
        if not job.settle(output):
            log_late(output)
        ring()
    participant.leave()


def _call(job: ToolJob) -> ToolOutput:
    bound = job.bound
    try:
        return bound.finish(anyio.run(bound.invoke) if bound.tool.is_async else bound.invoke())
    except BaseException as error:  # noqa: BLE001  # even SystemExit must settle the job
        return bound.failed(error)
