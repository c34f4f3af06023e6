"""`runfsm switches`: the switches of the simulator, with their ways."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from runfsm.cli.telling import new_console
from runfsm_simulator.world.switches import ELSEWHERE, OPTIONS, REASONS

__all__ = ["switches", "ways"]


def switches() -> None:
    """List what nobody recorded about the service, and the ways that the simulator can go there.

    The first way of each is the documented or the likelier one. `runfsm serve --switch
    endpoint=gone` takes another, and so does `Simulator(switches=Switches(endpoint="gone"))`.
    """
    table = Table(box=None, padding=(0, 2, 1, 0), expand=True)
    table.add_column("switch", min_width=max(map(len, OPTIONS)))
    table.add_column("decides", ratio=1)
    for name, reason in REASONS.items():
        first, *others = ways(name)
        told = Text.assemble(reason.rule.replace("`", ""), "\n", (first, "bold"))
        table.add_row(Text(name, "bold"), told.append("".join(f" | {way}" for way in others)))
    for question, reason in ELSEWHERE.items():
        table.add_row(Text("elsewhere", "dim"), f"{question}: {reason.rule.replace('`', '')}")
    new_console().print(table)


def ways(name: str) -> Iterator[str]:
    """The ways of a switch as one types them, the documented one first."""
    for option in OPTIONS[name]:
        yield option if isinstance(option, str) else str(option).lower()
        if isinstance(option, int) and not isinstance(option, bool):
            yield "any number"
