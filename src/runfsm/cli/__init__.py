"""The command line: one module a command; the only place where driver and simulator meet.

demo.py       `runfsm demo`: watch runs go through their lifecycle
scenes.py     what the demo's clients do
telling.py    a run, told on a terminal
drive/        `runfsm drive`: prompts, driven from the shell
simulate.py   `runfsm simulate`: one script, played
asjson.py     a run as JSON objects, for scripts
doctor.py     `runfsm doctor`: what can go wrong, played on the library's own driver
cases/        what can go wrong, case by case
lifecycle.py  `runfsm lifecycle`: the tables, drawn
diff/         `runfsm diff`: what differs between two APIs
serve.py      `runfsm serve`: the simulator as an HTTP server
"""

from __future__ import annotations

import sys

import typer

from runfsm.cli import demo, diff, doctor, drive, lifecycle, serve, simulate
from runfsm.errors import CallerError, RunfsmError

__all__ = ["main"]

app = typer.Typer(
    name="runfsm",
    help=(
        "Assistant runs as one explicit state machine: watch them, draw them, serve them. "
        "Begin with `runfsm demo`."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(drive.drive)
app.command()(simulate.simulate)
app.command()(doctor.doctor)
app.command()(lifecycle.lifecycle)
app.command()(diff.diff)
app.command()(serve.serve)


def main() -> None:
    """Run the command line.

    A user's mistake is one line on stderr and exit code 2; the other side's is exit code 1.
    """
    try:
        app()
    except RunfsmError as error:
        print(f"runfsm: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, CallerError) else 1)
