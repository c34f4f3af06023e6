"""`runfsm examples` writes what the documentation speaks of, and replaces nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from runfsm.cli import app

ROOT = Path(__file__).parents[2]

Runfsm = Callable[..., Result]


@pytest.fixture
def runfsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runfsm:
    """The command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(app, args)


def contents(folder: Path) -> dict[Path, bytes]:
    """The files of a folder, without what Python leaves there."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.reported(
    "tried as a new user",
    "The demo's last line and two help texts name files that are not in the wheel.",
    now="`runfsm examples` writes them into a folder; the demo names that command.",
)
def test_all_examples_are_written(runfsm: Runfsm, tmp_path: Path) -> None:
    """The folder has each file of the checkout's, to the byte (tried as a new user)."""
    result = runfsm("examples")

    assert 0 == result.exit_code, result.output
    assert contents(ROOT / "examples") == contents(tmp_path / "examples")
    assert result.output.splitlines()[-1] == "Begin with: python examples/function_calling.py"


def test_writing_them_again_is_no_error(runfsm: Runfsm) -> None:
    """Files that are the same already are no conflict."""
    runfsm("examples", "mine")

    assert 0 == runfsm("examples", "mine").exit_code


def test_a_file_of_the_users_own_is_left_alone(runfsm: Runfsm, tmp_path: Path) -> None:
    """One that differs is named, and nothing is written beside it."""
    mine = tmp_path / "examples" / "webhooks.py"
    mine.parent.mkdir()
    mine.write_text("print('mine')\n", encoding="utf-8")

    result = runfsm("examples")

    assert "is there already" in str(result.exception)
    assert [mine] == [*mine.parent.iterdir()]


def test_the_wheel_has_them(tmp_path: Path) -> None:
    """The build puts examples/ where the command looks for it."""
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="hatchling builds the wheel")
    builder = wheel.WheelBuilder(str(ROOT))
    (built,) = builder.build(directory=str(tmp_path), versions=["standard"])
    home = Path("runfsm_simulator/examples")

    names = {Path(name) for name in zipfile.ZipFile(built).namelist()}
    assert {home / path for path in contents(ROOT / "examples")} <= names
