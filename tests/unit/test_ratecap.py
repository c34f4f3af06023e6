"""Facts about the cap on requests a second."""

from __future__ import annotations

import math
import threading

import pytest

from runfsm.driver.ratecap import RateCap


def test_who_asks_first_goes_first() -> None:
    """Of five who ask in one moment, each goes a full interval after the one before."""
    cap = RateCap(4.0)

    assert [0.0, 0.25, 0.5, 0.75, 1.0] == [cap.reserve(now=7.0) for _ in range(5)]


def test_a_pause_saves_nothing_up() -> None:
    """After an hour without requests, two in one moment are an interval apart, as ever."""
    cap = RateCap(2.0)
    cap.reserve(now=0.0)

    assert [0.0, 0.5] == [cap.reserve(now=3600.0) for _ in range(2)]


def test_who_comes_later_waits_for_what_is_left() -> None:
    """The line goes on while nobody asks."""
    cap = RateCap(0.5)
    cap.reserve(now=0.0)
    cap.reserve(now=0.0)

    assert 2.5 == cap.reserve(now=1.5)


def test_no_two_threads_get_one_place() -> None:
    """A hundred places, asked for by four threads, are a hundred moments."""
    cap = RateCap(8.0)
    places: list[float] = []
    threads = [
        threading.Thread(target=lambda: places.extend(cap.reserve(now=0.0) for _ in range(25)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [n / 8 for n in range(100)] == sorted(places)


@pytest.mark.parametrize("per_s", [0.0, -1.0, math.nan, math.inf])
def test_a_cap_that_makes_no_sense_is_refused(per_s: float) -> None:
    """Nothing a second would be for ever."""
    with pytest.raises(ValueError, match="per_s"):
        RateCap(per_s)
