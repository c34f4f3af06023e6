"""Time and choices: what a world is given on either side of a tape, while it is written or played.

Rule: a recorded world is as an unrecorded one. Its choices begin again where the others do
(`reset`) and go back where they do (`restore`); the tape has them in the order of their making.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from runfsm_simulator.explore.choosers import Choice, Recorded, Replayed
from runfsm_simulator.world.chooser import Chooser, Seeded
from runfsm_simulator.world.clock import VirtualClock

__all__ = ["NotedChoices", "StillClock", "TapeChoices", "TapeClock"]


class StillClock:
    """A clock that stands still while something is answered; otherwise as the one inside.

    Args:
        inner: goes by itself.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._moment: float | None = None

    def now(self) -> float:
        """Unix time in seconds."""
        return float(self._inner.now()) if self._moment is None else self._moment

    @contextmanager
    def still(self) -> Iterator[None]:
        """It is now until this is left."""
        self._moment = self._inner.now()
        try:
            yield
        finally:
            self._moment = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class TapeClock:
    """The time of a world that once had real time: the tape moves it, and no power of the world.

    Args:
        inner: shows the time.
    """

    def __init__(self, inner: VirtualClock) -> None:
        self.now = inner.now
        self.alarm = inner.alarm
        self.async_alarm = inner.async_alarm


class NotedChoices(Recorded):
    """Choices that are noted until somebody takes the notes.

    Args:
        given: makes them in place of the seed.
        seed: of the choices.
    """

    def __init__(self, given: Chooser | None, seed: int) -> None:
        super().__init__(given or Seeded(seed))
        self._given, self._seed = given, seed

    def again(self, seed: int | None) -> NotedChoices:
        """See `control.Again`."""
        return NotedChoices(*((self._given, self._seed) if seed is None else (None, seed)))

    def take(self) -> tuple[Choice, ...]:
        """Those since the last call, oldest first."""
        taken = self.choices
        self._noted.clear()
        return taken

    def __deepcopy__(self, memo: dict[int, Any]) -> NotedChoices:
        """As they were at this moment, with nothing noted: what was chosen is on the tape."""
        twin = NotedChoices(self._given, self._seed)
        twin._inner = copy.deepcopy(self._inner, memo)
        return twin


class TapeChoices(Replayed):
    """The choices of a tape: one row, in which a world goes on even where it goes back."""

    def again(self, _seed: int | None) -> Self:
        """See `control.Again`."""
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        """The same."""
        return self
