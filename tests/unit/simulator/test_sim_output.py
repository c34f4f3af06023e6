"""Steps and messages: their life and their shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runfsm.lifecycle import RunEvent, RunStatus
from runfsm_simulator import Call, Script, calls, hang, say, truncate

START = 1_700_000_000

STEP_KEYS = [
    "id",
    "object",
    "created_at",
    "run_id",
    "assistant_id",
    "thread_id",
    "type",
    "status",
    "cancelled_at",
    "completed_at",
    "expires_at",
    "failed_at",
    "last_error",
    "step_details",
    "usage",
]
MESSAGE_KEYS = [
    "id",
    "object",
    "created_at",
    "assistant_id",
    "thread_id",
    "run_id",
    "role",
    "content",
    "attachments",
    "metadata",
]

TWO_CALLS = Script.of(
    calls(Call(name="a", arguments={"x": 1}), Call(name="b"), queue_s=1, work_s=4),
    say("Done.", queue_s=1, work_s=2),
)


def test_the_life_of_a_round_of_calls(make_stage: Callable[..., Any]) -> None:
    """One step: opened empty, filled, open while required, completed by the submit."""
    stage = make_stage(TWO_CALLS)
    run = stage.create_run()

    def seen() -> list[Any]:
        return [
            (step["status"], step["step_details"].get("tool_calls"), step["usage"])
            for step in stage.get(f"{run}/steps")["data"]
        ]

    stage.advance(2)
    assert [] == seen()

    stage.advance(1)
    assert [("in_progress", [], None)] == seen()

    stage.advance(2)
    ((status, entries, usage),) = seen()
    assert ("in_progress", None) == (status, usage)
    assert [
        {"name": "a", "arguments": '{"x": 1}', "output": None},
        {"name": "b", "arguments": "{}", "output": None},
    ] == [entry["function"] for entry in entries]
    required = stage.get(run)["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert [entry["id"] for entry in entries] == [entry["id"] for entry in required]
    assert all("output" not in entry["function"] for entry in required)

    outputs = [{"tool_call_id": entry["id"], "output": "ok"} for entry in reversed(required)]
    stage.post(f"{run}/submit_tool_outputs", {"tool_outputs": outputs})
    ((status, entries, usage),) = seen()
    assert "completed" == status
    assert ["ok", "ok"] == [entry["function"]["output"] for entry in entries]
    assert usage["total_tokens"] > 0


def test_the_shape_of_a_step(make_stage: Callable[..., Any]) -> None:
    """`expires_at`, not `expired_at`; no `metadata`; the run's expiry while it is open."""
    stage = make_stage(Script.of(say("Hello!", queue_s=1, work_s=4)))
    run = stage.create_run()
    stage.advance(4)
    (opened,) = stage.get(f"{run}/steps")["data"]
    stage.advance(1)
    closed = stage.get(f"{run}/steps/{opened['id']}")

    assert STEP_KEYS == list(opened)
    assert ("in_progress", START + 600, None) == (
        opened["status"],
        opened["expires_at"],
        opened["completed_at"],
    )
    assert ("completed", None, START + 5) == (
        closed["status"],
        closed["expires_at"],
        closed["completed_at"],
    )
    assert START + 3 == opened["created_at"] == closed["created_at"]


def test_a_message_is_there_before_its_text(stage: Any) -> None:
    """It is listed as soon as its step is open, with no content; then the text is there."""
    run = stage.create_run()
    stage.advance(2)
    (step,) = stage.get(f"{run}/steps")["data"]
    path = f"{stage.thread}/messages/{step['step_details']['message_creation']['message_id']}"
    empty = stage.get(path)
    stage.advance(1)

    assert MESSAGE_KEYS == list(empty)
    assert [] == empty["content"]
    assert [{"type": "text", "text": {"value": "Hello!", "annotations": []}}] == stage.get(path)[
        "content"
    ]


