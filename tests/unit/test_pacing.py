"""Facts about pacing: what makes no sense, what is never longer, and what a wait goes by."""

from __future__ import annotations

import math
import pickle
from itertools import pairwise

import pytest

from runfsm import Pacing, RunEvent, RunStatus
from runfsm.driver.habits import Habits
from runfsm.driver.pacing import Patience

S = RunStatus
CLIENTS = 1_000


def _used_to(low_s: float, high_s: float, move: RunEvent = RunEvent.CREATE) -> Habits:
    """Habits of a service that takes so long."""
    habits = Habits()
    for _ in range(20):
        habits.learn(move, low_s=low_s, high_s=high_s)
    return habits


def _looked(patience: Patience, *looks: tuple[RunStatus | None, float]) -> Patience:
    """After looks that showed these statuses, at these times."""
    for status, at in looks:
        patience.look(news=False, mends=True, status=status, at=at)
    return patience


@pytest.mark.parametrize(
    "fields",
    [
        {"first_s": 0.0},  # time would stand still, or the service be stormed
        {"first_s": -1.0},
        {"longest_s": 0.0},
        {"factor": 0.5},  # ever quicker
        {"fault_s": -1.0},
        {"faults_max": -1},
        {"faults_max": 1.5},
        {"first_s": math.nan},
        {"requests_per_s": 0.0},
    ],
    ids=str,
)
def test_a_pacing_that_makes_no_sense_is_refused(fields: dict[str, float]) -> None:
    """The mistake is told where it is made, and not by a driver that never ends."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        Pacing(**fields)  # type: ignore[arg-type]  # the mistake to be told of


@pytest.mark.parametrize("factor", [2.0, 1e6, 1e300])
def test_the_longest_wait_is_the_longest(factor: float) -> None:
    """However often and however fast the waits have grown: no overflow, and no longer wait."""
    assert 5.0 == Pacing(factor=factor).delay_s(10_000)


# After a fault ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("faults", "most_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 5.0), (5_000, 5.0)]
)
def test_a_back_off_doubles_and_lies_between_half_of_it_and_all(faults: int, most_s: float) -> None:
    """Whatever the run is called; up to the longest wait."""
    delays_s = [Pacing().fault_delay_s(faults, None, key=f"run {n}") for n in range(100)]

    assert most_s / 2 <= min(delays_s) < 0.6 * most_s
    assert 0.9 * most_s < max(delays_s) <= most_s


def test_clients_that_were_told_one_moment_do_not_come_back_in_one() -> None:
    """Of 1,000 runs told to retry after 1 s, none is early, none is late by more than a quarter.

    In no hundredth of a second come twice as many as if they were spread evenly.
    """
    pacing = Pacing(fault_s=0.1)
    delays_s = [pacing.fault_delay_s(1, 1.0, key=f"run {n}") for n in range(CLIENTS)]
    crowds = [sum(moment <= d < moment + 0.01 for d in delays_s) for moment in delays_s]

    assert 1.0 <= min(delays_s) < max(delays_s) <= 1.25
    assert max(crowds) < 2 * CLIENTS / 25


def test_an_hour_is_not_spread_over_a_quarter_of_an_hour() -> None:
    """What is added to the service's wish is no longer than the longest wait."""
    delays_s = [Pacing().fault_delay_s(1, 3600.0, key=f"run {n}") for n in range(100)]

    assert 3600.0 <= min(delays_s) <= max(delays_s) <= 3605.0


def test_a_retry_after_of_nothing_is_no_storm() -> None:
    """The service's wish is a lower bound: the back-off holds all the same."""
    pacing = Pacing()

    assert pacing.fault_delay_s(4, None, key="a") == pacing.fault_delay_s(4, 0.0, key="a")


def test_a_wait_is_the_same_each_time_it_is_computed() -> None:
    """Jitter is no chance: the run's key decides, here and in another process."""
    assert 0.262 == round(Pacing().fault_delay_s(1, None, key="a run"), 3)


def test_after_a_fault_the_back_off_counts_alone() -> None:
    """Neither what was learnt nor a wish of an earlier answer shortens it."""
    patience = Patience(Pacing(), habits=_used_to(0.0, 0.1), key="a")
    patience.look(news=True, mends=True, status=S.QUEUED, at=0.0, poll_after_s=0.01)
    patience.fail(None, at_once=False)

    assert Pacing().fault_delay_s(1, None, key="a") == patience.delay_s(0.0)


# By the service's wish ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish_s", "delay_s"),
    [(0.02, 0.02), (3.0, 3.0), (60.0, 5.0), (math.inf, 5.0), (0.0, 0.5), (math.nan, 0.5)],
)
def test_the_services_own_wish_comes_first(wish_s: float, delay_s: float) -> None:
    """Up to the longest wait; "at once, again and again" is not heeded."""
    patience = Patience(Pacing())
    patience.look(news=True, mends=True, status=S.QUEUED, poll_after_s=wish_s)

    assert delay_s == patience.delay_s(0.0)


def test_a_wish_is_for_the_next_look_only() -> None:
    """An answer without one takes the former one's back."""
    patience = Patience(Pacing())
    patience.look(news=True, mends=True, status=S.QUEUED, poll_after_s=3.0)
    patience.look(news=True, mends=True, status=S.IN_PROGRESS, at=3.0)

    assert 0.5 == patience.delay_s(3.0)


# By what was learnt -------------------------------------------------------------------------------


def test_nobody_looks_before_there_was_ever_anything_to_see() -> None:
    """Runs were ready after 3 to 4 s: the first look comes then, and not half a second in."""
    patience = _looked(Patience(Pacing(), habits=_used_to(3.0, 4.0)), (S.QUEUED, 100.0))

    assert 3.0 < patience.delay_s(100.0) < 4.0


