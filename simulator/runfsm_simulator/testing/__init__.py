"""What others test their own code with: drawn worlds, machines, and properties over time.

temporal.py         what must hold of a whole trace, step by step: `always`, `until` ...
run_properties.py   what must hold of the trace of any run, computed from the lifecycle
monitor.py          the same, while it happens
drawn.py            the simulator's choices, made by Hypothesis
strategies.py       scripts, storms, requests and calls, drawn
machines/           state machines over a lifecycle, a service, an app

Rule: nothing is imported before it is asked for, so that what needs no Hypothesis works without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from runfsm_simulator.testing.drawn import Drawn
    from runfsm_simulator.testing.machines.app import AppMachine
    from runfsm_simulator.testing.machines.lifecycle import LifecycleMachine
    from runfsm_simulator.testing.machines.service import ServiceMachine
    from runfsm_simulator.testing.monitor import Monitor
    from runfsm_simulator.testing.run_properties import (
        ENDS,
        RUN_PROPERTIES,
        event,
        into,
        lifecycle_properties,
        one_active_run,
        properties_of,
    )
    from runfsm_simulator.testing.strategies import (
        faults,
        requests,
        run_bodies,
        scripts,
        tool_calls,
        turns,
    )
    from runfsm_simulator.testing.temporal import (
        Property,
        PropertyBroken,
        always,
        check,
        each,
        eventually,
        fact,
        never,
        never_after,
        until,
    )

__all__ = [
    "ENDS",
    "RUN_PROPERTIES",
    "AppMachine",
    "Drawn",
    "LifecycleMachine",
    "Monitor",
    "Property",
    "PropertyBroken",
    "ServiceMachine",
    "always",
    "check",
    "each",
    "event",
    "eventually",
    "fact",
    "faults",
    "into",
    "lifecycle_properties",
    "never",
    "never_after",
    "one_active_run",
    "properties_of",
    "requests",
    "run_bodies",
    "scripts",
    "tool_calls",
    "turns",
    "until",
]

#: Where each name is. A test holds this against the imports above.
ROOMS: Final = {
    "drawn": ["Drawn"],
    "machines.app": ["AppMachine"],
    "machines.lifecycle": ["LifecycleMachine"],
    "machines.service": ["ServiceMachine"],
    "monitor": ["Monitor"],
    "run_properties": [
        "ENDS",
        "RUN_PROPERTIES",
        "event",
        "into",
        "lifecycle_properties",
        "one_active_run",
        "properties_of",
    ],
    "strategies": ["faults", "requests", "run_bodies", "scripts", "tool_calls", "turns"],
    "temporal": [
        "Property",
        "PropertyBroken",
        "always",
        "check",
        "each",
        "eventually",
        "fact",
        "never",
        "never_after",
        "until",
    ],
}
ROOM_OF: Final = {name: room for room, names in ROOMS.items() for name in names}


if not TYPE_CHECKING:  # to a type checker, a name that is not there is a mistake

    def __getattr__(name: str) -> Any:
        if name not in ROOM_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            return getattr(import_module(f"{__name__}.{ROOM_OF[name]}"), name)
        except ModuleNotFoundError as error:
            if error.name != "hypothesis":
                raise
            raise ImportError(f"{name} needs Hypothesis: pip install 'runfsm[test]'") from error
