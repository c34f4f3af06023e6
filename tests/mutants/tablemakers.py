"""What is changed in a table of edges: each edge dropped, and each of its ends and hands moved.

A row is a call `Edge(source, event, dest, actor, why, evidence)`, as `run.py` writes it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from copy import copy
from functools import partial
from pathlib import Path
from typing import Final

from makers import Change, Maker, dropped

__all__ = ["table_makers"]

ACTORS: Final = ("CLIENT", "SERVICE", "CLOCK")
#: Where a run's statuses are.
RUN: Final = ast.parse(
    (Path(__file__).parents[2] / "src/runfsm/lifecycle/run.py").read_text("utf-8")
)
SURENESS: Final = ("_certain", "_likely", "_inferred")


def table_makers(tree: ast.Module) -> dict[type[ast.AST], tuple[Maker, ...]]:
    """The makers for a module that holds a table; none for any other."""
    statuses = [*_statuses(tree)]
    if not statuses:
        return {}
    return {
        ast.AnnAssign: (_edges_dropped,),
        ast.Call: (partial(_edge_moved, statuses), partial(_lock_added, statuses)),
    }


def _statuses(tree: ast.Module) -> Iterator[str]:
    """Those that are defined there; or else, where there are rows, those of a run."""
    here = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for node in here or (RUN.body if any(map(_holds_rows, tree.body)) else []):
        if isinstance(node, ast.ClassDef) and node.name.endswith("Status"):
            for line in node.body:
                if isinstance(line, ast.Assign):
                    yield ast.unparse(line.targets[0])


def _holds_rows(node: ast.stmt) -> bool:
    match node:
        case ast.AnnAssign(value=ast.Tuple([ast.Call(ast.Name("Edge")), *_])):
            return True
    return False


def _edges_dropped(node: ast.AnnAssign) -> Iterator[Change]:
    if _holds_rows(node) and isinstance(node.value, ast.Tuple):
        for edge, (_, rows) in zip(node.value.elts, dropped(node.value, "elts"), strict=True):
            less = copy(node)
            less.value = rows  # type: ignore[assignment]  # a tuple, as it was
            yield f"{_name(edge)} dropped", less


def _edge_moved(statuses: Iterable[str], node: ast.Call) -> Iterator[Change]:
    match node:
        case ast.Call(ast.Name("Edge"), [source, _, dest, actor, _, ast.Call(evidence)]):
            pass
        case _:  # no row, or one that is made from another
            return
    for status in statuses:
        if ast.unparse(source) not in {"None", f"S.{status}"}:
            yield _moved(node, 0, f"S.{status}", "from")
        if ast.unparse(dest) != f"S.{status}":
            yield _moved(node, 2, f"S.{status}", "to")
    for other in ACTORS:
        if ast.unparse(actor) != other:
            yield _moved(node, 3, f"Actor.{other}", "by")
    for sure in SURENESS:
        if ast.unparse(evidence) != sure:
            yield _moved(node, 5, f"Evidence.{sure[1:]}('a source')", "for")


def _moved(node: ast.Call, position: int, to: str, what: str) -> Change:
    after = copy(node)
    there = ast.parse(to, mode="eval").body
    after.args = [*node.args[:position], there, *node.args[position + 1 :]]
    return f"{_name(node)}: {what} {to}", after


def _name(edge: ast.expr) -> str:
    assert isinstance(edge, ast.Call)
    source, event, dest = (ast.unparse(end).removeprefix("S.") for end in edge.args[:3])
    return f"{source} --{event.removeprefix('E.')}--> {dest}"


def _lock_added(statuses: Iterable[str], node: ast.Call) -> Iterator[Change]:
    match node:
        case ast.Call(ast.Name("frozenset"), [ast.Set(members)]):
            locked = {ast.unparse(member) for member in members}
            for status in statuses:
                if f"S.{status}" not in locked:
                    more = ast.Set([*members, ast.parse(f"S.{status}", mode="eval").body])
                    yield f"{{...}}: S.{status} added", ast.Call(node.func, [more], [])
