"""What all runs of one driver share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runfsm.clock import Clock
from runfsm.driver.habits import Habits
from runfsm.driver.lines import Lines
from runfsm.driver.ratecap import RateCap
from runfsm.driver.telling import Observer

__all__ = ["Shared"]


@dataclass(frozen=True, slots=True)
class Shared:
    """What all runs of one driver share.

    Attributes:
        clock: what to wait by.
        lines: where to stand in line for a thread.
        cap: how many requests a second; `None`: as many as are asked for.
        observers: who hears of each step of a journal.
        habits: what is known of how long runs take.
    """

    clock: Clock
    lines: Lines
    cap: RateCap | None
    observers: Sequence[Observer] = ()
    habits: Habits = field(default_factory=Habits)
