"""The same seed makes the same world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from runfsm_simulator.world.sensible import sensible

UNITS = {
    "type": "object",
    "properties": {"unit": {"enum": ["C", "F", "K", "R"]}},
    "required": ["unit"],
}
TOOLS = [{"type": "function", "function": {"name": "thermometer", "parameters": UNITS}}]


def answer(stage: Any, run: str, pending: list[Any]) -> None:
    """Hand in an output for each call."""
    outputs = [{"tool_call_id": wanted["id"], "output": "1"} for wanted in pending]
    stage.post(f"{run}/submit_tool_outputs", {"tool_outputs": outputs})


def cancel(stage: Any, run: str, _pending: list[Any]) -> None:
    """Cancel the run that waits."""
    stage.post(f"{run}/cancel")


def leave(_stage: Any, _run: str, _pending: list[Any]) -> None:
    """Do nothing: the run will expire."""


def bodies(stage: Any, act: Callable[..., None]) -> Iterator[bytes]:
    """Every body that a client gets who looks at a run for its whole life, and acts once."""
    run = stage.create_run(tools=TOOLS)
    for _ in range(61):
        seen = [
            stage.ask("GET", path) for path in (run, f"{run}/steps", f"{stage.thread}/messages")
        ]
        yield from (one.body for one in seen)
        if action := seen[0].json()["required_action"]:
            act(stage, run, action["submit_tool_outputs"]["tool_calls"])
        stage.advance(10)


def story(make_stage: Callable[..., Any], seed: int) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    """The trace and all bodies of three runs: one answered, one cancelled, one left to expire."""
    stage = make_stage(sensible, seed=seed)
    seen = [body for act in (answer, cancel, leave) for body in bodies(stage, act)]
    return tuple(map(str, stage.sim.trace)), tuple(seen)


def test_one_seed_one_world(make_stage: Callable[..., Any]) -> None:
    """Ten times the same seed is one trace, and one whole set of bodies."""
    assert 1 == len({story(make_stage, 7) for _ in range(10)})


def test_another_seed_is_another_world(make_stage: Callable[..., Any]) -> None:
    """Its latencies and its choices differ; but the runs take the same edges."""
    (trace, seen), (other, other_seen) = story(make_stage, 7), story(make_stage, 8)

    assert trace != other
    assert seen != other_seen
    assert len(trace) == len(other)
    for end in ("completed", "cancelled", "expired"):
        assert 1 == sum(f"--> {end}" in entry for entry in trace)
