"""The fields of a run in each status, and the one method that takes an edge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runfsm.errors import IllegalTransition
from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm_simulator import Script, Turn, call, fail, say, truncate
from runfsm_simulator.world.engine import TRACE_LENGTH

KEYS = [
    "id",
    "object",
    "created_at",
    "assistant_id",
    "thread_id",
    "status",
    "started_at",
    "expires_at",
    "cancelled_at",
    "failed_at",
    "completed_at",
    "required_action",
    "last_error",
    "model",
    "instructions",
    "tools",
    "tool_resources",
    "metadata",
    "temperature",
    "top_p",
    "reasoning_effort",
    "max_completion_tokens",
    "max_prompt_tokens",
    "truncation_strategy",
    "incomplete_details",
    "usage",
    "response_format",
    "tool_choice",
    "parallel_tool_calls",
]

START = 1_700_000_000
S = RunStatus


def test_a_run_has_the_29_recorded_keys_in_their_order(stage: Any) -> None:
    """A run's JSON has 29 keys, in the order of the recordings."""
    assert KEYS == list(stage.get(stage.create_run()))


def test_bodies_are_indented_by_two_spaces(stage: Any) -> None:
    """A thread's body is pretty-printed as recorded: 137 bytes with the recorded id's length."""
    body = stage.ask("POST", "/v1/threads", {}).body

    assert 137 == len(body)
    assert body.startswith(b'{\n  "id": "thread_')


SET = {
    S.QUEUED: {"expires_at"},
    S.IN_PROGRESS: {"started_at", "expires_at"},
    S.REQUIRES_ACTION: {"started_at", "expires_at", "required_action"},
    S.CANCELLING: {"expires_at"},
    S.CANCELLED: {"cancelled_at", "usage"},
    S.FAILED: {"failed_at", "last_error", "usage"},
    S.COMPLETED: {"started_at", "completed_at", "usage"},
    S.INCOMPLETE: {"started_at", "completed_at", "incomplete_details", "usage"},
    S.EXPIRED: {"usage"},
}


@pytest.mark.parametrize("status", S)
def test_which_fields_are_set_in_each_status(stage: Any, status: RunStatus) -> None:
    """Of the fields that come and go, exactly those of the recorded table are not null."""
    comes_and_goes = set().union(*SET.values())
    run = stage.get(stage.run_in(status))

    assert status == run["status"]
    assert SET[status] == {name for name in comes_and_goes if run[name] is not None}


def test_started_at_is_kept_in_the_queue_and_overwritten_at_the_next_start(
    make_stage: Callable[..., Any],
) -> None:
    """`started_at` survives the submit and changes when the run is picked up again."""
    stage = make_stage(Script.of(call("get_weather", queue_s=1, work_s=2), say("!", queue_s=4)))
    run = stage.create_run()
    stage.advance(10)
    calls = stage.get(run)["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": "rain"} for call in calls]
    queued = stage.post(f"{run}/submit_tool_outputs", {"tool_outputs": outputs})
    stage.advance(4)

    assert ("queued", START + 1, None, None) == (
        queued["status"],
        queued["started_at"],
        queued["required_action"],
        queued["usage"],
    )
    assert START + 14 == stage.get(run)["started_at"]


def test_expires_at_is_600_seconds_after_creation_and_never_extended(
    make_stage: Callable[..., Any],
) -> None:
    """A submit does not move `expires_at`."""
    stage = make_stage(Script.of(call("get_weather"), say("!")))
    run = stage.create_run()
    stage.advance(100)
    run_id = run.rpartition("/")[2]
    stage.sim.world.fire(run_id, RunEvent.SUBMIT_TOOL_OUTPUTS)

    assert START + 600 == stage.get(run)["expires_at"]


@pytest.mark.parametrize(
    ("turn", "field", "expected"),
    [
        (
            fail("rate_limit_exceeded", "Slow down."),
            "last_error",
            {"code": "rate_limit_exceeded", "message": "Slow down."},
        ),
        (truncate("max_prompt_tokens"), "incomplete_details", {"reason": "max_prompt_tokens"}),
        (truncate("spending_limit"), "incomplete_details", {"reason": "max_completion_tokens"}),
    ],
)
def test_a_script_says_why_a_run_ends_badly(
    make_stage: Callable[..., Any], turn: Turn, field: str, expected: Any
) -> None:
    """The error or the reason of the script is the run's."""
    stage = make_stage(Script.of(turn))
    run = stage.create_run()
    stage.advance(10)

    assert expected == stage.get(run)[field]


