"""Coverage, told: on a terminal, as JSON, on a page, on the diagram; and by `runfsm coverage`."""

from __future__ import annotations

import json
import sys
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console
from typer.testing import CliRunner

from runfsm.cli import app, main
from runfsm.lifecycle import LIFECYCLE
from runfsm_simulator.testing.coverage import Book, Measured, measure, universe
from runfsm_simulator.testing.coverage.cells import (
    Cell,
    call_cell,
    edge_cell,
    pair_cell,
    refusal_cell,
    status_cell,
)
from runfsm_simulator.testing.coverage.page import page
from runfsm_simulator.testing.coverage.painting import painted
from runfsm_simulator.testing.coverage.report import tell, to_dict

CREATE, START, *_ = LIFECYCLE.edges
CANCEL: Final = "POST /v1/threads/{thread_id}/runs/{run_id}/cancel"
SOME: Final = Book(
    {
        status_cell("run", "queued"): 4,
        edge_cell("run", CREATE): 4,
        edge_cell("run", START): 2,
        pair_cell("run", CREATE, START): 2,
        call_cell(CANCEL, "expired"): 3,
        refusal_cell(CANCEL, "expired"): 2,
    }
)
STRAY: Final = Book({pair_cell("run", START, CREATE): 1})
ALL: Final = Book(
    {cell: 1 for section in universe() for cell in section.reachable if cell.kind != "fault"}
)


def told(measured: Measured, *gated: str) -> str:
    """What stands on a terminal."""
    console = Console(file=(text := StringIO()), width=120)
    tell(console, measured, gated=gated)
    return text.getvalue()


def test_a_percentage_is_rounded_down() -> None:
    """A hundred per cent is all of them: 155 of 156 is less."""
    calls = [cell for cell in ALL.counts if cell.kind == "call"][1:]
    covered = measure(Book(dict.fromkeys(calls, 1)))["calls"]

    assert (155, 99.3) == (covered.hits, covered.percent)
    assert 100.0 == measure(ALL)["calls"].percent


@pytest.mark.parametrize(
    ("book", "percent", "below"),
    [
        (SOME, 3, []),
        (SOME, 10, ["pairs"]),
        (SOME, 100, ["statuses", "edges", "pairs"]),
        (ALL, 100, []),
        (ALL + STRAY, 100, ["pairs"]),
        (ALL + STRAY, 0, ["pairs"]),
    ],
)
def test_what_a_gate_stops(book: Book, percent: float, below: list[str]) -> None:
    """What has too little; and what was seen though it is said to be impossible."""
    assert below == [covered.section.name for covered in measure(book).below(percent)]


def test_a_gate_stops_at_what_it_is_asked_for() -> None:
    """Calls and faults are gated only by name."""
    assert ["faults"] == [one.section.name for one in measure(ALL).below(1, of=["calls", "faults"])]


def test_a_terminal_lists_what_is_missing() -> None:
    """Of the gated sections only, twenty at most; calls by call."""
    text = told(measure(SOME), "edges", "calls")

    assert "  queued --cancel--> cancelling\n" in text
    assert "never, pairs" not in text
    assert f"  {CANCEL}: queued, in_progress, requires_action, cancelling, cancelled," in text
    assert "  POST /v1/threads/runs: anywhere\n" in text


def test_a_long_list_is_cut() -> None:
    """Of 32 missing pairs twenty are told, and how many more there are."""
    assert "  and 12 more\n" in told(measure(Book()), "pairs")


def test_a_stray_is_told_with_the_reason_that_was_wrong() -> None:
    """Gated or not."""
    assert (
        "seen, though the coverage said that it cannot be:\n  queued --start--> in_progress, then "
        "(created) --create--> queued: nothing is created twice" in told(measure(STRAY))
    )


def test_coverage_as_json() -> None:
    """Each section with its numbers and names; of the impossible, how many for each reason."""
    document = json.loads(json.dumps(to_dict(measure(SOME))))
    edges, calls = (document["sections"][name] for name in ("edges", "calls"))

    assert "run" == document["lifecycle"]
    assert (2, 19, 10.5) == (edges["covered"], edges["reachable"], edges["percent"])
    assert 17 == len(edges["missing"])
    assert {"it names a run, so there is one": 6} == {
        why: count for why, count in calls["impossible"].items() if "names" in why
    }


def test_the_diagram_has_the_counts() -> None:
    """Of statuses and of edges; its heading has the percentages."""
    picture = painted(measure(SOME))

    assert [4, 2, 0] == [arrow.count for arrow in picture.arrows[:3]]
    assert 4 == picture.nodes[0].count
    assert "edges: 2 of 19, 10.5 %" in picture.about


