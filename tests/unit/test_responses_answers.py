"""How responses and items are read: which calls wait for whom, and what a conversation tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runfsm import RunStatus
from runfsm.backends.responses_answers import (
    GIVEN_UP,
    Past,
    dangling,
    message_of,
    read_hop,
    read_items,
)

S = RunStatus


def said(role: str, text: str = "Hi", **more: Any) -> dict[str, Any]:
    """A message."""
    kind = "output_text" if role == "assistant" else "input_text"
    content = [{"type": kind, "text": text}]
    return {"type": "message", "id": f"msg_{text}", "role": role, "content": content, **more}


def called(call_id: str = "call_1", **more: Any) -> dict[str, Any]:
    """A function's call."""
    named = {"type": "function_call", "id": f"fc_{call_id}", "call_id": call_id}
    return {**named, "name": "look", "arguments": "{}", **more}


def answered(call_id: str = "call_1", output: str = "rain") -> dict[str, Any]:
    """Its output."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}


@pytest.mark.parametrize(
    ("item", "kinds"),
    [
        (called(), ["function"]),
        (called(**{"async": True}), []),
        (called(status="incomplete"), []),
        ({"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "x"}, ["custom"]),
        ({"type": "mcp_approval_request", "id": "m"}, ["mcp_approval_request"]),
        ({"type": "computer_call", "id": "c", "call_id": "c"}, ["computer_call"]),
        ({"type": "shell_call", "call_id": "s", "environment": {"type": "local"}}, ["shell_call"]),
        ({"type": "shell_call", "call_id": "s", "environment": {"type": "container"}}, []),
        ({"type": "tool_search_call", "id": "t", "execution": "client"}, ["tool_search_call"]),
        ({"type": "tool_search_call", "id": "t", "execution": "server"}, []),
        ({"type": "web_search_call", "id": "w"}, []),
        ({"type": "mcp_call", "id": "m"}, []),
        ({"type": "of_tomorrow_call", "id": "x"}, ["of_tomorrow_call"]),
        ({"type": "reasoning", "id": "r"}, []),
        (said("assistant"), []),
    ],
    ids=str,
)
def test_which_items_wait_for_the_client(item: dict[str, Any], kinds: list[str]) -> None:
    """Functions and whatever else is the client's, known or not; never what the service runs."""
    hop = read_hop({"id": "resp_1", "status": "completed", "output": [item]})

    assert kinds == [call.kind for call in hop.calls]


@pytest.mark.parametrize(
    ("items", "status", "texts"),
    [
        ([], S.IN_PROGRESS, []),
        ([called()], S.REQUIRES_ACTION, []),
        ([called(), answered()], S.IN_PROGRESS, []),
        ([called(), answered(output=GIVEN_UP)], S.CANCELLED, []),
        ([called(), called("call_2"), answered(output=GIVEN_UP)], S.REQUIRES_ACTION, []),
        ([called(), answered(), said("assistant", "So.")], S.COMPLETED, ["So."]),
        ([said("assistant", "So", status="incomplete")], S.INCOMPLETE, ["So"]),
        ([said("assistant", "So."), said("user"), said("assistant", "No.")], S.COMPLETED, ["So."]),
        ([called(), said("user"), answered(), said("assistant", "So.")], S.COMPLETED, ["So."]),
        ([said("assistant", "Wait."), called()], S.REQUIRES_ACTION, ["Wait."]),
    ],
)
def test_what_the_items_of_a_run_tell(
    items: list[dict[str, Any]], status: RunStatus, texts: list[str]
) -> None:
    """Where it is, and what it wrote; what comes after its answer is the next run's."""
    past = Past.of(items)

    assert (status, texts) == (past.status, [message.text for message in past.messages])


def test_a_call_is_dangling_until_it_is_answered() -> None:
    """Whole or not; of an approval, its response is the answer."""
    asked = {"type": "mcp_approval_request", "id": "mcpr_1"}
    granted = {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}

    assert ["call_1", "mcpr_1"] == [
        call.call_id for call in dangling([called(status="incomplete"), asked])
    ]
    assert () == dangling([called(), asked, granted, answered()])


@pytest.mark.parametrize("body", [None, [], "page", {}, {"id": "resp_1"}, {"status": "queued"}])
def test_what_is_no_response_is_refused(body: Any) -> None:
    """Without an id and a status it is something else's answer."""
    with pytest.raises(TypeError):
        read_hop(body)


@pytest.mark.parametrize("body", [None, {}, {"data": None}])
def test_what_is_no_page_is_refused(body: Any) -> None:
    """A page has data."""
    with pytest.raises(TypeError):
        read_items(body)


@pytest.mark.parametrize(
    "content",
    ["It rains.", ["It ", "rains."], {"type": "output_text", "text": "It rains."}],
    ids=["a text", "texts", "one part"],
)
def test_a_message_may_have_a_text_where_it_has_parts(content: Any) -> None:
    """Look-alikes write one text for all of it, or one part alone."""
    item = {"type": "message", "id": "m", "role": "assistant", "content": content}

    assert "It rains." == getattr(message_of(item), "text", None)


def test_arguments_may_be_an_object() -> None:
    """Look-alikes write the arguments of a call as an object, not as its text."""
    item = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": {"a": "é"}}
    (call,) = dangling([item])

    assert {"a": "é"} == json.loads(call.arguments)


def test_fields_may_be_missing() -> None:
    """A look-alike leaves out, or nulls, whatever is not an id or a status."""
    hop = read_hop({"id": "r", "status": "failed", "output": None, "usage": {}, "error": "no"})

    assert ((), None, None, None) == (hop.items, hop.usage, hop.error, hop.created_at)
