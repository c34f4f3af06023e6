"""Spans by the GenAI conventions: one a run, one a tool call, and none that is left open."""

from __future__ import annotations

import gc
import subprocess
import sys
from functools import partial
from typing import Any

import anyio
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from driving import HANGING, HELLO, Stage, in_time
from runfsm import AsyncRunDriver, BackendError, GaveUp, Policy, RunDriver, RunRequest, ToolError
from runfsm.driver.busy import Reject
from runfsm.otel import Spans
from runfsm_simulator import Call, Script, call, calls, fail, hang, say, truncate


class Traced:
    """A stage whose driver is traced, and the spans that came of it."""

    def __init__(self, script: Script = HELLO, policy: Policy | None = None) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("test")
        self.spans_of = Spans(self.tracer)
        self.stage = Stage(script, policy or Policy())

    @property
    def driver(self) -> RunDriver:
        """A traced driver for threads."""
        stage = self.stage
        return RunDriver(
            stage.simulator.backend,
            stage.driver._tools,
            policy=stage.policy,
            clock=stage.clock,
            observers=[self.spans_of],
        )

    @property
    def async_driver(self) -> AsyncRunDriver:
        """A traced driver for tasks."""
        stage = self.stage
        backend = stage.simulator.async_backend
        return AsyncRunDriver(backend, clock=stage.clock, observers=[self.spans_of])

    @property
    def spans(self) -> list[ReadableSpan]:
        """Those that have ended, in that order."""
        return list(self.exporter.get_finished_spans())

    def drive(self) -> ReadableSpan:
        """Drive a run, whatever becomes of it, and return its span."""
        in_time(lambda: self.driver.run(self.stage.request))
        return self.spans[-1]


def facts(span: ReadableSpan) -> dict[str, Any]:
    """A span's attributes."""
    return dict(span.attributes or {})


def seconds(span: ReadableSpan) -> float:
    """How long it took."""
    return round(((span.end_time or 0) - (span.start_time or 0)) / 1e9, 3)


# A run ------------------------------------------------------------------------------------------


def test_a_run_is_a_span_by_the_conventions() -> None:
    """Its name, kind and attributes are those of *invoke agent*, for a remote service."""
    traced = Traced()
    outcome = in_time(
        lambda: traced.driver.run(
            RunRequest(traced.stage.request.assistant_id, "Hello", options={"model": "gpt-4o"})
        )
    )
    (span,) = traced.spans

    assert ("invoke_agent", SpanKind.CLIENT) == (span.name, span.kind)
    assert outcome.usage is not None
    assert {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "openai",
        "gen_ai.agent.id": traced.stage.request.assistant_id,
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.conversation.id": outcome.ref.thread_id,
        "gen_ai.response.id": outcome.ref.run_id,
        "gen_ai.usage.input_tokens": outcome.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": outcome.usage.completion_tokens,
        "runfsm.status": "completed",
    } == facts(span)
    assert StatusCode.UNSET is span.status.status_code


def test_times_are_those_of_the_drivers_clock() -> None:
    """In virtual time, too: from the request to the last look."""
    traced = Traced()
    span = traced.drive()

    assert round(traced.stage.started_at, 3) == round((span.start_time or 0) / 1e9, 3)
    assert round(traced.stage.clock.now(), 3) == round((span.end_time or 0) / 1e9, 3)


def test_each_step_is_an_event() -> None:
    """With its edge, whose hand it was, whether it was seen, and when."""
    traced = Traced()
    events = traced.drive().events

    assert ["runfsm.transition"] * 3 == [event.name for event in events]
    assert {
        "runfsm.source": "queued",
        "runfsm.event": "start",
        "runfsm.dest": "in_progress",
        "runfsm.actor": "service",
        "runfsm.inferred": False,
        "runfsm.foreign": False,
    } == dict(events[1].attributes or {})
    assert {str, bool} == {type(value) for value in (events[1].attributes or {}).values()}
    assert sorted(event.timestamp for event in events) == [event.timestamp for event in events]


