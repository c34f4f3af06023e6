"""What the official client makes of an answer: the type of each route, and of each event.

A check is the client's own, as `OpenAI(_strict_response_validation=True)` does it in both majors;
and there may be no key that its types do not know, which the client itself would let pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final, Generic, Literal, TypeVar, get_args

import openai
from openai._models import validate_type
from openai.pagination import SyncCursorPage, SyncPage
from openai.types import (
    FileDeleted,
    FileObject,
    FilePurpose,
    Model,
    VectorStore,
    VectorStoreDeleted,
    VectorStoreSearchResponse,
)
from openai.types.beta import (
    Assistant,
    AssistantDeleted,
    AssistantStreamEvent,
    Thread,
    ThreadDeleted,
)
from openai.types.beta.threads import Message, MessageDeleted, Run
from openai.types.beta.threads.runs import RunStep
from openai.types.conversations import (
    Conversation,
    ConversationDeletedResource,
    ConversationItem,
    ConversationItemList,
)
from openai.types.responses import (
    Response,
    ResponseFunctionCallArgumentsDoneEvent,
    ResponseItemList,
    ResponseStreamEvent,
)
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileBatch, VectorStoreFileDeleted
from pydantic import BaseModel, ConfigDict

__all__ = ["EVENTS", "RESPONSE_EVENTS", "ROUTES", "SESSION_EVENTS", "check"]


T = TypeVar("T")


class Page(SyncCursorPage[T], Generic[T]):
    """A page of a list. The client reads no more of it than it needs; these the schema has too."""

    object: str
    first_id: str
    last_id: str


class Found(SyncPage[VectorStoreSearchResponse]):
    """What a search found. As with a page of a list, the client reads the data only."""

    search_query: list[str]
    has_more: bool
    next_page: str | None


class File(FileObject):
    """An uploaded file. The client takes `evals` for a purpose, and has no word for it here."""

    purpose: FilePurpose  # type: ignore[assignment]  # because wider by that word


class DeletedResponse(BaseModel):
    """What the client does not read: it returns `None`."""

    model_config = ConfigDict(extra="forbid")

    id: str
    object: Literal["response"]
    deleted: Literal[True]


class ArgumentsDone(ResponseFunctionCallArgumentsDoneEvent):
    """The end of a call's arguments. The name, 2.54 demands and 3.54 does not know."""

    name: str


def since_3(module: str, name: str) -> Any:
    """A type of the Agents API, which the client has since 3.x; before, nothing is checked."""
    if openai.__version__ < "3":
        return None
    return getattr(import_module(f"openai.types.beta.{module}"), name)


def page_of(type_: Any) -> Any:
    """A page of these; nothing is checked where there are none."""
    return type_ and Page[type_]


AgentSession: Final = since_3("agent_session", "AgentSession")
AgentSessionDeleted: Final = since_3("agent_session_deleted", "AgentSessionDeleted")
AgentSessionEvent: Final = since_3("agent_session_event", "AgentSessionEvent")
AgentSessionItem: Final = since_3("agent_session_item", "AgentSessionItem")
Turn: Final = since_3("agents.sessions.turn", "Turn")

THREAD: Final = "/v1/threads/{thread_id}"
SESSIONS: Final = "/v1/agents/sessions"
SESSION: Final = SESSIONS + "/{session_id}"
TURN: Final = SESSION + "/turns/{turn_id}"
RESPONSE: Final = "/v1/responses/{response_id}"
CONVERSATION: Final = "/v1/conversations/{conversation_id}"
MESSAGES: Final = THREAD + "/messages"
RUNS: Final = THREAD + "/runs"
RUN: Final = RUNS + "/{run_id}"
STORES: Final = "/v1/vector_stores"
STORE: Final = STORES + "/{vector_store_id}"
BATCH: Final = STORE + "/file_batches/{batch_id}"

