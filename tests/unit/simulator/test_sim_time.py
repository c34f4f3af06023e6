"""Time: the agenda, the cancel's race, the expiry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm_simulator import (
    Scene,
    Script,
    Seeded,
    Simulator,
    Turn,
    call,
    hang,
    say,
    scenarios,
    truncate,
)
from runfsm_simulator.world.agenda import Agenda

START = 1_700_000_000


def moves(stage: Any) -> list[tuple[float, str]]:
    """What has happened: (seconds since the start, event)."""
    return [(round(entry.at - START, 6), entry.event.value) for entry in stage.sim.trace]


def test_what_came_due_is_stamped_with_its_own_time(make_stage: Callable[..., Any]) -> None:
    """One look long afterwards sees the same times as many looks."""
    once, often = make_stage(), make_stage()
    for one in (once, often):
        one.create_run()
    for _ in range(100):
        often.advance(0.1)
        often.sim.world.next_due()
    once.advance(10)

    assert [(0, "create"), (1, "start"), (3, "complete")] == moves(once) == moves(often)


def test_next_due_says_when_something_happens_by_itself(stage: Any) -> None:
    """Start, half of the work, outcome; then nothing, for the expiry means nothing any more."""
    seen = [stage.sim.world.next_due()]
    stage.create_run()
    while (due := stage.sim.world.next_due()) is not None:
        seen.append(due - START)
        stage.sim.clock.advance_to(due)

    assert [None, 1, 2, 3] == seen


@pytest.mark.parametrize(
    ("cancel_s", "end"),
    [(0.5, "confirm_cancel"), (5, "complete"), ("never", "complete")],
)
def test_the_cancels_race_goes_both_ways(
    make_stage: Callable[..., Any], cancel_s: Any, end: str
) -> None:
    """Whichever is due first wins: the confirmation, or the answer that was on its way."""
    stage = make_stage(Script.of(say("Hello!", queue_s=1, work_s=2), cancel_s=cancel_s))
    run = stage.create_run()
    stage.advance(1.5)

    assert "cancelling" == stage.post(f"{run}/cancel")["status"]
    stage.advance(10)
    assert ["create", "start", "cancel", end] == [event for _, event in moves(stage)]


def test_a_truncation_can_win_too(make_stage: Callable[..., Any]) -> None:
    """As an answer can."""
    stage = make_stage(Script.of(truncate(queue_s=1, work_s=2), cancel_s=5))
    run = stage.create_run()
    stage.advance(2)
    stage.post(f"{run}/cancel")
    stage.advance(1)

    assert "incomplete" == stage.get(run)["status"]


def test_calls_that_come_while_cancelling_are_dropped(make_stage: Callable[..., Any]) -> None:
    """The table has no such edge: the model's wish is lost, and no step is opened for it."""
    stage = make_stage(Script.of(call("f", queue_s=1, work_s=2), say("!"), cancel_s=5))
    run = stage.create_run()
    stage.advance(1.5)
    stage.post(f"{run}/cancel")
    stage.advance(3)
    assert "cancelling" == stage.get(run)["status"]
    assert [] == stage.get(f"{run}/steps")["data"]

    stage.advance(3)
    assert "cancelled" == stage.get(run)["status"]


def test_a_run_that_was_cancelled_in_the_queue_never_starts(make_stage: Callable[..., Any]) -> None:
    """`started_at` stays null."""
    stage = make_stage(Script.of(say("!", queue_s=1), cancel_s=5))
    run = stage.create_run()
    stage.post(f"{run}/cancel")
    stage.advance(10)

    assert ("cancelled", None) == tuple(stage.get(run)[k] for k in ("status", "started_at"))


def test_a_latency_that_the_script_leaves_open_is_drawn(make_stage: Callable[..., Any]) -> None:
    """A cancel is honoured after half a second to two, by default."""
    stage = make_stage(Script.of(hang(queue_s=1)))
    run = stage.create_run()
    stage.advance(5)
    stage.post(f"{run}/cancel")

    assert 0.5 <= stage.sim.world.next_due() - START - 5 <= 2


@pytest.mark.parametrize("status", [s for s in RunStatus if s not in LIFECYCLE.terminal])
def test_expiry_comes_in_every_status(make_stage: Callable[..., Any], status: RunStatus) -> None:
    """At created_at + 600, to the second, whatever the run is doing."""
    never = {"queue_s": 900, "work_s": 900}
    stage = make_stage(Script.of(call("f", **never), say("!", **never), cancel_s="never"))
    run = stage.run_in(status)
    stage.advance(599.999)
    assert status == stage.get(run)["status"]

    stage.advance(0.001)
    seen = stage.get(run)
    assert ("expired", None) == (seen["status"], seen["expires_at"])
    assert (600, "expire") == moves(stage)[-1]


def test_the_expiry_goes_first(make_stage: Callable[..., Any]) -> None:
    """An answer that is due in the very second of the expiry comes too late."""
    stage = make_stage(Script.of(say("!", queue_s=100, work_s=500)))
    run = stage.create_run()
    stage.advance(600)

    assert "expired" == stage.get(run)["status"]


