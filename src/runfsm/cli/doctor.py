"""`runfsm doctor`: everything that can go wrong with a run, played on the library's own driver."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from runfsm.cli.cases import (
    CASES,
    COMPLAINTS,
    FAULTS,
    SUBJECTS,
    Case,
    Finding,
    Road,
    Verdict,
    judge,
)
from runfsm.cli.cases.road import Wire
from runfsm.cli.telling import new_console
from runfsm.errors import CallerError
from runfsm_simulator import Simulator

__all__ = ["doctor"]

MARKS: Final = {
    Verdict.SURVIVED: ("✓", "green"),
    Verdict.FAILED: ("✗", "bold red"),
    Verdict.CANNOT: ("\N{EN DASH}", "yellow"),
    Verdict.ABSENT: ("·", "dim"),
}

#: How what was done is told.
SAID: Final = {Verdict.FAILED: "red", Verdict.ABSENT: "dim"}


def doctor(
    *,
    only: Annotated[
        str, typer.Option(metavar="IDS", help="Just these: --only F1,C13; all by default.")
    ] = "",
    backend: Annotated[
        Wire, typer.Option(help="What the service speaks; agents takes openai 3.")
    ] = "assistants",
    tasks: Annotated[
        bool, typer.Option("--async", help="Drive by AsyncRunDriver, not by RunDriver.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, with sources.")] = False,
) -> None:
    """Play what users of such runs complain of (C1 ...) and what services do (F1 ...), and judge.

    Each case is a simulated service that misbehaves, and the library's own driver on the official
    client; it is judged by facts: statuses, requests, tools called, messages, the thread's lock.
    On another wire than the Assistants API's, what it cannot express is named, with the reason.
    Exit code 1 if one of them is not survived that can be.
    """
    cases, console = _chosen(only), new_console()
    road = Road(loop="asyncio" if tasks else None, wire=backend)
    road.backend(Simulator())  # whether the client speaks it, is seen before anything is played
    findings = list(_played(cases, road, console, silent=as_json))
    if as_json:
        print(json.dumps(_as_json(findings), indent=2, ensure_ascii=False))
    else:
        _tell(console, findings, backend)
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        raise typer.Exit(code=1)


def _chosen(only: str) -> Sequence[Case]:
    wanted = [word.strip().upper() for word in only.split(",") if word.strip()]
    known = {ident for case in CASES for ident in case.ids}
    if unknown := [ident for ident in wanted if ident not in known]:
        there_are = f"{COMPLAINTS[0]} to {COMPLAINTS[-1]} and {FAULTS[0]} to {FAULTS[-1]}"
        raise CallerError(f"no case {', '.join(unknown)}; there are {there_are}")
    return [case for case in CASES if not wanted or not set(wanted).isdisjoint(case.ids)]


def _played(
    cases: Sequence[Case], road: Road, console: Console, *, silent: bool
) -> Iterator[Finding]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = silent or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("", total=len(cases))
        for case in cases:
            progress.update(task, description=case.name)
            yield judge(case, road)
            progress.advance(task)


def _count(findings: Sequence[Finding], verdict: Verdict) -> int:
    return sum(finding.verdict is verdict for finding in findings)


def _as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    subjects = {case: subject for subject, cases in SUBJECTS.items() for case in cases}
    return {
        **{verdict.name.lower(): _count(findings, verdict) for verdict in Verdict},
        "cases": [{"subject": subjects[found.case], **found.to_dict()} for found in findings],
    }


# The table ---------------------------------------------------------------------------------------


def _tell(console: Console, findings: Sequence[Finding], wire: str) -> None:
    found = {finding.case: finding for finding in findings}
    for subject, cases in SUBJECTS.items():
        if rows := [found[case] for case in cases if case in found]:
            console.print()
            console.print(_table(subject, rows))
    console.print()
    _sum_up(console, findings, wire)


def _table(subject: str, findings: Sequence[Finding]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True)
    table.add_column("", width=7, style="dim")
    table.add_column(f"{subject}: the service …", ratio=1)
    table.add_column("the driver …", ratio=1)
    table.add_column("", width=1)
    for finding in findings:
        mark, style = MARKS[finding.verdict]
        said = Text(finding.said, style=SAID.get(finding.verdict, ""))
        table.add_row(" ".join(finding.case.ids), finding.case.service, said, Text(mark, style))
    return table


def _sum_up(console: Console, findings: Sequence[Finding], wire: str) -> None:
    survived, failed, cannot, absent = (_count(findings, verdict) for verdict in Verdict)
    style = "bold red" if failed else "bold green"
    line = Text(f"survived {survived} of {survived + failed}", style=style)
    if cannot:
        line.append(f"; {cannot} cannot be survived, reasons below", "yellow")
    if absent:
        line.append(f"; {absent} cannot be on the wire of {wire}, reasons above", "dim")
    console.print(line)
    reasons = Table.grid(padding=(0, 2, 0, 0))
    for finding in findings:
        if finding.verdict is Verdict.CANNOT:
            reasons.add_row(*(Text(text, "dim") for text in _why_not(finding)))
    console.print(reasons)


def _why_not(finding: Finding) -> tuple[str, str]:
    return f"  {' '.join(finding.case.ids)}", finding.case.reason or ""
