"""Run steps: what a run did, one message written or one round of calls a step."""

from __future__ import annotations

from typing import Any

from runfsm.lifecycle import Evidence, RunStepStatus
from runfsm_simulator.testing.conformance.behaviour import Unreached, behaviour, expect
from runfsm_simulator.testing.conformance.refusing import expect_refusal
from runfsm_simulator.testing.conformance.stage import Stage

__all__: list[str] = []

RECORDED = Evidence.certain("recordings: openai-dotnet")
NONE = "step_nobodyhasthisidatall0000"


def _steps(stage: Stage, run: Any) -> list[dict[str, Any]]:
    answer = stage.ask("GET", stage.at(run, "steps"))
    expect("the HTTP status", 200, answer.status)
    return list(answer.get("data") or [])


@behaviour("step-waiting", RECORDED)
def step_waiting(stage: Stage) -> None:
    """While a run waits for outputs, its step is in progress, and its calls have no output."""
    steps = _steps(stage, stage.calling())
    expect("the steps", ["tool_calls"], [step.get("type") for step in steps])
    expect("its status", RunStepStatus.IN_PROGRESS.value, steps[0].get("status"))
    for call in steps[0]["step_details"]["tool_calls"]:
        expect("an output", None, call["function"].get("output"))


@behaviour("step-answered", RECORDED)
def step_answered(stage: Stage) -> None:
    """With the outputs, the step is completed, and has them."""
    run = stage.finished(stage.calling())
    rounds = [step for step in _steps(stage, run) if step.get("type") == "tool_calls"]
    if not rounds:
        expect("steps of calls", "at least one", "none")
    expect("its status", RunStepStatus.COMPLETED.value, rounds[-1].get("status"))
    for call in rounds[-1]["step_details"]["tool_calls"]:
        expect("an output", "42", call["function"].get("output"))


@behaviour("step-message", RECORDED)
def step_message(stage: Stage) -> None:
    """The newest step of a completed run is the message that it wrote."""
    run = stage.ended()
    newest = (_steps(stage, run) or [{}])[0]
    expect("its type", "message_creation", newest.get("type"))
    message_id = newest["step_details"]["message_creation"]["message_id"]
    message = stage.ask("GET", f"/threads/{run['thread_id']}/messages/{message_id}")
    expect("the run of the message", run["id"], message.get("run_id"))


@behaviour("step-alone", RECORDED)
def step_alone(stage: Stage) -> None:
    """A step can be asked for by its id, and is as in the list."""
    run = stage.ended()
    steps = _steps(stage, run)
    if not steps:
        raise Unreached("a completed run has no step")
    alone = stage.ask("GET", stage.at(run, "steps", steps[0]["id"]))
    expect("the step", _shape(steps[0]), _shape(alone.body))


def _shape(step: Any) -> Any:
    keys = ("id", "type", "status", "run_id", "completed_at")
    return {key: step.get(key) for key in keys} if isinstance(step, dict) else step


@behaviour("step-unknown", Evidence.certain("recording: ruby-openai 2025-03"))
def step_unknown(stage: Stage) -> None:
    """A step that does not exist is not found."""
    answer = stage.ask("GET", stage.at(stage.ended(), "steps", NONE))
    expect_refusal(answer, "not_found", kind="run step", id=NONE)
