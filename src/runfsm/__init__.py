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

A name is loaded when it is first asked for, and `openai` when a backend is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # "as": not in `__all__`, and public all the same (PEP 484).
    from runfsm import backends as backends
    from runfsm import clock as clock
    from runfsm import driver as driver
    from runfsm import errors as errors
    from runfsm import lifecycle as lifecycle
    from runfsm import tools as tools
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
    from runfsm.driver.content import (
        FileAttachment,
        FileData,
        FileUrl,
        ImageFile,
        ImageUrl,
        MessageContent,
        Text,
    )
    from runfsm.driver.core import RunCore
    from runfsm.driver.hint import WebhookHint
    from runfsm.driver.journal import (
        CancelReason,
        CancelWanted,
        DriveEnded,
        FaultMet,
        GaveUp,
        NoText,
        OutputTooLarge,
        RunAdopted,
        RunAgain,
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
    "FileAttachment",
    "FileData",
    "FileUrl",
    "GaveUp",
    "IllegalTransition",
    "ImageFile",
    "ImageUrl",
    "Interrupt",
    "JournalStep",
    "Lifecycle",
    "Lines",
    "MapCounts",
    "MapResult",
    "MessageContent",
    "ModelError",
    "NoText",
    "Observer",
    "Outcome",
    "OutputTooLarge",
    "Pacing",
    "Policy",
    "Reject",
    "ResponsesBackend",
    "RunAdopted",
    "RunAgain",
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
    "Text",
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

#: The module of each name. A test holds this against the imports above.
MODULES: Final = {
    "backends": [
        "AgentsBackend",
        "AssistantsBackend",
        "AsyncAgentsBackend",
        "AsyncAssistantsBackend",
        "AsyncBackend",
        "AsyncResponsesBackend",
        "Backend",
        "Capabilities",
        "ResponsesBackend",
        "SyncAgentsBackend",
        "SyncAssistantsBackend",
        "SyncResponsesBackend",
        "WebhookInbox",
    ],
    "clock": ["Clock", "SystemClock"],
    "driver.aio": ["AsyncRunDriver", "AsyncThreadSession"],
    "driver.aiowatch": ["AsyncRunStream", "AsyncWatch"],
    "driver.busy": ["Enqueue", "Interrupt", "Reject", "Wait"],
    "driver.content": [
        "FileAttachment",
        "FileData",
        "FileUrl",
        "ImageFile",
        "ImageUrl",
        "MessageContent",
        "Text",
    ],
    "driver.core": ["RunCore"],
    "driver.hint": ["WebhookHint"],
    "driver.journal": [
        "CancelReason",
        "CancelWanted",
        "DriveEnded",
        "FaultMet",
        "GaveUp",
        "NoText",
        "OutputTooLarge",
        "RunAdopted",
        "RunAgain",
        "ThreadHeld",
        "ToolAnswered",
    ],
    "driver.lines": ["Lines"],
    "driver.live": ["StepUpdate", "TextDelta"],
    "driver.logbook": ["log_contents"],
    "driver.many": ["AsyncRunMap", "MapCounts", "MapResult"],
    "driver.outcome": ["Outcome"],
    "driver.pacing": ["Pacing"],
    "driver.policy": ["Policy"],
    "driver.request": ["RunRequest"],
    "driver.sync": ["RunDriver", "ThreadSession"],
    "driver.telling": ["Observer"],
    "driver.watch": ["RunStream", "Watch"],
    "errors": [
        "AnomalyError",
        "BackendError",
        "CallerError",
        "DeadlineExceeded",
        "Fault",
        "FaultKind",
        "IllegalTransition",
        "ModelError",
        "RunCancelled",
        "RunExpired",
        "RunFailed",
        "RunIncomplete",
        "RunNotCompleted",
        "RunfsmError",
        "ScriptError",
        "TableError",
        "ThreadBusy",
        "ToolDefinitionError",
        "ToolError",
        "UnknownNameError",
    ],
    "lifecycle": [
        "Actor",
        "Confidence",
        "Edge",
        "Evidence",
        "LIFECYCLE",
        "Lifecycle",
        "RunEvent",
        "RunMessage",
        "RunRef",
        "RunSnapshot",
        "RunStatus",
        "ToolCall",
    ],
    "lifecycle.journal": ["Anomaly", "JournalStep", "Transition", "UnknownStatus"],
    "lifecycle.machine": ["build_machine"],
    "lifecycle.model": ["AsyncRunModel", "RunModel"],
    "lifecycle.tracker": ["RunTracker"],
    "tools": ["Tool", "Toolset", "tool"],
}
MODULE_OF: Final = {name: module for module, names in MODULES.items() for name in names}

#: What stands beside this file, and is an attribute of the package as if it had been imported.
SUBMODULES: Final = frozenset({"backends", "clock", "driver", "errors", "lifecycle", "tools"})


if not TYPE_CHECKING:  # to a type checker, a name that is not there is a mistake

    def __getattr__(name: str) -> Any:
        if name in SUBMODULES:
            return import_module(f"{__name__}.{name}")
        if name not in MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{MODULE_OF[name]}"), name)
        globals()[name] = value  # the next look finds it without coming here
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *SUBMODULES})
