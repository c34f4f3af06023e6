"""Every choice that the simulator makes is asked of a `Chooser`: a latency, a value, an id.

Rule: nothing else in this package imports `random`. So another chooser makes another program of
the same world: a demo with `Seeded`, a property test whose failures shrink, a replay, a lesson
where somebody decides at each turn.
"""

from __future__ import annotations

import random
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

__all__ = ["Choices", "Chooser", "Seeded"]

T = TypeVar("T")

ALPHANUMERIC: Final = string.ascii_letters + string.digits


class Chooser(Protocol):
    """Who decides.

    A *stream* names what the choice is about (`"queue_s"`), so that one can be steered, or asked
    for once more, without disturbing the others.
    """

    def pick(self, stream: str, options: Sequence[T]) -> T:
        """One of `options`, which are not empty."""

    def between(self, stream: str, low: float, high: float) -> float:
        """A number from `low` to `high`."""

    def ident(self, prefix: str) -> str:
        """A new id: `prefix`, an underscore, 24 letters and digits, as the API made them."""


#: What `random.Random.getstate` gives, and `setstate` takes.
RandomState = tuple[int, tuple[int, ...], float | None]


@dataclass(frozen=True, slots=True)
class Choices:
    """How far the choices from a seed have come, as plain data.

    Attributes:
        seed: of all of them.
        streams: the state of each generator that has been drawn from.
    """

    seed: int
    streams: Mapping[str, RandomState]


class Seeded:
    """Choices from a seed: the same seed makes the same world.

    Each stream has its own generator: a further draw in one does not shift the others.

    Args:
        seed: any integer.

    Example:
        >>> Seeded(7).ident("run") == Seeded(7).ident("run")
        True
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._streams: dict[str, random.Random] = {}

    @property
    def choices(self) -> Choices:
        """How far they have come. Set it, and they go on from there.

        Raises:
            ValueError: a stream's state is none, when set. Nothing has changed.
        """
        states = {name: stream.getstate() for name, stream in self._streams.items()}
        return Choices(self.seed, states)

    @choices.setter
    def choices(self, choices: Choices) -> None:
        self._streams = {name: _generator(state) for name, state in choices.streams.items()}
        self.seed = choices.seed

    def pick(self, stream: str, options: Sequence[T]) -> T:
        """See `Chooser.pick`."""
        return self._stream(stream).choice(options)

    def between(self, stream: str, low: float, high: float) -> float:
        """See `Chooser.between`."""
        return self._stream(stream).uniform(low, high)

    def ident(self, prefix: str) -> str:
        """See `Chooser.ident`."""
        letters = self._stream(f"ident:{prefix}").choices(ALPHANUMERIC, k=24)
        return f"{prefix}_{''.join(letters)}"

    def _stream(self, name: str) -> random.Random:
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = random.Random(f"{self.seed}:{name}")
        return stream


def _generator(state: RandomState) -> random.Random:
    generator = random.Random()
    try:
        generator.setstate(state)
    except (TypeError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return generator
