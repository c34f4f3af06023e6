"""What goes over the Assistants wire. Pure: nothing is sent here.

The paths and bodies are those of the API reference (`openai/openai-openapi`, /threads and
/assistants), which was frozen when OpenAI's own endpoint was shut down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeVar

from runfsm.backends.assistants_answers import read_id, read_key, read_run
from runfsm.backends.call import Call, safe
from runfsm.backends.content import assistants_message
from runfsm.driver.content import MessageContent
from runfsm.driver.request import RunRequest, ToolOutput, check_key, checked_options
from runfsm.errors import CallerError
from runfsm.lifecycle.snapshot import (
    METADATA_KEY,
    RunRef,
    RunSnapshot,
    has_room_for_key,
)

if TYPE_CHECKING:
    from runfsm.backends.assistants_pages import MessagePage, RunPage

__all__ = [
    "Page",
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
#: The driver fills these in itself.
RESERVED: Final = frozenset({"assistant_id", "stream", "thread"})

#: The classes that the client reads answers into.
ASSISTANT: Final = "openai.types.beta:Assistant"
THREAD: Final = "openai.types.beta:Thread"
MESSAGE: Final = "openai.types.beta.threads:Message"
RUN: Final = "openai.types.beta.threads:Run"
MESSAGE_PAGE: Final = "runfsm.backends.assistants_pages:MessagePage"
RUN_PAGE: Final = "runfsm.backends.assistants_pages:RunPage"


class Page(NamedTuple):
    """Some of a thread's messages, and whether there are more."""

    messages: tuple[Any, ...]
    has_more: bool


class AssistantsCall(Call[T]):
    """A call of this wire."""

    HEADERS: ClassVar = BETA


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
    said = [assistants_message(request.message)] if request.message is not None else []
    added = [*(body.pop("additional_messages", None) or ()), *said]
    if request.thread_id is None:
        body["thread"] = {"messages": added}
        return AssistantsCall("post", "/threads/runs", RUN, read_run, body)
    if added:
        body["additional_messages"] = added
    return AssistantsCall("post", f"/threads/{safe(request.thread_id)}/runs", RUN, read_run, body)


def retrieve_run(ref: RunRef) -> Call[RunSnapshot]:
    """GET the run."""
    return AssistantsCall("get", _run_path(ref), RUN, read_run)


def submit_outputs(ref: RunRef, outputs: Sequence[ToolOutput]) -> Call[RunSnapshot]:
    """POST all outputs at once: the service refuses a part of them."""
    body = {
        "tool_outputs": [
            {"tool_call_id": output.call_id, "output": output.output} for output in outputs
        ]
    }
    return AssistantsCall("post", f"{_run_path(ref)}/submit_tool_outputs", RUN, read_run, body)


def cancel_run(ref: RunRef) -> Call[RunSnapshot]:
    """POST the cancel."""
    return AssistantsCall("post", f"{_run_path(ref)}/cancel", RUN, read_run)


def list_messages(thread_id: str, run_id: str | None, after: str | None) -> Call[Page]:
    """GET a page of a thread's messages, newest first: those of a run, or all."""

    def read(page: MessagePage) -> Page:
        messages = _listed(page)
        for message in messages:
            read_id(message)
        return Page(messages, bool(getattr(page, "has_more", False)))

    wanted = {"run_id": run_id, "order": "desc", "limit": 100, "after": after}
    query = {name: value for name, value in wanted.items() if value is not None}
    path = f"/threads/{safe(thread_id)}/messages"
    return AssistantsCall("get", path, MESSAGE_PAGE, read, query=query)


def list_runs(thread_id: str) -> Call[Sequence[RunSnapshot]]:
    """GET the thread's latest runs, newest first."""

    def read(page: RunPage) -> Sequence[RunSnapshot]:
        return [read_run(run) for run in page.data]

    path = f"/threads/{safe(thread_id)}/runs"
    return AssistantsCall("get", path, RUN_PAGE, read, query={"order": "desc", "limit": 20})


def create_assistant(params: Mapping[str, Any]) -> Call[str]:
    """POST an assistant."""
    return AssistantsCall(
        "post", "/assistants", ASSISTANT, read_id, checked_options(params, "assistant")
    )


def create_thread(params: Mapping[str, Any]) -> Call[str]:
    """POST a thread."""
    return AssistantsCall("post", "/threads", THREAD, read_id, checked_options(params, "thread"))


def add_message(thread_id: str, content: MessageContent, key: str | None) -> Call[str]:
    """POST a user's message."""
    body = assistants_message(content)
    if key is not None:
        check_key(key)
        body["metadata"] = {METADATA_KEY: key}
    return AssistantsCall("post", f"/threads/{safe(thread_id)}/messages", MESSAGE, read_id, body)


def find_message(thread_id: str, key: str) -> Call[str | None]:
    """GET the thread's latest messages, and find the one of this key."""

    def read(page: MessagePage) -> str | None:
        return next((read_id(message) for message in page.data if read_key(message) == key), None)

    path = f"/threads/{safe(thread_id)}/messages"
    return AssistantsCall("get", path, MESSAGE_PAGE, read, query={"order": "desc", "limit": 100})


def _listed(page: Any) -> tuple[Any, ...]:
    """The written messages. Servers in Go write `null` for an empty list.

    Of a list in which something is looked for that may have been made, `null` is no answer: taken
    for an empty one, it would be made twice.
    """
    is_null = page.data is None and "data" in page.model_fields_set
    return () if is_null else tuple(page.data)


def _run_path(ref: RunRef) -> str:
    return f"/threads/{safe(ref.thread_id)}/runs/{safe(ref.run_id)}"
