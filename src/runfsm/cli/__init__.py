"""The command line: one module a command; the only place where driver and simulator meet.

demo.py       `runfsm demo`: watch runs go through their lifecycle
scenes.py     what the demo's clients do
telling.py    a run, told on a terminal
simulate.py   `runfsm simulate`: one script, played
lifecycle.py  `runfsm lifecycle`: the tables, drawn
serve.py      `runfsm serve`: the simulator as an HTTP server
"""

from __future__ import annotations

import sys

import typer

from runfsm.cli import demo, lifecycle, serve, simulate
from runfsm.errors import RunfsmError

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
app.command()(simulate.simulate)
app.command()(lifecycle.lifecycle)
app.command()(serve.serve)


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit code 2."""
    try:
        app()
    except RunfsmError as error:
        print(f"runfsm: {error}", file=sys.stderr)
        sys.exit(2)
