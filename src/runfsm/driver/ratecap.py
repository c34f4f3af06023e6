"""A cap on requests a second, over all runs of a driver. Pure: it is told the time, and tells one.

The generic cell rate algorithm, with no burst: each request is given the first moment that lies a
full interval after the one before it. Who asks first goes first. What is kept is one number.
"""

from __future__ import annotations

import math
import threading

from runfsm.driver.pacing import check_number

__all__ = ["RateCap"]


class RateCap:
    """So many requests a second, evenly spaced. Any thread may ask.

    Args:
        per_s: requests a second; less than one is fine.

    Raises:
        ValueError: `per_s` is no finite number above 0.

    Example:
        >>> cap = RateCap(2.0)
        >>> [cap.reserve(now=100.0) for _ in range(3)]
        [0.0, 0.5, 1.0]
    """

    def __init__(self, per_s: float) -> None:
        check_number("per_s", per_s, above=0)
        self._interval_s = 1 / per_s
        self._free_at = -math.inf
        self._lock = threading.Lock()

    def reserve(self, now: float) -> float:
        """Take the next place in the line.

        Args:
            now: the time, in seconds; any clock, always the same.

        Returns:
            Seconds to wait before the request may go. A place is not given back: a request that is
            never sent leaves a gap.
        """
        with self._lock:
            goes_at = max(now, self._free_at)
            self._free_at = goes_at + self._interval_s
        return goes_at - now
