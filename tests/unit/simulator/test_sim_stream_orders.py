"""Which events a stream tells, and in which order; one test for each kind of leg."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

import pytest

from runfsm.lifecycle import RunEvent
from runfsm_simulator import Call, Script, calls, fail, hang, say, truncate
from runfsm_simulator.world.script import FileResult, code_interpreter, file_search

START = ["run.created", "run.queued", "run.in_progress"]
STEP = ["run.step.created", "run.step.in_progress"]
MESSAGE = [*STEP, "message.created", "message.in_progress", "message.delta"]
WHOLE = ["message.completed", "run.step.completed"]

CALLS = calls(Call(name="a", arguments={"x": 1}), Call(name="b"))
SLOW = say("One two three four.", queue_s=1, work_s=8)


def names(events: Iterable[tuple[str, Any]]) -> list[str]:
    """Their names without `thread.`; several deltas in a row count once."""
    return [name.removeprefix("thread.") for name, _ in groupby(name for name, _ in events)]


def first_leg(stage: Any) -> tuple[str, list[dict[str, str]]]:
    """Where the outputs of a run that waits for them go, and the outputs."""
    *_, (name, run), (done, _) = stage.stream_run()
    assert ("thread.run.requires_action", "done") == (name, done)
    wanted = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": "ok"} for call in wanted]
    return f"{stage.thread}/runs/{run['id']}/submit_tool_outputs", outputs


def until(events: Iterator[tuple[str, Any]], last: str) -> Any:
    """Read up to the first event of this name; its data."""
    return next(data for name, data in events if name == last)


def test_plain_message(stage: Any) -> None:
    """Recorded: openai-dotnet, openllmetry."""
    assert [*START, *MESSAGE, *WHOLE, "run.completed", "done"] == names(stage.stream_run())


def test_thread_and_run(stage: Any) -> None:
    """The thread comes first (recorded)."""
    opening = {"messages": [{"role": "user", "content": "Hi"}]}
    told = stage.stream("/v1/threads/runs", assistant_id=stage.assistant_id, thread=opening)

    assert ["created", *START, *MESSAGE, *WHOLE, "run.completed", "done"] == names(told)


def test_function_call_leg_1(make_stage: Callable[..., Any]) -> None:
    """It ends with the step still open: no `step.completed` (recorded)."""
    stage = make_stage(Script.of(CALLS, say("Done.")))

    assert [
        *START,
        *STEP,
        "run.step.delta",
        "run.requires_action",
        "done",
    ] == names(stage.stream_run())


def test_function_call_leg_2(make_stage: Callable[..., Any]) -> None:
    """The tool step is completed *first*; no `run.created`, no delta for the outputs (recorded)."""
    stage = make_stage(Script.of(CALLS, say("Done.")))
    path, outputs = first_leg(stage)

    assert [
        "run.step.completed",
        *START[1:],
        *MESSAGE,
        *WHOLE,
        "run.completed",
        "done",
    ] == names(stage.stream(path, tool_outputs=outputs))


def test_leg_2_with_another_round(make_stage: Callable[..., Any]) -> None:
    """It ends as leg 1 did."""
    stage = make_stage(Script.of(CALLS, CALLS, say("Done.")))
    path, outputs = first_leg(stage)

    assert [
        "run.step.completed",
        *START[1:],
        *STEP,
        "run.step.delta",
        "run.requires_action",
        "done",
    ] == names(stage.stream(path, tool_outputs=outputs))


def test_a_streamed_leg_after_a_polled_one(make_stage: Callable[..., Any]) -> None:
    """Each leg is streamed or not for itself."""
    stage = make_stage(Script.of(CALLS, say("Done.")))
    run = stage.create_run()
    stage.advance(10)
    wanted = stage.get(run)["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": "ok"} for call in wanted]
    told = names(stage.stream(f"{run}/submit_tool_outputs", tool_outputs=outputs))

    assert ["run.step.completed", *START[1:], *MESSAGE] == told[:8]


def test_token_cap(make_stage: Callable[..., Any]) -> None:
    """The message is incomplete, its step complete (recorded); run.incomplete: openai-node#1306."""
    stage = make_stage(Script.of(truncate(say="It is sun")))

    assert [
        *START,
        *MESSAGE,
        "message.incomplete",
        "run.step.completed",
        "run.incomplete",
        "done",
    ] == names(stage.stream_run())


