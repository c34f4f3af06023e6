"""Two forms of the bodies: as recorded, and as the published schema demands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runfsm.lifecycle import RunEvent, RunStatus
from runfsm_simulator import FileResult, Script, call, file_search, say

# The keys that one profile has and the other has not, by path: `wire` first, then `spec`.
DIFFERENCES = [
    pytest.param("/v1/assistants/{assistant}", {"reasoning_effort"}, set(), id="assistant"),
    pytest.param("{thread}", set(), set(), id="thread"),
    pytest.param("{run}", {"tool_resources", "reasoning_effort"}, set(), id="run"),
    pytest.param("{run}/steps/{step}", {"expires_at"}, {"expired_at", "metadata"}, id="step"),
    pytest.param(
        "{thread}/messages/{message}",
        set(),
        {"status", "incomplete_details", "completed_at", "incomplete_at"},
        id="message",
    ),
    pytest.param("/v1/vector_stores/{store}", {"description"}, set(), id="vector store"),
]


def everything(stage: Any) -> dict[str, str]:
    """Ids and paths of one of each, with a run that is over."""
    run = stage.run_in(RunStatus.COMPLETED)
    return {
        "assistant": stage.assistant_id,
        "thread": stage.thread,
        "run": run,
        "step": stage.get(f"{run}/steps")["first_id"],
        "message": stage.get(f"{stage.thread}/messages")["first_id"],
        "store": stage.post("/v1/vector_stores", {})["id"],
    }


@pytest.mark.parametrize(("path", "wire_only", "spec_only"), DIFFERENCES)
def test_the_keys_that_tell_the_profiles_apart(
    make_stage: Callable[..., Any], path: str, wire_only: set[str], spec_only: set[str]
) -> None:
    """Both have the other keys, with the same values, save where the schema wants no null."""
    wire, spec = make_stage(), make_stage(profile="spec")
    recorded = wire.get(path.format(**everything(wire)))
    published = spec.get(path.format(**everything(spec)))

    assert wire_only == recorded.keys() - published.keys()
    assert spec_only == published.keys() - recorded.keys()
    common = recorded.keys() & published.keys() - {"usage", "name"}
    assert {key: recorded[key] for key in common} == {key: published[key] for key in common}


def test_an_assistant_has_the_recorded_keys_in_their_order(stage: Any) -> None:
    """Fourteen of them (openai-dotnet 2025)."""
    assert [
        "id",
        "object",
        "created_at",
        "name",
        "description",
        "model",
        "instructions",
        "tools",
        "top_p",
        "temperature",
        "reasoning_effort",
        "tool_resources",
        "metadata",
        "response_format",
    ] == list(stage.get(f"/v1/assistants/{stage.assistant_id}"))


def test_the_wire_is_the_default(stage: Any, make_stage: Callable[..., Any]) -> None:
    """Byte for byte."""
    asked = ("POST", "/v1/threads", {"messages": [{"role": "user", "content": "Hi"}]})

    assert stage.ask(*asked).body == make_stage(profile="wire").ask(*asked).body


def test_what_the_schema_wants_is_never_null(make_stage: Callable[..., Any]) -> None:
    """A run's instructions, a vector store's name, and the ends of an empty page."""
    stage = make_stage(profile="spec")
    run = stage.create_run(assistant_id=stage.sim.create_assistant(instructions=None))

    assert "" == stage.get(run)["instructions"]
    assert "" == stage.post("/v1/vector_stores", {})["name"]
    assert ("", "", False) == tuple(
        stage.get(f"{run}/steps")[key] for key in ("first_id", "last_id", "has_more")
    )


def test_usage_has_the_schemas_three_numbers(make_stage: Callable[..., Any]) -> None:
    """Not the two objects of details that were recorded."""
    stage = make_stage(profile="spec")
    run = stage.run_in(RunStatus.COMPLETED)
    names = ["prompt_tokens", "completion_tokens", "total_tokens"]

    assert names == list(stage.get(run)["usage"])
    assert names == list(stage.get(f"{run}/steps")["data"][0]["usage"])


def test_what_the_schema_does_not_know_deep_down(make_stage: Callable[..., Any]) -> None:
    """`hybrid_search` of a tool and `attributes` of a search's results: in `wire` alone."""
    script = Script.of(say("So.").after(file_search(FileResult(file_id="file-1", file_name="a"))))
    tools = [{"type": "file_search"}]
    found = {}
    for profile in ("wire", "spec"):
        stage = make_stage(script, profile=profile)
        assistant = stage.post("/v1/assistants", {"model": "gpt-4o", "tools": tools})
        told = list(stage.stream_run(tools=tools, metadata={"attributes": "mine"}))
        run = dict(told)["thread.run.completed"]
        streamed = next(data for name, data in told if name == "thread.run.step.completed")
        path = f"{stage.thread}/runs/{run['id']}/steps"
        step = stage.get(path, order="asc")["data"][0]
        found[profile] = [
            *(it["tools"][0]["file_search"]["ranking_options"] for it in (assistant, run)),
            *(
                it["step_details"]["tool_calls"][0]["file_search"]["results"][0]
                for it in (streamed, step, stage.get(f"{path}/{step['id']}"))
            ),
        ]
        assert {"attributes": "mine"} == run["metadata"]

    ranking, result = {"hybrid_search"}, {"attributes"}
    assert [ranking, ranking, result, result, result] == [
        wire.keys() - spec.keys() for wire, spec in zip(found["wire"], found["spec"], strict=True)
    ]


