"""The check that looks over every test's shoulder (`tests/support/schema_check.py`) bites."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

import schema_check
import sdk_drift
from runfsm_simulator import Script, Simulator, say
from runfsm_simulator.wire import http, profiles, shapes, sse, wording
from runfsm_simulator.wire.http import Request
from runfsm_simulator.wire.profiles import ProfileName
from runfsm_simulator.wire.routes import ROUTES as TABLE
from schema_check import LEDGER, check_envelope
from sdk_record import RECORD
from sdk_types import ROUTES

HEADERS = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
GOOD = {"message": "m", "type": "t", "param": None, "code": "c"}


pytestmark = pytest.mark.sdk_types  # which of them is wrong depends on what is right


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a client that the suite was written with, whichever is installed."""
    monkeypatch.setattr(sdk_drift, "tolerated", nullcontext)


def test_no_route_is_without_its_type() -> None:
    """The table of types names the simulator's routes, no fewer and no more."""
    assert {(method, path) for path, ways in TABLE.items() for method in ways} == set(ROUTES)


def test_no_event_is_without_its_type() -> None:
    """The client types 24 names; `done`, the 25th, carries no object."""
    assert 24 == len(RECORD.union("run events"))
    assert {"thread.created", "thread.run.step.delta", "error"} < RECORD.union("run events")


@pytest.mark.parametrize("profile", ["wire", "spec"])
def test_a_wrong_answer_is_found(profile: ProfileName, monkeypatch: pytest.MonkeyPatch) -> None:
    """One field of another type, in one thing of a page: it is told of, in either profile."""
    right = shapes.assistant
    monkeypatch.setattr(shapes, "assistant", lambda it: {**right(it), "created_at": "noon"})
    simulator = Simulator(profile=profile)
    before = LEDGER.counts["responses"], LEDGER.counts["given"]
    simulator.create_assistant()
    answer = simulator.handle(Request("GET", "/v1/assistants", headers=HEADERS))
    wrong = LEDGER.take()

    assert 200 == answer.status
    assert ["POST /v1/assistants", "GET /v1/assistants"] == [one.split(":")[0] for one in wrong]
    assert "data.0.created_at" in wrong[1]
    assert before == (LEDGER.counts["responses"] - 2, LEDGER.counts["given"] - 2)


def test_a_key_that_the_schema_does_not_know_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep it is in an answer; those of a page itself are known."""
    monkeypatch.setitem(profiles.UNKNOWN, "assistant", ())  # type: ignore[index]  # a dict, in fact
    simulator = Simulator()
    simulator.create_assistant(tools=[{"type": "file_search"}])
    simulator.handle(Request("GET", "/v1/assistants", headers=HEADERS))
    deep = "tools.0.file_search.ranking_options.hybrid_search"
    told = "ValueError: keys that the client does not know:"

    assert [
        f"POST /v1/assistants: {told} reasoning_effort, {deep}",
        f"GET /v1/assistants: {told} data.0.reasoning_effort, data.0.{deep}",
    ] == LEDGER.take()


def test_a_wrong_event_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A payload that does not fit its event's name is told of, though nobody has read it yet."""
    right = sse._text_piece
    monkeypatch.setattr(sse, "_text_piece", lambda piece: {**right(piece), "type": "words"})
    simulator = Simulator(Script.of(say("Hi", queue_s=1, work_s=1)))
    thread_id = simulator.create_thread()
    simulator.add_message(thread_id, "Hi")
    body = {"assistant_id": simulator.create_assistant(), "stream": True}
    request = Request(
        "POST", f"/v1/threads/{thread_id}/runs", headers=HEADERS, body=http.json_bytes(body)
    )
    answer = simulator.handle(request)
    assert answer.stream is not None
    told = list(answer.stream)
    wrong = LEDGER.take()

    assert b"event: done" == told[-1].splitlines()[0]
    assert ["event thread.message.delta"] == [one.split(":")[0] for one in wrong]


def test_a_wrong_refusal_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One key more than the platform has: it is told of."""
    body = {"error": {**GOOD, "hint": "?"}}
    monkeypatch.setattr(wording.ApiError, "body", lambda _: body)
    Simulator().handle(Request("GET", "/v1/nothing", headers=HEADERS))

    assert [f"refusal 404: ValueError: not the platform's envelope: {body}"] == LEDGER.take()


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"error": "m"},
        {"error": {**GOOD, "message": None}},
        {"error": {**GOOD, "param": 1}},
        {"error": {**GOOD, "code": 400}},
        {"error": {key: value for key, value in GOOD.items() if key != "param"}},
        {"error": GOOD, "detail": ""},
    ],
)
def test_what_is_no_envelope(body: Any) -> None:
    """Each key is there and of its type, and there is no other."""
    check_envelope({"error": GOOD})
    with pytest.raises(ValueError, match="not the platform's envelope"):
        check_envelope(body)


def test_a_test_with_a_wrong_answer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if it asserts nothing: the plugin raises when its body has run."""
    right = shapes.new_thread
    monkeypatch.setattr(shapes, "new_thread", lambda it: {**right(it), "object": "string"})
    around = schema_check.pytest_runtest_call()
    next(around)
    Simulator().create_thread()
    with pytest.raises(AssertionError, match="POST /v1/threads: ValidationError"):
        around.send(None)
