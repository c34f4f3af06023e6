"""docs/settings.md has each setting of a driver, with its default."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from runfsm import AsyncWatch, Pacing, Policy, RunStream, Watch

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The first two columns of the table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", section, re.MULTILINE))


@pytest.mark.reported(
    "tried as a new user",
    "`stream.outcome`, most of `Policy` and `aclose` were documented nowhere.",
    now="docs/settings.md has them all; a test holds it to the code.",
)
@pytest.mark.parametrize("settings", [Policy, Pacing], ids=lambda one: one.__name__)
def test_the_page_has_each_setting_and_its_default(settings: type[Any]) -> None:
    """A setting that is added, removed or changed makes the page stale (a new user's try)."""
    defaults = {
        field.name: field.default if field.default is not MISSING else field.default_factory()  # type: ignore[misc]  # one of the two is there
        for field in fields(settings)
    }

    assert {name: repr(value) for name, value in defaults.items()} == {
        name: {"Pacing()": repr(Pacing())}.get(text, text)
        for name, text in rows(settings.__name__).items()
    }


def test_the_page_names_what_is_there() -> None:
    """Each attribute that the last table speaks of exists, on threads and on tasks."""
    section = PAGE.partition("## A run under way")[2]
    named = {*re.findall(r"`(?:await )?watch\.(\w+)", section)}

    assert {"aclose", "cancel", "close", "finish", "outcome", "wake"} == named
    assert [] == [name for name in named - {"aclose"} if not hasattr(Watch, name)]
    assert [] == [name for name in named - {"close"} if not hasattr(AsyncWatch, name)]
    assert hasattr(RunStream, "outcome")
