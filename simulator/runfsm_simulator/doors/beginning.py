"""What a world began with, and who chooses when it begins again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from runfsm_simulator.world.chooser import Chooser, Seeded
from runfsm_simulator.world.script import Planner
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.switches import Switches

__all__ = ["Beginning"]


@runtime_checkable
class Again(Protocol):
    """A chooser that says itself how a world begins again."""

    def again(self, seed: int | None) -> Chooser:
        """Who chooses from then on; by another seed if one is given."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a world began with, to begin again.

    Attributes:
        planner: what the simulated assistant does.
        at: the clock's first moment, in Unix seconds.
        seed: of the choices, unless there is a chooser.
        chooser: makes them in place of the seed. Unless it says how, it cannot begin again, and
            goes on.
        storm: what goes wrong.
        switches: which way it goes where nobody recorded any.
    """

    planner: Planner
    at: float
    seed: int
    chooser: Chooser | None
    storm: Storm
    switches: Switches

    def chooser_for(self, seed: int | None) -> Chooser:
        """Who chooses in a world that begins again, with another seed if one is given."""
        if isinstance(self.chooser, Again):
            return self.chooser.again(seed)
        if seed is None and self.chooser is not None:
            return self.chooser
        return Seeded(self.seed if seed is None else seed)
