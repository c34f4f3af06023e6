"""The command line: one module a command; the only place where driver and simulator meet.

commands.py   the commands by their names, each loaded when it is run
demo.py       `runfsm demo`: watch runs go through their lifecycle
scenes.py     what the demo's clients do
telling.py    a run, told on a terminal
drive/        `runfsm drive`: prompts, driven from the shell
simulate.py   `runfsm simulate`: one script, played
asjson.py     a run as JSON objects, for scripts
doctor.py     `runfsm doctor`: what can go wrong, played on the library's own driver
cases/        what can go wrong, case by case
coverage.py   `runfsm coverage`: what tests have seen of the lifecycle
lifecycle.py  `runfsm lifecycle`: the tables, drawn
diff/         `runfsm diff`: what differs between two APIs
judge/        `runfsm judge`: what a log of looks proves
replay.py     `runfsm replay`: a tape, played once more
keys.py       a key for each step
conform.py    `runfsm conform`: does somebody's server behave as the API did?
switches/     `runfsm switches`: what nobody recorded, and the ways to go
explore/      `runfsm explore`: every behaviour of the service, against a function of one's own
importing.py  a module or a file of the user's
examples.py   `runfsm examples`: programs to read and run
serve.py      `runfsm serve`: the simulator as an HTTP server
httpserver.py  its server; serveoptions.py: the options of that; collector.py: when garbage is
               collected there
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from runfsm import __version__
from runfsm.cli.commands import CommandGroup
from runfsm.errors import CallerError, RunfsmError

__all__ = ["main"]

app = typer.Typer(
    cls=CommandGroup,
    name="runfsm",
    help=(
        "Assistant runs as one explicit state machine: watch them, draw them, serve them. "
        "Begin with `runfsm demo`."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(*, is_asked: bool) -> None:
    if is_asked:
        print(f"runfsm {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[  # its callback does it
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=lambda value: _print_version(is_asked=value),
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line.

    A user's mistake is one line on stderr and exit code 2; the other side's is exit code 1.
    """
    try:
        app()
    except RunfsmError as error:
        print(f"runfsm: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, CallerError) else 1)
    except OSError as error:
        if error.filename is None:
            raise  # no file that a user named
        print(f"runfsm: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
