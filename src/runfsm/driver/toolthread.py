"""A tool in a thread of its own, for both loops. Its mirror, for async tools, is `tooltask.py`."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from inspect import isawaitable
from typing import Any, Final

import anyio

from runfsm.clock import Participant
from runfsm.driver.logbook import log_late
from runfsm.driver.request import ToolOutput
from runfsm.driver.toolround import ToolJob

__all__ = ["start"]

#: Where anyio (by sniffio) notes which event loop a context is in, once `anyio.run` began it.
LOOP_NOTE: Final = "current_async_library_cvar"


def start(
    job: ToolJob, ring: Callable[[], None], participant: Participant, *, awaits: bool = True
) -> None:
    """Call the tool in a new thread, in a copy of this context, and `ring` when it is settled.

    Args:
        job: the call.
        ring: wakes the loop.
        participant: the thread's part in time.
        awaits: whether the thread awaits an awaitable that the tool returns, in an event loop of
            its own; else the job hands it over to the loop that it rings.
    """
    # A daemon: a tool that is timed out cannot be stopped, and must not hold the program's exit.
    arguments = (_work, job, ring, participant, awaits)
    threading.Thread(target=_outside_of_loops().run, args=arguments, daemon=True).start()


def _outside_of_loops() -> Context:
    """A copy of this context that is in no event loop: a tool may run one, where anyio allows."""
    context = copy_context()
    for variable in context:
        if variable.name == LOOP_NOTE:
            context.run(variable.set, None)
    return context


def _work(job: ToolJob, ring: Callable[[], None], participant: Participant, awaits: bool) -> None:  # noqa: FBT001  # threads take arguments by place
    with participant:
        came = _call(job, awaits=awaits)
        if not isinstance(came, ToolOutput):
            job.hand_over(came)
        elif not job.settle(came):
            log_late(came)
        ring()
    if isinstance(came, ToolOutput):
        participant.leave()


def _call(job: ToolJob, *, awaits: bool) -> ToolOutput | Awaitable[Any]:
    bound = job.bound
    try:
        value = bound.invoke()
        if not isawaitable(value):  # whatever the function was declared to be
            return bound.finish(value)
        return bound.finish(anyio.run(_awaited, value)) if awaits else value
    except BaseException as error:  # noqa: BLE001  # even SystemExit must settle the job
        return bound.failed(error)


async def _awaited(value: Awaitable[Any]) -> Any:
    return await value
