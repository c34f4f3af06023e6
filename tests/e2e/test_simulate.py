"""`runfsm simulate`, and the page that teaches scripts: what is shown is what is played."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runfsm.cli import main
from runfsm_simulator import scenarios

PAGE = (Path(__file__).parents[2] / "docs" / "scripts.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)

Simulate = Callable[..., str]


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Simulate:
    """The command, in this process; what it says on the stream of its exit code."""

    def run(*args: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["runfsm", "simulate", *args])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        assert code == caught.value.code, err
        return err if code else out

    return run


@pytest.fixture
def played(simulate: Simulate) -> Callable[..., dict[str, Any]]:
    """The command's JSON."""
    return lambda *args: json.loads(simulate(*args, "--json"))  # type: ignore[no-any-return]  # JSON


ENDINGS = {
    "failure": "failed",
    "stuck": "expired",
    "truncation": "incomplete",
}


@pytest.mark.parametrize("name", scenarios.names())
def test_every_shipped_scenario_plays_to_its_end(
    played: Callable[..., dict[str, Any]], name: str
) -> None:
    """A client that answers everything comes to the ending that the script says."""
    seen = played(name)

    assert (name, ENDINGS.get(name, "completed")) == (seen["script"], seen["outcome"]["status"])
    assert seen["outcome"]["status"] == seen["trace"][-1]["dest"] == seen["journal"][-1]["dest"]


@pytest.mark.parametrize(
    ("args", "status", "event"),
    [
        (("cancel-wins", "--cancel-at", "2"), "cancelled", "confirm_cancel"),
        (("cancel-loses", "--cancel-at", "2"), "completed", "complete"),
        (("stuck", "--cancel-at", "30"), "cancelled", "confirm_cancel"),
        (("weather", "--cancel-at", "3600"), "completed", "complete"),
        (("expiry", "--answer-after", "660"), "expired", "expire"),
    ],
)
def test_the_client_can_be_slow_or_change_its_mind(
    played: Callable[..., dict[str, Any]], args: tuple[str, ...], status: str, event: str
) -> None:
    """A cancel comes at its time, an answer when the run has expired already."""
    seen = played(*args)

    assert (status, event) == (seen["outcome"]["status"], seen["trace"][-1]["event"])


def test_a_cancel_comes_at_its_very_moment(played: Callable[..., dict[str, Any]]) -> None:
    """Virtual time does not run ahead of it, however often this is played."""
    traces = [played("stuck", "--cancel-at", "30")["trace"] for _ in range(5)]
    (cancel,) = [entry for entry in traces[0] if entry["event"] == "cancel"]

    assert 30 == cancel["at"] - traces[0][0]["at"]
    assert [traces[0]] * 5 == traces


def test_the_timeline_shows_statuses_tools_and_the_answer(simulate: Simulate) -> None:
    """What a person sees: the lesson, each move with its time and its hand, and the ending."""
    told = simulate("weather")

    for expected in (
        "The weather assistant",
        "user: Hello!",
        "0.0 s  ● queued            create by client",
        "● requires_action   require_action by service",
        "getCurrentWeather() answered",
        "■ completed         complete by service",
        "assistant: It is 72 °F in Los Angeles",
    ):
        assert expected in told


def test_hosted_tools_are_mentioned(simulate: Simulate) -> None:
    """They need no client, so that the timeline would not show them otherwise."""
    told = simulate("analyst")

    assert told.index("file_search has run") < told.index("code_interpreter has run")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((), "I only know about the weather. You said: Hello!"),
        (("--message", "Weather?"), "No umbrella today. The forecast says: ok."),
        (
            ("--message", "Weather?", "--output", "rain"),
            "Take an umbrella to Los Angeles, CA: rain.",
        ),
    ],
)
def test_rules_answer_what_was_asked(
    played: Callable[..., dict[str, Any]], args: tuple[str, ...], text: str
) -> None:
    """What the user says and what the functions answer are options."""
    assert text == played("umbrella", *args)["outcome"]["text"]


def test_the_same_seed_plays_the_same(
    tmp_path: Path, played: Callable[..., dict[str, Any]]
) -> None:
    """Where a script leaves something open, the seed decides."""
    script = tmp_path / "open.yaml"
    script.write_text("turns: [{say: x}]", encoding="utf-8")
    first, again, other = (played(str(script), "--seed", seed) for seed in "112")

    assert first == again
    assert first["trace"] != other["trace"]


@pytest.mark.parametrize(
    ("scenario", "complaint"),
    [
        ("opera", "no such scenario; there are analyst, busy-thread"),
        ("no-such.yaml", "No such file"),
    ],
)
def test_an_unknown_script_is_told_without_a_traceback(
    simulate: Simulate, scenario: str, complaint: str
) -> None:
    """A name lists the names that there are, a file says what is wrong with it."""
    told = simulate(scenario, code=2)

    assert complaint in told
    assert "Traceback" not in told


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_pages_scripts_play_to_an_end(
    tmp_path: Path, played: Callable[..., dict[str, Any]], script: str
) -> None:
    """Each YAML block on the page about scripts is a whole script."""
    path = tmp_path / "page.yaml"
    path.write_text(script, encoding="utf-8")

    assert "completed" == played(str(path))["outcome"]["status"]


def test_the_pages_rules_do_what_it_says(
    tmp_path: Path, played: Callable[..., dict[str, Any]]
) -> None:
    """Every rule on the page is played by some question."""
    path = tmp_path / "page.yaml"
    path.write_text(next(script for script in SCRIPTS if "rules:" in script), encoding="utf-8")
    asked = ("--message", "How is the weather?")

    said = [
        played(str(path), *asked, "--output", "Rain")["outcome"]["text"],
        played(str(path), *asked)["outcome"]["text"],
        played(str(path), "--assistant", "Grumpy")["outcome"]["error"]["message"],
        played(str(path))["outcome"]["text"],
    ]
    assert [
        "Take an umbrella.",
        "No umbrella today.",
        "Leave me alone.",
        "I only know about the weather, and you said: Hello!",
    ] == said


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_pages_programs_run(program: str) -> None:
    """Each Python block on the page is a whole program."""
    exec(compile(program, "scripts.md", "exec"), {"__name__": "page"})  # noqa: S102  # our own text
