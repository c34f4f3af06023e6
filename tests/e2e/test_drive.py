"""`runfsm drive`, as a user meets it: offline, against a server, and what it refuses."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from runfsm.cli import main
from runfsm.cli.drive.usertools import load_tools
from runfsm.driver.journal import DriveEnded, step_from_dict
from runfsm.errors import CallerError
from runfsm.lifecycle.journal import JournalStep, Transition

ROOT = Path(__file__).parents[2]
TOOLS = str(ROOT / "examples" / "weather_tools.py")
SECRET = "sk-not-to-be-seen"  # noqa: S105  # opens nothing

#: Each word that somebody says, or that a tool is called with or answers.
CONTENTS = ("Paris", "umbrella", "temperature", "the City of Light", SECRET)


@dataclass(frozen=True)
class Said:
    """What the command said, and its exit code."""

    code: object
    out: str
    err: str

    @property
    def folded(self) -> str:
        """Both streams, white space folded."""
        return " ".join(f"{self.out} {self.err}".split())

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Drive = Callable[..., Said]
Served = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Drive:
    """The command, in this process, with no service in its environment."""
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(*args: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["runfsm", "drive", *args])
        with pytest.raises(SystemExit) as caught:
            main()
        return Said(caught.value.code, *capsys.readouterr())

    return run


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    """The kind of each, pieces of text as one."""
    found = [line["kind"] for line in lines]
    return [kind for n, kind in enumerate(found) if [kind] != found[n - 1 : n] or kind != "text"]


# One prompt ---------------------------------------------------------------------------------------


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


def test_the_same_moves_are_told_on_either_wire(drive: Drive) -> None:
    """`--backend` changes what is spoken, and nothing of what is told but who says a status."""
    args = ("How is the weather in Paris?", "--simulate", "--tools", TOOLS, "--json", "--poll")
    one, other = (drive(*args, "--backend", wire) for wire in ("assistants", "responses"))
    marks = [line["origin"] for line in other.lines if "origin" in line]

    assert (0, 0) == (one.code, other.code)
    assert kinds(one.lines) == kinds(other.lines)
    assert ["computed"] == marks
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


# A server -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def url(served: Served) -> Iterator[str]:
    """A server's API; to start one takes seconds."""
    with served("--time", "virtual") as root:
        yield f"{root}/v1"


def test_against_a_server_the_assistant_is_made_and_deleted(url: str, drive: Drive) -> None:
    """Over a real socket, with the key in the environment; with `--keep` it stays."""
    with openai.OpenAI(api_key="x", base_url=url) as client:

        def assistants() -> list[str]:
            page: Any = client.get(
                "/assistants",
                cast_to=object,
                options={"headers": {"OpenAI-Beta": "assistants=v2"}},
            )
            return [each["id"] for each in page["data"]]

        args = ("Weather?", "--base-url", f"{url}?api-version=v1", "--tools", TOOLS, "--json")
        gone, kept = drive(*args), drive(*args, "--keep")
        made = [said.lines[0]["assistant_id"] for said in (gone, kept)]

        assert (0, 0) == (gone.code, kept.code)
        assert [made[1]] == [one for one in made if one in assistants()]


