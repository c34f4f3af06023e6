"""What is changed to make a mutant: one rule of Python, in one place.

Rule 1: a mutant differs from the source in one node, and the difference is one that a person could
have typed: a comparison turned, a bound moved, a rule dropped.

Rule 2: what cannot be wrong is not changed: texts, annotations, decorators, `repr`s, and who may
enter at the same time (a lock around a block: no test that is the same each time can tell).

What is particular to a table of edges is in `tablemakers.py`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from typing import Any, Final

__all__ = ["MAKERS", "Change", "Maker", "dropped"]

#: What is changed, in words that hold when lines move; and what stands there then.
Change = tuple[str, ast.AST]
Maker = Callable[[Any], Iterable[Change]]

BOUND_MOVED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
TURNED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OTHER_SUM: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
OTHER_FUNCTION: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}


def _became(before: ast.AST, after: ast.AST) -> Change:
    return f"{ast.unparse(before)} -> {ast.unparse(after)}", after


def dropped(node: ast.AST, field: str, what: str = "") -> Iterator[Change]:
    """For each element of a list that the node has: the node without it."""
    elements = getattr(node, field)
    for number, element in enumerate(elements):
        less = copy(node)
        setattr(less, field, [*elements[:number], *elements[number + 1 :]])
        yield f"{what}{ast.unparse(element)} dropped", less


def comparisons(node: ast.Compare) -> Iterator[Change]:
    """Each comparison turned, and each bound moved by a hair."""
    for number, op in enumerate(node.ops):
        for other in (BOUND_MOVED, TURNED):
            if type(op) in other:
                after = copy(node)
                after.ops = [*node.ops[:number], other[type(op)](), *node.ops[number + 1 :]]
                yield _became(node, after)


def connectives(node: ast.BoolOp) -> Iterator[Change]:
    """`and` for `or` and the other way round; and each operand dropped."""
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield _became(node, ast.BoolOp(other, node.values))
    for number in range(len(node.values)):
        rest = [*node.values[:number], *node.values[number + 1 :]]
        yield _became(node, rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))


def negations(node: ast.UnaryOp) -> Iterator[Change]:
    """A `not` dropped."""
    if isinstance(node.op, ast.Not):
        yield _became(node, node.operand)


def conditions(node: ast.If) -> Iterator[Change]:
    """An `if` that never, or always, holds."""
    for always in (False, True):
        after = copy(node)
        after.test = ast.Constant(always)
        yield f"if {ast.unparse(node.test)} -> if {always}", after


def choices(node: ast.IfExp) -> Iterator[Change]:
    """One of the two, whatever the condition says."""
    yield _became(node, node.body)
    yield _became(node, node.orelse)


def loops(node: ast.While) -> Iterator[Change]:
    """A loop that is never entered."""
    after = copy(node)
    after.test = ast.Constant(value=False)
    yield f"while {ast.unparse(node.test)} -> while False", after


def filters(node: ast.comprehension) -> Iterator[Change]:
    """A comprehension that takes everybody."""
    yield from dropped(node, "ifs", "if ")


def arms(node: ast.match_case) -> Iterator[Change]:
    """An arm of a `match` that is never taken; one whose guard always holds."""
    never = copy(node)
    never.guard = ast.Constant(value=False)
    yield f"case {ast.unparse(node.pattern)} dropped", never
    if node.guard is not None:
        always = copy(node)
        always.guard = ast.Constant(value=True)  # kept: a bare `_` may only come last
        yield f"case {ast.unparse(node.pattern)} if {ast.unparse(node.guard)} -> unguarded", always


def alternatives(node: ast.MatchOr) -> Iterator[Change]:
    """One of several patterns dropped; one that is left stands by itself."""
    for what, left in dropped(node, "patterns", "case "):
        patterns = left.patterns  # type: ignore[attr-defined]  # it is a copy of the node
        yield what, left if len(patterns) > 1 else patterns[0]


def kinds(node: ast.Call) -> Iterator[Change]:
    """One of several types dropped from an `isinstance`; `min` for `max`, `any` for `all`."""
    match node:
        case ast.Call(ast.Name("isinstance"), [what, ast.BinOp(left, ast.BitOr(), right)]):
            for kind in (left, right):
                yield _became(node, ast.Call(node.func, [what, kind], []))
        case ast.Call(ast.Name(name)) if name in OTHER_FUNCTION:
            yield _became(
                node, ast.Call(ast.Name(OTHER_FUNCTION[name], ast.Load()), node.args, node.keywords)
            )


def sums(node: ast.BinOp | ast.AugAssign) -> Iterator[Change]:
    """Plus for minus, times for divided by."""
    if type(node.op) in OTHER_SUM:
        after = copy(node)
        after.op = OTHER_SUM[type(node.op)]()
        yield _became(node, after)


def constants(node: ast.Constant) -> Iterator[Change]:
    """A number that is larger, a flag that is turned."""
    match node.value:
        case bool(flag):
            yield _became(node, ast.Constant(not flag))
        case int(number):
            yield _became(node, ast.Constant(number + 1))
        case float(number):
            yield _became(node, ast.Constant(number * 2 or 1.0))


def sets(node: ast.Set) -> Iterator[Change]:
    """One member dropped."""
    yield from dropped(node, "elts", "{...}: ")


def dicts(node: ast.Dict) -> Iterator[Change]:
    """One entry dropped."""
    for number, key in enumerate(node.keys):
        after = ast.Dict(
            [*node.keys[:number], *node.keys[number + 1 :]],
            [*node.values[:number], *node.values[number + 1 :]],
        )
        entry = ast.unparse(key) if key else f"**{ast.unparse(node.values[number])}"
        yield f"{{...}}: {entry} dropped", after


def effects(node: ast.Expr | ast.Assign | ast.AugAssign) -> Iterator[Change]:
    """A statement dropped that changes something, or tells somebody."""
    match node:
        case ast.Expr(ast.Call()) | ast.AugAssign():
            is_effect = True
        case ast.Assign(targets):
            is_effect = any(_is_outside(target) for target in targets)
        case _:
            is_effect = False
    if is_effect:
        yield f"{ast.unparse(node)} dropped", ast.Pass()


def _is_outside(target: ast.AST) -> bool:
    """Whether an assignment to it can be seen outside of the function."""
    return any(isinstance(part, ast.Attribute | ast.Subscript) for part in ast.walk(target))


def contexts(node: ast.With) -> Iterator[Change]:
    """A block without its context; but not one that only keeps others out."""
    said = ", ".join(ast.unparse(item) for item in node.items)
    if not said.endswith("_lock"):
        yield f"with {said} dropped", ast.If(ast.Constant(value=True), node.body, [])


MAKERS: Final[dict[type[ast.AST], tuple[Maker, ...]]] = {
    ast.Assign: (effects,),
    ast.AugAssign: (effects, sums),
    ast.BinOp: (sums,),
    ast.BoolOp: (connectives,),
    ast.Call: (kinds,),
    ast.Compare: (comparisons,),
    ast.Constant: (constants,),
    ast.Dict: (dicts,),
    ast.Expr: (effects,),
    ast.If: (conditions,),
    ast.IfExp: (choices,),
    ast.MatchOr: (alternatives,),
    ast.Set: (sets,),
    ast.UnaryOp: (negations,),
    ast.While: (loops,),
    ast.With: (contexts,),
    ast.comprehension: (filters,),
    ast.match_case: (arms,),
}
