"""`runfsm demo`: runs going through their lifecycle, told on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import openai
import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from runfsm.cli.scenes import SCENES, Scene, Stage
from runfsm.cli.strip import STYLES, strip
from runfsm.clock import SystemClock
from runfsm.driver.journal import ToolAnswered
from runfsm.driver.outcome import Outcome
from runfsm.errors import CallerError
from runfsm.lifecycle.journal import JournalStep, Transition
from runfsm.lifecycle.run import LIFECYCLE, RunStatus
from runfsm_simulator import Simulator, scenarios

__all__ = ["demo"]

WIDTH: Final = 96  # longer lines are hard to read, however wide the window is

NEXT: Final = {
    "{runfsm} lifecycle": "the table that all this is computed from",
    "{runfsm} serve": "the simulator behind a URL, for any client",
    "examples/function_calling.py": "the first scene as a program of your own",
}


def demo(
    names: Annotated[
        list[str] | None, typer.Argument(help="Scenes to play; all of them by default.")
    ] = None,
) -> None:
    """Watch assistant runs go through their lifecycle: offline, without a key, in virtual time.

    The client is the official `openai` package; the service behind it is the simulator.
    """
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH)
    scenes = _choose(names or [scene.scenario for scene in SCENES])
    _greet(console)
    endings = [_play(console, scene, f"{n}/{len(scenes)}") for n, scene in enumerate(scenes, 1)]
    _sum_up(console, endings)


@dataclass(frozen=True, slots=True)
class Ending:
    """What the summary says of a scene."""

    title: str
    outcome: Outcome
    run_s: float
    wall_s: float


def _choose(names: list[str]) -> list[Scene]:
    by_name = {scene.scenario: scene for scene in SCENES}
    if unknown := [name for name in names if name not in by_name]:
        raise CallerError(f"no scene {', '.join(unknown)}; there are {', '.join(by_name)}")
    return [by_name[name] for name in names]


def _greet(console: Console) -> None:
    console.print()
    console.print(Text("runfsm demo", style="bold"), end="   ")
    console.print(
        f"openai {openai.__version__} → simulator · no network, no key · time is virtual",
        style="dim",
    )


def _play(console: Console, scene: Scene, number: str) -> Ending:
    script = scenarios.load(scene.scenario)
    console.print()
    console.rule(f"[bold]{number}[/bold]  {script.title}", align="left", style="dim")
    console.print(Padding(Text(script.about, style="dim"), (0, 0, 1, 0)))
    wall = SystemClock()
    started = wall.now()
    stage = Stage(Simulator(script), Telling(console))
    outcome = scene.play(stage)
    life = [(entry.at, entry.dest) for entry in stage.simulator.trace]
    console.print()
    console.print(strip(life, width=console.width))
    return Ending(script.title, outcome, life[-1][0] - life[0][0], wall.now() - started)


def _sum_up(console: Console, endings: list[Ending]) -> None:
    console.print()
    console.rule(style="dim")
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("scene")
    table.add_column("ended")
    table.add_column("the run's time", justify="right")
    table.add_column("yours", justify="right", style="dim")
    for ending in endings:
        table.add_row(
            ending.title,
            _status(ending.outcome.status),
            f"{ending.run_s:.1f} s",
            f"{ending.wall_s * 1000:.0f} ms",
        )
    console.print(table)
    console.print()
    grid = Table.grid(padding=(0, 3, 0, 2))
    for name, what in NEXT.items():
        grid.add_row(Text(name.format(runfsm=_runfsm()), style="bold"), what)
    console.print(grid)
    console.print()


def _runfsm() -> str:
    """How to call this program: a virtual environment need not be active."""
    if shutil.which("runfsm"):
        return "runfsm"
    return os.path.relpath(Path(sys.executable).with_name("runfsm"))


class Telling:
    """A scene as lines on a terminal: when, what status, which event by whose hand."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def said(self, role: str, text: str) -> None:
        """See `scenes.Teller`."""
        self._line("", Text.assemble((f"{role}: ", "bold"), text))

    def noted(self, text: str, *, refused: bool = False) -> None:
        """See `scenes.Teller`."""
        self._line("", Text(text, style="red" if refused else "dim italic"))

    def stepped(self, step: JournalStep, began_at: float) -> None:
        """See `scenes.Teller`."""
        time = "" if step.at is None else f"{step.at - began_at:.1f} s"
        if isinstance(step, Transition):
            edge = step.edge
            hand = "another client" if step.foreign else str(edge.actor)
            how = f"{edge.event} by {hand}{' (not seen)' if step.inferred else ''}"
            self._line(time, _status(edge.dest).append(f"{'':{18 - len(edge.dest)}}{how}", "dim"))
        elif isinstance(step, ToolAnswered):
            self._line(time, Text(f"  {step.name}() {step.error or 'answered'}", style="dim"))
        else:
            self._line(time, Text(f"  {step}", style="dim"))

    def _line(self, time: str, text: Text) -> None:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=9, justify="right", style="dim")
        grid.add_column()
        grid.add_row(time, text)
        self._console.print(grid)


def _status(status: RunStatus) -> Text:
    mark = "■" if status in LIFECYCLE.terminal else "●"
    return Text(f"{mark} {status}", style=STYLES[status])