class Cells(HTMLParser):
    """The cells of all tables of a page: class, title and text; and the links out of it."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: dict[str, tuple[str, str]] = {}
        self.outside: list[str] = []
        self._here: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._here = dict(attrs) if tag == "td" else {}
        self.outside += [tag] if tag in {"script", "link", "img", "iframe"} else []

    def handle_data(self, data: str) -> None:
        if self._here.get("title"):
            self.cells[str(self._here["title"]).split(":")[0]] = (str(self._here["class"]), data)
        self._here = {}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (pair_cell("run", CREATE, START), ("hit", "2")),
        (call_cell(CANCEL, "expired"), ("hit", "3 ✗2")),
        (call_cell(CANCEL, "queued"), ("miss", "0")),
        (pair_cell("run", START, CREATE), ("stray", "1")),
    ],
)
def test_a_cell_on_the_page(cell: Cell, shown: tuple[str, str]) -> None:
    """How often, how often refused; missing; and what should not be."""
    (parsed := Cells()).feed(page(measure(SOME + STRAY)))

    assert shown == parsed.cells[str(cell)]


def test_the_page_needs_nothing_else() -> None:
    """No script, no picture, no style from elsewhere; why a cell is empty, stands in it."""
    text = page(measure(SOME))
    (parsed := Cells()).feed(text)

    assert [] == parsed.outside
    assert 'class="never" title="' + f"{CANCEL} in (no run): it names a run" in text


@pytest.mark.reported(
    "tried as a new user",
    "`runfsm coverage --html` without Graphviz lacked the edges, and advised `make diagrams`.",
    now="Statuses and edges are listed in the diagram's place; the advice is how to get Graphviz.",
)
def test_a_page_without_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the diagram, statuses and edges are a list (tried as a new user)."""
    monkeypatch.setenv("PATH", "")
    text = page(measure(SOME))
    (parsed := Cells()).feed(text)

    assert "No diagram: drawing SVG needs Graphviz" in text
    assert "<h2>pairs" in text
    listed = [
        cell for part in ("statuses", "edges") for cell in measure(SOME)[part].section.reachable
    ]
    assert 9 + 19 == len(listed)
    assert [SOME[cell] for cell in listed] == [int(parsed.cells[str(cell)][1]) for cell in listed]


# The command -------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two books: together they have all edges, but for one pair each."""
    halves = [dict(list(ALL.counts.items())[start::2]) for start in (0, 1)]
    for name, half in enumerate(halves):
        Book(half).write(tmp_path / f"{name}.json")
    return [str(tmp_path / f"{name}.json") for name in range(2)]


def run(*arguments: str) -> Any:
    """The command, in this process."""
    return CliRunner().invoke(app, ["coverage", *arguments])


def test_books_are_added_up(files: list[str]) -> None:
    """Each alone is too little, together they are everything."""
    assert 1 == run(files[0], "--fail-under", "100").exit_code
    assert 0 == run(*files, "--fail-under", "100").exit_code


def test_a_gate_of_ones_own(files: list[str]) -> None:
    """Faults are gated if they are asked for; without a gate nothing fails."""
    assert 1 == run(*files, "--of", "edges, faults", "--fail-under", "1").exit_code
    assert 0 == run(*files, "--of", "faults").exit_code


def test_files_are_written(files: list[str], tmp_path: Path) -> None:
    """The page, the sum of all books, and JSON on standard output."""
    done = run(*files, "--html", f"{tmp_path}/c.html", "--book", f"{tmp_path}/sum.json", "--json")

    assert 100.0 == json.loads(done.stdout)["sections"]["pairs"]["percent"]
    assert ALL == Book.read(tmp_path / "sum.json")
    assert (tmp_path / "c.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--of", "edge"], "no coverage of edge; choose of statuses, edges, pairs"),
        (["--table", "rain"], "no coverage of 'rain'; choose one of run, response"),
        (["--table", "response", "--of", "calls"], "choose of statuses, edges, pairs"),
    ],
)
def test_a_wrong_name(files: list[str], arguments: list[str], told: str) -> None:
    """It is refused with those that there are."""
    assert told in str(run(*files, *arguments).exception)


def test_a_page_that_cannot_be_written_is_one_line(
    files: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its name and what is wrong, on stderr, with the exit code of a mistake; no traceback."""
    page = f"{files[0]}/page.html"
    monkeypatch.setattr(sys, "argv", ["runfsm", "coverage", *files, "--html", page])
    with pytest.raises(SystemExit) as left:
        main()

    assert 2 == left.value.code
    assert f"runfsm: {page}: Not a directory\n" == capsys.readouterr().err
