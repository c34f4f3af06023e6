"""What may go wrong with a service, as one value: each field a fault, and how likely it strikes.

Rule 1: a storm is data. Whether a fault strikes now is asked of the world's chooser, in a stream of
its own (`"fault:timeout"`), so a seed replays it, and Hypothesis can shrink it: the lowest draw is
always *no fault*. Of a fault that is off nothing is asked; so a storm of zeros changes nothing.

Rule 2: a storm has no say about statuses. Whatever it wants to happen to a run goes through the
lifecycle like all else, and does not happen where the table does not allow it.

What a fault does is told at its field, with the source. Who does it: `weather.py` asks the
chooser; `upsets.py` changes turns and streams; `engine.py` and `operations.py` have to do with runs
and locks, and `doors/striker.py` with calls and with what they are shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self, get_type_hints

from runfsm.errors import CallerError
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.reasons import Reason

__all__ = ["REASONS", "Storm"]


_certain, _likely, _inferred = Reason.certain, Reason.likely, Reason.inferred


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Storm:
    """Which faults strike, and how often.

    Every field but the two in seconds is a probability from 0 to 1: for each call that it fits, or
    once for each run or stream.

    Attributes:
        lingering_lock_s: the longest that a thread stays locked after its run is over; each time
            anything from 0 to that.
        heal_after_s: seconds, from when the world was given the storm, after which nothing strikes
            any more, so that a test can demand progress. `None`: never. A run that is stuck by
            then still waits for its expiry.

    Raises:
        CallerError: a number that is no probability, or no time.

    Example:
        >>> Storm(timeout_after_effect=0.2, heal_after_s=60).timeout_after_effect
        0.2
        >>> Storm(timeout=20)
        Traceback (most recent call last):
        runfsm.errors.CallerError: Storm(timeout=20): give a probability, 0 to 1, as timeout=0.2
    """

    # Any call ------------------------------------------------------------------------------------

    rate_limited: Annotated[
        float,
        _likely(
            "429 with retry-after, and nothing is done",
            "published API schema (openai/openai-openapi): 429 with Retry-After",
        ),
    ] = 0.0
    quota: Annotated[
        float,
        _likely(
            "429 insufficient_quota, and nothing is done",
            "the service's documentation of its errors",
        ),
    ] = 0.0
    server_error: Annotated[
        float,
        _likely(
            "500 or 503, and nothing is done",
            "the service's documentation of its errors; agency-swarm retries on that text",
        ),
    ] = 0.0
    timeout: Annotated[
        float,
        _likely("no answer comes, and nothing is done", "openai-python#1855"),
    ] = 0.0
    dropped: Annotated[
        float,
        _inferred("the connection breaks, and nothing is done", "as any network may"),
    ] = 0.0
    error_after_effect: Annotated[
        float,
        _likely(
            "500, though what was asked is done: a repeated run meets its own lock, a repeated "
            "message stands there twice",
            "agency-swarm; community: 'Thread runs result into Internal Server Error 500'",
        ),
    ] = 0.0
    timeout_after_effect: Annotated[
        float,
        _inferred("no answer comes, though what was asked is done", "by analogy with a 500"),
    ] = 0.0
    dropped_after_effect: Annotated[
        float,
        _inferred("the connection breaks, though what was asked is done", "by analogy with a 500"),
    ] = 0.0
    malformed: Annotated[
        float,
        _inferred(
            "200 with half of the answer, or with the page of a proxy that did not pass it on",
            "as any network may",
        ),
    ] = 0.0
    missing_after_write: Annotated[
        float,
        _likely("404 for a thread or a run that was created a few seconds ago", "Flowise PR#3426"),
    ] = 0.0

    # What a look shows ---------------------------------------------------------------------------

    stale_look: Annotated[
        float,
        _inferred(
            "a look shows the run as it was at the look before: a replica that lags",
            "by analogy with a thread that is not found yet: Flowise PR#3426",
        ),
    ] = 0.0
    unknown_status: Annotated[
        float,
        _likely(
            "a look shows, once a run, a status that nobody knows",
            "go-openai#650, openai-openapi#256: statuses that came later",
        ),
    ] = 0.0
    missing_message: Annotated[
        float,
        _likely(
            "the first list of messages after a run's end lacks those of the run",
            "openai-php/client#321",
        ),
    ] = 0.0

    # The life of a run ---------------------------------------------------------------------------

    stuck_queued: Annotated[
        float,
        _likely(
            "no worker ever picks the run up: it waits for its expiry",
            "deep dive: the clause on expires_at; Azure: openai-python#1457",
        ),
    ] = 0.0
    stuck_in_progress: Annotated[
        float,
        _certain(
            "the model never comes to an end: the run waits for its expiry",
            "openai-python#861, semantic-kernel#5449",
        ),
    ] = 0.0
    nothing_after_outputs: Annotated[
        float,
        _likely(
            "tool outputs are taken, and nothing follows before the expiry", "openai-python#1470"
        ),
    ] = 0.0
    random_failure: Annotated[
        float,
        _certain(
            "the run fails, for no reason of its own",
            "public code, many: 'Sorry, something went wrong.'; LibreChat#6728",
        ),
    ] = 0.0
    endless_cancelling: Annotated[
        float,
        _likely("a cancel is never honoured: the run waits for its expiry", "agency-swarm#279"),
    ] = 0.0
    completes_after_cancel: Annotated[
        float,
        _likely(
            "of a run that was about to answer, the answer wins over the cancel",
            "deep dive: 'Cancellation is attempted but not guaranteed'; Vibe-Trading#1175",
        ),
    ] = 0.0
    second_round: Annotated[
        float,
        _certain(
            "after the first outputs the model wants the same functions called again, under new "
            "ids",
            "semantic-kernel#4061",
        ),
    ] = 0.0
    duplicate_calls: Annotated[
        float,
        _likely(
            "a call stands twice in required_action, under one id; one output is taken for it",
            "agency-swarm#151: outputs with duplicate ids are a 400",
        ),
    ] = 0.0
    strange_call: Annotated[
        float,
        _certain(
            "a call of a function that nobody has, of malformed arguments, or several in one",
            "azure-rest-api-specs#32329",
        ),
    ] = 0.0

    # Other clients, and the thread's lock --------------------------------------------------------

    foreign_cancel: Annotated[
        float,
        _likely("another client cancels the run", "autogen#1003"),
    ] = 0.0
    foreign_run: Annotated[
        float,
        _certain(
            "another client's run holds the thread for a while, just before",
            "openai-dotnet#87, n8n#13378, TripBot#939",
        ),
    ] = 0.0
    lingering_lock_s: Annotated[
        float,
        _likely(
            "the thread stays locked for a while after its run is over",
            "agency-swarm PR#268: 'Give time for cancellation to propagate'",
        ),
    ] = 0.0

    # Streams -------------------------------------------------------------------------------------

    cut: Annotated[
        float,
        _likely("a stream breaks off in the middle", "openai-node#945, #1306"),
    ] = 0.0
    no_done: Annotated[
        float,
        _likely("a stream ends without `done`", "openai-node#945"),
    ] = 0.0
    error_event: Annotated[
        float,
        _likely(
            "a stream breaks off with an `error` event, nested or flat",
            "openai-dotnet, a test of 2026 (nested); published API schema (flat)",
        ),
    ] = 0.0
    hangs: Annotated[
        float,
        _inferred(
            "a stream falls silent, and stays open until the run is over", "as any network may"
        ),
    ] = 0.0

    heal_after_s: float | None = None

    def __post_init__(self) -> None:
        for name in REASONS:
            _check(name, getattr(self, name), most=math.inf if name in SECONDS else 1)
        if self.heal_after_s is not None:
            _check("heal_after_s", self.heal_after_s, most=math.inf)

    @classmethod
    def swarm(cls, chooser: Chooser, *, heal_after_s: float | None = None) -> Self:
        """A storm that the chooser draws: which faults are on, and how strong each of them is.

        A few faults at a time reach further than all at once: a run that fails at the first step
        shows nothing of the later ones (Groce et al., "Swarm Testing", 2012).

        Args:
            chooser: draws. The same seed makes the same storm.
            heal_after_s: as the field.

        Example:
            >>> from runfsm_simulator import Seeded, Simulator
            >>> simulator = Simulator(seed=7, storm=Storm.swarm(Seeded(7), heal_after_s=600))
        """
        strength = chooser.between("swarm:strength", 0.0, STRENGTH_MAX)
        drawn = {
            name: chooser.between(f"swarm:{name}", 0.0, SECONDS.get(name, strength))
            for name in REASONS
            if chooser.pick(f"swarm:{name}:on", OFF_OR_ON)
        }
        return cls(**drawn, heal_after_s=heal_after_s)

    def __repr__(self) -> str:
        on = {name: getattr(self, name) for name in (*REASONS, "heal_after_s")}
        return f"Storm({', '.join(f'{name}={value!r}' for name, value in on.items() if value)})"

    @property
    def is_calm(self) -> bool:
        """Whether nothing can strike."""
        return not any(getattr(self, name) for name in REASONS)


#: The strongest that a fault of a drawn storm may be. Each storm draws its own bound below it, so
#: that some are a breeze, in which runs get far.
STRENGTH_MAX: Final = 0.5

OFF_OR_ON: Final = (False, False, True)

#: The fields in seconds, and the most that a swarm draws.
SECONDS: Final[Mapping[str, float]] = {"lingering_lock_s": 5.0}

#: Every fault by its field: what it does, and where it is known from.
REASONS: Final[Mapping[str, Reason]] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Storm, include_extras=True).items()
    if hasattr(hint, "__metadata__")
}


def _check(name: str, value: Any, *, most: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and 0 <= value <= most and value < math.inf:
        return
    wanted, example = ("seconds, 0 or more", 60) if most > 1 else ("a probability, 0 to 1", 0.2)
    raise CallerError(f"Storm({name}={value!r}): give {wanted}, as {name}={example}")
