"""`runfsm drive --each`: many prompts."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runfsm.cli import main

PROMPTS = [f"Question {n}" for n in range(12)]

Each = Callable[..., tuple[object, str, str]]


@pytest.fixture
def each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Each:
    """The command, on a file of these prompts; its exit code and what it said."""

    def run(*args: str, prompts: str = "\n".join(PROMPTS)) -> tuple[object, str, str]:
        (tmp_path / "prompts.txt").write_text(prompts, encoding="utf-8")
        command = ["runfsm", "drive", "--each", str(tmp_path / "prompts.txt"), "--simulate"]
        monkeypatch.setattr(sys, "argv", [*command, *args])
        with pytest.raises(SystemExit) as caught:
            main()
        return (caught.value.code, *capsys.readouterr())

    return run


def test_each_prompt_gets_its_answer(each: Each) -> None:
    """A line of JSON each, named by index, and a summary; whoever comes first is told first."""
    code, out, _ = each("--json", "--limit", "4")
    *results, summary = map(json.loads, out.splitlines())
    answers = {result["index"]: result["text"] for result in results}

    assert (0, {"completed": 12}) == (code, summary["ended"])
    assert ["outcome"] * 12 == [result["kind"] for result in results]
    assert PROMPTS == [PROMPTS[n] for n in range(12) if f'"{PROMPTS[n]}"' in answers[n]]
    assert 12 == len({result["thread_id"] for result in results})


def test_people_get_a_line_each_and_a_sum(each: Each) -> None:
    """Statuses in words, prompts by their numbers from 1 on; no bar where there is no terminal."""
    code, out, err = each("--script", "failure")
    lines = out.splitlines()

    assert (1, 13, "12 prompts: 12 failed") == (code, len(lines), lines[-1])
    assert all("■ failed" in line and "Question" in line for line in lines[:-1])
    assert {f"{n}" for n in range(1, 13)} == {line.split()[0] for line in lines[:-1]}
    assert "━" not in out + err


def test_empty_lines_are_no_prompts(each: Each, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file as on standard input; none at all is fine."""
    _, out, _ = each("--json", prompts="\n  One \n\n\nTwo\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("\nOne\n"))
    none = each("--json", prompts="\n")

    assert 2 == json.loads(out.splitlines()[-1])["prompts"]
    assert (0, 0) == (none[0], json.loads(none[1])["prompts"])
