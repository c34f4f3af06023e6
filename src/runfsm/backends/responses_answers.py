"""How the answers of the Responses wire are read, once, at the edge. Pure.

Everything here is about JSON as it came: the official client puts an item of a type that it does
not know into a class of another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from runfsm.backends.fields import (
    arguments_in,
    error_in,
    number_in,
    object_in,
    objects_in,
    usage_in,
)
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import METADATA_KEY, RunError, RunMessage, ToolCall

if TYPE_CHECKING:
    from openai.types.responses import Response

__all__ = [
    "GIVEN_UP",
    "Hop",
    "Item",
    "Past",
    "dangling",
    "message_of",
    "read_hop",
    "read_ids",
    "read_items",
    "said_by",
]

Item = Mapping[str, Any]

#: The output of a call that its client has given up, to the model, and to whoever looks later.
GIVEN_UP: Final = "The call was given up: the run was cancelled."

#: What the service does by itself. Every other `…_call`, known or not, waits for the client.
HOSTED: Final = frozenset(
    {
        "file_search_call",
        "web_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "mcp_call",
    }
)


@dataclass(frozen=True, slots=True)
class Hop:
    """One response.

    Attributes:
        id: of the response.
        status: as the service wrote it.
        items: its output.
        created_at: Unix time in seconds.
        in_background: whether the service says so.
        usage: tokens: input, output, total.
        error: why it failed.
        incomplete_reason: why it was cut short.
        key: the name that its run's creator gave it.
        raw: the client's own object.
    """

    id: str
    status: str
    items: tuple[Item, ...]
    created_at: float | None
    in_background: bool
    usage: tuple[int, int, int] | None
    error: RunError | None
    incomplete_reason: str | None
    key: str | None
    raw: Response

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """What it waits for. What is not whole, as of a response that was cut, is not called."""
        return tuple(
            call
            for item in self.items
            if item.get("status") != "incomplete" and (call := _call(item))
        )

    @property
    def messages(self) -> list[RunMessage]:
        """What it has written."""
        return [message for item in self.items if (message := message_of(item))]


@dataclass(frozen=True, slots=True)
class Past:
    """What the items of a conversation tell of a run whose latest response is not known by id.

    Attributes:
        status: where it is.
        calls: what it waits for.
        messages: what it has written in these items.
    """

    status: RunStatus
    calls: tuple[ToolCall, ...]
    messages: list[RunMessage]

    @classmethod
    def of(cls, items: Iterable[Item]) -> Past:
        """What these items tell: a run's own, from some point on, and perhaps those of the next."""
        own: list[Item] = []
        written: list[Item] = []
        given_up, last = False, RunStatus.IN_PROGRESS
        for item in items:
            if _is_of_user(item) and last is RunStatus.COMPLETED and not dangling(own):
                break  # the next run's
            own.append(item)
            last = RunStatus.IN_PROGRESS
            if _answered(item) is not None:
                given_up = GIVEN_UP in {item.get("reason"), str(item.get("output"))}
            elif message_of(item):
                written.append(item)
                cut = item.get("status") == "incomplete"
                last = RunStatus.INCOMPLETE if cut else RunStatus.COMPLETED
        calls = dangling(own)
        if calls:
            last = RunStatus.REQUIRES_ACTION
        elif given_up:
            last = RunStatus.CANCELLED
        return cls(last, calls, [it for one in written if (it := message_of(one))])


def read_hop(body: Any) -> Hop:
    """A response. Id and status must be there; the rest may not be.

    Raises:
        TypeError: it is none.
    """
    from openai.types.responses import Response

    if not isinstance(body, Mapping):
        raise TypeError("a response is an object")
    if not (isinstance(body.get("id"), str) and isinstance(body.get("status"), str)):
        raise TypeError("a response has an id and a status")
    metadata = body.get("metadata")
    key = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    return Hop(
        id=body["id"],
        status=body["status"],
        items=objects_in(body.get("output")),
        created_at=number_in(body.get("created_at")),
        in_background=body.get("background") is True,
        usage=usage_in(body.get("usage")),
        error=error_in(body.get("error")),
        incomplete_reason=object_in(body.get("incomplete_details")).get("reason"),
        key=key if isinstance(key, str) else None,
        raw=Response.construct(**body),
    )


def read_items(body: Any) -> tuple[Item, ...]:
    """A page of items.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), list):
        raise TypeError("a page has data")
    return objects_in(body["data"])


def read_ids(body: Any) -> tuple[str, ...]:
    """The ids of a page of items, or of the one thing that it is.

    Raises:
        TypeError: there is none.
    """
    things = read_items(body) if isinstance(body, Mapping) and "data" in body else [body]
    ids = tuple(object_in(thing).get("id") for thing in things)
    if not all(isinstance(one, str) for one in ids):
        raise TypeError("it has no id")
    return tuple(str(one) for one in ids)


def said_by(item: Item) -> tuple[str, str] | None:
    """Who said what, of a message; `None` of anything else."""
    if item.get("type", "message") != "message":
        return None
    return str(item.get("role")), _texts(item.get("content"))


def _is_of_user(item: Item) -> bool:
    return item.get("type") == "message" and item.get("role") != "assistant"


# Calls -------------------------------------------------------------------------------------------


def dangling(items: Iterable[Item]) -> tuple[ToolCall, ...]:
    """The calls among these items that none of them answers, whole or not."""
    calls: dict[str, ToolCall] = {}
    for item in items:
        if call := _call(item):
            calls[call.call_id] = call
        elif (answered := _answered(item)) is not None:
            calls.pop(answered, None)
    return tuple(calls.values())


def _call(item: Item) -> ToolCall | None:
    kind = str(item.get("type"))
    if not _is_the_clients(kind, item) or item.get("async"):
        return None
    call_id = str(item.get("call_id") or item.get("id"))
    match kind:
        case "function_call":
            return ToolCall(call_id, str(item.get("name")), arguments_in(item.get("arguments")))
        case "custom_tool_call":
            arguments = json.dumps({"input": item.get("input")})  # a text, and no JSON
            return ToolCall(call_id, str(item.get("name")), arguments, kind="custom")
    told = {name: value for name, value in item.items() if name not in {"type", "status"}}
    return ToolCall(call_id, kind, json.dumps(told), kind=kind)


def _is_the_clients(kind: str, item: Item) -> bool:
    if kind == "mcp_approval_request":
        return True
    if kind == "tool_search_call":
        return item.get("execution") == "client"
    if kind == "shell_call":
        return bool(object_in(item.get("environment")).get("type", "local") == "local")
    return kind.endswith("_call") and kind not in HOSTED


def _answered(item: Item) -> str | None:
    """Which call an item answers, if any."""
    kind = str(item.get("type"))
    if kind == "mcp_approval_response":
        return str(item.get("approval_request_id"))
    return str(item.get("call_id")) if kind.endswith("_output") else None


# Messages ----------------------------------------------------------------------------------------


def message_of(item: Item) -> RunMessage | None:
    """What was written, of an assistant's message; `None` of anything else."""
    if item.get("type") != "message" or item.get("role") != "assistant":
        return None
    return RunMessage(str(item.get("id")), "assistant", _texts(item.get("content")), raw=item)


def _texts(content: Any) -> str:
    """The texts of a message's parts. Look-alikes write one text for all of it, or one part."""
    parts = content if isinstance(content, list) else [content]
    texts = (part if isinstance(part, str) else object_in(part).get("text") for part in parts)
    return "".join(text for text in texts if isinstance(text, str))
