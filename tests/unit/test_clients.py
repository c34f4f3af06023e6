"""The declarations of `make clients`, offline: pins, reasons, the page, the verdict."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import replace
from typing import Any

import pytest

from clientlist import HERE, Client, Marked, read_clients
from clientpage import PAGE, Footnotes, cell, render, table
from clientplay import Cell, problem_of, program_environment
from clientscenarios import (
    SCENARIOS,
    AtLeast,
    Containing,
    Fields,
    Scenario,
    differences,
    scenarios_of,
)
from clientverdict import Verdict

CLIENTS = read_clients()
VERSIONS = [(client, version) for client in CLIENTS for version in client.versions]
PINNED = re.compile(r"[a-z0-9._-]+==[^\s;*]+( ; .+)?")
SOME = Client("some", "Some", "assistants", "python", {"1.0": ("some==1.0",)}, {}, {})
BUG = Marked("client bug", "It forgets.", "texts:")


def _named(pair: tuple[Client, str]) -> str:
    return f"{pair[0].name} {pair[1]}"


@pytest.mark.parametrize("pair", VERSIONS, ids=_named)
def test_pins_are_exact(pair: tuple[Client, str]) -> None:
    """A version and all that it needs are pinned to one release each; it is among them."""
    client, version = pair
    text = client.pins(version).read_text(encoding="utf-8")
    if client.language == "python":
        assert [] == [line for line in text.splitlines() if not PINNED.fullmatch(line)]
        wanted = [re.sub(r"\[.*\]", "", need) for need in client.versions[version]]
        assert set() == set(wanted) - {line.partition(" ")[0] for line in text.splitlines()}
    else:
        packages = json.loads(text)["packages"]
        assert all("version" in it and "integrity" in it for at, it in packages.items() if at)
        wanted = {f"{name}@{need}" for name, need in packages[""]["dependencies"].items()}
        assert set(client.versions[version]) == wanted


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_program_has_each_scenario_that_is_not_excused(client: Client) -> None:
    """A function for each scenario in the program, or a reason in `client.toml`; never both."""
    text = client.program.read_text(encoding="utf-8")
    found = set(re.findall(r"^(?:async )?(?:def|function) (\w+)\(", text, re.MULTILINE))

    assert set(scenarios_of(client.wire)) == (found & set(SCENARIOS)) | set(client.cannot)
    assert set() == found & set(client.cannot)
    assert set() == set(client.marks) - found


def test_the_page_is_fresh() -> None:
    """It is what the declarations say now."""
    assert render(CLIENTS) == PAGE.read_text(encoding="utf-8"), "run `make clients WRITE=1`"


def test_nothing_here_is_collected_by_pytest() -> None:
    """`make test` installs no client and asks no registry: only `make clients` does."""
    assert [] == [*HERE.rglob("test_*.py"), *HERE.rglob("conftest.py")]


def test_a_reason_is_explained_once() -> None:
    """Rows with one reason share its number; a bug and a lack of ours have signs of their own."""
    bug = replace(SOME, marks={"two_turns": BUG}, cannot={"expired": "It has no clock."})
    lack = replace(SOME, marks={"two_turns": replace(BUG, kind="not simulated yet", why="Soon.")})
    lines = list(table("assistants", [bug, bug, lack]))

    assert "| Some | 1.0 | ✓ | ✗ 1 | ✓ | ✓ | ✓ | ✓ | – 2 |" == lines[2]  # noqa: RUF001  # a dash
    assert lines[2] == lines[3]
    assert "| Some | 1.0 | ✓ | … 3 | ✓ | ✓ | ✓ | ✓ | ✓ |" == lines[4]
    assert ["", "1. It forgets.", "2. It has no clock.", "3. Soon."] == lines[5:]


def test_the_cells_of_a_wire_are_counted() -> None:
    """Above each table: what works, what cannot be, and whose fault the rest is."""
    client = replace(SOME, marks={"two_turns": BUG}, cannot={"expired": "It has no clock."})
    told = "5 of 7 cells work; 1 cannot be expressed, 1 is a client's bug, 0 are not simulated yet."

    assert told in render([client])


def test_a_mark_may_be_of_some_versions() -> None:
    """The others are expected to work."""
    client = replace(
        SOME,
        versions={"1.0": (), "2.0": ()},
        marks={"two_turns": replace(BUG, versions=("1.0",))},
    )

    assert "✗ 1" == cell(client, "1.0", "two_turns", Footnotes())
    assert "✓" == cell(client, "2.0", "two_turns", Footnotes())


def test_what_is_as_declared_is_counted() -> None:
    """A pass, and a declared failure that fails with the declared text."""
    verdict = Verdict()
    client = replace(SOME, marks={"two_turns": BUG})
    verdict.add(client, "1.0", [Cell("stream"), Cell("two_turns", "texts: expected 2, got 1")])

    assert verdict.is_as_declared
    assert [
        "Clients: 2 cells as declared in docs/clients.md, 0 otherwise, 0 versions not run here."
    ] == list(verdict.lines())


def test_a_cell_that_differs_is_named() -> None:
    """A new failure, an unexpected pass, another failure than declared: each says which cell."""
    verdict = Verdict()
    marked = replace(SOME, marks={"two_turns": BUG})
    verdict.add(SOME, "1.0", [Cell("stream", "pieces: expected 2, got 1")])
    verdict.add(marked, "1.0", [Cell("two_turns")])
    verdict.add(marked, "1.0", [Cell("two_turns", "KeyError: 'id'")])

    assert [
        "FAILED Some 1.0 (assistants), stream: pieces: expected 2, got 1",
        (
            "WORKS NOW Some 1.0 (assistants), two turns: "
            "take its mark out of some/client.toml (It forgets.)"
        ),
        "FAILED OTHERWISE Some 1.0 (assistants), two turns: expected 'texts:' in: KeyError: 'id'",
    ] == verdict.wrong
    assert "FAILED" == verdict.found["some", "1.0", "stream"]


def test_a_client_that_cannot_be_installed_is_no_pass() -> None:
    """It is named with the reason, and the table says that it was not run."""
    verdict = Verdict()
    verdict.miss(SOME, "1.0", "there is no npm on this machine")

    assert not verdict.is_as_declared
    assert [
        "NOT RUN HERE Some 1.0 (assistants): there is no npm on this machine"
    ] == verdict.missing
    assert 7 == list(table("assistants", [SOME], verdict.found))[2].count("not run")


class SomeWorld:
    """The server's side of a scenario, as it may be."""

    def __init__(self, ended: str = "completed", *, remembers: bool = True) -> None:
        self._ended = ended
        self._remembers = remembers

    def ended(self) -> str:
        return self._ended

    def remembers(self, _wire: str) -> bool:
        return self._remembers


