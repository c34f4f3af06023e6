"""Stuck runs: endings that pollers do not know, waits without an end, statuses nobody foresaw."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any, Final

from runfsm.cli.cases.case import Case, at_least, at_most, case, expect
from runfsm.cli.cases.needs import native, window
from runfsm.cli.cases.road import Road
from runfsm.cli.cases.stage import HANGING, HELPFUL, Stage, leave_at
from runfsm.driver.journal import CancelReason
from runfsm.driver.live import LiveItem
from runfsm.driver.outcome import Outcome
from runfsm.driver.pacing import Pacing
from runfsm.driver.policy import Policy
from runfsm.errors import BackendError, DeadlineExceeded, RunIncomplete
from runfsm.lifecycle.journal import Transition, UnknownStatus
from runfsm.lifecycle.run import RunEvent
from runfsm.lifecycle.run import RunStatus as S
from runfsm.lifecycle.snapshot import RunSnapshot
from runfsm_simulator import Storm
from runfsm_simulator.world.script import Script, call, say, truncate

__all__ = ["CASES"]

#: The service lets a run live for so long (every recording: `expires_at` is `created_at` + 600).
LIFE_S: Final = 600


@case(
    "C13",
    "C17",
    "F3",
    sources="openai-python#1407, #1420; semantic-kernel#9364, #9386, #9672, #9729, #9740",
    service="ends the run `incomplete`, a status that pollers took for one to wait in",
)
def incomplete(road: Road) -> str:
    """Know it for an end: stop looking, hand out the cut answer, and say why it was cut."""
    stage = Stage(road, Script.of(truncate(say="It is half", queue_s=1, work_s=2)))
    outcome = stage.drive()
    stage.check(outcome, S.INCOMPLETE)
    expect("the answer so far", stage.left_by(S.INCOMPLETE, "It is half"), outcome.text)
    expect("why", stage.cut("max_completion_tokens"), outcome.incomplete_reason)
    expect("what raise_for_status says", RunIncomplete, _raised(outcome))
    at_most("looks", 8, stage.sent("retrieve"))
    looks, kept = stage.sent("retrieve"), "text kept" if outcome.text else "no text left"
    return f"incomplete after {looks} looks: {outcome.incomplete_reason}, {kept}"


@case(
    "F28",
    sources="openai-node#1306, #1439; semantic-kernel#9729",
    service="ends the run `incomplete` for a content filter, a reason that no schema has",
    needs=(native(S.INCOMPLETE),),
)
def content_filter(road: Road) -> str:
    """Hand out whatever reason the service gives."""
    stage = Stage(road, Script.of(truncate(say="It is", queue_s=1, work_s=2)))
    stage.tap.show("retrieve", _filtered)
    outcome = stage.drive()
    stage.check(outcome, S.INCOMPLETE)
    expect("why", "content_filter", outcome.incomplete_reason)
    return f"incomplete: {outcome.incomplete_reason}, after {stage.sent('retrieve')} looks"


def _filtered(run: RunSnapshot) -> RunSnapshot:
    return replace(run, incomplete_reason=run.incomplete_reason and "content_filter")


@case(
    "C14",
    "C16",
    sources="openai-python#1855: timeout=2.0 bounds no polling; openai-python#3103",
    service="goes on working for longer than the app can wait; an HTTP time-out ends no polling",
)
def deadline(road: Road) -> str:
    """Have a deadline for the whole run: cancel, see the run end, and say what happened."""
    stage = Stage(road, HANGING)
    outcome = stage.drive(policy=Policy(deadline_s=2.0))
    stage.check(outcome, S.CANCELLED)
    expect("why", CancelReason.DEADLINE, outcome.cancel_reason)
    expect("what raise_for_status says", DeadlineExceeded, _raised(outcome))
    at_most("seconds", 2 + 1 + 2, stage.took_s)
    return f"cancelled at 2 s, over at {stage.took_s:.1f} s, thread free"


@case(
    "C15",
    "C26",
    "F1",
    sources="openai-python#861, #1457; agno#7444 (background responses: 'this will loop forever')",
    service="leaves the run in progress and never comes to an end, but for the run's expiry",
)
def stuck_in_progress(road: Road) -> str:
    """Look ever more slowly, and be there when the run expires."""
    stage = Stage(road, HANGING)
    outcome = stage.drive()
    return _waited_for_the_expiry(stage, outcome)


@case(
    "F2",
    sources="OpenAI's deep dive on expires_at; reports of runs 'stuck in queued'",
    service="never picks the run up: it stays queued until it expires",
)
def stuck_in_the_queue(road: Road) -> str:
    """Look ever more slowly, though nothing ever began, and be there when it expires."""
    stage = Stage(road, HELPFUL, storm=Storm(stuck_queued=1))
    outcome = stage.drive()
    expect("whether it was ever begun", False, RunEvent.START in stage.run(outcome).events)
    return _waited_for_the_expiry(stage, outcome)


def _waited_for_the_expiry(stage: Stage, outcome: Outcome) -> str:
    stage.check(outcome, S.EXPIRED)
    at_most("seconds", LIFE_S + 5, stage.took_s)
    at_most("looks", LIFE_S / 5 + 10, stage.sent("retrieve"))
    return f"expired at {stage.took_s:.0f} s, {stage.sent('retrieve')} looks, thread free"


class Crash(Exception):  # noqa: N818  # what it is
    """The process is gone."""


@case(
    "C18",
    sources="semantic-kernel#5449: wants to 'resume where it left off'",
    service="goes on while the client's process is gone, between the tools and their outputs",
)
def crash(road: Road) -> str:
    """Go on from a core that was saved: submit what the tools gave, and call none again."""
    stage = Stage(road, HELPFUL)
    saved: list[bytes] = []

    def crashing(watch: Any, item: LiveItem) -> None:
        saved.append(pickle.dumps(watch.core))
        if item.kind == "tool_answered":  # type: ignore[union-attr]  # a watch tells journal steps
            raise Crash

    tools = [stage.tool()]
    stage.raised(Crash, tools=tools, on_item=crashing, policy=Policy(on_interrupt="leave"))
    stage.clock.advance(60)
    core = pickle.loads(saved[-1])  # noqa: S301  # we wrote it
    outcome = stage.drive(tools=tools, core=core)
    stage.check(outcome, S.COMPLETED)
    expect("tools called", ["look_up"], stage.called)
    expect("runs created", 1, stage.sent("create"))
    return "resumed 60 s later by another driver: 1 run, 1 tool call, completed"


@case(
    "C19",
    sources="semantic-kernel#13043: 'Polling timed out' after a minute",
    service="waits for tools that take minutes, which a limit on polling counts as its own",
)
def slow_tools(road: Road) -> str:
    """Tell the time of the tools from the time of the service: the run's own limit counts."""
    stage = Stage(road, HELPFUL)
    outcome = stage.drive(tools=[stage.tool(takes_s=300)])
    stage.check(outcome, S.COMPLETED)
    expect("tools called", ["look_up"], stage.called)
    at_least("seconds", 300, stage.took_s)
    return f"a tool of 300 s, 1 call, completed after {stage.took_s:.0f} s"


