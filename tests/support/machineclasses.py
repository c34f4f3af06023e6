"""Every machine class that pytransitions ships, and one way to trigger an event on each."""

from __future__ import annotations

from typing import Any

import anyio
from transitions import Machine
from transitions.extensions import (
    AsyncGraphMachine,
    AsyncMachine,
    GraphMachine,
    HierarchicalAsyncGraphMachine,
    HierarchicalAsyncMachine,
    HierarchicalGraphMachine,
    HierarchicalMachine,
    LockedGraphMachine,
    LockedHierarchicalGraphMachine,
    LockedHierarchicalMachine,
    LockedMachine,
)

from runfsm.lifecycle.machine import build_machine

MACHINES: list[type[Any]] = [
    Machine,
    LockedMachine,
    AsyncMachine,
    GraphMachine,
    HierarchicalMachine,
    LockedGraphMachine,
    LockedHierarchicalMachine,
    HierarchicalGraphMachine,
    LockedHierarchicalGraphMachine,
    HierarchicalAsyncMachine,
    AsyncGraphMachine,
    HierarchicalAsyncGraphMachine,
]


def built(machine_class: type[Any], model: Any, **kwargs: Any) -> Any:
    """The machine of that class; a drawing one draws Mermaid, which needs no Graphviz."""
    if "Graph" in machine_class.__name__:
        kwargs["graph_engine"] = "mermaid"
    return build_machine(model, machine_class, **kwargs)


def triggered(model: Any, event: str, *args: Any, **kwargs: Any) -> bool:
    """Return the trigger's answer, awaited if it is to be."""
    return awaited(model.trigger(event, *args, **kwargs))


def awaited(answer: Any) -> Any:
    """The answer, or what it comes to."""
    if not hasattr(answer, "__await__"):
        return answer

    async def wait() -> Any:
        return await answer

    return anyio.run(wait)
