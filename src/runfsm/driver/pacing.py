"""How long to wait between two looks. Pure: counts in, seconds out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

__all__ = ["Pacing", "Patience", "check_number"]


@dataclass(frozen=True, slots=True)
class Pacing:
    """Quick at first, then ever slower; quick again whenever the status has changed.

    Recordings show answers 2 to 3 s and required actions 3 to 5 s after the creation, so the
    first looks are close together; a run that takes minutes is not asked every half second.

    Attributes:
        first_s: the wait after a change, in seconds.
        factor: how much longer each further wait is.
        longest_s: no wait is longer.
        fault_s: the first wait after a failed call; it doubles with each failure in a row.
        faults_max: give up after so many failures in a row.

    Raises:
        ValueError: a number that makes no sense: a wait of nothing would be a storm of requests.

    Example:
        >>> pacing = Pacing()
        >>> [pacing.delay_s(looks) for looks in range(4)]
        [0.5, 0.75, 1.125, 1.6875]
    """

    first_s: float = 0.5
    factor: float = 1.5
    longest_s: float = 5.0
    fault_s: float = 0.5
    faults_max: int = 5

    def __post_init__(self) -> None:
        check_number("first_s", self.first_s, above=0)
        check_number("factor", self.factor, at_least=1)
        check_number("longest_s", self.longest_s, at_least=self.first_s)
        check_number("fault_s", self.fault_s, above=0)
        check_number("faults_max", self.faults_max, at_least=0)

    def delay_s(self, looks: int) -> float:
        """The wait before the next look, after `looks` looks that showed nothing new."""
        return _grow(self.first_s, self.factor, looks, self.longest_s)

    def fault_delay_s(self, faults: int, retry_after_s: float | None) -> float:
        """The wait after the `faults`-th failure in a row; the service's own wish wins."""
        if retry_after_s is not None:
            return retry_after_s
        return _grow(self.fault_s, 2.0, faults - 1, self.longest_s)


@dataclass(slots=True)
class Patience:
    """What has been waited for so far, and so how long the next wait is.

    Attributes:
        pacing: by which rule.
        is_rested: whether there was a wait since the last look.
        faults: failed calls in a row.
    """

    pacing: Pacing
    is_rested: bool = field(default=False, init=False)
    faults: int = field(default=0, init=False)
    _looks: int = field(default=0, init=False)  # in a row that showed nothing new
    _retry_after_s: float | None = field(default=None, init=False)

    @property
    def delay_s(self) -> float:
        """The next wait."""
        if self.faults:
            return self.pacing.fault_delay_s(self.faults, self._retry_after_s)
        return self.pacing.delay_s(self._looks)

    @property
    def is_worn_out(self) -> bool:
        """Whether too many calls in a row have failed."""
        return self.faults > self.pacing.faults_max

    def rest(self) -> None:
        """Have waited."""
        self.is_rested = True

    def look(self, *, news: bool, mends: bool) -> None:
        """Have looked, and seen something new or not; `mends` says whether faults are forgotten."""
        self._looks = 0 if news else self._looks + 1
        self.faults = 0 if mends else self.faults
        self.is_rested = False

    def fail(self, retry_after_s: float | None, *, at_once: bool) -> None:
        """Have failed. A wait comes next, unless it is good to look `at_once`, the first time."""
        self.faults += 1
        self._retry_after_s = retry_after_s
        self.is_rested = at_once and self.faults == 1


def check_number(
    name: str, value: float, *, above: float = -math.inf, at_least: float = -math.inf
) -> None:
    """Refuse what is no finite number within its bounds.

    Raises:
        ValueError: it is not; the message names it, and what would do.
    """
    if not (math.isfinite(value) and value > above and value >= at_least):
        bound = f"above {above:g}" if above > -math.inf else f"of at least {at_least:g}"
        raise ValueError(f"{name} is {value}, where a finite number {bound} would do")


def _grow(first: float, factor: float, times: int, longest: float) -> float:
    try:
        return min(first * factor**times, longest)
    except OverflowError:
        return longest
