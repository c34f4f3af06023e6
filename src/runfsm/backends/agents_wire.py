"""What goes over the wire of the Agents API. Pure: nothing is sent here.

The paths and bodies are those of openai-python 3.54 (`client.beta.agents.sessions`), which they do
not need: a client of any line sends them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, ClassVar, Final, NamedTuple, TypeVar

from runfsm.backends.agents_answers import (
    Actions,
    Turn,
    read_actions,
    read_session_id,
    read_turn,
    read_turns,
)
from runfsm.backends.call import Call, safe
from runfsm.backends.faults import not_this_api
from runfsm.backends.fields import json_or_text
from runfsm.backends.responses_answers import Item, read_items
from runfsm.driver.request import ToolOutput
from runfsm.errors import BackendError

__all__ = [
    "Page",
    "answer",
    "cancel",
    "create_session",
    "find_sessions",
    "list_items",
    "list_turns",
    "listen",
    "retrieve_actions",
    "retrieve_turn",
    "say",
]

T = TypeVar("T")
Json = dict[str, Any]

SESSIONS: Final = "/agents/sessions"

#: Reference: how long an idempotency key may be.
KEY_MAX: Final = 256


class AgentsCall(Call[T]):
    """A call of this wire."""

    HEADERS: ClassVar = {"OpenAI-Beta": "agents=v1"}


class SendCall(AgentsCall[None]):
    """Something for a session to take. The answer tells nothing: one that does, is not its own.

    A network that wants a login answers with a page of its own, and passes nothing on.
    """

    def take_raw(self, raw: Any) -> None:
        """See `Call`."""
        if raw.content and not isinstance(json_or_text(raw.text), dict):
            raise BackendError.of(not_this_api("not an answer of this API: there is a text in it"))


class Page(NamedTuple):
    """Some of a list; whoever wants the rest asks for what comes `after`, if that is something."""

    items: tuple[Item, ...]
    after: str | None


def create_session(body: Mapping[str, Any]) -> Call[str]:
    """POST a session, with its first turn: its id."""
    # No environment: the model, and the functions of the app.
    return _post(SESSIONS, read_session_id, {"environment": {"type": "none"}, **body})


def find_sessions(name: str, value: str) -> Call[tuple[str, ...]]:
    """GET the sessions with this in their metadata: their ids."""

    def read(body: Any) -> tuple[str, ...]:
        return tuple(map(read_session_id, read_items(body)))

    return _get(SESSIONS, read, **{f"metadata[{name}]": value})


def retrieve_actions(session_id: str) -> Call[Actions]:
    """GET what a session waits for."""
    return _get(_session(session_id), read_actions)


def list_turns(session_id: str) -> Call[tuple[Turn, ...]]:
    """GET the latest turns, newest first."""
    return _get(f"{_session(session_id)}/turns", read_turns, order="desc", limit=20)


def retrieve_turn(session_id: str, turn_id: str) -> Call[Turn]:
    """GET a turn."""
    return _get(f"{_session(session_id)}/turns/{safe(turn_id)}", read_turn)


def list_items(session_id: str, turn_id: str, after: str | None = None) -> Call[Page]:
    """GET a hundred items of a turn, oldest first."""

    def read(body: Any) -> Page:
        items = read_items(body)
        return Page(items, str(items[-1].get("id")) if items and body.get("has_more") else None)

    path = f"{_session(session_id)}/turns/{safe(turn_id)}/items"
    more = {"after": after} if after else {}
    return _get(path, read, order="asc", limit=100, **more)


def listen(session_id: str) -> Call[Any]:
    """GET the events of a session, those that come from now on."""
    path, headers = f"{_session(session_id)}/events", {"Accept": "text/event-stream"}
    return AgentsCall("get", path, object, lambda body: body, headers=headers)


# What is said to a session -----------------------------------------------------------------------


def say(session_id: str, messages: Sequence[Item], key: str | None) -> Call[None]:
    """POST messages of a user: they begin a turn, or steer the one that is on its way."""
    return _send(session_id, "message", {"input": list(messages)}, key)


def cancel(session_id: str, key: str) -> Call[None]:
    """POST a cancel of whatever turn is on its way."""
    return _send(session_id, "cancel", {}, key)


def answer(session_id: str, turn_id: str, output: ToolOutput) -> Call[None]:
    """POST what became of one call."""
    key = f"{turn_id}:{output.call_id}"
    match output.kind:
        case "function":
            return _send(session_id, "tool_result", _result(turn_id, output), key)
        case "mcp_approval_request":
            decision = "approve" if output.output == "true" else "deny"
            response = {"type": "mcp_tool_call", "decision": decision}
            return _send(session_id, f"{output.kind}_result", _reply(output, response), key)
    response = json_or_text(output.output)  # as the tool of that name has put it
    return _send(session_id, f"{output.kind}_result", _reply(output, response), key)


def _result(turn_id: str, output: ToolOutput) -> Json:
    told = {"output": output.output} if output.error is None else {"error": output.output}
    known = {"turn_id": turn_id, "call_id": output.call_id}
    return {**known, "success": output.error is None, **told}


def _reply(output: ToolOutput, response: Any) -> Json:
    return {"request_id": output.call_id, "response": response}


def _send(session_id: str, kind: str, told: Json, key: str | None) -> Call[None]:
    event = {"type": f"agent.session.input.{kind}", **told}
    headers = {"Idempotency-Key": _header(key)} if key is not None else {}
    path = f"{_session(session_id)}/events"
    body = {"events": [event]}
    return SendCall("post", path, type(None), lambda _: None, body, headers=headers)


def _header(key: str) -> str:
    """A key as the header may have it: the same for the same."""
    if key.isascii() and key.isprintable() and len(key) <= KEY_MAX:
        return key
    return blake2b(key.encode(), digest_size=32).hexdigest()


# Calls -------------------------------------------------------------------------------------------


def _session(session_id: str) -> str:
    return f"{SESSIONS}/{safe(session_id)}"


def _post(path: str, read: Any, body: Mapping[str, Any]) -> Call[Any]:
    return AgentsCall("post", path, object, read, body)


def _get(path: str, read: Any, **query: str | int) -> Call[Any]:
    return AgentsCall("get", path, object, read, query=query)
