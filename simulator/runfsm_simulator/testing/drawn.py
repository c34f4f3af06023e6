"""The simulator's choices, made by Hypothesis: so a failure shrinks to the few that it needs.

Rule: the smallest choice is the calmest. Of options it is the first, of a range its low end: no
fault, no waiting. What is printed with a failure is each choice, by the name of its stream.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeVar

from hypothesis import strategies as st

__all__ = ["Drawn"]

T = TypeVar("T")

#: A range is drawn in so many steps: fine enough for any race, and told in three digits.
STEPS: Final = 1_000


class Drawn:
    """A chooser that asks Hypothesis.

    An id is numbered, not drawn: a new one has to differ from all before, and no behaviour may hang
    on its letters.

    Args:
        data: of the strategy `st.data()`.

    Example:
        >>> from hypothesis import given, strategies as st
        >>> from runfsm_simulator import Simulator, Storm
        >>> @given(st.data())
        ... def test_my_app(data):
        ...     simulator = Simulator(storm=Storm(timeout=0.5), chooser=Drawn(data))
        ...     my_app(simulator.client())
    """

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self._numbers: Counter[str] = Counter()

    def pick(self, stream: str, options: Sequence[T]) -> T:
        """See `Chooser.pick`."""
        return self._data.draw(st.sampled_from(options), label=stream)

    def between(self, stream: str, low: float, high: float) -> float:
        """See `Chooser.between`."""
        steps = st.integers(0, STEPS)
        return self._data.draw(steps.map(lambda step: _point(low, high, step)), label=stream)

    def ident(self, prefix: str) -> str:
        """See `Chooser.ident`."""
        self._numbers[prefix] += 1
        return f"{prefix}_{self._numbers[prefix]:024}"


def _point(low: float, high: float, step: int) -> float:
    """So many steps up from `low`; the last is `high` itself."""
    return high if step == STEPS else low + (high - low) * step / STEPS
