"""What goes over the Assistants wire, and how the answers are read. Pure: nothing is sent here.

The paths and bodies are those of the API reference (`openai/openai-openapi`, /threads and
/assistants), which was frozen when OpenAI's own endpoint was shut down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote

import openai
from openai.types.beta import Assistant, Thread
from openai.types.beta.threads import Message, Run

from runfsm.backends.faults import not_this_api
from runfsm.driver.actions import RunRequest, ToolOutput
from runfsm.errors import BackendError, CallerError
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
        # Sent once: the driver repeats what may be repeated, at its own pace, after a look.
        options = {"headers": BETA, "params": dict(self.query), "max_retries": 0}
        body = {"body": dict(self.body)} if self.method == "post" else {}
        return {"path": self.path, "cast_to": self.cast_to, "options": options, **body}

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
    if part in {"", ".", ".."}:  # a URL library would make another path of it
        raise CallerError(f"{part!r} is not an id")
    return quote(part, safe="")


# The answers: look-alikes leave fields out, or null, or empty; the client hides nothing -----------


def _read_id(thing: Any) -> str:
    if not isinstance(thing.id, str):
        raise TypeError("it has no id")
    return thing.id


def read_run(run: Any) -> RunSnapshot:
    """An `openai` `Run` as a snapshot. Id, thread and status must be there; the rest may not be."""
    if not all(isinstance(part, str) for part in (run.id, run.thread_id, run.status)):
        raise TypeError("a run has an id, a thread_id and a status")
    return RunSnapshot(
        ref=RunRef("assistants", run.id, run.thread_id),
        raw_status=str(run.status),
        calls=_read_calls(run),
        created_at=_moment(run.created_at),
        started_at=_moment(run.started_at),
        expires_at=_moment(run.expires_at),
        error=_read_error(run.last_error),
        incomplete_reason=_get(run.incomplete_details, "reason"),
        usage=_read_usage(run.usage),
        raw=run,
    )


def _get(thing: Any, *path: str) -> Any:
    for name in path:
        thing = getattr(thing, name, None)
    return thing


def _moment(value: Any) -> float | None:
    return value if isinstance(value, int | float) else None


def _read_calls(run: Any) -> tuple[ToolCall, ...]:
    calls = _get(run, "required_action", "submit_tool_outputs", "tool_calls") or ()
    return tuple(
        ToolCall(call.id, call.function.name, _get(call.function, "arguments") or "")
        for call in calls
    )


def _read_error(error: Any) -> RunError | None:
    if error is None:
        return None
    return RunError(_get(error, "code") or "unknown", _get(error, "message") or "")


def _read_usage(usage: Any) -> Usage | None:
    counts = [_get(usage, f"{name}_tokens") for name in ("prompt", "completion", "total")]
    return Usage(*counts) if all(isinstance(count, int) for count in counts) else None


def read_message(message: Any) -> RunMessage:
    """An `openai` `Message`, its text parts joined."""
    texts = [_get(part, "text", "value") for part in message.content or ()]
    text = "".join(text for text in texts if isinstance(text, str))
    return RunMessage(message.id, message.role, text, raw=message)
