"""Tools and their outputs: too late, twice, of nobody's tool; and what a service makes of them."""

from __future__ import annotations

from functools import partial
from typing import Final

from runfsm.cli.cases.case import Case, at_most, case, expect
from runfsm.cli.cases.needs import at_once, native, refuses
from runfsm.cli.cases.road import Road
from runfsm.cli.cases.stage import HELPFUL, Stage, faults, tool_errors
from runfsm.driver.journal import ToolAnswered
from runfsm.driver.policy import Policy
from runfsm.errors import FaultKind
from runfsm.lifecycle.run import RunEvent
from runfsm.lifecycle.run import RunStatus as S
from runfsm.lifecycle.wires import WIRES, Occasion
from runfsm_simulator import Storm
from runfsm_simulator.world.script import Call, Script, call, calls, say, truncate
from runfsm_simulator.world.turns import TruncationReason

__all__ = ["CASES"]


@case(
    "C28",
    "F11",
    sources="agency-swarm#71; public code: 'Runs in status \"expired\" do not accept ...'",
    service="lets the run expire, or another client cancels it, just before its outputs are there",
    needs=(refuses(Occasion.OUTPUTS_TOO_LATE),),
)
def outputs_too_late(road: Road) -> str:
    """Take the 400 as news: look again, and end as the run has ended."""
    hands = {"cancelled by another": (S.CANCELLED, lambda it: it.fire(RunEvent.CANCEL))}
    if WIRES[road.wire].expiry.value:
        hands["expired"] = (S.EXPIRED, lambda it: it.clock.advance(600))
    for end, hand in hands.values():
        stage = Stage(road, HELPFUL)
        stage.tap.before("submit", partial(hand, stage))
        outcome = stage.drive(tools=[stage.tool()])
        stage.check(outcome, end)
        expect("tools called", ["look_up"], stage.called)
        expect("stale submits", 1, faults(outcome, FaultKind.STALE_ACTION))
    return f"{', '.join(hands)}: submit refused, ended as it did; 1 tool call each"


@case(
    "C29",
    sources="VRSEN/agency-swarm#151",
    service="shows one call twice, and refuses two outputs of one id",
    needs=(native(S.REQUIRES_ACTION),),
)
def duplicate_calls(road: Road) -> str:
    """Call the tool once, and hand in one output."""
    stage = Stage(road, HELPFUL, storm=Storm(duplicate_calls=1))
    outcome = stage.drive(tools=[stage.tool()])
    stage.check(outcome, S.COMPLETED)
    expect("tools called", ["look_up"], stage.called)
    expect("submits", 1, stage.sent("submit"))
    return "1 call, 1 output, completed"


@case(
    "C30",
    "F13",
    sources="openai-python#1470; public code",
    service="takes the outputs, and then nothing follows",
)
def nothing_after_outputs(road: Road) -> str:
    """Go on looking after a submit, for it is no end; and stop at the deadline."""
    stage = Stage(road, HELPFUL)
    stage.check(stage.drive(tools=[stage.tool()]), S.COMPLETED)
    stage = Stage(road, HELPFUL, storm=Storm(nothing_after_outputs=1))
    outcome = stage.drive(tools=[stage.tool()], policy=Policy(deadline_s=60))
    stage.check(outcome, S.CANCELLED)
    expect("tools called", ["look_up"], stage.called)
    expect("submits", 1, stage.sent("submit"))
    at_most("seconds", 60 + 5, stage.took_s)
    return "with an answer: completed; without: cancelled at 60 s, 1 call, 1 submit"


@case(
    "C31",
    sources="microsoft/semantic-kernel#4061",
    service="asks for tools a second time, after the first outputs",
)
def second_round(road: Road) -> str:
    """Answer each round as it comes."""
    rounds = [call("look_up", queue_s=1, work_s=1), call("confirm", queue_s=1, work_s=1)]
    stage = Stage(road, Script.of(*rounds, say("42.", queue_s=1, work_s=1)))
    outcome = stage.drive(tools=[stage.tool("look_up"), stage.tool("confirm")])
    stage.check(outcome, S.COMPLETED)
    expect("tools called", ["look_up", "confirm"], stage.called)
    expect("submits", 2, stage.sent("submit"))
    return "2 rounds, 2 calls, 2 submits, completed"


@case(
    "C32",
    sources="Azure/azure-sdk-for-net#52453",
    service="ends the run `incomplete`, always after tool outputs were taken",
)
def incomplete_after_outputs(road: Road) -> str:
    """End as it does, say why, and hand in nothing twice."""
    known = "max_prompt_tokens" in WIRES[road.wire].incomplete_reasons.value
    why: TruncationReason = "max_prompt_tokens" if known else "max_completion_tokens"
    cut = truncate(why, say="It is", queue_s=1, work_s=1)
    stage = Stage(road, Script.of(call("look_up", queue_s=1, work_s=1), cut))
    outcome = stage.drive(tools=[stage.tool()])
    stage.check(outcome, S.INCOMPLETE)
    expect("why", stage.cut(why), outcome.incomplete_reason)
    expect("the text", stage.left_by(S.INCOMPLETE, "It is"), outcome.text)
    expect("tools called", ["look_up"], stage.called)
    expect("submits", 1, stage.sent("submit"))
    kept = "text kept" if outcome.text else "no text left"
    return f"incomplete: {outcome.incomplete_reason}; 1 call, 1 submit, {kept}"


