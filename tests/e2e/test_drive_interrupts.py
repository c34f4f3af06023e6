"""Ctrl-C in `runfsm drive`: real signals to a real process, and what it leaves behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

#: The run works at once and for ever.
HANG = "turns: [{hang: true, queue_s: 0}]\n"
#: A cancel takes two of the run's seconds, or is never honoured.
SOON, NEVER = f"{HANG}cancel_s: 2\n", f"{HANG}cancel_s: never\n"


@contextmanager
def driving(tmp_path: Path, script: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """The command, at ten times real time."""
    path = tmp_path / "script.yaml"
    path.write_text(script, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "runfsm", "drive", *args, "--json"]
    command += ["--simulate", "--speed", "10", "--script", str(path)]
    with subprocess.Popen(  # noqa: S603  # our own program
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(process: subprocess.Popen[str], **fields: str) -> dict[str, Any]:
    """The first line with these fields."""
    assert process.stdout is not None
    for line in process.stdout:
        told: dict[str, Any] = json.loads(line)
        if fields.items() <= told.items():
            return told
    pytest.fail(f"nothing said {fields}: {process.stderr and process.stderr.read()}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_one_cancels_and_waits_for_the_end(
    tmp_path: Path, number: signal.Signals
) -> None:
    """The run is cancelled, as the outcome says; and the trace is saved all the same."""
    trace = tmp_path / "run.jsonl"
    with driving(tmp_path, SOON, "Hi", "--save-trace", str(trace)) as process:
        until(process, dest="in_progress")
        process.send_signal(number)
        outcome = until(process, kind="outcome")
        code = process.wait(timeout=20)
    head, *steps = map(json.loads, trace.read_text(encoding="utf-8").splitlines())

    assert ("cancelled", "asked", 128 + number) == (
        outcome["status"],
        outcome["cancel_reason"],
        code,
    )
    assert ("cancelled", "confirm_cancel") == (head["status"], steps[-1]["event"])


def test_the_second_one_leaves_at_once_and_says_what_goes_on(tmp_path: Path) -> None:
    """With the run's id; the assistant that was made for it stays, and that is said."""
    with driving(tmp_path, NEVER, "Hi") as process:
        made = until(process, kind="begin")["assistant_id"]
        until(process, dest="in_progress")
        process.send_signal(signal.SIGINT)
        until(process, dest="cancelling")
        process.send_signal(signal.SIGINT)
        left = until(process, kind="left")
        _, err = process.communicate(timeout=20)

    assert (130, "cancelling") == (process.returncode, left["status"])
    assert left["run_id"].startswith("run_")
    assert f"{made} stays" in err
    assert "Traceback" not in err


def test_many_are_cancelled_and_no_more_are_begun(tmp_path: Path) -> None:
    """Those under way are waited for; the summary says how many were not begun."""
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("Hi\n" * 10, encoding="utf-8")
    with driving(tmp_path, SOON, "--each", str(prompts), "--limit", "3") as process:
        assert process.stderr is not None
        assert "was made" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        summary = until(process, kind="summary")
        code = process.wait(timeout=20)

    assert (130, 10) == (code, summary["prompts"])
    assert 10 == sum(summary["ended"].values())
    assert {"cancelled", "error", "not_over"} >= {*summary["ended"]}
    assert 7 <= summary["ended"]["not_over"]
