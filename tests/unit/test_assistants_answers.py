"""What is read off the Assistants wire, for threads and for tasks alike."""

from __future__ import annotations

from typing import Any

import pytest

from canned import REF, RUN, TEXT, Ask, Service, by_both
from runfsm.errors import BackendError, FaultKind
from runfsm.lifecycle.snapshot import (
    METADATA_KEY,
    RunError,
    RunMessage,
    RunSnapshot,
    ToolCall,
    Usage,
)


@by_both
def test_a_run_is_read_whole(ask: Ask) -> None:
    """Every field of a snapshot comes from its place in the run; the run itself is kept."""
    body = RUN | {
        "status": "requires_action",
        "started_at": 11,
        "expires_at": 610,
        "last_error": {"code": "server_error", "message": "Sorry."},
        "incomplete_details": {"reason": "max_prompt_tokens"},
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "required_action": _action({"name": "f", "arguments": "{}"}),
        "brand_new": {"field": [1]},
    }
    snapshot = ask(Service(body), "retrieve", REF)

    expected = RunSnapshot(
        ref=REF,
        raw_status="requires_action",
        calls=(ToolCall("call_1", "f", "{}"),),
        created_at=10,
        started_at=11,
        expires_at=610,
        error=RunError("server_error", "Sorry."),
        incomplete_reason="max_prompt_tokens",
        usage=Usage(1, 2, 3),
    )
    assert expected == snapshot
    assert {"field": [1]} == snapshot.raw.brand_new


def _action(function: Any) -> Any:
    calls = [{"id": "call_1", "type": "function", "function": function}]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


LOOK_ALIKES: dict[str, Any] = {
    "the least": {"id": "run_1", "thread_id": "thread_1", "status": "queued"},
    "a tenth status": RUN | {"status": "generating"},
    "nulls": RUN | dict.fromkeys(("created_at", "usage", "last_error", "required_action")),
    "an empty action": RUN | {"required_action": {}},
    "an action of nulls": RUN | {"required_action": {"submit_tool_outputs": None}},
    "no calls": RUN | {"required_action": {"submit_tool_outputs": {"tool_calls": None}}},
    "an empty usage": RUN | {"usage": {}},
    "an empty error": RUN | {"last_error": {}},
    "an error without a code": RUN | {"last_error": {"message": "Sorry."}},
    "empty details": RUN | {"incomplete_details": {}},
    "floats": RUN | {"created_at": 10.5, "expires_at": "soon"},
}


