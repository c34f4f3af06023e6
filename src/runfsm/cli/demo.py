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
from runfsm.cli.strip import strip
from runfsm.cli.telling import Telling, new_console, status_text
from runfsm.clock import SystemClock
from runfsm.driver.outcome import Outcome
from runfsm.errors import CallerError
from runfsm.lifecycle.run import RunStatus
from runfsm_simulator import Simulator, scenarios

__all__ = ["demo"]

NEXT: Final = {
    "{runfsm} lifecycle": "the table that all this is computed from",
    "{runfsm} serve": "the simulator behind a URL, for any client",
    "{runfsm} examples": "programs to read and run, written into a folder of yours",
}


def demo(
    names: Annotated[
        list[str] | None, typer.Argument(help="Scenes to play; all of them by default.")
    ] = None,
) -> None:
    """Watch assistant runs go through their lifecycle: offline, without a key, in virtual time.

    The client is the official `openai` package; the service behind it is the simulator.
    """
    console = new_console()
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
    life = [(entry.at, RunStatus(entry.dest)) for entry in stage.simulator.trace]
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
            status_text(ending.outcome.status),
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
