"""Coverage on one page of HTML that needs no other file, no script and no network."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from runfsm.errors import CallerError
from runfsm.lifecycle.draw.legend import MISSING_COLOUR, TAKEN_COLOUR
from runfsm_simulator.testing.coverage.cells import Cell
from runfsm_simulator.testing.coverage.measure import Covered, Measured
from runfsm_simulator.testing.coverage.painting import svg

__all__ = ["page"]

#: The sections that are a grid; the others stand on the diagram, or are listed without one.
GRIDS: Final = ("pairs", "calls", "faults")
ON_DIAGRAM: Final = ("statuses", "edges")

HEAD: Final = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>runfsm coverage</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem;
       color: #222; background: #fff }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin-top: 2.5rem }}
svg {{ max-width: 100%; height: auto }}
.scroll {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-size: 12px }}
th {{ font-weight: normal; text-align: left; white-space: nowrap; padding: 1px 8px 1px 0 }}
thead th {{ writing-mode: vertical-rl; transform: rotate(180deg); padding: 6px 0 0;
           line-height: 2.4rem }}
td {{ border: 1px solid #fff; min-width: 2.4rem; height: 1.5rem; text-align: center }}
.hit {{ background: {TAKEN_COLOUR}; color: #fff }}
.miss {{ border: 1.5px dashed {MISSING_COLOUR}; color: {MISSING_COLOUR} }}
.never {{ background: #f0f0ee }}
.stray {{ background: {MISSING_COLOUR}; color: #fff; font-weight: bold }}
#sum td, #sum th {{ text-align: right; padding: 2px 14px 2px 0; font-size: 14px; color: #222 }}
</style>
</head>
"""

LEGEND: Final = (
    '<p><span class="hit">&nbsp;3&nbsp;</span> covered, so often (✗ of them refused) &nbsp; '
    '<span class="miss">&nbsp;0&nbsp;</span> missing &nbsp; '
    '<span class="never">&nbsp;&nbsp;&nbsp;</span> cannot be: the tooltip says why</p>'
)


def page(measured: Measured) -> str:
    """Return the page: a summary, the diagram, and the grids.

    Without Graphviz to draw the diagram, statuses and edges are listed in its place.
    """
    name = escape(measured.lifecycle.name)
    body = [
        f"<h1>Coverage of the lifecycle of a {name}</h1>",
        *_summary(measured),
        *_diagram(measured),
        LEGEND,
    ]
    for covered in measured:
        if covered.section.name in GRIDS:
            body += [*_grid(covered)]
    return HEAD + "<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"


def _summary(measured: Measured) -> Iterator[str]:
    yield '<table id="sum">'
    for covered in measured:
        cells = (covered.of_all, f"{covered.percent} %")
        tds = "".join(f"<td>{cell}</td>" for cell in cells)
        yield f"<tr><th>{covered.section.name}</th>{tds}</tr>"
    yield "</table>"


def _diagram(measured: Measured) -> Iterator[str]:
    try:
        yield svg(measured)
    except CallerError as error:
        yield f"<p>No diagram: {escape(str(error))}</p>"
        for name in ON_DIAGRAM:
            yield from _list(measured[name])


def _list(covered: Covered) -> Iterator[str]:
    yield f"<h2>{covered.section.name}</h2>"
    yield "<table>"
    for cell in covered.section.reachable:
        yield f"<tr><th>{escape(str(cell))}</th>{_cell(covered, cell)}</tr>"
    yield "</table>"


def _grid(covered: Covered) -> Iterator[str]:
    """What follows, what is called and what strikes down the side, where along the top."""
    section = covered.section
    cells = {_place(cell): cell for cell in (*section.reachable, *section.impossible)}
    sides = dict.fromkeys(side for side, _ in cells)
    tops = dict.fromkeys(top for _, top in cells)
    yield f"<h2>{section.name}: {escape(section.about)}</h2>"
    yield '<div class="scroll"><table><thead><tr><th></th>'
    yield "".join(f"<th>{escape(top)}</th>" for top in tops)
    yield "</tr></thead>"
    for side in sides:
        tds = "".join(_cell(covered, cells[side, top]) for top in tops)
        yield f"<tr><th>{escape(side)}</th>{tds}</tr>"
    yield "</table></div>"


def _place(cell: Cell) -> tuple[str, str]:
    return (cell.row, cell.column) if cell.kind == "pair" else (cell.column, cell.row)


def _cell(covered: Covered, cell: Cell) -> str:
    count = covered.book[cell]
    reason = covered.section.impossible.get(cell)
    if reason is None:
        kind, told = ("hit", str(count)) if count else ("miss", "0")
        refused = covered.book[cell._replace(kind="refusal")]
        if cell.kind == "call" and refused:
            told += f" ✗{refused}"
    else:
        kind, told = ("stray", str(count)) if count else ("never", "")
    title = f"{cell}: {reason or told}"
    return f'<td class="{kind}" title="{escape(title)}">{told}</td>'
