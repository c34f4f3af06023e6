"""The lifecycle of an assistant run: nine statuses, ten events, nineteen edges.

This is the program. Read a row aloud: *in `queued`, on `start`, the service goes to
`in_progress`, because a worker picked the run up; certain, because every recording shows it.*

The evidence is about OpenAI's Assistants API v2, which was shut down on 2026-08-26. Its sources:

* *recordings*: live HTTP traffic kept as test fixtures in public repositories, above all
  `openai/openai-dotnet` (2025-09, 2025-10), `alexrudall/ruby-openai` (2023-11 to 2025-03) and
  `traceloop/openllmetry` (2024-03 to 2026-03);
* *deep dive*: the "How Assistants work" page, kept in `openai/openai-cookbook`,
  `examples/data/oai_docs/how-it-works.txt`;
* *reports*: public issues, named where they count.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from runfsm.lifecycle.table import Actor, Edge, Evidence, Lifecycle

__all__ = ["LIFECYCLE", "RunEvent", "RunStatus"]


class RunStatus(StrEnum):
    """The nine statuses, in the API's own words."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    REQUIRES_ACTION = "requires_action"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    EXPIRED = "expired"


class RunEvent(StrEnum):
    """What can happen to a run. The API names statuses only; these are the moves between them."""

    CREATE = "create"
    START = "start"
    REQUIRE_ACTION = "require_action"
    SUBMIT_TOOL_OUTPUTS = "submit_tool_outputs"
    COMPLETE = "complete"
    TRUNCATE = "truncate"
    FAIL = "fail"
    CANCEL = "cancel"
    CONFIRM_CANCEL = "confirm_cancel"
    EXPIRE = "expire"


S, E = RunStatus, RunEvent
CLIENT, SERVICE, CLOCK = Actor.CLIENT, Actor.SERVICE, Actor.CLOCK
_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

EDGES: Final[tuple[Edge[RunStatus, RunEvent], ...]] = (
    Edge(None, E.CREATE, S.QUEUED, CLIENT, "a client creates the run on a thread",
         _certain("recordings: every answer to POST runs and threads/runs says queued")),
    Edge(S.QUEUED, E.START, S.IN_PROGRESS, SERVICE, "a worker picks the run up",
         _certain("recordings: every run; deep dive: 'should almost immediately move'")),
    Edge(S.QUEUED, E.CANCEL, S.CANCELLING, CLIENT, "a client cancels before a worker came",
         _likely("public clients cancel queued runs (open-chat-studio, agency-swarm); "
                 "no refusal is reported")),
    Edge(S.QUEUED, E.FAIL, S.FAILED, SERVICE, "no worker could take the run",
         _likely("a public report: failed 6 s after creation, usage 0/0/0")),
    Edge(S.QUEUED, E.EXPIRE, S.EXPIRED, CLOCK, "expires_at passes before a worker came",
         _likely("deep dive: 'if the runs take too long ... our systems will expire the run'")),
    Edge(S.IN_PROGRESS, E.REQUIRE_ACTION, S.REQUIRES_ACTION, SERVICE,
         "the model wants function tools called",
         _certain("recordings: openai-dotnet, ruby-openai")),
    Edge(S.IN_PROGRESS, E.COMPLETE, S.COMPLETED, SERVICE, "the model has answered",
         _certain("recordings: every completed run")),
    Edge(S.IN_PROGRESS, E.TRUNCATE, S.INCOMPLETE, SERVICE,
         "a token cap or a content filter cuts the answer short",
         _certain("recording: ruby-openai 2024-04-29; openai-python#1407, openai-node#1306")),
    Edge(S.IN_PROGRESS, E.FAIL, S.FAILED, SERVICE, "the service gives up, with last_error",
         _certain("reports: LibreChat#6728 and printed runs with server_error")),
    Edge(S.IN_PROGRESS, E.CANCEL, S.CANCELLING, CLIENT, "a client asks to cancel",
         _certain("recordings: ruby-openai, the answer to POST cancel says cancelling")),
    Edge(S.IN_PROGRESS, E.EXPIRE, S.EXPIRED, CLOCK, "expires_at passes while working",
         _likely("deep dive: 'if the runs take too long to execute'")),
    Edge(S.REQUIRES_ACTION, E.SUBMIT_TOOL_OUTPUTS, S.QUEUED, CLIENT,
         "a client hands in the outputs of all calls at once",
         _certain("recordings: the answer to POST submit_tool_outputs says queued")),
    Edge(S.REQUIRES_ACTION, E.CANCEL, S.CANCELLING, CLIENT, "a client cancels instead of answering",
         _likely("public clients do it; whether the answer says cancelling was not recorded")),
    Edge(S.REQUIRES_ACTION, E.EXPIRE, S.EXPIRED, CLOCK, "nobody answered before expires_at",
         _certain("deep dive; reports of 'Runs in status \"expired\" do not accept ...'")),
    Edge(S.CANCELLING, E.CONFIRM_CANCEL, S.CANCELLED, SERVICE, "the worker has stopped",
         _certain("deep dive; reports of \"Cannot cancel run with status 'cancelled'.\"")),
    Edge(S.CANCELLING, E.COMPLETE, S.COMPLETED, SERVICE, "the answer was there first",
         _likely("deep dive: 'Cancellation is attempted but not guaranteed'")),
    Edge(S.CANCELLING, E.FAIL, S.FAILED, SERVICE, "the worker failed first",
         _likely("deep dive: 'Cancellation is attempted but not guaranteed'")),
    Edge(S.CANCELLING, E.TRUNCATE, S.INCOMPLETE, SERVICE, "the token cap was hit first",
         _inferred("by analogy with cancelling to completed")),
    Edge(S.CANCELLING, E.EXPIRE, S.EXPIRED, CLOCK, "the cancel was never honoured",
         _inferred("reports of runs stuck in cancelling; expires_at is still set there")),
)  # fmt: skip  # a row reads as a sentence; one argument a line would hide the table


LIFECYCLE: Final[Lifecycle[RunStatus, RunEvent]] = Lifecycle(
    name="run",
    statuses=RunStatus,
    events=RunEvent,
    edges=EDGES,
    # Deep dive: "When a Run is in_progress and not in a terminal state, the Thread is locked."
    # Reports show the refusal in requires_action (openai-dotnet#87) and in cancelling
    # (Chainlit#573); in queued it follows from refusals directly after creation.
    locks=frozenset({S.QUEUED, S.IN_PROGRESS, S.REQUIRES_ACTION, S.CANCELLING}),
    about="An assistant run, as OpenAI's Assistants API v2 moved it.",
)
