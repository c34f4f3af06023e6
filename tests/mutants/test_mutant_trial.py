"""Facts about a trial: a small project of one function, its mutants, and its tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from memory import Memory
from mutant import mutants_of

SOURCE = """\
def until(limit):
    number = 0
    while number < limit:
        number += 1
    return number
"""
TESTS = """\
from small import until

def test_it_counts():
    assert until(3) == 3
"""
PLAY = """\
import json
from mutant import mutants_of
from trial import cold
print(json.dumps({
    mutant.change: cold(["test_small.py"], mutant, limit_s=3.0)
    for mutant in [*mutants_of("src/small.py")] if "-=" not in mutant.change
}))
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its folder, gone to."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/small.py").write_text(SOURCE, "utf-8")
    (tmp_path / "test_small.py").write_text(TESTS, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_mutant_is_killed_by_a_test_or_by_its_time(project: Path) -> None:
    """A wrong answer and an endless loop are noticed; what the test does not ask for survives."""
    test = "test_small.py::test_it_counts"
    rooms = [str(Path(__file__).parent), str(project / "src")]
    said = subprocess.run(  # noqa: S603  # our own text
        [sys.executable, "-c", f"import sys; sys.path[:0] = {rooms}\n{PLAY}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert {
        "0 -> 1": "(alive)",
        "while number < limit -> while False": test,
        "number < limit -> number <= limit": test,
        "number < limit -> number >= limit": test,
        "number += 1 dropped": "(time)",
        "1 -> 2": test,
    } == json.loads(said.stdout)


@pytest.mark.usefixtures("project")
def test_a_kill_is_remembered_as_long_as_both_files_stay() -> None:
    """A changed source or a changed test is tried again; so is all of it when that is wanted."""
    mutant = next(mutants_of("src/small.py"))
    Memory(fresh=False).keep(mutant, "test_small.py::test_it_counts")

    assert "test_small.py::test_it_counts" == Memory(fresh=False).killer(mutant)
    assert None is Memory(fresh=True).killer(mutant)
