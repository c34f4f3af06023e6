"""Assistant runs as one explicit state machine: drive them, simulate them, prove and teach them.

The map of the package; arrows point one way, from the bottom of this list to its top:

errors.py    whose fault it is: the tree of errors
lifecycle/   WHAT MAY HAPPEN: the tables, and what is computed from them
driver/      WHAT TO DO NEXT: a core that decides, and two loops that do
tools/       functions -> schemas -> calls -> outputs
backends/    WHO IS ASKED: the services, by five calls
clock.py     time as a port
cli/         one module a command; joins everything

The simulator, the other side of it all, is the package `runfsm_simulator`.
"""

from runfsm.backends import (
    AssistantsBackend,
    AsyncAssistantsBackend,
    AsyncBackend,
    Backend,
    SyncAssistantsBackend,
)
from runfsm.clock import Clock, SystemClock
from runfsm.driver.actions import RunRequest
from runfsm.driver.aio import AsyncRunDriver, AsyncWatch
from runfsm.driver.core import RunCore
from runfsm.driver.journal import CancelReason, CancelWanted, FaultMet, GaveUp, ToolAnswered
from runfsm.driver.outcome import Outcome
from runfsm.driver.pacing import Pacing
from runfsm.driver.policy import Policy
from runfsm.driver.sync import RunDriver, Watch
from runfsm.errors import (
    AnomalyError,
    BackendError,
    CallerError,
    DeadlineExceeded,
    Fault,
    FaultKind,
    IllegalTransition,
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
from runfsm.lifecycle.tracker import RunTracker
from runfsm.tools import Tool, Toolset, tool

__version__ = "0.1.0"

__all__ = [
    "LIFECYCLE",
    "Actor",
    "Anomaly",
    "AnomalyError",
    "AssistantsBackend",
    "AsyncAssistantsBackend",
    "AsyncBackend",
    "AsyncRunDriver",
    "AsyncWatch",
    "Backend",
    "BackendError",
    "CallerError",
    "CancelReason",
    "CancelWanted",
    "Clock",
    "Confidence",
    "DeadlineExceeded",
    "Edge",
    "Evidence",
    "Fault",
    "FaultKind",
    "FaultMet",
    "GaveUp",
    "IllegalTransition",
    "JournalStep",
    "Lifecycle",
    "Outcome",
    "Pacing",
    "Policy",
    "RunCancelled",
    "RunCore",
    "RunDriver",
    "RunEvent",
    "RunExpired",
    "RunFailed",
    "RunIncomplete",
    "RunMessage",
    "RunNotCompleted",
    "RunRef",
    "RunRequest",
    "RunSnapshot",
    "RunStatus",
    "RunTracker",
    "RunfsmError",
    "ScriptError",
    "SyncAssistantsBackend",
    "SystemClock",
    "TableError",
    "ThreadBusy",
    "Tool",
    "ToolAnswered",
    "ToolCall",
    "ToolDefinitionError",
    "ToolError",
    "Toolset",
    "Transition",
    "UnknownStatus",
    "Watch",
    "build_machine",
    "tool",
]
