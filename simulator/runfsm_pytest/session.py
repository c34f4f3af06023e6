"""Coverage of a whole session: counted here, added up from all workers of pytest-xdist, gated."""

from __future__ import annotations

import json
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console

from runfsm.errors import CallerError
from runfsm_simulator.doors.wholefile import check_writable
from runfsm_simulator.testing.coverage import GATED, Book, Measured, counting, measure
from runfsm_simulator.testing.coverage.report import tell

__all__ = ["SessionCoverage"]

WIDTH: Final = 96  # columns
OUTPUT: Final = "runfsm_coverage"  # under which a worker hands its book to the controller


class SessionCoverage:
    """Counts what all simulators of the session do; registered only if somebody wants to know.

    Args:
        config: of the session: of one that runs all tests, of a worker, or of their controller.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._file: str | None = config.option.runfsm_coverage
        self._percent: float | None = config.option.runfsm_fail_under
        if self._file:
            _check_file(self._file)
        self._open = ExitStack()
        self._clerk = self._open.enter_context(counting())
        self._others: list[Book] = []
        self._lost = 0

    @property
    def _measured(self) -> Measured:
        return measure(Book.merged([self._clerk.book, *self._others]))

    @property
    def _is_short(self) -> bool:
        return self._percent is not None and bool(self._measured.below(self._percent))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Hand the book on, as a worker; else write it, and let the gate fall."""
        self._open.close()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[OUTPUT] = json.dumps(self._clerk.book.to_dict())
            return
        if self._file:
            self._measured.book.write(Path(self._file))
        if self._is_short and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)  # of pytest-xdist
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker is done: take its book. One that crashed has left none."""
        output = getattr(node, "workeroutput", {})
        if OUTPUT in output:
            self._others.append(Book.from_dict(json.loads(output[OUTPUT])))
        else:
            self._lost += 1

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell it."""
        measured, gated = self._measured, () if self._percent is None else GATED
        console = Console(file=StringIO(), width=WIDTH, highlight=False)
        tell(console, measured, gated=gated)
        terminalreporter.section("runfsm coverage")
        terminalreporter.write_line(console.file.getvalue().rstrip())  # type: ignore[attr-defined]  # it is the StringIO
        if self._lost:
            terminalreporter.write_line(f"without what {self._lost} lost workers had seen")
        if self._is_short:
            below = ", ".join(one.told for one in measured.below(self._percent or 0))
            terminalreporter.write_line(f"below {self._percent} %: {below}", red=True)


def _check_file(file: str) -> None:
    """Refuse it before the tests, whose counts would be lost after them."""
    try:
        check_writable(file, told="--runfsm-coverage: the book cannot be written")
    except CallerError as error:
        raise pytest.UsageError(str(error)) from error
