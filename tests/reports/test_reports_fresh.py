"""`docs/reports.md` tells what the marked tests hold, and every marker can be read."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

PAGE: dict[str, Any] = runpy.run_path(str(Path(__file__).parent))
TESTS = Path(__file__).parents[1]
REPORTS = PAGE["reports"](TESTS)
reports_of = PAGE["reports"].__globals__["reports_of"]

MARKED = '@pytest.mark.reported("a#1", "It broke.", now="It holds.")\n'
TEST = 'def test_it():\n    """It holds (a#1)."""\n'


def test_the_page_is_fresh() -> None:
    """It is what the command writes now."""
    assert PAGE["render"](REPORTS) == PAGE["PAGE"].read_text(encoding="utf-8"), (
        "docs/reports.md is stale: run `make reports`"
    )


def test_every_marker_can_be_read() -> None:
    """Each has three literal texts, and stands above a test that has a docstring."""
    wrong = [f"{report.file}: {problem}" for report in REPORTS for problem in report.problems]

    assert [] == wrong


@pytest.mark.parametrize("kind", ["def", "async def", "class"])
def test_a_marker_is_read(kind: str) -> None:
    """Of a function, of a coroutine function and of a class; by position or by name."""
    test = TEST.replace("def", kind).replace(
        "test_it()", "Test_it" if kind == "class" else "test_it()"
    )
    (report,) = reports_of(MARKED + test)

    assert ("a#1", "It broke.", "It holds.", ()) == (*report[:3], report.problems)


def test_a_method_is_named_with_its_class() -> None:
    """As pytest does."""
    text = f"class TestIt:\n    {MARKED}    " + TEST.replace("\n", "\n    ")
    (report,) = reports_of(text)

    assert ("TestIt::test_it", ()) == (report.test, report.problems)


@pytest.mark.parametrize(
    ("text", "problem"),
    {
        "computed": (MARKED.replace('"a#1"', "SOURCE") + TEST, "source must be a literal"),
        "empty": (MARKED.replace("It broke.", " ") + TEST, "given must be a literal, non-empty"),
        "missing": ('@pytest.mark.reported("a", "b")\n' + TEST, "now must be a literal"),
        "too many": (MARKED.replace("now=", '"c", "d", now=') + TEST, "and no more"),
        "other name": (MARKED.replace("now=", "then=") + TEST, "and no more"),
        "bare": ("@pytest.mark.reported\n" + TEST, "no arguments"),
        "untold": (MARKED + "def test_it():\n    pass\n", "test_it has no docstring"),
        "no test": (MARKED + TEST.replace("test_it", "helper"), "helper is no test"),
        "no decorator": ("pytestmark = " + MARKED[1:], "must decorate a test"),
        "parameter": ("ONE = pytest.param(1, marks=" + MARKED[1:-1] + ")", "must decorate a test"),
    }.values(),
)
def test_a_marker_that_cannot_be_read_is_named(text: str, problem: str) -> None:
    """With its line, and what is wrong with it."""
    problems = [one for report in reports_of(text) for one in report.problems]

    assert problem in " ".join(problems)


def test_reports_are_grouped_by_their_source() -> None:
    """In the order of the page; whatever names a tracker is a public report, and a link to it."""
    sources = ["tried as a new user", "recordings, 2.3", "a fresh machine", "acme/thing#7"]
    (one,) = reports_of(MARKED + TEST, TESTS / "unit" / "test_x.py")
    page = PAGE["render"]([one._replace(source=source) for source in sources])
    titles = [line[3:] for line in page.splitlines() if line.startswith("## ")]

    assert ["Public reports", "Recordings", "A fresh machine", "Tried as a new user"] == titles
    assert "[acme/thing#7](https://github.com/acme/thing/issues/7)" in page
    assert "| all | 4 |" in page
    assert "[`test_x::test_it`](../tests/unit/test_x.py)" in page
