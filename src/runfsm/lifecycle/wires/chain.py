"""A run's lifecycle on the Responses API: a chain of responses under one id.

There, one response is one hop: it is `completed` as soon as the model wants a function called, and
the outputs go into the next one. So a run is a *chain* of responses, and its status is the head's,
but for three statuses which that API does not have. `requires_action` is computed: the head is
completed, and holds calls that nobody has answered. `cancelling` is the time between a cancel and
its answer. `expired` is a deadline of the library's own.

Events and statuses are those of `run.py`, and so are the edges: what an app was told about a run
stays true. The reasons, the evidence, and who says a status are others. Nothing here was tried
against the live service. Sources:

* *guides*, *API reference*: developers.openai.com/api/docs/guides (background, function-calling,
  conversation-state, webhooks) and /api/reference, as of 2026-11;
* *openai-python*: its types, `openai.types.responses`, in 3.54;
* *azure-ai-agentserver-responses*: the texts of that server, 2.3.0, by Microsoft;
* *reports*: public issues and forum threads, named where they count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle.run import RunEvent, RunStatus
from runfsm.lifecycle.table import Actor, Edge, Evidence, Lifecycle, Origin
from runfsm.lifecycle.wires.wire import Trait

__all__ = ["CHAIN_STATUSES", "RESPONSES_CHAIN"]

S, E = RunStatus, RunEvent
CLIENT, SERVICE, CLOCK = Actor.CLIENT, Actor.SERVICE, Actor.CLOCK
_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

OWN_DEADLINE: Final = "the library's own deadline; the API reference has no expires_at"

EDGES: Final[tuple[Edge[RunStatus, RunEvent], ...]] = (
    Edge(None, E.CREATE, S.QUEUED, CLIENT,
         "a client creates the first response, in background mode",
         _certain("background guide; bodies printed in prism-php/prism#590")),
    Edge(S.QUEUED, E.START, S.IN_PROGRESS, SERVICE, "a worker picks the response up",
         _certain("background guide: 'while the request is in the queued or in_progress state'; "
                  "public poll loops (LionSR/TeXRA#1184, BerriAI/litellm#39617)")),
    Edge(S.QUEUED, E.CANCEL, S.CANCELLING, CLIENT,
         "a client has sent a cancel, which is not answered yet",
         _likely("background guide: 'cancel an in-flight response'; of queued in particular, "
                 "nobody tells")),
    Edge(S.QUEUED, E.FAIL, S.FAILED, SERVICE, "no worker could take the response",
         _inferred("openai-python: the error code rate_limit_exceeded")),
    Edge(S.QUEUED, E.EXPIRE, S.EXPIRED, CLOCK,
         "the library's deadline passes, and its cancel holds",
         _likely(f"{OWN_DEADLINE}; stuck in queued: community thread 1382584")),
    Edge(S.IN_PROGRESS, E.REQUIRE_ACTION, S.REQUIRES_ACTION, SERVICE,
         "the response is completed, with calls that wait for the client",
         _certain("function calling guide; openai-agents-python#673")),
    Edge(S.IN_PROGRESS, E.COMPLETE, S.COMPLETED, SERVICE,
         "the response is completed, and no call waits for the client",
         _certain("background guide; every public poll loop")),
    Edge(S.IN_PROGRESS, E.TRUNCATE, S.INCOMPLETE, SERVICE,
         "max_output_tokens or a content filter cuts the answer short",
         _likely("API reference and openai-python: incomplete_details.reason")),
    Edge(S.IN_PROGRESS, E.FAIL, S.FAILED, SERVICE, "the service gives up, with error",
         _likely("API reference and openai-python: error.code")),
    Edge(S.IN_PROGRESS, E.CANCEL, S.CANCELLING, CLIENT,
         "a client has sent a cancel, which is not answered yet",
         _certain("background guide; BerriAI/litellm#39617")),
    Edge(S.IN_PROGRESS, E.EXPIRE, S.EXPIRED, CLOCK,
         "the library's deadline passes, and its cancel holds",
         _likely(OWN_DEADLINE)),
    Edge(S.REQUIRES_ACTION, E.SUBMIT_TOOL_OUTPUTS, S.QUEUED, CLIENT,
         "a client creates the next response, with the outputs of all calls at once",
         _certain("function calling guide; openai-agents-python#673, tjardoo/openai-client#124: "
                  "400 when one is missing")),
    Edge(S.REQUIRES_ACTION, E.CANCEL, S.CANCELLING, CLIENT,
         "a client gives the calls up; the service cannot cancel a completed response",
         _likely("azure-ai-agentserver-responses: 400 'Cannot cancel a completed response.'")),
    Edge(S.REQUIRES_ACTION, E.EXPIRE, S.EXPIRED, CLOCK,
         "the library's deadline passes; to the service, the calls may wait for ever",
         _likely(OWN_DEADLINE)),
    Edge(S.CANCELLING, E.CONFIRM_CANCEL, S.CANCELLED, SERVICE,
         "the answer says cancelled; or the calls are given up, so that the conversation is free",
         _certain("background guide; BerriAI/litellm#39617; the calls: community thread 1361157")),
    Edge(S.CANCELLING, E.COMPLETE, S.COMPLETED, SERVICE,
         "the answer was there first, and the cancel is refused",
         _likely("BerriAI/litellm#39617: a 400; azure-ai-agentserver-responses: "
                 "'Cannot cancel a completed response.'")),
    Edge(S.CANCELLING, E.FAIL, S.FAILED, SERVICE,
         "the response failed first, and the cancel is refused",
         _likely("azure-ai-agentserver-responses: 400 'Cannot cancel a failed response.'")),
    Edge(S.CANCELLING, E.TRUNCATE, S.INCOMPLETE, SERVICE,
         "the token cap was hit first, and the cancel is refused",
         _inferred("azure-ai-agentserver-responses: 400 'Cannot cancel a response in terminal "
                   "state.'; of others nobody tells")),
    Edge(S.CANCELLING, E.EXPIRE, S.EXPIRED, CLOCK,
         "the library's deadline passes, and no answer to the cancel has come",
         _inferred(OWN_DEADLINE)),
)  # fmt: skip  # rows, as in run.py

_said = _certain("openai-python: ResponseStatus")

#: Who says each status, and what the head of the chain shows then.
CHAIN_STATUSES: Final[Mapping[RunStatus, Trait[Origin]]] = {
    S.QUEUED: Trait(Origin.NATIVE, "`queued`", _said),
    S.IN_PROGRESS: Trait(Origin.NATIVE, "`in_progress`", _said),
    S.REQUIRES_ACTION: Trait(
        Origin.COMPUTED,
        "`completed`, with calls in `output` that nobody has answered",
        _certain("function calling guide; openai-python: there is no such ResponseStatus"),
    ),
    S.CANCELLING: Trait(
        Origin.LOCAL,
        "what it showed before: a cancel is sent, and not answered yet",
        _certain("openai-python: there is no such ResponseStatus"),
    ),
    S.CANCELLED: Trait(
        Origin.NATIVE, "`cancelled`; or `completed`, with calls that the client gave up", _said
    ),
    S.FAILED: Trait(Origin.NATIVE, "`failed`, with `error`", _said),
    S.COMPLETED: Trait(Origin.NATIVE, "`completed`, and no call waits for an answer", _said),
    S.INCOMPLETE: Trait(Origin.NATIVE, "`incomplete`, with `incomplete_details`", _said),
    S.EXPIRED: Trait(
        Origin.LOCAL,
        "`cancelled`, or `completed` with calls unanswered, after the library's deadline",
        _certain("openai-python: there is no such ResponseStatus, and no expires_at"),
    ),
}

RESPONSES_CHAIN: Final[Lifecycle[RunStatus, RunEvent]] = Lifecycle(
    name="chain of responses",
    statuses=RunStatus,
    events=RunEvent,
    edges=EDGES,
    # The thread is a conversation: it takes one response at a time. In requires_action it is not
    # locked, and yet of no use to another run: a response without the outputs is refused
    # (community thread 1361157). A chain by previous_response_id has no lock at all.
    locks=frozenset({S.QUEUED, S.IN_PROGRESS, S.REQUIRES_ACTION, S.CANCELLING}),
    about="A run on OpenAI's Responses API: a chain of responses; its thread is a conversation.",
    origins={
        status: said.value
        for status, said in CHAIN_STATUSES.items()
        if said.value is not Origin.NATIVE
    },
)
