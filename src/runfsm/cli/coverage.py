"""`runfsm coverage`: what tests have seen of the lifecycle, told, drawn, and gated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from runfsm.cli.telling import new_console
from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, RESPONSE
from runfsm_simulator.testing.coverage import GATED, SECTIONS, Book, Measured, measure
from runfsm_simulator.testing.coverage.page import page
from runfsm_simulator.testing.coverage.painting import svg
from runfsm_simulator.testing.coverage.report import tell, to_dict

__all__ = ["coverage"]

TABLES: Final = {table.name: table for table in (LIFECYCLE, RESPONSE)}


def coverage(  # noqa: PLR0913  # the options of a command are its parameters
    files: Annotated[
        list[Path], typer.Argument(help="Books, as `pytest --runfsm-coverage FILE` writes them.")
    ],
    *,
    table: Annotated[str, typer.Option(help=f"Whose life: {', '.join(TABLES)}.")] = LIFECYCLE.name,
    of: Annotated[
        str,
        typer.Option(metavar="NAMES", help=f"What to list and to gate: of {', '.join(SECTIONS)}."),
    ] = ",".join(GATED),
    fail_under: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT", help="Exit code 1 if one of them is below.", min=0, max=100
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with diagram and grids.")
    ] = None,
    svg_file: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Write the diagram, with counts.")
    ] = None,
    book: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all books as one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Add up books of coverage: statuses, edges, pairs of edges, calls and faults by status.

    `runfsm coverage one.json two.json --html coverage.html --fail-under 100`. What cannot be
    covered is not counted: it is proved by the lifecycle's table, or has a reason.
    """
    measured = _measured(files, table)
    names = _chosen(of, measured)
    _write(measured, html=html, svg_file=svg_file, book=book)
    if as_json:
        print(json.dumps(to_dict(measured), indent=2, ensure_ascii=False))
    else:
        tell(new_console(), measured, gated=names)
    if fail_under is not None and measured.below(fail_under, of=names):
        raise typer.Exit(code=1)


def _measured(files: list[Path], table: str) -> Measured:
    if table not in TABLES:
        raise CallerError(f"no coverage of '{table}'; choose one of {', '.join(TABLES)}")
    return measure(Book.merged(map(Book.read, files)), TABLES[table])


def _chosen(of: str, measured: Measured) -> list[str]:
    names = [name.strip() for name in of.split(",") if name.strip()]
    if unknown := [name for name in names if name not in measured.sections]:
        there_are = ", ".join(measured.sections)
        raise CallerError(f"no coverage of {', '.join(unknown)}; choose of {there_are}")
    return names


def _write(
    measured: Measured, *, html: Path | None, svg_file: Path | None, book: Path | None
) -> None:
    if svg_file:  # first: it is the one that may be refused
        svg_file.write_text(svg(measured), encoding="utf-8")
    if html:
        html.write_text(page(measured), encoding="utf-8")
    if book:
        measured.book.write(book)
