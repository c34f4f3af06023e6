"""A service that never says no: what it takes, what it still refuses, and that it keeps nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runfsm_simulator import Simulator
from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.wire.routes import ROUTES

RUN = "/v1/threads/thread_id/runs/run_id"
LITERAL = {
    "assistant_id": "assistant_id",
    "thread_id": "thread_id",
    "message_id": "message_id",
    "run_id": "run_id",
    "step_id": "step_id",
    "file_id": "file_id",
    "vector_store_id": "vector_store_id",
    "batch_id": "batch_id",
    "response_id": "response_id",
    "conversation_id": "conversation_id",
    "item_id": "item_id",
    "session_id": "session_id",
    "turn_id": "turn_id",
    "id": "file_id",
    "model": "model",
}
BODIES: dict[str, Any] = {
    "/v1/assistants": {"model": "string"},
    "/v1/threads/runs": {"assistant_id": "assistant_id"},
    "/v1/threads/{thread_id}/messages": {"role": "user", "content": "string"},
    "/v1/threads/{thread_id}/runs": {"assistant_id": "assistant_id"},
    "/v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs": {"tool_outputs": [{}]},
    "/v1/responses": {"model": "string", "input": "string", "conversation": {"id": "id"}},
    "/v1/conversations/{conversation_id}/items": {"items": [{"role": "user", "content": "Hi"}]},
    "/v1/agents/sessions": {
        "environment": {"type": "none"},
        "agent": {"model": "string"},
        "input": "string",
    },
    "/v1/agents/sessions/{session_id}": {"metadata": None},
    "/v1/agents/sessions/{session_id}/events": {"events": []},
    "/v1/vector_stores/{vector_store_id}/search": {"query": "string"},
    "/v1/vector_stores/{vector_store_id}/files": {"file_id": "file_id"},
    "/v1/vector_stores/{vector_store_id}/file_batches": {"file_ids": ["file_id"]},
}
LEFT_OUT = {
    ("POST", "/v1/files"),  # a form
    ("GET", "/v1/agents/sessions/{session_id}/events"),  # it does not end
}
CALLS = [
    (method, path)
    for path, handlers in ROUTES.items()
    for method in handlers
    if (method, path) not in LEFT_OUT
]


@pytest.fixture
def permissive() -> Simulator:
    """A service that never says no."""
    return Simulator(permissive=True)


def ask(simulator: Simulator, method: str, path: str, body: Any = None, **query: str) -> Response:
    """Ask without a key, and without the beta header."""
    data = b"" if body is None else json.dumps(body).encode()
    asked = {name: [value] for name, value in query.items()}
    return simulator.handle(Request(method, path, asked, {}, data))


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_call_is_taken_again_and_again(permissive: Simulator, method: str, path: str) -> None:
    """With literal ids, a limit of nothing and cursors from nowhere: done, three times."""
    body = BODIES.get(path, {}) if method == "POST" else None
    query = {"limit": "0", "after": "after", "before": "before", "run_id": "run_id"}
    for _ in range(3):
        answer = ask(permissive, method, path.format(**LITERAL), body, **query)
        assert answer.status in {200, 201, 202}, answer.body
        assert not answer.stream or [*answer.stream]


def test_nothing_is_kept(permissive: Simulator) -> None:
    """A deleted thing is there again, and what was created is not found in a list."""
    ask(permissive, "POST", "/v1/assistants", {"model": "m", "name": "Bo"})
    listed = ask(permissive, "GET", "/v1/assistants").json()

    assert [None] == [assistant["name"] for assistant in listed["data"]]
    assert {} == permissive.world.store.assistants


def test_outputs_of_calls_that_nobody_made(permissive: Simulator) -> None:
    """Taken, with any predecessor, streamed or not."""
    output = {"type": "function_call_output", "call_id": "string", "output": "string"}
    body = {"model": "string", "input": [output], "previous_response_id": "resp_123"}
    for more in ({}, {"background": True}, {"stream": True}):
        assert 200 == ask(permissive, "POST", "/v1/responses", {**body, **more}).status


def test_each_run_is_in_a_status_that_takes_what_is_asked(permissive: Simulator) -> None:
    """Cancelled, answered, modified: the same id, in any order."""
    outputs = {"tool_outputs": [{}, {"tool_call_id": "x", "output": "1"}]}
    asked = [("/cancel", None), ("/submit_tool_outputs", outputs), ("/cancel", None), ("", {})]
    statuses = [ask(permissive, "POST", RUN + end, body).json()["status"] for end, body in asked]

    assert ["cancelling", "queued", "cancelling", "completed"] == statuses


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/assistants", {}, "model"),
        ("/v1/assistants", {"model": "m", "nonsense": 1}, "nonsense"),
        ("/v1/threads/thread_id/messages", {"role": "robot", "content": "x"}, "role"),
        (RUN + "/submit_tool_outputs", {"tool_outputs": "x"}, "tool_outputs"),
        (RUN + "/submit_tool_outputs", {"tool_outputs": [{"output": 1}]}, "tool_outputs[0].output"),
    ],
)
def test_bodies_are_still_checked(permissive: Simulator, path: str, body: Any, param: str) -> None:
    """Only rules about state are off: a wrong type is told as ever."""
    answer = ask(permissive, "POST", path, body)

    assert (400, param) == (answer.status, answer.json()["error"]["param"])


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}'])
def test_what_is_no_json_is_told_so(permissive: Simulator, body: bytes) -> None:
    """The wire has the last word on it."""
    answer = permissive.handle(Request("POST", "/v1/threads", body=body))

    assert (400, True) == (answer.status, b"could not parse the JSON" in answer.body)


@pytest.mark.parametrize("path", ["/v1/nowhere", "/v1/threads//messages", ""])
def test_a_path_that_does_not_exist(permissive: Simulator, path: str) -> None:
    """It is no more to be found than otherwise."""
    assert 404 == ask(permissive, "GET", path).status


def test_requests_are_told_apart(permissive: Simulator) -> None:
    """Each answer has an id of its own, though each has a stage of its own."""
    ids = {ask(permissive, "GET", RUN).headers["x-request-id"] for _ in range(3)}

    assert 3 == len(ids)


def test_a_stream_is_a_whole_run(permissive: Simulator) -> None:
    """From `thread.run.created` to `done`."""
    body = {"assistant_id": "assistant_id", "stream": True}
    stream = ask(permissive, "POST", "/v1/threads/thread_id/runs", body).stream
    names = [block.split(b"\n")[0] for block in stream or ()]

    assert (b"event: thread.run.created", b"event: done") == (names[0], names[-1])
