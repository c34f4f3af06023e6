"""How long to wait between two looks, and after a fault. Pure: counts and times in, seconds out.

What says how long, the first that applies:

1. after a failed call, the back-off; the service's `retry-after` is its lower bound;
2. the service's own wish, in the `openai-poll-after-ms` of its last answer;
3. what this driver's runs have shown before (`habits.py`);
4. the blind schedule: quick at first, then ever slower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from hashlib import blake2b
from numbers import Integral, Real
from typing import Final

from runfsm.driver.habits import Habits
from runfsm.lifecycle.run import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.table import Actor

__all__ = ["Pacing", "Patience", "check_number"]

#: Statuses that the service leaves by itself: what waiting is for.
SERVICE_MOVES: Final = frozenset(
    edge.source for edge in LIFECYCLE.edges if edge.actor is Actor.SERVICE
)

#: Ten years, in seconds. A service may name the year 9999, and no timer takes that.
FOREVER_S: Final = 315_360_000.0


@dataclass(frozen=True, slots=True)
class Pacing:
    """Quick at first, then ever slower; quick again whenever the status has changed.

    Recordings show answers 2 to 3 s and required actions 3 to 5 s after the creation, so the
    first looks are close together; a run that takes minutes is not asked every half second.

    A driver that has seen some runs looks when they tend to be ready instead, and spends at most
    about the requests of the SDKs' poll helpers (one a second) on being there in time.

    Attributes:
        first_s: the wait after a change, in seconds.
        factor: how much longer each further wait is.
        longest_s: no wait is longer, learnt or not; only a `retry-after` may be.
        fault_s: the first wait after a failed call, at most; it doubles with each failure in a row.
        faults_max: so many failures in a row are borne; one more, and the driver gives up.
        learns: whether to look when earlier runs of the driver were ready. If not, or as long as
            there were too few, `first_s` and `factor` alone say when.
        requests_per_s: no more requests a second, over all runs of the driver; `None`: as many as
            the runs ask for.

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
    learns: bool = field(default=True, kw_only=True)
    requests_per_s: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check_number("first_s", self.first_s, above=0)
        check_number("factor", self.factor, at_least=1)
        check_number("longest_s", self.longest_s, at_least=self.first_s)
        check_number("fault_s", self.fault_s, above=0)
        check_number("faults_max", self.faults_max, at_least=0, whole=True)
        if self.requests_per_s is not None:
            check_number("requests_per_s", self.requests_per_s, above=0)

    def delay_s(self, looks: int) -> float:
        """The wait before the next look, after `looks` looks that showed nothing new."""
        return _grow(self.first_s, self.factor, looks, self.longest_s)

    def fault_delay_s(self, faults: int, retry_after_s: float | None, *, key: str = "") -> float:
        """The wait after the `faults`-th failure in a row.

        Many clients that failed together must not come back together: each waits between half of
        the back-off and all of it, and a little longer than the service wished, but no shorter.

        Args:
            faults: failures in a row, from 1 on.
            retry_after_s: what the service wished, if it did.
            key: the run's own; it decides where in its range a wait lies, always the same.
        """
        fraction = _fraction(f"{key}/{faults}")
        own_s = _grow(self.fault_s, 2.0, faults - 1, self.longest_s) * (1 + fraction) / 2
        if retry_after_s is None:
            return own_s
        spread_s = min(retry_after_s / 4, self.longest_s) * fraction
        return max(own_s, min(retry_after_s, FOREVER_S) + spread_s)


