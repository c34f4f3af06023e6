"""`runfsm drive --tools`: which functions of a module are offered."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runfsm.cli.drive.usertools import load_tools
from runfsm.errors import CallerError

MODULE = """\
from dataclasses import dataclass
from helper_of_tools import WORD
from runfsm import Toolset, tool

@dataclass
class Place:
    name: str

@tool
def find(place: Place) -> str:
    return WORD

def wipe(disk: str) -> str:
    return disk

both = Toolset([find, wipe])
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a tool that is marked and a function that is not, beside a file it imports."""
    (tmp_path / "helper_of_tools.py").write_text('WORD = "found"\n')
    (tmp_path / "user_tools.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("helper_of_tools", "user_tools"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("places", "names"),
    [
        (["user_tools"], ("find",)),
        (["user_tools.py"], ("find",)),
        (["./user_tools.py:wipe"], ("wipe",)),
        (["user_tools:wipe,find"], ("wipe", "find")),
        (["user_tools:both"], ("find", "wipe")),
        (["user_tools", "user_tools:wipe"], ("find", "wipe")),
        ([], ()),
    ],
)
@pytest.mark.usefixtures("module")
def test_tools_are_those_marked_or_named(places: list[str], names: tuple[str, ...]) -> None:
    """By module or by path, from the folder one is in; the others are not offered."""
    assert names == load_tools(places).names


def test_a_module_that_breaks_is_told_with_the_line(module: Path) -> None:
    """And what it misses is not taken for the module itself."""
    (module / "broken.py").write_text("x = 1\nx / 0\n")
    (module / "misses.py").write_text("import no_such_package\n")
    (module / "garbled.py").write_text("def\n")

    with pytest.raises(CallerError, match=r"ZeroDivisionError: .*broken\.py:2"):
        load_tools(["broken"])
    with pytest.raises(CallerError, match=r"No module named 'no_such_package' .*misses\.py:1"):
        load_tools(["misses.py"])
    with pytest.raises(CallerError, match=r"SyntaxError: .*garbled\.py, line 1"):
        load_tools(["garbled"])


@pytest.mark.reported(
    "tried as a new user",
    "`runfsm drive --tools bad.yaml`: a file is named by its path: `./yaml.py`.",
    now="It says that this is no Python file, and what is one.",
)
@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("bad.yaml", "bad.yaml is no Python file: functions come from a module (package.module)"),
        ("no/such.yml", "no/such.yml is no Python file: "),
        ("there.yaml", "there.yaml is no Python file: "),
        ("there.yaml:find", "there.yaml is no Python file: "),
        ("there.unknown", "there.unknown is no Python file: "),
        ("tools.JSON", "tools.JSON is no Python file: "),
        ("./folder", "./folder is a folder: functions come from"),
        ("folder/", "folder/ is a folder: functions come from"),
        ("", "'' names no module: functions come from"),
        ("..", "'..' names no module: functions come from"),
        (".user_tools", ".user_tools is relative to no package: a file is named by its path, ./us"),
        ("sub.tools", "there is no module sub.tools, neither here nor installed; a file is named"),
        ("sub.tools", "./sub/tools.py"),
        ("no/such.py", "there is no Python file no/such.py"),
    ],
)
def test_what_is_no_module_is_told_with_what_is_one(module: Path, place: str, problem: str) -> None:
    """The advice fits what was given, whether that is there or not (tried as a new user)."""
    (module / "folder").mkdir()
    for name in ("there.yaml", "there.unknown"):
        (module / name).write_text("a: 1\n")
    with pytest.raises(CallerError) as caught:
        load_tools([place])

    assert problem in str(caught.value)
