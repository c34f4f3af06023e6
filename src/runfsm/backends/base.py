"""WHO IS ASKED: nine calls, and nothing else, between a driver and a service.

A backend parses what the service says into a `RunSnapshot` and what goes wrong into a
`BackendError` with a `Fault`. It decides nothing: no retry, no waiting, no state.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from runfsm.driver.content import MessageContent
from runfsm.driver.live import StreamEvent
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.lifecycle.snapshot import RunMessage, RunRef, RunSnapshot

__all__ = [
    "AsyncBackend",
    "AsyncStreamingBackend",
    "Backend",
    "Capabilities",
    "StreamingBackend",
    "check_kind",
]


class Backend(Protocol):
    """A service that runs assistants, for `RunDriver`.

    Every method raises `BackendError` (or its `ThreadBusy`) for a fault, and nothing else.
    """

    def create_thread(self) -> str:
        """Make an empty thread, and return its id."""

    def runs(self, thread_id: str) -> Sequence[RunSnapshot]:
        """The thread's latest runs, newest first: some 20 will do."""

    def create(self, request: RunRequest) -> RunSnapshot:
        """Create a run on `request.thread_id`, or on a new thread when that is `None`.

        The run keeps `request.key`; whoever lists it gets it in `RunSnapshot.key`.
        """

    def retrieve(self, ref: RunRef) -> RunSnapshot:
        """Look at the run."""

    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """Hand in the outputs of every pending call at once."""

    def cancel(self, ref: RunRef) -> RunSnapshot:
        """Ask to cancel; the snapshot may still be `cancelling`."""

    def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """What the run wrote, oldest first."""

    def add_message(
        self, thread_id: str, content: MessageContent, *, key: str | None = None
    ) -> str:
        """Add a user's message that keeps this key, and return its id."""

    def find_message(self, thread_id: str, key: str) -> str | None:
        """The id of the message of this key among the thread's latest, if it is there."""


class AsyncBackend(Protocol):
    """The same calls, to be awaited, for `AsyncRunDriver`."""

    async def create_thread(self) -> str:
        """Make an empty thread, and return its id."""

    async def runs(self, thread_id: str) -> Sequence[RunSnapshot]:
        """The thread's latest runs, newest first: some 20 will do."""

    async def create(self, request: RunRequest) -> RunSnapshot:
        """Create a run on `request.thread_id`, or on a new thread when that is `None`.

        The run keeps `request.key`; whoever lists it gets it in `RunSnapshot.key`.
        """

    async def retrieve(self, ref: RunRef) -> RunSnapshot:
        """Look at the run."""

    async def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """Hand in the outputs of every pending call at once."""

    async def cancel(self, ref: RunRef) -> RunSnapshot:
        """Ask to cancel; the snapshot may still be `cancelling`."""

    async def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """What the run wrote, oldest first."""

    async def add_message(
        self, thread_id: str, content: MessageContent, *, key: str | None = None
    ) -> str:
        """Add a user's message that keeps this key, and return its id."""

    async def find_message(self, thread_id: str, key: str) -> str | None:
        """The id of the message of this key among the thread's latest, if it is there."""


@runtime_checkable
class StreamingBackend(Protocol):
    """A backend that can tell of a run as it goes.

    Nothing is asked of the service before the first event is; from then on, what cannot be opened
    and what breaks is a `BackendError`, raised out of the iteration. To close the generator is to
    listen no more; the run goes on.
    """

    def stream_create(self, request: RunRequest) -> Generator[StreamEvent, None, None]:
        """As `create`, and then what becomes of the run, until it is over or asks for tools."""

    def stream_submit(
        self, ref: RunRef, outputs: Sequence[ToolOutput]
    ) -> Generator[StreamEvent, None, None]:
        """As `submit`, and then the same."""


@runtime_checkable
class AsyncStreamingBackend(Protocol):
    """The same, for `AsyncRunDriver`. Only the iteration is awaited."""

    def stream_create(self, request: RunRequest) -> AsyncGenerator[StreamEvent, None]:
        """As `create`, and then what becomes of the run, until it is over or asks for tools."""

    def stream_submit(
        self, ref: RunRef, outputs: Sequence[ToolOutput]
    ) -> AsyncGenerator[StreamEvent, None]:
        """As `submit`, and then the same."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a service can do: by its contract, and as far as it was seen not to.

    Attributes:
        can_list: whether `runs` tells of every run on a thread, and not only of our own.
        can_cancel: whether a run can be cancelled while the service works on it.
        in_background: whether a call that creates a run is answered before the run is over.
        keeps_ids: whether a run's parts keep the ids that they were created with.
        makes_threads: whether `create_thread` asks the service; if not, there is no thread before
            its first run.
        names_runs: whether a message says which run wrote it. If not, a run's messages are the
            assistant's since it began, after the user's latest.
    """

    can_list: bool = True
    can_cancel: bool = True
    in_background: bool = True
    keeps_ids: bool = True
    makes_threads: bool = True
    names_runs: bool = True

    @classmethod
    def of(cls, backend: object) -> Capabilities:
        """Those of a backend; one that says nothing can do everything."""
        told = getattr(backend, "capabilities", None)
        return told if isinstance(told, cls) else cls()


def check_kind(backend: object, *, awaited: bool) -> None:
    """Refuse a backend that a driver cannot use.

    Args:
        backend: what a driver was given.
        awaited: whether its calls are to be awaited.

    Raises:
        TypeError: it is of the other kind, or no backend at all; the message says what to write.
    """
    kind, create = type(backend).__name__, getattr(backend, "create", None)
    if not callable(create):
        raise TypeError(f"a driver wants a backend; wrap your {kind}: AssistantsBackend(client)")
    if inspect.iscoroutinefunction(create) == awaited:
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
