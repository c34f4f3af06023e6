"""Mutants before the tests, each in a child process of its own.

*Cold*: the child has imported the libraries, and nothing of the project. It takes the mutant's tree
for its file's, collects the tests and runs them: one or two seconds, and nothing is left out.

*Warm*: the child has imported and collected everything; only the code of one function is exchanged
(`swap.py`): a tenth of a second. What was computed at import stays as it was, so who survives the
warm tests meets the near ones cold as well.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import Any, Final, NoReturn

import pytest

from mutant import Mutant
from swap import swap_in

__all__ = ["CRASH", "FROZEN", "IMPORT", "SURVIVED", "TIME", "cold", "time_of", "warm", "warm_up"]

#: What kills a mutant, beside a test: the tests cannot even be collected, or take too long, or the
#: process ends (by memory that runs out, say).
IMPORT: Final = "(import)"
TIME: Final = "(time)"
CRASH: Final = "(crash)"

SURVIVED: Final = "(alive)"

#: What cannot be changed while the program runs: it stands outside of functions.
FROZEN: Final = "(frozen)"

#: A mutant may take so many times what the source takes, and some seconds.
PATIENCE: Final = 3
PATIENCE_S: Final = 5.0

#: A mutant that eats more is stopped, and so killed.
MEMORY_MAX: Final = 2**31

PAUSE_S: Final = 0.005

LIBRARIES: Final = (
    "hypothesis",
    "openai.types.beta",
    "openai.types.responses",
    "starlette",
    "transitions",
    "trio",
    "typer",
    "yaml",
)

#: Plain asserts: nobody reads why they fail. No search for what was not closed: it takes long.
OPTIONS: Final = ("-q", "--assert=plain", "-p", "no:unraisableexception")


def warm_up() -> None:
    """Import what every child needs, and none of them mutates."""
    for name in LIBRARIES:
        import_module(name)
    gc.collect()
    gc.freeze()  # what is there now is looked through by no child


def cold(tests: Sequence[str], mutant: Mutant | None, *, limit_s: float) -> str:
    """What kills a mutant; `SURVIVED` if these tests do not. Without one: the source as it is."""

    def judged() -> str:
        if mutant is not None:
            sys.meta_path.insert(0, _Finder(mutant))
        bench = _Bench()
        code = pytest.main([*tests, *OPTIONS], plugins=[bench])
        return bench.verdict if code is pytest.ExitCode.OK or bench.failed else IMPORT

    return _in_child(judged, limit_s)


def time_of(tests: Sequence[str]) -> float:
    """How long a mutant may take for these tests, in seconds; the source itself has to pass them.

    Raises:
        SystemExit: it does not.
    """
    began_at = time.monotonic()
    killed_by = cold(tests, None, limit_s=600.0)
    if killed_by != SURVIVED:
        raise SystemExit(f"the source itself does not stand its tests: {killed_by}")
    return PATIENCE * (time.monotonic() - began_at) + PATIENCE_S


def warm(tests: Sequence[str], mutants: Sequence[Mutant], *, limit_s: float) -> Iterator[str]:
    """What kills each of these, as it comes; or `SURVIVED`, or `FROZEN`."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _be_child(lambda: _serve(tests, mutants, limit_s, writer))
    os.close(writer)
    with os.fdopen(reader) as told:
        yield from (json.loads(line) for line in told)
    os.waitpid(child, 0)


def _in_child(judged: Callable[[], str], limit_s: float) -> str:
    reader, writer = os.pipe()
    until = time.monotonic() + limit_s
    child = os.fork()
    if child == 0:
        _be_child(lambda: os.write(writer, judged().encode()))
    os.close(writer)
    in_time = _waited_for(child, until)
    with os.fdopen(reader) as told:
        return (told.read() or CRASH) if in_time else TIME


def _waited_for(child: int, until: float) -> bool:
    """Whether the child has ended in time; it is ended in any case, and what it started with it."""
    in_time = True
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > until:
            in_time = False
            break
        time.sleep(PAUSE_S)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not in_time:
        os.waitpid(child, 0)
    return in_time


# In the child ------------------------------------------------------------------------------------


def _be_child(work: Callable[[], object]) -> NoReturn:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    try:
        work()
    finally:
        os._exit(0)  # threads of a mutant may hang; nobody waits for them


def _serve(tests: Sequence[str], mutants: Sequence[Mutant], limit_s: float, writer: int) -> None:
    def each(run: Callable[[], str]) -> None:
        for mutant in mutants:
            killed_by = _in_child(partial(_swapped, mutant, run), limit_s)
            os.write(writer, f"{json.dumps(killed_by)}\n".encode())

    pytest.main([*tests, *OPTIONS], plugins=[_Bench(each)])


def _swapped(mutant: Mutant, run: Callable[[], str]) -> str:
    return run() if swap_in(mutant) else FROZEN


class _Bench:
    """Runs the tests that pytest has collected, up to the first that fails.

    Args:
        serve: is given that run, to have it as often as it likes; otherwise it is had once.
    """

    def __init__(self, serve: Callable[[Callable[[], str]], None] | None = None) -> None:
        self._serve = serve
        self.failed = ""

    @property
    def verdict(self) -> str:
        return self.failed or SURVIVED

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            self.failed = IMPORT  # not even collected
        elif self._serve:
            self._serve(lambda: self._run(session.items))
        else:
            self._run(session.items)
        return True

    def _run(self, items: Sequence[pytest.Item]) -> str:
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                break
        return self.verdict

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


class _Finder(MetaPathFinder):
    """Gives the mutant for its file's module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002  # the protocol's
        if fullname != self._mutant.module:
            return None
        file = Path(self._mutant.file).resolve()
        loader = _Loader(fullname, str(file))
        loader.code = compile(self._mutant.changed(), str(file), "exec")
        return spec_from_file_location(fullname, file, loader=loader)


class _Loader(SourceFileLoader):
    code: CodeType

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # the protocol's
        return self.code
