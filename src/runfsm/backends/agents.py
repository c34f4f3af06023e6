"""OpenAI's Agents sessions, through the official `openai` client: a run is a turn. Experimental.

The API is a public beta, of which the client knows since openai 3. What is sent for each call is in
`agents_flows.py`, and done by `flow.py`; here, the streams are read.

Rule: a session's events are live, and nothing is told twice. So a run is looked at when its stream
is open, and from that look on, it is heard. What is created may be the session itself, so a stream
comes after it. Results are handed in when it is open: with the last one, the turn goes on at once.

Nothing here was tried against the live service (`docs/agents.md`, `lifecycle/wires`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack, cast, overload

from runfsm.backends import agents_wire as wire
from runfsm.backends.agents_flows import Flows
from runfsm.backends.agents_memory import Memory
from runfsm.backends.base import Capabilities
from runfsm.backends.clients import close_answer, fitting
from runfsm.backends.faults import map_errors
from runfsm.backends.flow import AsyncByFlows, Flow, SyncByFlows
from runfsm.driver.live import StreamEvent
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.errors import CallerError
from runfsm.latemodule import LateModule
from runfsm.lifecycle.snapshot import RunRef, RunSnapshot

if TYPE_CHECKING:
    import openai
else:
    openai = LateModule("openai")

__all__ = ["AgentsBackend", "AsyncAgentsBackend", "SyncAgentsBackend"]

#: As long as a run lived on the Assistants API, seconds.
LIFETIME_S: Final = 600.0


class Settings(TypedDict, total=False):
    """What a backend can be told; see there."""

    assistants: Mapping[str, Mapping[str, Any]]
    expires_after_s: float | None


def _flows(
    *,
    assistants: Mapping[str, Mapping[str, Any]] | None = None,
    expires_after_s: float | None = LIFETIME_S,
) -> Flows:
    flows = Flows(Memory(), expires_after_s=expires_after_s)
    for assistant_id, params in (assistants or {}).items():
        flows.create_assistant(params, assistant_id=assistant_id)
    return flows


class AgentsBackend:
    """A backend on OpenAI's Agents sessions. Experimental, as is the API: either may change.

    `AgentsBackend(client)` gives the backend that goes with the client: for threads with an
    `openai.OpenAI`, for tasks with an `openai.AsyncOpenAI`.

    A thread is a session. There is none before its first run, so `create_thread` gives a name for
    it; the session keeps that in its metadata, and each run's `ref.thread_id` is the session's id.
    Either goes on with the thread, from any process. What is added to a thread without a run waits
    here for the next run.

    Args:
        client: a ready client of openai 3 or newer, with its own key and timeouts.
        assistants: what the ids mean that the app has, as parameters of *create assistant*. Any
            other id is that of an agent that the service keeps.
        expires_after_s: how long a run may take, from its creation; then it is cancelled, and
            counts as expired. `None`: for ever.

    Attributes:
        capabilities: what the service can do.

    Raises:
        TypeError: `client` is neither.
        CallerError: the client has no Agents API, or an assistant cannot be.

    Example:
        >>> backend = AgentsBackend(openai.OpenAI())                        # doctest: +SKIP
        >>> assistant_id = backend.create_assistant(model="gpt-5-mini")     # doctest: +SKIP
        >>> RunDriver(backend).run(RunRequest(assistant_id, "Hi")).text     # doctest: +SKIP
        'Hello! How can I help?'
    """

    capabilities: Final = Capabilities(makes_threads=False)

    @overload
    def __new__(cls, client: openai.OpenAI, **settings: Unpack[Settings]) -> SyncAgentsBackend: ...
    @overload
    def __new__(
        cls, client: openai.AsyncOpenAI, **settings: Unpack[Settings]
    ) -> AsyncAgentsBackend: ...
    def __new__(cls, client: object, **_: Unpack[Settings]) -> AgentsBackend:  # noqa: PYI034  # chooses a subclass
        """Choose by the kind of client; a subclass is chosen already."""
        kind = fitting(cls, AgentsBackend, client, SyncAgentsBackend, AsyncAgentsBackend)
        _check_line(client)
        return cast("AgentsBackend", object.__new__(kind))


class SyncAgentsBackend(SyncByFlows[Flows], AgentsBackend):
    """`Backend` on an `openai.OpenAI`."""

    def __init__(self, client: openai.OpenAI, **settings: Unpack[Settings]) -> None:
        self._client = client
        self._flows = _flows(**settings)

    def stream_create(self, request: RunRequest) -> Generator[StreamEvent, None, None]:
        """See `StreamingBackend.stream_create`."""
        run = self._do(self._flows.create(request))
        yield run
        yield from self._stream(run.ref, self._flows.retrieve(run.ref))

    def stream_submit(
        self, ref: RunRef, outputs: Sequence[ToolOutput]
    ) -> Generator[StreamEvent, None, None]:
        """See `StreamingBackend.stream_submit`."""
        return self._stream(ref, self._flows.submit(ref, outputs))

    def _stream(self, ref: RunRef, flow: Flow[RunSnapshot]) -> Generator[StreamEvent, None, None]:
        call = wire.listen(ref.thread_id)
        with map_errors(), closing(self._client.get(**call.streamed).http_response) as answer:
            run = self._do(flow)
            yield run
            reader = self._flows.reader(run)
            for chunk in () if reader.is_over else answer.iter_bytes():
                yield from reader.feed(chunk)
                if reader.is_over:
                    break


class AsyncAgentsBackend(AsyncByFlows[Flows], AgentsBackend):
    """`AsyncBackend` on an `openai.AsyncOpenAI`."""

    def __init__(self, client: openai.AsyncOpenAI, **settings: Unpack[Settings]) -> None:
        self._client = client
        self._flows = _flows(**settings)

    async def stream_create(self, request: RunRequest) -> AsyncGenerator[StreamEvent, None]:
        """See `AsyncStreamingBackend.stream_create`."""
        run = await self._do(self._flows.create(request))
        yield run
        async with aclosing(self._stream(run.ref, self._flows.retrieve(run.ref))) as events:
            async for event in events:
                yield event

    def stream_submit(
        self, ref: RunRef, outputs: Sequence[ToolOutput]
    ) -> AsyncGenerator[StreamEvent, None]:
        """See `AsyncStreamingBackend.stream_submit`."""
        return self._stream(ref, self._flows.submit(ref, outputs))

    async def _stream(
        self, ref: RunRef, flow: Flow[RunSnapshot]
    ) -> AsyncGenerator[StreamEvent, None]:
        call = wire.listen(ref.thread_id)
        with map_errors():
            answer = (await self._client.get(**call.streamed)).http_response
            chunks = answer.aiter_bytes()
            try:
                run = await self._do(flow)
                yield run
                reader = self._flows.reader(run)
                while not reader.is_over and (chunk := await anext(chunks, None)) is not None:
                    for event in reader.feed(chunk):
                        yield event
            finally:
                await close_answer(answer, chunks)


def _check_line(client: Any) -> None:
    import openai

    if not hasattr(client.beta, "agents"):
        raise CallerError(
            f"the Agents API is in openai 3 and newer, and this is openai {openai.__version__}: "
            f"pip install 'openai>=3'; or use ResponsesBackend(client), which needs no more"
        )
