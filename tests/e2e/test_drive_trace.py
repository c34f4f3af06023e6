"""`runfsm drive --save-trace`: what is saved, and what is not."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from drivecommand import SECRET, TOOLS, Drive
from runfsm.cli import main
from runfsm.driver.journal import step_from_dict
from runfsm.lifecycle.journal import Transition

#: Each word that somebody says, or that a tool is called with or answers.
CONTENTS = ("Paris", "umbrella", "temperature", "the City of Light", SECRET)


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
