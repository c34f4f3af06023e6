"""What one shared pytransitions machine costs, against a machine that models are added to.

Two ratios, measured side by side in one run, the two sides by turns:

* the time of one event, fired by `runfsm.lifecycle.machine.fire` on a tracker, against
  `model.trigger(...)` on a model that was registered with a bare `transitions.Machine`;
* the memory of one tracked run (a `RunTracker` with its journal), against `machine.add_model`.

Run it by `make bench`. The numbers are ratios because machines differ and are noisy.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter

from transitions import Machine

from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.machine import fire
from runfsm.lifecycle.tracker import RunTracker

ROUND = (RunEvent.START, RunEvent.REQUIRE_ACTION, RunEvent.SUBMIT_TOOL_OUTPUTS)
ROUNDS = 1_000
REPEATS = 15
RUNS = 1_000


class Model:
    """What an app would register."""


class Slotted:
    """What runfsm moves: an object with a status, and no `__dict__`."""

    __slots__ = ("status",)

    def __init__(self) -> None:
        self.status = RunStatus.QUEUED


def bare_machine() -> Machine:
    """A machine of the table, as pytransitions' README would build it."""
    rows = [
        [edge.event.value, edge.source.value, edge.dest.value]
        for edge in LIFECYCLE.edges
        if edge.source
    ]
    states = [status.value for status in RunStatus]
    return Machine(
        model=None, states=states, transitions=rows, initial="queued", auto_transitions=False
    )


def seconds(work: Callable[[], None]) -> float:
    """Wall time of one call, without the garbage collector."""
    gc.collect()
    gc.disable()
    started = perf_counter()
    work()
    elapsed = perf_counter() - started
    gc.enable()
    return elapsed


def event_costs() -> tuple[list[float], list[float]]:
    """Seconds for ROUNDS rounds, (shared, registered), REPEATS times by turns."""
    machine = bare_machine()
    model = Model()
    machine.add_model(model)
    cursor = Slotted()

    def shared() -> None:
        for _ in range(ROUNDS):
            for event in ROUND:
                fire(cursor, event)

    def registered() -> None:
        for _ in range(ROUNDS):
            for event in ROUND:
                model.trigger(event.value)  # type: ignore[attr-defined]  # bound by pytransitions

    shared(), registered()  # warm
    pairs = [(seconds(shared), seconds(registered)) for _ in range(REPEATS)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def bytes_each(make: Callable[[], object]) -> float:
    """Memory that stays when RUNS of them are made and kept."""
    make()
    gc.collect()
    tracemalloc.start()
    kept = [make() for _ in range(RUNS)]
    gc.collect()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / len(kept)


def tracked_run() -> RunTracker:
    """A run that is being followed: created, seen at work."""
    tracker = RunTracker()
    tracker.observe("queued", at=0.0)
    tracker.observe("in_progress", at=1.0)
    return tracker


def main() -> None:
    """Print both ratios, and what they are made of."""
    shared, registered = event_costs()
    events = ROUNDS * len(ROUND)
    ratio = median(a / b for a, b in zip(shared, registered, strict=True))
    print("one event            shared machine / registered model")
    print(f"  median of {REPEATS}       {ratio:.2f}   ", end="")
    print(f"({median(shared) / events * 1e6:.1f} µs / {median(registered) / events * 1e6:.1f} µs)")

    machine = bare_machine()

    def add() -> Model:
        model = Model()
        machine.add_model(model)
        return model

    ours, theirs = bytes_each(tracked_run), bytes_each(add)
    print("one run in memory    RunTracker with two steps / add_model")
    print(f"  over {RUNS} runs     {ours / theirs:.3f}  ({ours:.0f} B / {theirs:.0f} B)")


if __name__ == "__main__":
    main()
