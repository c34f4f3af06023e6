"""How long to wait between two looks. Pure: numbers in, seconds out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Pacing"]


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

    def delay_s(self, looks: int) -> float:
        """The wait before the next look, after `looks` looks that showed nothing new."""
        return _grow(self.first_s, self.factor, looks, self.longest_s)

    def fault_delay_s(self, faults: int, retry_after_s: float | None) -> float:
        """The wait after the `faults`-th failure in a row; the service's own wish wins."""
        if retry_after_s is not None:
            return retry_after_s
        return _grow(self.fault_s, 2.0, faults - 1, self.longest_s)


def _grow(first: float, factor: float, times: int, longest: float) -> float:
    # The exponent is bounded, for a float overflows after some thousand doublings.
    return float(min(first * factor ** min(times, 64), longest))
