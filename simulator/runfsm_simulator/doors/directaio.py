"""The direct port for tasks: the calls of `direct.py`, each to be awaited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runfsm.lifecycle import RunMessage, RunRef, RunSnapshot
from runfsm_simulator.doors.direct import DirectBackend
from runfsm_simulator.doors.directvalues import RunRequest, ToolOutput

__all__ = ["AsyncDirectBackend"]


class AsyncDirectBackend:
    """The same calls, to be awaited. None of them ever waits.

    Args:
        backend: who answers them.
    """

    def __init__(self, backend: DirectBackend) -> None:
        self._backend = backend
        self.runfsm_service = backend.runfsm_service

    async def create(self, request: RunRequest) -> RunSnapshot:
        """See `DirectBackend.create`."""
        return self._backend.create(request)

    async def retrieve(self, ref: RunRef) -> RunSnapshot:
        """See `DirectBackend.retrieve`."""
        return self._backend.retrieve(ref)

    async def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """See `DirectBackend.submit`."""
        return self._backend.submit(ref, outputs)

    async def cancel(self, ref: RunRef) -> RunSnapshot:
        """See `DirectBackend.cancel`."""
        return self._backend.cancel(ref)

    async def messages(self, ref: RunRef) -> tuple[RunMessage, ...]:
        """See `DirectBackend.messages`."""
        return self._backend.messages(ref)

    async def create_thread(self) -> str:
        """See `DirectBackend.create_thread`."""
        return self._backend.create_thread()

    async def runs(self, thread_id: str) -> tuple[RunSnapshot, ...]:
        """See `DirectBackend.runs`."""
        return self._backend.runs(thread_id)

    async def add_message(self, thread_id: str, content: Any, *, key: str | None = None) -> str:
        """See `DirectBackend.add_message`."""
        return self._backend.add_message(thread_id, content, key=key)

    async def find_message(self, thread_id: str, key: str) -> str | None:
        """See `DirectBackend.find_message`."""
        return self._backend.find_message(thread_id, key)
