"""Calls that go wrong: lost answers, limits, things that are not there yet, or never again."""

from __future__ import annotations

from typing import Final

from runfsm.cli.cases.case import Case, at_least, at_most, case, expect
from runfsm.cli.cases.needs import has
from runfsm.cli.cases.road import Road
from runfsm.cli.cases.stage import HELPFUL, Stage, faults
from runfsm.driver.journal import RunAdopted
from runfsm.errors import BackendError, FaultKind
from runfsm.lifecycle.run import RunStatus as S
from runfsm.lifecycle.snapshot import RunMessage
from runfsm_simulator import Storm
from runfsm_simulator.world.script import Script, fail

__all__ = ["CASES"]

NOT_FOUND: Final = 404


@case(
    "F15",
    sources="openai-php/client#321",
    service="says that the run is completed, and does not list its message yet",
    needs=(has("messages"),),
)
def missing_message(road: Road) -> str:
    """Ask for the messages again, a few times."""
    stage = Stage(road, HELPFUL, storm=Storm(missing_message=1))
    outcome = stage.drive(tools=[stage.tool()])
    stage.check(outcome, S.COMPLETED)
    expect("the answer", "42.", outcome.text)
    expect("looks for it", 2, stage.sent("messages"))
    return "asked 2 times for the messages, the answer was there"


@case(
    "F16",
    sources="FlowiseAI/Flowise#3426",
    service="answers 404 for the thread that it has just made",
)
def not_there_yet(road: Road) -> str:
    """Know its own thread, and ask again until the service does."""
    stage = Stage(road, HELPFUL, storm=Storm(missing_after_write=1, heal_after_s=3))
    outcome = stage.drive(tools=[stage.tool()])
    stage.check(outcome, S.COMPLETED)
    missed = sum(getattr(step, "status_code", None) == NOT_FOUND for step in outcome.journal)
    at_least("answers of 404", 1, missed)
    return f"{missed} answers of 404 in {stage.waited_s(outcome):.1f} s, then in, completed"


@case(
    "F17",
    sources="public code; agency-swarm retries on 'Sorry, something went wrong.'",
    service="fails the run for no reason of its own",
)
def random_failure(road: Road) -> str:
    """Tell code and message; a run costs, so whether it is run again is the app's to say."""
    return _failed(Stage(road, Script.of(fail(queue_s=1, work_s=1))), "server_error")


@case(
    "F18",
    sources="LibreChat#6728; community 780454",
    service="fails the run for its own rate limit",
)
def rate_limited_run(road: Road) -> str:
    """Tell code and message: not HTTP's 429, which passes, but the end of this run."""
    limited = fail("rate_limit_exceeded", "Rate limit is exceeded. Try again in 60 seconds.")
    return _failed(Stage(road, Script.of(limited)), "rate_limit_exceeded")


@case(
    "F19",
    sources="public code: a quota that is used up, told as 'Sorry, something went wrong.'",
    service="hides behind its standard words that the account is out of money",
    reason="the service does not say why; a usage of 0/0/0 is the one hint, and it is handed out",
)
def quota_in_disguise(road: Road) -> str:
    """Tell all that the service tells: code, message, usage."""
    stage = Stage(road, Script.of(fail(queue_s=1, work_s=1)))
    said = _failed(stage, "server_error")
    usage = stage.runs[0].usage
    expect("tokens", 0, usage.total_tokens if usage else 0)
    return f"{said}, usage 0/0/0"


def _failed(stage: Stage, code: str) -> str:
    outcome = stage.drive()
    stage.check(outcome, S.FAILED)
    expect("the code", code, outcome.error and outcome.error.code)
    expect("creates", 1, stage.sent("create"))
    return f"failed: {code}, message told, 1 create, thread free"