def test_usage_is_the_sum_over_the_steps(make_stage: Callable[..., Any]) -> None:
    """A run's usage has the recorded keys, and adds up its steps'."""
    stage = make_stage(Script.of(call("get_weather"), say("It rains.")))
    run = stage.create_run()
    stage.advance(10)
    stage.sim.world.fire(run.rpartition("/")[2], RunEvent.SUBMIT_TOOL_OUTPUTS)
    stage.advance(10)
    usage = stage.get(run)["usage"]
    steps = [step["usage"] for step in stage.get(f"{run}/steps")["data"]]

    assert [
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_token_details",
        "completion_tokens_details",
    ] == list(usage)
    assert 2 == len(steps)
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert sum(step[name] for step in steps) == usage[name] > 0


def test_a_run_that_failed_before_any_step_used_nothing(make_stage: Callable[..., Any]) -> None:
    """Usage is zeros rather than null."""
    stage = make_stage(Script.of(fail()))
    run = stage.create_run()
    stage.advance(10)

    assert 0 == stage.get(run)["usage"]["total_tokens"]


def test_a_run_keeps_what_the_assistant_was(stage: Any) -> None:
    """A later change to the assistant, or its deletion, does not touch the run."""
    run = stage.create_run()
    before = stage.get(run)
    stage.post(f"/v1/assistants/{stage.assistant_id}", {"model": "other", "tools": []})
    stage.delete(f"/v1/assistants/{stage.assistant_id}")

    assert before == stage.get(run)


def test_a_request_overrides_the_assistant_for_one_run(stage: Any) -> None:
    """Model, instructions and tools of the request win; further instructions are appended."""
    run = stage.get(
        stage.create_run(
            model="gpt-4o-mini", instructions="A.", additional_instructions="B.", tools=[]
        )
    )

    assert ("gpt-4o-mini", "A.\nB.", []) == (run["model"], run["instructions"], run["tools"])


SETTINGS = {
    "temperature": 0.5,
    "top_p": 0.25,
    "max_prompt_tokens": 500,
    "max_completion_tokens": 16,
    "truncation_strategy": {"type": "last_messages", "last_messages": 3},
    "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_object"},
    "reasoning_effort": "low",
    "metadata": {"a": "b"},
}


def test_what_a_run_is_given_it_echoes(stage: Any) -> None:
    """Every setting of the request comes back as it was sent."""
    run = stage.get(stage.create_run(**SETTINGS))

    assert {name: run[name] for name in SETTINGS} == SETTINGS


def test_a_null_is_as_good_as_nothing(stage: Any) -> None:
    """A setting that is sent as null has its default, as one that is left out."""
    run = stage.get(stage.create_run(**dict.fromkeys(SETTINGS)))

    assert (1.0, "auto", True, {}) == (
        run["temperature"],
        run["tool_choice"],
        run["parallel_tool_calls"],
        run["metadata"],
    )


@pytest.mark.parametrize("event", [event for event in RunEvent if event is not RunEvent.CREATE])
@pytest.mark.parametrize("status", S)
def test_the_whole_square_of_statuses_and_events(
    stage: Any, status: RunStatus, event: RunEvent
) -> None:
    """`fire` takes an event exactly where the table has it; a refused one changes nothing."""
    run = stage.run_in(status)
    before = stage.everything()
    run_id = run.rpartition("/")[2]

    if LIFECYCLE.allows(status, event):
        edge = stage.sim.world.fire(run_id, event)
        assert LIFECYCLE.next(status, event) == edge
        assert edge.dest == stage.get(run)["status"]
        assert (status, event) == (stage.sim.trace[-1].source, stage.sim.trace[-1].event)
    else:
        with pytest.raises(IllegalTransition):
            stage.sim.world.fire(run_id, event)
        assert before == stage.everything()


def test_a_hand_can_require_action_of_a_turn_that_calls_nothing(stage: Any) -> None:
    """The call is then one of the first function tool."""
    run = stage.get(stage.run_in(S.REQUIRES_ACTION))
    (wanted,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]

    assert {"name": "get_weather", "arguments": "{}"} == wanted["function"]


def test_the_trace_is_bounded_and_reads_as_a_sentence(stage: Any) -> None:
    """An entry prints as one line, and says itself in JSON; the trace forgets the oldest."""
    run_id = stage.create_run().rpartition("/")[2]
    (entry,) = stage.sim.trace

    assert f"1700000000.000  {run_id}  (created) --create--> queued  (client)" == str(entry)
    assert {
        "at": 1_700_000_000.0,
        "run_id": run_id,
        "source": None,
        "event": "create",
        "dest": "queued",
        "actor": "client",
    } == entry.to_dict()
    assert TRACE_LENGTH == stage.sim.world._engine.trace.maxlen
