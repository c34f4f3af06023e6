"""The `reported` markers of all tests, read from their source: nothing is imported, nothing run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

NAMES: Final = ("source", "given", "now")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Report(NamedTuple):
    """One marker.

    Attributes:
        source: where it was reported.
        given: the input, and what came of it then.
        now: what happens today.
        file: the test's file.
        test: its function, or class; a method as `Class::method`.
        problems: what is wrong with the marker, one line each.
    """

    source: str
    given: str
    now: str
    file: Path
    test: str
    problems: tuple[str, ...]


def reports(folder: Path) -> list[Report]:
    """Every marker in the tests of a folder, sorted by file."""
    return [
        report
        for file in sorted(folder.rglob("*.py"))
        for report in reports_of(file.read_text("utf-8"), file)
    ]


def reports_of(text: str, file: Path = Path("test_x.py")) -> Iterator[Report]:
    """The markers of one file, in its order."""
    if "mark.reported" not in text:
        return
    tree = ast.parse(text)
    decorators: set[ast.expr] = set()
    for owner, node in _definitions(tree):
        for decorator in filter(_is_marker, node.decorator_list):
            decorators.add(decorator.func if isinstance(decorator, ast.Call) else decorator)
            yield _report(decorator, node, "::".join([*owner, node.name]), file)
    for stray in ast.walk(tree):
        if _names_marker(stray) and stray not in decorators:
            problem = f"line {stray.lineno}: the marker must decorate a test"
            yield Report("", "", "", file, "", (problem,))


def _definitions(
    tree: ast.Module | ast.ClassDef, owner: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Definition]]:
    for node in tree.body:
        if isinstance(node, Definition):
            yield owner, node
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node, (*owner, node.name))


def _is_marker(decorator: ast.expr) -> bool:
    return _names_marker(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _names_marker(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="reported", value=ast.Attribute(attr="mark")):
            return True
        case ast.Attribute(attr="reported", value=ast.Name(id="mark")):
            return True
    return False


def _report(marker: ast.expr, node: Definition, name: str, file: Path) -> Report:
    texts, problems = _arguments(marker)
    if not node.name.startswith(("test_", "Test")):
        problems.append(f"{node.name} is no test")
    if not (ast.get_docstring(node) or "").strip():
        problems.append(f"{node.name} has no docstring")
    found = tuple(f"line {marker.lineno}: {problem}" for problem in problems)
    return Report(*(texts.get(one, "") for one in NAMES), file, name, found)


def _arguments(marker: ast.expr) -> tuple[Mapping[str, str], list[str]]:
    """The marker's literals, and what is wrong with them."""
    if not isinstance(marker, ast.Call):
        return {}, ["the marker has no arguments"]
    given = dict(zip(NAMES, marker.args, strict=False))
    given |= {keyword.arg or "**": keyword.value for keyword in marker.keywords}
    texts = {
        name: value.value.strip()
        for name, value in given.items()
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
    problems = [
        f"{name} must be a literal, non-empty text" for name in NAMES if not texts.get(name)
    ]
    if len(marker.args) > len(NAMES) or set(given) - set(NAMES):
        problems.append(f"the marker takes {', '.join(NAMES)} and no more")
    return texts, problems
