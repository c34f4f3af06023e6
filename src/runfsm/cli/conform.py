"""`runfsm conform`: does somebody's server behave as the API did? Behaviour by behaviour."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Annotated, Any, Final

import openai
import typer
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from runfsm.cli.drive.services import client_options
from runfsm.cli.telling import harmless, new_console
from runfsm.clock import SystemClock
from runfsm.errors import CallerError
from runfsm.lifecycle.draw.legend import CONFIDENCE_MARK
from runfsm_simulator import Simulator
from runfsm_simulator.testing.conformance.behaviour import Finding, Verdict
from runfsm_simulator.testing.conformance.check import SUBJECTS, behaviours, findings
from runfsm_simulator.testing.conformance.report import Report
from runfsm_simulator.testing.conformance.stage import Stage

__all__ = ["conform"]

MARKS: Final = {
    Verdict.PASSED: ("✓", "green"),
    Verdict.FAILED: ("✗", "bold red"),
    Verdict.DIFFERS: ("≈", "yellow"),
    Verdict.SKIPPED: ("\N{EN DASH}", "dim"),
    Verdict.UNREACHED: ("?", "yellow"),
}

NO_SERVER: Final = """\
which server? Do one of these:
  --base-url URL   or OPENAI_BASE_URL in the environment; its key is OPENAI_API_KEY
  --simulate       a simulator in this process, to see what is looked at"""


def conform(  # noqa: PLR0913  # the options of a command are its parameters
    *,
    base_url: Annotated[
        str | None,
        typer.Option(
            envvar="OPENAI_BASE_URL",
            help="The server, as the openai client takes it: http://127.0.0.1:4010/v1. "
            "Its key is OPENAI_API_KEY in the environment.",
        ),
    ] = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="A simulator in this process, in place of a server.")
    ] = False,
    model: Annotated[
        str, typer.Option(help="Of the assistant that is made for it; it must call functions.")
    ] = "gpt-4o-mini",
    assistant_id: Annotated[
        str | None,
        typer.Option("--assistant", metavar="ID", help="One that is there, in place of a new one."),
    ] = None,
    slow: Annotated[
        bool, typer.Option("--slow", help="Wait for what takes ten minutes of real time, too.")
    ] = False,
    only: Annotated[
        str, typer.Option(metavar="NAMES", help="Just these: --only lock-run,list-order.")
    ] = "",
    list_only: Annotated[
        bool, typer.Option("--list", help="Tell what is looked at, with sources; ask nobody.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object: every finding, with its trace.")
    ] = False,
) -> None:
    """Compare an Assistants-compatible server with what is known of the API, from outside.

    Try: `runfsm conform --simulate`. A real server takes some minutes and some 50 short runs;
    what was made is deleted in the end, and no run is left behind.

    Exit code 1 if the server does otherwise than is certain or likely. Where that is known by
    inference only, a difference is told (≈), and is no failure.
    """
    names = [word.strip() for word in only.split(",") if word.strip()]
    behaviours(names)
    console = new_console()
    if list_only:
        _list(console, as_json=as_json)
        return
    client, clock = _service(base_url, simulate=simulate)
    with client:
        stage = Stage(client, clock=clock, model=model, assistant_id=assistant_id, slow=slow)
        try:
            report = Report(tuple(_played(stage, names, console, silent=as_json)))
        finally:
            stage.leave()
    if as_json:
        print(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    else:
        _tell(console, report)
    if report.failed:
        raise typer.Exit(code=1)


def _service(base_url: str | None, *, simulate: bool) -> tuple[openai.OpenAI, Any]:
    if simulate:
        simulator = Simulator()
        return simulator.client(), simulator.clock
    if base_url is None:
        raise CallerError(NO_SERVER)
    return openai.OpenAI(**client_options(base_url)), SystemClock()


def _played(
    stage: Stage, names: Sequence[str], console: Console, *, silent: bool
) -> Iterator[Finding]:
    wanted = behaviours(names)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = silent or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task(wanted[0].name, total=len(wanted))
        for number, finding in enumerate(findings(stage, names), start=1):
            yield finding
            coming = wanted[min(number, len(wanted) - 1)].name
            progress.update(task, completed=number, description=coming)


# On a terminal -----------------------------------------------------------------------------------


def _tell(console: Console, report: Report) -> None:
    found = {finding.behaviour.name: finding for finding in report.findings}
    for subject, listed in SUBJECTS.items():
        if rows := [found[one.name] for one in listed if one.name in found]:
            console.print()
            console.print(_table(subject, rows))
    for finding in report.failed:
        _tell_failure(console, finding)
    console.print()
    _sum_up(console, report)


def _table(subject: str, rows: Sequence[Finding]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True)
    table.add_column("", width=1)
    table.add_column(subject, width=24)
    table.add_column("", ratio=1)
    for finding in rows:
        mark, style = MARKS[finding.verdict]
        one = finding.behaviour
        known = CONFIDENCE_MARK[one.evidence.confidence]
        told = Text(one.must).append(f" {known}".rstrip(), "dim")
        if finding.said:
            told.append(f"\n{harmless(finding.said)}", style)
        table.add_row(Text(mark, style), Text(one.name, style), told)
    return table


def _tell_failure(console: Console, finding: Finding) -> None:
    """What was asked and answered until it failed."""
    console.print()
    console.print(Text(f"✗ {finding.behaviour.name}", "bold red"))
    console.print(Text(f"known from: {finding.behaviour.evidence.source}", "dim"))
    for (asked, answered), alike in groupby(map(_exchanged, finding.trace)):
        told = Text(harmless(asked)).append(f"  {harmless(answered)}", "dim")
        if (times := len(list(alike))) > 1:
            told.append(f"  {times} times", "bold")
        console.print(Padding(told, (0, 0, 0, 2)))


def _exchanged(exchange: Mapping[str, Any]) -> tuple[str, str]:
    asked = f"{exchange['method']} {exchange['path']} → {exchange['status']}"
    return asked, _answered(exchange)


def _answered(exchange: Mapping[str, Any]) -> str:
    """The head of an answer: what it is, or what is wrong."""
    body = exchange["answer"]
    if isinstance(body, list):
        return " ".join(str(one.get("event", "")) for one in body if isinstance(one, dict))
    if not isinstance(body, dict):
        return ""
    shown = body.get("error") or {name: body[name] for name in ("id", "status") if name in body}
    return json.dumps(shown, ensure_ascii=False) if shown else ""


def _sum_up(console: Console, report: Report) -> None:
    passed, failed = len(report.of(Verdict.PASSED)), len(report.failed)
    style = "bold red" if failed else "bold green"
    line = Text(f"{passed} of {passed + failed} hold", style=style)
    for verdict in (Verdict.DIFFERS, Verdict.UNREACHED, Verdict.SKIPPED):
        if others := report.of(verdict):
            line.append(f"; {len(others)} {verdict.value} {MARKS[verdict][0]}", "yellow")
    console.print(line)
    doubts = ", ".join(f"{mark} {level}" for level, mark in CONFIDENCE_MARK.items() if mark)
    console.print(Text(doubts, "dim"))


def _list(console: Console, *, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "subject": subject,
                "name": one.name,
                "must": one.must,
                "source": one.evidence.source,
                "confidence": one.evidence.confidence.value,
                "slow": one.slow,
            }
            for subject, listed in SUBJECTS.items()
            for one in listed
        ]
        print(json.dumps({"behaviours": rows}, indent=2, ensure_ascii=False))
        return
    for subject, listed in SUBJECTS.items():
        table = Table(box=None, padding=(0, 2, 0, 0), expand=True)
        table.add_column(subject, width=24)
        table.add_column("", ratio=3)
        table.add_column("", ratio=2, style="dim")
        for one in listed:
            source = f"{one.evidence.source} ({one.evidence.confidence})"
            table.add_row(Text(one.name, "bold"), one.must, source)
        console.print()
        console.print(table)
