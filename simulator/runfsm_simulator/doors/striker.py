"""What a storm does to a call: the one mind behind the wire (`stormdoor.py`) and the direct port.

Rule: it decides, and touches neither call nor answer. What a client then gets is for the door to
make, of HTTP or of snapshots. So both roads meet the same faults, from the same draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal, TypeVar

from runfsm.errors import Fault, FaultKind
from runfsm_simulator.wire.outages import OUTAGES
from runfsm_simulator.wire.refused import api_error
from runfsm_simulator.wire.wording import ApiError
from runfsm_simulator.world.models import Thread, Work
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.reasons import Reason
from runfsm_simulator.world.refusals import Kind, NotFound
from runfsm_simulator.world.sessionmodels import Session
from runfsm_simulator.world.storm import REASONS
from runfsm_simulator.world.witness import work_met

__all__ = ["Called", "Means", "Strike", "Striker"]

T = TypeVar("T")
K = FaultKind

#: Whether a fault, by its field of `Storm`, strikes at the call that is being judged.
Strikes = Callable[[str], bool]

#: What comes in place of the answer: an error, none for ever, a broken connection; half of the
#: answer, or a page of somebody else's.
Means = Literal["error", "timeout", "drop", "half", "page"]

#: How long a replica may not know of a new thread or run, in seconds.
LAG_S: Final = 5.0

#: Seconds that a 429 asks to wait. The header has whole ones, from 1 on (published API schema).
RETRY_AFTER_S: Final = (1, 2, 5, 20)

#: What a tenth status might be called.
TENTH: Final = ("paused", "pending", "suspended")


@dataclass(frozen=True, slots=True)
class Called:
    """A call, as far as a storm looks at it.

    Attributes:
        thread_id: the thread, or the session, that it names, if it does.
        run_id: the run, the response or the turn that it names, if it does.
    """

    thread_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Strike:
    """What befalls one call.

    Attributes:
        name: the field of `Storm`.
        means: what comes in place of the answer.
        applied: whether what was asked is done all the same.
        kind: what it means to a driver.
        error: the answer, if it is an error.
        retry_after_s: how long that asks to wait, in seconds.
    """

    name: str
    means: Means
    applied: bool = False
    kind: FaultKind = K.TRANSIENT
    error: ApiError | None = field(default=None, compare=False)
    retry_after_s: int | None = None

    @property
    def reason(self) -> Reason:
        """The rule that made it."""
        return REASONS[self.name]

    @property
    def fault(self) -> Fault:
        """What a driver makes of it, who is told no more than a client of the wire.

        An answer that is lost, or is none of this API's, leaves open whether the call was applied.
        """
        return Fault(
            self.kind,
            self.error.message if self.error else SILENT[self.means],
            retry_after_s=self.retry_after_s,
            maybe_applied=self.kind in {K.TRANSIENT, K.GARBLED},
            status_code=self.error.status if self.error else None,
        )


#: The words of a client that has got no answer, or none that it can read.
SILENT: Final = {
    "timeout": "Request timed out.",
    "drop": "Connection error.",
    "half": "the answer is no JSON: it breaks off",
    "page": "not an answer of this API: a page of a proxy",
}


class Striker:
    """Says what befalls a call, and what its answer hides.

    Args:
        world: asked whether a fault strikes.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def is_calm(self) -> bool:
        """Whether there is nothing to be asked."""
        return self._world.is_calm

    def decide(self, call: Called) -> Strike | None:
        """What befalls a call; `None`: nothing. The first fault that strikes is the one."""
        with self._world.operation():
            store = self._world.store
            met = work_met(store, thread_id=call.thread_id, run_id=call.run_id)
            strikes = partial(self._world.strikes, met=met)
            return self._too_new(call, strikes) or self._on_the_way(strikes)

    def _too_new(self, call: Called, strikes: Strikes) -> Strike | None:
        """What the call names, if the replica that is asked does not know of it yet."""
        store = self._world.store
        thread_id, run_id = call.thread_id or "", call.run_id or ""
        found: tuple[tuple[Kind, Thread | Session | Work | None], ...] = (
            ("thread", store.threads.get(thread_id)),
            ("session", store.sessions.get(thread_id)),
            ("run", store.runs.get(run_id)),
            ("response", store.responses.get(run_id)),
            ("turn", store.turns.get(run_id)),
        )
        for missing, thing in found:
            if thing and self._is_new(thing) and strikes("missing_after_write"):
                return _missing(NotFound(missing, thing.id))
        return None

    def _is_new(self, made: Thread | Session | Work) -> bool:
        return self._world.clock.now() - made.created_at < LAG_S

    def _on_the_way(self, strikes: Strikes) -> Strike | None:
        if strikes("rate_limited"):
            seconds = self._world.which("rate_limited:retry_after_s", RETRY_AFTER_S)
            error = OUTAGES["rate_limited"].error(model="gpt-4o", seconds=seconds)
            return Strike(
                "rate_limited", "error", kind=K.RATE_LIMITED, error=error, retry_after_s=seconds
            )
        if strikes("quota"):
            return Strike("quota", "error", kind=K.QUOTA, error=OUTAGES["quota"].error())
        if strikes("server_error"):
            outage = self._world.which("server_error:which", ("error", "overloaded"))
            return Strike("server_error", "error", error=OUTAGES[outage].error())
        if strikes("error_after_effect"):
            error = OUTAGES["error"].error()
            return Strike("error_after_effect", "error", applied=True, error=error)
        if strikes("malformed"):
            half = self._world.which("malformed:how", (True, False))
            means: Means = "half" if half else "page"
            return Strike("malformed", means, applied=half, kind=K.GARBLED)
        return next((strike for strike in LOST if strikes(strike.name)), None)

    # What an answer hides.

    def lagging(self, run_id: str, look: T) -> T:
        """What a look at a run shows: the look itself, or the one before."""
        if not self._world.storm.stale_look:
            return look
        with self._world.operation():
            before: T | None = self._world.shown.exchange((type(look), run_id), look)
            stale = before is not None and self._strikes("stale_look", run_id)
            return before if before is not None and stale else look

    def tenth_status(self, run_id: str) -> str | None:
        """The status of its own making that a look at a run shows; `None`: the true one."""
        with self._world.operation():
            key = ("tenth", run_id)
            if key in self._world.shown or not self._strikes("unknown_status", run_id):
                return None
            self._world.shown.exchange(key, value=True)
            return self._world.which("unknown_status:name", TENTH)

    def hides_messages(self, run_id: str) -> bool:
        """Whether a list lacks the messages of a run that is over: the first one may."""
        with self._world.operation():
            run = work_met(self._world.store, run_id=run_id)
            if run is None or not run.is_over:
                return False
            first = self._world.shown.exchange(("list", run_id), value=True) is None
            return first and self._world.strikes("missing_message", run)

    def _strikes(self, fault: str, run_id: str) -> bool:
        return self._world.strikes(fault, work_met(self._world.store, run_id=run_id))


def _missing(refusal: NotFound) -> Strike:
    error = api_error(refusal)
    return Strike("missing_after_write", "error", kind=K.NOT_FOUND, error=error)


#: The faults in which no answer comes at all.
LOST: Final = (
    Strike("timeout", "timeout"),
    Strike("dropped", "drop"),
    Strike("timeout_after_effect", "timeout", applied=True),
    Strike("dropped_after_effect", "drop", applied=True),
)
