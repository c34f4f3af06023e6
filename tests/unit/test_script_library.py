"""Scripts in a folder: found by name, followed when their files change, kept when they break."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runfsm.errors import ScriptError
from runfsm_simulator import Simulator
from runfsm_simulator.scenarios import Library, LiveScript

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a script that says a text; each time a second later, as a slow file system sees it."""
    moments = iter(range(1_700_000_000, 1_700_000_100))

    def written(name: str, said: str) -> Path:
        path = tmp_path / name
        path.write_text(f"turns: [{{say: {said}, queue_s: 0, work_s: 0}}]", encoding="utf-8")
        os.utime(path, (0, next(moments)))
        return path

    return written


def said(script: Library | LiveScript, name: str = "") -> str | None:
    """What the one turn of a script says."""
    found = script.load(name) if isinstance(script, Library) else script.script
    return found.turns[0].say


def test_a_folder_is_a_library(tmp_path: Path, write: Write) -> None:
    """The scripts are the .yaml files, called as these, sorted; a later one is found too."""
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "notes.txt").touch()
    write("b.yaml", "x")
    library = Library(tmp_path)
    write("a.yaml", "y")

    assert ("a", "b") == library.names()
    assert "y" == said(library, "a")


@pytest.mark.parametrize("name", ["c", "../a", "a.yaml", "", "notes"])
def test_an_unknown_name_is_told_those_that_there_are(
    tmp_path: Path, write: Write, name: str
) -> None:
    """No name leads out of the folder."""
    write("a.yaml", "x")

    with pytest.raises(ScriptError, match=r"no such script in .*; there are a"):
        Library(tmp_path).load(name)


def test_a_library_without_a_folder_is_a_script_error(tmp_path: Path) -> None:
    """The folder may be missing; that is told when it is looked into."""
    with pytest.raises(ScriptError, match="No such file"):
        Library(tmp_path / "nowhere").names()


def test_a_change_of_the_file_is_seen_at_the_next_look(tmp_path: Path, write: Write) -> None:
    """Nobody has to reload anything."""
    library = Library(tmp_path)
    write("a.yaml", "one")
    first = said(library, "a")
    write("a.yaml", "two")

    assert ("one", "two") == (first, said(library, "a"))


def test_a_file_that_has_not_changed_is_not_read_again(write: Write) -> None:
    """As long as it looks the same, the script is the very same object."""
    live = LiveScript(write("a.yaml", "one"))

    assert live.script is live.script


def test_a_running_simulator_follows_the_file(write: Write) -> None:
    """The next run is played as the file says by then."""
    live = LiveScript(write("a.yaml", "one"))
    simulator = Simulator(live)
    thread_id, assistant_id = simulator.create_thread(), simulator.create_assistant()
    for text in ("one", "two"):
        write("a.yaml", text)
        simulator.world.create_run(thread_id, assistant_id)
        simulator.clock.advance(1)

    with simulator.world.operation():
        messages = simulator.world.store.thread(thread_id).messages.values()
        assert ["one", "two"] == [message.text for message in messages]


@pytest.mark.parametrize("mishap", ["broken", "gone"])
def test_what_was_good_is_kept_while_the_file_is_not(
    write: Write, mishap: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once in the log, not at each look; once mended, the file counts again."""
    path = write("a.yaml", "one")
    live = LiveScript(path)
    if mishap == "gone":
        path.unlink()
    else:
        write("a.yaml", "[")
    with caplog.at_level(logging.WARNING):
        kept = [said(live) for _ in range(3)]

    assert ["one"] * 3 == kept
    assert 1 == len(caplog.records)
    assert "what it said before is played on" in caplog.text
    write("a.yaml", "two")
    assert "two" == said(live)


def test_a_script_that_never_was_good_is_a_script_error(tmp_path: Path, write: Write) -> None:
    """There is nothing to go on with; after it is mended, it is found."""
    library = Library(tmp_path)
    write("a.yaml", "[")
    with pytest.raises(ScriptError, match=r"a\.yaml"):
        library.load("a")
    write("a.yaml", "two")

    assert "two" == said(library, "a")
