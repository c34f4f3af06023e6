"""Facts about the garbage collector of a server: when a full pass is made."""

from __future__ import annotations

import gc

import pytest

from runfsm.cli.collector import (
    LATEST_TICKS,
    NEVER,
    QUIET_TICKS,
    WORTH,
    QuietCollector,
    full_passes_wait,
)


class Passes:
    """A collector that counts its full passes, and says how many others there were."""

    def __init__(self, young: int = WORTH) -> None:
        self.young = young
        self.full = 0

    def collect(self) -> None:
        """Make one."""
        self.full += 1
        self.young = 0


def _collector(passes: Passes) -> QuietCollector:
    return QuietCollector(collect=passes.collect, passes=lambda: passes.young)


def test_a_full_pass_waits_until_it_is_quiet() -> None:
    """It comes after a second without a request, not one tick sooner."""
    passes = Passes()
    collector = _collector(passes)
    collector.tick(5)
    for _ in range(QUIET_TICKS - 1):
        collector.tick(5)
    assert 0 == passes.full

    collector.tick(5)
    assert 1 == passes.full


def test_a_request_puts_it_off() -> None:
    """One request in each second, and there is no full pass for almost ten minutes; then one."""
    passes = Passes()
    collector = _collector(passes)
    for tick in range(LATEST_TICKS - 1):
        collector.tick(tick // (QUIET_TICKS - 1))
    assert 0 == passes.full

    collector.tick(LATEST_TICKS)
    assert 1 == passes.full
    for tick in range(LATEST_TICKS - 1):  # the ten minutes begin anew
        passes.young = WORTH
        collector.tick(LATEST_TICKS + 1 + tick)
    assert 1 == passes.full


def test_a_pass_that_is_worth_nothing_is_not_made() -> None:
    """A server without work does not look through its objects again and again."""
    passes = Passes(young=WORTH - 1)
    collector = _collector(passes)
    for _ in range(3 * QUIET_TICKS):
        collector.tick(0)

    assert 0 == passes.full


def test_nothing_else_makes_full_passes_and_all_is_as_before_in_the_end() -> None:
    """Thresholds are put back, and what was set aside is looked at again, even after an error."""
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with pytest.raises(ZeroDivisionError), full_passes_wait():  # noqa: PT012  # looks inside
        assert (*before[:2], NEVER) == gc.get_threshold()
        assert gc.get_freeze_count() > max(frozen, 10_000)  # all that was imported
        _ = 1 / 0

    assert (before, 0) == (gc.get_threshold(), gc.get_freeze_count())
