"""Streams: they break, end without an end, and to leave one does not stop its run."""

from __future__ import annotations

from typing import Final

from runfsm.cli.cases.case import Case, case, expect
from runfsm.cli.cases.needs import streams
from runfsm.cli.cases.road import Road
from runfsm.cli.cases.stage import HANGING, Stage, faults, leave_at
from runfsm.driver.live import LiveItem, TextDelta
from runfsm.errors import FaultKind
from runfsm.lifecycle.run import RunStatus as S
from runfsm_simulator import StreamFault
from runfsm_simulator.world.script import Script, call, say, truncate

__all__ = ["CASES"]

ANSWER: Final = "It is forty-two, as far as anybody knows."

BROKEN: Final = (
    StreamFault(kind="cut", after_events=0),
    StreamFault(kind="cut", after_events=8),
    StreamFault(kind="cut"),  # all events but `done`
    StreamFault(kind="error", shape="nested", after_events=4),
    StreamFault(kind="error", shape="flat", after_events=4),
    StreamFault(kind="hang", after_events=4),
)


class Left(Exception):  # noqa: N818  # what it is
    """The app's user has closed the page."""


@case(
    "C10",
    "F8",
    sources="vercel/ai#1743",
    service="goes on with a run whose listener has left, and keeps its thread locked",
    wire_only=True,
    needs=(streams,),
)
def left(road: Road) -> str:
    """Cancel the run of a stream that was left; the next message is taken."""
    stage = Stage(road, HANGING)
    thread = stage.thread()
    closed = leave_at(S.IN_PROGRESS, Left())
    stage.raised(Left, thread_id=thread, streams=True, on_item=closed)
    stage.clock.advance(1)
    expect("how the run ended", S.CANCELLED, stage.runs[0].status)
    stage.add_message(thread, "Next")
    expect("attempts", 1, stage.sent("add_message"))
    return "left in mid-stream: run cancelled, next message refused 0 times"


@case(
    "C22",
    "F4",
    sources="openai-node#1306, #1439; openai-assistants-quickstart#19",
    service="ends a stream with thread.run.incomplete, which clients took for no end at all",
    wire_only=True,
    needs=(streams,),
)
def incomplete_stream(road: Road) -> str:
    """Know it for an end; the text so far was told."""
    stage = Stage(road, Script.of(truncate(say="It is half", queue_s=1, work_s=2)))
    heard, outcome = stage.listen()
    stage.check(outcome, S.INCOMPLETE)
    expect("the text that was heard", "It is half", _text(heard))
    expect("why", stage.cut("max_completion_tokens"), outcome.incomplete_reason)
    return f"incomplete: {outcome.incomplete_reason}; text heard, {stage.sent('retrieve')} looks"


@case(
    "F6",
    sources="openai-dotnet#214; community 930753; dotnet/extensions#5964; TripBot#939",
    service="ends the stream when it wants tools called: the run is not over, though it looks so",
    wire_only=True,
    needs=(streams,),
)
def stream_with_tools(road: Road) -> str:
    """Hand in the outputs, listen on, and be done when the run is: the next one gets in."""
    script = Script.of(call("look_up", queue_s=1, work_s=2), say(ANSWER, queue_s=1, work_s=2))
    stage = Stage(road, script)
    thread = stage.thread()
    refused = 0
    for message in "First", "Second":
        heard, outcome = stage.listen(message, thread_id=thread, tools=[stage.tool()])
        stage.check(outcome, S.COMPLETED)
        expect("the text that was heard", ANSWER, _text(heard))
        refused += faults(outcome, FaultKind.LOCKED)
    expect("refusals", 0, refused)
    return "2 runs with tools, one after the other: both completed, 0 refusals"


@case(
    "F22",
    sources="openai-node#945: 'Final run has not been received'; openai-dotnet (error events)",
    service="breaks a stream off: at once, midway, by an error event, by silence, before `done`",
    wire_only=True,
    needs=(streams,),
)
def broken_stream(road: Road) -> str:
    """Look what became of the run, go on by polling, and tell the rest of the text."""
    for fault in BROKEN:
        stage = Stage(road, Script.of(say(ANSWER, queue_s=1, work_s=9), stream_fault=fault))
        heard, outcome = stage.listen()
        stage.check(outcome, S.COMPLETED)
        expect(f"the text that was heard, in spite of {fault!r}", ANSWER, _text(heard))
        expect("runs", 1, len(stage.runs))
    return f"{len(BROKEN)} kinds of break: 1 run each, whole text, completed"


def _text(heard: list[LiveItem]) -> str:
    return "".join(item.text for item in heard if isinstance(item, TextDelta))


CASES: Final[tuple[Case, ...]] = (left, incomplete_stream, stream_with_tools, broken_stream)
