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

__all__ = ["settle", "start"]

#: Where anyio (by sniffio) notes which event loop a context is in, once `anyio.run` began it.
LOOP_NOTE: Final = "current_async_library_cvar"


def start(
    job: ToolJob, ring: Callable[[], None], participant: Participant, *, awaits: bool = True
) -> None:
    """Call the tool in a new thread, in a copy of this context, and `ring` when it is settled.

    Args:
        job: the call.
        ring: called, in that thread, when the call is settled or its awaitable is there.
        participant: whose time it takes.
        awaits: whether an awaitable that the function returns is awaited in that thread; if not,
            it is left in `job.awaitable`.
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


def _work(
    job: ToolJob,
    ring: Callable[[], None],
    participant: Participant,
    awaits: bool,  # noqa: FBT001  # a thread's arguments have no names
) -> None:
    with participant:
        job.awaitable = _call(job, awaits=awaits)
        ring()
    participant.leave()
    if job.output is not None:
        job.drop_awaitable()  # given up meanwhile


def _call(job: ToolJob, *, awaits: bool) -> Awaitable[Any] | None:
    """Call the tool, and settle the call; or return what is to be awaited elsewhere."""
    bound = job.bound
    try:
        value = bound.invoke()
        if isawaitable(value):  # whatever the function was declared to be
            if not awaits:
                return value
            value = anyio.run(_awaited, value)
        settle(job, bound.finish(value))
    except BaseException as error:  # noqa: BLE001  # even SystemExit must settle the job
        settle(job, bound.failed(error))
    return None


def settle(job: ToolJob, output: ToolOutput) -> None:
    """Settle the call; of one that was given up before, at least the log has what it raised."""
    if not job.settle(output):
        log_late(output)


async def _awaited(value: Any) -> Any:
    while isawaitable(value):  # an async decorator may give what it wraps, not awaited
        value = await value
    return value