def test_a_span_stands_under_the_one_that_is_current() -> None:
    """What the app does around a run is its parent."""
    traced = Traced()
    with traced.tracer.start_as_current_span("request") as outer:
        traced.driver.run(traced.stage.request)
    run = next(span for span in traced.spans if span.name == "invoke_agent")

    assert run.parent is not None
    assert outer.get_span_context().span_id == run.parent.span_id


# Tools ------------------------------------------------------------------------------------------

ROUND = Script.of(
    calls(Call(name="naps"), Call(name="raises"), Call(name="unheard_of"), queue_s=1, work_s=1),
    say("Done."),
)


def test_each_call_is_a_child_with_its_own_times() -> None:
    """Of the run's span, by the conventions' *execute tool*; as long as the call took."""
    traced = Traced(ROUND)
    *tools, run = (traced.drive(), *traced.spans)[1:]
    naps = next(span for span in tools if span.name == "execute_tool naps")

    assert SpanKind.INTERNAL is naps.kind
    assert run.context is not None
    assert {run.context.span_id} == {span.parent.span_id for span in tools if span.parent}
    assert {
        "execute_tool naps": 2.1,
        "execute_tool raises": 0.0,
        "execute_tool unheard_of": 0.0,
    } == {span.name: seconds(span) for span in tools}
    call_id = facts(naps).pop("gen_ai.tool.call.id")
    assert call_id.startswith("call_")
    assert {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "naps",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": call_id,
    } == facts(naps)


def test_a_call_that_failed_is_an_error_of_its_own() -> None:
    """With the kind of failure; the run, which went on, is none."""
    traced = Traced(ROUND)
    traced.drive()
    errors = {span.name: facts(span).get("error.type") for span in traced.spans}

    assert {
        "execute_tool naps": None,
        "execute_tool raises": "raised",
        "execute_tool unheard_of": "unknown_tool",
        "invoke_agent": None,
    } == errors
    assert [name for name, error in errors.items() if error] == [
        span.name for span in traced.spans if span.status.status_code is StatusCode.ERROR
    ]


