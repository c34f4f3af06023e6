"""The Assistants wire, through the official `openai` client: a run is a run.

Alive at Azure AI Foundry (classic, until 2027-03-31), at self-hosted servers, and in the
simulator; OpenAI's own endpoint was shut down on 2026-08-26.

The calls go through `client.post` and `client.get` with the API's own types, not through
`client.beta.threads`: every method there warns that it is deprecated, up to five times a call.

Every call is sent once. The SDK would repeat a timed-out POST by itself, and a run that was created
by the first one refuses the second; and its pauses between two attempts know of no deadline.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast, overload

from runfsm.backends import assistants_wire as wire
from runfsm.backends.assistants_stream import LegReader
from runfsm.backends.assistants_written import Written
from runfsm.backends.base import Capabilities
from runfsm.backends.call import Call
from runfsm.backends.clients import close_answer, fitting
from runfsm.backends.faults import map_errors
from runfsm.backends.flow import AsyncCalls, SyncCalls
from runfsm.driver.content import MessageContent
from runfsm.driver.live import StreamEvent
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.latemodule import LateModule
from runfsm.lifecycle.snapshot import RunMessage, RunRef, RunSnapshot

if TYPE_CHECKING:
    import openai
else:
    openai = LateModule("openai")

__all__ = ["AssistantsBackend", "AsyncAssistantsBackend", "SyncAssistantsBackend"]


class AssistantsBackend:
    """A backend on the Assistants wire.

    `AssistantsBackend(client)` gives the backend that goes with the client: for threads with an
    `openai.OpenAI`, for tasks with an `openai.AsyncOpenAI`.

    Args:
        client: a ready client, with its own key, `base_url` and timeouts.

    Attributes:
        capabilities: what the service can do, as far as it was seen not to.

    Raises:
        TypeError: `client` is neither.

    Example:
        >>> backend = AssistantsBackend(openai.OpenAI())                     # doctest: +SKIP
        >>> assistant_id = backend.create_assistant(model="gpt-4o-mini")     # doctest: +SKIP
    """

    @overload
    def __new__(cls, client: openai.OpenAI) -> SyncAssistantsBackend: ...
    @overload
    def __new__(cls, client: openai.AsyncOpenAI) -> AsyncAssistantsBackend: ...
    def __new__(cls, client: object) -> AssistantsBackend:  # noqa: PYI034  # chooses a subclass
        """Choose by the kind of client; a subclass is chosen already."""
        sync, awaited = SyncAssistantsBackend, AsyncAssistantsBackend
        return cast(
            "AssistantsBackend",
            object.__new__(fitting(cls, AssistantsBackend, client, sync, awaited)),
        )

    _written: Written

    @property
    def capabilities(self) -> Capabilities:
        """The abilities of the service, less those that it was seen not to have."""
        return self._written.capabilities


class SyncAssistantsBackend(SyncCalls, AssistantsBackend):
    """`Backend` on an `openai.OpenAI`."""

    def __init__(self, client: openai.OpenAI) -> None:
        self._client = client
        self._written = Written()

    def create(self, request: RunRequest) -> RunSnapshot:
        """See `Backend.create`."""
        return self._send(wire.create_run(request))

    def retrieve(self, ref: RunRef) -> RunSnapshot:
        """See `Backend.retrieve`."""
        return self._send(wire.retrieve_run(ref))

    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """See `Backend.submit`."""
        return self._send(wire.submit_outputs(ref, outputs))

    def cancel(self, ref: RunRef) -> RunSnapshot:
        """See `Backend.cancel`."""
        return self._send(wire.cancel_run(ref))

    def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """See `Backend.messages`."""
        return self._do(self._written.messages(ref))

    def create_assistant(self, **params: Any) -> str:
        """Create an assistant from the API's own parameters, and return its id."""
        return self._send(wire.create_assistant(params))

    def create_thread(self, **params: Any) -> str:
        """Create a thread from the API's own parameters, if any, and return its id."""
        return self._send(wire.create_thread(params))

    def runs(self, thread_id: str) -> Sequence[RunSnapshot]:
        """See `Backend.runs`."""
        return self._send(wire.list_runs(thread_id))

    def add_message(
        self, thread_id: str, content: MessageContent, *, key: str | None = None
    ) -> str:
        """See `Backend.add_message`."""
        return self._send(wire.add_message(thread_id, content, key))

    def find_message(self, thread_id: str, key: str) -> str | None:
        """See `Backend.find_message`."""
        return self._send(wire.find_message(thread_id, key))

    def stream_create(self, request: RunRequest) -> Generator[StreamEvent, None, None]:
        """See `StreamingBackend.stream_create`."""
        return self._stream(wire.create_run(request))

    def stream_submit(
        self, ref: RunRef, outputs: Sequence[ToolOutput]
    ) -> Generator[StreamEvent, None, None]:
        """See `StreamingBackend.stream_submit`."""
        return self._stream(wire.submit_outputs(ref, outputs))

    def _stream(self, call: Call[Any]) -> Generator[StreamEvent, None, None]:
        leg = LegReader()
        with map_errors(), closing(self._client.post(**call.streamed).http_response) as answer:
            for chunk in answer.iter_bytes():
                yield from leg.feed(chunk)
                if leg.is_done:
                    return


