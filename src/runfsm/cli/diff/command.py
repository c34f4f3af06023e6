"""`runfsm diff`: two wires, and what vanishes, appears or changes between them."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runfsm.cli.diff.written import as_json, as_markdown
from runfsm.cli.telling import new_console
from runfsm.errors import CallerError
from runfsm.lifecycle.draw.legend import CONFIDENCE_MARK
from runfsm.lifecycle.wires import WIRES, Wire
from runfsm.lifecycle.wires.difference import Change, Row, Section, Side, differences

__all__ = ["diff"]

WRITERS: Final = {"markdown": as_markdown, "json": as_json}
FORMATS: Final = ("table", *WRITERS)
MARKS: Final = {
    Change.CHANGES: ("~", "yellow"),
    Change.VANISHES: ("-", "red"),
    Change.APPEARS: ("+", "green"),
}
EXAMPLE: Final = "`runfsm diff assistants responses`"


def diff(
    before: Annotated[str, typer.Argument(help=f"One of {', '.join(WIRES)}.")] = "",
    after: Annotated[str, typer.Argument(help="Another one.")] = "",
    *,
    format: Annotated[
        str, typer.Option("--format", "-f", help=f"How to print it: {', '.join(FORMATS)}.")
    ] = "table",
) -> None:
    """Print what differs for a run between two APIs: statuses, edges, refusals, promises.

    `runfsm diff assistants responses` is for who comes from the Assistants API; `runfsm diff` alone
    lists the wires. With `--format json`, what is the same is told as well, and all evidence.
    """
    if format not in FORMATS:
        raise CallerError(f"no format '{format}' to print in; choose one of {', '.join(FORMATS)}")
    if not before:
        _list(format)
        return
    one, other = _chosen(before, after)
    if format in WRITERS:
        print(WRITERS[format](one, other), end="")
    else:
        _tell(new_console(), one, other)


def _chosen(before: str, after: str) -> tuple[Wire, Wire]:
    if not after:
        raise CallerError(f"a comparison is of two wires, and '{before}' is one: {EXAMPLE}")
    if unknown := [name for name in (before, after) if name not in WIRES]:
        raise CallerError(f"no wire '{unknown[0]}'; choose two of {', '.join(WIRES)}")
    if before == after:
        raise CallerError(f"'{before}' does not differ from itself; choose two: {EXAMPLE}")
    return WIRES[before], WIRES[after]


def _list(format: str) -> None:
    if format in WRITERS:
        raise CallerError(f"--format {format} is for a comparison, as in {EXAMPLE}")
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for wire in WIRES.values():
        table.add_row(Text(wire.name, "bold"), wire.title, Text(wire.about, "dim"))
    console = new_console()
    console.print(table)
    console.print(f"\nCompare two of them: {EXAMPLE.strip('`')}", style="dim")


def _tell(console: Console, before: Wire, after: Wire) -> None:
    for section in differences(before, after):
        console.print()
        console.print(_table(section, before, after))
        for note in _notes(section):
            console.print(Text(note, "dim"))
    console.print()
    legend = Text.assemble(
        *((f"{mark} {change}  ", style) for change, (mark, style) in MARKS.items())
    )
    doubts = ", ".join(f"{mark} {level}" for level, mark in CONFIDENCE_MARK.items() if mark)
    console.print(legend.append(f"  {doubts}", "dim"))


def _table(section: Section, before: Wire, after: Wire) -> Table:
    table = Table(box=None, padding=(0, 2, 1, 0), expand=True)
    table.add_column("", width=1)
    table.add_column(section.title, min_width=19, max_width=24)  # the longest event
    table.add_column(before.name, ratio=1)
    table.add_column(after.name, ratio=1)
    for row in section.different:
        mark, style = MARKS[row.change]
        table.add_row(Text(mark, style), Text(row.subject, style), *_cells(row))
    return table


def _cells(row: Row) -> tuple[Text, Text]:
    return _cell(row.before), _cell(row.after)


def _cell(side: Side | None) -> Text:
    if side is None:
        return Text("-", "dim")
    text = Text(side.told.replace("`", ""))
    return text.append(f" {CONFIDENCE_MARK[side.evidence.confidence]}".rstrip(), "dim")


def _notes(section: Section) -> list[str]:
    return [f"the same: {', '.join(section.same)}"] if section.same else []
