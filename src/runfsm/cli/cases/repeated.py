"""Cases of too much, and of twice: outputs, rate limits, events, and a tool that asks itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from runfsm.cli.cases.case import Case, at_least, at_most, case, expect
from runfsm.cli.cases.road import Road
from runfsm.cli.cases.stage import HELPFUL, Stage, faults, tool_errors
from runfsm.driver.busy import Wait
from runfsm.driver.journal import OutputTooLarge, RunAdopted, RunAgain
from runfsm.driver.lines import Lines
from runfsm.driver.outcome import Outcome
from runfsm.driver.policy import Policy
from runfsm.errors import FaultKind
from runfsm.lifecycle.run import RunStatus as S
from runfsm_simulator.world.script import Script, fail, say

__all__ = ["CASES"]

LIMITED: Final = "Rate limit reached for gpt-4o on tokens per min. Please try again in 6.5s."


@case(
    "C42",
    sources="semantic-kernel#12814; earendil-works/pi#2122",
    service="refuses a tool's output as too large, with 413 or a 400 that says so",
    wire_only=True,
)
def output_too_large(road: Road) -> str:
    """Tell the model `too_large` in its place: it may ask for less, and the run goes on."""
    stage = Stage(road, HELPFUL)

    def look_up() -> str:
        stage.called.append("look_up")
        stage.arm("submit", status=413, body={"error": {"message": "Request Entity Too Large"}})
        return "x" * 2_000_000

    outcome = stage.drive(tools=[look_up])
    stage.check(outcome, S.COMPLETED)
    expect("tools called", ["look_up"], stage.called)
    sizes = [step.size for step in outcome.journal if isinstance(step, OutputTooLarge)]
    expect("what the model is told of, in characters", [2_000_000], sizes)
    expect("refusals", 1, faults(outcome, FaultKind.TOO_LARGE))
    return "1 refusal, 1 tool call, the model told; completed"


@case(
    "C43",
    sources="assistant-pf-demo#10; empirical PR 210",
    service="fails the run for its model's rate limit, and says when to try again",
)
def rerun_when_due(road: Road) -> str:
    """Make another run on the same thread when it is due, for who says `rerun_on_rate_limit`."""
    stage = Stage(road, Script.of(fail("rate_limit_exceeded", LIMITED)))

    def hear(_: Any, item: Any) -> None:
        if isinstance(item, RunAgain):
            stage.simulator.world.play(Script.of(say("Done.")))

    outcome = stage.drive(policy=Policy(rerun_on_rate_limit=2), on_item=hear)
    expect("how it ended", (S.COMPLETED, "Done."), (outcome.status, outcome.text))
    expect("creates", 2, stage.sent("create"))
    first, second = (sent.at for sent in stage.tap.sent if sent.verb == "create")
    at_least("seconds between the two", 6.5, second - first)
    at_most("seconds", 30, stage.took_s)
    return "2 runs, the second when it was due; completed"


@case(
    "C44",
    sources="python-slack-sdk#335; agno PR 10073",
    service="stands behind a queue that delivers one event twice, at the same moment",
)
def event_twice(road: Road) -> str:
    """Look for the event's key first: one run, and its outcome for both, for who asks for that."""
    stage, lines = Stage(road, HELPFUL), Lines()
    ask = stage.ask(thread_id=stage.thread(), tools=[stage.tool(takes_s=3)], lines=lines)
    once = replace(ask, request=replace(ask.request, key="evt_1", idempotent=True))
    outcomes = [it for it in stage.together(once, once) if isinstance(it, Outcome)]
    expect("how they ended", [S.COMPLETED] * 2, [it.status for it in outcomes])
    expect("runs", 1, len({it.ref for it in outcomes}))
    expect("tools called", ["look_up"], stage.called)
    found = sum(isinstance(step, RunAdopted) for it in outcomes for step in it.journal)
    expect("found by the key", 1, found)
    return "2 deliveries, 1 run, 1 tool call; both have its outcome"


@case(
    "C45",
    sources="librefang#3613",
    service="has a thread held by a run whose tool asks on that very thread, and waits",
)
def tool_asks_its_own_thread(road: Road) -> str:
    """Refuse that at once, with advice; the model hears of it, and the run goes on."""
    stage = Stage(road, HELPFUL)
    thread = stage.thread()

    def look_up() -> str:
        stage.called.append("look_up")
        stage.add_message(thread, "And the forecast?", Policy(on_busy=Wait()))
        return "42"

    outcome = stage.drive(thread_id=thread, tools=[look_up])
    stage.check(outcome, S.COMPLETED)
    expect("errors", {"look_up": "raised"}, tool_errors(outcome))
    at_most("seconds", 30, stage.took_s)
    return f"refused at once, completed after {stage.took_s:.0f} s"


CASES: Final[tuple[Case, ...]] = (
    output_too_large,
    rerun_when_due,
    event_twice,
    tool_asks_its_own_thread,
)
