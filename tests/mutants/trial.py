"""Mutants before the tests, each in a child process of its own.

*Cold*: the child has imported the libraries, and nothing of the project. It takes the mutant's tree
for its file's, collects the tests and runs them: one or two seconds, and nothing is left out.

*Warm*: the child has imported and collected everything; only the code of one function is exchanged
(`swap.py`), and only the tests are run that get to what is changed (`reach.py`): a tenth of a
second. What was computed at import stays as it was, so who survives that meets the tests cold.
"""

from __future__ import annotations

import ast
import builtins
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import zip_longest
from pathlib import Path
from types import CodeType
from typing import Any, Final

import pytest

from child import BROKEN, be_child, in_child
from mutant import Mutant, module_of
from reach import MARK, Reach, marked
from swap import swap_in

__all__ = ["FROZEN", "IMPORT", "SURVIVED", "cold", "reach_of", "warm", "warm_up"]

#: What kills a mutant, beside a test, its time and its crash: the tests cannot be collected.
IMPORT: Final = "(import)"

SURVIVED: Final = "(alive)"

#: What cannot be tried warm: it stands outside of functions, or the trial itself went wrong.
FROZEN: Final = "(frozen)"

#: A mutant may take so many times what the source takes, and some seconds.
PATIENCE: Final = 3
PATIENCE_S: Final = 2.0

#: The source itself may.
SOURCE_S: Final = 900.0

LIBRARIES: Final = (
    "anyio.abc",
    "docstring_parser",
    "hypothesis",
    "openai.types.beta",
    "openai.types.responses",
    "starlette",
    "transitions.extensions",
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


def cold(reach: Reach, mutant: Mutant) -> str:
    """What kills a mutant; `SURVIVED` if these tests do not, or it cannot be tried."""

    def judged() -> str:
        sys.meta_path.insert(0, _Finder({mutant.file: mutant.changed()}))
        bench = _Bench(lambda bench: bench.run(reach.in_order(bench.items)))
        code = pytest.main([*reach.words], plugins=[bench])
        if code is pytest.ExitCode.INTERNAL_ERROR and not bench.failed:
            return BROKEN
        return bench.verdict if code is pytest.ExitCode.OK or bench.failed else IMPORT

    limit_s = _limit_s(reach.ready_s + sum(reach.seconds.values()))
    killed_by = in_child(judged, limit_s)
    if killed_by == BROKEN:
        return SURVIVED
    reach.killed(killed_by)
    return killed_by


def warm(reach: Reach, mutants: Sequence[Mutant]) -> Iterator[str]:
    """What kills each of these, as it comes; or `SURVIVED`, or `FROZEN`."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        be_child(lambda: _serve(reach, mutants, writer))
    os.close(writer)
    with os.fdopen(reader) as told:
        yield from (json.loads(line) for line in told)
    os.waitpid(child, 0)


def reach_of(tests: Sequence[str], files: Sequence[str]) -> Reach:
    """Which of the tests gets where in these files.

    Args:
        tests: what pytest is called with to have them.
        files: the files, from the root of the checkout.

    Raises:
        SystemExit: the source itself does not stand a test.
    """
    words = [*tests, *OPTIONS]
    said = in_child(lambda: _watched(words, files), SOURCE_S)
    try:
        known = json.loads(said)
    except ValueError:
        raise SystemExit(f"the source itself does not stand its tests: {said}") from None
    reach = Reach(words, known["ready_s"], known["at_import"])
    for test, seconds, places in known["tests"]:
        reach.add(test, seconds, places)
    return reach


# In the child ------------------------------------------------------------------------------------


def _serve(reach: Reach, mutants: Sequence[Mutant], writer: int) -> None:
    def each(bench: _Bench) -> None:
        gc.freeze()
        for mutant in mutants:
            tests = reach.of(mutant)
            limit_s = _limit_s(sum(reach.seconds[test] for test in tests))
            killed_by = in_child(partial(_swapped, mutant, bench, tests), limit_s)
            reach.killed(killed_by)
            told = FROZEN if killed_by == BROKEN else killed_by
            os.write(writer, f"{json.dumps(told)}\n".encode())

    pytest.main([*reach.words], plugins=[_Bench(each)])


def _swapped(mutant: Mutant, bench: _Bench, tests: Sequence[str]) -> str:
    if not swap_in(mutant):
        return FROZEN
    bench.run(tests)
    return bench.verdict


def _watched(words: Sequence[str], files: Sequence[str]) -> str:
    """What `reach_of` wants to know, as JSON; or else the test that fails."""
    gone: set[str] = set()
    vars(builtins)[MARK] = gone.add
    sys.meta_path.insert(0, _Finder({it: marked(it, Path(it).read_text("utf-8")) for it in files}))
    known: dict[str, Any] = {"tests": []}
    began_at = time.monotonic()

    def watch(bench: _Bench) -> None:
        known.update(ready_s=time.monotonic() - began_at, at_import=sorted(gone))
        for test in bench.items:
            gone.clear()
            said = in_child(partial(_alone, bench, test, gone), SOURCE_S)
            if not said.startswith("["):
                bench.failed = f"{test} {said}"
                return
            known["tests"].append([test, *json.loads(said)])

    bench = _Bench(watch)
    pytest.main([*words], plugins=[bench])
    return bench.failed or json.dumps(known)


def _alone(bench: _Bench, test: str, gone: set[str]) -> str:
    began_at = time.monotonic()
    bench.run([test])
    return bench.failed or json.dumps([time.monotonic() - began_at, sorted(gone)])


def _limit_s(usual_s: float) -> float:
    return PATIENCE * usual_s + PATIENCE_S


class _Bench:
    """Where the tests are that pytest has collected.

    Args:
        work: what to do with them.

    Attributes:
        items: the tests, by id.
        failed: the first that has failed.
    """

    def __init__(self, work: Callable[[_Bench], object]) -> None:
        self._work = work
        self.items: dict[str, pytest.Item] = {}
        self.failed = ""

    @property
    def verdict(self) -> str:
        return self.failed or SURVIVED

    def run(self, tests: Iterable[str]) -> None:
        """Run these, up to the first that fails."""
        items = [self.items[test] for test in tests]
        for item, following in zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                break

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            self.failed = IMPORT  # not even collected
        else:
            self.items = {item.nodeid: item for item in session.items}
            self._work(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


class _Finder(MetaPathFinder):
    """Gives trees for the modules of some files.

    Args:
        trees: by file.
    """

    def __init__(self, trees: Mapping[str, ast.Module]) -> None:
        self._trees = {module_of(file): (file, tree) for file, tree in trees.items()}

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002  # the protocol's
        if fullname not in self._trees:
            return None
        name, tree = self._trees[fullname]
        file = Path(name).resolve()
        loader = _Loader(fullname, str(file))
        loader.code = compile(tree, str(file), "exec")
        return spec_from_file_location(fullname, file, loader=loader)


class _Loader(SourceFileLoader):
    code: CodeType

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # the protocol's
        return self.code
