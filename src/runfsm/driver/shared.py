"""What all runs of one driver share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runfsm.clock import Clock
from runfsm.driver.habits import Habits
from runfsm.driver.lines import Lines
from runfsm.driver.ratecap import RateCap
from runfsm.driver.telling import Observer
from runfsm.errors import CallerError

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

    Raises:
        CallerError: the clock is none.
    """

    clock: Clock
    lines: Lines
    cap: RateCap | None
    observers: Sequence[Observer] = ()
    habits: Habits = field(default_factory=Habits)

    def __post_init__(self) -> None:
        clock = self.clock
        if isinstance(clock, type) or not callable(getattr(clock, "participant", None)):
            name = clock.__name__ if isinstance(clock, type) else f"a {type(clock).__name__}"
            raise CallerError(
                f"clock is {name}: say clock=simulator.clock, or leave it out for real time"
            )
