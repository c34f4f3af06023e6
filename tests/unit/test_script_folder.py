"""A folder of scripts as a planner: which one plays for whom, and what if files change."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runfsm.errors import ScriptError
from runfsm_simulator import Simulator, scenarios
from runfsm_simulator.scenarios.library import LiveFolder, LiveScript

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file, each time a second later, as a slow file system sees it."""
    moments: Iterator[int] = iter(range(1_700_000_000, 1_700_000_100))

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        os.utime(path, (0, next(moments)))
        return path

    return written


def say(text: str) -> str:
    """A script that says this at once."""
    return f"turns: [{{say: {text}, queue_s: 0, work_s: 0}}]"


def said(sim: Simulator, name: str | None, *, id: str | None = None) -> str:
    """What an assistant of this name answers."""
    assistant_id = sim.control.seed.assistant({"model": "m", "name": name}, id=id)
    ref = sim.control.seed.run(assistant_id=assistant_id)
    sim.clock.advance(10)
    return sim.backend.messages(ref)[0].text


@pytest.mark.parametrize(
    ("name", "id", "answer"),
    [
        ("umbrella", None, "Take one."),
        ("Bob", "asst_bob", "I am Bob."),
        ("umbrella", "asst_bob", "I am Bob."),
        (None, None, "By default."),
        ("Umbrella", None, "By default."),
        ("../umbrella", None, "By default."),
    ],
)
def test_an_assistant_plays_the_script_that_is_called_as_it_is(
    tmp_path: Path, write: Write, name: str | None, id: str | None, answer: str
) -> None:
    """By its id, else by its name, both to the letter; else the default. No name leads out."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    write("lessons/umbrella.yaml", say("Take one."))
    write("lessons/asst_bob.yaml", say("I am Bob."))
    write("lessons/default.yaml", say("By default."))

    assert answer == said(Simulator(LiveFolder(folder)), name, id=id)


def test_without_a_default_it_does_what_is_sensible(tmp_path: Path) -> None:
    """Even in an empty folder: scripts may come later."""
    assert 'You said: "Hello!"' in said(Simulator(LiveFolder(tmp_path)), "umbrella")


def test_files_come_change_and_go_while_they_are_played(tmp_path: Path, write: Write) -> None:
    """The next turn is as the folder is then."""
    sim = Simulator(LiveFolder(tmp_path))
    answers = [said(sim, "a")]
    write("a.yaml", say("One."))
    answers.append(said(sim, "a"))
    write("a.yaml", say("Two."))
    answers.append(said(sim, "a"))
    (tmp_path / "a.yaml").unlink()
    answers.append(said(sim, "a"))

    assert ["One.", "Two."] == answers[1:3]
    assert answers[0] == answers[3]


def test_a_name_without_a_script_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """However many runs it has; and an assistant without a name asked for none."""
    sim = Simulator(LiveFolder(tmp_path))
    for name in ("umbrela", None, "umbrela"):
        said(sim, name)

    assert 1 == len(caplog.records)
    assert "no script 'umbrela'" in caplog.text


def test_a_new_file_with_a_mistake_is_told_once_and_played_when_it_is_mended(
    tmp_path: Path, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """Until then, as if it was not there; nobody gets an error 500."""
    sim = Simulator(LiveFolder(tmp_path))
    write("a.yaml", "turns: [{sya: Hello}]")
    with caplog.at_level(logging.WARNING):
        answers = [said(sim, "a"), said(sim, "a")]
    write("a.yaml", say("Mended."))
    answers.append(said(sim, "a"))

    assert "Mended." == answers[2] != answers[1]
    assert 1 == sum("did you mean 'say'" in record.message for record in caplog.records)


def test_what_is_wrong_with_the_files_can_be_asked_for(tmp_path: Path, write: Write) -> None:
    """At the side door, a line for each, as long as it is wrong; what was good is played on."""
    write("a.yaml", say("One."))
    sim = Simulator(LiveFolder(tmp_path))
    before = sim.control.script_problems
    write("a.yaml", "turns: [{sya: Hello}]")
    write("b.yaml", "[")
    broken = sim.control.script_problems
    played = said(sim, "a")
    write("a.yaml", say("Two."))
    (tmp_path / "b.yaml").unlink()

    assert ((), "One.") == (before, played)
    assert [
        "\n" not in line and line.endswith(end)
        for line, end in zip(broken, ("said before is played on", "is not played"), strict=True)
    ] == [True, True]
    assert ((), "Two.") == (sim.control.script_problems, said(sim, "a"))


def test_a_planner_that_is_no_file_has_no_mistakes() -> None:
    """Whatever plays by default, or a function."""
    assert () == Simulator().control.script_problems


def test_a_folder_that_is_gone_is_told_of(tmp_path: Path) -> None:
    """It does what is sensible meanwhile."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    sim = Simulator(LiveFolder(folder))
    folder.rmdir()
    (problem,) = sim.control.script_problems

    assert "No such file or directory" in problem
    assert 'You said: "Hello!"' in said(sim, "umbrella")


def test_what_holds_for_all_runs_is_the_defaults(tmp_path: Path, write: Write) -> None:
    """How long a cancel takes, and how streams break off."""
    write("default.yaml", f"{say('Hi')}\ncancel_s: 9\nstream_fault: {{kind: cut}}")
    write("a.yaml", f"{say('Hi')}\ncancel_s: 1")
    folder = LiveFolder(tmp_path)

    assert 9 == folder.cancel_s
    assert folder.stream_fault is not None
    assert "cut" == folder.stream_fault.kind


def test_a_mistake_that_is_there_at_first_is_an_error(tmp_path: Path, write: Write) -> None:
    """Nothing is served with it."""
    write("a.yaml", "turns: [{sya: Hello}]")
    with pytest.raises(ScriptError, match=r"a\.yaml:1: "):
        LiveFolder(tmp_path)


def test_what_is_served_by_a_name_or_a_path(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder, a file, or a scenario that ships; what is there comes before what ships."""
    write("a.yaml", say("Hi"))
    monkeypatch.chdir(tmp_path)

    assert isinstance(scenarios.live("."), LiveFolder)
    assert isinstance(scenarios.live("a.yaml"), LiveScript)
    assert scenarios.load("weather") == scenarios.live("weather")
    (tmp_path / "weather").mkdir()
    assert isinstance(scenarios.live("weather"), LiveFolder)


@pytest.mark.parametrize(
    ("where", "why"),
    [("umbrela", "no such scenario; there are .*umbrella"), ("no/such.yaml", "No such file")],
)
def test_what_is_not_there_is_told(where: str, why: str) -> None:
    """A name is told the scenarios that there are."""
    with pytest.raises(ScriptError, match=why):
        scenarios.live(where)
