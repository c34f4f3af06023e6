"""Facts about what is known of a lock: since when nobody holds it, whom to cancel, what to tell."""

from __future__ import annotations

import pytest

from by_hand import another
from runfsm import Fault, FaultKind, Interrupt, RunRef, Wait
from runfsm.driver.busy import LINGER_S
from runfsm.driver.lock import Lock


def _refusal(holder: str | None = None) -> Fault:
    return Fault(FaultKind.LOCKED, "It has an active run.", holder=holder)


def _freed(holder: str | None) -> Lock:
    """A lock of this holder, as the service said; but at second 101 no run is active."""
    lock = Lock(_refusal(holder), since=100.0)
    lock.see(None, 101.0, at_least_until=0.0)
    return lock


@pytest.mark.parametrize(
    ("first", "then", "lingers"),
    [
        ("run_1", "run_1", True),
        ("run_1", None, True),
        (None, None, True),
        ("run_1", "run_2", False),
        (None, "run_2", False),
    ],
)
def test_only_somebody_new_begins_anew(
    first: str | None, then: str | None, *, lingers: bool
) -> None:
    """A refusal for the same holder's sake, or for nobody's, is the lock that lingers."""
    lock = _freed(first)
    lock.refuse(_refusal(then), 102.0)

    assert lingers == lock.is_lingering
    assert (101.0 if lingers else None) == lock.free_since


@pytest.mark.parametrize(("after_s", "last"), [(LINGER_S - 0.1, False), (LINGER_S, True)])
def test_a_refusal_at_the_end_of_its_lingering_is_the_last(after_s: float, *, last: bool) -> None:
    """At that very moment; a hair before, it is borne once more."""
    lock = _freed("run_1")
    lock.refuse(_refusal("run_1"), 101.0 + after_s)

    assert last == lock.has_lingered


def test_a_lock_has_lingered_since_it_was_seen_free_first() -> None:
    """Further looks that show nobody do not prolong it."""
    lock = _freed("run_1")
    lock.see(None, 103.0, at_least_until=0.0)

    assert 101.0 == lock.free_since


def test_a_lock_that_was_not_met_yet_may_linger() -> None:
    """It was seen by a look, before anything was refused."""
    lock = Lock.by(another("queued"), "thread_1", 100.0)
    held = lock.is_lingering
    lock.see(None, 101.0, at_least_until=0.0)

    assert (False, True) == (held, lock.is_lingering)


def test_a_refusal_wants_another_look() -> None:
    """What a look showed before it does not count."""
    lock = _freed("run_1")
    looked = lock.is_looked_at
    lock.refuse(_refusal("run_1"), 102.0)

    assert (False, True, False) == (Lock(_refusal(), 0.0).is_looked_at, looked, lock.is_looked_at)


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action"])
def test_a_holder_is_told_once(status: str) -> None:
    """Under `Interrupt` only; and not if it was told, by us or by another."""
    lock = Lock(_refusal(), 100.0)
    nobody = lock.victim(Interrupt())
    lock.see(another(status), 101.0, at_least_until=0.0)
    victims = [lock.victim(Wait()), lock.victim(Interrupt())]
    lock.told.add("run_9")

    assert [None, None, RunRef("assistants", "run_9", "thread_1"), None] == [
        nobody,
        *victims,
        lock.victim(Interrupt()),
    ]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (100.0, "It has an active run."),
        (100.5, "It has an active run. Still so after 0 s."),
        (107.0, "It has an active run. Still so after 7 s."),
    ],
)
def test_the_error_tells_how_long_it_was_waited_for(now: float, said: str) -> None:
    """In seconds since it was met first; who did not wait is not told of waiting."""
    assert said == str(Lock(_refusal(), since=100.0).error(now).fault.message)