@dataclass(slots=True)
class Patience:
    """What has been waited for so far, and so how long the next wait is.

    Attributes:
        pacing: by which rule.
        habits: what the driver has learnt, and learns here; `None`: nothing.
        key: the run's own, for its jitter.
        is_rested: whether there was a wait since the last look.
        faults: failed calls in a row.

    Example:
        >>> patience = Patience(Pacing())
        >>> patience.look(news=True, mends=True, status=RunStatus.QUEUED, at=100.0)
        >>> patience.delay_s(now=100.0)
        0.5
    """

    pacing: Pacing
    habits: Habits | None = field(default=None, kw_only=True, compare=False, repr=False)
    key: str = field(default="", kw_only=True, repr=False)
    is_rested: bool = field(default=False, init=False)
    faults: int = field(default=0, init=False)
    _looks: int = field(default=0, init=False)  # in a row that were blind and showed nothing new
    _retry_after_s: float | None = field(default=None, init=False)
    _poll_after_s: float | None = field(default=None, init=False)
    # What is waited for: the service's answer to a move of the client.
    _move: RunEvent | None = field(default=None, init=False)
    _began_at: float = field(default=0.0, init=False)
    _looked_at: float = field(default=0.0, init=False)
    _next_move: RunEvent = field(default=RunEvent.CREATE, init=False)

    def delay_s(self, now: float) -> float:
        """The next wait.

        Args:
            now: the time, on the clock of `look`'s `at`.
        """
        if self.faults:
            return self.pacing.fault_delay_s(self.faults, self._retry_after_s, key=self.key)
        delay_s = self._poll_after_s or self._learnt_s(now) or self.pacing.delay_s(self._looks)
        return min(delay_s, self.pacing.longest_s)

    def _learnt_s(self, now: float) -> float | None:
        if self.habits is None or self._move is None or not self.pacing.learns:
            return None
        return self.habits.next_delay_s(self._move, now - self._began_at)

    @property
    def is_worn_out(self) -> bool:
        """Whether too many calls in a row have failed."""
        return self.faults > self.pacing.faults_max

    def rest(self) -> None:
        """Have waited."""
        self.is_rested = True

    def look(
        self,
        *,
        news: bool,
        mends: bool,
        status: RunStatus | None = None,
        at: float = 0.0,
        poll_after_s: float | None = None,
    ) -> None:
        """Have looked.

        Args:
            news: whether something new was seen.
            mends: whether faults are forgotten.
            status: what the run is in; `None`: unknown, or no run yet.
            at: when, in seconds.
            poll_after_s: when the service wishes to be asked again, if it does.
        """
        # A run that outlives all that was learnt is news: quick at first, then ever slower.
        was_blind = self._learnt_s(self._looked_at) is None
        self._looks = self._looks + 1 if was_blind and not news else 0
        self.faults = 0 if mends else self.faults
        self.is_rested = False
        # "At once, again and again" is no wish that a client should grant.
        self._poll_after_s = poll_after_s if poll_after_s is not None and poll_after_s > 0 else None
        self._follow(status, at)

    def _follow(self, status: RunStatus | None, at: float) -> None:
        """Note how long the service takes, from a client's move until it asks again or is done."""
        if status is None:
            return
        move = self._move_before(status)
        if move is not self._move:
            if self.habits and self._move and move is None:  # it is over, not cut short by a cancel
                low_s, high_s = self._looked_at - self._began_at, at - self._began_at
                self.habits.learn(self._move, low_s=low_s, high_s=high_s)
            self._move, self._began_at = move, at
            self._next_move = RunEvent.SUBMIT_TOOL_OUTPUTS
        self._looked_at = at

    def _move_before(self, status: RunStatus) -> RunEvent | None:
        """The client's move that the service is busy with in this status."""
        if status not in SERVICE_MOVES:
            return None
        return RunEvent.CANCEL if status is RunStatus.CANCELLING else self._move or self._next_move

    def fail(self, retry_after_s: float | None, *, at_once: bool) -> None:
        """Have failed. A wait comes next, unless it is good to look `at_once`, the first time."""
        self.faults += 1
        self._retry_after_s = retry_after_s
        self.is_rested = at_once and self.faults == 1


def check_number(
    name: str,
    value: float,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    whole: bool = False,
) -> None:
    """Refuse what is no finite number within its bounds, or no `whole` one where that is wanted.

    Raises:
        ValueError: it is not; the message names it, and what would do.
    """
    is_number = isinstance(value, Integral if whole else Real) and math.isfinite(value)
    if not (is_number and value > above and value >= at_least):
        bound = f"above {above:g}" if above > -math.inf else f"of at least {at_least:g}"
        kind = "whole" if whole else "finite"
        raise ValueError(f"{name} is {value!r}, where a {kind} number {bound} would do")


def _grow(first: float, factor: float, times: int, longest: float) -> float:
    try:
        return min(first * factor**times, longest)
    except OverflowError:
        return longest


def _fraction(text: str) -> float:
    """A number from 0 to 1 that looks random and is always the same for this text."""
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=6).digest()) / 2**48
