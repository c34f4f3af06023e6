"""WHAT MAY HAPPEN: the tables, and what is computed from them alone.

table.py     what a lifecycle is: edges, evidence, next(), allowed(), path()
run.py       the run's table: RunStatus, RunEvent, LIFECYCLE
catalog.py   further tables: run step, message, vector store file
response.py  the table of one response
turn.py      the table of one turn of an Agents session
wires/       what differs from one API to another; a run as a chain of responses, or as a turn
snapshot.py  what one look at a run shows, whichever backend was asked
journal.py   what was seen to happen, one line a step
tracker.py   RunTracker: two looks in, the edges between them out
names.py     a status or an event that there is not, and the nearest one that there is
machine.py   table -> pytransitions; machine_class.py: its classes, with the table's rules
model.py     base classes that tell type checkers what a machine binds
draw/        table -> mermaid, dot, markdown, json; svg through Graphviz
"""

from runfsm.lifecycle.catalog import (
    CATALOG,
    MESSAGE,
    RUN_STEP,
    VECTOR_STORE_FILE,
    MessageEvent,
    MessageStatus,
    RunStepEvent,
    RunStepStatus,
    VectorStoreFileEvent,
    VectorStoreFileStatus,
)
from runfsm.lifecycle.response import RESPONSE, ResponseStatus
from runfsm.lifecycle.run import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.snapshot import (
    RunError,
    RunMessage,
    RunRef,
    RunSnapshot,
    ToolCall,
    Usage,
)
from runfsm.lifecycle.table import Actor, Confidence, Edge, Evidence, Lifecycle, Origin
from runfsm.lifecycle.turn import TURN, TurnStatus
from runfsm.lifecycle.wires import RESPONSES_CHAIN, SESSION_RUN, WIRES, Wire

__all__ = [
    "CATALOG",
    "LIFECYCLE",
    "MESSAGE",
    "RESPONSE",
    "RESPONSES_CHAIN",
    "RUN_STEP",
    "SESSION_RUN",
    "TURN",
    "VECTOR_STORE_FILE",
    "WIRES",
    "Actor",
    "Confidence",
    "Edge",
    "Evidence",
    "Lifecycle",
    "MessageEvent",
    "MessageStatus",
    "Origin",
    "ResponseStatus",
    "RunError",
    "RunEvent",
    "RunMessage",
    "RunRef",
    "RunSnapshot",
    "RunStatus",
    "RunStepEvent",
    "RunStepStatus",
    "ToolCall",
    "TurnStatus",
    "Usage",
    "VectorStoreFileEvent",
    "VectorStoreFileStatus",
    "Wire",
]