class AsyncAssistantsBackend(AsyncCalls, AssistantsBackend):
    """`AsyncBackend` on an `openai.AsyncOpenAI`."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self._client = client
        self._written = Written()

    async def create(self, request: RunRequest) -> RunSnapshot:
        """See `AsyncBackend.create`."""
        return await self._send(wire.create_run(request))

    async def retrieve(self, ref: RunRef) -> RunSnapshot:
        """See `AsyncBackend.retrieve`."""
        return await self._send(wire.retrieve_run(ref))

    async def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """See `AsyncBackend.submit`."""
        return await self._send(wire.submit_outputs(ref, outputs))

    async def cancel(self, ref: RunRef) -> RunSnapshot:
        """See `AsyncBackend.cancel`."""
        return await self._send(wire.cancel_run(ref))

    async def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """See `AsyncBackend.messages`."""
        return await self._do(self._written.messages(ref))

    async def create_assistant(self, **params: Any) -> str:
        """Create an assistant from the API's own parameters, and return its id."""
        return await self._send(wire.create_assistant(params))

    async def create_thread(self, **params: Any) -> str:
        """Create a thread from the API's own parameters, if any, and return its id."""
        return await self._send(wire.create_thread(params))

    async def runs(self, thread_id: str) -> Sequence[RunSnapshot]:
        """See `AsyncBackend.runs`."""
        return await self._send(wire.list_runs(thread_id))

    async def add_message(
        self, thread_id: str, content: MessageContent, *, key: str | None = None
    ) -> str:
        """See `AsyncBackend.add_message`."""
        return await self._send(wire.add_message(thread_id, content, key))

    async def find_message(self, thread_id: str, key: str) -> str | None:
        """See `AsyncBackend.find_message`."""
        return await self._send(wire.find_message(thread_id, key))

    def stream_create(self, request: RunRequest) -> AsyncGenerator[StreamEvent, None]:
        """See `AsyncStreamingBackend.stream_create`."""
        return self._stream(wire.create_run(request))

    def stream_submit(
        self, ref: RunRef, outputs: Sequence[ToolOutput]
    ) -> AsyncGenerator[StreamEvent, None]:
        """See `AsyncStreamingBackend.stream_submit`."""
        return self._stream(wire.submit_outputs(ref, outputs))

    async def _stream(self, call: Call[Any]) -> AsyncGenerator[StreamEvent, None]:
        leg = LegReader()
        with map_errors():
            answer = (await self._client.post(**call.streamed)).http_response
            chunks = answer.aiter_bytes()
            try:
                async for chunk in chunks:
                    for event in leg.feed(chunk):
                        yield event
                    if leg.is_done:
                        return
            finally:
                await close_answer(answer, chunks)
