"""`docs/coverage.md` tells what is there: each route, each test, each refusal."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path
from typing import Any

import pytest

from runfsm_simulator.wire.routes import ROUTES

TESTS = Path(__file__).parents[1]
COVERAGE: dict[str, Any] = runpy.run_path(str(Path(__file__).with_name("coverage")))
ROUTED = {f"{method} {path}" for path, handlers in ROUTES.items() for method in handlers}


def test_the_page_is_fresh() -> None:
    """It is what the command writes now."""
    assert COVERAGE["render"]() == COVERAGE["PAGE"].read_text(encoding="utf-8"), (
        "docs/coverage.md is stale: run `python tests/conformance/coverage`"
    )


def test_every_route_is_told_of() -> None:
    """No route without a row, no row without a route, and what is not there is not there."""
    assert set(COVERAGE["ROWS"]) == ROUTED
    assert set() == ROUTED & set(COVERAGE["NOT_THERE"])


@pytest.mark.parametrize(
    "test", sorted({row.test for rows in COVERAGE["ROWS"].values() for row in rows})
)
def test_every_row_has_its_test(test: str) -> None:
    """The file and the function that it names exist."""
    file, _, function = test.partition("::")
    (path,) = TESTS.rglob(f"{file}.py")
    defined = {
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }

    assert function in defined
