"""The commands around the lock files: set up an environment, and tell what is newer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import install
import newest
from lockfile import ROOT

REPORT = """<testsuites><testsuite>
<testcase classname="tests.unit.test_a" name="test_b[1]">
  <failure message="E one&#10;two"/>
</testcase>
<testcase classname="tests.unit.test_a" name="test_c"/>
<testcase classname="tests.unit.test_d" name="test_e"><error message="boom"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without uv, whose lock cannot be installed: it is no lock."""
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "find_uv", lambda: None)
    return tmp_path


@pytest.mark.parametrize(("version", "fits"), [((3, 11), True), ((3, 14), True)])
def test_a_python_of_the_range_fits(version: tuple[int, int], *, fits: bool) -> None:
    """Nothing is said of it."""
    assert fits == (install.misfit("dev", version) is None)


@pytest.mark.parametrize("version", [(3, 10), (3, 15), (4, 0)])
def test_another_python_is_told_what_to_do(version: tuple[int, int]) -> None:
    """In one line: for which it is, which this is, and what to type."""
    told = install.misfit("dev", version)

    assert told is not None
    assert "\n" not in told
    assert all(part in told for part in ("locks/dev.txt", "3.11 to 3.14", "make PYTHON="))


@pytest.mark.parametrize("uv", ["/bin/uv", None])
def test_what_is_locked_comes_first_and_then_the_project_alone(uv: str | None) -> None:
    """By uv or by pip: hashes are required, and the project brings nothing with it."""
    made, locked, project = install.commands(".venv", "dev", uv)

    assert "venv" in made
    assert ("--require-hashes", "--requirement", "locks/dev.txt") == tuple(locked[-3:])
    assert ("--no-deps", "--no-build-isolation", "--editable", ".") == tuple(project[-4:])
    assert (uv or ".venv/bin/python") == locked[0]


def test_a_lock_that_cannot_be_installed_is_told_in_one_line(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reason, where all of it is, and what to do; it is not taken for set up."""
    fails = [sys.executable, "-c", "print('ERROR: no version fits'); raise SystemExit(1)"]
    monkeypatch.setattr(install, "commands", lambda *_: [fails])
    told = install.main(str(there / "env"), "dev")

    assert told is not None
    assert "\n" not in told
    assert "ERROR: no version fits" in told
    assert str(there / "env" / "setup.log") in told
    assert "make lock" in told
    assert not (there / "env" / "ready").exists()


def test_an_environment_of_another_python_is_made_anew(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its packages would not be seen. One of the same Python is kept."""
    monkeypatch.setattr(install, "commands", lambda *_: [])
    for python, kept in ((f"python3.{sys.version_info[1]}", True), ("python3.2", False)):
        other = there / python / "lib" / python / "site-packages"
        other.mkdir(parents=True)

        assert install.main(str(there / python), "dev") is None
        assert kept == other.exists()
        assert (there / python / "ready").exists()


def test_a_lock_of_no_name_is_refused() -> None:
    """With the names that there are."""
    assert "there is no lock 'newest': dev, sdk2" in (install.main("env", "newest") or "")


def test_drift_is_each_package_that_is_not_as_locked() -> None:
    """Newer, new, or gone; what is the same is not told."""
    assert [
        "a: locked 1.0, newest 2.0",
        "c: locked 1.0, newest not there",
        "d: locked not there, newest 1.0",
    ] == [*newest.drift({"a": "1.0", "b": "1.0", "c": "1.0"}, {"a": "2.0", "b": "1.0", "d": "1.0"})]


def test_the_locked_versions_are_those_of_this_machine() -> None:
    """As this environment has them, by the markers of the lock."""
    found = newest.here((ROOT / "locks/dev.txt").read_text(encoding="utf-8"))
    text = "a==1.0 ; python_version < '3'\na==2.0 ; python_version >= '3'\nuv==1.0\n"

    assert "openai" in found
    assert {"a": "2.0"} == newest.here(text)


def test_what_the_project_asks_for_is_suspected_first() -> None:
    """Its dependencies in any extra, by the names that a lock has."""
    project: Any = {
        "dependencies": ["PyYAML>=6"],
        "optional-dependencies": {"a": ["uvicorn[standard]>=0.3"], "dev": ["runfsm[a]"]},
    }

    assert {"pyyaml", "uvicorn"} == newest.direct(project)


def test_failed_tests_are_named_so_that_they_can_be_run_again() -> None:
    """From pytest's report, each with the first line of its reason."""
    assert {
        "tests/unit/test_a.py::test_b[1]": "E one",
        "tests/unit/test_d.py::test_e": "boom",
    } == newest.failures(REPORT)
