"""The commands by their names, each loaded when it is run.

`runfsm --help` needs a line about each command and none of their modules: to import them all takes
three times as long as the official client does.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

__all__ = ["COMMANDS", "CommandGroup"]


class Entry(NamedTuple):
    """A command before it is loaded.

    Attributes:
        function: its place, as `"module:function"`.
        summary: the first line of the function's docstring. A test holds the two together.
    """

    function: str
    summary: str


COMMANDS: Final = {
    "demo": Entry(
        "runfsm.cli.demo:demo",
        "Watch assistant runs go through their lifecycle: offline, without a key, in virtual time.",
    ),
    "drive": Entry(
        "runfsm.cli.drive:drive",
        "Drive a run from the shell, with tools of your own, and watch it live.",
    ),
    "simulate": Entry(
        "runfsm.cli.simulate:simulate",
        "Play a script to its end, in virtual time, and show what happened when.",
    ),
    "doctor": Entry(
        "runfsm.cli.doctor:doctor",
        "Play what users of such runs complain of (C1 ...) and what services do (F1 ...), "
        "and judge.",
    ),
    "explore": Entry(
        "runfsm.cli.explore:explore",
        "Go through every behaviour of the service, and see what your function makes of it.",
    ),
    "coverage": Entry(
        "runfsm.cli.coverage:coverage",
        "Add up books of coverage: statuses, edges, pairs of edges, calls and faults by status.",
    ),
    "lifecycle": Entry(
        "runfsm.cli.lifecycle:lifecycle",
        "Print a lifecycle: its statuses and edges, who may take them, why, and how sure that is.",
    ),
    "diff": Entry(
        "runfsm.cli.diff:diff",
        "Print what differs for a run between two APIs: statuses, edges, refusals, promises.",
    ),
    "judge": Entry(
        "runfsm.cli.judge:judge",
        "Rebuild what runs went through from looks at them, and name the first look that "
        "cannot be.",
    ),
    "replay": Entry(
        "runfsm.cli.replay:replay",
        "Play a tape against a new world: the same requests must get the same answers, byte for "
        "byte.",
    ),
    "conform": Entry(
        "runfsm.cli.conform:conform",
        "Compare an Assistants-compatible server with what is known of the API, from outside.",
    ),
    "switches": Entry(
        "runfsm.cli.switches:switches",
        "List what nobody recorded about the service, and the ways that the simulator can go "
        "there.",
    ),
    "examples": Entry(
        "runfsm.cli.examples:examples",
        "Write the examples into a folder: programs to read and run, tools, loops to explore.",
    ),
    "serve": Entry(
        "runfsm.cli.serve:serve",
        "Serve the simulator over HTTP, on this machine only.",
    ),
}


class CommandGroup(TyperGroup):
    """A group whose commands are loaded when they are run; `--help` lists them unloaded."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = {
            name: TyperCommand(name, help=entry.summary) for name, entry in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the arguments name, loaded, and the rest of them."""
        name, unloaded, rest = super().resolve_command(ctx, args)
        return name, name and unloaded and _loaded(name), rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command. A wrong choice is reported without pydantic's first words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


def _loaded(name: str) -> Any:
    one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    one.command(name)(resolve_name(COMMANDS[name].function))
    return get_command(one)
