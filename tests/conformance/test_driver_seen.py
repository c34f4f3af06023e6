"""A drive seen from outside: observers, log and spans, down every road and out of every ending."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from driving import HANGING, HELLO, S, tools_on
from onroad import OnRoad
from runfsm import (
    AssistantsBackend,
    BackendError,
    CancelReason,
    CancelWanted,
    DriveEnded,
    FaultMet,
    JournalStep,
    Observer,
    Outcome,
    RunCancelled,
    RunCore,
    RunDriver,
    RunRequest,
    ToolAnswered,
    log_contents,
)
from runfsm.lifecycle.wires import WIRES
from runfsm.lifecycle.wires.wire import CancelAnswer
from runfsm.otel import Spans
from runfsm_simulator import ArmedFault, Call, Script, Simulator, call, calls, say

TOOLS = Script.of(
    calls(Call(name="fine"), Call(name="raises"), queue_s=1, work_s=1),
    say("Done.", queue_s=1, work_s=1),
)


class Heard:
    """An observer that keeps what it hears."""

    def __init__(self) -> None:
        self.steps: list[JournalStep] = []

    def __call__(self, step: JournalStep, _core: RunCore) -> None:
        self.steps.append(step)

    @property
    def kinds(self) -> list[str]:
        """Of the steps."""
        return [step.kind for step in self.steps]


def observed(road: Any, script: Script, *observers: Observer) -> OnRoad:
    """A stage whose driver is observed."""
    stage = OnRoad(road, script)
    stage.tools = tools_on(stage.clock)
    stage.driver = stage.new_driver(observers=observers)
    return stage


def items(stage: OnRoad, drive: Any) -> list[Any]:
    """Everything that a watch or a stream yields."""

    async def main() -> list[Any]:
        async with drive:
            return [item async for item in drive]

    return stage.play(main)


# Every step -------------------------------------------------------------------------------------


def test_an_observer_hears_the_journal(road: Any) -> None:
    """Each step once, in the journal's order, and the end of the drive after the last."""
    heard = Heard()
    stage = observed(road, TOOLS, heard)
    watch = stage.watch()
    yielded = items(stage, watch)

    outcome: Outcome = watch.outcome
    *steps, end = heard.steps
    assert list(outcome.journal) == yielded == steps
    assert isinstance(end, DriveEnded)
    assert (S.COMPLETED, None, outcome.usage) == (end.status, end.error, end.usage)
    assert stage.clock.now() - watch.core.started_at == end.elapsed_s


def test_an_observer_hears_the_journal_of_a_stream(road: Any) -> None:
    """The same steps as the stream yields among its texts, and those of the journal."""
    heard = Heard()
    stage = observed(road, HELLO, heard)
    stream = stage.awaited(stage.driver.stream(stage.request))
    yielded = [item for item in items(stage, stream) if isinstance(item, JournalStep)]

    assert list(stream.outcome.journal) == yielded == heard.steps[:-1]
    assert "drive_ended" == heard.steps[-1].kind


def test_an_observer_that_raises_does_not_hurt_the_run(road: Any) -> None:
    """The run completes, and who comes after it in the list hears all the same."""

    def broken(_step: JournalStep, _core: RunCore) -> None:
        raise ZeroDivisionError

    heard = Heard()
    outcome = observed(road, HELLO, broken, heard).run()

    assert S.COMPLETED is outcome.status
    assert list(outcome.journal) == heard.steps[:-1]


def test_an_observer_may_cancel_the_run(road: Any) -> None:
    """By the core that it is given; its wish is a step of the journal like any other."""

    def cancels(_step: JournalStep, core: RunCore) -> None:
        if core.status is S.IN_PROGRESS:
            core.request_cancel()

    heard = Heard()
    stage = observed(road, HANGING, cancels, heard)
    watch = stage.watch()
    yielded = items(stage, watch)

    assert (S.CANCELLED, CancelReason.ASKED) == (
        watch.outcome.status,
        watch.outcome.cancel_reason,
    )
    assert 1 == heard.kinds.count("cancel_wanted")
    assert yielded == heard.steps[:-1]


# Every ending -----------------------------------------------------------------------------------


def test_a_drive_that_is_left_is_told_as_left(road: Any) -> None:
    """Closed in the middle, its end has the last status and no error."""
    heard = Heard()
    stage = observed(road, HANGING, heard)

    async def main() -> None:
        watch = stage.watch()
        await anext(watch)
        await watch.aclose()
        await watch.aclose()

    stage.play(main)

    assert ["transition", "drive_ended"] == heard.kinds
    assert f"left {S.QUEUED}" in str(heard.steps[-1])


