"""Cancels: they may lose, come late, come twice, and somebody else may send them."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from runfsm.cli.cases.case import Case, at_most, case, expect
from runfsm.cli.cases.needs import refuses, window
from runfsm.cli.cases.road import Road
from runfsm.cli.cases.stage import HANGING, Stage, cancel_at, entered, faults, leave_at
from runfsm.driver.journal import CancelReason, GaveUp
from runfsm.driver.live import LiveItem
from runfsm.driver.outcome import Outcome
from runfsm.driver.pacing import Pacing
from runfsm.driver.policy import Policy
from runfsm.errors import BackendError, Fault, FaultKind
from runfsm.lifecycle.run import LIFECYCLE, RunEvent
from runfsm.lifecycle.run import RunStatus as S
from runfsm.lifecycle.wires import WIRES, Occasion
from runfsm_simulator.world.script import Script, call, fail, hang, say

__all__ = ["CASES"]

CALLING: Final = Script.of(call("look_up", queue_s=1, work_s=1), hang(queue_s=1), cancel_s=1)

#: Half of the work is over when its text begins to come.
STORY: Final = Script.of(
    say("Once upon a time there was a run that nobody waited for.", queue_s=1, work_s=20),
    cancel_s=1,
)


@case(
    "C35",
    sources="microsoft/autogen#899, #1003",
    service="cancels the run for another process, in the middle of its answer",
)
def cancelled_elsewhere(road: Road) -> str:
    """Notice it, end as cancelled, and keep what was written until then."""
    stage = Stage(road, STORY)
    thread = stage.thread()

    def elsewhere(_: object, item: LiveItem) -> None:
        if entered(item, S.IN_PROGRESS):
            stage.clock.advance(16)
            stage.fire(RunEvent.CANCEL)

    outcome = stage.drive(thread_id=thread, on_item=elsewhere)
    stage.check(outcome, S.CANCELLED)
    expect("cancels of ours", 0, stage.sent("cancel"))
    expect("whether a beginning is kept", stage.left_by(S.CANCELLED, "Once"), outcome.text[:4])
    if outcome.text:
        expect("what is kept", stage.said(thread, "assistant"), [outcome.text])
    return f"seen to be cancelled, {len(outcome.text.split())} words kept"


@case(
    "C36",
    sources="VRSEN/agency-swarm#251, #279",
    service="takes some time to cancel, while the client's own state says that it has",
    needs=(window,),
)
def cancel_takes_time(road: Road) -> str:
    """Call it cancelled when the service does; the next message is then taken at once."""
    stage = Stage(road, Script.of(hang(queue_s=1), cancel_s=7))
    thread = stage.thread()
    outcome = stage.drive(thread_id=thread, on_item=cancel_at(S.IN_PROGRESS))
    stage.check(outcome, S.CANCELLED)
    at_most("seconds", 1 + 7 + 5, stage.took_s)
    stage.add_message(thread, "Next")
    expect("attempts", 1, stage.sent("add_message"))
    return f"cancelled after {stage.took_s:.0f} s; the next message was refused 0 times"


@case(
    "C37",
    sources="activeagents/activeagent#377: failed jobs run three times, a cancel is overwritten",
    service="fails the run; or answers it in spite of a cancel",
    needs=(window,),
)
def terminal_is_final(road: Road) -> str:
    """Run nothing anew by itself, and let the first end be the end."""
    stage = Stage(road, Script.of(fail(queue_s=1, work_s=1)))
    stage.check(stage.drive(), S.FAILED)
    expect("creates", 1, stage.sent("create"))
    stage = Stage(road, HANGING)
    outcome = _cancelled_and_then(stage, RunEvent.COMPLETE)
    stage.check(outcome, S.COMPLETED)
    expect("what was wanted", CancelReason.ASKED, outcome.cancel_reason)
    return "failed: 1 create; the cancel lost: completed, and it says that a cancel was asked"


def _cancelled_and_then(stage: Stage, event: RunEvent) -> Outcome:
    def race(watch: Any, item: LiveItem) -> None:
        cancel_at(S.IN_PROGRESS)(watch, item)
        if entered(item, S.CANCELLING):
            stage.fire(event)

    return stage.drive(on_item=race)


@case(
    "C38",
    sources="apache/incubator-ariatosca#110 lists six cancel races by hand",
    service="may be anywhere in the run when a cancel comes, and do anything after that",
)
def every_cancel_race(road: Road) -> str:
    """End as the service ends: for every edge that the lifecycle has there."""
    into = [status for status in S if LIFECYCLE.allows(status, RunEvent.CANCEL)]
    for status in into:
        stage = Stage(road, CALLING)
        stage.check(stage.drive(tools=[stage.tool()], on_item=cancel_at(status)), S.CANCELLED)
        expect(f"tools called after a cancel in {status}", [], stage.called)
    out = _out_of_cancelling(stage)
    for edge in out:
        stage = Stage(road, HANGING)
        stage.check(_cancelled_and_then(stage, edge.event), edge.dest)
    return f"{len(into)} edges into cancelling, {len(out)} out of it: each ended as it did"


def _out_of_cancelling(stage: Stage) -> list[Any]:
    """The edges that the service may take then: none, if it is over at once."""
    if window(stage.wire):
        return []
    ends = LIFECYCLE.allowed(S.CANCELLING)
    return [edge for edge in ends if edge.dest is not S.EXPIRED or stage.wire.expiry.value]


@case(
    "C39",
    sources="omeryasirkucuk/amx#329; HKUDS/Vibe-Trading#1175",
    service="honours a cancel minutes later",
    needs=(window,),
)
def cancelled_minutes_later(road: Road) -> str:
    """Wait as long as the policy says; and never call it a success, nor cancelled, before it is."""
    late = Script.of(hang(queue_s=1), cancel_s=180)
    stage = Stage(road, late)
    outcome = stage.drive(on_item=cancel_at(S.IN_PROGRESS), policy=Policy(cancel_grace_s=300))
    stage.check(outcome, S.CANCELLED)
    waited = stage.took_s
    stage = Stage(road, late)
    outcome = stage.drive(on_item=cancel_at(S.IN_PROGRESS))
    expect("how it is told", S.CANCELLING, outcome.status)
    expect("the last step", True, isinstance(outcome.journal[-1], GaveUp))
    at_most("seconds", 60 + 10, stage.took_s)
    return f"grace 300 s: cancelled at {waited:.0f} s; grace 60 s: gave up, 'still cancelling'"


@case(
    "C40",
    sources="ogx-ai/ogx#5180 (a server of this API's successor)",
    service="answers a cancel of a run that is over with 409, where OpenAI's answered 400",
    wire_only=True,
    needs=(refuses(Occasion.CANCEL_TOO_LATE),),
)
def conflict(road: Road) -> str:
    """Look again, and end as the run has ended."""
    stage = Stage(road, HANGING)
    said = {"message": "Cannot cancel a run that is completed.", "code": None, "type": "conflict"}
    stage.arm("cancel", status=409, body={"error": said})
    stage.tap.before("cancel", lambda: stage.fire(RunEvent.COMPLETE))
    outcome = stage.drive(on_item=cancel_at(S.IN_PROGRESS))
    stage.check(outcome, S.COMPLETED)
    expect("cancels", 1, stage.sent("cancel"))
    return "409 for 1 cancel; looked, and ended as it had: completed"


@case(
    "C41",
    sources="litellm#37205, #36656; warmbly#333; tensorzero#7025; accrue#47 (batches)",
    service="bills the output of runs that were cancelled; forgets runs; goes on after Ctrl-C",
)
def what_is_left(road: Road) -> str:
    """Hand out text and usage in every ending; poll no 404 for ever; leave no run behind."""
    stage = Stage(road, STORY)
    outcome = stage.drive(policy=Policy(deadline_s=17))
    stage.check(outcome, S.CANCELLED)
    used = outcome.usage.total_tokens if outcome.usage else 0
    kept = S.CANCELLED in stage.wire.unfinished.value
    expect("whether its text is there", kept, outcome.text != "")
    expect("the usage", stage.run(outcome).usage, outcome.usage)
    stage = Stage(road, HANGING)
    stage.tap.show("retrieve", _gone)
    stage.raised(BackendError)
    looks = stage.sent("retrieve")
    at_most("looks at a run that is gone", Pacing().faults_max + 1, looks)
    stage = Stage(road, HANGING)
    stage.raised(KeyboardInterrupt, on_item=leave_at(S.IN_PROGRESS, KeyboardInterrupt()))
    answer = S.CANCELLING if window(stage.wire) is None else S.CANCELLED
    expect("what a Ctrl-C leaves", answer, stage.runs[0].status)
    return f"{used} tokens told; 404: gave up after {looks} looks; Ctrl-C: told to cancel"


def _gone(_: object) -> None:
    raise BackendError.of(Fault(FaultKind.NOT_FOUND, "No run found with id 'run_1'."))


@case(
    "F9",
    sources="recordings: ruby-openai; public code: \"Cannot cancel run with status 'completed'.\"",
    service="has completed the run, or has been told to cancel it, just before our cancel: 400",
    needs=(refuses(Occasion.CANCEL_TOO_LATE),),
)
def cancel_too_late(road: Road) -> str:
    """Take the 400 as news: look again, and send no second cancel."""
    again = 1 if window(WIRES[road.wire]) is None else 0  # or it is no error
    for event, end, refused in (
        (RunEvent.COMPLETE, S.COMPLETED, 1),
        (RunEvent.CANCEL, S.CANCELLED, again),
    ):
        stage = Stage(road, HANGING)
        stage.tap.before("cancel", partial(stage.fire, event))
        outcome = stage.drive(on_item=cancel_at(S.IN_PROGRESS))
        stage.check(outcome, end)
        expect("refused cancels", refused, faults(outcome, FaultKind.ALREADY_TERMINAL))
        expect("cancels", 1, stage.sent("cancel"))
    return f"refused with 400 {1 + again} times: completed, cancelled; 1 cancel each"


@case(
    "F10",
    sources="VRSEN/agency-swarm#298",
    service="does not take a cancel of a run that waits for tools: errors of its own",
    wire_only=True,
)
def cancel_while_tools_are_wanted(road: Road) -> str:
    """Look, and cancel again, until it is taken; call no tool meanwhile."""
    stage = Stage(road, CALLING)
    stage.arm("cancel", times=2, status=500)
    outcome = stage.drive(tools=[stage.tool()], on_item=cancel_at(S.REQUIRES_ACTION))
    stage.check(outcome, S.CANCELLED)
    expect("tools called", [], stage.called)
    expect("cancels", 3, stage.sent("cancel"))
    return "3 cancels, the third was taken; 0 tool calls, cancelled"


CASES: Final[tuple[Case, ...]] = (
    cancelled_elsewhere,
    cancel_takes_time,
    terminal_is_final,
    every_cancel_race,
    cancelled_minutes_later,
    conflict,
    what_is_left,
    cancel_too_late,
    cancel_while_tools_are_wanted,
)