def test_a_status_on_the_way_begins_no_new_wait() -> None:
    """Whether the run was seen to start or not: the next look comes at the same moment."""
    unseen = Patience(Pacing(), habits=_used_to(3.0, 4.0))
    seen = Patience(Pacing(), habits=_used_to(3.0, 4.0))
    _looked(unseen, (S.QUEUED, 0.0), (S.QUEUED, 2.0))
    _looked(seen, (S.QUEUED, 0.0), (S.IN_PROGRESS, 2.0))

    assert unseen.delay_s(2.0) == seen.delay_s(2.0) < 2.0


def test_a_run_teaches_how_long_each_of_its_waits_took() -> None:
    """From creation to the calls, and from the outputs to the end: two spans, told apart."""
    habits = Habits()
    for _ in range(20):
        _looked(
            Patience(Pacing(), habits=habits),
            *((S.QUEUED, 0.0), (S.IN_PROGRESS, 1.0), (S.REQUIRES_ACTION, 1.5)),
            *((S.QUEUED, 60.0), (S.QUEUED, 63.0), (S.COMPLETED, 64.0)),
        )
    created = habits.next_delay_s(RunEvent.CREATE, 0.0)
    submitted = habits.next_delay_s(RunEvent.SUBMIT_TOOL_OUTPUTS, 0.0)

    assert created is not None
    assert submitted is not None
    assert 1.0 < created < 1.5
    assert 3.0 < submitted < 4.0


def test_a_wait_that_a_cancel_cut_short_teaches_nothing() -> None:
    """How long the answer would have taken is unknown; how long the cancel took is not."""
    habits = Habits()
    for _ in range(20):
        patience = Patience(Pacing(), habits=habits)
        _looked(patience, (S.QUEUED, 0.0), (S.CANCELLING, 1.0), (S.CANCELLED, 3.0))

    assert habits.next_delay_s(RunEvent.CREATE, 0.0) is None
    assert habits.next_delay_s(RunEvent.CANCEL, 0.0) is not None


def test_an_unknown_status_ends_no_wait() -> None:
    """A tenth status may be anything: until one comes that is known, the wait goes on."""
    patience = Patience(Pacing(), habits=_used_to(3.0, 4.0))
    _looked(patience, (S.QUEUED, 0.0), (None, 1.0))

    assert 2.0 < patience.delay_s(1.0) < 3.0


def test_who_wants_to_learn_nothing_looks_as_told() -> None:
    """`learns=False` leaves the first wait at `first_s`."""
    patience = Patience(Pacing(learns=False), habits=_used_to(3.0, 4.0))
    patience.look(news=True, mends=True, status=S.QUEUED, at=0.0)

    assert 0.5 == patience.delay_s(0.0)


def test_a_run_that_outlives_all_is_asked_quickly_and_then_ever_more_slowly() -> None:
    """Beyond what was learnt the blind schedule begins anew, from its first wait to its longest."""
    patience = _looked(Patience(Pacing(), habits=_used_to(3.0, 4.0)), (S.QUEUED, 0.0))
    moments_s = [0.0]
    while moments_s[-1] < 60:
        moments_s.append(moments_s[-1] + patience.delay_s(moments_s[-1]))
        _looked(patience, (S.QUEUED, moments_s[-1]))
    delays_s = [after - before for before, after in pairwise(moments_s) if before >= 4.0]

    assert [0.5, 0.75, 1.125] == pytest.approx(delays_s[:3])
    assert 5.0 == pytest.approx(delays_s[-1])


def test_what_was_learnt_makes_no_wait_longer_than_the_longest() -> None:
    """Runs of a minute are looked at every 5 s, in case that things have changed."""
    patience = _looked(Patience(Pacing(), habits=_used_to(50.0, 60.0)), (S.QUEUED, 0.0))

    assert 5.0 == patience.delay_s(0.0)


def test_patience_pickles_in_mid_wait() -> None:
    """With all that it knows: the next wait is the same."""
    patience = Patience(Pacing(), habits=_used_to(3.0, 4.0), key="a")
    _looked(patience, (S.QUEUED, 0.0), (S.IN_PROGRESS, 2.0))
    twin = pickle.loads(pickle.dumps(patience))  # noqa: S301  # our own bytes

    assert patience == twin
    assert patience.delay_s(2.0) == twin.delay_s(2.0)


def test_a_service_that_grows_faster_is_noticed() -> None:
    """Runs took 9 s and now take 2: sixty-four of them later, the lag is a small part of that."""
    habits = _used_to(8.9, 9.0)
    lags_s = [_lag_s(Patience(Pacing(), habits=habits), 2.0) for _ in range(64)]

    assert 3.0 == lags_s[0]  # the longest wait
    assert 0.25 > max(lags_s[-10:])


def _lag_s(patience: Patience, ready_s: float) -> float:
    """How late a run is found that is ready after so long."""
    now = 0.0
    _looked(patience, (S.QUEUED, now))
    while now < ready_s:
        now += patience.delay_s(now)
        _looked(patience, (S.QUEUED if now < ready_s else S.COMPLETED, now))
    return now - ready_s


def test_the_waits_of_a_blind_run_grow() -> None:
    """Without anything learnt, each look that shows nothing new makes the next wait longer."""
    patience = Patience(Pacing())
    delays_s = [_looked(patience, (S.QUEUED, now)).delay_s(now) for now in (0.0, 1.0, 2.0)]

    assert all(shorter < longer for shorter, longer in pairwise(delays_s))
