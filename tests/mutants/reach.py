"""Which test gets to which statement: only those that get there can notice what is changed in it.

Rule 1: no test is left out that could notice. So each is watched in a process of its own, where
nothing was kept in mind by the tests before it; and what is gone through at import is noted apart.

Rule 2: who is quick is asked first; but before, who has killed last.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from mutant import Mutant

__all__ = ["MARK", "Reach", "marked"]

#: What a statement that is gone through calls.
MARK: Final = "__gone_through__"

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Reach:
    """What is known of some tests, on the source as it is.

    Args:
        words: what pytest is called with to collect them.
        ready_s: how long that takes.
        at_import: the statements that are gone through by then.

    Attributes:
        seconds: how long each test takes, by its id.
    """

    def __init__(self, words: Sequence[str], ready_s: float, at_import: Iterable[str]) -> None:
        self.words = words
        self.ready_s = ready_s
        self.seconds: dict[str, float] = {}
        self._at_import = frozenset(at_import)
        self._tests: dict[str, set[str]] = defaultdict(set)
        self._killers: list[str] = []

    def add(self, test: str, seconds: float, places: Iterable[str]) -> None:
        """Note what one test goes through."""
        self.seconds[test] = seconds
        for place in places:
            self._tests[place].add(test)

    def killed(self, test: str) -> None:
        """Note who has killed, to be asked first the next time."""
        if test in self._killers:
            self._killers.remove(test)
        self._killers.append(test)

    def in_order(self, tests: Collection[str]) -> list[str]:
        """These, the most promising first; also those that are not known."""
        last = {test: number for number, test in enumerate(self._killers, 1)}
        return sorted(tests, key=lambda it: (-last.get(it, 0), self.seconds.get(it, 0.0), it))

    def of(self, mutant: Mutant) -> list[str]:
        """Those that get to what the mutant changes, the most promising first."""
        return self.in_order(self._tests[mutant.place])

    def is_imported(self, mutant: Mutant) -> bool:
        """Whether what it changes is gone through at import; then an exchange comes too late."""
        return mutant.place in self._at_import


def marked(file: str, source: str) -> ast.Module:
    """A tree that tells of each statement of a function that is gone through."""
    tree = ast.parse(source)
    for function in [node for node in ast.walk(tree) if isinstance(node, Function)]:
        for body in _bodies(function):
            body[:] = [line for node in body for line in (*_mark(file, node), node)]
    return ast.fix_missing_locations(tree)


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks of a function; not those of another one in it, whose turn comes."""
    for _, value in ast.iter_fields(node):
        if isinstance(value, list):
            if value and isinstance(value[0], ast.stmt):
                yield value
            for child in value:
                if isinstance(child, ast.AST) and not isinstance(child, Function):
                    yield from _bodies(child)


def _mark(file: str, node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.Expr(ast.Constant(str())):  # a docstring comes first
            return
    call = ast.Call(ast.Name(MARK, ast.Load()), [ast.Constant(f"{file}:{node.lineno}")], [])
    yield ast.copy_location(ast.Expr(call), node)