@pytest.mark.parametrize(
    ("event", "step_status", "stamp", "reason"),
    [
        (RunEvent.FAIL, "failed", "failed_at", "run_failed"),
        (RunEvent.EXPIRE, "expired", None, "run_expired"),
        (RunEvent.CONFIRM_CANCEL, "cancelled", "cancelled_at", "run_cancelled"),
        (RunEvent.TRUNCATE, "completed", "completed_at", "max_tokens"),
    ],
)
def test_what_is_open_ends_with_its_run(
    stage: Any, event: RunEvent, step_status: str, stamp: str | None, reason: str
) -> None:
    """The step takes the run's end, a cut one is complete; the message says why it is cut."""
    run = stage.create_run()
    run_id = run.rpartition("/")[2]
    stage.advance(2)
    if event is RunEvent.CONFIRM_CANCEL:
        stage.sim.world.fire(run_id, RunEvent.CANCEL)
    stage.sim.world.fire(run_id, event)
    (step,) = stage.get(f"{run}/steps")["data"]
    stamps = ["cancelled_at", "completed_at", "failed_at"]
    message_id = step["step_details"]["message_creation"]["message_id"]
    message = stage.sim.world.store.message(stage.thread_id, message_id)

    assert step_status == step["status"]
    assert [stamp] * (stamp is not None) == [name for name in stamps if step[name] is not None]
    assert (event is RunEvent.FAIL) == (step["last_error"] is not None)
    assert ("incomplete", reason) == (message.status, message.incomplete_reason)


def test_a_cut_answer_is_kept(make_stage: Callable[..., Any]) -> None:
    """What was written until the cap is in the thread."""
    stage = make_stage(Script.of(truncate(say="It is sun")))
    stage.create_run()
    stage.advance(10)
    newest = stage.get(f"{stage.thread}/messages")["data"][0]

    assert "It is sun" == newest["content"][0]["text"]["value"]


def test_who_hangs_writes_nothing(make_stage: Callable[..., Any]) -> None:
    """No step until the end."""
    stage = make_stage(Script.of(hang()))
    run = stage.create_run()
    stage.advance(599)

    assert "in_progress" == stage.get(run)["status"]
    assert [] == stage.get(f"{run}/steps")["data"]


def test_a_hand_that_wants_another_outcome_than_was_begun(make_stage: Callable[..., Any]) -> None:
    """What was begun is closed as it is, and what is wanted is opened: nothing hangs loose."""
    stage = make_stage(TWO_CALLS)
    run = stage.create_run()
    stage.advance(3)
    stage.sim.world.fire(run.rpartition("/")[2], RunEvent.COMPLETE)
    steps = stage.get(f"{run}/steps", order="asc")["data"]

    assert [("tool_calls", "completed"), ("message_creation", "completed")] == [
        (step["type"], step["status"]) for step in steps
    ]


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.EXPIRED, RunStatus.CANCELLED])
def test_no_step_outlives_its_run(stage: Any, status: RunStatus) -> None:
    """A run that is over has no open step."""
    run = stage.run_in(status)

    assert all(step["status"] != "in_progress" for step in stage.get(f"{run}/steps")["data"])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Hi", [{"type": "text", "text": {"value": "Hi", "annotations": []}}]),
        (
            [{"type": "text", "text": "Hi"}],
            [{"type": "text", "text": {"value": "Hi", "annotations": []}}],
        ),
        (
            [{"type": "image_url", "image_url": {"url": "https://x.invalid/a.png"}}],
            [
                {
                    "type": "image_url",
                    "image_url": {"url": "https://x.invalid/a.png", "detail": "auto"},
                }
            ],
        ),
        (
            [{"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}}],
            [{"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}}],
        ),
    ],
)
def test_how_a_content_is_kept(stage: Any, content: Any, expected: Any) -> None:
    """Texts become objects, images get their default detail; a client's message has no run."""
    body = {"role": "assistant", "content": content}
    message = stage.post(f"{stage.thread}/messages", body)

    assert expected == message["content"]
    assert (None, None, "assistant") == (
        message["run_id"],
        message["assistant_id"],
        message["role"],
    )


def test_a_modified_message_answers_in_the_old_way(stage: Any) -> None:
    """With `file_ids` where `attachments` should be (recordings of 2025)."""
    path = f"{stage.thread}/messages/{stage.get(f'{stage.thread}/messages')['first_id']}"
    changed = stage.post(path, {"metadata": {"a": "b"}})

    assert [key.replace("attachments", "file_ids") for key in MESSAGE_KEYS] == list(changed)
    assert {"a": "b"} == stage.get(path)["metadata"]


def test_additional_messages_come_before_the_run_answers(stage: Any) -> None:
    """They are in the thread at once, in their order."""
    extra = [{"role": "user", "content": "2"}, {"role": "assistant", "content": "3"}]
    stage.create_run(additional_messages=extra)
    texts = [
        message["content"][0]["text"]["value"]
        for message in stage.get(f"{stage.thread}/messages", order="asc")["data"]
    ]

    assert ["Hi", "2", "3"] == texts