@case(
    "F20",
    sources="agency-swarm; community: 'Thread runs result into Internal Server Error 500'",
    service="creates the run, and answers 500 or not at all; a second one meets the first's lock",
    wire_only=True,
)
def lost_creation(road: Road) -> str:
    """Look the run up by its key, and take it over: there is one, and its message stands once."""
    for fault in {"status": 500}, {"trouble": "timeout"}, {"trouble": "drop"}:
        stage = Stage(road, HELPFUL)
        stage.arm("create", applied=True, **fault)
        outcome = stage.drive(tools=[stage.tool()])
        stage.check(outcome, S.COMPLETED)
        adopted = sum(isinstance(step, RunAdopted) for step in outcome.journal)
        expect("runs, taken over", (1, 1), (len(stage.runs), adopted))
        if stage.wire.listing.value:  # or else it is met as a lock first
            expect("creates", 1, stage.sent("create"))
    return (
        f"500, time-out, broken line: {stage.sent('create')} create, 1 run, taken over, completed"
    )


@case(
    "F21",
    sources="by the same way as F20; public code has the message twice after a retry",
    service="stores a message, and answers 500",
    wire_only=True,
    needs=(has("empty_threads"),),
)
def lost_message(road: Road) -> str:
    """Look the message up by its key before it is sent again: it stands there once."""
    stage = Stage(road, HELPFUL)
    thread = stage.thread()
    stage.arm("add_message", applied=True)
    stage.add_message(thread, "Only once")
    stage.arm("add_message")
    stage.add_message(thread, "And this, too")
    expect("the messages", ["Only once", "And this, too"], stage.said(thread))
    expect("attempts", 1 + 2, stage.sent("add_message"))
    return "stored though 500: found, sent once; not stored: sent again; 2 messages of 2"


@case(
    "F24",
    sources="community 707374",
    service="splits one answer over two messages",
)
def two_messages(road: Road) -> str:
    """Hand out both, in their order."""
    stage = Stage(road, HELPFUL)
    more = RunMessage("msg_more", "assistant", "Or so.")
    stage.tap.show("messages", lambda messages: [*messages, more])
    outcome = stage.drive(tools=[stage.tool()])
    stage.check(outcome, S.COMPLETED)
    expect("the answer", "42.\nOr so.", outcome.text)
    return "2 messages, both in the answer's text"


@case(
    "F25",
    sources="published API schema (openai/openai-openapi): 429 with Retry-After",
    service="answers any call with 429, and says how long to wait",
    wire_only=True,
)
def rate_limited_calls(road: Road) -> str:
    """Wait so long, ask again, and do nothing twice."""
    stage = Stage(road, HELPFUL)
    verbs = stage.sending("create_thread", "create", "retrieve", "submit", "messages")
    for verb in verbs:
        stage.arm(verb, status=429, headers={"retry-after": "7"})
    outcome = stage.drive(tools=[stage.tool()])
    stage.check(outcome, S.COMPLETED)
    expect("answers of 429", len(verbs), faults(outcome, FaultKind.RATE_LIMITED))
    expect("tools called", ["look_up"], stage.called)
    at_least("seconds", 7 * len(verbs), stage.took_s)
    at_most("seconds", 9 * len(verbs) + 20, stage.took_s)
    return f"{len(verbs)} answers of 429, completed after {stage.took_s:.0f} s, nothing twice"


@case(
    "F26",
    sources="OpenAI's deprecations: the Assistants API was shut down on 2026-08-26",
    service="is gone: 404 on every call, with whatever body",
    wire_only=True,
    reason="nobody is there; the protocol lives on at Azure and at servers of one's own",
)
def gone(road: Road) -> str:
    """Say so at once, with the service's own words: no retry can help."""
    stage = Stage(road, HELPFUL)
    first = stage.sending("create_thread", "create")[0]
    stage.arm(first, times=20, status=404, body={"detail": "Not Found"})
    error = stage.raised(BackendError)
    expect("the fault", (FaultKind.NOT_FOUND, 404), (error.fault.kind, error.fault.status_code))
    expect("requests", 1, stage.sent(first))
    return "BackendError after 1 request: not_found, HTTP 404"


CASES: Final[tuple[Case, ...]] = (
    missing_message,
    not_there_yet,
    random_failure,
    rate_limited_run,
    quota_in_disguise,
    lost_creation,
    lost_message,
    two_messages,
    rate_limited_calls,
    gone,
)