def test_an_assistant_and_a_thread_that_are_there_are_gone_on_with(
    url: str, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread holds both runs; instructions are for the run; nothing is made or deleted."""
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    first = drive("One", "--keep", "--json")
    ids = ("--assistant", first.lines[0]["assistant_id"])
    ids += ("--thread", first.lines[-1]["thread_id"])
    again = drive("Two", "--json", "--instructions", "Be brief.", *ids)

    assert (0, "") == (again.code, again.err)
    assert first.lines[-1]["thread_id"] == again.lines[-1]["thread_id"]
    assert "Two" in again.lines[-1]["text"]


def test_what_the_service_refuses_is_exit_code_1(url: str, drive: Drive) -> None:
    """With its own words, and its id of the request."""
    args = ("Hi", "--base-url", url, "--assistant", "asst_gone")
    said, told = drive(*args, "--json"), drive(*args)

    assert (1, "error", "not_found") == (
        said.code,
        said.lines[-1]["kind"],
        said.lines[-1]["fault"],
    )
    assert "req_" in said.lines[-1]["request_id"]
    assert (1, True) == (told.code, "No assistant found with id 'asst_gone'." in told.err)


def test_nobody_there_is_exit_code_1_and_the_key_is_not_shown(
    drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a key that the HTTP library refuses to send."""
    for key in (SECRET, f"{SECRET}\n"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        said = drive("Hi", "--base-url", "http://127.0.0.1:1/v1")

        assert (1, True) == (said.code, "onnection" in said.err)
        assert SECRET not in said.folded


# What is saved ------------------------------------------------------------------------------------


def test_a_trace_is_the_journal_and_holds_nothing_that_was_said(
    drive: Drive, tmp_path: Path
) -> None:
    """A line that says what it is, and steps that come back as steps."""
    trace = tmp_path / "run.jsonl"
    said = drive("Paris?", "--simulate", "--tools", TOOLS, "--json", "--save-trace", str(trace))
    text = trace.read_text(encoding="utf-8")
    head, *steps = map(json.loads, text.splitlines())
    journal = [step_from_dict(step) for step in steps]

    assert ("runfsm trace", 1, "completed") == (head["format"], head["version"], head["status"])
    assert said.lines[-1]["run_id"] == head["run"]["run_id"]
    assert steps == [step.to_dict() for step in journal]
    assert steps == [line for line in said.lines if "at" in line]
    assert isinstance(journal[0], Transition)
    assert [] == [word for word in CONTENTS if word in text]
    assert [trace] == [*tmp_path.iterdir()]


def test_a_trace_of_a_chain_names_its_parts_and_no_instructions(
    drive: Drive, tmp_path: Path
) -> None:
    """What a run's name carries for its backend stays out of what is saved."""
    trace = tmp_path / "run.jsonl"
    args = ("--simulate", "--tools", TOOLS, "--instructions", "a plan that nobody may know")
    assert 0 == drive("Hi", *args, "--backend", "responses", "--save-trace", str(trace)).code
    text = trace.read_text(encoding="utf-8")
    named = json.loads(text.splitlines()[0])["run"]

    assert ["resp", "resp"] == [part.partition("_")[0] for part in named["chain"]]
    assert {"backend", "run_id", "thread_id", "chain"} == set(named)
    assert "plan" not in text


def test_the_history_of_a_run_on_one_wire_is_that_on_the_other(
    drive: Drive,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Saved from either, `runfsm judge` reads it, and finds the same path; the marks differ."""
    paths, marks = [], []
    for wire in ("assistants", "responses"):
        trace = tmp_path / f"{wire}.jsonl"
        args = ("--simulate", "--tools", TOOLS, "--backend", wire, "--save-trace", str(trace))
        assert 0 == drive("Hi", *args).code
        monkeypatch.setattr(sys, "argv", ["runfsm", "judge", str(trace), "--json"])
        with pytest.raises(SystemExit) as caught:
            main()
        assert not caught.value.code
        paths.append(re.findall(r'"event": "(\w+)"', capsys.readouterr().out))
        marks.append(re.findall(r'"origin": "(\w+)"', trace.read_text(encoding="utf-8")))

    assert paths[0] == paths[1]
    assert "require_action" in paths[0]
    assert [[], ["computed"]] == marks


def test_a_trace_is_saved_of_a_run_that_never_began(url: str, drive: Drive, tmp_path: Path) -> None:
    """The fault is in it, and no run."""
    trace = tmp_path / "run.jsonl"
    trace.write_text("old")
    args = ("--base-url", url, "--thread", "thread_gone")
    assert 1 == drive("Hi", *args, "--save-trace", str(trace)).code
    head, fault = map(json.loads, trace.read_text(encoding="utf-8").splitlines())

    assert (None, "thread_gone") == (head["run"], head["request"]["thread_id"])
    assert ("fault_met", "not_found") == (fault["kind"], fault["fault"])


def test_the_page_lists_each_kind_of_line() -> None:
    """docs/drive.md has a row for every kind of step, and for what is told beside them."""
    page = (ROOT / "docs" / "drive.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
    steps = [kind for kind in JournalStep.__subclasses__() if kind.__module__.startswith("runfsm.")]
    beside = {"begin", "text", "run_step", "tool_call", "outcome", "error", "left", "summary"}

    in_no_journal = {DriveEnded.kind}  # only observers hear it
    assert sorted({step.kind for step in steps} - in_no_journal | beside) == sorted(listed)


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("--simulate",), 'what does the user say? runfsm drive "Hello!"'),
        (("Hi", "--simulate", "--each", "x"), "what does the user say?"),
        (("Hi",), "was shut down on 2026-08-26"),
        (("Hi", "--base-url", "localhost:80"), "is no URL of a service"),
        (("Hi", "--script", "weather"), "--script weather is for a simulator: add --simulate"),
        (("Hi", "--simulate", "--base-url", "http://x"), "leave --base-url out"),
        (("Hi", "--simulate", "--thread", "thread_1"), "a simulator begins empty"),
        (("Hi", "--simulate", "--script", "opera"), "no such scenario; there are analyst"),
        (("Hi", "--simulate", "--speed", "0"), "give a positive number"),
        (("Hi", "--simulate", "--deadline", "-1"), "deadline_s is -1"),
        (("Hi", "--simulate", "--tool-timeout", "0"), "tool_timeout_s is 0"),
        (("Hi", "--simulate", "--on-busy", "sulk"), "Invalid value for '--on-busy'"),
        (("Hi", "--simulate", "--backend", "smoke"), "Invalid value for '--backend'"),
        (("Hi", "--backend", "responses", "--keep"), "has no assistants to name or to keep"),
        (("Hi", "--backend", "responses", "--assistant", "asst_1"), "and say --model"),
        (("Hi", "--simulate", "--save-trace", "/dev/null"), "that is no file"),
        (("Hi", "--simulate", "--save-trace", "no/such/x"), "there is no such folder"),
        (("--simulate", "--each", "no-such-file"), "cannot be read"),
        (("--simulate", "--each", "-", "--save-trace", "x"), "leave one out"),
        (("Hi", "--simulate", "--tools", "no_such_module"), "there is no module no_such_module"),
        (("Hi", "--simulate", "--tools", "json.no_such"), "there is no module json.no_such"),
        (("Hi", "--simulate", "--tools", "no/such.py"), "there is no Python file no/such.py"),
        (("Hi", "--simulate", "--tools", f"{TOOLS}:get_time"), "has no get_time; the functions"),
        (("Hi", "--simulate", "--tools", "json"), "nothing in json is marked with @tool"),
        (
            ("Hi", "--simulate", "--tools", "json:__name__"),
            "__name__ in json is no function, and no list of them: str",
        ),
        (("Hi", "--simulate", "--tools", "json:loads"), "has no type"),
    ],
)
def test_a_users_mistake_is_refused_before_anything_begins(
    drive: Drive, args: tuple[str, ...], complaint: str
) -> None:
    """Exit code 2, what would be right, no line of Python, no key."""
    said = drive(*args)

    assert (2, "") == (said.code, said.out)
    assert complaint in " ".join(said.err.replace("│", " ").split())
    assert not {"Traceback", SECRET} & {*said.err.split()}


def test_what_to_set_is_said_when_no_service_is_named(drive: Drive) -> None:
    """Not even with a key: OpenAI's own endpoint is not there any more."""
    told = drive("Hi").err

    for word in ("--simulate", "--base-url", "OPENAI_BASE_URL", "OPENAI_API_KEY", "Azure"):
        assert word in told


def test_without_a_key_it_says_what_to_set(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenAI's own Responses API wants a key; a simulator, or another service, wants none."""
    monkeypatch.delenv("OPENAI_API_KEY")
    said = drive("Hi", "--backend", "responses")

    assert 2 == said.code
    for word in ("--simulate", "--base-url", "OPENAI_BASE_URL", "OPENAI_API_KEY=sk-"):
        assert word in said.err


# Tools --------------------------------------------------------------------------------------------

MODULE = """\
from dataclasses import dataclass
from helper_of_tools import WORD
from runfsm import Toolset, tool

@dataclass
class Place:
    name: str

@tool
def find(place: Place) -> str:
    return WORD

def wipe(disk: str) -> str:
    return disk

both = Toolset([find, wipe])
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a tool that is marked and a function that is not, beside a file it imports."""
    (tmp_path / "helper_of_tools.py").write_text('WORD = "found"\n')
    (tmp_path / "user_tools.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("helper_of_tools", "user_tools"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("places", "names"),
    [
        (["user_tools"], ("find",)),
        (["user_tools.py"], ("find",)),
        (["./user_tools.py:wipe"], ("wipe",)),
        (["user_tools:wipe,find"], ("wipe", "find")),
        (["user_tools:both"], ("find", "wipe")),
        (["user_tools", "user_tools:wipe"], ("find", "wipe")),
        ([], ()),
    ],
)
@pytest.mark.usefixtures("module")
def test_tools_are_those_marked_or_named(places: list[str], names: tuple[str, ...]) -> None:
    """By module or by path, from the folder one is in; the others are not offered."""
    assert names == load_tools(places).names


def test_a_module_that_breaks_is_told_with_the_line(module: Path) -> None:
    """And what it misses is not taken for the module itself."""
    (module / "broken.py").write_text("x = 1\nx / 0\n")
    (module / "misses.py").write_text("import no_such_package\n")
    (module / "garbled.py").write_text("def\n")

    with pytest.raises(CallerError, match=r"ZeroDivisionError: .*broken\.py:2"):
        load_tools(["broken"])
    with pytest.raises(CallerError, match=r"No module named 'no_such_package' .*misses\.py:1"):
        load_tools(["misses.py"])
    with pytest.raises(CallerError, match=r"SyntaxError: .*garbled\.py, line 1"):
        load_tools(["garbled"])
