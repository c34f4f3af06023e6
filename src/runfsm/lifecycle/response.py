"""The lifecycle of one response of the Responses API: six statuses, six of a run's events.

A response is one hop. A model that wants functions called has said all that it has to say in this
one: it is `completed`, and the outputs go into the next. What becomes of a whole run, which is a
chain of responses, is another table. The events are a run's, for the same things happen; there are
fewer of them, and a cancel has no window: its answer says `cancelled`.

Nobody has tried this against the live service. Sources:

* *background guide*: developers.openai.com/api/docs/guides/background, as of 2026-11;
* *types*: openai-python 2.54 and 3.54, `openai.types.responses`;
* *Azure's server*: the texts of `azure-ai-agentserver-responses` 2.3.0 on PyPI, by Microsoft;
* *reports*: public issues and forum threads, named where they count.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from runfsm.lifecycle.run import RunEvent
from runfsm.lifecycle.table import Actor, Edge, Evidence, Lifecycle

__all__ = ["RESPONSE", "ResponseStatus"]


class ResponseStatus(StrEnum):
    """The six statuses, in the API's own words; each is one of a run's as well."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    CANCELLED = "cancelled"
    FAILED = "failed"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"


S, E = ResponseStatus, RunEvent
CLIENT, SERVICE = Actor.CLIENT, Actor.SERVICE
_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

EDGES: Final[tuple[Edge[ResponseStatus, RunEvent], ...]] = (
    Edge(None, E.CREATE, S.QUEUED, CLIENT, "a client creates the response",
         _certain("background guide; the body printed in BerriAI/litellm#19899")),
    Edge(S.QUEUED, E.START, S.IN_PROGRESS, SERVICE, "a worker picks the response up",
         _certain("background guide: 'queued or in_progress'; public poll loops: "
                  "LionSR/TeXRA#1184")),
    Edge(S.QUEUED, E.FAIL, S.FAILED, SERVICE, "no worker could take the response",
         _inferred("types: the error code rate_limit_exceeded")),
    Edge(S.QUEUED, E.CANCEL, S.CANCELLED, CLIENT, "a client cancels before a worker came",
         _likely("background guide: 'cancel an in-flight response'; of queued in particular, "
                 "nobody tells")),
    Edge(S.IN_PROGRESS, E.COMPLETE, S.COMPLETED, SERVICE,
         "the model has answered, or has asked for its calls",
         _certain("background guide; function calling guide; every public poll loop")),
    Edge(S.IN_PROGRESS, E.TRUNCATE, S.INCOMPLETE, SERVICE,
         "max_output_tokens or a content filter cuts the answer short",
         _likely("types: incomplete_details.reason")),
    Edge(S.IN_PROGRESS, E.FAIL, S.FAILED, SERVICE, "the service gives up, with error",
         _likely("types: error.code")),
    Edge(S.IN_PROGRESS, E.CANCEL, S.CANCELLED, CLIENT,
         "a client cancels; the answer says cancelled already",
         _likely("background guide; Azure's server")),
)  # fmt: skip  # rows, as in run.py


RESPONSE: Final[Lifecycle[ResponseStatus, RunEvent]] = Lifecycle(
    name="response",
    statuses=ResponseStatus,
    events=RunEvent,
    edges=EDGES,
    # Reports of `conversation_locked`: as long as the service generates, also when the client that
    # asked has gone. A response that waits for outputs is over, and locks nothing.
    locks=frozenset({S.QUEUED, S.IN_PROGRESS}),
    about="A response, as OpenAI's Responses API moves it: one hop of a run.",
)
