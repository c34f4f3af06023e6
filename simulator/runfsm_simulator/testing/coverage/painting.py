"""Coverage, told on the lifecycle's own diagram: how often each edge was taken, and which never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runfsm.lifecycle.draw import Picture, draw, picture_of
from runfsm.lifecycle.draw.svg import svg_of
from runfsm_simulator.testing.coverage.cells import edge_cell, status_cell
from runfsm_simulator.testing.coverage.measure import GATED, Measured

__all__ = ["painted", "svg"]


def painted(measured: Measured) -> Picture:
    """The diagram with counts, for `runfsm.lifecycle.draw.draw` in any format."""
    lifecycle, book = measured.lifecycle, measured.book
    counts: dict[Any, int] = {
        **{status: book[status_cell(lifecycle.name, status)] for status in lifecycle.statuses},
        **{edge: book[edge_cell(lifecycle.name, edge)] for edge in lifecycle.edges},
    }
    about = "; ".join(measured[name].told for name in GATED)
    return replace(picture_of(lifecycle, counts=counts), about=about)


def svg(measured: Measured) -> str:
    """The same as a drawing.

    Raises:
        CallerError: Graphviz is not installed.
    """
    return svg_of(draw(painted(measured), "dot"))
