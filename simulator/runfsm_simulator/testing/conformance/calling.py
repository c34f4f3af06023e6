"""Function calls, and the outputs that are handed in for them."""

from __future__ import annotations

import json

from runfsm.lifecycle import LIFECYCLE, Evidence, RunEvent, RunStatus
from runfsm_simulator.testing.conformance.behaviour import (
    Unreached,
    behaviour,
    expect,
    expect_in,
)
from runfsm_simulator.testing.conformance.refusing import expect_refusal, known
from runfsm_simulator.testing.conformance.stage import NAMES, Stage, outputs

__all__: list[str] = []

SUBMIT = LIFECYCLE.next(RunStatus.REQUIRES_ACTION, RunEvent.SUBMIT_TOOL_OUTPUTS)
RECORDED = Evidence.certain("recordings: openai-dotnet")


@behaviour("calls-shape", RECORDED)
def calls_shape(stage: Stage) -> None:
    """A run in requires_action names its calls: id, function, and arguments as JSON text."""
    required = stage.calling()["required_action"]
    expect("required_action.type", "submit_tool_outputs", required.get("type"))
    for call in required["submit_tool_outputs"]["tool_calls"]:
        expect("the keys of a call", ["function", "id", "type"], sorted(call))
        expect("its type", "function", call["type"])
        expect_in("its function", NAMES, call["function"]["name"])
        _expect_object(call["function"]["arguments"])


def _expect_object(arguments: object) -> None:
    try:
        parsed = json.loads(str(arguments))
    except ValueError:
        parsed = None
    expect(
        "the arguments", "a JSON object", "a JSON object" if isinstance(parsed, dict) else "none"
    )


@behaviour("outputs-all", SUBMIT.evidence)
def outputs_all(stage: Stage) -> None:
    """With all outputs the run is queued again, wants nothing, and expires when it did before."""
    run = stage.calling()
    answer = stage.submit(run, outputs(run))
    expect("the answer", "200", answer.said)
    expect("the status", SUBMIT.dest.value, answer.get("status"))
    expect("required_action", None, answer.get("required_action"))
    expect("expires_at", run["expires_at"], answer.get("expires_at"))
    expect("started_at", run["started_at"], answer.get("started_at"))


@behaviour("outputs-missing", known("wrong_tool_outputs"))
def outputs_missing(stage: Stage) -> None:
    """With one output of several missing, all are refused, and the run waits on."""
    run = stage.calling()
    given = outputs(run)
    if len(given) < 2:
        raise Unreached("the model called one function at a time")
    expected = [one["tool_call_id"] for one in given]
    answer = stage.submit(run, given[:1])
    expect_refusal(answer, "wrong_tool_outputs", expected=expected, got=expected[:1])
    expect("the status", run["status"], stage.look(run)["status"])


@behaviour("outputs-unknown", Evidence.inferred("the words for a missing output"))
def outputs_unknown(stage: Stage) -> None:
    """An output for a call that was not made is refused."""
    run = stage.calling()
    wrong = [*outputs(run), {"tool_call_id": "call_nobodymadethiscall00000", "output": "42"}]
    expect("the HTTP status", 400, stage.submit(run, wrong).status)


@behaviour("outputs-twice", known("submit"))
def outputs_twice(stage: Stage) -> None:
    """Outputs that were taken are not taken again."""
    run = stage.calling()
    given = outputs(run)
    stage.submit(run, given)
    answer = stage.submit(run, given)
    status = stage.look(run)["status"]
    # Between the two the run may have moved on; the words tell where it was.
    names = {RunStatus.QUEUED, RunStatus.IN_PROGRESS, status}
    if status == RunStatus.REQUIRES_ACTION:
        raise Unreached("the model had called again before the second submit")
    expect_in(
        "the answer",
        [f'400 Runs in status "{name}" do not accept tool outputs.' for name in names],
        answer.said,
    )


@behaviour("outputs-late", known("submit"))
def outputs_late(stage: Stage) -> None:
    """A run that is over takes no outputs."""
    run = stage.ended()
    answer = stage.submit(run, [{"tool_call_id": "call_1", "output": "42"}])
    expect_refusal(answer, "submit", status=run["status"])


@behaviour("outputs-lead-on", LIFECYCLE.next(RunStatus.IN_PROGRESS, RunEvent.COMPLETE).evidence)
def outputs_lead_on(stage: Stage) -> None:
    """With its outputs, a run comes to its end, and tells its tokens."""
    run = stage.finished(stage.calling())
    expect("the status", RunStatus.COMPLETED.value, run["status"])
