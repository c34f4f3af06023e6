"""Facts about `runfsm diff`, and about the page that it writes a part of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from runfsm.cli import app
from runfsm.cli.diff import __main__ as writer
from runfsm.cli.diff.page import BEGIN, END, renewed
from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, WIRES, RunStatus

PAGE = Path(__file__).parents[2] / "docs" / "migrate.md"

Diff = Callable[..., Result]


@pytest.fixture
def diff(monkeypatch: pytest.MonkeyPatch) -> Diff:
    """The command, in this process, on a wide terminal."""
    monkeypatch.setenv("COLUMNS", "96")
    return lambda *args: CliRunner().invoke(app, ["diff", *args])


def test_alone_it_lists_the_wires(diff: Diff) -> None:
    """Each by the name to type, and an example."""
    said = diff().stdout

    assert [] == [wire.name for wire in WIRES.values() if wire.name not in said]
    assert "runfsm diff assistants responses" in said


def test_the_table_shows_what_differs_and_names_the_rest(diff: Diff) -> None:
    """Marks for each change, a line for what is the same, a question mark for what is likely."""
    said = diff("assistants", "responses").stdout

    assert "~  requires_action" in said
    assert "-  lock holder" in said
    assert "+  webhooks" in said
    assert "the same: queued, in_progress" in said
    assert "? likely, ?? inferred" in said
    assert "`" not in said


def test_json_has_everything_with_evidence(diff: Diff) -> None:
    """What is the same is there, too; each side has its source and how sure it is."""
    said = json.loads(diff("assistants", "responses", "--format", "json").stdout)

    assert ["before", "after", "statuses", "edges", "refusals", "promises"] == list(said)
    assert list(RunStatus) == [row["subject"] for row in said["statuses"]]
    assert len(LIFECYCLE.edges) == len(said["edges"])
    assert {
        "subject": "queued",
        "change": "same",
        "before": {
            "told": "native: `queued`",
            "source": "openai-python: types of beta.threads",
            "confidence": "certain",
        },
        "after": {
            "told": "native: `queued`",
            "source": "openai-python: ResponseStatus",
            "confidence": "certain",
        },
    } == said["statuses"][0]


def test_markdown_is_tables_of_one_width(diff: Diff) -> None:
    """Every line of a table has five cells, bars in a text or not."""
    said = diff("responses", "assistants", "-f", "markdown").stdout
    lines = [line for line in said.splitlines() if line.startswith("|")]

    assert len(lines) > 4
    assert {6} == {line.replace("\\|", "").count("|") for line in lines}


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("assistants",), "a comparison is of two wires, and 'assistants' is one: `runfsm diff"),
        (("assistants", "thread"), "no wire 'thread'; choose two of assistants, responses, agents"),
        (("agents", "agents"), "'agents' does not differ from itself"),
        (("assistants", "responses", "-f", "pdf"), "no format 'pdf' to print in; choose one of"),
        (("--format", "json"), "--format json is for a comparison, as in `runfsm diff"),
    ],
)
def test_a_wrong_call_is_told_the_right_one(
    diff: Diff, args: tuple[str, ...], complaint: str
) -> None:
    """The message names what is there, or shows a call that works; nothing is printed."""
    result = diff(*args)

    assert isinstance(result.exception, CallerError)
    assert complaint in str(result.exception)
    assert "" == result.stdout


# The page ----------------------------------------------------------------------------------------


def test_the_page_is_fresh() -> None:
    """The comparison in docs/migrate.md is, byte for byte, what the tables say now."""
    page = PAGE.read_bytes().decode()

    assert renewed(page) == page, "docs/migrate.md is stale: run `make migrate`"


def test_only_what_stands_between_the_two_lines_is_written(tmp_path: Path) -> None:
    """The rest of a page is left as it is; a second time changes nothing."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n", encoding="utf-8")

    assert 0 == writer.main([str(page)])
    once = page.read_text(encoding="utf-8")
    assert once.startswith(f"before\n{BEGIN}\nFrom OpenAI Assistants")
    assert once.endswith(f"\n{END}after\n")
    assert "old\n" not in once
    assert once == renewed(once)


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_a_page_without_the_two_lines_is_left_alone(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command shows the lines that it wants, and exits with 2."""
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")

    assert 2 == writer.main([str(page)])
    assert BEGIN in capsys.readouterr().err
    assert text == page.read_text(encoding="utf-8")


def test_the_writer_without_a_page_says_how_to_call_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A wrong call prints the usage and exits with 2."""
    assert 2 == writer.main([])
    assert "usage: python -m runfsm.cli.diff FILE" in capsys.readouterr().err


def test_the_page_promises_a_backend_that_is_there() -> None:
    """It names `ResponsesBackend`, which can be imported."""
    page = PAGE.read_text(encoding="utf-8")

    assert "`ResponsesBackend`" in page
    assert hasattr(__import__("runfsm"), "ResponsesBackend")