@case(
    "C20",
    sources="go-openai#650 and openai-openapi#256: statuses that no enum had",
    service="shows a status that nobody has heard of, once in a run",
)
def unknown_status(road: Road) -> str:
    """Note it, break nothing, look again."""
    stage = Stage(road, HELPFUL, storm=Storm(unknown_status=1))
    outcome = stage.drive(tools=[stage.tool()])
    stage.check(outcome, S.COMPLETED)
    unknown = [step.raw_status for step in outcome.journal if isinstance(step, UnknownStatus)]
    at_least("unknown statuses in the journal", 1, len(unknown))
    return f"noted {unknown[0]!r}, completed"


@case(
    "C21",
    sources="openai-node, lib/polling.ts: an unknown status is asked again at once, without limit",
    service="shows a status that nobody has heard of, at every look",
)
def unknown_for_ever(road: Road) -> str:
    """Look with pauses, and no longer than the deadline allows."""
    stage = Stage(road, HANGING)
    stage.tap.show("retrieve", lambda run: replace(run, raw_status="paused", means=None))
    outcome = stage.drive(policy=Policy(deadline_s=60, cancel_grace_s=20))
    answer = S.CANCELLING if window(stage.wire) is None else S.CANCELLED
    expect("how the driver sees it", answer, outcome.status)
    expect("what the service says of it", S.CANCELLED, stage.run(outcome).status)
    at_least("seconds between two looks", 0.1, stage.shortest_wait_s)
    at_most("looks", 40, stage.sent("retrieve"))
    at_most("seconds", 60 + 20 + 5, stage.took_s)
    return f"{stage.sent('retrieve')} looks in {stage.took_s:.0f} s, cancelled at the deadline"


