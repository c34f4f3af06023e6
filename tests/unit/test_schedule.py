"""Facts about when to look at what ends unseen."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfsm.driver.schedule import FINE_S, Schedule, Span

spans = st.tuples(st.floats(0, 600), st.floats(FINE_S, 600)).map(lambda s: (s[0], s[0] + s[1]))


def _looks(schedule: Schedule) -> list[float]:
    """Every look at a wait that does not end."""
    moments: list[float] = []
    while (moment := schedule.next_s(moments[-1] if moments else 0.0)) is not None:
        moments.append(moment)
    return moments


@given(st.lists(spans, min_size=1, max_size=64))
def test_looks_go_forward_and_come_to_an_end(seen: list[Span]) -> None:
    """Whatever was seen: no two looks are closer than is of use, and the last is at its end."""
    moments = _looks(Schedule.of(seen))

    assert all(later - earlier >= 0.99 * FINE_S for earlier, later in pairwise(moments))
    assert max(high for _, high in seen) - 1e-6 <= moments[-1]


@pytest.mark.parametrize(
    "wait_s",
    [
        lambda share: 2.0 + share,
        lambda share: 3.0 + 4 * share,
        lambda share: 10.0 + 50 * share,
        lambda share: 1.0 - 5 * math.log(1 - share),
        lambda share: 2.0 + share if share < 0.8 else 30.0 + 40 * share,
    ],
    ids=["narrow", "even", "long", "exponential", "two kinds"],
)
def test_no_more_looks_than_the_sdk(wait_s: Callable[[float], float]) -> None:
    """On waits like those it was made of: the SDK looks at once, and then every second."""
    ends = [wait_s((n + 0.5) / 64) for n in range(64)]
    moments = _looks(Schedule.of([(end - 0.2, end + 0.2) for end in ends]))
    ours = sum(1 + sum(moment < end for moment in moments) for end in ends)

    assert ours <= sum(1 + math.ceil(end) for end in ends)


def test_the_likelier_the_end_the_closer_the_looks() -> None:
    """Anywhere from 10 to 60 s, all as likely: the longer it lasts, the nearer the end must be."""
    moments = _looks(Schedule.of([(10.0 + n, 11.0 + n) for n in range(50)]))
    gaps = [later - earlier for earlier, later in pairwise(moments)]

    assert gaps[0] > 2 * gaps[len(gaps) // 2] > 4 * gaps[-2]


def test_a_gap_in_which_nothing_ends_is_hardly_looked_into() -> None:
    """Half end after 2 s, half after 30: a look costs as much between, and finds nothing."""
    moments = _looks(Schedule.of([(2.0, 2.5)] * 32 + [(30.0, 30.5)] * 32))
    gaps = [(earlier, later - earlier) for earlier, later in pairwise(moments)]

    assert 0.1 > max(gap for earlier, gap in gaps if earlier < 2.3)
    assert 1.0 < min(gap for earlier, gap in gaps if 2.5 < earlier < 28.0)


def test_what_always_takes_as_long_needs_hardly_a_look() -> None:
    """Seen to end within a twentieth of a second: two looks are enough, at that moment."""
    moments = _looks(Schedule.of([(5.0, 5.0 + FINE_S)] * 64))

    assert 2 >= len(moments)
    assert 5.0 < moments[0] <= 5.0 + 2 * FINE_S


def test_runs_that_hang_pay_for_no_storm_on_the_others() -> None:
    """One in ten hangs for ten minutes: the others are looked at no more than twice as often."""
    usual = [(3.0 + n / 20, 3.5 + n / 20) for n in range(58)]
    without = _looks(Schedule.of(usual))
    with_some = _looks(Schedule.of([*usual, *[(599.0, 600.0)] * 6]))

    assert len([m for m in with_some if m < 6.0]) <= 2 * len([m for m in without if m < 6.0])