# Endings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "policy", "status", "error"),
    [
        (HELLO, Policy(), "completed", None),
        (Script.of(truncate(say="Hel")), Policy(), "incomplete", None),
        (Script.of(fail("server_error")), Policy(), "failed", "server_error"),
        (Script.of(call("oversleeps"), say("?")), Policy(), "expired", "expired"),
        (HANGING, Policy(deadline_s=30), "cancelled", "cancelled"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_ending_has_its_status(
    script: Script, policy: Policy, status: str, error: str | None
) -> None:
    """What gave no answer is an error, with the service's code or the status; a cut answer not."""
    span = Traced(script, policy).drive()

    assert (status, error) == (facts(span)["runfsm.status"], facts(span).get("error.type"))
    assert (StatusCode.ERROR if error else StatusCode.UNSET) is span.status.status_code
    assert span.status.description is None


def test_a_cancelled_run_says_why() -> None:
    """The driver's deadline, here."""
    span = Traced(HANGING, Policy(deadline_s=30)).drive()
    assert "deadline" == facts(span)["runfsm.cancel_reason"]


def test_an_incomplete_run_says_why() -> None:
    """As the service does."""
    span = Traced(Script.of(truncate(say="Hel"))).drive()
    assert facts(span)["runfsm.incomplete_reason"].startswith("max_")


@pytest.mark.parametrize(
    ("script", "policy", "raised", "error"),
    [
        (HANGING, Policy(on_busy=Reject()), BackendError, "locked"),
        (
            Script.of(call("raises"), hang()),
            Policy(on_tool_error="raise"),
            ToolError,
            "ToolError",
        ),
    ],
    ids=["busy", "tool"],
)
def test_a_drive_that_raised_is_an_error(
    script: Script, policy: Policy, raised: type[Exception], error: str
) -> None:
    """Of the fault's kind, or of the exception's name."""
    traced = Traced(script, policy)
    simulator = traced.stage.simulator
    thread_id = simulator.create_thread()
    if raised is BackendError:
        simulator.backend.create(RunRequest(traced.stage.request.assistant_id, None, thread_id))
    request = RunRequest(traced.stage.request.assistant_id, "Hello", thread_id)

    with pytest.raises(raised):
        in_time(lambda: traced.driver.run(request))
    assert error == facts(traced.spans[-1])["error.type"]
    assert StatusCode.ERROR is traced.spans[-1].status.status_code


# Nothing is left open ---------------------------------------------------------------------------


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_many_runs_at_once_have_a_span_each(loop: str) -> None:
    """Twenty tasks with one observer; each span has its own run, and none stays open."""
    traced = Traced()
    driver = traced.async_driver

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(driver.run, traced.stage.request)

    in_time(partial(anyio.run, main, backend=loop))

    assert 20 == len({facts(span)["gen_ai.response.id"] for span in traced.spans})
    assert {3} == {len(span.events) for span in traced.spans}
    assert {} == traced.spans_of._open


def test_a_run_that_is_left_ends_its_span_without_an_error() -> None:
    """Closed in the middle: it may well complete, but nobody looks."""
    traced = Traced(HANGING)
    watch = traced.driver.watch(traced.stage.request)
    in_time(lambda: (next(watch), watch.close()))
    (span,) = traced.spans

    assert ("queued", StatusCode.UNSET) == (
        facts(span)["runfsm.status"],
        span.status.status_code,
    )
    assert {} == traced.spans_of._open


def test_a_watch_that_is_dropped_leaves_no_span_behind() -> None:
    """Neither the observer nor the tracer keeps a core that nobody has any more."""
    traced = Traced(HANGING)
    watch = traced.driver.watch(traced.stage.request)
    in_time(partial(next, watch))
    del watch
    gc.collect()

    assert (1, {}) == (len(traced.spans), traced.spans_of._open)


def test_a_core_that_vanishes_without_an_end_ends_its_span() -> None:
    """When nobody could say so (an event loop that is gone), the next run's beginning does."""
    traced = Traced()
    stray = traced.stage.driver.watch(traced.stage.request).core
    traced.spans_of(GaveUp(1.0, "cancelling"), stray)
    del stray
    gc.collect()
    traced.drive()

    assert [1, 3] == [len(span.events) for span in traced.spans]
    assert {} == traced.spans_of._open


def test_a_core_that_is_resumed_has_a_span_from_then_on() -> None:
    """The first process had its own; this one does not begin before it began."""
    traced = Traced()
    core = traced.stage.driver.watch(traced.stage.request).core
    watch = traced.stage.driver.resume(core)
    in_time(partial(next, watch))
    watch.close()
    left_at = traced.stage.clock.now()
    in_time(lambda: traced.driver.resume(watch.core).finish())

    assert (traced.spans[-1].start_time or 0) / 1e9 >= left_at - 0.001


# The extra --------------------------------------------------------------------------------------


def _run(program: str) -> str:
    command = [sys.executable, "-c", program]
    ended = subprocess.run(  # noqa: S603  # our own words
        command, timeout=60, capture_output=True, text=True, check=True
    )
    return ended.stdout


def test_runfsm_does_not_import_opentelemetry() -> None:
    """Whoever does not ask for spans needs no extra, and pays nothing."""
    program = "import sys, runfsm; print('opentelemetry' in sys.modules)"
    assert "False\n" == _run(program)


def test_without_the_extra_the_error_says_what_to_install() -> None:
    """Where OpenTelemetry is missing, the import names the extra."""
    program = (
        "import sys\nsys.modules['opentelemetry'] = None\n"
        "try:\n    import runfsm.otel\nexcept ImportError as error:\n    print(error)\n"
    )
    assert "runfsm.otel needs an extra: pip install 'runfsm[otel]'\n" == _run(program)


def test_without_an_sdk_spans_cost_nothing_and_keep_nothing() -> None:
    """The API alone gives spans that nobody records; the run is as ever."""
    traced = Traced()
    spans = Spans(trace.NoOpTracerProvider().get_tracer("none"))
    stage = traced.stage
    driver = RunDriver(stage.simulator.backend, clock=stage.clock, observers=[spans])

    outcome = in_time(lambda: driver.run(stage.request))
    assert ("completed", {}) == (outcome.status, spans._open)


def test_the_global_tracer_is_used_when_none_is_given() -> None:
    """As every instrumentation does."""
    assert callable(Spans())