def test_failure(stage: Any) -> None:
    """What is open ends before the run does; a step before its message (inferred)."""
    events = stage.stream_run()
    message = until(events, "thread.message.created")
    stage.sim.world.fire(message["run_id"], RunEvent.FAIL)

    assert [
        "message.in_progress",
        "run.step.failed",
        "message.incomplete",
        "run.failed",
        "done",
    ] == names(events)


def test_failure_at_once(make_stage: Callable[..., Any]) -> None:
    """No step; and no model was called, so the usage is zeros (public payload of 2025)."""
    stage = make_stage(Script.of(fail("rate_limit_exceeded")))
    events = list(stage.stream_run())
    usage = events[-2][1]["usage"]

    assert [*START, "run.failed", "done"] == names(events)
    assert (0, 0, 0) == tuple(usage[kind] for kind in list(usage)[:3])


def test_cancellation_by_another_client(make_stage: Callable[..., Any]) -> None:
    """The stream tells of it: `cancelling`, then what is open, then the run (inferred)."""
    stage = make_stage(Script.of(SLOW, cancel_s=1))
    events = stage.stream_run()
    until(events, "thread.message.in_progress")
    until(events, "thread.message.delta")
    run_id = next(iter(stage.sim.world.store.runs))
    stage.post(f"{stage.thread}/runs/{run_id}/cancel")

    assert [
        "run.cancelling",
        "message.delta",  # the model does not know yet
        "run.step.cancelled",
        "message.incomplete",
        "run.cancelled",
        "done",
    ] == names(events)


def test_cancellation_in_the_queue(make_stage: Callable[..., Any]) -> None:
    """Nothing was open."""
    stage = make_stage(Script.of(hang(), cancel_s=1))
    events = stage.stream_run()
    run = until(events, "thread.run.created")
    stage.post(f"{stage.thread}/runs/{run['id']}/cancel")

    assert ["run.queued", "run.cancelling", "run.cancelled", "done"] == names(events)


def test_expiry(make_stage: Callable[..., Any]) -> None:
    """In the middle of a message: its step, itself, its run (inferred)."""
    stage = make_stage(Script.of(say("One two three four.", queue_s=1, work_s=900)))

    assert [
        *START,
        *MESSAGE,
        "run.step.expired",
        "message.incomplete",
        "run.expired",
        "done",
    ] == names(stage.stream_run())


def test_expiry_of_a_run_that_hangs(make_stage: Callable[..., Any]) -> None:
    """Ten minutes pass, and cost nothing."""
    stage = make_stage(Script.of(hang()))

    assert [*START, "run.expired", "done"] == names(stage.stream_run())
    assert 600 == stage.sim.clock.now() - 1_700_000_000


@pytest.mark.parametrize(
    ("hosted", "deltas"),
    [
        (file_search(FileResult(file_id="file-1", file_name="a.md")), 1),
        (code_interpreter("print(1)", logs="1"), 3),
        (code_interpreter("pass"), 2),
    ],
)
def test_hosted_tools(make_stage: Callable[..., Any], hosted: Any, deltas: int) -> None:
    """Their step is completed by itself; a search comes in one delta (recorded), code in pieces."""
    stage = make_stage(Script.of(say("Found.").after(hosted)))
    events = list(stage.stream_run())
    ran = [*STEP, "run.step.delta", "run.step.completed"]

    assert [*START, *ran, *MESSAGE, *WHOLE, "run.completed", "done"] == names(events)
    assert deltas == sum(name == "thread.run.step.delta" for name, _ in events)


def test_a_hand_that_completes_early(make_stage: Callable[..., Any]) -> None:
    """What was still to come of the text comes at once: the deltas always make up the message."""
    stage = make_stage(Script.of(SLOW))
    events = stage.stream_run()
    until(events, "thread.message.delta")
    stage.sim.world.fire(next(iter(stage.sim.world.store.runs)), RunEvent.COMPLETE)
    rest = list(events)
    told = "".join(
        data["delta"]["content"][0]["text"]["value"] for name, data in rest if "delta" in name
    )

    assert ["message.delta", *WHOLE, "run.completed", "done"] == names(rest)
    assert "two three four." == told
