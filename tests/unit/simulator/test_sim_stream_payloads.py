"""What the events of a stream carry, key by key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm_simulator import Call, Script, calls, say, truncate
from runfsm_simulator.wire import sse

START = 1_700_000_000
GREETING = "Hello to everybody!"

#: Every name of the published API schema.
NAMES = {
    "error",
    "done",
    "thread.created",
    *(
        f"thread.run.{name}"
        for name in [
            "created",
            "queued",
            "in_progress",
            "requires_action",
            "completed",
            "incomplete",
            "failed",
            "cancelling",
            "cancelled",
            "expired",
        ]
    ),
    *(
        f"thread.run.step.{name}"
        for name in [
            "created",
            "in_progress",
            "delta",
            "completed",
            "failed",
            "cancelled",
            "expired",
        ]
    ),
    *(
        f"thread.message.{name}"
        for name in ["created", "in_progress", "delta", "completed", "incomplete"]
    ),
}

CALLS = Script.of(
    calls(Call(name="a", arguments={"city": "New York"}), Call(name="b"), queue_s=1, work_s=2),
    say(GREETING, queue_s=1, work_s=2),
)


def streamed(stage: Any) -> list[tuple[str, Any]]:
    """Both legs of `CALLS`, or the one of any other script."""
    told = list(stage.stream_run())
    name, run = told[-2]
    if name == "thread.run.requires_action":
        stage.advance(2)
        wanted = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        outputs = [{"tool_call_id": call["id"], "output": "ok"} for call in wanted]
        path = f"{stage.thread}/runs/{run['id']}/submit_tool_outputs"
        told += stage.stream(path, tool_outputs=outputs)
    return told


def named(told: list[tuple[str, Any]], name: str) -> list[Any]:
    """The data of the events of this name."""
    return [data for found, data in told if found == f"thread.{name}"]


def test_the_framing(stage: Any) -> None:
    """A name and compact ASCII JSON in each block, and a head of its own; `[DONE]` at the end."""
    body = {"assistant_id": stage.assistant_id, "stream": True, "metadata": {"é": "\u2028"}}
    answer = stage.ask("POST", f"{stage.thread}/runs", body)
    blocks = list(answer.stream)
    name, data = blocks[0].decode("ascii").removesuffix("\n\n").split("\n")

    assert (200, "text/event-stream; charset=utf-8") == (
        answer.status,
        answer.headers["content-type"],
    )
    assert "x-request-id" in answer.headers
    assert "event: thread.run.created" == name
    run = json.loads(data.removeprefix("data: "))
    assert {"é": "\u2028"} == run["metadata"]
    assert "data: " + json.dumps(run, separators=(",", ":")) == data
    assert b"event: done\ndata: [DONE]\n\n" == blocks[-1]


@pytest.mark.parametrize("event", LIFECYCLE.allowed(RunStatus.IN_PROGRESS), ids=str)
def test_each_edge_of_a_run_has_a_name_of_the_schema(
    make_stage: Callable[..., Any], event: Any
) -> None:
    """Whatever a hand does to a run that writes a message is told in those 25 words."""
    stage = make_stage(Script.of(say(GREETING, work_s=8)))
    events = stage.stream_run()
    told = [next(events) for _ in range(8)]
    run_id = told[0][1]["id"]
    stage.sim.world.fire(run_id, event.event)
    told += events

    assert "done" == told[-1][0]
    assert {name for name, _ in told} <= NAMES
    assert 25 == len(NAMES)


def test_the_run_objects(make_stage: Callable[..., Any]) -> None:
    """As a GET shows them, with `code_interpreter` filled in; usage and expiry as recorded."""
    stage = make_stage(CALLS)
    told = streamed(stage)
    (created,) = named(told, "run.created")
    runs = [data for _, data in told if data != "[DONE]" and data["object"] == "thread.run"]
    got = stage.get(f"{stage.thread}/runs/{created['id']}")
    files = {"code_interpreter": {"file_ids": []}}

    assert created == named(told, "run.queued")[0]
    assert all(files == run["tool_resources"] for run in runs)
    assert list(got) == list(created)
    assert got | {"tool_resources": files} == runs[-1]
    assert [None] * (len(runs) - 1) == [run["usage"] for run in runs[:-1]]
    assert [START + 600] * (len(runs) - 1) + [None] == [run["expires_at"] for run in runs]


def test_started_at_is_kept_and_then_overwritten(make_stage: Callable[..., Any]) -> None:
    """Over both legs: none, the first start, kept when queued again, the second start."""
    told = streamed(make_stage(CALLS))
    runs = [data for _, data in told if data != "[DONE]" and data["object"] == "thread.run"]

    assert [
        (None, "queued"),
        (None, "queued"),
        (START + 1, "in_progress"),
        (START + 1, "requires_action"),
        (START + 1, "queued"),
        (START + 6, "in_progress"),
        (START + 6, "completed"),
    ] == [(run["started_at"], run["status"]) for run in runs]


def test_the_thread_object(stage: Any) -> None:
    """As a GET shows it, not as its creation answers."""
    opening = {"messages": [{"role": "user", "content": "Hi"}]}
    told = list(stage.stream("/v1/threads/runs", assistant_id=stage.assistant_id, thread=opening))
    (thread,) = named(told, "created")

    assert stage.get(f"/v1/threads/{thread['id']}") == thread
    assert {"code_interpreter": {"file_ids": []}} == thread["tool_resources"]


def test_the_step_objects(make_stage: Callable[..., Any]) -> None:
    """An ended one still has the run's `expires_at`, which a GET shows as null (recorded)."""
    stage = make_stage(CALLS)
    told = streamed(stage)
    opened = named(told, "run.step.created")
    ended = named(told, "run.step.completed")
    steps = f"{stage.thread}/runs/{opened[0]['run_id']}/steps"

    assert opened == named(told, "run.step.in_progress")
    assert {"type": "tool_calls", "tool_calls": []} == opened[0]["step_details"]
    assert [None, None] == [step["usage"] for step in opened]
    assert [stage.get(f"{steps}/{step['id']}") | {"expires_at": START + 600} for step in ended] == (
        ended
    )
    assert ["ok", "ok"] == [
        call["function"]["output"] for call in ended[0]["step_details"]["tool_calls"]
    ]


