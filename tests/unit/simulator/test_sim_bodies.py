"""Bodies: what is taken, and how a mistake in one is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfsm_simulator import Simulator
from runfsm_simulator.wire.bodies.assistants import CreateAssistant
from runfsm_simulator.wire.bodies.runs import CreateThreadAndRun, SubmitToolOutputs
from runfsm_simulator.wire.bodies.threads import CreateMessage
from runfsm_simulator.wire.http import Request
from runfsm_simulator.wire.routes import ROUTES

MESSAGE = {"role": "user", "content": "Hi"}
HEADERS = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}


def user(**changes: Any) -> dict[str, Any]:
    """A message of a user, with changes."""
    return {**MESSAGE, **changes}


def text(length: int) -> dict[str, Any]:
    """A message of this many characters."""
    return user(content="x" * length)


@pytest.mark.parametrize(
    ("body", "message", "param", "code"),
    [
        (
            user(role="human"),
            "Invalid value: 'human'. Supported values are: 'user' and 'assistant'.",
            "role",
            "invalid_value",
        ),
        (
            text(256_001),
            (
                "Invalid 'content': string too long. Expected a string with maximum length 256000, "
                "but got a string with length 256001 instead."
            ),
            "content",
            "string_above_max_length",
        ),
        (
            user(frobnicate=1),
            "Unknown parameter: 'frobnicate'.",
            "frobnicate",
            "unknown_parameter",
        ),
        (
            user(**{"~tag": 1}),
            "Unknown parameter: '~tag'.",
            "~tag",
            "unknown_parameter",
        ),
        (
            {"role": "user"},
            "Missing required parameter: 'content'.",
            "content",
            "missing_required_parameter",
        ),
        (
            user(role=3),
            "Invalid type for 'role': expected a string, but got an integer instead.",
            "role",
            "invalid_type",
        ),
        (
            user(content=None),
            (
                "Invalid type for 'content': expected one of a string or an array of objects, "
                "but got null instead."
            ),
            "content",
            "invalid_type",
        ),
        (
            user(content=[{"type": "text", "text": 1.5}]),
            "Invalid type for 'content[0].text': expected a string, but got a decimal instead.",
            "content[0].text",
            "invalid_type",
        ),
        (
            user(content=[{"type": "sound"}]),
            "Invalid value: 'sound'. Supported values are: 'text', 'image_file', and 'image_url'.",
            "content[0].type",
            "invalid_value",
        ),
        (
            user(content=[{"text": "x"}]),
            "Missing required parameter: 'content[0].type'.",
            "content[0].type",
            "missing_required_parameter",
        ),
        (
            user(content=["x"]),
            "Invalid type for 'content[0]': expected an object, but got a string instead.",
            "content[0]",
            "invalid_type",
        ),
        (
            user(content=[{"type": []}]),
            "Invalid type for 'content[0].type': expected a string, but got an array instead.",
            "content[0].type",
            "invalid_type",
        ),
        (
            user(content=[]),
            (
                "Invalid 'content': array too short. Expected an array with minimum length 1, "
                "but got an array with length 0 instead."
            ),
            "content",
            "array_below_min_length",
        ),
        (
            user(metadata={"k" * 65: "v"}),
            (
                f"Invalid property name in 'metadata': '{'k' * 65}' is too long. Expected a string "
                "with maximum length 64, but got a string with length 65 instead."
            ),
            "metadata." + "k" * 65,
            "property_name_above_max_length",
        ),
        (
            [],
            "Invalid type for the body: expected an object, but got an array instead.",
            None,
            "invalid_type",
        ),
    ],
)
def test_a_mistake_in_a_message(
    stage: Any, body: Any, message: str, param: str | None, code: str
) -> None:
    """It is told in the platform's words, with the path of the parameter; nothing is stored."""
    before = stage.everything()
    status, error = stage.refused("POST", f"{stage.thread}/messages", body)

    assert (400, message, param, code) == (status, error["message"], error["param"], error["code"])
    assert before == stage.everything()


@pytest.mark.parametrize(
    ("option", "message", "code"),
    [
        (
            {"temperature": 2.5},
            (
                "Invalid 'temperature': decimal above maximum value. "
                "Expected a value <= 2, but got 2.5 instead."
            ),
            "decimal_above_max_value",
        ),
        (
            {"max_prompt_tokens": 15},
            (
                "Invalid 'max_prompt_tokens': integer below minimum value. "
                "Expected a value >= 16, but got 15 instead."
            ),
            "integer_below_min_value",
        ),
        (
            {"temperature": True},
            "Invalid type for 'temperature': expected a decimal, but got a boolean instead.",
            "invalid_type",
        ),
        (
            {"tool_choice": "maybe"},
            "Invalid value: 'maybe'. Supported values are: 'none', 'auto', and 'required'.",
            "invalid_value",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "no spaces"}}]},
            (
                "Invalid 'tools[0].function.name': string does not match pattern. "
                "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
            ),
            "invalid_value",
        ),
        (
            {"assistant_id": "wf_1"},
            "Invalid 'assistant_id': 'wf_1'. Expected an ID that begins with 'asst'.",
            "invalid_value",
        ),
        (
            {"additional_messages": [{"role": "user"}]},
            "Missing required parameter: 'additional_messages[0].content'.",
            "missing_required_parameter",
        ),
        (
            {"thread": {}},
            "Unknown parameter: 'thread'.",
            "unknown_parameter",
        ),
    ],
)
def test_a_mistake_in_a_run(stage: Any, option: dict[str, Any], message: str, code: str) -> None:
    """As for messages; and no run is created."""
    body = {"assistant_id": stage.assistant_id, **option}
    status, error = stage.refused("POST", f"{stage.thread}/runs", body)

    assert (400, message, code) == (status, error["message"], error["code"])
    assert () == stage.sim.trace


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"temperature": 1e999}',
        b"9" * 5000,
        "{}".encode("utf-16"),
        b'{"thread": {"tool_resources": ' + b'{"a": ' * 99 + b"{}" + b"}" * 101,
        b'{"thread": {"tool_resources": {"a": "\\ud83d"}}}',
        b'{"thread": {"tool_resources": {"\\ud83d": 1}}}',
    ],
)
def test_what_is_not_json(body: Any) -> None:
    """It is 400, whatever a parser makes of it: no NaN, no endless nesting, all of it UTF-8."""
    request = Request("POST", "/v1/threads/runs", headers=HEADERS, body=body)
    response = Simulator().handle(request)

    assert 400 == response.status
    assert response.json()["error"]["message"].startswith("We could not parse the JSON body")


