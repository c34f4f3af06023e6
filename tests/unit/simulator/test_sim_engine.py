"""The engine's own numbers, and what it plans: asked of a chooser that notes what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runfsm.lifecycle import RunEvent
from runfsm_simulator import Script, Seeded, Storm, call, hang, say


class Noting(Seeded):
    """Notes the range of each draw, and draws its lower end, or its upper one."""

    def __init__(self, *, upper: bool = False) -> None:
        super().__init__()
        self.upper = upper
        self.ranges: dict[str, tuple[float, float]] = {}

    def between(self, stream: str, low: float, high: float) -> float:
        self.ranges[stream] = (low, high)
        return high if self.upper else low


def test_what_a_script_leaves_open_is_drawn_from_what_was_recorded(
    make_stage: Callable[..., Any],
) -> None:
    """Picked up after half a second to two, answered in one to three, cancelled like the first."""
    chooser = Noting()
    stage = make_stage(Script.of(say("Hello!")), chooser=chooser)
    run = stage.create_run()
    stage.advance(1)
    stage.post(f"{run}/cancel")

    wanted = {name: chooser.ranges[name] for name in ("queue_s", "work_s", "cancel_s")}
    assert {"queue_s": (0.5, 2.0), "work_s": (1.0, 3.0), "cancel_s": (0.5, 2.0)} == wanted


def test_another_clients_cancel_comes_within_ten_seconds(make_stage: Callable[..., Any]) -> None:
    """So long after the creation as was drawn: here at the latest moment."""
    chooser = Noting(upper=True)
    storm = Storm(foreign_cancel=1)
    stage = make_stage(Script.of(hang(queue_s=1), cancel_s=1), chooser=chooser, storm=storm)
    stage.advance(100)
    stage.create_run()
    stage.advance(20)

    assert (0.0, 10.0) == chooser.ranges["fault:foreign_cancel:after_s"]
    cancels = [it for it in stage.sim.trace if it.event is RunEvent.CANCEL]
    assert [stage.sim.trace[0].at + 10] == [it.at for it in cancels]


@pytest.mark.parametrize(("storm", "moves"), [(Storm(), 3), (Storm(stuck_queued=1), 1)])
def test_only_the_start_of_a_new_run_can_get_stuck(
    make_stage: Callable[..., Any], storm: Storm, moves: int
) -> None:
    """One that is stuck in the queue is neither started nor answered in ten seconds."""
    stage = make_stage(storm=storm)
    stage.create_run()
    stage.advance(10)

    assert moves == len(stage.sim.trace)


def test_a_run_that_goes_back_into_the_queue_is_never_stuck_there(
    make_stage: Callable[..., Any],
) -> None:
    """The storm begins after the creation: the outputs are followed by a start."""
    script = Script.of(call("f", queue_s=1, work_s=1), say("Done.", queue_s=1, work_s=1))
    stage = make_stage(script)
    run = stage.create_run()
    stage.advance(3)
    stage.sim.control.storm = Storm(stuck_queued=1)
    (wanted,) = stage.get(run)["required_action"]["submit_tool_outputs"]["tool_calls"]
    body = {"tool_outputs": [{"tool_call_id": wanted["id"], "output": "42"}]}
    stage.post(f"{run}/submit_tool_outputs", body)
    stage.advance(3)

    assert "completed" == stage.get(run)["status"]


def test_the_world_counts_the_edges_that_were_taken(stage: Any) -> None:
    """From nothing on, one each."""
    engine = stage.sim.world._engine
    before = engine.taken
    stage.create_run()
    stage.advance(10)
    stage.get(stage.thread)

    assert (0, 3) == (before, engine.taken)
