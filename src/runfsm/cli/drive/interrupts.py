"""Ctrl-C: the first one asks, the second one leaves. SIGTERM is the same, said by a program."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import TaskStatus

__all__ = ["interruptible"]


async def interruptible(
    work: Callable[[], Awaitable[object]],
    *,
    ask: Callable[[], object],
    leave: Callable[[], object],
) -> int | None:
    """Do the work to its end.

    Args:
        work: what is done.
        ask: called in the event loop at the first signal; the work goes on.
        leave: called at each further one.

    Returns:
        The number of the first signal, if one came.
    """
    came: list[int] = []

    async def listen(*, task_status: TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async for number in signals:
                came.append(number)
                (ask if len(came) == 1 else leave)()

    try:
        async with anyio.create_task_group() as tasks:
            await tasks.start(listen)
            await work()
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        error = _own(group)
        raise error from error.__cause__
    return came[0] if came else None


def _own(error: BaseException) -> BaseException:
    """What the work itself raised: task groups wrap it up."""
    return _own(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
