"""A plugin of pytest: simulators as fixtures, and what to run again when a test fails.

wishes.py   what a test's markers and the command line ask for
failing.py  what is told of a simulator whose test has failed
server.py   the test's simulator behind a URL, in this process
session.py  coverage of a whole session, of all workers of pytest-xdist too

Rule: every pytest run of every environment that has runfsm loads this file, so it imports nothing
but pytest; the rooms are entered when a test, or the command line, asks for something.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    import openai

    from runfsm_pytest.server import LiveServer
    from runfsm_pytest.wishes import Made
    from runfsm_simulator import Simulator, VirtualClock

__all__ = ["async_openai_client", "openai_client", "runfsm_server", "simulator", "virtual_clock"]

#: Where a test keeps the simulator that was made for it.
MADE: Final[pytest.StashKey[Made]] = pytest.StashKey()

MARKERS: Final = {
    "runfsm_script(script)": "what the simulated assistant does: a Script, a function from a Scene "
    "to a Turn, a .yaml file beside the test, or the name of a shipped scenario",
    "runfsm_seed(n)": "of every choice that the script leaves open; --runfsm-seed goes before it",
    "runfsm_faults(storm)": "what goes wrong by itself: a Storm, or its fields as timeout=0.2",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup("runfsm", "runfsm: simulated assistant runs")
    group.addoption(
        "--runfsm-seed",
        metavar="N",
        type=_seed,
        help="Seed of all simulators, before that of markers; `random` draws one and tells it.",
    )
    group.addoption(
        "--runfsm-coverage",
        metavar="FILE",
        help="Write which statuses, edges, pairs, calls and faults were seen: see runfsm coverage.",
    )
    group.addoption(
        "--runfsm-fail-under",
        metavar="PERCENT",
        type=float,
        help="Fail if fewer statuses, edges or pairs of edges were seen.",
    )


def _seed(text: str) -> int:
    if text != "random":
        return int(text)
    from secrets import randbelow  # noqa: PLC0415  # as the rule says

    return randbelow(1 << 32)


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known; count, if somebody wants to know."""
    for marker, about in MARKERS.items():
        config.addinivalue_line("markers", f"{marker}: {about}")
    if config.option.runfsm_coverage or config.option.runfsm_fail_under is not None:
        from runfsm_pytest.session import SessionCoverage  # noqa: PLC0415  # as the rule says

        config.pluginmanager.register(SessionCoverage(config), "runfsm-coverage")


def pytest_report_header(config: pytest.Config) -> str | None:
    """The seed, if one was asked for: a drawn one is known from here only."""
    seed = config.option.runfsm_seed
    return None if seed is None else f"runfsm: --runfsm-seed={seed}"


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Simulator:
    """A `runfsm_simulator.Simulator`, as the test's markers want it; its time is virtual."""
    from runfsm_pytest.wishes import made_for  # noqa: PLC0415  # as the rule says

    made = request.node.stash[MADE] = made_for(request.node)
    return made.simulator


@pytest.fixture
def openai_client(simulator: Simulator) -> Iterator[openai.OpenAI]:
    """A real `openai.OpenAI` whose service is the test's simulator."""
    with simulator.client() as client:
        yield client


@pytest.fixture
def async_openai_client(simulator: Simulator) -> openai.AsyncOpenAI:
    """A real `openai.AsyncOpenAI`, for any event loop. Nothing of it needs to be closed."""
    return simulator.async_client()


@pytest.fixture
def virtual_clock(simulator: Simulator) -> VirtualClock:
    """The clock of the test's simulator: `advance(seconds)`, `now()`."""
    clock: VirtualClock = simulator.clock
    return clock


@pytest.fixture
def runfsm_server(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveServer]:
    """The test's simulator behind a URL, for code that makes its own client, in any process.

    `OPENAI_BASE_URL` and `OPENAI_API_KEY` are set while the test runs, so `openai.OpenAI()` finds
    it, and so does a subprocess, in Python or Node. Needs the extra `server`.
    """
    from runfsm_pytest.server import serving  # noqa: PLC0415  # as the rule says

    with serving(simulator) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.hookimpl(hookwrapper=True)  # the old form, which every pytest takes that may load this
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add to a failure what its simulator did, and how to see it again."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.failed and MADE in item.stash:
        from runfsm_pytest.failing import told  # noqa: PLC0415  # as the rule says

        report.sections.append(("runfsm", told(item.stash[MADE], item.nodeid)))