def test_a_block_that_is_left_tells_what_became_of_its_run(road: Any) -> None:
    """Nobody iterates any more, but observers hear that the run was told to cancel."""
    cancel = WIRES[road.wire].cancel
    heard = Heard()
    stage = observed(road, HANGING, heard)

    async def main() -> None:
        async with stage.watch() as watch:
            await anext(watch)

    stage.play(main)
    is_over = cancel.value is CancelAnswer.DONE  # as the answer to the cancel says already

    assert stage.watches[0].core.journal == heard.steps[:-1]
    moves = ["transition"] * (1 + is_over)
    assert ["transition", "cancel_wanted", *moves, "drive_ended"] == heard.kinds
    assert (S.CANCELLED if is_over else S.CANCELLING) is heard.steps[-1].status  # type: ignore[attr-defined]  # a DriveEnded


def test_a_task_that_is_cancelled_tells_what_became_of_its_run(tasks: Any) -> None:
    """The drive's own last steps are told from within the cancellation."""
    heard = Heard()
    stage = observed(tasks, HANGING, heard)

    async def main() -> None:
        gate = stage.clock.participant()
        async with anyio.create_task_group() as group:
            group.start_soon(stage.driver.run, stage.request)
            while not heard.steps:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        gate.leave()

    stage.play(main)

    wanted = next(step for step in heard.steps if isinstance(step, CancelWanted))
    assert CancelReason.INTERRUPTED is wanted.reason
    assert ["transition", "drive_ended"] == heard.kinds[-2:]


def test_a_drive_that_fails_ends_in_its_error(road: Any) -> None:
    """A fault that does not pass is a step, and the error's name is in the end."""
    heard = Heard()
    stage = observed(road, HELLO, heard)
    stage.request = RunRequest("asst_gone", "Hello")

    with pytest.raises(BackendError, match="asst_gone"):
        stage.run()
    assert ["fault_met", "drive_ended"] == heard.kinds[-2:]
    assert "BackendError" == heard.steps[-1].error  # type: ignore[attr-defined]  # a DriveEnded


def test_a_run_that_was_never_created_is_told_and_yielded(road: Any) -> None:
    """Cancelled before the first step, it is the wish alone, and then the end."""
    heard = Heard()
    stage = observed(road, HELLO, heard)
    watch = stage.watch()
    watch.cancel()

    with pytest.raises(RunCancelled):
        items(stage, watch)
    assert ["cancel_wanted", "drive_ended"] == heard.kinds
    assert "ended in RunCancelled after 0.0 s" == str(heard.steps[-1])


# What tools took, what faults were called -------------------------------------------------------


def test_each_tool_has_its_own_time(road: Any) -> None:
    """Of one round, each call took what it took, and not what the slowest did."""
    script = Script.of(
        calls(
            Call(name="naps"), Call(name="naps_async"), Call(name="fine"), Call(name="unheard_of")
        ),
        say("Done."),
    )
    heard = Heard()
    observed(road, script, heard).run()
    answered = [step for step in heard.steps if isinstance(step, ToolAnswered)]

    took = {step.name: step.took_s for step in answered}
    began = {step.began_at for step in answered}
    assert {"naps": 2.1, "naps_async": 3.7, "fine": 0.0, "unheard_of": None} == {
        name: took_s if took_s is None else round(took_s, 3) for name, took_s in took.items()
    }
    assert 2 == len(began)  # one moment for all that were called, none for what could not be
    assert {round(step.at or 0, 3) for step in answered} == {
        round(began_at + 3.7, 3) for began_at in began if began_at is not None
    }


def test_a_fault_has_the_id_of_its_request(http: Any) -> None:
    """What the service would want to hear in a report."""
    heard = Heard()
    stage = observed(http, HELLO, heard)
    stage.simulator.control.faults.arm(
        ArmedFault(method="GET", path=http.looks, headers={"x-request-id": "req_42"})
    )
    stage.run()

    met = [step for step in heard.steps if isinstance(step, FaultMet)]
    assert [(500, "req_42")] == [(step.status_code, step.request_id) for step in met]


# What is not told -------------------------------------------------------------------------------

