"""The lock files fit pyproject.toml and the Makefile; a forgotten `make lock` is noticed here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import make
from lockfile import LOCKS, PYTHONS, ROOT, pins, python_range

PROJECT: Any = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
TEXTS = {name: (ROOT / f"locks/{name}.txt").read_text(encoding="utf-8") for name in LOCKS}
#: Where a lock must fit.
PLACES = [
    {"python_version": version, "python_full_version": f"{version}.5", **system}
    for version in ("3.11", "3.12", "3.13", "3.14")
    for system in (
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
        {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
    )
]
EACH = pytest.mark.parametrize("name", LOCKS)


def wanted(name: str) -> list[Requirement]:
    """All that a lock must satisfy: the base, its extras and its groups, with what those name."""
    lock = LOCKS[name]
    texts = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    texts += [text for group in lock.groups for text in PROJECT["dependency-groups"][group]]
    extras, seen = [*lock.extras], set()
    while extras:
        if (extra := extras.pop()) in seen:
            continue
        seen.add(extra)
        for text in EXTRAS[extra]:
            one = Requirement(text)
            extras += one.extras if one.name == "runfsm" else ()
            texts += [text] if one.name != "runfsm" else []
    return [Requirement(text) for text in (*texts, *lock.constraints)]


def brought(asks: Requirement) -> Iterator[tuple[Requirement, str]]:
    """The requirement itself, and what its own extras bring, as the installed package says."""
    yield asks, ""
    for extra in asks.extras:
        for one in map(Requirement, requires(asks.name) or ()):
            if one.marker and "extra" in str(one.marker):
                yield one, extra


def locked(text: str, place: dict[str, str]) -> dict[str, list[str]]:
    """The versions of each package that a lock has at a place."""
    found: dict[str, list[str]] = {}
    for name, version, marker in pins(text):
        if not marker or Marker(marker).evaluate(place):
            found.setdefault(canonicalize_name(name), []).append(version)
    return found


def unfit(name: str, text: str) -> list[str]:
    """Each dependency that a lock does not satisfy, at some place."""
    return [
        f"{one} at {place}: {versions}"
        for place in PLACES
        for found in [locked(text, place)]
        for asks in wanted(name)
        for one, extra in brought(asks)
        if not one.marker or one.marker.evaluate({**place, "extra": extra})
        for versions in [found.get(canonicalize_name(one.name), [])]
        if len(versions) != 1 or not one.specifier.contains(versions[0], prereleases=True)
    ]


@EACH
def test_a_lock_fits_the_project(name: str) -> None:
    """Each dependency once, in a version that is allowed; else: make lock."""
    assert [] == unfit(name, TEXTS[name])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\nopenai==", "\nopenai==1."),  # a version that is not allowed any more
        ("\nstarlette==", "\nanother=="),  # one that was forgotten
        ("\nhttptools==", "\nanother=="),  # of an extra of another package
        ("\nhatchling==", "\nanother=="),  # the build backend is locked, too
        ("\nuvicorn==", "\nuvicorn==1.0\nuvicorn=="),  # two at once
    ],
)
def test_a_lock_that_does_not_fit_is_found(before: str, after: str) -> None:
    """What somebody changes in pyproject.toml alone."""
    assert before in TEXTS["dev"]
    assert unfit("dev", TEXTS["dev"].replace(before, after, 1))


def test_every_extra_is_locked() -> None:
    """In one of the files at least."""
    held = {one.name for name in LOCKS for one in wanted(name)}

    assert held >= {Requirement(t).name for texts in EXTRAS.values() for t in texts} - {"runfsm"}


@EACH
def test_a_lock_names_no_place_of_this_machine(name: str) -> None:
    """No index, address, path or option; a hash of each file, and nothing else."""
    lines = [line.strip(" \\") for line in TEXTS[name].splitlines() if line[0] != "#"]
    hashes = [line for line in lines if re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line)]
    pinned = [line for line in lines if re.fullmatch(r"[a-z0-9._-]+==[\w.+!]+( ; .+)?", line)]

    assert len(lines) == len(hashes) + len(pinned)
    assert len(pinned) == len(pins(TEXTS[name])) > 10


@EACH
def test_a_lock_says_how_it_is_made(name: str) -> None:
    """At its top; a changed recipe without a new lock is noticed."""
    assert TEXTS[name].startswith(make.header(name))
    assert "make lock" in make.header(name)


def test_the_pythons_are_the_same_everywhere() -> None:
    """What is required, the classifiers, the locks, the Makefile's search and its words."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (lowest, highest), prefix = PYTHONS, "Programming Language :: Python :: 3."
    minors = range(lowest[1], highest[1] + 1)
    classifiers = PROJECT["project"]["classifiers"]

    assert {f"{prefix}{minor}" for minor in minors} == {c for c in classifiers if prefix in c}
    required = SpecifierSet(PROJECT["project"]["requires-python"])
    assert all(f"3.{minor}" in required for minor in minors)
    assert f"3.{lowest[1] - 1}" not in required
    assert f"not {lowest} <= sys.version_info[:2] <= {highest}" in makefile
    assert all(f" python3.{minor}" in makefile for minor in minors)
    assert f"runfsm needs Python {python_range()}" in makefile
