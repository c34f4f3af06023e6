"""The Assistants wire, through the official `openai` client: a run is a run.

Alive at Azure AI Foundry (classic, until 2027-03-31), at self-hosted servers, and in the
simulator; OpenAI's own endpoint was shut down on 2026-08-26.

The calls go through `client.post` and `client.get` with the API's own types, not through
`client.beta.threads`: every method there warns that it is deprecated, up to five times a call.

Mutating calls are sent once: the SDK would repeat a timed-out POST by itself, and a run that was
created by the first one refuses the second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar, cast, overload
from urllib.parse import quote

import openai
from openai.types.beta import Assistant, Thread
from openai.types.beta.threads import Message, Run

from runfsm.backends.faults import map_errors
from runfsm.driver.actions import RunRequest, ToolOutput
from runfsm.errors import CallerError
from runfsm.lifecycle.snapshot import RunError, RunMessage, RunRef, RunSnapshot, ToolCall, Usage

__all__ = ["AssistantsBackend", "AsyncAssistantsBackend", "SyncAssistantsBackend"]

T = TypeVar("T")

BETA: Final = {"OpenAI-Beta": "assistants=v2"}
#: The driver fills these in itself.
RESERVED: Final = frozenset({"assistant_id", "stream", "thread"})


class MessagePage(openai.BaseModel):
    """One page of a thread's messages."""

    data: list[Message]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One HTTP call: what to send, and how to read the answer."""

    method: Literal["get", "post"]
    path: str
    cast_to: Any
    read: Callable[[Any], T]
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, Any]:
        """What `client.get` and `client.post` take."""
        options: dict[str, Any] = {"headers": BETA, "params": dict(self.query)}
        if self.method == "get":
            return {"path": self.path, "cast_to": self.cast_to, "options": options}
        options["max_retries"] = 0
        return {
            "path": self.path,
            "cast_to": self.cast_to,
            "body": dict(self.body),
            "options": options,
        }


class AssistantsBackend:
    """A backend on the Assistants wire.

    `AssistantsBackend(client)` gives the backend that goes with the client: for threads with an
    `openai.OpenAI`, for tasks with an `openai.AsyncOpenAI`.

    Args:
        client: a ready client, with its own key, `base_url` and timeouts.

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
        """Choose by the kind of client."""
        if isinstance(client, openai.OpenAI):
            return object.__new__(SyncAssistantsBackend)
        if isinstance(client, openai.AsyncOpenAI):
            return object.__new__(AsyncAssistantsBackend)
        raise TypeError(
            f"AssistantsBackend wants an openai.OpenAI or an openai.AsyncOpenAI, "
            f"not {type(client).__name__}"
        )


class SyncAssistantsBackend(AssistantsBackend):
    """`Backend` on an `openai.OpenAI`."""

    def __init__(self, client: openai.OpenAI) -> None:
        self._client = client

    def _send(self, call: Call[T]) -> T:
        with map_errors():
            answer = getattr(self._client, call.method)(**call.arguments)
        return call.read(answer)

    def create(self, request: RunRequest) -> RunSnapshot:
        """See `Backend.create`."""
        return self._send(create_run(request))

    def retrieve(self, ref: RunRef) -> RunSnapshot:
        """See `Backend.retrieve`."""
        return self._send(retrieve_run(ref))

    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """See `Backend.submit`."""
        return self._send(submit_outputs(ref, outputs))

    def cancel(self, ref: RunRef) -> RunSnapshot:
        """See `Backend.cancel`."""
        return self._send(cancel_run(ref))

    def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """See `Backend.messages`."""
        return self._send(list_messages(ref))

    def create_assistant(self, **params: Any) -> str:
        """Create an assistant from the API's own parameters, and return its id."""
        return self._send(create_assistant(params))

    def create_thread(self, **params: Any) -> str:
        """Create a thread from the API's own parameters, and return its id."""
        return self._send(create_thread(params))

    def add_message(self, thread_id: str, content: str) -> str:
        """Add a user's message to a thread, and return its id."""
        return self._send(add_message(thread_id, content))


class AsyncAssistantsBackend(AssistantsBackend):
    """`AsyncBackend` on an `openai.AsyncOpenAI`."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self._client = client

    async def _send(self, call: Call[T]) -> T:
        with map_errors():
            answer = await getattr(self._client, call.method)(**call.arguments)
        return call.read(answer)

    async def create(self, request: RunRequest) -> RunSnapshot:
        """See `AsyncBackend.create`."""
        return await self._send(create_run(request))

    async def retrieve(self, ref: RunRef) -> RunSnapshot:
        """See `AsyncBackend.retrieve`."""
        return await self._send(retrieve_run(ref))

    async def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """See `AsyncBackend.submit`."""
        return await self._send(submit_outputs(ref, outputs))

    async def cancel(self, ref: RunRef) -> RunSnapshot:
        """See `AsyncBackend.cancel`."""
        return await self._send(cancel_run(ref))

    async def messages(self, ref: RunRef) -> Sequence[RunMessage]:
        """See `AsyncBackend.messages`."""
        return await self._send(list_messages(ref))

    async def create_assistant(self, **params: Any) -> str:
        """Create an assistant from the API's own parameters, and return its id."""
        return await self._send(create_assistant(params))

    async def create_thread(self, **params: Any) -> str:
        """Create a thread from the API's own parameters, and return its id."""
        return await self._send(create_thread(params))

    async def add_message(self, thread_id: str, content: str) -> str:
        """Add a user's message to a thread, and return its id."""
        return await self._send(add_message(thread_id, content))


