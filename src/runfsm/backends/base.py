"""WHO IS ASKED: five calls, and nothing else, between a driver and a service.

A backend parses what the service says into a `RunSnapshot` and what goes wrong into a
`BackendError` with a `Fault`. It decides nothing: no retry, no waiting, no state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from runfsm.driver.actions import RunRequest, ToolOutput
from runfsm.lifecycle.snapshot import RunMessage, RunRef, RunSnapshot

__all__ = ["AsyncBackend", "Backend"]


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
