"""Facts about pacing's numbers: the usual ones, the bounds themselves, and what a refusal says."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pytest

from runfsm import Pacing, RunEvent, RunStatus
from runfsm.driver.habits import Habits
from runfsm.driver.pacing import Patience, check_number

S = RunStatus


def test_the_usual_pacing() -> None:
    """Half a second, half as much again each time, five seconds at most; five faults are borne."""
    assert {
        "first_s": 0.5,
        "factor": 1.5,
        "longest_s": 5.0,
        "fault_s": 0.5,
        "faults_max": 5,
        "learns": True,
        "requests_per_s": None,
    } == asdict(Pacing())
    assert [0.5, 0.75, 1.125] == [Pacing().delay_s(looks) for looks in range(3)]


@pytest.mark.parametrize(
    "fields",
    [
        {"faults_max": 0},
        {"factor": 1},
        {"first_s": 5.0, "longest_s": 5.0},
        {"first_s": 0.01},
        {"fault_s": 0.01},
        {"requests_per_s": 0.5},
    ],
    ids=str,
)
def test_a_pacing_at_its_bounds_makes_sense(fields: dict[str, Any]) -> None:
    """No fault is borne, no wait grows, one request in two seconds: an app may want that."""
    assert fields.items() <= asdict(Pacing(**fields)).items()


@pytest.mark.parametrize(
    ("value", "limits", "said"),
    [
        (0, {"above": 0}, "n is 0, where a finite number above 0 would do"),
        (0.9, {"at_least": 1}, "n is 0.9, where a finite number of at least 1 would do"),
        (1.5, {"at_least": 0, "whole": True}, "n is 1.5, where a whole number of at least 0"),
        (math.inf, {"above": 0}, "n is inf, where a finite number"),
        (math.nan, {"at_least": 0}, "n is nan, where a finite number"),
        ("5", {"above": 0}, "n is '5', where a finite number"),
        (None, {"at_least": 0, "whole": True}, "n is None, where a whole number"),
    ],
)
def test_a_number_that_will_not_do_is_told_with_what_would(
    value: Any, limits: dict[str, Any], said: str
) -> None:
    """Its name, itself, its kind and its bound; a text is no number."""
    with pytest.raises(ValueError, match=said):
        check_number("n", value, **limits)


def test_a_retry_after_is_spread_over_a_quarter_of_itself() -> None:
    """Beyond it, of a service that wished for a second."""
    waits_s = [Pacing(fault_s=0.1).fault_delay_s(1, 1.0, key=f"run {n}") for n in range(1000)]

    assert 1.0 <= min(waits_s) < 1.001
    assert 1.249 < max(waits_s) <= 1.25


@pytest.mark.parametrize("faults_max", [0, 2])
def test_so_many_failures_in_a_row_are_borne(faults_max: int) -> None:
    """One more, and it is given up; a look that mends nothing forgets none."""
    patience, borne = Patience(Pacing(faults_max=faults_max)), -1
    while not patience.is_worn_out:
        borne += 1
        patience.fail(None, at_once=False)
        patience.look(news=True, mends=False)

    assert faults_max == borne


def test_nobody_has_rested_before_the_first_look() -> None:
    """Nor failed."""
    patience = Patience(Pacing())

    assert (False, 0) == (patience.is_rested, patience.faults)


def test_only_the_first_failure_is_followed_by_a_look_at_once() -> None:
    """And only where that is good for something; a look wants another rest."""
    patience, rested = Patience(Pacing()), []
    for at_once in (False, True):
        patience.look(news=True, mends=True)
        for _ in range(2):
            patience.fail(None, at_once=at_once)
            rested.append(patience.is_rested)

    assert [False, False, True, False] == rested


@pytest.mark.parametrize(
    ("wish_s", "delay_s"), [(None, 0.5), (0.0, 0.5), (-1.0, 0.5), (0.25, 0.25)]
)
def test_a_wish_of_nothing_is_no_wish(wish_s: float | None, delay_s: float) -> None:
    """A service that says "at once, again and again" is not asked like that."""
    patience = Patience(Pacing())
    patience.look(news=True, mends=True, status=S.QUEUED, at=0.0, poll_after_s=wish_s)

    assert delay_s == patience.delay_s(0.0)


def test_nothing_is_learnt_before_a_run_was_seen() -> None:
    """Looks without a status tell nothing; a first look at a run that is over tells no wait."""

    class Noting(Habits):
        def learn(self, move: RunEvent, *, low_s: float, high_s: float) -> None:
            learnt.append((move, low_s, high_s))

    learnt: list[tuple[RunEvent, float, float]] = []
    patience = Patience(Pacing(), habits=Noting())
    patience.look(news=True, mends=True, at=1.0)
    patience.look(news=True, mends=True, status=S.COMPLETED, at=9.0)

    assert 0.5 == patience.delay_s(9.0)
    assert [] == learnt


def test_a_wish_of_ages_is_ten_years() -> None:
    """No timer takes more; a little is added, so that not all come at once."""
    ten_years_s = 315_360_000.0

    assert ten_years_s <= Pacing().fault_delay_s(1, 1e15) <= ten_years_s + Pacing().longest_s