#: By method and path, as the simulator's table of routes has them. `None`: the answer is no JSON,
#: or one of which this client knows nothing.
ROUTES: Final[Mapping[tuple[str, str], Any]] = {
    ("GET", "/v1/assistants"): Page[Assistant],
    ("POST", "/v1/assistants"): Assistant,
    ("GET", "/v1/assistants/{assistant_id}"): Assistant,
    ("POST", "/v1/assistants/{assistant_id}"): Assistant,
    ("DELETE", "/v1/assistants/{assistant_id}"): AssistantDeleted,
    ("POST", "/v1/threads"): Thread,
    ("POST", "/v1/threads/runs"): Run,
    ("GET", THREAD): Thread,
    ("POST", THREAD): Thread,
    ("DELETE", THREAD): ThreadDeleted,
    ("GET", MESSAGES): Page[Message],
    ("POST", MESSAGES): Message,
    ("GET", MESSAGES + "/{message_id}"): Message,
    ("POST", MESSAGES + "/{message_id}"): Message,
    ("DELETE", MESSAGES + "/{message_id}"): MessageDeleted,
    ("GET", RUNS): Page[Run],
    ("POST", RUNS): Run,
    ("GET", RUN): Run,
    ("POST", RUN): Run,
    ("POST", RUN + "/cancel"): Run,
    ("POST", RUN + "/submit_tool_outputs"): Run,
    ("GET", RUN + "/steps"): Page[RunStep],
    ("GET", RUN + "/steps/{step_id}"): RunStep,
    ("GET", "/v1/models"): SyncPage[Model],
    ("GET", "/v1/models/{model}"): Model,
    ("GET", "/v1/files"): Page[File],
    ("POST", "/v1/files"): File,
    ("GET", "/v1/files/{id}"): File,
    ("DELETE", "/v1/files/{id}"): FileDeleted,
    ("GET", "/v1/files/{id}/content"): None,
    ("GET", STORES): Page[VectorStore],
    ("POST", STORES): VectorStore,
    ("GET", STORE): VectorStore,
    ("POST", STORE): VectorStore,
    ("DELETE", STORE): VectorStoreDeleted,
    ("GET", STORE + "/files"): Page[VectorStoreFile],
    ("POST", STORE + "/search"): Found,
    ("POST", STORE + "/files"): VectorStoreFile,
    ("GET", STORE + "/files/{file_id}"): VectorStoreFile,
    ("DELETE", STORE + "/files/{file_id}"): VectorStoreFileDeleted,
    ("POST", STORE + "/file_batches"): VectorStoreFileBatch,
    ("GET", BATCH): VectorStoreFileBatch,
    ("POST", BATCH + "/cancel"): VectorStoreFileBatch,
    ("GET", BATCH + "/files"): Page[VectorStoreFile],
    ("POST", "/v1/responses"): Response,
    ("GET", RESPONSE): Response,
    ("DELETE", RESPONSE): DeletedResponse,
    ("POST", RESPONSE + "/cancel"): Response,
    ("GET", RESPONSE + "/input_items"): ResponseItemList,
    ("POST", "/v1/conversations"): Conversation,
    ("GET", CONVERSATION): Conversation,
    ("POST", CONVERSATION): Conversation,
    ("DELETE", CONVERSATION): ConversationDeletedResource,
    ("GET", CONVERSATION + "/items"): ConversationItemList,
    ("POST", CONVERSATION + "/items"): ConversationItemList,
    ("GET", CONVERSATION + "/items/{item_id}"): ConversationItem,
    ("DELETE", CONVERSATION + "/items/{item_id}"): Conversation,
    ("GET", SESSIONS): page_of(AgentSession),
    ("POST", SESSIONS): AgentSession,
    ("GET", SESSION): AgentSession,
    ("POST", SESSION): AgentSession,
    ("DELETE", SESSION): AgentSessionDeleted,
    ("GET", SESSION + "/events"): None,
    ("POST", SESSION + "/events"): None,
    ("GET", SESSION + "/turns"): page_of(Turn),
    ("GET", TURN): Turn,
    ("GET", TURN + "/items"): page_of(AgentSessionItem),
    ("GET", SESSION + "/items"): page_of(AgentSessionItem),
}

#: The members of the client's union of events, each by its name: only the one of that name fits.
EVENTS: Final[Mapping[str, Any]] = {
    get_args(event.model_fields["event"].annotation)[0]: event
    for event in get_args(get_args(AssistantStreamEvent)[0])
}

#: The same of a response's stream; here the type says the name.
RESPONSE_EVENTS: Final[Mapping[str, Any]] = {
    get_args(event.model_fields["type"].annotation)[0]: event
    for event in get_args(get_args(ResponseStreamEvent)[0])
} | {"response.function_call_arguments.done": ArgumentsDone}

#: The same of a session's.
SESSION_EVENTS: Final[Mapping[str, Any]] = {
    get_args(event.model_fields["type"].annotation)[0]: event
    for event in get_args(get_args(AgentSessionEvent)[0] if AgentSessionEvent else ())
}


def check(type_: Any, value: object) -> None:
    """Have the client validate an answer, and look for what it has no word for.

    Args:
        type_: of the answer; of `None`, nothing is known.
        value: the answer.

    Raises:
        pydantic.ValidationError: it would refuse it.
        ValueError: there is a key in it that its types do not know.
    """
    if type_ is None:
        return
    if unknown := list(_unknown(validate_type(type_=type_, value=value))):
        raise ValueError(f"keys that the client does not know: {', '.join(unknown)}")


def _unknown(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all keys that no type has a field for."""
    if isinstance(value, BaseModel):
        yield from (f"{path}{name}" for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _unknown(one, f"{path}{index}.")
