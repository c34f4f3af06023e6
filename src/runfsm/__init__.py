"""Assistant runs as one explicit state machine: drive them, simulate them, prove and teach them.

The map of the package; arrows point one way, from the bottom of this list to its top:

errors.py    whose fault it is: the tree of errors
lifecycle/   WHAT MAY HAPPEN: the tables, and what is computed from them
driver/      WHAT TO DO NEXT: a core that decides, and two loops that do
tools/       functions -> schemas -> calls -> outputs
backends/    WHO IS ASKED: the services, by nine calls
clock.py     time as a port
otel.py      runs as OpenTelemetry spans (an extra)
cli/         one module a command; joins everything

The simulator, the other side of it all, is the package `runfsm_simulator`.
"""

from runfsm.backends import (
    AgentsBackend,
    AssistantsBackend,
    AsyncAgentsBackend,
    AsyncAssistantsBackend,
    AsyncBackend,
    AsyncResponsesBackend,
    Backend,
    Capabilities,
    ResponsesBackend,
    SyncAgentsBackend,
    SyncAssistantsBackend,
    SyncResponsesBackend,
    WebhookInbox,
)
from runfsm.clock import Clock, SystemClock
from runfsm.driver.aio import AsyncRunDriver, AsyncThreadSession
from runfsm.driver.aiowatch import AsyncRunStream, AsyncWatch
from runfsm.driver.busy import Enqueue, Interrupt, Reject, Wait
from runfsm.driver.core import RunCore
from runfsm.driver.hint import WebhookHint
from runfsm.driver.journal import (
    CancelReason,
    CancelWanted,
    DriveEnded,
    FaultMet,
    GaveUp,
    RunAdopted,
    ThreadHeld,
    ToolAnswered,
)
from runfsm.driver.lines import Lines
from runfsm.driver.live import StepUpdate, TextDelta
from runfsm.driver.logbook import log_contents
from runfsm.driver.many import AsyncRunMap, MapCounts, MapResult
from runfsm.driver.outcome import Outcome
from runfsm.driver.pacing import Pacing
from runfsm.driver.policy import Policy
from runfsm.driver.request import RunRequest
from runfsm.driver.sync import RunDriver, ThreadSession
from runfsm.driver.telling import Observer
from runfsm.driver.watch import RunStream, Watch
from runfsm.errors import (
    AnomalyError,
    BackendError,
    CallerError,
    DeadlineExceeded,
    Fault,
    FaultKind,
    IllegalTransition,
    ModelError,
    RunCancelled,
    RunExpired,
    RunFailed,
    RunfsmError,
    RunIncomplete,
    RunNotCompleted,
    ScriptError,
    TableError,
    ThreadBusy,
    ToolDefinitionError,
    ToolError,
    UnknownNameError,
)
from runfsm.lifecycle import (
    LIFECYCLE,
    Actor,
    Confidence,
    Edge,
    Evidence,
    Lifecycle,
    RunEvent,
    RunMessage,
    RunRef,
    RunSnapshot,
    RunStatus,
    ToolCall,
)
from runfsm.lifecycle.journal import Anomaly, JournalStep, Transition, UnknownStatus
from runfsm.lifecycle.machine import build_machine
from runfsm.lifecycle.model import AsyncRunModel, RunModel
from runfsm.lifecycle.tracker import RunTracker
from runfsm.tools import Tool, Toolset, tool

__version__ = "0.1.0"

__all__ = [
    "LIFECYCLE",
    "Actor",
    "AgentsBackend",
    "Anomaly",
    "AnomalyError",
    "AssistantsBackend",
    "AsyncAgentsBackend",
    "AsyncAssistantsBackend",
    "AsyncBackend",
    "AsyncResponsesBackend",
    "AsyncRunDriver",
    "AsyncRunMap",
    "AsyncRunModel",
    "AsyncRunStream",
    "AsyncThreadSession",
    "AsyncWatch",
    "Backend",
    "BackendError",
    "CallerError",
    "CancelReason",
    "CancelWanted",
    "Capabilities",
    "Clock",
    "Confidence",
    "DeadlineExceeded",
    "DriveEnded",
    "Edge",
    "Enqueue",
    "Evidence",
    "Fault",
    "FaultKind",
    "FaultMet",
    "GaveUp",
    "IllegalTransition",
    "Interrupt",
    "JournalStep",
    "Lifecycle",
    "Lines",
    "MapCounts",
    "MapResult",
    "ModelError",
    "Observer",
    "Outcome",
    "Pacing",
    "Policy",
    "Reject",
    "ResponsesBackend",
    "RunAdopted",
    "RunCancelled",
    "RunCore",
    "RunDriver",
    "RunEvent",
    "RunExpired",
    "RunFailed",
    "RunIncomplete",
    "RunMessage",
    "RunModel",
    "RunNotCompleted",
    "RunRef",
    "RunRequest",
    "RunSnapshot",
    "RunStatus",
    "RunStream",
    "RunTracker",
    "RunfsmError",
    "ScriptError",
    "StepUpdate",
    "SyncAgentsBackend",
    "SyncAssistantsBackend",
    "SyncResponsesBackend",
    "SystemClock",
    "TableError",
    "TextDelta",
    "ThreadBusy",
    "ThreadHeld",
    "ThreadSession",
    "Tool",
    "ToolAnswered",
    "ToolCall",
    "ToolDefinitionError",
    "ToolError",
    "Toolset",
    "Transition",
    "UnknownNameError",
    "UnknownStatus",
    "Wait",
    "Watch",
    "WebhookHint",
    "WebhookInbox",
    "build_machine",
    "log_contents",
    "tool",
]
