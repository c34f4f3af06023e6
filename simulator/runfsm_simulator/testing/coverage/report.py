"""Coverage, told on a terminal, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.bar import Bar
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runfsm_simulator.testing.coverage.cells import Cell
from runfsm_simulator.testing.coverage.measure import Covered, Measured

__all__ = ["tell", "to_dict"]

LINES_MAX: Final = 20  # of what one section misses; the page and the JSON have all of it

#: The sections whose gaps are told column by column: `"GET ...: queued, expired"`.
GRIDS: Final = ("calls", "faults")


def tell(console: Console, measured: Measured, *, gated: Iterable[str] = ()) -> None:
    """A line for each section; what the gated ones have never seen; what cannot be, and was.

    Args:
        console: where.
        measured: what.
        gated: the names of the sections whose gaps are told, one by one.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for covered in measured:
        table.add_row(*_line(covered))
    console.print(table)
    for name in gated:
        _tell_lines(console, f"never, {name}:", _missing(measured[name]), "yellow")
    for covered in measured:
        wrong = [f"{cell}: {covered.section.impossible[cell]}" for cell in covered.strays]
        _tell_lines(console, "seen, though the coverage said that it cannot be:", wrong, "bold red")


def _line(covered: Covered) -> tuple[Text | Bar | str, ...]:
    whole = not covered.missing
    cannot = len(covered.section.impossible)
    return (
        Text(covered.section.name, "bold"),
        Bar(100, 0, covered.percent, width=20, color="green" if whole else "yellow"),
        covered.of_all,
        Text(f"{covered.percent} %", "green" if whole else "yellow"),
        Text(f"{cannot} more cannot be" if cannot else "", "dim"),
    )


def _tell_lines(console: Console, heading: str, lines: Iterable[str], style: str) -> None:
    listed = list(lines)
    if listed:
        console.print(Text(f"\n{heading}", style))
        for line in listed[:LINES_MAX]:
            console.print(Text(f"  {line}"))
        if len(listed) > LINES_MAX:
            console.print(Text(f"  and {len(listed) - LINES_MAX} more", "dim"))


def _missing(covered: Covered) -> Iterator[str]:
    """What is missing in lines; of a grid, in a line for each column: its rows."""
    if covered.section.name not in GRIDS:
        yield from map(str, covered.missing)
        return
    reachable = _rows(covered.section.reachable)
    for column, rows in _rows(covered.missing).items():
        yield f"{column}: {'anywhere' if rows == reachable[column] else ', '.join(rows)}"


def _rows(cells: Iterable[Cell]) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for cell in cells:
        rows.setdefault(cell.column, []).append(cell.row)
    return rows


def to_dict(measured: Measured) -> dict[str, Any]:
    """A JSON object: the lifecycle's name, and the sections by name.

    Each section has `covered`, `reachable`, `percent`, `missing`, `strays`, and in `impossible`
    how many cells have each reason.
    """
    return {
        "lifecycle": measured.lifecycle.name,
        "sections": {covered.section.name: _section(covered) for covered in measured},
    }


def _section(covered: Covered) -> dict[str, Any]:
    reasons = list(covered.section.impossible.values())
    return {
        "covered": covered.hits,
        "reachable": len(covered.section.reachable),
        "percent": covered.percent,
        "missing": [str(cell) for cell in covered.missing],
        "strays": [str(cell) for cell in covered.strays],
        "impossible": {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)},
    }
