"""`runfsm judge`: what a log of looks proves about the runs in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runfsm.cli.judge.hearing import Hearing, RunHeard, Told, heard
from runfsm.cli.judge.lookfile import Looks
from runfsm.cli.keys import HINT, is_pressed_by_somebody, wants_next
from runfsm.cli.telling import amount, harmless, new_console, status_text
from runfsm.errors import CallerError
from runfsm.lifecycle.journal import Transition
from runfsm.lifecycle.names import nearest
from runfsm.lifecycle.run import RunStatus
from runfsm.textfile import lines_of, standard_input

__all__ = ["judge", "judged"]

STATUSES_TOLD: Final = 20
RUNS_TOLD: Final = 20  # of more, only those that cannot be are told one by one

NO_LOOK: Final = """\
no look at a run in {path}. A look is a JSON object a line, in any of these forms:
  {{"id": "run_1", "object": "thread.run", "status": "queued", ...}}   as the API answers
  {{"at": 1700000000.0, "run_id": "run_1", "status": "queued"}}        as you may log it
  a trace of `runfsm drive --save-trace`, or a journal of `runfsm serve` (GET /_sim/journal)"""


def judge(
    log: Annotated[str, typer.Argument(metavar="LOG", help="JSON lines; - is standard input.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object: each run, with its path.")
    ] = False,
) -> None:
    """Rebuild what runs went through from looks at them, and name the first look that cannot be.

    A poll shows statuses, often late. Between two of them, the lifecycle's table knows which edges
    were taken, by whose hand, and which of them are sure: there is no way around them.

    Looks that tell their thread are held against each other, too: the Assistants API has one
    active run a thread.

    Exit code 1 if the log shows what cannot be; 2 if nothing in it could be judged.
    """
    judged(log, as_json=as_json)


def judged(log: str, *, as_json: bool = False, step: bool = False) -> None:
    """See `judge`.

    Args:
        log: the path.
        as_json: as one JSON object.
        step: show what each look tells in the log's order, and wait for a key each time.
    """
    with _opened(log) as file:
        looks = Looks(file)
        hearing = heard(looks)
    if not hearing.runs:
        raise CallerError(NO_LOOK.format(path="standard input" if log == "-" else log))
    if as_json:
        print(json.dumps(_as_json(hearing, looks), indent=2))
    elif step:
        _walk(new_console(), hearing)
    else:
        _tell(new_console(), hearing, looks)
    if hearing.impossible:
        raise typer.Exit(code=1)
    if not hearing.judged:
        raise CallerError(f"nothing was judged: {_unknown(hearing)}")


def _named(log: str) -> str:
    return "standard input" if log == "-" else f"the log {log}"


@contextmanager
def _opened(log: str) -> Iterator[TextIO]:
    with ExitStack() as stack:
        try:
            file = standard_input() if log == "-" else stack.enter_context(Path(log).open("rb"))
            lines = stack.enter_context(lines_of(file))
        except (OSError, ValueError) as error:
            problem = error.strerror if isinstance(error, OSError) else error
            raise CallerError(f"{_named(log)} cannot be read: {problem}") from error
        yield lines


def _as_json(hearing: Hearing, looks: Looks) -> dict[str, object]:
    first = hearing.impossible
    return {
        "impossible": first and {"run_id": first[0].run_id, **first[1].to_dict()},
        "runs": [run.to_dict() for run in hearing.runs],
        "judged_runs": len(hearing.judged),
        "unknown_statuses": {status: nearest(status, RunStatus) for status in hearing.unknown},
        "lines": looks.lines,
        "unreadable_lines": looks.unreadable,
        "other_lines": looks.passed_over,
    }


# On a terminal -----------------------------------------------------------------------------------


def _tell(console: Console, hearing: Hearing, looks: Looks) -> None:
    told = hearing.runs
    if len(told) > RUNS_TOLD:
        told = tuple(run for run in told if run.impossible)[:RUNS_TOLD]
    for run in told:
        console.print()
        console.print(Text(harmless(run.run_id), "bold").append(f"  {run.looks} looks", "dim"))
        console.print(_table(run, run.told))
    console.print()
    _sum_up(console, hearing)
    for lines, what in ((looks.unreadable, "no JSON"), (looks.passed_over, "no look at a run")):
        if lines:
            console.print(Text(f"passed over, as {what}: {_numbers(lines)}", "dim"))


def _walk(console: Console, hearing: Hearing) -> None:
    """Each step of all runs in the log's order; then what all of them prove, if nobody has left."""
    if is_pressed_by_somebody():
        console.print(Text(HINT, "dim"))
    every = [(told, run) for run in hearing.runs for told in run.told]
    for told, run in sorted(every, key=lambda one: one[0].line):
        console.print(_table(run, [told]))
        if not wants_next():
            return
    _sum_up(console, hearing)


def _table(run: RunHeard, told: Sequence[Told]) -> Table:
    """Some of a run's steps, each with its time since the run's first one."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", justify="right", min_width=8)
    table.add_column(style="dim", justify="right", min_width=7)
    table.add_column(min_width=17)
    table.add_column(ratio=1)
    began_at = next((one.step.at for one in run.told if one.step.at is not None), 0.0)
    for one in told:
        time = "" if one.step.at is None else f"{one.step.at - began_at:.1f} s"
        table.add_row(f"line {one.line}", time, *_cells(one))
    return table


def _cells(one: Told) -> tuple[Text, Text]:
    if not isinstance(one.step, Transition):
        style = "bold red" if one.why else "yellow"
        return Text("✗ impossible" if one.why else "? unknown", style), Text(
            harmless(str(one.step)), style
        )
    edge = one.step.edge
    seen = ", not seen" if one.step.inferred else ""
    doubt = "" if one.sure else "; likely, not sure"
    return status_text(edge.dest), Text(f"{edge.event} by {edge.actor}{seen}{doubt}", "dim")


def _sum_up(console: Console, hearing: Hearing) -> None:
    if hearing.impossible is None and hearing.judged:
        runs = amount(len(hearing.judged), "run")
        what = "what was judged" if hearing.unknown else "all of it"
        console.print(Text(f"{runs}: {what} can be", "bold green"))
    elif hearing.impossible:
        run, first = hearing.impossible
        console.print(
            Text(f"{harmless(run.run_id)} cannot be: ", "bold red").append(
                harmless(first.why or "")
            )
        )
    if not hearing.judged:
        return  # the error says so
    if silent := len(hearing.runs) - len(hearing.judged):
        console.print(Text(f"{amount(silent, 'run')}: nothing was judged", "yellow"))
    if hearing.unknown:
        console.print(Text(_unknown(hearing), "yellow"))


def _unknown(hearing: Hearing) -> str:
    """Each unknown status, and the one that was probably meant."""
    near = {status: nearest(status, RunStatus) for status in hearing.unknown}
    told = [
        f"{_quoted(one)} (did you mean {meant}?)" if meant else _quoted(one)
        for one, meant in near.items()
    ]
    listed = ", ".join(told[:STATUSES_TOLD]) + (", …" if len(told) > STATUSES_TOLD else "")
    return harmless(f"no status of the lifecycle, and not judged: {listed}")


def _quoted(status: str) -> str:
    """Return it as it is, unless nobody would see its spaces."""
    return status if status and status == status.strip() else repr(status)


def _numbers(lines: Sequence[int]) -> str:
    first = ", ".join(str(line) for line in lines[:10])
    return f"line {first}" + (f" and {len(lines) - 10} more" if len(lines) > 10 else "")
