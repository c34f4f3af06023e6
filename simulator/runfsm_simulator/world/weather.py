"""A storm over one world: whether a fault strikes now, asked of the world's chooser.

It belongs to the world, and is saved and restored with it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final, TypeVar

from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.models import Work
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.witness import WITNESSES

__all__ = ["Shown", "Weather"]

T = TypeVar("T")

SHOWN_MAX: Final = 10_000


class Weather:
    """What a storm does to its world.

    Args:
        storm: which faults strike, and how often.
        chooser: asked each time.
        since: when it began (Unix seconds).

    Attributes:
        storm: as given.
        shown: what faults depend on that concern what a client saw.
    """

    def __init__(self, storm: Storm, chooser: Chooser, *, since: float) -> None:
        self.storm = storm
        self.shown = Shown()
        self._is_calm = storm.is_calm
        self._chooser = chooser
        self._heals_at = None if storm.heal_after_s is None else since + storm.heal_after_s

    def is_calm(self, now: float) -> bool:
        """Whether nothing strikes now, nor ever will."""
        return self._is_calm or (self._heals_at is not None and now >= self._heals_at)

    def strikes(self, fault: str, now: float, met: Work | None = None) -> bool:
        """Whether a fault, by its field of `Storm`, strikes this time.

        Args:
            fault: the field.
            now: in Unix seconds.
            met: the run that it meets, for who counts; `None`: there is none yet.
        """
        chance: float = getattr(self.storm, fault)
        if not chance or self.is_calm(now):
            return False
        # The lowest draw is the simplest one to a chooser that shrinks: it is no fault.
        struck = chance >= 1 or self.between(fault, 0.0, 1.0) > 1 - chance
        if struck:
            WITNESSES.struck(fault, met)
        return struck

    def lingers_s(self, now: float, met: Work) -> float:
        """How long the lock of a run that is over lingers this time, in seconds; if it has one."""
        longest = self.storm.lingering_lock_s if met.lifecycle.locks else 0.0
        if not longest or self.is_calm(now):
            return 0.0
        WITNESSES.struck("lingering_lock_s", met)
        return self.between("lingering_lock_s", 0.0, longest)

    def pick(self, fault: str, options: Sequence[T]) -> T:
        """Which way a fault takes."""
        return self._chooser.pick(f"fault:{fault}", options)

    def between(self, fault: str, low: float, high: float) -> float:
        """How far a fault goes."""
        return self._chooser.between(f"fault:{fault}", low, high)


class Shown:
    """What clients were shown, where a later fault depends on it. Bounded: the oldest is forgotten.

    Not part of a world's state: a copy of the world has shown nothing yet.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Shown, ()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def exchange(self, key: Hashable, value: Any) -> Any:
        """Keep `value` under `key`; what was kept there before, or `None`."""
        before = self._kept.pop(key, None)
        self._kept[key] = value
        if len(self._kept) > SHOWN_MAX:
            del self._kept[next(iter(self._kept))]
        return before
