"""Facts about `runfsm explore`: what it tells, what it writes, what it refuses."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from runfsm.cli import app
from runfsm.errors import CallerError

LOOPS = Path(__file__).parents[3] / "examples" / "loops"

Explore = Callable[..., Result]


@pytest.fixture
def explore(monkeypatch: pytest.MonkeyPatch) -> Explore:
    """The command, in this process, on a wide terminal."""
    monkeypatch.setenv("COLUMNS", "96")
    return lambda *args: CliRunner().invoke(app, ["explore", *args])


def test_the_lessons_loop_is_taken_to_pieces(explore: Explore) -> None:
    """What the loop of the lesson does wrong is found by one deviation, or by two."""
    result = explore(f"{LOOPS / 'seed_loop.py'}:ask", "--json")
    told = json.loads(result.stdout)
    found = {f"{one['law']}: {one['what']}" for one in told["counterexamples"]}

    assert 1 == result.exit_code
    assert {
        f"returns: asks for ever about a run that is {status}"
        for status in ("cancelled", "expired", "incomplete")
    } <= found
    assert any(one.startswith("refused: submit is refused: Expected tool outputs") for one in found)
    assert "silent: returns a text as if all was well, though the run is failed" in found


def test_the_poll_helper_knows_one_round(explore: Explore) -> None:
    """The SDK's helper with outputs by hand leaves a second round of calls unanswered."""
    result = explore(f"{LOOPS / 'helper_loop.py'}:ask")

    assert 1 == result.exit_code
    assert "left: leaves a run behind, requires_action" in result.stdout
    assert "the model calls one tool; the model calls one tool" in result.stdout


def test_the_driver_gets_a_certificate(explore: Explore) -> None:
    """No law is broken, and it is told what was gone through."""
    result = explore(f"{LOOPS / 'driver_loop.py'}:ask", "--depth", "1")

    assert 0 == result.exit_code
    assert "no law is broken by any behaviour with at most 1" in result.stdout
    assert "behaviours  " in result.stdout


def test_the_core_needs_no_function(explore: Explore) -> None:
    """`--core` explores the project's own driver, on the direct port."""
    told = json.loads(explore("--core", "--depth", "1", "--json").stdout)

    assert (True, True) == (told["is_clean"], told["is_complete"])
    assert told["function"].endswith("core:drive_core")


def test_a_counterexample_is_written_as_a_test_that_fails(explore: Explore, tmp_path: Path) -> None:
    """The test raises the law that is broken; the trace beside it is JSON, line by line."""
    explore(f"{LOOPS / 'seed_loop.py'}:ask", "--depth", "1", "--write", str(tmp_path))
    tests = [*tmp_path.glob("test_counterexample_*.py")]
    written = str(tmp_path / "test_counterexample_ask_3_returns.py")
    (test,) = [it for key, it in runpy.run_path(written).items() if key.startswith("test_")]

    assert 5 == len(tests)
    with pytest.raises(AssertionError, match="returns: asks for ever about a run that is expired"):
        test()
    trace = (tmp_path / "ask_3_returns.jsonl").read_text(encoding="utf-8").splitlines()
    assert {"choice", "edge", "at_s"} == {next(iter(json.loads(line))) for line in trace}


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("", "'' names no function"),
        ("seed_loop", "a colon and the name: runfsm explore my.app:ask"),
        ("no.such.module:ask", "there is no module no.such.module"),
        ("./nowhere.py:ask", "there is no Python file"),
        (f"{LOOPS / 'seed_loop.py'}:asks", "has no asks; it has"),
        (f"{LOOPS / 'seed_loop.py'}:TOOLS", "is no function, but a list"),
        (f"{LOOPS / 'seed_loop.py'}:get_nickname --depth -1", "as depth=2"),
        (f"{LOOPS / 'seed_loop.py'}:wait_for_run_function_calling", "bind the rest"),
    ],
)
def test_a_wrong_place_is_told(explore: Explore, place: str, why: str) -> None:
    """What cannot be explored is refused, in words that say what to write."""
    result = explore(*place.split(" ")) if place else explore("")

    assert isinstance(result.exception, CallerError)
    assert why in str(result.exception)


#: What a newcomer's file may hold; `interrupted` is left by Ctrl-C in its seventh behaviour.
ODD = """
import itertools, sys

plays = itertools.count()

def quits(client):
    sys.exit("no more")

def idle(client):
    yield client.beta.assistants.create(model="gpt-4o")

def interrupted(client):
    if next(plays) == 6:
        raise KeyboardInterrupt
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Answer.")
    run = client.beta.threads.create_and_run(assistant_id=assistant.id)
    client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
"""


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that one stands in, with `oddloops.py`."""
    (tmp_path / "oddloops.py").write_text(ODD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "oddloops", raising=False)
    return tmp_path


@pytest.mark.usefixtures("odd")
def test_an_exit_is_raised_as_any_other(explore: Explore) -> None:
    """A function that leaves by `sys.exit` is told of; it does not end the command."""
    result = explore("oddloops:quits")

    assert 1 == result.exit_code
    assert "raises: SystemExit: no more" in result.stdout


@pytest.mark.usefixtures("odd")
def test_what_makes_no_run_gets_no_praise(explore: Explore) -> None:
    """A generator is called and never run: that no law is broken proves nothing, and it is said."""
    assert "it made no run: nothing was tried" in explore("oddloops:idle").stdout


@pytest.mark.usefixtures("odd")
def test_ctrl_c_leaves_what_was_gone_through(explore: Explore) -> None:
    """What was found until then is told, as not finished; the exit code is the shells'."""
    result = explore("oddloops:interrupted")

    assert 130 == result.exit_code
    assert "left: leaves a run behind" in result.stdout
    assert "at most 2 deviations; not finished" in result.stdout


def test_a_written_test_finds_a_module_that_is_here(explore: Explore, odd: Path) -> None:
    """pytest looks in the folder of a test only, so the test says where its module is."""
    explore("oddloops:quits", "--write", "found")
    text = (odd / "found" / "test_counterexample_quits_1_raises.py").read_text(encoding="utf-8")

    assert f'sys.path.insert(0, "{odd.as_posix()}")' in text
    assert "from oddloops import quits" in text


@pytest.mark.usefixtures("odd")
def test_a_folder_that_cannot_be_made_is_told_at_once(explore: Explore) -> None:
    """It is refused before anything is searched."""
    result = explore("oddloops:quits", "--write", "oddloops.py/found")

    assert isinstance(result.exception, CallerError)
    assert "--write oddloops.py/found" in str(result.exception)


def test_a_module_that_exits_is_told(explore: Explore, odd: Path) -> None:
    """A script that runs whenever it is imported is named, with where its work belongs."""
    (odd / "oddscript.py").write_text("raise SystemExit(0)", encoding="utf-8")
    result = explore("./oddscript.py:main")

    assert isinstance(result.exception, CallerError)
    assert "__main__" in str(result.exception)