def test_a_message_tells_its_life(make_stage: Callable[..., Any]) -> None:
    """A client's is born complete; a run's is complete when its step is, and cut when it is cut."""
    stage = make_stage(Script.of(say("Hello!", queue_s=1, work_s=4)), profile="spec")
    run = stage.create_run()
    stage.advance(4)
    born = stage.get(f"{stage.thread}/messages")

    def life(message: Any) -> tuple[Any, ...]:
        since = born["data"][1]["created_at"]
        at = [message[key] and message[key] - since for key in ("completed_at", "incomplete_at")]
        return message["status"], *at, message["incomplete_details"]

    written, sent = born["data"]
    assert ("completed", 0, None, None) == life(sent)
    assert ("in_progress", None, None, None) == life(written)
    stage.sim.world.fire(run.rpartition("/")[2], RunEvent.FAIL)
    written = stage.get(f"{stage.thread}/messages/{written['id']}")
    assert ("incomplete", None, 4, {"reason": "run_failed"}) == life(written)


def test_a_modified_message_keeps_its_attachments(make_stage: Callable[..., Any]) -> None:
    """The key of the API's first version is the recordings', not the schema's."""
    stage = make_stage(profile="spec")
    message = stage.get(f"{stage.thread}/messages")["first_id"]
    changed = stage.post(f"{stage.thread}/messages/{message}", {"metadata": {"a": "b"}})

    assert [] == changed["attachments"]
    assert "file_ids" not in changed


def test_an_expired_step_has_its_time(make_stage: Callable[..., Any]) -> None:
    """`expired_at` is the moment of the expiry."""
    stage = make_stage(Script.of(call("f", queue_s=1, work_s=1), say("!")), profile="spec")
    run = stage.create_run()
    stage.advance(600)
    step = stage.get(f"{run}/steps")["data"][0]

    assert ("expired", 599) == (step["status"], step["expired_at"] - step["created_at"])


def test_a_stream_has_the_profile_too(make_stage: Callable[..., Any]) -> None:
    """Every payload of a run in it has instructions that are no null."""
    stage = make_stage(profile="spec")
    assistant_id = stage.sim.create_assistant(instructions=None)
    body = {"assistant_id": assistant_id, "stream": True}
    sent = b"".join(stage.ask("POST", f"{stage.thread}/runs", body).stream).decode()

    assert '"instructions":""' in sent
    assert '"instructions":null' not in sent


def test_a_stream_outlives_its_message(make_stage: Callable[..., Any]) -> None:
    """A message that is deleted while it is written does not stop the run that writes it."""
    stage = make_stage(Script.of(say("Hello!", queue_s=1, work_s=4)), profile="spec")
    body = {"assistant_id": stage.assistant_id, "stream": True}
    stream = stage.ask("POST", f"{stage.thread}/runs", body).stream
    stage.advance(4)
    message = stage.get(f"{stage.thread}/messages")["first_id"]
    stage.delete(f"{stage.thread}/messages/{message}")
    names = [block.split(b"\n")[0] for block in stream]

    assert [b"event: thread.run.completed", b"event: done"] == names[-2:]


def test_a_profile_survives_a_fork(make_stage: Callable[..., Any]) -> None:
    """A fork answers as its origin does."""
    stage = make_stage(profile="spec")
    stage.sim = stage.sim.fork()

    assert "completed" == stage.get(f"{stage.thread}/messages")["data"][0]["status"]
