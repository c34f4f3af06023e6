"""Notices a wait that nobody can end: a tool that asks on the thread of the run that called it.

The run holds the thread until the tool returns, and the tool waits for the thread (librefang#3613).
What a context is a part of is inherited by the tasks and threads that are started in it, so that a
tool may ask through another driver, another loop or a group of tasks. A bare `threading.Thread`
inherits nothing before Python 3.14, and is not noticed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from runfsm.driver.toolround import ToolJob
from runfsm.errors import CallerError

__all__ = ["Calling", "check_no_reentry", "noted"]


@dataclass(frozen=True, slots=True)
class Calling:
    """A tool call under way.

    Attributes:
        service: where the run is that has made it.
        thread_ids: the names of the thread which that run holds.
        job: the call.
    """

    service: object
    thread_ids: frozenset[str | None]
    job: ToolJob

    @classmethod
    def of(cls, backend: object, thread_ids: Collection[str | None], job: ToolJob) -> Calling:
        """A call of a run on this thread."""
        return cls(_service_of(backend), frozenset(thread_ids), job)

    def holds(self, backend: object, thread_id: str) -> bool:
        """Return whether the thread is held until this call has returned."""
        is_under_way = self.job.output is None
        return (
            is_under_way and thread_id in self.thread_ids and self.service == _service_of(backend)
        )


#: The calls of which the running code is a part, the outermost first.
CALLS: Final[ContextVar[tuple[Calling, ...]]] = ContextVar("runfsm_calls", default=())


@contextmanager
def noted(*calls: Calling) -> Iterator[None]:
    """Note that what is started in this block is a part of these calls."""
    token = CALLS.set((*CALLS.get(), *calls))
    try:
        yield
    finally:
        CALLS.reset(token)


def check_no_reentry(backend: object, thread_id: str | None) -> None:
    """Refuse to ask on a thread that is held until the caller returns.

    Raises:
        CallerError: it is.
    """
    if thread_id is None or not any(call.holds(backend, thread_id) for call in CALLS.get()):
        return
    raise CallerError(
        f"a tool asks on {thread_id}, which its own run holds until the tool returns: neither "
        f"could go on. Return what is to be said, and say it after the run; or use another thread"
    )


def _service_of(backend: object) -> Any:
    """Return a value that two backends of one service have in common."""
    client = getattr(backend, "_client", None)
    if client is None:
        return getattr(backend, "runfsm_service", backend)
    return getattr(client, "runfsm_service", None) or str(getattr(client, "base_url", client))
