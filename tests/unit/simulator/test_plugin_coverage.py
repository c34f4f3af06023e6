"""Coverage of a session, by the plugin: written, gated, added up from workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfsm.lifecycle import LIFECYCLE
from runfsm_simulator.testing.coverage import Book
from runfsm_simulator.testing.coverage.cells import edge_cell

pytest_plugins = ["pytester"]

CREATE = edge_cell("run", LIFECYCLE.edges[0])

FOUR = """
    import pytest
    from runfsm.lifecycle import RunStatus

    @pytest.mark.parametrize("n", range(4))
    def test_it(simulator, n):
        simulator.control.seed.run(RunStatus.COMPLETED)
    """

ALL = """
    from runfsm.lifecycle import LIFECYCLE
    from runfsm_simulator import Script, Simulator, hang

    def paths(*path):
        nexts = LIFECYCLE.allowed(path[-1].dest if path else None)
        for edge in nexts:
            if path.count(edge) < 2:
                yield from paths(*path, edge)
        if path and not nexts:
            yield path

    def test_everything():
        for path in paths():
            world = Simulator(Script.of(hang(queue_s=1000), cancel_s="never")).world
            assistant = world.create_assistant(model="gpt-4o", instructions="Hi")
            run = world.create_run(world.create_thread().id, assistant.id)
            for edge in path[1:]:
                world.fire(run.id, edge.event)
    """


def book_of(pytester: pytest.Pytester, *options: str) -> Book:
    """What a session of four tests has covered."""
    pytester.makepyfile(FOUR)
    file = pytester.path / "book.json"
    pytester.runpytest(f"--runfsm-coverage={file}", *options).assert_outcomes(passed=4)
    return Book.read(file)


def test_a_session_writes_a_book(pytester: pytest.Pytester) -> None:
    """All simulators of all tests are counted."""
    assert 4 == book_of(pytester)[CREATE]


def test_workers_are_added_up(pytester: pytest.Pytester) -> None:
    """Under pytest-xdist the book is the same as without, and so is the seed of all workers."""
    pytest.importorskip("xdist")
    alone = book_of(pytester)

    assert alone == book_of(pytester, "-n2", "--runfsm-seed=random")


def test_a_session_tells_what_it_covered(pytester: pytest.Pytester) -> None:
    """A line a section; without a gate, nothing is listed, and nothing fails."""
    pytester.makepyfile(FOUR)
    result = pytester.runpytest("--runfsm-coverage=book.json")

    assert pytest.ExitCode.OK == result.ret
    result.stdout.fnmatch_lines(["*runfsm coverage*", "statuses *3 of 9*", "edges *3 of 19*"])
    result.stdout.no_fnmatch_line("never, *")


@pytest.mark.parametrize(
    ("percent", "exit_code"), [(15, pytest.ExitCode.TESTS_FAILED), (5, pytest.ExitCode.OK)]
)
def test_the_gate(pytester: pytest.Pytester, percent: int, exit_code: int) -> None:
    """Below it the session fails though every test has passed, and what is missing is listed."""
    pytester.makepyfile(FOUR)
    result = pytester.runpytest(f"--runfsm-fail-under={percent}")

    assert exit_code == result.ret
    result.stdout.fnmatch_lines(["never, edges:", "  queued --cancel--> cancelling"])
    if exit_code:
        result.stdout.fnmatch_lines(["below 15.0 %: pairs: 2 of 32, 6.2 %"])


def test_all_is_a_hundred_percent(pytester: pytest.Pytester, tmp_path: Path) -> None:
    """Every status, edge and reachable pair: the highest gate lets it pass, and has no list."""
    pytester.makepyfile(ALL)
    result = pytester.runpytest("--runfsm-fail-under=100", f"--runfsm-coverage={tmp_path / 'all'}")

    assert pytest.ExitCode.OK == result.ret
    result.stdout.fnmatch_lines(["pairs *32 of 32*100.0 %*329 more cannot be*"])
    result.stdout.no_fnmatch_line("never, *")


def test_nothing_is_counted_unless_asked(pytester: pytest.Pytester) -> None:
    """Without one of the options there is no witness, and no section."""
    pytester.makepyfile(
        """
        def test_it(simulator, request):
            assert not request.config.pluginmanager.has_plugin("runfsm-coverage")
        """
    )
    result = pytester.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*runfsm coverage*")


def test_a_book_that_cannot_be_written(pytester: pytest.Pytester) -> None:
    """It is refused before any test has run, in a line, not as an error of pytest's inside."""
    pytester.makepyfile(FOUR)
    result = pytester.runpytest("--runfsm-coverage=nowhere/book.json")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["ERROR: --runfsm-coverage: the book cannot be written*"])
