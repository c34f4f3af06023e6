"""`make newest`: the suite on the newest versions of today, and what of them drifts from the lock.

In an environment of its own, resolved anew each time. If tests fail, each newest version is tried
alone upon the locked ones, so that a failure is told with the package that makes it. Nothing but
this command fails by it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lockfile import ROOT, pins

__all__ = ["direct", "drift", "failures", "main"]

UV: Final = str(ROOT / ".venv" / "bin" / "uv")
FOLDER: Final = ROOT / ".venv-newest"
PYTHON: Final = FOLDER / "bin" / "python"
SUITE: Final = ("-n", "auto", "--dist", "worksteal")
SUSPECTS_MAX: Final = 8  # of the packages that are tried alone
TRIED_MAX: Final = 40  # of the tests that they are tried with
NOT_TESTED: Final = frozenset({"runfsm", "uv", "pip", "setuptools"})


def drift(locked: Mapping[str, str], newest: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each package whose newest version is not the locked one."""
    for name in sorted({*locked, *newest}):
        before, now = locked.get(name, "not there"), newest.get(name, "not there")
        if before != now:
            yield f"{name}: locked {before}, newest {now}"


def here(lock: str) -> dict[str, str]:
    """Return the versions that a lock has for this Python on this machine."""
    return {
        name: version
        for name, version, marker in pins(lock)
        if name not in NOT_TESTED and (not marker or Marker(marker).evaluate())
    }


def direct(project: Mapping[str, Any]) -> set[str]:
    """Return the names that pyproject.toml asks for, in any extra."""
    lists = (project["dependencies"], *project["optional-dependencies"].values())
    texts = [text for one in lists for text in one]
    return {str(canonicalize_name(Requirement(text).name)) for text in texts} - {"runfsm"}


def failures(report: str) -> dict[str, str]:
    """Return the tests that failed, in pytest's JUnit report, each with its first words."""
    return {
        f"{(case.get('classname') or '').replace('.', '/')}.py::{case.get('name')}": (
            bad.get("message") or ""
        ).split("\n")[0]
        for case in ET.fromstring(report).iter("testcase")  # noqa: S314  # pytest's own, of a moment ago
        for bad in (*case.findall("failure"), *case.findall("error"))
    }


def main(tests: Sequence[str]) -> int:
    """Set up, test, tell; return pytest's exit code."""
    _resolve()
    locked, newest = here((ROOT / "locks" / "dev.txt").read_text("utf-8")), _versions(PYTHON)
    lines = list(drift(locked, newest))
    _tell("newest versions", lines or ["none: the locked versions are the newest"])
    code, failed = _tested(tests or SUITE)
    _tell("drift: packages", lines)
    _tell("drift: tests that fail on them", [f"{test}: {why}" for test, why in failed.items()])
    if failed:
        _tell("drift: by package, each alone upon the lock", list(_blame(failed, locked, newest)))
    return code


def _resolve() -> None:
    extra = ("--editable", ".[dev]", "--group", "build")
    _run(UV, "venv", "--quiet", "--clear", "--python", sys.executable, str(FOLDER))
    _run(UV, "pip", "install", "--quiet", "--refresh", "--python", str(PYTHON), *extra)


def _run(*words: str) -> None:
    done = subprocess.run(words, check=False, cwd=ROOT)  # noqa: S603  # our own words
    if done.returncode:
        print("drift: the newest versions cannot be installed together; uv says why, above")
        raise SystemExit(done.returncode)


def _versions(python: Path) -> dict[str, str]:
    words = (UV, "pip", "list", "--quiet", "--format", "json", "--python", str(python))
    told = subprocess.run(words, check=True, cwd=ROOT, capture_output=True, text=True).stdout  # noqa: S603  # as above
    found = {canonicalize_name(one["name"]): one["version"] for one in json.loads(told)}
    return {name: version for name, version in found.items() if name not in NOT_TESTED}


def _tested(args: Sequence[str]) -> tuple[int, dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        words = (str(PYTHON), "-m", "pytest", *args, f"--junitxml={report}")
        code = subprocess.run(words, check=False, cwd=ROOT).returncode  # noqa: S603  # as above
        return code, failures(report.read_text("utf-8")) if report.exists() else {}


def _blame(
    tests: Mapping[str, str], locked: Mapping[str, str], newest: Mapping[str, str]
) -> Iterator[str]:
    """Yield which tests fail with one newest package alone. The tests are those that failed."""
    asked = direct(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"])
    suspects = [name for name in sorted(asked & {*newest}) if locked.get(name) != newest[name]]
    for name in suspects[:SUSPECTS_MAX]:
        _run(UV, "pip", "sync", "--quiet", "--python", str(PYTHON), "locks/dev.txt")
        words = ("--quiet", "--python", str(PYTHON), f"{name}=={newest[name]}")
        _run(UV, "pip", "install", *words)
        _run(UV, "pip", "install", "--quiet", "--python", str(PYTHON), "--no-deps", "-e", ".")
        _, failed = _tested(("--quiet", *list(tests)[:TRIED_MAX]))
        yield f"{name} {newest[name]}: {', '.join(failed) or 'nothing fails by it alone'}"


def _tell(title: str, lines: Sequence[str]) -> None:
    if lines:
        print(f"\n== {title}", *lines, sep="\n  ", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
