"""Everything that can go wrong with a run, on every road; and that a case would notice."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import openai
import pytest

from runfsm.cli.cases import CASES, COMPLAINTS, FAULTS, Case, Road, Verdict, case, judge
from runfsm.cli.cases.case import at_least, at_most, expect
from runfsm.cli.cases.page import render
from runfsm.driver import admission, core, decide, hands, keysearch, learn, lock, retry
from runfsm.driver.answers import Answers
from runfsm.driver.watch import Drive

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"

AGENTS = [("agents", None), ("agents", "asyncio")] if openai.__version__ >= "3" else []
ROADS = {
    f"{loop or 'threads'}-{door}": Road(loop, door)
    for loop, door in product((None, "asyncio", "trio"), ("sdk", "direct"))
}
OTHER_WIRES = {
    f"{loop or 'threads'}-{wire}": Road(loop, wire=wire)
    for wire, loop in (("responses", None), ("responses", "asyncio"), *AGENTS)
}
PLAYS = {
    f"{one.name}-{name}": (one, road)
    for one in CASES
    for name, road in {**ROADS, **OTHER_WIRES}.items()
    if not (one.wire_only and road.door == "direct")
}
BY_ID = {ident: one for one in CASES for ident in one.ids}


@pytest.mark.parametrize("play", PLAYS.values(), ids=PLAYS)
def test_the_driver_does_what_it_must(play: tuple[Case, Road]) -> None:
    """Every fact that the case rests on is so."""
    one, road = play
    found = judge(one, road)
    if found.verdict is Verdict.ABSENT:
        pytest.skip(f"{road.wire}: {found.said}")

    assert (one.reason is None, "") == (found.verdict is Verdict.SURVIVED, _wrong(found))


def _wrong(found: Any) -> str:
    return found.said if found.verdict is Verdict.FAILED else ""


def test_nothing_is_left_out() -> None:
    """45 complaints and 28 faults, each in exactly one case."""
    answered = Counter(ident for one in CASES for ident in one.ids)

    assert (45, 28) == (len(COMPLAINTS), len(FAULTS))
    assert dict.fromkeys((*COMPLAINTS, *FAULTS), 1) == answered


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_a_case_says_what_it_is_about(one: Case) -> None:
    """Where it was reported, what the service does, and what the driver must do.

    And it can be on the wire in whose terms it is told.
    """
    assert one.why_not_on("assistants") is None
    assert all((one.sources, one.service, one.driver))
    assert "|" not in f"{one.sources}{one.service}{one.driver}{one.reason}"  # it goes into a table


def test_the_page_is_fresh() -> None:
    """It is what the command writes now."""
    assert render() == PAGE.read_text(encoding="utf-8"), "docs/doctor.md: run `make doctor`"


# A case that cannot fail proves nothing -----------------------------------------------------------


def _nothing(*_: Any, **__: Any) -> None:
    pass


def _no(*_: Any, **__: Any) -> bool:
    return False


#: What is taken from the driver, and the cases that must notice.
MISSED = {
    "asks for messages once": (learn, "EMPTY_MAX", 0, ["F15"]),
    "waits out no lingering lock": (lock, "LINGER_S", -1.0, ["C7", "F7"]),
    "finds no run of its own": (admission.Admission, "_ours", _nothing, ["F20"]),
    "retries nothing": (retry, "RETRYABLE", frozenset(), ["F10", "F25", "C23"]),
    "does not know a 404 of its own": (
        admission.Admission,
        "_may_pass",
        lambda self, fault: retry.may_pass(fault, ours=False, answered=self._answered),
        ["F16"],
    ),
    "takes refusals for the end": (learn, "OUTDATED", frozenset(), ["C28", "F9", "F12"]),
    "leaves runs behind": (Drive, "_let_go", _nothing, ["C10", "C27", "C41"]),
    "never cancels": (core.RunCore, "request_cancel", _nothing, ["C14", "C24", "C36", "C38"]),
    "calls what stands twice twice": (
        Answers,
        "missing",
        lambda self, run: tuple(c for c in run.calls if c.call_id not in self._outputs),
        ["C29"],
    ),
    "tells nobody of what is too large": (learn, "_tell_too_large", _no, ["C42"]),
    "makes no run again": (core, "rerun_delay_s", _nothing, ["C43"]),
    "looks for no key first": (
        keysearch.KeySearch,
        "of",
        lambda _: keysearch.KeySearch(None),
        ["C44"],
    ),
    "waits for itself": (hands, "check_no_reentry", _nothing, ["C45"]),
    "polls without a pause": (decide, "_after_rest", lambda _, action, **__: action, ["C21"]),
}


@pytest.mark.parametrize(
    ("where", "name", "instead", "ident"),
    [
        pytest.param(where, name, instead, ident, id=f"{ident}-{what}")
        for what, (where, name, instead, idents) in MISSED.items()
        for ident in idents
    ],
)
def test_a_driver_that_does_less_does_not_survive(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, instead: Any, ident: str
) -> None:
    """With that taken from it, the driver fails the case."""
    monkeypatch.setattr(where, name, instead)
    found = judge(BY_ID[ident], Road())

    assert Verdict.FAILED is found.verdict


def _case(play: Any) -> Case:
    return case.case("C0", sources="none", service="nothing")(play)


@pytest.mark.parametrize(
    ("play", "said"),
    [
        (lambda _: expect("the sky", "blue", "grey"), "the sky: expected 'blue', got 'grey'"),
        (lambda _: at_most("looks", 3, 4), "looks: expected at most 3, got 4"),
        (lambda _: at_least("looks", 3, 2), "looks: expected at least 3, got 2"),
        (lambda _: 1 // 0, "ZeroDivisionError: integer division or modulo by zero"),
    ],
)
def test_what_is_not_so_is_said(play: Any, said: str) -> None:
    """A false fact, or whatever else is raised, fails the case in words."""
    found = judge(_case(play), Road())

    assert (Verdict.FAILED, said) == (found.verdict, found.said)


def test_a_case_that_hangs_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for so long, and the other cases go on."""
    monkeypatch.setattr(case, "HANGS_S", 0.01)
    stuck = case.threading.Event()
    found = judge(_case(lambda _: stuck.wait(timeout=10)), Road())
    stuck.set()

    assert (Verdict.FAILED, "it does not come to an end") == (found.verdict, found.said)
