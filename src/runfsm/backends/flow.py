"""Nine calls, each written once: by threads, and by tasks.

What a call of a backend takes in HTTP calls is a *flow*: a generator of them, in which each `yield`
gives a call, and gets what came of it. Flows are pure; here they are run.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from runfsm.backends.call import Call
from runfsm.backends.faults import map_errors
from runfsm.driver.content import MessageContent
from runfsm.driver.forked import check_process
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.errors import BackendError
from runfsm.latemodule import LateModule
from runfsm.lifecycle.snapshot import RunMessage, RunRef, RunSnapshot

if TYPE_CHECKING:
    import openai
else:
    openai = LateModule("openai")

__all__ = ["AsyncByFlows", "AsyncCalls", "BackendFlows", "Flow", "SyncByFlows", "SyncCalls"]

T = TypeVar("T")

#: Calls, one after the other, and what they come to.
Flow = Generator[Call[Any], Any, T]


class BackendFlows(Protocol):
    """The calls of a backend, as flows: see `Backend`."""

    def create_assistant(self, params: Mapping[str, Any], assistant_id: str | None = None) -> str:
        """Keep what an assistant is: its id."""

    def create_thread(self, params: Mapping[str, Any]) -> Flow[str]:
        """A new thread."""

    def runs(self, thread_id: str) -> Flow[list[RunSnapshot]]:
        """The thread's latest runs, newest first."""

    def create(self, request: RunRequest) -> Flow[RunSnapshot]:
        """A new run."""

    def retrieve(self, ref: RunRef) -> Flow[RunSnapshot]:
        """A look."""

    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> Flow[RunSnapshot]:
        """The outputs of all calls."""

    def cancel(self, ref: RunRef) -> Flow[RunSnapshot]:
        """A cancel."""

    def messages(self, ref: RunRef) -> Flow[list[RunMessage]]:
        """What the run wrote."""

    def add_message(self, thread_id: str, content: MessageContent, key: str | None) -> Flow[str]:
        """A user's message."""

    def find_message(self, thread_id: str, key: str) -> Flow[str | None]:
        """The message of a key."""


FlowsT = TypeVar("FlowsT", bound=BackendFlows)


class _Step(Generic[T]):
    """A flow, step by step: the next call, until there is none, and `value` is what it came to."""

    value: T

    def __init__(self, flow: Flow[T]) -> None:
        self._flow = flow
        self.answer: Any = None
        self.failed: BackendError | None = None

    def next_call(self) -> Call[Any] | None:
        """The call to send now; `answer` or `failed` tells what came of the one before."""
        answer, failed = self.answer, self.failed
        self.answer = self.failed = None
        try:
            return self._flow.send(answer) if failed is None else self._flow.throw(failed)
        except StopIteration as done:
            self.value = done.value
            return None


class SyncCalls:
    """Sends calls and flows by an `openai.OpenAI`."""

    _client: openai.OpenAI

    def _send(self, call: Call[T]) -> T:
        check_process(self)
        with map_errors():
            return call.take_raw(getattr(self._client, call.method)(**call.arguments))

    def _do(self, flow: Flow[T]) -> T:
        step = _Step(flow)
        while (call := step.next_call()) is not None:
            try:
                step.answer = self._send(call)
            except BackendError as error:
                step.failed = error
        return step.value


