"""What goes over the Assistants wire, and how the answers are read. Pure: nothing is sent here.

The paths and bodies are those of the API reference (`openai/openai-openapi`, /threads and
/assistants), which was frozen when OpenAI's own endpoint was shut down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar, cast
from urllib.parse import quote

import openai
from openai.types.beta import Assistant, Thread
from openai.types.beta.threads import Message, Run

from runfsm.driver.actions import RunRequest, ToolOutput
from runfsm.errors import CallerError
from runfsm.lifecycle.snapshot import RunError, RunMessage, RunRef, RunSnapshot, ToolCall, Usage

__all__ = [
    "Call",
    "add_message",
    "cancel_run",
    "create_assistant",
    "create_run",
    "create_thread",
    "list_messages",
    "retrieve_run",
    "submit_outputs",
]

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


# The calls -------------------------------------------------------------------------------------


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
