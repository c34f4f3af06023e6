"""WHO IS ASKED: the services, each by the nine calls of base.py, and two more if it streams.

base.py                Backend and AsyncBackend
assistants.py          the Assistants wire, through the official openai client
assistants_wire.py     what is sent there
assistants_answers.py  how the answers are read
assistants_stream.py   ... and the events of a stream
responses.py           the Responses wire: a run is a chain of responses
responses_flows.py     the HTTP calls that each call of a backend takes there
responses_looking.py   how a run is looked at, and tidied up after
responses_recipe.py    from an assistant to what is sent with every hop
responses_record.py    what a run's name carries
responses_threads.py   where the past of a thread is kept
responses_memory.py    what is kept in mind, because the service does not
responses_wire.py      what is sent
responses_answers.py   how the answers are read
responses_stream.py    ... and the events of a stream
agents.py              Agents sessions, experimental: a run is a turn
agents_flows.py        the HTTP calls that each call of a backend takes there
agents_recipe.py       from an assistant to a session's agent, and what is said to it
agents_memory.py       what is kept in mind
agents_wire.py         what is sent
agents_answers.py      how the answers are read; agents_stream.py: the events
webhooks.py            what the service tells by itself: verified, once, a hint
content.py             a message of the app's, in the words of each wire
call.py                one HTTP call
flow.py                calls one after another: by threads, by tasks
fields.py              what stands in a field of an answer
kept.py                what is kept is bounded
clients.py             the two kinds of client
sse.py                 how events stand in the bytes of a stream
faults.py              what each of the client's exceptions means, as a Fault
"""

from runfsm.backends.agents import AgentsBackend, AsyncAgentsBackend, SyncAgentsBackend
from runfsm.backends.assistants import (
    AssistantsBackend,
    AsyncAssistantsBackend,
    SyncAssistantsBackend,
)
from runfsm.backends.base import AsyncBackend, Backend, Capabilities
from runfsm.backends.faults import map_errors
from runfsm.backends.responses import (
    AsyncResponsesBackend,
    ResponsesBackend,
    SyncResponsesBackend,
)
from runfsm.backends.webhooks import WebhookInbox

__all__ = [
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
    "map_errors",
]
