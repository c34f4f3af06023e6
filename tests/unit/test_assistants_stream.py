"""What the events of an Assistants stream tell a driver."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runfsm import FaultKind, RunStatus, StepUpdate, TextDelta
from runfsm.backends.assistants_stream import LegReader
from runfsm.errors import BackendError

RUN = {"id": "run_1", "thread_id": "thread_1", "status": "in_progress"}
STEP = {"id": "step_1", "type": "tool_calls", "status": "in_progress"}


def read(name: str, data: Any) -> list[Any]:
    """What one event tells."""
    text = data if isinstance(data, str) else json.dumps(data)
    return list(LegReader().feed(f"event: {name}\ndata: {text}\n\n".encode()))


def delta(*parts: Any) -> Any:
    """A piece of a message."""
    return {"id": "msg_1", "delta": {"content": list(parts)}}


def text(value: Any) -> Any:
    """A part of a piece."""
    return {"index": 0, "type": "text", "text": {"value": value}}


def test_a_run_is_told_as_a_look_would_show_it() -> None:
    """Of any event of the run, also of one that is not known yet."""
    for name in ("thread.run.in_progress", "thread.run.paused"):
        (snapshot,) = read(name, RUN)
        assert ("run_1", RunStatus.IN_PROGRESS) == (snapshot.ref.run_id, snapshot.status)


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("thread.message.delta", delta(text("Hi"), text(" you")), [TextDelta("msg_1", "Hi you")]),
        ("thread.message.delta", delta({"type": "image_file"}, text(None), text("")), []),
        ("thread.message.delta", {"id": "msg_1", "delta": {}}, []),
        ("thread.run.step.created", STEP, [StepUpdate("step_1", "tool_calls", "in_progress")]),
        ("thread.run.step.in_progress", STEP, []),
        ("thread.run.step.delta", {"id": "step_1"}, []),
        ("thread.created", {"id": "thread_1"}, []),
        ("thread.message.completed", {"id": "msg_1"}, []),
        ("ping", "anything", []),
    ],
)
def test_what_an_event_tells(name: str, data: Any, told: list[Any]) -> None:
    """Pieces of text, each step's beginning and end; nothing of what a driver need not know."""
    assert told == read(name, data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"error": {"message": "overloaded", "code": "server_error"}}, "overloaded"),
        ({"message": "overloaded", "code": None}, "overloaded"),
        ({}, "the stream broke off with an error"),
        ([1], "the stream broke off with an error"),
    ],
    ids=["nested", "flat", "empty", "odd"],
)
def test_an_error_is_raised_in_the_services_words(data: Any, message: str) -> None:
    """Both shapes; what was asked for may have been done, and asking again may help."""
    with pytest.raises(BackendError, match=message) as raised:
        read("error", data)

    assert (FaultKind.TRANSIENT, True) == (
        raised.value.fault.kind,
        raised.value.fault.maybe_applied,
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("thread.run.queued", "{"),
        ("thread.run.queued", []),
        ("thread.run.queued", {"id": "run_1"}),
        ("thread.message.delta", {"id": "msg_1"}),
        ("thread.run.step.created", "null"),
        ("error", "<html>"),
    ],
)
def test_what_is_no_event_of_this_api_is_garbled(name: str, data: Any) -> None:
    """Half of one, or another thing; a fault, and no exception of a parser."""
    with pytest.raises(BackendError) as raised:
        read(name, data)

    assert FaultKind.GARBLED is raised.value.fault.kind


def test_nothing_is_told_after_done() -> None:
    """The service has said that nothing more comes."""
    leg = LegReader()
    body = f"event: done\ndata: [DONE]\n\nevent: thread.run.queued\ndata: {json.dumps(RUN)}\n\n"

    assert ([], True) == (list(leg.feed(body.encode())), leg.is_done)


@pytest.mark.parametrize(
    "content", ["Hi", ["Hi"], [{"type": "text", "text": "Hi"}], {"type": "text", "text": "Hi"}]
)
def test_a_piece_of_another_shape_is_read(content: Any) -> None:
    """Look-alikes write a plain text where the API has a part (open-assistant-api PR 57)."""
    told = read("thread.message.delta", {"id": "msg_1", "delta": {"content": content}})

    assert [TextDelta("msg_1", "Hi")] == told
