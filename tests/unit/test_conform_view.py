"""How `runfsm conform` shows a failure on a terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from runfsm.cli.conform import _tell_failure
from runfsm_simulator.testing.conformance.behaviour import Finding, Verdict
from runfsm_simulator.testing.conformance.check import SUBJECTS

ONE = next(one for listed in SUBJECTS.values() for one in listed)


def _exchange(status: str) -> dict[str, Any]:
    answer = {"id": "run_1", "status": status, "object": "thread.run"}
    return {"method": "GET", "path": "/threads/t/runs/run_1", "status": 200, "answer": answer}


@pytest.mark.reported(
    "tried as a new user (P29)",
    "`conform` repeated one GET line 80 times.",
    now="Lines that are alike are told once, with how many there were.",
)
def test_exchanges_that_are_alike_are_told_once() -> None:
    """In their order, each with its count (tried as a new user)."""
    looks = [_exchange("queued")] * 80 + [_exchange("in_progress")] + [_exchange("queued")] * 2
    console = Console(file=io.StringIO(), width=120)
    _tell_failure(console, Finding(ONE, Verdict.FAILED, trace=tuple(looks)))
    told = console.file.getvalue()  # type: ignore[attr-defined]  # of the StringIO above

    lines = [line.split("200")[1].split() for line in told.splitlines() if "GET" in line]
    assert [["80", "times"], ['"in_progress"}'], ["2", "times"]] == [
        line[-2:] if line[-1] == "times" else line[-1:] for line in lines
    ]
