"""WHO IS ASKED: the services, each by the nine calls of base.py, and two more if it streams.

base.py                Backend and AsyncBackend
assistants.py          the Assistants wire, through the official openai client
assistants_wire.py     what is sent there
assistants_answers.py  how the answers are read
assistants_stream.py   ... and the events of a stream
sse.py                 how events stand in the bytes of a stream
faults.py              what each of the client's exceptions means, as a Fault
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
