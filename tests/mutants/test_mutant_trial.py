"""Facts about a trial: a small project of one function, its mutants, and its tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from memory import Memory
from mutant import mutants_of
from trial import SURVIVED

SOURCE = """\
STEP = 1

def until(limit):
    number = 0
    while number < limit:
        number += STEP
    return number
"""
TESTS = """\
from small import until

def test_it_counts():
    assert until(3) == 3
"""
#: Warm, and cold; an endless loop is waited for once.
PLAY = """\
import json
import trial
from mutant import mutants_of
trial.PATIENCE_S = 0.5
reach = trial.reach_of(["test_small.py"], ["src/small.py"])
mutants = [*mutants_of("src/small.py")]
killers = [*trial.warm(reach, mutants)]
again = [*mutants_of("src/small.py")]
print(json.dumps({
    mutant.change: [by, by if by == "(time)" else trial.cold(reach, mutant)]
    for mutant, by in zip(again, killers)
}))
"""

#: Three children: one whose work goes wrong, one that eats too much, one that is gone.
CHILDREN = """\
import json, os
from child import in_child
def eats(): raise MemoryError
print(json.dumps([in_child(work, 5.0) for work in (lambda: 1 / 0, eats, os.abort)]))
"""


def _said(program: str, *folders: Path) -> object:
    """What a program prints that has our modules, and those of further folders."""
    rooms = [str(room) for room in (Path(__file__).parent, *folders)]
    ended = subprocess.run(  # noqa: S603  # our own text
        [sys.executable, "-c", f"import sys; sys.path[:0] = {rooms}\n{program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ended.stdout)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its folder, gone to."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/small.py").write_text(SOURCE, "utf-8")
    (tmp_path / "test_small.py").write_text(TESTS, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_mutant_is_killed_by_a_test_or_by_its_time(project: Path) -> None:
    """A wrong answer and an endless loop are noticed; what the test does not ask for survives.

    Warm as well as cold; what stands outside of the function cannot be tried warm.
    """
    test = "test_small.py::test_it_counts"

    assert {
        "1 -> 2 in STEP = 1": ["(frozen)", test],
        "0 -> 1 in number = 0": ["(alive)", "(alive)"],
        "while number < limit -> while False": [test, test],
        "number < limit -> number <= limit": [test, test],
        "number < limit -> number >= limit": [test, test],
        "number += STEP dropped": ["(time)", "(time)"],
        "number += STEP -> number -= STEP": ["(time)", "(time)"],
    } == _said(PLAY, project / "src")


def test_a_trial_that_goes_wrong_is_no_kill() -> None:
    """Only a child that runs out of memory, or is gone, has been killed by its mutant."""
    assert ["(broken)", "(crash)", "(crash)"] == _said(CHILDREN)


@pytest.mark.usefixtures("project")
def test_a_kill_is_remembered_as_long_as_both_files_stay() -> None:
    """A changed source or a changed test is tried again; so is all of it when that is wanted."""
    mutant = next(mutants_of("src/small.py"))
    Memory(fresh=False).keep(mutant, "test_small.py::test_it_counts", ["test_small.py"])

    assert "test_small.py::test_it_counts" == Memory(fresh=False).verdict(mutant, [])
    assert None is Memory(fresh=True).verdict(mutant, [])


@pytest.mark.usefixtures("project")
def test_who_is_alive_is_tried_again_when_a_test_has_come() -> None:
    """By no other test than those that it stood can that be known."""
    mutant = next(mutants_of("src/small.py"))
    memory = Memory(fresh=False)
    memory.keep(mutant, SURVIVED, ["test_small.py"])

    assert SURVIVED == memory.verdict(mutant, ["test_small.py"])
    assert None is memory.verdict(mutant, ["test_small.py", "test_more.py"])