def test_a_thread_needs_no_body(stage: Any) -> None:
    """An empty body creates an empty thread."""
    assert {} == stage.post("/v1/threads")["metadata"]


@pytest.mark.parametrize("body", [user(content="\ud83d"), user(**{"\ud83d": 1})])
def test_half_a_surrogate_pair(stage: Any, body: Any) -> None:
    """What JSON can escape, and UTF-8 cannot say, is the client's fault, and can be answered."""
    assert 400 == stage.ask("POST", f"{stage.thread}/messages", body).status


def test_an_assistant_is_modified_by_what_is_named(stage: Any) -> None:
    """What the body leaves out stays as it was."""
    path = f"/v1/assistants/{stage.assistant_id}"
    before = stage.get(path)
    after = stage.post(path, {"name": "Bo", "temperature": 0})

    assert {**before, "name": "Bo", "temperature": 0.0} == after == stage.get(path)


def test_tools_are_echoed_with_their_defaults(stage: Any) -> None:
    """`strict` and the ranking options are there even when they were not sent (recordings)."""
    tools = [
        {"type": "function", "function": {"name": "f", "parameters": {"default": None}}},
        {"type": "file_search"},
        {"type": "code_interpreter"},
    ]
    assistant = stage.post("/v1/assistants", {"model": "m", "tools": tools})
    ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}

    assert [
        {
            "type": "function",
            "function": {"name": "f", "parameters": {"default": None}, "strict": False},
        },
        {"type": "file_search", "file_search": {"ranking_options": ranking}},
        {"type": "code_interpreter"},
    ] == assistant["tools"]
    empty = {"file_search": {"vector_store_ids": []}, "code_interpreter": {"file_ids": []}}
    assert empty == assistant["tool_resources"]


def test_a_thread_tells_more_of_itself_later(stage: Any) -> None:
    """Created: `tool_resources` is empty; retrieved: it has `code_interpreter` (recordings)."""
    created = stage.post("/v1/threads", {"metadata": {"a": "b"}})

    assert ["id", "object", "created_at", "metadata", "tool_resources"] == list(created)
    assert {} == created["tool_resources"]
    assert {
        **created,
        "tool_resources": {"code_interpreter": {"file_ids": []}},
    } == stage.get(f"/v1/threads/{created['id']}")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/assistants/{assistant}", "assistant"),
        ("{thread}", "thread"),
        ("{thread}/messages/{message}", "thread.message"),
    ],
)
def test_what_is_deleted_is_gone(stage: Any, path: str, kind: str) -> None:
    """A deletion names its object; after it there is nothing to be found."""
    message = stage.get(f"{stage.thread}/messages")["first_id"]
    path = path.format(assistant=stage.assistant_id, thread=stage.thread, message=message)

    assert {
        "id": path.rpartition("/")[2],
        "object": f"{kind}.deleted",
        "deleted": True,
    } == stage.delete(path)
    assert 404 == stage.ask("GET", path).status


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        name
        for body in (CreateAssistant, CreateThreadAndRun, CreateMessage, SubmitToolOutputs)
        for name in body.model_fields
    ]
)
POSTS = [path for path, handlers in ROUTES.items() if "POST" in handlers]


@given(path=st.sampled_from(POSTS), body=st.dictionaries(NAMES, JUNK, max_size=4) | JUNK)
def test_no_body_is_ever_a_crash(path: str, body: Any) -> None:
    """Whatever JSON is posted wherever, the answer is good or the client's fault."""
    ids = {"assistant_id": "asst_x", "thread_id": "thread_x", "run_id": "run_x"}
    ids |= {"message_id": "msg_x", "vector_store_id": "vs_x", "batch_id": "vsfb_x"}
    ids |= {"response_id": "resp_x", "conversation_id": "conv_x", "session_id": "sess_x"}
    filled = path.format(**ids)
    beta = {"openai-beta": "agents=v1"} if "/agents/" in path else {}
    request = Request("POST", filled, headers=HEADERS | beta, body=json.dumps(body).encode())

    assert Simulator().handle(request).status in {200, 400, 404}
