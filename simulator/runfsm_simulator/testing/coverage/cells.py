"""A place that can be covered: what happened, and where.

A cell is named by texts, those of the tables: so books of different processes, and of different
versions, can be compared and added.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from runfsm.lifecycle import LIFECYCLE, Edge

__all__ = [
    "NO_RUN",
    "Cell",
    "Kind",
    "call_cell",
    "edge_cell",
    "fault_cell",
    "pair_cell",
    "refusal_cell",
    "status_cell",
]

Kind = Literal["status", "edge", "pair", "call", "refusal", "fault"]

#: The row of what met no run: there was none yet.
NO_RUN: Final = "(no run)"


class Cell(NamedTuple):
    """One place.

    Attributes:
        table: the name of the lifecycle: `"run"`.
        kind: what can happen there.
        row: a status; of an edge or of a pair, the (first) edge, as its `str` tells it.
        column: of a pair, the second edge; of a call, method and path; of a fault, its field.
    """

    table: str
    kind: Kind
    row: str
    column: str = ""

    def __str__(self) -> str:
        return {
            "pair": f"{self.row}, then {self.column}",
            "call": f"{self.column} in {self.row}",
            "refusal": f"{self.column} refused in {self.row}",
            "fault": f"{self.column} in {self.row}",
        }.get(self.kind, self.row)


def status_cell(table: str, status: str) -> Cell:
    """That a status was entered."""
    return Cell(table, "status", str(status))


def edge_cell(table: str, edge: Edge[Any, Any]) -> Cell:
    """That an edge was taken."""
    return Cell(table, "edge", str(edge))


def pair_cell(table: str, first: Edge[Any, Any], second: Edge[Any, Any]) -> Cell:
    """That one and the same run took an edge, and `second` next."""
    return Cell(table, "pair", str(first), str(second))


def call_cell(call: str, met: str | None) -> Cell:
    """That a call found its run in a status."""
    return Cell(LIFECYCLE.name, "call", str(met or NO_RUN), call)


def refusal_cell(call: str, met: str | None) -> Cell:
    """That it was this status that forbade the call."""
    return Cell(LIFECYCLE.name, "refusal", str(met or NO_RUN), call)


def fault_cell(fault: str, met: str | None) -> Cell:
    """That a fault, by its field of `Storm`, struck when its run was in a status."""
    return Cell(LIFECYCLE.name, "fault", str(met or NO_RUN), fault)
