"""A run's lifecycle on the Agents API: one turn of a session.

What the service does to a turn is in `lifecycle/turn.py`, with the sources. Each of those edges is
one here, under the names of a run's statuses; a turn that was cut short, which has failed there, is
`incomplete`. Added is what only the client knows: `cancelling` is the time between a cancel that
was accepted and the end of the turn, and `expired` is a deadline of the library's own.

One edge is none of `run.py`: with the last result, the turn goes on without being queued again. A
journal tells of it as of any run, as two edges that were inferred from one look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle.run import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.table import Actor, Edge, Evidence, Lifecycle, Origin
from runfsm.lifecycle.turn import TURN, TurnStatus
from runfsm.lifecycle.wires.wire import Trait

__all__ = ["SESSION_RUN", "TURN_STATUSES"]

S, E = RunStatus, RunEvent
CLIENT, SERVICE, CLOCK = Actor.CLIENT, Actor.SERVICE, Actor.CLOCK
_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

#: What each status of a turn is as one of a run.
MEANS: Final[Mapping[TurnStatus, RunStatus]] = {
    TurnStatus.QUEUED: S.QUEUED,
    TurnStatus.IN_PROGRESS: S.IN_PROGRESS,
    TurnStatus.WAITING: S.REQUIRES_ACTION,
    TurnStatus.CANCELLED: S.CANCELLED,
    TurnStatus.FAILED: S.FAILED,
    TurnStatus.COMPLETED: S.COMPLETED,
}

ACCEPTED: Final = "a client has sent a cancel, and was told accepted"
ACCEPTS: Final = "openai-python: 'HTTP 202 confirms acceptance, not durable completion'"
DEADLINE: Final = "the library's deadline passes, and its cancel holds"
NO_EXPIRY: Final = "the library's own deadline; openai-python: no expires_at"
PROBES: Final = "MiniMax-AI/OpenAgentCore: probes of the live service, 2026-09"

#: What a turn does not show.
OWN: Final[tuple[Edge[RunStatus, RunEvent], ...]] = (
    Edge(S.QUEUED, E.CANCEL, S.CANCELLING, CLIENT, ACCEPTED, _inferred(ACCEPTS)),
    Edge(S.QUEUED, E.EXPIRE, S.EXPIRED, CLOCK, DEADLINE, _likely(NO_EXPIRY)),
    Edge(S.IN_PROGRESS, E.CANCEL, S.CANCELLING, CLIENT, ACCEPTED, _likely(ACCEPTS)),
    Edge(S.IN_PROGRESS, E.EXPIRE, S.EXPIRED, CLOCK, DEADLINE, _likely(NO_EXPIRY)),
    Edge(S.REQUIRES_ACTION, E.CANCEL, S.CANCELLING, CLIENT,
         "a client cancels instead of answering",
         _likely(f"{PROBES}: a result after the cancel is a conflict")),
    Edge(S.REQUIRES_ACTION, E.EXPIRE, S.EXPIRED, CLOCK,
         "the library's deadline passes; to the service, the calls may wait for ever",
         _likely(NO_EXPIRY)),
    Edge(S.CANCELLING, E.CONFIRM_CANCEL, S.CANCELLED, SERVICE,
         "the turn has stopped, seconds after the cancel was accepted",
         _certain("openai-python: agent.session.turn.cancelled; probes")),
    Edge(S.CANCELLING, E.COMPLETE, S.COMPLETED, SERVICE,
         "the answer was there first; that the cancel was accepted means nothing",
         _likely(f"{ACCEPTS}, 'existing terminal outcomes are preserved'")),
    Edge(S.CANCELLING, E.FAIL, S.FAILED, SERVICE, "the turn failed first",
         _inferred("by analogy with its completion")),
    Edge(S.CANCELLING, E.TRUNCATE, S.INCOMPLETE, SERVICE, "the limit was hit first",
         _inferred("by analogy with its completion")),
    Edge(S.CANCELLING, E.EXPIRE, S.EXPIRED, CLOCK,
         "the library's deadline passes before the turn has stopped",
         _inferred(NO_EXPIRY)),
)  # fmt: skip  # rows, as in run.py


def _as_run(edge: Edge[TurnStatus, RunEvent]) -> Edge[RunStatus, RunEvent]:
    source = MEANS[edge.source] if edge.source else None
    dest = S.INCOMPLETE if edge.event is E.TRUNCATE else MEANS[edge.dest]
    return Edge(source, edge.event, dest, edge.actor, edge.why, edge.evidence)


#: A turn's own: but for its cancels, which lead from a status to itself.
SERVICES: Final = tuple(
    _as_run(edge) for edge in TURN.edges if edge.event not in {E.CANCEL, E.CONFIRM_CANCEL}
)

#: In which order `run.py` has them.
ORDER: Final = {(edge.source, edge.event): nth for nth, edge in enumerate(LIFECYCLE.edges)}
EDGES: Final = tuple(sorted(SERVICES + OWN, key=lambda edge: ORDER[edge.source, edge.event]))

_types = _certain("openai-python: Turn, AgentSession")

#: Who says each status, and what the service shows then.
TURN_STATUSES: Final[Mapping[RunStatus, Trait[Origin]]] = {
    S.QUEUED: Trait(Origin.NATIVE, "turn `queued`", _types),
    S.IN_PROGRESS: Trait(Origin.NATIVE, "turn `in_progress`", _types),
    S.REQUIRES_ACTION: Trait(
        Origin.NATIVE, "turn `waiting`, and the session's `required_actions`", _types
    ),
    S.CANCELLING: Trait(
        Origin.LOCAL,
        "turn `queued`, `in_progress` or `waiting`: the cancel was accepted with 202",
        _likely(f"{ACCEPTS}; openai-go#931"),
    ),
    S.CANCELLED: Trait(Origin.NATIVE, "turn `cancelled`", _types),
    S.FAILED: Trait(Origin.NATIVE, "turn `failed`, with `error`; session `failed`", _types),
    S.COMPLETED: Trait(
        Origin.NATIVE, "turn `completed`; that the session is `idle` says nothing", _types
    ),
    S.INCOMPLETE: Trait(
        Origin.COMPUTED,
        "turn `failed`, with error code max_output_tokens or session_budget_exceeded",
        _likely("openai-python: SessionTurnError"),
    ),
    S.EXPIRED: Trait(
        Origin.LOCAL,
        "turn `cancelled`, after the library's deadline",
        _likely("openai-python: there is no such status, and no expires_at"),
    ),
}

SESSION_RUN: Final[Lifecycle[RunStatus, RunEvent]] = Lifecycle(
    name="turn as a run",
    statuses=RunStatus,
    events=RunEvent,
    edges=EDGES,
    locks=frozenset(),  # as a turn's: what comes meanwhile steers it
    about="A run on OpenAI's Agents API: a turn of a session, which is its thread.",
    origins={
        status: said.value
        for status, said in TURN_STATUSES.items()
        if said.value is not Origin.NATIVE
    },
)