class SyncByFlows(SyncCalls, Generic[FlowsT]):
    """A `Backend` on an `openai.OpenAI`, out of its flows."""

    _flows: FlowsT

    def create_assistant(self, **params: Any) -> str:
        """Keep an assistant, of the Assistants API's own parameters, and return its id.

        Raises:
            CallerError: this API has no such parameter.
        """
        return self._flows.create_assistant(params)

    def create_thread(self, **params: Any) -> str:
        """Create a thread, or what is one here, and return its id.

        Args:
            **params: what is on it, if anything, as the Assistants API's *create thread* has it:
                `messages`, `metadata`.

        Raises:
            CallerError: this API has no such parameter.
        """
        return self._do(self._flows.create_thread(params))

    def runs(self, thread_id: str) -> Sequence[RunSnapshot]:
        """See `Backend.runs`: all that are known, if `capabilities.can_list` is not so."""
        return self._do(self._flows.runs(thread_id))

    def create(self, request: RunRequest) -> RunSnapshot:
        """See `Backend.create`."""
        return self._do(self._flows.create(request))

    def retrieve(self, ref: RunRef) -> RunSnapshot:
        """See `Backend.retrieve`."""
        return self._do(self._flows.retrieve(ref))

    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """See `Backend.submit`."""
        return self._do(self._flows.submit(ref, outputs))

    def cancel(self, ref: RunRef) -> RunSnapshot:
        """See `Backend.cancel`."""
        return self._do(self._flows.cancel(ref))

    def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """See `Backend.messages`."""
        return self._do(self._flows.messages(ref))

    def add_message(
        self, thread_id: str, content: MessageContent, *, key: str | None = None
    ) -> str:
        """See `Backend.add_message`."""
        return self._do(self._flows.add_message(thread_id, content, key))

    def find_message(self, thread_id: str, key: str) -> str | None:
        """See `Backend.find_message`: one that this backend has tried to add."""
        return self._do(self._flows.find_message(thread_id, key))


class AsyncCalls:
    """Sends calls and flows by an `openai.AsyncOpenAI`."""

    _client: openai.AsyncOpenAI

    async def _send(self, call: Call[T]) -> T:
        check_process(self)
        with map_errors():
            return call.take_raw(await getattr(self._client, call.method)(**call.arguments))

    async def _do(self, flow: Flow[T]) -> T:
        step = _Step(flow)
        while (call := step.next_call()) is not None:
            try:
                step.answer = await self._send(call)
            except BackendError as error:
                step.failed = error
        return step.value


class AsyncByFlows(AsyncCalls, Generic[FlowsT]):
    """An `AsyncBackend` on an `openai.AsyncOpenAI`, out of its flows."""

    _flows: FlowsT

    async def create_assistant(self, **params: Any) -> str:
        """Keep an assistant, of the Assistants API's own parameters, and return its id.

        Raises:
            CallerError: this API has no such parameter.
        """
        return self._flows.create_assistant(params)

    async def create_thread(self, **params: Any) -> str:
        """Create a thread, or what is one here, and return its id.

        Args:
            **params: what is on it, if anything, as the Assistants API's *create thread* has it:
                `messages`, `metadata`.

        Raises:
            CallerError: this API has no such parameter.
        """
        return await self._do(self._flows.create_thread(params))

    async def runs(self, thread_id: str) -> Sequence[RunSnapshot]:
        """See `AsyncBackend.runs`: all that are known, if `capabilities.can_list` is not so."""
        return await self._do(self._flows.runs(thread_id))

    async def create(self, request: RunRequest) -> RunSnapshot:
        """See `AsyncBackend.create`."""
        return await self._do(self._flows.create(request))

    async def retrieve(self, ref: RunRef) -> RunSnapshot:
        """See `AsyncBackend.retrieve`."""
        return await self._do(self._flows.retrieve(ref))

    async def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """See `AsyncBackend.submit`."""
        return await self._do(self._flows.submit(ref, outputs))

    async def cancel(self, ref: RunRef) -> RunSnapshot:
        """See `AsyncBackend.cancel`."""
        return await self._do(self._flows.cancel(ref))

    async def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """See `AsyncBackend.messages`."""
        return await self._do(self._flows.messages(ref))

    async def add_message(
        self, thread_id: str, content: MessageContent, *, key: str | None = None
    ) -> str:
        """See `AsyncBackend.add_message`."""
        return await self._do(self._flows.add_message(thread_id, content, key))

    async def find_message(self, thread_id: str, key: str) -> str | None:
        """See `AsyncBackend.find_message`: one that this backend has tried to add."""
        return await self._do(self._flows.find_message(thread_id, key))
