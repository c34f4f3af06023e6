"""A world in a storm: what of it strikes, and how it is changed, sheltered from, and over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from runfsm.lifecycle import RunEvent
from runfsm_simulator.world.instant import Instant
from runfsm_simulator.world.models import Message, NewMessage, Work
from runfsm_simulator.world.scene import Answered
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.streamfault import StreamFault
from runfsm_simulator.world.terms import Terms
from runfsm_simulator.world.turns import Turn
from runfsm_simulator.world.upsets import broken_stream, upset
from runfsm_simulator.world.weather import Shown, Weather

__all__ = ["Stormy"]

T = TypeVar("T")


class Stormy(Instant):
    """What a `World` has to do with a storm. See there."""

    @property
    def storm(self) -> Storm:
        """What goes wrong. A new one begins at the moment when it is given."""
        return self._engine.weather.storm

    @storm.setter
    def storm(self, storm: Storm) -> None:
        with self.operation():
            self._engine.weather = Weather(storm, self._chooser, since=self._engine.now)

    @property
    def is_calm(self) -> bool:
        """Whether nothing strikes from now on. Quick: it may learn a little late of a healing."""
        return self._engine.weather.is_calm(self._engine.now)

    def strikes(self, fault: str, met: Work | None = None) -> bool:
        """Whether a fault, by its field of `Storm`, strikes now; at which run, if there is one."""
        if not getattr(self.storm, fault):  # quick: most are off
            return False
        with self.operation():
            return self._engine.strikes(fault, met)

    def which(self, fault: str, options: Sequence[T]) -> T:
        """Which way a fault takes that has struck."""
        with self.operation():
            return self._engine.weather.pick(fault, options)

    @property
    def shown(self) -> Shown:
        """What clients were shown, as far as a fault may depend on it."""
        return self._engine.weather.shown

    @contextmanager
    def sheltered(self) -> Iterator[None]:
        """One operation in which nothing strikes, and no endpoint is gone: to set a stage."""
        with self.operation():
            weather, switches = self._engine.weather, self.switches
            self.storm = Storm()
            self.switches = replace(switches, endpoint="alive")
            try:
                yield
            finally:
                self._engine.weather, self._engine.switches = weather, switches

    def next_stream_fault(self, met: Work | None = None) -> StreamFault | None:
        """How the stream that begins now breaks off: as the storm says, or else the planner.

        Args:
            met: the run that is to go on in it; `None`: it begins in it.
        """
        if met and not met.lifecycle.allows(met.status, RunEvent.SUBMIT_TOOL_OUTPUTS):
            return None  # no stream begins: the outputs will be refused
        with self.operation():
            return broken_stream(self._engine.weather, self._engine.now, met) or self.stream_fault

    def _next_turn(  # noqa: PLR0913  # a moment of a run; all but two by keyword
        self,
        terms: Terms,
        messages: Iterable[Message | NewMessage],
        *,
        round: int = 0,
        answered: Answered = (),
        latest: Answered = (),
        met: Work | None = None,
    ) -> Turn:
        turn = self._planning.next_turn(
            terms, messages, round=round, answered=answered, latest=latest
        )
        weather, now = self._engine.weather, self._engine.now
        return upset(turn, weather, now, round=round, latest=latest, met=met)
