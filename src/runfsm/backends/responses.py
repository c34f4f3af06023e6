"""The Responses wire, through the official `openai` client: a run is a chain of responses.

Alive at OpenAI, and at everybody who speaks it: give the client their `base_url`. What is sent for
each call is in `responses_flows.py`, and done by `flow.py`; here, the streams are read.

Nothing here was tried against the live service (`docs/responses.md`, `lifecycle/wires`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, Unpack, cast, overload

from runfsm.backends.base import Capabilities
from runfsm.backends.clients import close_answer, fitting
from runfsm.backends.faults import map_errors
from runfsm.backends.flow import AsyncByFlows, Flow, SyncByFlows
from runfsm.backends.responses_flows import Flows, Leg
from runfsm.backends.responses_memory import Memory
from runfsm.backends.responses_threads import Conversations, ResponseChains
from runfsm.driver.live import StreamEvent
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.errors import CallerError
from runfsm.latemodule import LateModule
from runfsm.lifecycle.snapshot import RunRef
from runfsm.lifecycle.wires import RESPONSES

if TYPE_CHECKING:
    import openai
else:
    openai = LateModule("openai")

__all__ = ["AsyncResponsesBackend", "ResponsesBackend", "SyncResponsesBackend"]

#: As long as a run lived on the Assistants API, seconds.
LIFETIME_S: Final = 600.0

Where = Literal["conversation", "responses"]

THREADS: Final[Mapping[Where, type[Conversations | ResponseChains]]] = {
    "conversation": Conversations,
    "responses": ResponseChains,
}


class Settings(TypedDict, total=False):
    """What a backend can be told; see there."""

    assistants: Mapping[str, Mapping[str, Any]]
    expires_after_s: float | None
    memory: Where


def _flows(
    *,
    assistants: Mapping[str, Mapping[str, Any]] | None = None,
    expires_after_s: float | None = LIFETIME_S,
    memory: Where = "conversation",
) -> Flows:
    if memory not in THREADS:
        raise CallerError(f"memory={memory!r}: say 'conversation' or 'responses'")
    kept = Memory(Capabilities(can_list=RESPONSES.listing.value))
    flows = Flows(kept, THREADS[memory](), expires_after_s=expires_after_s)
    for assistant_id, params in (assistants or {}).items():
        flows.create_assistant(params, assistant_id=assistant_id)
    return flows


class ResponsesBackend:
    """A backend on the Responses wire, in background mode.

    `ResponsesBackend(client)` gives the backend that goes with the client: for threads with an
    `openai.OpenAI`, for tasks with an `openai.AsyncOpenAI`.

    What the service does not keep, is kept here: assistants are the app's own, and a run expires by
    the driver's clock. A run is found again by its `RunRef`, which goes through JSON.

    Args:
        client: a ready client, with its own key, `base_url` and timeouts.
        assistants: what the ids mean that the app has, as parameters of *create assistant*.
        expires_after_s: how long a run may take, from its creation; then it is cancelled, and
            counts as expired. `None`: for ever.
        memory: where the past of a thread is: in a `"conversation"`, or, for servers without, in
            its `"responses"`. There a thread has no lock, lives as long as this backend, and what
            may have been created cannot be looked up.

    Attributes:
        capabilities: what the service can do, as far as it was seen not to.

    Raises:
        TypeError: `client` is neither.
        CallerError: an assistant that cannot be, or a `memory` of another kind.

    Example:
        >>> backend = ResponsesBackend(openai.OpenAI())                     # doctest: +SKIP
        >>> assistant_id = backend.create_assistant(model="gpt-5-mini")     # doctest: +SKIP
        >>> RunDriver(backend).run(RunRequest(assistant_id, "Hi")).text     # doctest: +SKIP
        'Hello! How can I help?'
    """

    @overload
    def __new__(
        cls, client: openai.OpenAI, **settings: Unpack[Settings]
    ) -> SyncResponsesBackend: ...
    @overload
    def __new__(
        cls, client: openai.AsyncOpenAI, **settings: Unpack[Settings]
    ) -> AsyncResponsesBackend: ...
    def __new__(cls, client: object, **_: Unpack[Settings]) -> ResponsesBackend:  # noqa: PYI034  # chooses a subclass
        """Choose by the kind of client; a subclass is chosen already."""
        sync, awaited = SyncResponsesBackend, AsyncResponsesBackend
        return cast(
            "ResponsesBackend",
            object.__new__(fitting(cls, ResponsesBackend, client, sync, awaited)),
        )

    _flows: Flows

    @property
    def capabilities(self) -> Capabilities:
        """The abilities of the service, less those that it was seen not to have."""
        return self._flows.memory.capabilities


class SyncResponsesBackend(SyncByFlows[Flows], ResponsesBackend):
    """`Backend` on an `openai.OpenAI`."""

    def __init__(self, client: openai.OpenAI, **settings: Unpack[Settings]) -> None:
        self._client = client
        self._flows = _flows(**settings)

    def free_thread(self, thread_id: str) -> int:
        """Give up the calls on a thread that nobody answers, so that it can be used again.

        Returns:
            How many there were.
        """
        return self._do(self._flows.free_thread(thread_id))

    def stream_create(self, request: RunRequest) -> Generator[StreamEvent, None, None]:
        """See `StreamingBackend.stream_create`."""
        return self._stream(self._flows.first_leg(request))

    def stream_submit(
        self, ref: RunRef, outputs: Sequence[ToolOutput]
    ) -> Generator[StreamEvent, None, None]:
        """See `StreamingBackend.stream_submit`."""
        return self._stream(self._flows.next_leg(ref, outputs))

    def _stream(self, flow: Flow[Leg]) -> Generator[StreamEvent, None, None]:
        reader = self._flows.reader(self._do(flow))
        while reader.call is not None:
            ask = getattr(self._client, reader.call.method)
            with (
                reader.connection(),
                map_errors(),
                closing(ask(**reader.call.streamed).http_response) as answer,
            ):
                for chunk in answer.iter_bytes():
                    yield from reader.feed(chunk)
                    if reader.is_over:
                        break


class AsyncResponsesBackend(AsyncByFlows[Flows], ResponsesBackend):
    """`AsyncBackend` on an `openai.AsyncOpenAI`."""

    def __init__(self, client: openai.AsyncOpenAI, **settings: Unpack[Settings]) -> None:
        self._client = client
        self._flows = _flows(**settings)

    async def free_thread(self, thread_id: str) -> int:
        """Give up the calls on a thread that nobody answers, so that it can be used again.

        Returns:
            How many there were.
        """
        return await self._do(self._flows.free_thread(thread_id))

    def stream_create(self, request: RunRequest) -> AsyncGenerator[StreamEvent, None]:
        """See `AsyncStreamingBackend.stream_create`."""
        return self._stream(self._flows.first_leg(request))

    def stream_submit(
        self, ref: RunRef, outputs: Sequence[ToolOutput]
    ) -> AsyncGenerator[StreamEvent, None]:
        """See `AsyncStreamingBackend.stream_submit`."""
        return self._stream(self._flows.next_leg(ref, outputs))

    async def _stream(self, flow: Flow[Leg]) -> AsyncGenerator[StreamEvent, None]:
        reader = self._flows.reader(await self._do(flow))
        while reader.call is not None:
            ask = getattr(self._client, reader.call.method)
            with reader.connection(), map_errors():
                answer = (await ask(**reader.call.streamed)).http_response
                chunks = answer.aiter_bytes()
                try:
                    async for chunk in chunks:
                        for event in reader.feed(chunk):
                            yield event
                        if reader.is_over:
                            break
                finally:
                    await close_answer(answer, chunks)
