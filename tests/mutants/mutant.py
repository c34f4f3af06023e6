"""The mutants of a file: where the makers find something to change.

A mutant is named by its file, its function and its change, not by its line: so what is said of it
in `survivors.toml` holds when the lines above it move.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any, Final

from makers import MAKERS, Change, Maker
from tablemakers import table_makers

__all__ = ["Mutant", "module_of", "mutants_of"]

#: Fields of a node that say nothing about what is done.
IDLE: Final = {"annotation", "returns", "decorator_list", "bases"}

#: Functions that only tell.
TELLING: Final = {"__repr__", "__str__", "__all__", "__slots__"}

#: How much is told of what stands around a change.
LONGEST: Final = 80

#: A field of a node, and the element of it where it is a list.
Spot = tuple[ast.AST, str, int | None]


@dataclass(frozen=True)
class Mutant:
    """A file with one change.

    Attributes:
        file: from the root of the checkout.
        function: the innermost function or class, with those around it: `"Lock.see"`.
        change: what is changed, in words.
        line: where it is now.
        place: the statement that it is in: file, and first line now.
        tree: the file's own, not changed yet.
    """

    file: str
    function: str
    change: str
    line: int
    place: str
    tree: ast.Module
    _spot: Spot
    _after: ast.AST

    @property
    def name(self) -> tuple[str, str, str]:
        """What identifies it."""
        return self.file, self.function, self.change

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function or '(module)'}: {self.change}"

    def changed(self) -> ast.Module:
        """The tree, with the change; it cannot be undone."""
        node, field, index = self._spot
        if index is None:
            setattr(node, field, self._after)
        else:
            getattr(node, field)[index] = self._after
        return ast.fix_missing_locations(self.tree)


def module_of(file: str) -> str:
    """How a file is imported: without the first folder, which is a root of packages."""
    return ".".join(Path(*Path(file).parts[1:]).with_suffix("").parts)


def mutants_of(file: str, source: str | None = None) -> Iterator[Mutant]:
    """All mutants of a file, from its first line to its last.

    Args:
        file: from the root of the checkout.
        source: what it says, if that is not to be read from it.
    """
    tree = ast.parse(Path(file).read_text("utf-8") if source is None else source)
    further = table_makers(tree)
    twins: Counter[tuple[str, str]] = Counter()
    for node, spot, function, statement in _spots(tree, "", tree):
        for change, after in _changes(node, (statement, spot[0]), further):
            twins[function, change] += 1
            nth = twins[function, change]
            said = change if nth == 1 else f"{change} (no. {nth})"
            place = f"{file}:{getattr(statement, 'lineno', 0)}"
            yield Mutant(file, function, said, _line(node), place, tree, spot, after)


def _changes(
    node: ast.AST, around: Sequence[ast.AST], further: dict[type[ast.AST], tuple[Maker, ...]]
) -> Iterator[Change]:
    for makers in (MAKERS, further):
        for maker in makers.get(type(node), ()):
            for change, after in maker(node):
                yield f"{change}{_where(node, around)}", after


def _where(node: ast.AST, around: Sequence[ast.AST]) -> str:
    """What a number or a flag stands in, as far as a line can tell: alone, it says nothing."""
    if not isinstance(node, ast.Constant):
        return ""
    said = [*map(ast.unparse, around)]
    told = next((text for text in said if len(text) <= LONGEST and "\n" not in text), said[-1])
    return f" in {shorten(told, LONGEST, placeholder=' ...')}"


def _spots(
    node: ast.AST, function: str, statement: ast.AST
) -> Iterator[tuple[ast.AST, Spot, str, ast.AST]]:
    """Each node that may be changed, where it stands, in which function and statement."""
    for field, value in ast.iter_fields(node):
        if field in IDLE:
            continue
        children: list[Any] = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if isinstance(child, ast.AST) and not _is_idle(child):
                inner = child if isinstance(child, ast.stmt) else statement
                yield child, (node, field, index if children is value else None), function, inner
                yield from _spots(child, _inner(child, function), inner)


def _line(node: ast.AST) -> int:
    return next(
        part.lineno
        for part in ast.walk(node)
        if isinstance(part, ast.expr | ast.stmt | ast.pattern)
    )


def _inner(node: ast.AST, function: str) -> str:
    name = getattr(node, "name", None)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return function
    return f"{function}.{name}" if function else str(name)


def _is_idle(node: ast.AST) -> bool:
    match node:
        case ast.JoinedStr() | ast.Raise():
            return True
        case ast.keyword(arg):  # of a dataclass's field: how it is shown and compared
            return arg in {"init", "repr", "compare", "kw_only", "hash"}
        case ast.FunctionDef(name):
            return name in TELLING
        case ast.Assign([ast.Name(name)]):
            return name in TELLING
    return False