SECRETS = {
    word: f"hushed-{word}"
    for word in (
        "message",
        "answer",
        "argument",
        "output",
        "raise",
        "option",
        "key",
        "api",
        "fault",
    )
}


@pytest.fixture
def records() -> Iterator[list[logging.LogRecord]]:
    """Everything that runfsm logs."""
    found: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = found.append  # type: ignore[method-assign]  # all that is needed of a handler
    logger = logging.getLogger("runfsm")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def look_up(who: str) -> str:
    """Look somebody up."""
    return f"{SECRETS['output']} of {who}"


def explode(who: str) -> str:
    """Fail."""
    raise ValueError(f"{SECRETS['raise']} of {who}")


def tell_everything(road: Any, how: str, *observers: Observer) -> None:
    """A run with tools, faults and everything else that there is to be told of a run."""
    argument = {"who": SECRETS["argument"]}
    script = Script.of(
        calls(
            Call(name="look_up", arguments=argument),
            Call(name="explode", arguments=argument),
            Call(name="unheard_of", arguments=argument),
        ),
        call("look_up", wrong=SECRETS["argument"]),
        say(SECRETS["answer"]),
    )
    stage = OnRoad(road, script, tools=[look_up, explode])
    body = {"error": {"message": SECRETS["fault"], "type": "server_error", "code": None}}
    for method, path in (("POST", road.creates), ("GET", road.looks), ("GET", "*/messages")):
        fault = ArmedFault(method=method, path=path, body=body, applied=True)
        stage.simulator.control.faults.arm(fault)
    stage.backend._client.api_key = SECRETS["api"]
    stage.driver = stage.new_driver(observers=observers)
    request = replace(
        stage.request,
        message=SECRETS["message"],
        options={"instructions": SECRETS["option"], "model": "gpt-4o"},
        key=SECRETS["key"],
    )
    items(stage, stage.awaited(getattr(stage.driver, how)(request)))


def leaked(text: str) -> list[str]:
    """Which secrets are in it."""
    return [word for word, secret in SECRETS.items() if secret in text]


def everything(record: logging.LogRecord) -> str:
    """All that any formatter could make of a record."""
    return record.getMessage() + repr(vars(record)) + "".join(map(str, vars(record).values()))


@pytest.mark.parametrize("how", ["watch", "stream"])
def test_nothing_that_anybody_said_is_in_the_log_or_the_spans(
    http: Any, how: str, records: list[logging.LogRecord]
) -> None:
    """No message, argument, output, option, key or error text; ids and kinds only.

    A tool that raised has its traceback in the log, and there alone is the exception's text, with
    whatever the app has put into it.
    """
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    heard = Heard()
    tell_everything(http, how, heard, Spans(provider.get_tracer("test")))
    spans = exporter.get_finished_spans()

    assert {"transition", "tool_answered", "fault_met", "drive_ended"} <= set(heard.kinds)
    assert len(heard.steps) == len(records)
    assert 5 == len(spans)
    [raised] = [record for record in records if record.exc_info]
    assert ["argument", "raise"] == leaked(everything(raised))
    raised.exc_info = raised.exc_text = None
    told = [map(everything, records), (span.to_json() for span in spans), map(repr, heard.steps)]
    assert [] == leaked("".join("".join(texts) for texts in told))


@pytest.mark.parametrize("how", ["watch", "stream"])
def test_who_asks_for_contents_has_them_in_the_log(
    http: Any, how: str, records: list[logging.LogRecord]
) -> None:
    """The message, the arguments, the outputs and the answer; no keys even then."""
    tell_everything(http, how, log_contents)
    said = [record for record in records if record.name == "runfsm.contents"]

    assert ["message", "answer", "argument", "output", "raise"] == leaked(
        "".join(map(everything, said))
    )
    assert "user" == said[0].getMessage().split(": ")[1]


def test_trouble_with_a_message_to_a_thread_is_logged(records: list[logging.LogRecord]) -> None:
    """Though no run is there, the fault is told, with the thread, and without the text."""
    simulator = Simulator(HELLO)
    thread_id = simulator.create_thread()
    simulator.control.faults.arm(ArmedFault(path="*/messages"))
    driver = RunDriver(AssistantsBackend(simulator.client()), clock=simulator.clock)
    driver.add_message(thread_id, SECRETS["message"])

    (record,) = records
    assert f"{thread_id}: AddMessage met a fault: transient (HTTP 500)" == record.getMessage()
    assert [] == leaked(everything(record))
