"""The other side of a run: OpenAI's Assistants API v2, simulated offline and in virtual time.

simulator.py  the whole service in one object
world/        state and behaviour; knows no HTTP
wire/         JSON in and out; no rule about states
doors/        roads to it: the openai client, ASGI, a direct port
scenarios/    scripts, each a lesson and a test
"""

from runfsm_simulator.doors.faults import ArmedFault
from runfsm_simulator.doors.webhooks import Webhook
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.world.chooser import Chooser, Seeded
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.script import (
    Call,
    FileResult,
    Scene,
    Script,
    Turn,
    between,
    call,
    calls,
    choose,
    cite,
    code_interpreter,
    fail,
    file_search,
    hang,
    say,
    truncate,
    when,
)
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.streamfault import StreamFault
from runfsm_simulator.world.switches import Switches
from runfsm_simulator.world.trace import TraceEntry
from runfsm_simulator.world.turns import turn

__all__ = [
    "ArmedFault",
    "Call",
    "Chooser",
    "FileResult",
    "Scene",
    "Script",
    "Seeded",
    "Simulator",
    "Storm",
    "StreamFault",
    "Switches",
    "TraceEntry",
    "Turn",
    "VirtualClock",
    "Webhook",
    "Worlds",
    "between",
    "call",
    "calls",
    "choose",
    "cite",
    "code_interpreter",
    "fail",
    "file_search",
    "hang",
    "say",
    "truncate",
    "turn",
    "when",
]
