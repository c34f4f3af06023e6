"""The same seed makes the same world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runfsm_simulator import call, say


def story(make_stage: Callable[..., Any], seed: int) -> tuple[Any, Any]:
    """The trace, and every body that a fixed client gets."""
    stage = make_stage(lambda scene: say("!") if scene.round else call("f"), seed=seed)
    run = stage.create_run()
    paths = [run, f"{run}/steps", f"{stage.thread}/messages"]
    bodies = []
    for _ in range(12):
        stage.advance(1)
        answers = [stage.ask("GET", path) for path in paths]
        bodies += [answer.body for answer in answers]
        if action := answers[0].json()["required_action"]:
            calls = action["submit_tool_outputs"]["tool_calls"]
            outputs = [{"tool_call_id": wanted["id"], "output": "1"} for wanted in calls]
            stage.post(f"{run}/submit_tool_outputs", {"tool_outputs": outputs})
    return tuple(map(str, stage.sim.trace)), tuple(bodies)


def test_one_seed_one_world(make_stage: Callable[..., Any]) -> None:
    """Ten times the same seed is one trace, and one whole set of bodies."""
    assert 1 == len({story(make_stage, 7) for _ in range(10)})


def test_another_seed_is_another_world(make_stage: Callable[..., Any]) -> None:
    """Its latencies differ, hence its trace; but the run takes the same edges."""
    (trace, _), (other, _) = story(make_stage, 7), story(make_stage, 8)

    assert trace != other
    assert len(trace) == len(other) == 6
