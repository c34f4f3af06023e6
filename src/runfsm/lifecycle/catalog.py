"""Further lifecycles, each one more table: the run step and the message.

They live inside a run. A step is opened and closed by the service while the run is `in_progress`
(a function-calling step stays open through `requires_action`); a message is written within a
`message_creation` step. The run's end closes both. Sources as in `run.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from runfsm.lifecycle.run import LIFECYCLE
from runfsm.lifecycle.table import Actor, Confidence, Edge, Evidence, Lifecycle

__all__ = [
    "CATALOG",
    "MESSAGE",
    "RUN_STEP",
    "MessageEvent",
    "MessageStatus",
    "RunStepEvent",
    "RunStepStatus",
]

RECORDED: Final = Evidence("recordings: openai-dotnet, ruby-openai", Confidence.CERTAIN)
API_REFERENCE: Final = Evidence(
    "openai/openai-openapi 2.3.0: the enum and the timestamps of the object", Confidence.LIKELY
)


class RunStepStatus(StrEnum):
    """A step has no queued, no requires_action and no incomplete."""

    IN_PROGRESS = "in_progress"
    CANCELLED = "cancelled"
    FAILED = "failed"
    COMPLETED = "completed"
    EXPIRED = "expired"


class RunStepEvent(StrEnum):
    """What can happen to a run step."""

    OPEN = "open"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    EXPIRE = "expire"


class MessageStatus(StrEnum):
    """The status of a message that a run writes. A message from a client is born complete."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"


class MessageEvent(StrEnum):
    """What can happen to a message that a run writes."""

    OPEN = "open"
    COMPLETE = "complete"
    TRUNCATE = "truncate"


T, F = RunStepStatus, RunStepEvent

RUN_STEP: Final[Lifecycle[RunStepStatus, RunStepEvent]] = Lifecycle(
    name="run step",
    statuses=RunStepStatus,
    events=RunStepEvent,
    edges=(
        Edge(None, F.OPEN, T.IN_PROGRESS, Actor.SERVICE,
             "the model starts to write, or to call tools", RECORDED),
        Edge(T.IN_PROGRESS, F.COMPLETE, T.COMPLETED, Actor.SERVICE,
             "the message is written, or the tool outputs are in", RECORDED),
        Edge(T.IN_PROGRESS, F.FAIL, T.FAILED, Actor.SERVICE, "the run failed", API_REFERENCE),
        Edge(T.IN_PROGRESS, F.CANCEL, T.CANCELLED, Actor.SERVICE,
             "the run was cancelled", API_REFERENCE),
        Edge(T.IN_PROGRESS, F.EXPIRE, T.EXPIRED, Actor.CLOCK, "the run expired", API_REFERENCE),
    ),
    about="A step of a run: one message written, or one round of tool calls.",
)  # fmt: skip  # rows, as in run.py

M, G = MessageStatus, MessageEvent

MESSAGE: Final[Lifecycle[MessageStatus, MessageEvent]] = Lifecycle(
    name="message",
    statuses=MessageStatus,
    events=MessageEvent,
    edges=(
        Edge(None, G.OPEN, M.IN_PROGRESS, Actor.SERVICE, "the model starts to write", RECORDED),
        Edge(M.IN_PROGRESS, G.COMPLETE, M.COMPLETED, Actor.SERVICE,
             "the whole text is there", RECORDED),
        Edge(M.IN_PROGRESS, G.TRUNCATE, M.INCOMPLETE, Actor.SERVICE,
             "a cap cut it, or its run was cancelled, expired or failed", RECORDED),
    ),
    about="A message that a run writes into its thread.",
)  # fmt: skip  # rows, as in run.py

#: Every lifecycle by the name that the command line and the files of diagrams/ use.
CATALOG: Final[Mapping[str, Lifecycle[Any, Any]]] = {
    "run": LIFECYCLE,
    "run-step": RUN_STEP,
    "message": MESSAGE,
}
