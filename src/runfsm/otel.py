"""Runs as OpenTelemetry spans, in the words of its GenAI conventions. Needs the extra `otel`.

One span a run (`invoke_agent`, kind CLIENT: "agent invocation over a remote service; examples:
OpenAI Assistants API"), with an event for each step of its journal, and one child span a tool call
(`execute_tool`, kind INTERNAL). The conventions are those of open-telemetry/semantic-conventions-
genai, `docs/gen-ai/gen-ai-agent-spans.md`, in development; what they have no word for begins with
`runfsm.`. No message texts, no arguments, no outputs: they are opt-in there, and not taken here.

Nothing else in runfsm imports this file, and this file is the only one that imports OpenTelemetry.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from runfsm.driver.core import RunCore
from runfsm.driver.journal import DriveEnded, ToolAnswered
from runfsm.errors import BackendError
from runfsm.lifecycle.journal import JournalStep
from runfsm.lifecycle.run import RunStatus

try:
    from opentelemetry import trace
    from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
except ImportError as error:
    raise ImportError("runfsm.otel needs an extra: pip install 'runfsm[otel]'") from error

__all__ = ["Spans"]

#: Options of a request that the conventions have a name for.
OPTIONS: Final[Mapping[str, str]] = {
    "model": "gen_ai.request.model",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_completion_tokens": "gen_ai.request.max_tokens",
}

#: Endings without what was asked for. A run that was cut short did give a part of it.
ERRORS: Final = (RunStatus.CANCELLED, RunStatus.EXPIRED, RunStatus.FAILED)


class Spans:
    """An observer that makes a span of each run, for any number of runs at once.

    A span's parent is the one that is current where the run is driven, at its first step. Times are
    those of the driver's clock. A run that failed, expired or was cancelled, and one whose driver
    raised, is an error, with its `error.type`: the service's code (`rate_limit_exceeded`), the
    status, the kind of fault (`locked`) or the name of the exception. One that was left is none;
    its `runfsm.status` tells where it stood.

    Args:
        tracer: where to start spans; `None`: the tracer `runfsm` of the global provider.
        provider_name: `gen_ai.provider.name`: `"openai"`, `"azure.ai.openai"` ...

    Example:
        >>> driver = RunDriver(backend, observers=[Spans()])  # doctest: +SKIP
    """

    def __init__(self, tracer: Tracer | None = None, *, provider_name: str = "openai") -> None:
        self._tracer = tracer or trace.get_tracer("runfsm", version("runfsm"))
        self._provider_name = provider_name
        # By identity, as cores are no keys; weakly, as a core that everybody dropped has no end.
        self._open: dict[int, tuple[weakref.ref[RunCore], Span]] = {}
        self._lost: deque[int] = deque()

    def __call__(self, step: JournalStep, core: RunCore, /) -> None:
        """Hear of a step."""
        span = self._span(step, core)
        span.set_attributes(_names(core))
        match step:
            case DriveEnded():
                del self._open[id(core)]
                _end(span, step, core)
            case ToolAnswered():
                self._tell_tool(span, step)
            case _:
                span.add_event(f"runfsm.{step.kind}", _facts(step), _ns(step.at))

    def _span(self, step: JournalStep, core: RunCore) -> Span:
        known = self._open.get(id(core))
        # Whoever is being collected is no longer referred to, but may still tell of its end.
        if known is not None and (known[0]() is core or isinstance(step, DriveEnded)):
            return known[1]
        self._end_lost()
        # A core that was saved and resumed is a new piece of work; the first one had its own span.
        is_resumed = bool(core.journal) and core.journal[0] is not step
        span = self._tracer.start_span(
            "invoke_agent",
            kind=SpanKind.CLIENT,
            attributes=self._asked(core),
            start_time=_ns(step.at if is_resumed else core.started_at),
        )
        lost, key = self._lost, id(core)
        self._open[key] = (weakref.ref(core, lambda _: lost.append(key)), span)
        return span

    def _end_lost(self) -> None:
        """End the spans of cores that nobody has any more; else a trace would have a hole."""
        while self._lost:
            key = self._lost.popleft()
            core, span = self._open.get(key, (None, None))
            if core is not None and span is not None and core() is None:
                del self._open[key]
                span.end()

    def _asked(self, core: RunCore) -> dict[str, Any]:
        options = core.request.options
        known = {
            OPTIONS[name]: options[name]
            for name in OPTIONS
            if isinstance(options.get(name), str | int | float)
        }
        return {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": self._provider_name,
            "gen_ai.agent.id": core.request.assistant_id,
            **known,
        }

    def _tell_tool(self, run: Span, step: ToolAnswered) -> None:
        began_at = step.at if step.began_at is None else step.began_at
        span = self._tracer.start_span(
            f"execute_tool {step.name}",
            context=trace.set_span_in_context(run),
            kind=SpanKind.INTERNAL,
            attributes={
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": step.name,
                "gen_ai.tool.type": "function",
                "gen_ai.tool.call.id": step.call_id,
            },
            start_time=_ns(began_at),
        )
        if step.error is not None:
            _fail(span, step.error)
        span.end(_ns(step.at if began_at is None else began_at + (step.took_s or 0.0)))


def _names(core: RunCore) -> dict[str, str]:
    if core.snapshot is None:
        thread_id = core.request.thread_id
        return {"gen_ai.conversation.id": thread_id} if thread_id else {}
    ref = core.snapshot.ref
    return {"gen_ai.conversation.id": ref.thread_id, "gen_ai.response.id": ref.run_id}


def _facts(step: JournalStep) -> dict[str, Any]:
    return {
        f"runfsm.{name}": _plain(value)
        for name, value in step.to_dict().items()
        if name not in {"kind", "at"} and value is not None
    }


def _end(span: Span, step: DriveEnded, core: RunCore) -> None:
    known: dict[str, int | str | None] = {
        "gen_ai.usage.input_tokens": step.usage.prompt_tokens if step.usage else None,
        "gen_ai.usage.output_tokens": step.usage.completion_tokens if step.usage else None,
        "runfsm.status": step.status,
        "runfsm.cancel_reason": core.cancel_reason,
        "runfsm.incomplete_reason": core.snapshot.incomplete_reason if core.snapshot else None,
    }
    span.set_attributes({name: _plain(value) for name, value in known.items() if value is not None})
    if (error_type := _error_type(step, core)) is not None:
        _fail(span, error_type)
    span.end(_ns(step.at))


def _error_type(step: DriveEnded, core: RunCore) -> str | None:
    if isinstance(core.error, BackendError):
        return str(core.error.fault.kind)
    if step.error is not None:
        return step.error
    if step.status not in ERRORS:
        return None
    failure = core.snapshot.error if core.snapshot else None
    return failure.code if failure else str(step.status)


def _plain(value: Any) -> Any:
    """An enum's text as a text; exporters look at the exact type."""
    return str(value) if isinstance(value, str) else value


def _fail(span: Span, error_type: str) -> None:
    span.set_attribute("error.type", error_type)
    span.set_status(StatusCode.ERROR)


def _ns(at: float | None) -> int | None:
    """A moment in nanoseconds; from microseconds, as a float of Unix seconds has no more."""
    return None if at is None else round(at * 1e6) * 1_000
