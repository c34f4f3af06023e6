"""What `docs/observing.md` prints of its run is what the run prints."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from runfsm.otel import Spans

PAGE = (Path(__file__).parents[2] / "docs" / "observing.md").read_text(encoding="utf-8")
PROGRAM = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[0]
LOG, SPANS = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)


def drawn(spans: list[ReadableSpan]) -> str:
    """Spans as the page shows them: a run's, its attributes and events, then its children."""
    began = min(span.start_time or 0 for span in spans)
    lines: list[str] = []
    for span in sorted(spans, key=lambda span: span.parent is not None):
        error = "  ERROR" if span.status.status_code is StatusCode.ERROR else ""
        first, last = (((at or 0) - began) / 1e9 for at in (span.start_time, span.end_time))
        lines.append(f"{span.name}  {span.kind.name}  {first:.1f} to {last:.1f} s{error}")
        lines += [f"    {name}: {value}" for name, value in (span.attributes or {}).items()]
        for event in span.events:
            facts = event.attributes or {}
            what = facts.get("runfsm.dest") or facts.get("runfsm.fault")
            lines.append(f"  {(event.timestamp - began) / 1e9:4.1f} s  {event.name}  {what}")
    return "\n".join(lines) + "\n"


def test_the_log_is_as_printed() -> None:
    """Line by line, run as a program of its own."""
    command = [sys.executable, "-c", PROGRAM]
    ended = subprocess.run(  # noqa: S603  # our own page
        command, timeout=60, capture_output=True, encoding="utf-8", check=True
    )
    # A traceback's frames are files and lines of this machine.
    assert LOG == re.sub(r"(?:^  .*\n)+", "  ...\n", ended.stdout, flags=re.MULTILINE)


def test_the_spans_are_as_printed() -> None:
    """The same run, traced."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    traced = PROGRAM.replace("clock=simulator.clock)", "clock=simulator.clock, observers=[SPANS])")
    try:
        exec(  # noqa: S102  # our own page
            compile(traced, "observing.md", "exec"), {"SPANS": Spans(provider.get_tracer("page"))}
        )
    finally:
        logging.getLogger("runfsm").setLevel(logging.NOTSET)

    assert drawn(list(exporter.get_finished_spans())) == SPANS
