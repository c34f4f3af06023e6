"""What all tests share: reproducible Hypothesis, the roads, and what is told at the end."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import settings

# Whatever a simulator answers in any test is checked against the official client's types; what of
# a client is newer than the suite; and the fixtures of the roads.
pytest_plugins = ["sdk_drift", "schema_check", "roads"]

# The same examples each time: a failure in CI is a failure at home.
settings.register_profile("runfsm", derandomize=True, database=None, deadline=None)
settings.load_profile("runfsm")


def pytest_collection_finish() -> None:
    """Whoever collects garbage in a test looks through what was made since, and not all modules."""
    gc.collect()
    gc.freeze()


# What the property tests have covered, told at the end of the session.

COVERAGE: list[str] = []


@pytest.fixture
def coverage_report() -> list[str]:
    """Lines to print when all tests are done."""
    return COVERAGE


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the lines on, as a worker of pytest-xdist."""
    output = getattr(session.config, "workeroutput", {})
    output["lifecycle_coverage"] = COVERAGE


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: Any) -> None:
    """A worker is done: its lines."""
    COVERAGE.extend(getattr(node, "workeroutput", {}).get("lifecycle_coverage", []))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the property tests have covered."""
    if COVERAGE:
        terminalreporter.section("lifecycle coverage of the property tests")
        for line in COVERAGE:
            terminalreporter.write_line(line)
