"""Facts about mutants: what is changed, what is left alone, and what they are called."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mutant import Mutant, mutants_of
from scope import AREAS
from survivors import read_reasons

ROOT = Path(__file__).parents[2]

TABLE = """
class LightStatus(StrEnum):
    RED = "red"
    OFF = "off"

EDGES: Final = (
    Edge(None, E.PLUG, S.RED, CLIENT, "why", _certain("source")),
    Edge(S.RED, E.BREAK, S.OFF, CLOCK, "why", _likely("source")),
)
LIGHT = Lifecycle(edges=EDGES, locks=frozenset({S.RED}))
"""


def _of(source: str) -> list[Mutant]:
    return [*mutants_of("light.py", source)]


def _lines(source: str) -> set[str]:
    """What the mutants of one line say; Python takes each of them."""
    trees = [_of(source)[number].changed() for number in range(len(_of(source)))]
    for tree in trees:
        compile(tree, "light.py", "exec")
    return {ast.unparse(tree) for tree in trees}


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("a < b", {"a <= b", "a >= b"}),
        ("a == b", {"a != b"}),
        ("a is b", {"a is not b"}),
        ("a in b", {"a not in b"}),
        ("a < b <= c", {"a <= b <= c", "a >= b <= c", "a < b < c", "a < b > c"}),
        ("a and b", {"a or b", "a", "b"}),
        ("a or b or c", {"a and b and c", "b or c", "a or c", "a or b"}),
        ("not a", {"a"}),
        ("a if b else c", {"a", "c"}),
        ("[a for a in b if c]", {"[a for a in b]"}),
        ("a + b", {"a - b"}),
        ("min(a, b)", {"max(a, b)"}),
        ("any(a)", {"all(a)"}),
        ("isinstance(a, B | C)", {"isinstance(a, B)", "isinstance(a, C)", "pass"}),
        ("a = 600", {"a = 601"}),
        ("a = 0.5", {"a = 1.0"}),
        ("a = f(b=True)", {"a = f(b=False)"}),
        ("a = {b, c}", {"a = {b}", "a = {c}"}),
        ("a = {b: c}", {"a = {}"}),
        ("f(a)", {"pass"}),
        ("a.b = c", {"pass"}),
        ("a.b, a.c = c, b", {"pass"}),
        ("a += b", {"a -= b", "pass"}),
        ("if a: b", {"if False:\n    b", "if True:\n    b"}),
        ("while a: b", {"while False:\n    b"}),
        ("with a(): b", {"if True:\n    b"}),
        (
            "match a:\n    case B() | C() if d: e",
            {
                "match a:\n    case B() | C() if False:\n        e",
                "match a:\n    case B() | C() if True:\n        e",
                "match a:\n    case B() if d:\n        e",
                "match a:\n    case C() if d:\n        e",
            },
        ),
    ],
)
def test_what_is_changed(source: str, mutants: set[str]) -> None:
    """Each rule of a line is turned, moved or dropped, one at a time."""
    bare = {mutant for mutant in _lines(source) if mutant != "pass" or "pass" in mutants}
    assert mutants == bare


@pytest.mark.parametrize(
    "source",
    [
        "'a text'",
        "a = 'a text'",
        "raise Odd(f'{a + 1}') from None",
        "a = f'{b + 1}'",
        "a: Literal[1]",
        "def f(a: B[1]) -> C[2]: ...",
        "@dataclass(frozen=True)\nclass A: ...",
        "a: int = field(init=False, repr=False)",
        "def __str__(self):\n    return self.a + self.b",
        "__all__ = {'a'}",
        "with self._lock: b",
        "a = None",
    ],
)
def test_what_is_left_alone(source: str) -> None:
    """Texts, annotations, decorators, what only tells, and who may enter at the same time."""
    assert [] == [mutant.change for mutant in _of(source)]


def test_a_table_has_each_edge_dropped_and_each_end_moved() -> None:
    """To each other status and hand; the evidence is made surer, and less sure."""
    changes = {mutant.change for mutant in _of(TABLE)}
    assert {
        "None --PLUG--> RED dropped",
        "None --PLUG--> RED: to S.OFF",
        "None --PLUG--> RED: by Actor.SERVICE",
        "None --PLUG--> RED: by Actor.CLOCK",
        "None --PLUG--> RED: for Evidence.likely('a source')",
        "None --PLUG--> RED: for Evidence.inferred('a source')",
        "RED --BREAK--> OFF dropped",
        "RED --BREAK--> OFF: from S.OFF",
        "RED --BREAK--> OFF: to S.RED",
        "RED --BREAK--> OFF: by Actor.CLIENT",
        "RED --BREAK--> OFF: by Actor.SERVICE",
        "RED --BREAK--> OFF: for Evidence.certain('a source')",
        "RED --BREAK--> OFF: for Evidence.inferred('a source')",
        "{...}: S.RED dropped",
        "{...}: S.OFF added",
    } == changes


def test_a_mutant_is_called_the_same_when_lines_move() -> None:
    """Its name says function and change; the line is told beside it."""
    source = "class A:\n    def f(self):\n        return a < b or a < b\n"
    moved = [mutant.name for mutant in _of(f"# a comment\n\n{source}")]
    assert [mutant.name for mutant in _of(source)] == moved
    assert ("light.py", "A.f", "a < b -> a <= b (no. 2)") in moved


ONE_OF_TWO = "match a:\n    case _ if b:\n        c()\n    case _:\n        d()"


@pytest.mark.parametrize("source", ["min(a, b)", "any(a)", "isinstance(a, B | C)", ONE_OF_TWO])
def test_a_mutant_can_be_compiled(source: str) -> None:
    """One that cannot would seem to be killed, whatever the tests are."""
    for number in range(len(_of(source))):
        compile(_of(source)[number].changed(), "light.py", "exec")


@pytest.mark.parametrize("file", [file for area in AREAS for file in area.chosen()])
def test_no_two_mutants_of_a_file_have_one_name(file: str) -> None:
    """So what `survivors.toml` says is said of one mutant."""
    names = [mutant.name for mutant in mutants_of(file, (ROOT / file).read_text("utf-8"))]
    assert len(set(names)) == len(names) > 0


def test_each_survivor_that_is_explained_is_a_mutant() -> None:
    """An entry of `survivors.toml` whose rule is gone is stale, and goes."""
    reasons = read_reasons()
    files = {file for file, _, _ in reasons}
    names = {it.name for file in files for it in mutants_of(file, (ROOT / file).read_text("utf-8"))}
    assert set() == set(reasons) - names


@pytest.mark.parametrize("reason", ["", "one', file = 'twice"])
def test_a_survivor_needs_a_reason(reason: str) -> None:
    """An entry without one is refused."""
    entry = "[[survivor]]\nfile = 'a.py'\nfunction = 'f'\nchange = 'c'\nreason = '{}'\n"
    text = entry.format(reason) if not reason else entry.format("one") * 2
    with pytest.raises(ValueError, match="two entries for one mutant, or no reason"):
        read_reasons(text)
