"""Facts about a core that is asked whether it hears of what a service tells by itself."""

from __future__ import annotations

from dataclasses import replace

from by_hand import REF, REFUSED, a_core, a_run, met, seen
from runfsm.driver.replies import Seen, Slept


def test_what_is_told_of_it_by_any_of_its_names_is_heard() -> None:
    """By the run's id, and by that of each of its responses."""
    core = a_core(Seen(replace(a_run("queued"), ref=replace(REF, chain=("resp_1", "resp_2"))), 0.0))

    assert [True, True, True, False] == [
        core.hears_of(name) for name in ("run_1", "resp_1", "resp_2", "resp_3")
    ]


def test_what_is_told_before_it_was_seen_is_not_heard() -> None:
    """It has no name yet that could be told."""
    assert not a_core().hears_of("run_1")


def test_who_is_unwell_is_not_asked_sooner() -> None:
    """After a fault, its back-off comes first; when it is well again, it is heard of again."""
    core = a_core(seen("queued"), Slept(0.5), met(REFUSED, 0.5))
    unwell = core.hears_of("run_1")
    core.receive(Slept(2.0))
    core.receive(seen("in_progress", now=2.0))

    assert [False, True] == [unwell, core.hears_of("run_1")]
