"""The lifecycle of one turn of an Agents session: six statuses, nine of a run's events.

A turn is a unit of work in a session: what a run is on a thread. Its events are a run's, for the
same things happen. Two things differ. A client that cancels is told *accepted* and sees nothing:
the turn stays where it was until the service has stopped it, so `cancel` leads from a status to
itself, and another edge, the service's, ends it. And an answer that a cap cuts short has *failed*.

A message to a session whose turn is on its way steers that turn. That is no event of this table,
for nothing follows from it about the turn's status.

Sources, none of them our own eyes:

* *sessions guide*: developers.openai.com/api/docs/guides/agents-api/sessions, as of 2026-11;
* *types*: openai-python 3.54, `openai.types.beta.agents`, with the docstrings of its resources;
* *probes*: what the authors of another server saw of the live service in 2026-09:
  MiniMax-AI/OpenAgentCore, contracts/agents-api.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from runfsm.lifecycle.run import RunEvent
from runfsm.lifecycle.table import Actor, Edge, Evidence, Lifecycle

__all__ = ["TURN", "TurnStatus"]


class TurnStatus(StrEnum):
    """The six statuses, in the API's own words."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    CANCELLED = "cancelled"
    FAILED = "failed"
    COMPLETED = "completed"


S, E = TurnStatus, RunEvent
CLIENT, SERVICE = Actor.CLIENT, Actor.SERVICE
_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

ACCEPTED: Final = "a client cancels; the answer, 202, says accepted and no more"
ACCEPTS: Final = "types: 'HTTP 202 confirms acceptance, not durable completion'"

EDGES: Final[tuple[Edge[TurnStatus, RunEvent], ...]] = (
    Edge(None, E.CREATE, S.QUEUED, CLIENT, "a message comes to an idle session",
         _certain("sessions guide: 'A message sent to an idle session starts a new turn'; probes")),
    Edge(S.QUEUED, E.START, S.IN_PROGRESS, SERVICE, "a worker picks the turn up",
         _certain("types: 'The turn is waiting to start'; probes: turn.created, then "
                  "turn.in_progress")),
    Edge(S.QUEUED, E.FAIL, S.FAILED, SERVICE, "no worker could take the turn",
         _inferred("types: the error codes server_overloaded, credit_balance_exhausted")),
    Edge(S.QUEUED, E.CANCEL, S.QUEUED, CLIENT, ACCEPTED, _inferred(ACCEPTS)),
    Edge(S.QUEUED, E.CONFIRM_CANCEL, S.CANCELLED, SERVICE, "the turn will not be started",
         _inferred("by analogy with in_progress")),
    Edge(S.IN_PROGRESS, E.REQUIRE_ACTION, S.WAITING, SERVICE,
         "the model wants functions called",
         _certain("types: 'The turn is waiting for external input', required_actions; probes")),
    Edge(S.IN_PROGRESS, E.COMPLETE, S.COMPLETED, SERVICE, "the model has answered",
         _certain("types: agent.session.turn.completed; probes")),
    Edge(S.IN_PROGRESS, E.TRUNCATE, S.FAILED, SERVICE,
         "a token cap, or what the session may spend, cuts the answer short: the turn has failed",
         _likely("types: the error codes max_output_tokens, session_budget_exceeded")),
    Edge(S.IN_PROGRESS, E.FAIL, S.FAILED, SERVICE, "the service gives up, with error",
         _likely("types: agent.session.turn.failed, error.code")),
    Edge(S.IN_PROGRESS, E.CANCEL, S.IN_PROGRESS, CLIENT, ACCEPTED, _likely(ACCEPTS)),
    Edge(S.IN_PROGRESS, E.CONFIRM_CANCEL, S.CANCELLED, SERVICE,
         "the worker has stopped, seconds after the cancel was accepted",
         _certain("types: agent.session.turn.cancelled; probes")),
    Edge(S.WAITING, E.SUBMIT_TOOL_OUTPUTS, S.IN_PROGRESS, CLIENT,
         "the last result that was missing is in",
         _likely("types: a result each by itself; no turn.in_progress comes a second time, as "
                 "the probes tell: that it is not queued anew is a guess")),
    Edge(S.WAITING, E.CANCEL, S.WAITING, CLIENT,
         "a client cancels instead of answering; the calls want no results any more",
         _likely("probes: a result after the cancel is a conflict")),
    Edge(S.WAITING, E.CONFIRM_CANCEL, S.CANCELLED, SERVICE, "the turn has stopped waiting",
         _likely("probes: cancelled while a function result was missing")),
)  # fmt: skip  # rows, as in run.py


TURN: Final[Lifecycle[TurnStatus, RunEvent]] = Lifecycle(
    name="turn",
    statuses=TurnStatus,
    events=RunEvent,
    edges=EDGES,
    # Sessions guide: "A message sent during an active turn steers that turn." Nothing is locked.
    locks=frozenset(),
    about="A turn of a session, as OpenAI's Agents API moves it: a run there.",
)
