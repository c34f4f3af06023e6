"""`runfsm drive`, offline: what it tells of one prompt."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from attending import OF_OPENAI_3
from drivecommand import ROOT, TOOLS, Drive
from runfsm.driver.journal import DriveEnded
from runfsm.lifecycle.journal import JournalStep


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    """The kind of each, pieces of text as one."""
    found = [line["kind"] for line in lines]
    return [kind for n, kind in enumerate(found) if [kind] != found[n - 1 : n] or kind != "text"]


def test_a_run_is_told_line_by_line(drive: Drive) -> None:
    """Where there is no terminal: statuses with their times, tools by name, the answer, the ids."""
    said = drive("How is the weather in Paris?", "--simulate", "--tools", TOOLS)

    assert (0, "") == (said.code, said.err)
    story = [
        "user: How is the weather in Paris?",
        "0.0 s ● queued create by client",
        "● requires_action require_action by service",
        "get_weather() called",
        "get_nickname() answered",
        "■ completed complete by service",
        "assistant: get_weather answered:",
        "run_",
        " on thread_",
    ]
    places = [said.folded.find(line) for line in story]
    assert -1 not in places
    assert sorted(places) == places


@pytest.mark.parametrize(
    ("wire", "origins"),
    [
        ("responses", ["computed"]),
        pytest.param("agents", [], marks=OF_OPENAI_3),
    ],
)
def test_the_same_moves_are_told_on_either_wire(
    drive: Drive, wire: str, origins: list[str]
) -> None:
    """`--backend` changes what is spoken, and nothing of what is told but who says a status."""
    args = ("How is the weather in Paris?", "--simulate", "--tools", TOOLS, "--json", "--poll")
    one, other = (drive(*args, "--backend", spoken) for spoken in ("assistants", wire))
    marks = [line["origin"] for line in other.lines if "origin" in line]

    assert (0, 0) == (one.code, other.code)
    assert kinds(one.lines) == kinds(other.lines)
    assert origins == marks
    assert one.lines[-1]["text"] == other.lines[-1]["text"]


def test_polling_tells_the_same_moves_as_listening(drive: Drive) -> None:
    """With `--poll` the journal has the same edges; the text comes with the outcome alone."""
    args = ("Weather?", "--simulate", "--tools", TOOLS, "--json")
    streamed, polled = drive(*args).lines, drive(*args, "--poll").lines

    def edges(lines: list[dict[str, Any]]) -> list[str]:
        return [line["event"] for line in lines if line["kind"] == "transition"]

    assert edges(streamed) == edges(polled)
    assert {"text", "run_step", "tool_call"} == {*kinds(streamed)} - {*kinds(polled)}
    assert streamed[-1]["text"] == polled[-1]["text"]


def test_json_is_one_object_a_line_and_the_last_is_the_outcome(drive: Drive) -> None:
    """All pieces of text, joined, are the outcome's; calls are told by name and id."""
    said = drive("Weather?", "--simulate", "--tools", TOOLS, "--json")
    told = "".join(line["text"] for line in said.lines if line["kind"] == "text")
    calls = [line for line in said.lines if line["kind"] == "tool_call"]

    assert 0 == said.code
    assert (["begin", "transition"], "outcome") == (kinds(said.lines)[:2], kinds(said.lines)[-1])
    assert (told, "completed") == (said.lines[-1]["text"], said.lines[-1]["status"])
    assert ["get_weather", "get_nickname"] == [call["name"] for call in calls]
    assert [{"kind", "call_id", "name"}] * 2 == [{*call} for call in calls]


def test_arguments_are_shown_to_who_asks_for_them(drive: Drive) -> None:
    """In the telling for people and in that for scripts."""
    args = ("Weather?", "--simulate", "--tools", TOOLS, "--show-arguments")
    calls = [line for line in drive(*args, "--json").lines if line["kind"] == "tool_call"]

    assert {"location"} <= {*json.loads(calls[0]["arguments"])}
    assert 'get_weather({"location":' in drive(*args).folded


def test_what_a_tool_prints_does_not_get_into_the_json(drive: Drive, tmp_path: Path) -> None:
    """It goes to stderr."""
    (tmp_path / "loud.py").write_text('def shout() -> str:\n    print("LOUD")\n    return "x"\n')
    said = drive("?", "--simulate", "--json", "--tools", f"{tmp_path / 'loud.py'}:shout")

    assert "outcome" == said.lines[-1]["kind"]
    assert "LOUD" in said.err


@pytest.mark.parametrize(
    ("script", "args", "status"),
    [
        ("failure", (), "failed"),
        ("truncation", (), "incomplete"),
        ("stuck", ("--deadline", "30"), "cancelled"),
        ("stuck", (), "expired"),
    ],
)
def test_each_other_ending_is_exit_code_1(
    drive: Drive, script: str, args: tuple[str, ...], status: str
) -> None:
    """And it is said which."""
    said = drive("Hi", "--simulate", "--script", script, *args)

    assert 1 == said.code
    assert f"■ {status}" in said.out


def test_a_tool_has_the_time_that_it_is_given(drive: Drive, tmp_path: Path) -> None:
    """`--tool-timeout` ends the wait, and the model is told."""
    slow = "import threading\ndef nap() -> str:\n    threading.Event().wait(60)\n    return ''\n"
    (tmp_path / "slow.py").write_text(slow)
    place = f"{tmp_path / 'slow.py'}:nap"
    args = ("--simulate", "--speed", "1000", "--tool-timeout", "20", "--tools", place)

    assert "nap() timed_out" in drive("?", *args).folded


def test_the_same_seed_makes_the_same_run(drive: Drive) -> None:
    """Its ids too; another one another."""
    first, again, other = (drive("Hi", "--simulate", "--json", "--seed", seed) for seed in "112")

    assert first.out == again.out
    assert first.out != other.out


def test_a_models_text_cannot_steer_the_terminal(drive: Drive, tmp_path: Path) -> None:
    """Control characters are shown as what they are: nothing one can read."""
    (tmp_path / "evil.yaml").write_text('turns: [{say: "\\e[2J\\a gone"}]\n')
    said = drive("Hi", "--simulate", "--script", str(tmp_path / "evil.yaml"))

    assert "gone" in said.out
    assert {"\x1b", "\a"}.isdisjoint(said.out)


def test_the_page_lists_each_kind_of_line() -> None:
    """docs/drive.md has a row for every kind of step, and for what is told beside them."""
    page = (ROOT / "docs" / "drive.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
    steps = [kind for kind in JournalStep.__subclasses__() if kind.__module__.startswith("runfsm.")]
    beside = {"begin", "text", "run_step", "tool_call", "outcome", "error", "left", "summary"}

    in_no_journal = {DriveEnded.kind}  # only observers hear it
    assert sorted({step.kind for step in steps} - in_no_journal | beside) == sorted(listed)
