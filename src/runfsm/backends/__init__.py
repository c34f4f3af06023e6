"""WHO IS ASKED: one file a service, all with the five calls of base.py.

base.py             Backend and AsyncBackend
assistants.py       the Assistants wire, through the official openai client
assistants_wire.py  what is sent there, and how the answers are read
faults.py           what each of the client's exceptions means, as a Fault
"""

from runfsm.backends.assistants import (
    AssistantsBackend,
    AsyncAssistantsBackend,
    SyncAssistantsBackend,
)
from runfsm.backends.base import AsyncBackend, Backend
from runfsm.backends.faults import map_errors

__all__ = [
    "AssistantsBackend",
    "AsyncAssistantsBackend",
    "AsyncBackend",
    "Backend",
    "SyncAssistantsBackend",
    "map_errors",
]