@case(
    "C33",
    sources="langchain#15270, #29923, #29927",
    service="asks for several tools at once, one of which never comes back",
)
def hanging_tool(road: Road) -> str:
    """Run them side by side, give the late one up in time, and tell the model so."""
    wanted = calls(Call(name="quick"), Call(name="never"), queue_s=1, work_s=1)
    stage = Stage(road, Script.of(wanted, say("Partly.", queue_s=1, work_s=1)))
    tools = [stage.tool("quick"), stage.tool("never", takes_s=86_400)]
    outcome = stage.drive(tools=tools, policy=Policy(tool_timeout_s=20))
    stage.check(outcome, S.COMPLETED)
    expect("what the tools gave", {"quick": None, "never": "timed_out"}, tool_errors(outcome))
    at_most("seconds", 20 + 10, stage.took_s)
    return f"1 of 2 tools timed out at 20 s, completed after {stage.took_s:.0f} s"


@case(
    "C34",
    sources="LanternOps/breeze#3090: an expired approval that 'will complete once approved'",
    service="lets the run expire while somebody takes eleven minutes to approve a call",
)
def approval_too_late(road: Road) -> str:
    """Say that it has expired when it has, and hand in no approval after that."""
    stage = Stage(road, HELPFUL)
    outcome = stage.drive(tools=[stage.tool(takes_s=660)])
    stage.check(outcome, S.EXPIRED)
    expect("submits", 0, stage.sent("submit"))
    expect("what the tool gave", {"look_up": "abandoned"}, tool_errors(outcome))
    at_most("seconds", 600 + 5, stage.took_s)
    return f"expired, and said so at {stage.took_s:.0f} s; 0 submits"


@case(
    "F12",
    sources="public code: 'Runs in status \"queued\" do not accept tool outputs.'",
    service="has the outputs already, of another worker, and refuses them a second time",
    needs=(refuses(Occasion.OUTPUTS_TOO_LATE),),
)
def outputs_twice(road: Road) -> str:
    """Take the 400 as news: the run goes on, so do we."""
    stage = Stage(road, HELPFUL)
    stage.tap.before("submit", lambda: stage.fire(RunEvent.SUBMIT_TOOL_OUTPUTS))
    outcome = stage.drive(tools=[stage.tool()])
    stage.check(outcome, S.COMPLETED)
    expect("stale submits", 1, faults(outcome, FaultKind.STALE_ACTION))
    expect("tools called", ["look_up"], stage.called)
    return "1 submit refused with 400, 1 tool call, completed"


@case(
    "F14",
    sources="community 560554: 'Expected tool outputs for call_ids ..., got ...'",
    service="takes the outputs of parallel calls together, or none of them",
    needs=(at_once,),
)
def all_outputs_at_once(road: Road) -> str:
    """Hand in one output for every call at once: of those, too, that failed."""
    wanted = calls(Call(name="fine"), Call(name="raises"), Call(name="slow"), queue_s=1, work_s=1)
    stage = Stage(road, Script.of(wanted, say("Done.", queue_s=1, work_s=1)))

    def raises() -> str:
        raise ValueError("odd")

    tools = [stage.tool("fine"), raises, stage.tool("slow", takes_s=30)]
    outcome = stage.drive(tools=tools)
    stage.check(outcome, S.COMPLETED)
    expect("submits", 1, stage.sent("submit"))
    expect("errors", {"fine": None, "raises": "raised", "slow": None}, tool_errors(outcome))
    expect("outputs", 3, stage.runs[0].outputs)
    expect("refusals", 0, faults(outcome, FaultKind.STALE_ACTION))
    return "3 outputs in 1 submit, one of them an error; completed"


@case(
    "F27",
    sources="Azure/azure-rest-api-specs#32329",
    service="asks for a function that nobody has: multi_tool_use.parallel, several calls in one",
)
def made_up_function(road: Road) -> str:
    """Tell the model what there is, and let it try again."""
    uses = [{"recipient_name": "functions.look_up", "parameters": {}}]
    strange = calls(
        Call(name="multi_tool_use.parallel", arguments={"tool_uses": uses}),
        Call(name="look_up", arguments='{"unfinished": '),
        queue_s=1,
        work_s=1,
    )
    stage = Stage(road, Script.of(strange, call("look_up", queue_s=1, work_s=1), say("42.")))
    outcome = stage.drive(tools=[stage.tool()])
    stage.check(outcome, S.COMPLETED)
    expect("tools called", ["look_up"], stage.called)
    told = [step.error for step in outcome.journal if isinstance(step, ToolAnswered)]
    expect("what the model was told", ["unknown_tool", "malformed_arguments", None], told)
    return f"told {told[0]} and {told[1]}; 1 call in the next round, completed"


CASES: Final[tuple[Case, ...]] = (
    outputs_too_late,
    duplicate_calls,
    nothing_after_outputs,
    second_round,
    incomplete_after_outputs,
    hanging_tool,
    approval_too_late,
    outputs_twice,
    all_outputs_at_once,
    made_up_function,
)
