"""What is asked of the world itself: each operation after all that has come due, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runfsm.errors import IllegalTransition
from runfsm.lifecycle import RunStatus
from runfsm_simulator import Scene, Script, Storm, Switches, Turn, call, calls, hang, say, truncate
from runfsm_simulator.world.happenings import RunMoved
from runfsm_simulator.world.hosted import code_interpreter
from runfsm_simulator.world.models import NewMessage
from runfsm_simulator.world.refusals import ThreadFull
from runfsm_simulator.world.turns import Call

START = 1_700_000_000


def _run_of(stage: Any) -> Any:
    """A new run on the stage's thread, by the world's own hand."""
    return stage.sim.world.create_run(stage.thread_id, stage.assistant_id)


# After all that has come due ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "create",
    [
        lambda stage: stage.sim.world.create_assistant(model="gpt-4o"),
        lambda stage: stage.sim.world.create_thread(),
        lambda stage: stage.sim.world.add_message(stage.thread_id, NewMessage("user", "Hi")),
        _run_of,
        lambda stage: stage.sim.world.create_thread_and_run(
            stage.assistant_id, thread={"messages": [NewMessage("user", "Hi")]}
        ),
    ],
    ids=["assistant", "thread", "message", "run", "thread and run"],
)
def test_what_is_created_is_of_this_moment(stage: Any, create: Callable[[Any], Any]) -> None:
    """Time has passed, and nobody has looked; a run that held the thread until then is over."""
    _run_of(stage)
    stage.advance(10)

    assert START + 10 == create(stage).created_at


def test_outputs_that_come_after_the_expiry_come_too_late(make_stage: Callable[..., Any]) -> None:
    """Though nobody has seen it expire."""
    stage = make_stage(Script.of(call("f", queue_s=1, work_s=1), say("Done.")))
    run = _run_of(stage)
    stage.advance(3)
    with stage.sim.world.operation():
        (wanted,) = run.calls
    stage.advance(600)

    with pytest.raises(IllegalTransition, match="expired is terminal"):
        stage.sim.world.submit(run.id, [(wanted.call_id, "42")])


def test_a_run_may_be_modified_when_it_is_over(stage: Any) -> None:
    """Though nobody has seen it end; what is modified is so."""
    run = _run_of(stage)
    stage.advance(10)
    stage.sim.world.modify(run, {"metadata": {"seen": "yes"}})

    assert (RunStatus.COMPLETED, {"seen": "yes"}) == (run.status, run.metadata)


def test_who_attends_a_response_is_told_from_then_on(make_desk: Callable[..., Any]) -> None:
    """Of what happens to it; and of nothing that has come due before, though nobody has looked."""

    class Noting:
        def __init__(self) -> None:
            self.events: list[str] = []

        def hear(self, happening: Any) -> None:
            if isinstance(happening, RunMoved):
                self.events.append(happening.edge.event)

        def wake(self) -> None:
            """Nobody waits for it."""

    desk = make_desk(Script.of(say("Hello!", queue_s=1, work_s=2)))
    response = desk.create()
    early, late = Noting(), Noting()
    desk.sim.world.attend(response.id, early)
    desk.sim.clock.advance(2)
    desk.sim.world.attend(response.id, late)
    desk.sim.clock.advance(2)
    desk.look(response)

    assert (["start", "complete"], ["complete"]) == (early.events, late.events)


# Refusals ----------------------------------------------------------------------------------------


def test_a_thread_that_is_too_full_is_refused_before_the_planner_is_asked(
    make_stage: Callable[..., Any],
) -> None:
    """So a refusal uses up no turn of a script."""
    asked: list[Scene] = []

    def planner(scene: Scene) -> Turn:
        asked.append(scene)
        return say("Hello!")

    stage = make_stage(planner, switches=Switches(messages_max=3))
    with pytest.raises(ThreadFull):
        stage.sim.world.create_thread_and_run(
            stage.assistant_id, thread={"messages": [NewMessage("user", "Hi")] * 4}
        )

    assert [] == asked


def test_a_thread_with_a_word_of_the_user_is_not_empty(stage: Any) -> None:
    """Whoever else speaks on it, and without instructions."""
    said = [NewMessage("assistant", "Hello?"), NewMessage("user", "Hi")]
    run = stage.sim.world.create_run(
        stage.sim.create_thread(), stage.assistant_id, messages=said, instructions=""
    )

    assert RunStatus.QUEUED is run.status


def test_a_storm_without_an_assistant_sends_no_foreign_run(make_stage: Callable[..., Any]) -> None:
    """There is nobody to answer it; the message is taken."""
    stage = make_stage(storm=Storm(foreign_run=1))
    with stage.sim.world.operation():
        stage.sim.world.store.assistants.clear()
    stage.sim.world.add_message(stage.thread_id, NewMessage("user", "Hello?"))

    with stage.sim.world.operation():
        assert 2 == len(stage.sim.world.store.threads[stage.thread_id].messages)


# Rounds ------------------------------------------------------------------------------------------


def test_each_submit_is_one_round_further(make_stage: Callable[..., Any]) -> None:
    """The planner is told; and the step of the calls shows what was handed in."""
    rounds: list[int] = []

    def planner(scene: Scene) -> Turn:
        rounds.append(scene.round)
        return call("f", queue_s=1, work_s=1) if scene.round < 2 else say("Done.")

    stage = make_stage(planner)
    run = _run_of(stage)
    for output in ("41", "42"):
        stage.advance(3)
        with stage.sim.world.operation():
            (wanted,) = run.calls
        stage.sim.world.submit(run.id, [(wanted.call_id, output)])

    steps = stage.get(f"{stage.thread}/runs/{run.id}/steps", order="asc")["data"]
    calls = [step["step_details"]["tool_calls"][0]["function"] for step in steps]
    assert [0, 1, 2] == rounds
    assert ["41", "42"] == [it["output"] for it in calls]


def test_a_storm_shows_the_first_of_two_calls_twice(make_stage: Callable[..., Any]) -> None:
    """And the second one once."""
    both = calls(Call(name="f"), Call(name="g"), queue_s=1, work_s=1)
    stage = make_stage(Script.of(both, say("Done.")), storm=Storm(duplicate_calls=1))
    run = _run_of(stage)
    stage.advance(3)
    with stage.sim.world.operation():
        names = [it.name for it in run.calls]

    assert ["f", "g", "f"] == names


@pytest.mark.parametrize(
    "turn", [truncate(queue_s=1, work_s=60), hang(queue_s=1)], ids=["cut", "hangs"]
)
def test_only_an_answer_can_be_there_before_the_cancel(
    make_stage: Callable[..., Any], turn: Any
) -> None:
    """In a storm that lets cancels lose, what would be cut short, or hangs, is cancelled."""
    stage = make_stage(Script.of(turn, cancel_s=1), storm=Storm(completes_after_cancel=1))
    run = stage.create_run()
    stage.advance(2)
    stage.post(f"{run}/cancel")
    stage.advance(2)

    assert "cancelled" == stage.get(run)["status"]


def test_hosted_tools_share_the_first_half_of_the_work(make_stage: Callable[..., Any]) -> None:
    """Two of them in half of twelve seconds: three each."""
    code = code_interpreter("print(1)", logs="1")
    stage = make_stage(Script.of(say("Done.", queue_s=1, work_s=12).after(code, code)))
    run = stage.create_run()
    stage.advance(20)
    steps = stage.get(f"{run}/steps", order="asc")["data"]

    assert [1, 4, 7] == [step["created_at"] - START for step in steps]