TWO_TURNS = {"texts": ["You said: My name is Ada.", "You said: What is my name?"]}


@pytest.mark.parametrize(
    ("world", "line", "problem"),
    [
        (SomeWorld(), {"outcome": "ok", "saw": TWO_TURNS}, ""),
        (SomeWorld(), {"outcome": "failed", "text": "KeyError: 'id'"}, "KeyError: 'id'"),
        (
            SomeWorld("failed"),
            {"outcome": "ok", "saw": TWO_TURNS},
            "the server: expected completed, got failed",
        ),
        (
            SomeWorld(remembers=False),
            {"outcome": "ok", "saw": TWO_TURNS},
            "the server: the second turn does not have the first one before it",
        ),
    ],
)
def test_a_cell_needs_both_sides(world: Any, line: dict[str, Any], problem: str) -> None:
    """A client that saw the right thing is no pass when the server knows of something else."""
    assert problem == problem_of(SOME, "two_turns", {"two_turns": line}, "", world)


def test_a_program_that_stops_before_a_scenario_fails_it() -> None:
    """No line is no pass; the end of its log says why."""
    told = problem_of(SOME, "stream", {}, "Traceback ...\nImportError: numpy", SomeWorld())  # type: ignore[arg-type]  # a stand-in

    assert "the program printed no line for it: Traceback ... ImportError: numpy" == told


def test_no_client_phones_home() -> None:
    """A program's process connects to this machine only."""
    stay_here = runpy.run_path(str(HERE / "lib/clientprogram.py"))["_stay_here"]
    stay_here("socket.connect", (None, ("127.0.0.1", 4010)))
    stay_here("socket.connect", (None, "/run/some.socket"))

    with pytest.raises(ConnectionRefusedError, match="only, not 203"):
        stay_here("socket.connect", (None, ("203.0.113.1", 443)))


def test_no_key_of_the_caller_reaches_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program's environment has the opt-outs, and none of the caller's keys or endpoints."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://example.com")
    found = program_environment()

    assert set() == {"OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"} & set(found)
    assert "1" == found["DO_NOT_TRACK"] == found["OPENAI_AGENTS_DISABLE_TRACING"]


def test_facts_are_compared_one_by_one() -> None:
    """A fact is equal, contains a text, or is large enough; further facts do not matter."""
    expected = Scenario(
        "",
        {},
        {
            "text": Containing("Oslo"),
            "pieces": AtLeast(2),
            "ended": "failed",
            "value": Fields({"degrees": int}),
        },
        if_told={"why": "It is late."},
    )

    right = {"text": "In Oslo.", "pieces": 3, "ended": "failed", "value": {"degrees": 1}, "more": 1}

    assert [] == list(differences(expected, right))
    assert [
        "text: expected Containing(piece='Oslo'), got None",
        "pieces: expected AtLeast(number=2), got 1",
        "ended: expected 'failed', got 'completed'",
        "value: expected Fields(types={'degrees': <class 'int'>}), got {'degrees': '1'}",
        "why: expected 'It is late.', got 'No.'",
    ] == list(
        differences(
            expected, {"pieces": 1, "ended": "completed", "why": "No.", "value": {"degrees": "1"}}
        )
    )
