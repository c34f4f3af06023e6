"""What goes over the Assistants wire. Pure: nothing is sent here.

The paths and bodies are those of the API reference (`openai/openai-openapi`, /threads and
/assistants), which was frozen when OpenAI's own endpoint was shut down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Literal, TypeVar, cast
from urllib.parse import quote

import openai
from openai.types.beta import Assistant, Thread
from openai.types.beta.threads import Message, Run

from runfsm.backends.assistants_answers import (
    read_id,
    read_key,
    read_message,
    read_poll_after_s,
    read_run,
)
from runfsm.backends.faults import not_this_api
from runfsm.driver.actions import RunRequest, ToolOutput
from runfsm.errors import BackendError, CallerError
from runfsm.lifecycle.snapshot import (
    METADATA_KEY,
    RunMessage,
    RunRef,
    RunSnapshot,
    has_room_for_key,
)

__all__ = [
    "Call",
    "add_message",
    "cancel_run",
    "create_assistant",
    "create_run",
    "create_thread",
    "find_message",
    "list_messages",
    "list_runs",
    "retrieve_run",
    "submit_outputs",
]

T = TypeVar("T")

BETA: Final = {"OpenAI-Beta": "assistants=v2"}
#: Makes the client answer with head and body. Its own `with_raw_response` does no more than this.
RAW: Final = {"X-Stainless-Raw-Response": "true"}
#: The same of `with_streaming_response`: the body is still to be read.
UNREAD: Final = {"X-Stainless-Raw-Response": "stream"}
#: The driver fills these in itself.
RESERVED: Final = frozenset({"assistant_id", "stream", "thread"})


class MessagePage(openai.BaseModel):
    """One page of a thread's messages."""

    data: list[Message]


class RunPage(openai.BaseModel):
    """One page of a thread's runs."""

    data: list[Run]


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
        return self._arguments({**BETA, **RAW}, self.body)

    @property
    def streamed(self) -> dict[str, Any]:
        """The same, for an answer that comes as a stream of events."""
        body = {**self.body, "stream": True}
        return {"stream": True, **self._arguments({**BETA, **UNREAD}, body)}

    def _arguments(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        # Sent once: the driver repeats what may be repeated, at its own pace, after a look.
        options = {"headers": headers, "params": dict(self.query), "max_retries": 0}
        sent = {"body": dict(body)} if self.method == "post" else {}
        return {"path": self.path, "cast_to": self.cast_to, "options": options, **sent}

    def take(self, answer: Any) -> T:
        """Read the answer.

        Raises:
            BackendError: it is none of this API's.
        """
        try:
            if isinstance(answer, self.cast_to):
                return self.read(answer)
        except (AttributeError, TypeError, ValueError) as error:
            raise BackendError.of(not_this_api(f"not an answer of this API: {error}")) from error
        kind, wanted = type(answer).__name__, self.cast_to.__name__
        raise BackendError.of(not_this_api(f"not an answer of this API: {kind}, not {wanted}"))

    def take_raw(self, raw: Any) -> T:
        """Read an answer that comes with its head.

        Raises:
            BackendError: it is none of this API's.
        """
        taken = self.take(raw.parse())
        if isinstance(taken, RunSnapshot) and (wish_s := read_poll_after_s(raw.headers)):
            return cast("T", replace(taken, poll_after_s=wish_s))
        return taken


# The calls -------------------------------------------------------------------------------------


def create_run(request: RunRequest) -> Call[RunSnapshot]:
    """POST the run: on its thread, or together with a new one."""
    if wrong := RESERVED & set(request.options):
        raise CallerError(
            f"RunRequest.options has {', '.join(sorted(wrong))}: say it with RunRequest's own "
            f"fields (assistant_id, thread_id, message), and driver.stream(request)"
        )
    body: dict[str, Any] = {"assistant_id": request.assistant_id, **request.options}
    metadata = body.get("metadata") or {}
    if request.key is not None and has_room_for_key(metadata):
        body["metadata"] = {**metadata, METADATA_KEY: request.key}
    said = [{"role": "user", "content": request.message}] if request.message is not None else []
    added = [*(body.pop("additional_messages", None) or ()), *said]
    if request.thread_id is None:
        body["thread"] = {"messages": added}
        return Call("post", "/threads/runs", Run, read_run, body)
    if added:
        body["additional_messages"] = added
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


def list_runs(thread_id: str) -> Call[Sequence[RunSnapshot]]:
    """GET the thread's latest runs, newest first."""

    def read(page: RunPage) -> Sequence[RunSnapshot]:
        return [read_run(run) for run in page.data]

    path = f"/threads/{_safe(thread_id)}/runs"
    return Call("get", path, RunPage, read, query={"order": "desc", "limit": 20})


def create_assistant(params: Mapping[str, Any]) -> Call[str]:
    """POST an assistant."""
    return Call("post", "/assistants", Assistant, read_id, params)


def create_thread(params: Mapping[str, Any]) -> Call[str]:
    """POST a thread."""
    return Call("post", "/threads", Thread, read_id, params)


def add_message(thread_id: str, content: str, key: str | None) -> Call[str]:
    """POST a user's message."""
    body: dict[str, Any] = {"role": "user", "content": content}
    if key is not None:
        body["metadata"] = {METADATA_KEY: key}
    return Call("post", f"/threads/{_safe(thread_id)}/messages", Message, read_id, body)


def find_message(thread_id: str, key: str) -> Call[str | None]:
    """GET the thread's latest messages, and find the one of this key."""

    def read(page: MessagePage) -> str | None:
        return next((read_id(message) for message in page.data if read_key(message) == key), None)

    path = f"/threads/{_safe(thread_id)}/messages"
    return Call("get", path, MessagePage, read, query={"order": "desc", "limit": 100})


def _run_path(ref: RunRef) -> str:
    return f"/threads/{_safe(ref.thread_id)}/runs/{_safe(ref.run_id)}"


def _safe(part: str) -> str:
    if part in {"", ".", ".."}:  # a URL library would make another path of it
        raise CallerError(f"{part!r} is not an id")
    return quote(part, safe="")
