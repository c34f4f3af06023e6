"""Every lifecycle there is; and three more tables: run step, message, vector store's file.

Steps and messages live inside a run. A step is opened and closed by the service while the run is
`in_progress` (a function-calling step stays open through `requires_action`); a message is written
within a `message_creation` step. The run's end closes both. A file lives in a vector store from the
moment it is attached. Sources as in `run.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from runfsm.lifecycle.response import RESPONSE
from runfsm.lifecycle.run import LIFECYCLE
from runfsm.lifecycle.table import Actor, Confidence, Edge, Evidence, Lifecycle
from runfsm.lifecycle.turn import TURN
from runfsm.lifecycle.wires.chain import RESPONSES_CHAIN
from runfsm.lifecycle.wires.session import SESSION_RUN

__all__ = [
    "CATALOG",
    "MESSAGE",
    "RUN_STEP",
    "VECTOR_STORE_FILE",
    "MessageEvent",
    "MessageStatus",
    "RunStepEvent",
    "RunStepStatus",
    "VectorStoreFileEvent",
    "VectorStoreFileStatus",
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


class VectorStoreFileStatus(StrEnum):
    """How far a vector store is with a file."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class VectorStoreFileEvent(StrEnum):
    """What can happen to a file in a vector store."""

    ATTACH = "attach"
    COMPLETE = "complete"
    CANCEL = "cancel"
    FAIL = "fail"


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

V, H = VectorStoreFileStatus, VectorStoreFileEvent

VECTOR_STORE_FILE: Final[Lifecycle[VectorStoreFileStatus, VectorStoreFileEvent]] = Lifecycle(
    name="vector store file",
    statuses=VectorStoreFileStatus,
    events=VectorStoreFileEvent,
    edges=(
        Edge(None, H.ATTACH, V.IN_PROGRESS, Actor.CLIENT,
             "a client attaches an uploaded file", RECORDED),
        Edge(V.IN_PROGRESS, H.COMPLETE, V.COMPLETED, Actor.SERVICE,
             "it is cut into chunks and indexed", RECORDED),
        Edge(V.IN_PROGRESS, H.FAIL, V.FAILED, Actor.SERVICE,
             "it cannot be read", API_REFERENCE),
        Edge(V.IN_PROGRESS, H.CANCEL, V.CANCELLED, Actor.CLIENT,
             "the batch that it is part of was cancelled", API_REFERENCE),
    ),
    about="A file in a vector store, on its way to being searchable.",
)  # fmt: skip  # rows, as in run.py

#: Every lifecycle by the name that the command line and the files of diagrams/ use.
CATALOG: Final[Mapping[str, Lifecycle[Any, Any]]] = {
    "run": LIFECYCLE,
    "run-step": RUN_STEP,
    "message": MESSAGE,
    "vector-store-file": VECTOR_STORE_FILE,
    "responses-chain": RESPONSES_CHAIN,
    "agents-turn": SESSION_RUN,
    "response": RESPONSE,
    "turn": TURN,
}
