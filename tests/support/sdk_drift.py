"""A plugin of the suite: what of the installed client differs from the versions that are known.

With a known version, each check fails as any other does. With another, a release of somebody else's
is no failure of ours: what its types refuse is noted, and printed at the end of the session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import openai
import pytest
from pydantic import ValidationError

import sdk_record
from sdk_record import RECORD

__all__ = ["lines", "tolerated"]

OUTPUT: Final = "sdk_drift"  # under which a worker of pytest-xdist hands on what it has noted
WORDS_MAX: Final = 200  # of what is told of one difference


def summary(error: BaseException) -> str:
    """Return what an error is about, without the values in it."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:WORDS_MAX]
    return f"{type(error).__name__}: {error}".split("\n", 1)[0][:WORDS_MAX]


@contextmanager
def tolerated(what: str) -> Iterator[None]:
    """Note what is raised, if the installed client is not known; else let it pass."""
    try:
        yield
    except Exception as error:
        if sdk_record.is_known():
            raise
        RECORD.drift.note(f"{what}: {summary(error)}")


def is_about_types(item: pytest.Item, error: BaseException) -> bool:
    """Return whether the client's types failed a test: it says so, or validated strictly."""
    if item.get_closest_marker("sdk_types"):
        return True
    if isinstance(error, BaseExceptionGroup):
        return any(is_about_types(item, one) for one in error.exceptions)
    cause = error.__cause__ or error.__context__
    refused = isinstance(error, openai.APIResponseValidationError)
    return refused or (cause is not None and is_about_types(item, cause))


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around what `schema_check` has found
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Have a test that only a newer client's types fail be an expected failure."""
    try:
        return (yield)
    except (Exception, pytest.fail.Exception) as error:
        if sdk_record.is_known() or not is_about_types(item, error):
            raise
        RECORD.drift.note(f"{item.nodeid}: {summary(error)}")
        raise pytest.xfail.Exception(f"openai {openai.__version__}: drift") from error


def lines() -> list[str]:
    """Return all that was noted, in order."""
    return sorted(RECORD.drift.lines)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the lines on, as a worker."""
    output = getattr(session.config, "workeroutput", {})
    output[OUTPUT] = lines()


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: Any) -> None:
    """A worker is done: add what it has noted."""
    RECORD.drift.lines.update(getattr(node, "workeroutput", {}).get(OUTPUT, ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what differs."""
    if told := lines():
        known = ", ".join(RECORD.versions)
        terminalreporter.section(f"drift: openai {openai.__version__} (known: {known})")
        for line in told:
            terminalreporter.write_line(line)
