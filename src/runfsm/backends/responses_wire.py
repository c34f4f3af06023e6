"""What goes over the Responses wire. Pure: nothing is sent here.

The paths and bodies are those of the API reference (/responses, /conversations).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from runfsm.backends.call import Call, safe
from runfsm.backends.fields import json_or_text
from runfsm.backends.responses_answers import (
    GIVEN_UP,
    Hop,
    Item,
    read_hop,
    read_ids,
    read_items,
)
from runfsm.driver.request import ToolOutput
from runfsm.lifecycle.snapshot import ToolCall

__all__ = [
    "add_items",
    "cancel_response",
    "create_conversation",
    "create_response",
    "give_up",
    "items_after",
    "last_item",
    "latest_items",
    "output_item",
    "resume_stream",
    "retrieve_response",
]

T = TypeVar("T")
Json = dict[str, Any]

#: Reference: how many items a conversation takes at once.
ITEMS_MAX: Final = 20


def create_response(body: Mapping[str, Any]) -> Call[Hop]:
    """POST a response, in background mode, to be kept."""
    return _post("/responses", read_hop, {**body, "background": True, "store": True})


def retrieve_response(response_id: str) -> Call[Hop]:
    """GET a response."""
    return _get(f"/responses/{safe(response_id)}", read_hop)


def resume_stream(response_id: str, after: int) -> Call[Hop]:
    """GET the events of a response, those after a number."""
    path = f"/responses/{safe(response_id)}"
    return _get(path, read_hop, stream="true", starting_after=after)


def cancel_response(response_id: str) -> Call[Hop]:
    """POST the cancel."""
    return _post(f"/responses/{safe(response_id)}/cancel", read_hop)


def create_conversation(body: Mapping[str, Any]) -> Call[tuple[str, ...]]:
    """POST a conversation: its id."""
    return _post("/conversations", read_ids, body)


def add_items(conversation_id: str, items: Sequence[Item]) -> Call[tuple[str, ...]]:
    """POST items at the end of a conversation: their ids. The model does not run."""
    return _post(_items_of(conversation_id), read_ids, {"items": list(items)})


def latest_items(conversation_id: str) -> Call[tuple[Item, ...]]:
    """GET the newest hundred items, oldest first."""

    def read(body: Any) -> tuple[Item, ...]:
        return read_items(body)[::-1]

    return _get(_items_of(conversation_id), read, order="desc", limit=100)


def last_item(conversation_id: str) -> Call[str]:
    """GET the id of the newest item; empty, if there is none."""

    def read(body: Any) -> str:
        return next((str(item.get("id")) for item in read_items(body)), "")

    return _get(_items_of(conversation_id), read, order="desc", limit=1)


def items_after(conversation_id: str, item_id: str) -> Call[tuple[Item, ...]]:
    """GET the hundred items that come after one, or the first, oldest first."""
    after = {"after": item_id} if item_id else {}
    return _get(_items_of(conversation_id), read_items, order="asc", limit=100, **after)


# Outputs -----------------------------------------------------------------------------------------


def output_item(output: ToolOutput) -> Json:
    """What answers a call, in the form of its kind."""
    match output.kind:
        case "function":
            return _answer("function_call_output", output.call_id, output.output)
        case "custom":
            return _answer("custom_tool_call_output", output.call_id, output.output)
        case "mcp_approval_request":
            return {**_approval(output.call_id, approve=output.output == "true"), "reason": None}
    return _answer(f"{output.kind}_output", output.call_id, json_or_text(output.output))


def give_up(
    conversation_id: str, items: Sequence[Item], calls: Sequence[ToolCall]
) -> Iterator[Call[Any]]:
    """What frees a conversation from calls that nobody will answer.

    An output keeps the call, and the reasoning that goes with it, in place. Of what has no output
    that one could make up, the call's own item is deleted.
    """
    made = [(call, _refusal(call)) for call in calls]
    outputs = [item for _, item in made if item is not None]
    for start in range(0, len(outputs), ITEMS_MAX):
        yield add_items(conversation_id, outputs[start : start + ITEMS_MAX])
    for call in (call for call, item in made if item is None):
        found = (it for it in items if call.call_id in {it.get("call_id"), it.get("id")})
        for item in found:
            path = f"{_items_of(conversation_id)}/{safe(str(item.get('id')))}"
            yield Call("delete", path, object, read_ids)


def _refusal(call: ToolCall) -> Json | None:
    match call.kind:
        case "function":
            return _answer("function_call_output", call.call_id, GIVEN_UP)
        case "custom":
            return _answer("custom_tool_call_output", call.call_id, GIVEN_UP)
        case "mcp_approval_request":
            return _approval(call.call_id, approve=False)
    return None


def _answer(kind: str, call_id: str, output: Any) -> Json:
    return {"type": kind, "call_id": call_id, "output": output}


def _approval(request_id: str, *, approve: bool) -> Json:
    return {
        "type": "mcp_approval_response",
        "approval_request_id": request_id,
        "approve": approve,
        "reason": None if approve else GIVEN_UP,
    }


# Calls -------------------------------------------------------------------------------------------


def _items_of(conversation_id: str) -> str:
    return f"/conversations/{safe(conversation_id)}/items"


def _post(path: str, read: Callable[[Any], T], body: Mapping[str, Any] | None = None) -> Call[T]:
    return Call("post", path, object, read, body or {})


def _get(path: str, read: Callable[[Any], T], **query: str | int) -> Call[T]:
    return Call("get", path, object, read, query=query)
