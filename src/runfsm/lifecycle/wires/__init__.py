"""The wires: what differs between one way to ask for runs and another, with evidence.

wire.py        what one says of a wire: statuses, refusals, promises
assistants.py  the Assistants API: the reference, on which every status is native
chain.py       a run on the Responses API: a chain, as a table over the same nine statuses
responses.py   what else differs there
session.py     a run on the Agents API: a turn, as a table over them, too
agents.py      what else differs there: experimental
difference.py  two wires -> what vanishes, appears or changes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle.wires.agents import AGENTS
from runfsm.lifecycle.wires.assistants import ASSISTANTS
from runfsm.lifecycle.wires.chain import RESPONSES_CHAIN
from runfsm.lifecycle.wires.responses import RESPONSES
from runfsm.lifecycle.wires.session import SESSION_RUN
from runfsm.lifecycle.wires.wire import Answer, Occasion, Trait, Wire

__all__ = [
    "AGENTS",
    "ASSISTANTS",
    "RESPONSES",
    "RESPONSES_CHAIN",
    "SESSION_RUN",
    "WIRES",
    "Answer",
    "Occasion",
    "Trait",
    "Wire",
]

#: Every wire by its name.
WIRES: Final[Mapping[str, Wire]] = {wire.name: wire for wire in (ASSISTANTS, RESPONSES, AGENTS)}