@by_both
@pytest.mark.parametrize("body", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_what_a_look_alike_leaves_out_is_left_out(ask: Ask, body: Any) -> None:
    """A run with an id, a thread and a status is a snapshot, whatever else is missing or null."""
    snapshot = ask(Service(body), "retrieve", REF)

    assert (REF, body["status"], ()) == (snapshot.ref, snapshot.raw_status, snapshot.calls)


@by_both
@pytest.mark.parametrize("function", [{"name": "f"}, {"name": "f", "arguments": None}])
def test_a_call_without_arguments_is_a_call(ask: Ask, function: Any) -> None:
    """No arguments are an empty text, which the tools then refuse in words for the model."""
    body = RUN | {"status": "requires_action", "required_action": _action(function)}

    assert (ToolCall("call_1", "f", ""),) == ask(Service(body), "retrieve", REF).calls


@by_both
def test_arguments_may_be_an_object(ask: Ask) -> None:
    """Look-alikes write the arguments of a call as an object, not as its text."""
    action = _action({"name": "f", "arguments": {"city": "Paris"}})
    body = RUN | {"status": "requires_action", "required_action": action}

    assert (ToolCall("call_1", "f", '{"city": "Paris"}'),) == ask(
        Service(body), "retrieve", REF
    ).calls


NO_RUNS: dict[str, tuple[Any, str]] = {
    "a page": (b"<html>Welcome to this network</html>", "text/html"),
    "half a body": (b'{"id": "run_', "application/json"),
    "no body": (b"", "application/json"),
    "not UTF-8": (b'{"id": "\xff"}', "application/json"),
    "a list": ([RUN], "application/json"),
    "null": (None, "application/json"),
    "a text": ("run_1", "application/json"),
    "an empty object": ({}, "application/json"),
    "an error": ({"error": {"message": "No."}}, "application/json"),
}


@by_both
@pytest.mark.parametrize(("body", "content_type"), NO_RUNS.values(), ids=NO_RUNS)
@pytest.mark.parametrize("method", ["retrieve", "cancel"])
def test_an_answer_that_is_no_run_is_a_fault(
    ask: Ask, method: str, body: Any, content_type: str
) -> None:
    """A proxy's page with status 200, half a body and the like: a `BackendError`, never a crash.

    And a cancel that was answered so may have been applied.
    """
    with pytest.raises(BackendError) as caught:
        ask(Service(body, content_type=content_type), method, REF)
    assert (method == "cancel") <= caught.value.fault.maybe_applied


@by_both
def test_messages_are_the_runs_own_oldest_first(ask: Ask) -> None:
    """Asked for newest first, told oldest first; others' are left out, text parts are joined."""
    image = {"type": "image_file", "image_file": {"file_id": "file_1"}}
    listed = [
        _message("msg_3", None),
        _message("msg_2", [TEXT, image, TEXT]),
        _message("msg_9", [TEXT], run_id=None),
        _message("msg_1", []),
    ]
    found = ask(Service({"data": listed}), "messages", REF)

    texts = {"msg_1": "", "msg_2": "HiHi", "msg_3": ""}
    assert [RunMessage(i, "assistant", text) for i, text in texts.items()] == list(found)


def _message(message_id: str, content: Any, run_id: str | None = "run_1") -> Any:
    return {"id": message_id, "role": "assistant", "run_id": run_id, "content": content}


@by_both
@pytest.mark.parametrize(
    "part",
    [{"type": "text"}, {"type": "text", "text": None}, {"type": "text", "text": {}}, {}],
)
def test_an_odd_part_of_a_message_is_no_text(ask: Ask, part: Any) -> None:
    """A part of a new kind, or a text part without a text, is passed over."""
    found = ask(Service({"data": [_message("msg_1", [part, TEXT])]}), "messages", REF)

    assert ["Hi"] == [message.text for message in found]


# What is looked up -------------------------------------------------------------------------------


@by_both
def test_runs_are_listed_with_their_keys(ask: Ask) -> None:
    """In the service's order; metadata of other apps, or none, is no key."""
    metadata: list[Any] = [{METADATA_KEY: "k"}, {"a": "b"}, {METADATA_KEY: 7}, [], None]
    listed = [RUN | {"id": f"run_{n}", "metadata": one} for n, one in enumerate(metadata)]
    runs = ask(Service({"data": [*listed, RUN]}), "runs", "thread_1")

    assert ["k", None, None, None, None, None] == [run.key for run in runs]
    assert [f"run_{n}" for n in range(5)] == [run.ref.run_id for run in runs[:5]]


@by_both
@pytest.mark.parametrize(("key", "found"), [("k", "msg_2"), ("other", None)])
def test_a_message_is_found_by_its_key(ask: Ask, key: str, found: str | None) -> None:
    """Among the thread's latest; `None` if it is not there."""
    listed = [_message("msg_3", []), _message("msg_2", []) | {"metadata": {METADATA_KEY: "k"}}]

    assert found == ask(Service({"data": listed}), "find_message", "thread_1", key)


@by_both
@pytest.mark.parametrize("body", [{"data": None}, {"data": [{}]}, {}, [RUN], "runs"], ids=str)
def test_a_list_that_is_none_is_a_fault(ask: Ask, body: Any) -> None:
    """Nobody may take it for an empty one: a run that was created would be created twice."""
    with pytest.raises(BackendError) as caught:
        ask(Service(body), "runs", "thread_1")
    assert FaultKind.GARBLED is caught.value.fault.kind


@by_both
@pytest.mark.parametrize(
    ("wish", "heeded_s"),
    [("1500", 1.5), ("0", None), ("-1", None), ("nan", None), ("inf", None), ("soon", None)],
)
def test_the_services_wish_when_to_look_is_read(
    ask: Ask, wish: str, heeded_s: float | None
) -> None:
    """`openai-poll-after-ms`, as the SDKs' poll helpers do; what makes no sense is no wish."""
    service = Service(RUN, headers={"openai-poll-after-ms": wish})

    assert heeded_s == ask(service, "retrieve", REF).poll_after_s
