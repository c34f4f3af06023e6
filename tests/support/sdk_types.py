"""What the official client makes of an answer: the type of each route, and of each event.

A check is the client's own, as `OpenAI(_strict_response_validation=True)` does it in both majors;
and there may be no key that its types do not know, which the client itself would let pass. What an
older version knew and the installed one has dropped is no fault (`sdk_record.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import reduce
from typing import Any, Final, Generic, Literal, TypeVar

import openai
from openai._models import validate_type
from openai.pagination import SyncCursorPage, SyncPage
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from sdk_record import RECORD, members, sdk_type, tags

__all__ = ["EVENTS", "RESPONSE_EVENTS", "ROUTES", "SESSION_EVENTS", "check", "event_type"]


T = TypeVar("T")


class Page(SyncCursorPage[T], Generic[T]):
    """A page of a list. The client reads no more of it than it needs; these the schema has too."""

    object: str
    first_id: str
    last_id: str


class Search(SyncPage[T], Generic[T]):
    """What a search found. As with a page of a list, the client reads the data only."""

    search_query: list[str]
    has_more: bool
    next_page: str | None


class DeletedResponse(BaseModel):
    """What the client does not read: it returns `None`."""

    model_config = ConfigDict(extra="forbid")

    id: str
    object: Literal["response"]
    deleted: Literal[True]


def typed(path: str) -> Any:
    """Return a type of the client; of one that it does not have, nothing is checked."""
    return sdk_type(f"types.{path}")


def page_of(type_: Any, page: Any = Page) -> Any:
    """Return a page of these; nothing is checked where there are none."""
    return type_ and page[type_]


def widened(type_: Any, **fields: Any) -> Any:
    """Return a model with other types for some fields."""
    return type_ and create_model(
        type_.__name__, __base__=type_, **{name: (hint, ...) for name, hint in fields.items()}
    )


File: Final = widened(  # the client takes `evals` for a purpose, and has no word for it here
    typed("file_object:FileObject"), purpose=typed("file_purpose:FilePurpose")
)
ArgumentsDone: Final = widened(  # the name, 2.54 demands and 3.54 does not know
    typed("responses:ResponseFunctionCallArgumentsDoneEvent"), name=str
)
Assistant: Final = typed("beta:Assistant")
Thread: Final = typed("beta:Thread")
Message: Final = typed("beta.threads:Message")
Run: Final = typed("beta.threads:Run")
RunStep: Final = typed("beta.threads.runs:RunStep")
Model: Final = typed("model:Model")
VectorStore: Final = typed("vector_store:VectorStore")
VectorStoreFile: Final = typed("vector_stores:VectorStoreFile")
VectorStoreFileBatch: Final = typed("vector_stores:VectorStoreFileBatch")
Found: Final = page_of(typed("vector_store_search_response:VectorStoreSearchResponse"), Search)
Response: Final = typed("responses:Response")
Conversation: Final = typed("conversations:Conversation")
ConversationItem: Final = typed("conversations:ConversationItem")
ConversationItemList: Final = typed("conversations:ConversationItemList")
AgentSession: Final = typed("beta.agent_session:AgentSession")
AgentSessionItem: Final = typed("beta.agent_session_item:AgentSessionItem")
Turn: Final = typed("beta.agents.sessions.turn:Turn")

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
    ("GET", "/v1/assistants"): page_of(Assistant),
    ("POST", "/v1/assistants"): Assistant,
    ("GET", "/v1/assistants/{assistant_id}"): Assistant,
    ("POST", "/v1/assistants/{assistant_id}"): Assistant,
    ("DELETE", "/v1/assistants/{assistant_id}"): typed("beta:AssistantDeleted"),
    ("POST", "/v1/threads"): Thread,
    ("POST", "/v1/threads/runs"): Run,
    ("GET", THREAD): Thread,
    ("POST", THREAD): Thread,
    ("DELETE", THREAD): typed("beta:ThreadDeleted"),
    ("GET", MESSAGES): page_of(Message),
    ("POST", MESSAGES): Message,
    ("GET", MESSAGES + "/{message_id}"): Message,
    ("POST", MESSAGES + "/{message_id}"): Message,
    ("DELETE", MESSAGES + "/{message_id}"): typed("beta.threads:MessageDeleted"),
    ("GET", RUNS): page_of(Run),
    ("POST", RUNS): Run,
    ("GET", RUN): Run,
    ("POST", RUN): Run,
    ("POST", RUN + "/cancel"): Run,
    ("POST", RUN + "/submit_tool_outputs"): Run,
    ("GET", RUN + "/steps"): page_of(RunStep),
    ("GET", RUN + "/steps/{step_id}"): RunStep,
    ("GET", "/v1/models"): page_of(Model, SyncPage),
    ("GET", "/v1/models/{model}"): Model,
    ("GET", "/v1/files"): page_of(File),
    ("POST", "/v1/files"): File,
    ("GET", "/v1/files/{id}"): File,
    ("DELETE", "/v1/files/{id}"): typed("file_deleted:FileDeleted"),
    ("GET", "/v1/files/{id}/content"): None,
    ("GET", STORES): page_of(VectorStore),
    ("POST", STORES): VectorStore,
    ("GET", STORE): VectorStore,
    ("POST", STORE): VectorStore,
    ("DELETE", STORE): typed("vector_store_deleted:VectorStoreDeleted"),
    ("GET", STORE + "/files"): page_of(VectorStoreFile),
    ("POST", STORE + "/search"): Found,
    ("POST", STORE + "/files"): VectorStoreFile,
    ("GET", STORE + "/files/{file_id}"): VectorStoreFile,
    ("DELETE", STORE + "/files/{file_id}"): typed("vector_stores:VectorStoreFileDeleted"),
    ("POST", STORE + "/file_batches"): VectorStoreFileBatch,
    ("GET", BATCH): VectorStoreFileBatch,
    ("POST", BATCH + "/cancel"): VectorStoreFileBatch,
    ("GET", BATCH + "/files"): page_of(VectorStoreFile),
    ("POST", "/v1/responses"): Response,
    ("GET", RESPONSE): Response,
    ("DELETE", RESPONSE): DeletedResponse,
    ("POST", RESPONSE + "/cancel"): Response,
    ("GET", RESPONSE + "/input_items"): typed("responses:ResponseItemList"),
    ("POST", "/v1/conversations"): Conversation,
    ("GET", CONVERSATION): Conversation,
    ("POST", CONVERSATION): Conversation,
    ("DELETE", CONVERSATION): typed("conversations:ConversationDeletedResource"),
    ("GET", CONVERSATION + "/items"): ConversationItemList,
    ("POST", CONVERSATION + "/items"): ConversationItemList,
    ("GET", CONVERSATION + "/items/{item_id}"): ConversationItem,
    ("DELETE", CONVERSATION + "/items/{item_id}"): Conversation,
    ("GET", SESSIONS): page_of(AgentSession),
    ("POST", SESSIONS): AgentSession,
    ("GET", SESSION): AgentSession,
    ("POST", SESSION): AgentSession,
    ("DELETE", SESSION): typed("beta.agent_session_deleted:AgentSessionDeleted"),
    ("GET", SESSION + "/events"): None,
    ("POST", SESSION + "/events"): None,
    ("GET", SESSION + "/turns"): page_of(Turn),
    ("GET", TURN): Turn,
    ("GET", TURN + "/items"): page_of(AgentSessionItem),
    ("GET", SESSION + "/items"): page_of(AgentSessionItem),
}


def by_name(union: str, field: str) -> dict[str, Any]:
    """Return the members of a union of events, each by its name: only that one fits."""
    return {name: event for event in members(typed(union)) for name in tags(event, field)}


#: The events of a run's stream.
EVENTS: Final[Mapping[str, Any]] = by_name("beta:AssistantStreamEvent", "event")

#: The same of a response's stream; here the type says the name.
RESPONSE_EVENTS: Final[Mapping[str, Any]] = {
    **by_name("responses:ResponseStreamEvent", "type"),
    "response.function_call_arguments.done": ArgumentsDone,
}

#: The same of a session's.
SESSION_EVENTS: Final[Mapping[str, Any]] = by_name(
    "beta.agent_session_event:AgentSessionEvent", "type"
)


def event_type(events: Mapping[str, Any], name: str) -> Any:
    """Return the type of an event; of one that only older clients know, `None`.

    Raises:
        KeyError: no client knows it.
    """
    if name not in events and RECORD.is_gone(name, openai.__version__):
        return None
    return events[name]


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
    if unknown := [path for path in _unknown(_validated(type_, value)) if not _is_gone(path)]:
        raise ValueError(f"keys that the client does not know: {', '.join(unknown)}")


def _is_gone(path: str) -> bool:
    return RECORD.is_gone(path.rpartition(".")[2], openai.__version__)


def _validated(type_: Any, value: Any) -> Any:
    """Validate an answer in which each value that older clients knew is one of today's."""
    while True:
        try:
            return validate_type(type_=type_, value=value)
        except ValidationError as error:
            older = [one for one in error.errors() if _is_older(one)]
            if not older:
                raise
            value = reduce(_with_todays, older, deepcopy(value))


def _is_older(error: Any) -> bool:
    return error["type"] == "literal_error" and RECORD.is_gone(error["input"], openai.__version__)


def _with_todays(value: Any, error: Any) -> Any:
    *way, last = error["loc"]
    room = reduce(lambda room, step: room[step], way, value)
    room[last] = error["ctx"]["expected"].split("'")[1]
    return value


def _unknown(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all keys that no type has a field for."""
    if isinstance(value, BaseModel):
        yield from (f"{path}{name}" for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _unknown(one, f"{path}{index}.")