def test_a_failed_step_says_why(stage: Any) -> None:
    """With the run's error, though the run's own event comes later."""
    events = stage.stream_run()
    run_id = next(data for name, data in events if name == "thread.message.created")["run_id"]
    stage.sim.world.fire(run_id, RunEvent.FAIL)
    told = list(events)
    (step,), (run,) = named(told, "run.step.failed"), named(told, "run.failed")

    assert "server_error" == step["last_error"]["code"]
    assert run["last_error"] == step["last_error"]


def test_the_message_objects(stage: Any) -> None:
    """The long shape: with a status and its timestamps, which a GET does not show (recorded)."""
    told = list(stage.stream_run())
    (created,), (ended,) = named(told, "message.created"), named(told, "message.completed")
    got = stage.get(f"{stage.thread}/messages/{ended['id']}")
    known = ["status", "incomplete_details", "incomplete_at", "completed_at"]
    keys = list(got)

    assert created == named(told, "message.in_progress")[0]
    assert ("in_progress", [], None) == (
        created["status"],
        created["content"],
        created["completed_at"],
    )
    assert [*keys[:6], *known, *keys[6:]] == list(ended)
    assert got == {key: ended[key] for key in keys}
    assert ("completed", None, None, START + 3) == tuple(ended[key] for key in known)


def test_a_cut_message(make_stage: Callable[..., Any]) -> None:
    """Says why and when."""
    stage = make_stage(Script.of(truncate(say="It is sun", queue_s=1, work_s=2)))
    (message,) = named(list(stage.stream_run()), "message.incomplete")

    assert ("incomplete", {"reason": "max_tokens"}, START + 3, None) == tuple(
        message[key] for key in ("status", "incomplete_details", "incomplete_at", "completed_at")
    )


def test_the_deltas_of_a_text(make_stage: Callable[..., Any]) -> None:
    """`annotations` in the first of them only, no role; together they are the text (recorded)."""
    told = streamed(make_stage(Script.of(say(GREETING))))
    deltas = named(told, "message.delta")
    parts = [delta["delta"]["content"] for delta in deltas]

    assert {
        "id": named(told, "message.created")[0]["id"],
        "object": "thread.message.delta",
        "delta": {
            "content": [
                {"index": 0, "type": "text", "text": {"value": "Hello ", "annotations": []}}
            ]
        },
    } == deltas[0]
    assert [["value", "annotations"], ["value"], ["value"]] == [
        list(part["text"]) for (part,) in parts
    ]
    assert GREETING == "".join(part["text"]["value"] for (part,) in parts)


def test_the_deltas_of_calls(make_stage: Callable[..., Any]) -> None:
    """Each call opens with its id and name, and no arguments yet; then only arguments come."""
    told = streamed(make_stage(CALLS))
    (required,) = named(told, "run.requires_action")
    first, second = required["required_action"]["submit_tool_outputs"]["tool_calls"]
    deltas = named(told, "run.step.delta")
    details = [delta["delta"]["step_details"] for delta in deltas]

    def opening(index: int, call: Any) -> dict[str, Any]:
        function = {"name": call["function"]["name"], "arguments": "", "output": None}
        return {"index": index, "id": call["id"], "type": "function", "function": function}

    def piece(index: int, text: str) -> dict[str, Any]:
        return {"index": index, "type": "function", "function": {"arguments": text}}

    assert ["id", "object", "delta"] == list(deltas[0])
    assert "thread.run.step.delta" == deltas[0]["object"]
    assert {"tool_calls"} == {detail["type"] for detail in details}
    assert [
        [opening(0, first)],
        [piece(0, '{"city": ')],
        [piece(0, '"New ')],
        [piece(0, 'York"}')],
        [opening(1, second)],
        [piece(1, "{}")],
    ] == [detail["tool_calls"] for detail in details]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n  indented",
        "wörd " * 5_000,
        "x" * 10_000,
        "漢字" * 40,
        '{"a": "\\u2028"}',
        "👩‍👩‍👧 🇫🇷",
    ],
)
def test_any_text_comes_whole(make_stage: Callable[..., Any], text: str) -> None:
    """In at most 200 pieces, none of them empty."""
    told = streamed(make_stage(Script.of(say(text))))
    pieces = [data["delta"]["content"][0]["text"]["value"] for data in named(told, "message.delta")]

    assert text == "".join(pieces)
    assert 200 >= len(pieces)
    assert "" not in pieces


def test_a_block_cannot_be_broken_by_its_data() -> None:
    """Line breaks of any kind are escaped."""
    block = sse.block("x", {"a": "1\n2\r\n3\u2028\x85"})

    assert 4 == len(block.split(b"\n"))
    assert 1 == block.decode().strip().count("\n")
    assert 2 == len(block.decode().splitlines()) - 1
