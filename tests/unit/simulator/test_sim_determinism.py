"""The same seed makes the same world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runfsm_simulator import Simulator


def story(make_stage: Callable[..., Any], seed: int) -> tuple[Any, Any]:
    """The trace, and every body that a fixed client gets of three runs.

    The first has its tool called, the second is cancelled, the third is left to expire.
    """
    stage = make_stage(Simulator(seed=seed).world._planning._planner, seed=seed)
    bodies: list[bytes] = []
    watch(stage, bodies, stage.create_run(), answer)
    watch(stage, bodies, stage.create_run(), lambda _stage, run, _wanted: f"{run}/cancel")
    stage.create_run()
    stage.advance(600)
    bodies.append(stage.ask("GET", f"{stage.thread}/runs").body)
    return tuple(map(str, stage.sim.trace)), tuple(bodies)
