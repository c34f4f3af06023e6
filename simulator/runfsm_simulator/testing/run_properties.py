"""What must hold of the trace of any run, computed from the lifecycle.

A trace is a simulator's (`simulator.trace`), or a driver's or tracker's journal. Facts here read
the steps of both. Nothing is asked of how a trace begins: a bounded one has forgotten, and the
journal of a run that was resumed goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from functools import partial
from typing import Any, Final

from runfsm.lifecycle import LIFECYCLE, RESPONSE, Lifecycle, RunEvent
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.testing.temporal import (
    Property,
    each,
    eventually,
    fact,
    never,
    never_after,
    then,
)

__all__ = [
    "ENDS",
    "RUN_PROPERTIES",
    "event",
    "into",
    "lifecycle_properties",
    "one_active_run",
    "properties_of",
]


# Facts -------------------------------------------------------------------------------------------


def event(*events: str) -> Property:
    """A step at which one of these events happens: `event("cancel")`."""
    return fact(_or(events), lambda step: _edge(step) is not None and _edge(step).event in events)


def into(*statuses: str) -> Property:
    """A step that leads to one of these statuses: `into("failed", "expired")`."""
    return fact(f"→ {_or(statuses)}", partial(_leads_to, statuses))


def _leads_to(statuses: Collection[str], step: Any) -> bool:
    return _edge(step) is not None and _edge(step).dest in statuses


def _edge(step: Any) -> Any:
    """What a step has of an edge: a journal's transition holds one, a simulator's entry is one."""
    edge = getattr(step, "edge", step)
    return edge if hasattr(edge, "event") and hasattr(edge, "dest") else None


def _or(words: Iterable[str]) -> str:
    return " or ".join(str(word) for word in words)


def _of_kind(kind: str, step: Any) -> bool:
    return getattr(step, "kind", None) == kind


def _life(table: str, step: Any) -> Hashable | None:
    """Whose edge a step is. A journal tells of one run only, and does not say of which."""
    if _edge(step) is None or getattr(step, "table", LIFECYCLE.name) != table:
        return None
    return getattr(step, "run_id", "this one")


def _call_id(step: Any) -> Hashable | None:
    return getattr(step, "call_id", None) if _of_kind("tool_answered", step) else None


# Properties --------------------------------------------------------------------------------------


def lifecycle_properties(lifecycle: Lifecycle[Any, Any]) -> tuple[Property, ...]:
    """What a table says, as properties: what may follow each status, and that the last is final.

    Example:
        >>> lifecycle_properties(LIFECYCLE)[1]
        for each run: after → queued, start or cancel or fail or expire
    """
    life = partial(_life, lifecycle.name)
    lasting = [status for status in lifecycle.statuses if status not in lifecycle.terminal]
    over = fact("a terminal status", partial(_leads_to, lifecycle.terminal))
    return tuple(
        each(lifecycle.name, life, one)
        for one in (
            never_after(over, fact("an edge", _edge)),
            *(then(into(status), _follows(lifecycle, status)) for status in lasting),
        )
    )


def _follows(lifecycle: Lifecycle[Any, Any], status: Any) -> Property:
    edges = {(edge.event, edge.dest) for edge in lifecycle.allowed(status)}
    words = _or(edge.event for edge in lifecycle.allowed(status))
    return fact(words, lambda step: (_edge(step).event, _edge(step).dest) in edges)


def one_active_run(
    thread_of: Callable[[Any], Hashable | None], lifecycle: Lifecycle[Any, Any] = LIFECYCLE
) -> Property:
    """A thread has one active run at most.

    To be held against what the service did; a journal may hear of an end after the next beginning.

    Args:
        thread_of: the thread of a step's run; `None`: the step is about none.
        lifecycle: the table of the runs, which says when the thread is locked.
    """
    free = [status for status in lifecycle.statuses if not lifecycle.locks_thread(status)]
    create, end = event(RunEvent.CREATE), fact("the end of the run", partial(_leads_to, free))
    return each("thread", thread_of, never_after(create, create, until=end))


_run = partial(_life, LIFECYCLE.name)
_submit, _answered = event(RunEvent.SUBMIT_TOOL_OUTPUTS), fact("an answer", _call_id)

#: Of each run, in any trace: the service's, a driver's journal, a tracker's.
RUN_PROPERTIES: Final[tuple[Property, ...]] = (
    *lifecycle_properties(LIFECYCLE),
    each("run", _run, never_after(_submit, _submit, until=event(RunEvent.REQUIRE_ACTION))),
    each("call", _call_id, never_after(_answered, _answered)),
    never(fact("what the lifecycle says cannot be", partial(_of_kind, "anomaly"))),
)

#: Each run comes to an end.
ENDS: Final[Property] = each("run", _run, eventually(into(*LIFECYCLE.terminal)))


def properties_of(simulator: Simulator) -> tuple[Property, ...]:
    """All that must hold of a simulator's trace: `check(simulator.trace, *properties_of(it))`."""
    return (
        *RUN_PROPERTIES,
        *lifecycle_properties(RESPONSE),
        one_active_run(partial(_thread, simulator)),
    )


def _thread(simulator: Simulator, step: Any) -> Hashable | None:
    run = simulator.world.store.runs.get(step.run_id)
    return run.thread.id if run else None
