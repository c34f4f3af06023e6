"""The table of paths, searched by look-ups: it finds what a scan of the table finds."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfsm_simulator.wire.paths import Paths, pattern
from runfsm_simulator.wire.routes import ROUTES

SEGMENTS = sorted({part for path in ROUTES for part in path.split("/")} | {"a", "", "a\nb", "{id}"})


def scanned(table: Mapping[str, object], path: str) -> tuple[str, Mapping[str, str]] | None:
    """The first path of the table that fits, found the long way."""
    for written in table:
        if match := pattern(written).fullmatch(path):
            return written, match.groupdict()
    return None


@given(st.lists(st.sampled_from(SEGMENTS), max_size=9))
def test_it_finds_what_a_scan_finds(parts: list[str]) -> None:
    """The same path of the table and the same ids, or nothing, whatever the path."""
    path = "/".join(parts)
    found = Paths(ROUTES).find(path)

    assert scanned(ROUTES, path) == (found and (found[0], found[2]))


@pytest.mark.parametrize("path", ROUTES)
def test_each_path_of_the_table_is_found(path: str) -> None:
    """By itself, with ids in it: no other one is in front of it."""
    filled = re.sub(r"\{\w+\}", "x", path)
    found = Paths(ROUTES).find(filled)

    assert (path, ROUTES[path]) == (found and found[:2])


def test_of_two_that_fit_the_first_is_found() -> None:
    """In the order of the table, whichever has more literal segments."""
    for first, second in (("/a/{id}", "/{id}/b"), ("/{id}/b", "/a/{id}")):
        found = Paths({first: 1, second: 2}).find("/a/b")
        assert (first, 1) == (found and found[:2])
