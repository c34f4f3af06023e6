"""The documentation tells the truth: its programs run, its links lead somewhere."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import runfsm
import runfsm_simulator

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "examples" / "README.md"])
PROGRAMS = [
    program
    for page in ("README.md", "docs/machines.md")
    for program in re.findall(
        r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL
    )
]
MODULES = sorted(
    info.name
    for package in (runfsm, runfsm_simulator)
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not info.name.endswith("__main__")
)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_pages_programs_run(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each Python block is a whole program that ends without an error."""
    exec(compile(program, "a page", "exec", dont_inherit=True), {"__name__": "page"})  # noqa: S102  # our own text
    capsys.readouterr()


@pytest.mark.parametrize("name", MODULES)
def test_the_docstrings_examples_are_true(name: str) -> None:
    """Every `>>>` example in a docstring gives what it says."""
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert 0 == failed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    """Every relative link of a page names a file or folder of the repository."""
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]

    assert [] == [link for link in local if not (page.parent / link).exists()]