# The calls: pure, and the same for both kinds of client ------------------------------------------


def create_run(request: RunRequest) -> Call[RunSnapshot]:
    """POST the run: on its thread, or together with a new one."""
    if wrong := RESERVED & set(request.options):
        raise CallerError(
            f"RunRequest.options has {', '.join(sorted(wrong))}: say it with RunRequest's own "
            f"fields (assistant_id, thread_id, message); the driver does not stream"
        )
    body: dict[str, Any] = {"assistant_id": request.assistant_id, **request.options}
    said = [{"role": "user", "content": request.message}] if request.message is not None else []
    if request.thread_id is None:
        body["thread"] = {"messages": [*body.pop("additional_messages", ()), *said]}
        return Call("post", "/threads/runs", Run, read_run, body)
    if said:
        body["additional_messages"] = [*body.get("additional_messages", ()), *said]
    return Call("post", f"/threads/{_safe(request.thread_id)}/runs", Run, read_run, body)


def retrieve_run(ref: RunRef) -> Call[RunSnapshot]:
    """GET the run."""
    return Call("get", _run_path(ref), Run, read_run)


def submit_outputs(ref: RunRef, outputs: Sequence[ToolOutput]) -> Call[RunSnapshot]:
    """POST all outputs at once: the service refuses a part of them."""
    body = {
        "tool_outputs": [
            {"tool_call_id": output.call_id, "output": output.output} for output in outputs
        ]
    }
    return Call("post", f"{_run_path(ref)}/submit_tool_outputs", Run, read_run, body)


def cancel_run(ref: RunRef) -> Call[RunSnapshot]:
    """POST the cancel."""
    return Call("post", f"{_run_path(ref)}/cancel", Run, read_run)


def list_messages(ref: RunRef) -> Call[Sequence[RunMessage]]:
    """GET what the run wrote.

    Newest first: the lock kept everybody else out, so a run's messages are the thread's last.
    Filtered here too, for servers that do not know `run_id`.
    """

    def read(page: MessagePage) -> Sequence[RunMessage]:
        return [
            read_message(message) for message in reversed(page.data) if message.run_id == ref.run_id
        ]

    query = {"run_id": ref.run_id, "order": "desc", "limit": 100}
    return Call("get", f"/threads/{_safe(ref.thread_id)}/messages", MessagePage, read, query=query)


def create_assistant(params: Mapping[str, Any]) -> Call[str]:
    """POST an assistant."""
    return Call("post", "/assistants", Assistant, _read_id, params)


def create_thread(params: Mapping[str, Any]) -> Call[str]:
    """POST a thread."""
    return Call("post", "/threads", Thread, _read_id, params)


def add_message(thread_id: str, content: str) -> Call[str]:
    """POST a user's message."""
    body = {"role": "user", "content": content}
    return Call("post", f"/threads/{_safe(thread_id)}/messages", Message, _read_id, body)


def _run_path(ref: RunRef) -> str:
    return f"/threads/{_safe(ref.thread_id)}/runs/{_safe(ref.run_id)}"


def _safe(part: str) -> str:
    return quote(part, safe="")


# The answers -------------------------------------------------------------------------------------


def _read_id(thing: Assistant | Thread | Message) -> str:
    return thing.id


def read_run(run: Run) -> RunSnapshot:
    """An `openai` `Run` as a snapshot. Its fields may be missing: look-alikes leave some out."""
    return RunSnapshot(
        ref=RunRef("assistants", run.id, run.thread_id),
        raw_status=str(run.status),
        calls=_read_calls(run),
        created_at=run.created_at,
        started_at=run.started_at,
        expires_at=run.expires_at,
        error=RunError(run.last_error.code, run.last_error.message) if run.last_error else None,
        incomplete_reason=run.incomplete_details.reason if run.incomplete_details else None,
        usage=_read_usage(run),
        raw=run,
    )


def _read_calls(run: Run) -> tuple[ToolCall, ...]:
    if run.required_action is None:
        return ()
    calls = run.required_action.submit_tool_outputs.tool_calls
    return tuple(ToolCall(call.id, call.function.name, call.function.arguments) for call in calls)


def _read_usage(run: Run) -> Usage | None:
    if run.usage is None:
        return None
    usage = run.usage
    return Usage(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def read_message(message: Message) -> RunMessage:
    """An `openai` `Message`, its text parts joined."""
    # The wire may leave `content` null, whatever the type says.
    parts = cast("list[Any] | None", message.content) or []
    text = "".join(part.text.value for part in parts if part.type == "text")
    return RunMessage(message.id, message.role, text, raw=message)
