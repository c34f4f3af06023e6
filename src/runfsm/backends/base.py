"""WHO IS ASKED: five calls, and nothing else, between a driver and a service.

A backend parses what the service says into a `RunSnapshot` and what goes wrong into a
`BackendError` with a `Fault`. It decides nothing: no retry, no waiting, no state.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Protocol

from runfsm.driver.actions import RunRequest, ToolOutput
from runfsm.lifecycle.snapshot import RunMessage, RunRef, RunSnapshot

__all__ = ["AsyncBackend", "Backend", "check_kind"]


class Backend(Protocol):
    """A service that runs assistants, for `RunDriver`.

    Every method raises `BackendError` (or its `ThreadBusy`) for a fault, and nothing else.
    """

    def create(self, request: RunRequest) -> RunSnapshot:
        """Create a run on `request.thread_id`, or on a new thread when that is `None`."""

    def retrieve(self, ref: RunRef) -> RunSnapshot:
        """Look at the run."""

    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """Hand in the outputs of every pending call at once."""

    def cancel(self, ref: RunRef) -> RunSnapshot:
        """Ask to cancel; the snapshot may still be `cancelling`."""

    def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """What the run wrote, oldest first."""


class AsyncBackend(Protocol):
    """The same five calls, to be awaited, for `AsyncRunDriver`."""

    async def create(self, request: RunRequest) -> RunSnapshot:
        """Create a run on `request.thread_id`, or on a new thread when that is `None`."""

    async def retrieve(self, ref: RunRef) -> RunSnapshot:
        """Look at the run."""

    async def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """Hand in the outputs of every pending call at once."""

    async def cancel(self, ref: RunRef) -> RunSnapshot:
        """Ask to cancel; the snapshot may still be `cancelling`."""

    async def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """What the run wrote, oldest first."""


def check_kind(backend: Any, *, awaited: bool) -> None:
    """Refuse a backend that a driver cannot use.

    Args:
        backend: what a driver was given.
        awaited: whether its calls are to be awaited.

    Raises:
        TypeError: it is of the other kind, or no backend at all; the message says what to write.
    """
    kind = type(backend).__name__
    if not callable(getattr(backend, "create", None)):
        raise TypeError(f"a driver wants a backend; wrap your {kind}: AssistantsBackend(client)")
    if inspect.iscoroutinefunction(backend.create) == awaited:
        return
    if awaited:
        raise TypeError(
            f"AsyncRunDriver is for tasks, and {kind} blocks: use RunDriver(backend), or give "
            f"AsyncRunDriver a backend on an async client"
        )
    raise TypeError(
        f"RunDriver is for threads, and {kind} is to be awaited: use AsyncRunDriver(backend), or "
        f"give RunDriver a backend on a sync client"
    )
