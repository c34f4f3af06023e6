"""The thread's lock: which status lets a message or a run in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm_simulator import Script, call, say


@pytest.mark.parametrize("status", RunStatus)
@pytest.mark.parametrize("wanted", ["message", "run"])
def test_the_lock_in_each_status(stage: Any, status: RunStatus, wanted: str) -> None:
    """A thread is locked in exactly the statuses that the lifecycle says, in recorded words."""
    run_id = stage.run_in(status).rpartition("/")[2]
    before = stage.everything()
    path, body, text = {
        "message": (
            f"{stage.thread}/messages",
            {"role": "user", "content": "More"},
            f"Can't add messages to {stage.thread_id} while a run {run_id} is active.",
        ),
        "run": (
            f"{stage.thread}/runs",
            {
                "assistant_id": stage.assistant_id,
                "additional_messages": [{"role": "user", "content": "More"}],
            },
            f"Thread {stage.thread_id} already has an active run {run_id}.",
        ),
    }[wanted]

    if LIFECYCLE.locks_thread(status):
        status_code, error = stage.refused("POST", path, body)
        assert (400, text, None, None) == (
            status_code,
            error["message"],
            error["param"],
            error["code"],
        )
        assert before == stage.everything()
    else:
        assert stage.post(path, body)["thread_id"] == stage.thread_id


def test_the_lock_is_per_thread(stage: Any) -> None:
    """The same assistant may run on another thread, and on a new one."""
    stage.create_run()
    other = stage.sim.create_thread()
    body = {"assistant_id": stage.assistant_id}

    assert "queued" == stage.post(f"/v1/threads/{other}/runs", body)["status"]
    assert "queued" == stage.post("/v1/threads/runs", body)["status"]


def test_what_a_locked_thread_still_takes(make_stage: Callable[..., Any]) -> None:
    """Metadata of thread and message, the deletion of a message and of the thread."""
    stage = make_stage(Script.of(call("get_weather"), say("!")))
    run = stage.create_run()
    message = stage.get(f"{stage.thread}/messages")["data"][0]["id"]
    stage.post(stage.thread, {"metadata": {"a": "b"}})
    stage.post(f"{stage.thread}/messages/{message}", {"metadata": {"a": "b"}})
    stage.delete(f"{stage.thread}/messages/{message}")
    stage.delete(stage.thread)
    stage.advance(700)

    assert 404 == stage.ask("GET", run).status
    assert ["create"] == [entry.event for entry in stage.sim.trace]


def test_a_message_that_is_deleted_while_it_is_written_stays_deleted(stage: Any) -> None:
    """The run completes all the same."""
    run = stage.create_run()
    stage.advance(2)
    message = stage.get(f"{stage.thread}/messages")["data"][0]
    stage.delete(f"{stage.thread}/messages/{message['id']}")
    stage.advance(1)

    assert "assistant" == message["role"]
    assert "completed" == stage.get(run)["status"]
    assert ["user"] == [it["role"] for it in stage.get(f"{stage.thread}/messages")["data"]]
