"""When to look at something that ends unseen, given how long it took before. Pure arithmetic.

A look finds the end late, or it was for nothing. Between two looks that lie `1/n` apart, an end is
found `1/n` late at worst, and `n` looks a second are paid for as long as nothing has ended. With
`f` the density of the ends and `S` the share that has not ended yet, the sum of `S·n` (looks) and
`c·f/n^p` (lag, raised to `p`) is least where `n^(1+p)` is proportional to the hazard `f/S`: look
where the end is likely *now*, and hardly where it is not. `p = 1` is the classic answer, for the
mean lag (Barlow, Hunter and Proschan, "Optimum Checking Procedures", 1963; Keller, "Optimum
Checking Schedules for Systems Subject to Random Failure", 1974). As `p` goes to 0 each look has
the same chance to find the end: good for the median, while a few are found very late. `p = 1/2`
stands between them.

How many looks that makes in all is the other half: as many as bring the mean lag down to what a
network blurs anyway, but no more than asking once a second would cost.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

__all__ = ["FINE_S", "Schedule", "Span"]

#: A time that is known to lie between two moments, in seconds.
Span = tuple[float, float]

#: Finer is of no use: a request takes about as long.
FINE_S: Final = 0.05

#: `1 / (1 + p)` of the module's docstring, for `p = 1/2`.
EXPONENT: Final = 2 / 3

#: Looks that a wait may cost. The SDKs' poll helpers look once at the start and then every second;
#: a part of that is kept for what no schedule foresees: the looks of a run that outlives it.
LOOKS: Final = 1.3
LOOKS_PER_S: Final = 0.93

#: Before the earliest end, a look is due this often all the same (`Pacing.longest_s`, unless told).
LONGEST_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many looks are due by when. Between two knots they are evenly spaced.

    Attributes:
        knots_s: seconds since the beginning of the wait, increasing.
        due: looks that are due by each knot, from 0 on, increasing.
    """

    knots_s: tuple[float, ...]
    due: tuple[float, ...]

    @classmethod
    def of(cls, seen: Sequence[Span]) -> Schedule:
        """The schedule for waits like those that were seen.

        Each is taken to have ended at any moment of its span, all as likely; which smooths them,
        and makes a coarse view of the past ask for a closer one.

        Args:
            seen: between which moments each wait has ended; at least one, and none of no width.

        Example:
            >>> schedule = Schedule.of([(1.0, 2.0)] * 9)  # the nearer the end must be, the closer
            >>> [round(schedule.next_s(elapsed_s), 2) for elapsed_s in (0.0, 1.3, 1.7)]
            [1.25, 1.49, 1.79]
        """
        knots_s = _quantiles(seen, parts=math.isqrt(len(seen)))
        widths_s = [end - start for start, end in pairwise(knots_s)]
        chance = 1 / len(widths_s)
        left = [1 - (part + 0.5) * chance for part in range(len(widths_s))]
        parts = list(zip(widths_s, left, strict=True))
        # Looks in each part of time, as the hazard there has it; how many in all comes after.
        looks = [width_s * (chance / width_s / alive) ** EXPONENT for width_s, alive in parts]
        lag_s = sum(chance * width_s / 2 / n for width_s, n in zip(widths_s, looks, strict=True))
        paid = sum(n * alive for n, alive in zip(looks, left, strict=True))
        mean_s = sum(chance * (start + end) / 2 for start, end in pairwise(knots_s))
        # A few that hang for minutes are no reason to storm the service about all the others.
        typical_s = min(mean_s, 2 * knots_s[len(knots_s) // 2])
        budget = max(LOOKS, LOOKS + LOOKS_PER_S * typical_s - knots_s[0] // LONGEST_S)
        times = min(lag_s / FINE_S, budget / paid)
        return cls(tuple(knots_s), (0.0, *accumulate(n * times for n in looks)))

    def next_s(self, elapsed_s: float) -> float | None:
        """When to look next, in seconds since the beginning; `None`: it has outlived all seen."""
        if elapsed_s >= self.knots_s[-1]:
            return None
        due = _interpolate(elapsed_s, self.knots_s, self.due)
        return max(_interpolate(due + 1, self.due, self.knots_s), elapsed_s + FINE_S)


def _quantiles(seen: Sequence[Span], *, parts: int) -> list[float]:
    """The bounds of `parts` parts of time in which as many have ended."""
    steps: defaultdict[float, float] = defaultdict(float)
    for low, high in seen:
        steps[low] += 1 / (high - low)
        steps[high] -= 1 / (high - low)
    moments = sorted(steps)
    rates = list(accumulate(steps[moment] for moment in moments))[:-1]
    pieces = zip(rates, pairwise(moments), strict=True)
    ended = [0.0, *accumulate(max(0.0, rate) * (end - start) for rate, (start, end) in pieces)]
    return [_interpolate(ended[-1] * part / parts, ended, moments) for part in range(parts + 1)]


def _interpolate(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """The height at `x` of the line through the points; flat beyond its ends. `xs` never fall."""
    right = bisect_right(xs, x)
    if right in {0, len(xs)}:
        return ys[0] if right == 0 else ys[-1]
    share = (x - xs[right - 1]) / (xs[right] - xs[right - 1])
    return ys[right - 1] + share * (ys[right] - ys[right - 1])