def test_a_part_of_a_second_does_not_prolong_a_run(make_stage: Callable[..., Any]) -> None:
    """The expiry is due at the second that `expires_at` names, not 600.9 after it was rounded."""
    stage = make_stage(Script.of(hang()))
    stage.advance(0.9)
    run = stage.create_run()
    stage.advance(599.1)

    assert "expired" == stage.get(run)["status"]


def test_an_entry_of_an_old_plan_is_void(make_stage: Callable[..., Any]) -> None:
    """A hand that goes ahead of the agenda is not followed by what it has overtaken.

    Here its head is another run's, so nothing of ours is dropped on the way, by its status.
    """
    stage = make_stage(Script.of(call("f", queue_s=1, work_s=4), say("!", queue_s=50, work_s=50)))
    run_id = stage.create_run().rpartition("/")[2]
    stage.advance(1.5)
    stage.sim.world.create_run(stage.sim.create_thread(), stage.assistant_id)
    stage.advance(0.5)
    for event in (RunEvent.REQUIRE_ACTION, RunEvent.SUBMIT_TOOL_OUTPUTS, RunEvent.START):
        stage.sim.world.fire(run_id, event)
    stage.advance(49)

    ours = [entry for entry in stage.sim.trace if entry.run_id == run_id]
    assert (START + 2, "start") == (ours[-1].at, ours[-1].event)


def test_the_world_follows_any_clock() -> None:
    """A clock is what has `now()`; one that is set back does not take the world back."""

    class Wall:
        time = 100.0

        def now(self) -> float:
            return self.time

    wall = Wall()
    sim = Simulator(Script.of(say("!", queue_s=1, work_s=1)), clock=wall)
    run = sim.world.create_run(sim.create_thread(), sim.create_assistant())
    wall.time = 102.0
    assert "complete" == sim.trace[-1].event

    wall.time = 50.0
    assert 102.0 == sim.world.create_run(run.thread.id, run.assistant_id).created_at


def test_a_planner_that_goes_wrong_changes_nothing(make_stage: Callable[..., Any]) -> None:
    """It is asked before the first change, at the creation and at the submit."""
    stage = make_stage(lambda scene: call("f") if scene.round == 0 else "say it")
    run = stage.create_run()
    stage.advance(10)
    before = stage.everything()

    with pytest.raises(CallerError, match=r"returned 'say it'.*say\("):
        stage.sim.world.fire(run.rpartition("/")[2], RunEvent.SUBMIT_TOOL_OUTPUTS)
    assert before == stage.everything()


def test_what_a_planner_is_shown(make_stage: Callable[..., Any]) -> None:
    """Each round: the thread, the tools, the choice, and what has been answered so far."""
    scenes = []

    def planner(scene: Scene) -> Turn:
        scenes.append(scene)
        return call("f", x=1) if scene.round == 0 else say("!")

    stage = make_stage(planner)
    run = stage.create_run(tool_choice="required", additional_messages=[])
    stage.advance(10)
    stage.sim.world.fire(run.rpartition("/")[2], RunEvent.SUBMIT_TOOL_OUTPUTS)
    first, second = scenes

    assert (("user", "Hi"),) == first.messages
    assert ("required", "You are helpful.", ()) == (
        first.tool_choice,
        first.instructions,
        first.answered,
    )
    assert "get_weather" == first.tools[0]["function"]["name"]
    assert (1, (("f", '{"x": 1}', ""),)) == (second.round, second.answered)


@pytest.mark.parametrize("name", scenarios.names())
def test_every_shipped_scenario_comes_to_an_end(make_stage: Callable[..., Any], name: str) -> None:
    """Played by itself, with every call answered at once, it ends in a terminal status."""
    stage = make_stage(scenarios.load(name))
    run_id = stage.create_run().rpartition("/")[2]
    while (due := stage.sim.world.next_due()) is not None:
        stage.sim.clock.advance_to(due)
        if stage.sim.trace[-1].dest is RunStatus.REQUIRES_ACTION:
            stage.sim.world.fire(run_id, RunEvent.SUBMIT_TOOL_OUTPUTS)

    assert stage.sim.trace[-1].dest in LIFECYCLE.terminal


def test_the_agenda_keeps_the_order_of_planning_among_what_is_due_at_once() -> None:
    """First the expiry, then by age."""
    agenda = Agenda()
    agenda.put(5, "run_a", RunEvent.START, plan=1)
    agenda.put(5, "run_b", RunEvent.START, plan=1)
    agenda.put(5, "run_c", RunEvent.EXPIRE, plan=None)

    assert ["run_c", "run_a", "run_b"] == [agenda.pop().run_id for _ in range(3)]


def test_a_stream_of_choices_is_not_shifted_by_another() -> None:
    """Drawing ids does not change the latencies that follow."""
    plain, busy = Seeded(3), Seeded(3)
    busy.ident("run")
    busy.pick("x", [1, 2, 3])

    assert plain.between("queue_s", 0, 1) == busy.between("queue_s", 0, 1)


def test_an_id_looks_as_the_api_made_them() -> None:
    """A prefix, an underscore, 24 letters and digits."""
    prefix, _, rest = Seeded().ident("run").partition("_")

    assert "run" == prefix
    assert 24 == len(rest)
    assert rest.isalnum()
