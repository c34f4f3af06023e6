"""Every refusal, word for word, and the order of the checks."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm_simulator import Call, Script, Simulator, calls, say
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import Request
from runfsm_simulator.wire.routes import MAX_BODY_BYTES
from runfsm_simulator.wire.session_refusals import SESSION_REFUSALS

KEY = {"authorization": "Bearer sk-any"}
BETA = {"openai-beta": "assistants=v2"}

NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank "
    "username) if you're accessing the API from your browser and are prompted for a username and "
    "password. You can obtain an API key from https://platform.openai.com/account/api-keys."
)
WRONG_METHOD = (
    "Not allowed to PUT on /v1/threads/thread_x. "
    "(HINT: Perhaps you meant to use a different HTTP method?)"
)
NO_BETA = (
    "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
    "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
)
MALFORMED_BETA = (
    "Invalid beta header provided: 'v1'. "
    "The header should be in the format 'OpenAI-Beta: example_beta=v1'."
)
UNKNOWN_BETA = "Unknown beta requested: 'vector_stores'."
NO_ID = "Invalid 'thread_id': 'undefined'. Expected an ID that begins with 'thread'."


def beta(value: str) -> dict[str, str]:
    """Headers with a key and this beta header."""
    return {**KEY, "openai-beta": value}


NOT_CANCELLABLE = [s for s in RunStatus if not LIFECYCLE.allows(s, RunEvent.CANCEL)]
NOT_ANSWERABLE = [s for s in RunStatus if not LIFECYCLE.allows(s, RunEvent.SUBMIT_TOOL_OUTPUTS)]


@pytest.mark.parametrize("status", NOT_CANCELLABLE)
def test_cancel_in_the_wrong_status(stage: Any, status: RunStatus) -> None:
    """A cancel that comes too late, or twice, is refused: it is not idempotent."""
    code, error = stage.refused("POST", f"{stage.run_in(status)}/cancel")

    assert (400, f"Cannot cancel run with status '{status}'.") == (code, error["message"])
    assert ("invalid_request_error", None, None) == (error["type"], error["param"], error["code"])


@pytest.mark.parametrize("status", NOT_ANSWERABLE)
def test_outputs_in_the_wrong_status(stage: Any, status: RunStatus) -> None:
    """Outputs are taken in `requires_action` only; the status is judged before the outputs."""
    code, error = stage.refused(
        "POST",
        f"{stage.run_in(status)}/submit_tool_outputs",
        {"tool_outputs": [{"tool_call_id": "call_x", "output": "1"}]},
    )

    assert (400, f'Runs in status "{status}" do not accept tool outputs.') == (
        code,
        error["message"],
    )


@pytest.mark.parametrize(
    "handed_in",
    [
        pytest.param([0], id="missing"),
        pytest.param([0, 1, "call_x"], id="unknown"),
        pytest.param([0, 1, 1], id="duplicate"),
        pytest.param([], id="none"),
        pytest.param([0, None], id="without an id"),
    ],
)
def test_outputs_that_are_not_exactly_the_pending_ones(
    make_stage: Callable[..., Any], handed_in: list[Any]
) -> None:
    """Any mismatch is refused as a whole, in the words recorded for missing ids."""
    stage = make_stage(Script.of(calls(Call(name="a"), Call(name="b")), say("!")))
    run = stage.create_run()
    stage.advance(10)
    pending = stage.get(run)["required_action"]["submit_tool_outputs"]["tool_calls"]
    expected = [call["id"] for call in pending]
    got = [expected[which] if isinstance(which, int) else which for which in handed_in]
    before = stage.everything()
    outputs = [{"tool_call_id": call_id, "output": "1"} for call_id in got]
    code, error = stage.refused("POST", f"{run}/submit_tool_outputs", {"tool_outputs": outputs})

    assert (400, f"Expected tool outputs for call_ids {expected}, got {got}") == (
        code,
        error["message"],
    )
    assert before == stage.everything()


@pytest.mark.parametrize("path", ["/v1/threads/{}/runs", "/v1/threads/runs"])
def test_a_run_with_nothing_to_go_on(stage: Any, path: str) -> None:
    """No user message and no instructions: refused, with a code, and no thread is left behind."""
    empty = stage.sim.create_thread()
    assistant_id = stage.sim.create_assistant(instructions=None)
    code, error = stage.refused("POST", path.format(empty), {"assistant_id": assistant_id})

    assert (400, "invalid_thread") == (code, error["code"])
    assert (
        "Run creation requires a Thread with a user message or an assistant with instructions."
        == error["message"]
    )
    assert {stage.thread_id, empty} == set(stage.sim.world.store.threads)


@pytest.mark.parametrize("status", [s for s in RunStatus if s not in LIFECYCLE.terminal])
def test_a_run_is_not_modified_before_it_is_over(stage: Any, status: RunStatus) -> None:
    """As recorded in 2023-11 and 2024-04."""
    code, error = stage.refused("POST", stage.run_in(status), {"metadata": {"a": "b"}})

    assert (400, f"Cannot update run with status '{status}'.") == (code, error["message"])


def test_the_type_is_judged_before_the_state(stage: Any) -> None:
    """A wrong body on an active run is told as a wrong body (recorded 2024-04-29)."""
    _, error = stage.refused("POST", stage.create_run(), {"metadata": {"modified": True}})

    assert {
        "message": "Invalid type for 'metadata.modified': expected a string, "
        "but got a boolean instead.",
        "type": "invalid_request_error",
        "param": "metadata.modified",
        "code": "invalid_type",
    } == error


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/assistants/asst_x", "No assistant found with id 'asst_x'."),
        ("/v1/threads/thread_x", "No thread found with id 'thread_x'."),
        ("{thread}/messages/msg_x", "No message found with id 'msg_x'."),
        ("{thread}/runs/run_x", "No run found with id 'run_x'."),
        ("{run}/steps/step_x", "No run step found with id 'step_x'."),
        ("/v1/threads/thread_x/runs", "No thread found with id 'thread_x'."),
    ],
)
def test_what_does_not_exist(stage: Any, path: str, message: str) -> None:
    """Each kind of thing is missed by its name, with 404."""
    run = stage.create_run()
    code, error = stage.refused("GET", path.format(thread=stage.thread, run=run))

    assert (404, message) == (code, error["message"])


def test_a_run_is_not_found_on_another_thread(stage: Any) -> None:
    """The right id on the wrong thread is not found."""
    run_id = stage.create_run().rpartition("/")[2]
    other = stage.sim.create_thread()

    assert 404 == stage.ask("GET", f"/v1/threads/{other}/runs/{run_id}").status


@pytest.mark.parametrize(
    ("name", "path", "prefix"),
    [
        ("assistant_id", "/v1/assistants/undefined", "asst"),
        ("thread_id", "/v1/threads/undefined", "thread"),
        ("message_id", "{thread}/messages/undefined", "msg"),
        ("run_id", "{thread}/runs/undefined", "run"),
    ],
)
def test_an_id_that_looks_like_none(stage: Any, name: str, path: str, prefix: str) -> None:
    """It is 400, not 404, and says how such an id begins."""
    code, error = stage.refused("GET", path.format(thread=stage.thread))

    assert (400, name, "invalid_value") == (code, error["param"], error["code"])
    assert (
        f"Invalid '{name}': 'undefined'. Expected an ID that begins with '{prefix}'."
        == error["message"]
    )


@pytest.mark.parametrize(
    ("method", "path", "headers", "answer"),
    [
        ("GET", "/v1/assistants", {}, (401, None, NO_KEY)),
        ("GET", "/v1/foo", BETA, (401, None, NO_KEY)),
        ("GET", "/v1/assistants", {"authorization": "Bearer "}, (401, None, NO_KEY)),
        ("POST", "/v1/foo", KEY, (404, None, "Invalid URL (POST /v1/foo)")),
        ("GET", "/v1/threads//runs", KEY, (404, None, "Invalid URL (GET /v1/threads//runs)")),
        ("PUT", "/v1/threads/thread_x", KEY, (405, "method_not_supported", WRONG_METHOD)),
        ("GET", "/v1/assistants", KEY, (400, "invalid_beta", NO_BETA)),
        ("GET", "/v1/assistants", beta("v1"), (400, "invalid_beta", MALFORMED_BETA)),
        ("GET", "/v1/assistants", beta("vector_stores=v2"), (400, "invalid_beta", UNKNOWN_BETA)),
        ("GET", "/v1/threads/undefined", beta("assistants=v2"), (400, "invalid_value", NO_ID)),
    ],
)
def test_key_then_path_then_beta_then_id(
    method: str, path: str, headers: dict[str, str], answer: tuple[int, str | None, str]
) -> None:
    """The checks come in the recorded order, each in its words."""
    response = Simulator().handle(Request(method, path, headers=headers))
    error = response.json()["error"]

    assert answer == (response.status, error["code"], error["message"])
    assert (response.status == 401) == ("www-authenticate" in response.headers)


@pytest.mark.parametrize(
    "path",
    ["/v1/threads/thread_x/messages", "/v1/threads/thread_x/runs", "{thread}/runs/run_x/steps"],
)
def test_the_query_is_judged_before_what_it_is_about(stage: Any, path: str) -> None:
    """A wrong `limit` is told even where there is nothing to list, as a wrong body is."""
    code, error = stage.refused("GET", path.format(thread=stage.thread), limit="0")

    assert (400, "limit") == (code, error["param"])


def test_a_refused_request_draws_no_id(stage: Any) -> None:
    """After a refusal the next thread has the id that it would have had without."""
    silent = stage.sim.create_assistant(instructions=None)
    opening = {"messages": [{"role": "assistant", "content": "Hi"}]}
    stage.refused("POST", "/v1/threads/runs", {"assistant_id": silent, "thread": opening})
    twin = type(stage)().sim

    assert twin.create_thread() == stage.sim.create_thread()


def test_a_body_that_is_too_large() -> None:
    """It is refused before anything else is looked at."""
    body = b" " * (MAX_BODY_BYTES + 1)

    assert 413 == Simulator().handle(Request("POST", "/v1/threads", body=body)).status


def test_every_answer_has_the_recorded_headers() -> None:
    """Good or bad, an answer is JSON with an id of its own."""
    sim = Simulator()
    headers = [sim.handle(Request("GET", "/v1/x", headers=KEY)).headers for _ in range(2)]

    assert {"content-type", "openai-version", "openai-processing-ms", "x-request-id"} == set(
        headers[0]
    )
    assert len("req_") + 32 == len(headers[0]["x-request-id"])
    assert headers[0]["x-request-id"] != headers[1]["x-request-id"]


@pytest.mark.parametrize(
    "path", ["/v1/threads/runs", "{thread}/runs", "{thread}/runs/run_x/submit_tool_outputs"]
)
def test_no_stream_on_a_clock_that_nobody_can_wait_at(
    make_stage: Callable[..., Any], path: str
) -> None:
    """`stream: true` is an honest 400 where only `now()` is known; nothing is created."""
    stage = make_stage(clock=SimpleNamespace(now=lambda: 1_700_000_000.0))
    body = {"stream": True}
    body |= {"tool_outputs": []} if "submit" in path else {"assistant_id": stage.assistant_id}
    code, error = stage.refused("POST", path.format(thread=stage.thread), body)

    assert (400, "stream", "unsupported_parameter") == (code, error["param"], error["code"])
    assert () == stage.sim.trace


@pytest.mark.parametrize("name", REFUSALS)
def test_every_wording_says_where_it_is_known_from(name: str) -> None:
    """No text without evidence; a conflict is 409, which SDKs retry, in the Agents API alone."""
    assert REFUSALS[name].evidence.source
    assert 409 != REFUSALS[name].status or name in SESSION_REFUSALS