@case(
    "C23",
    sources="VRSEN/agency-swarm#260, a8762fae, df40e6f9: a breaker added and reverted",
    service="answers nothing but errors of its own",
)
def breaker(road: Road) -> str:
    """Ask ever more slowly, a handful of times, and give up with the service's own words."""
    stage = Stage(road, HELPFUL)
    thread = stage.thread()
    stage.simulator.control.storm = Storm(server_error=1)
    error = stage.raised(BackendError, thread_id=thread)
    sent = len(stage.tap.sent)
    expect("requests", Pacing().faults_max + 1, sent)
    at_most("seconds", 30, stage.took_s)
    expect("runs", 0, len(stage.runs))
    return f"gave up after {sent} requests in {stage.took_s:.0f} s: HTTP {error.fault.status_code}"


@case(
    "C24",
    sources="Azure/ai-foundry-workshop#82",
    service="asks for tools again after every round, for ever",
)
def endless_rounds(road: Road) -> str:
    """Answer each call once, and end it at the deadline."""
    stage = Stage(road, lambda _: call("look_up", queue_s=1, work_s=2))
    outcome = stage.drive(tools=[stage.tool()], policy=Policy(deadline_s=60))
    stage.check(outcome, S.CANCELLED)
    rounds = stage.run(outcome).events.count(RunEvent.SUBMIT_TOOL_OUTPUTS)
    at_least("rounds", 5, rounds)
    at_most("tool calls", rounds + 1, len(stage.called))
    return f"{rounds} rounds answered, then cancelled at the deadline of 60 s"


@case(
    "C25",
    sources="Azure/azure-sdk-for-python#42562: a connected agent's run stuck in requires_action",
    service="waits for a tool that itself needs a run, with tools of its own",
)
def nested(road: Road) -> str:
    """Drive the inner run inside of the tool of the outer one; both come to their end."""
    stage = Stage(road, HELPFUL)
    inner = stage.tool("look_up")

    def look_up() -> str:
        return stage.drive("What is it?", tools=[inner]).text

    outcome = stage.drive("Ask the expert", tools=[look_up])
    stage.check(outcome, S.COMPLETED)
    expect("how all runs ended", [S.COMPLETED] * 2, [run.status for run in stage.runs])
    return f"2 runs, one in the other's tool, completed in {stage.took_s:.0f} s"


@case(
    "C27",
    sources="openai-agents-python#3471, #3472",
    service="says when to be asked again (openai-poll-after-ms); then the client's task ends",
)
def told_when_to_look(road: Road) -> str:
    """Look when told to; and cancel the run of a task that is cancelled, or met by Ctrl-C."""
    stage = Stage(road, Script.of(say("Done.", queue_s=0, work_s=30), cancel_s=1))
    stage.tap.show("retrieve", lambda run: replace(run, poll_after_s=3.0))
    thread = stage.thread()
    stage.check(stage.drive("One", thread_id=thread), S.COMPLETED)
    expect("seconds between two looks", 3.0, round(stage.shortest_wait_s, 3))
    ctrl_c = leave_at(S.IN_PROGRESS, KeyboardInterrupt())
    stage.raised(KeyboardInterrupt, thread_id=thread, on_item=ctrl_c)
    stage.clock.advance(2)
    expect("how the run ended", S.CANCELLED, stage.runs[-1].status)
    expect("who holds the thread", None, stage.holder(thread))
    return "looked each 3 s as told; cancelled with its task, thread free"


@case(
    "F23",
    sources="recordings: openai-dotnet; the queue is passed in one to two seconds",
    service="passes through statuses so quickly that a slow poller sees them never",
)
def skipped_statuses(road: Road) -> str:
    """Infer what must have happened between two looks, and say that it was not seen."""
    stage = Stage(road, HELPFUL)
    slowly = Policy(pacing=Pacing(first_s=20, longest_s=20))
    outcome = stage.drive(tools=[stage.tool()], policy=slowly)
    stage.check(outcome, S.COMPLETED)
    steps = [step for step in outcome.journal if isinstance(step, Transition)]
    expect("edges", stage.run(outcome).events, tuple(step.edge.event for step in steps))
    unseen = sum(step.inferred for step in steps)
    at_least("edges that were not seen", 1, unseen)
    return f"{len(steps)} edges as the service has them, {unseen} of them not seen; completed"


def _raised(outcome: Outcome) -> type[Exception] | None:
    try:
        outcome.raise_for_status()
    except Exception as error:  # noqa: BLE001  # which it is, is the question
        return type(error)
    return None


CASES: Final[tuple[Case, ...]] = (
    incomplete,
    content_filter,
    deadline,
    stuck_in_progress,
    stuck_in_the_queue,
    crash,
    slow_tools,
    unknown_status,
    unknown_for_ever,
    breaker,
    endless_rounds,
    nested,
    told_when_to_look,
    skipped_statuses,
)
