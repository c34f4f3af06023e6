"""Storms drawn from seeds: the same seed makes the same faults, and no storm breaks the world."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm_simulator import Call, Scene, Seeded, Storm, Turn, between, calls, say
from runfsm_simulator.testing.coverage import Clerk, counting
from runfsm_simulator.wire.http import NoAnswer, Response
from runfsm_simulator.world.storm import REASONS
from runfsm_simulator.world.trace import TraceEntry

SEEDS = range(200)
ACTS = 60


def planner(scene: Scene) -> Turn:
    """Some runs ask for two calls at first; all answer in the end."""
    if scene.round == 0 and scene.pick("calls", [True, False]):
        return calls(Call(name="get_weather"), Call(name="get_time"))
    return say("It rains.", work_s=between(1, 8))


@dataclass
class Guest:
    """A client that asks for anything at any time, and believes nothing of what it is told.

    Attributes:
        stage: where it asks.
        chooser: decides what it does next.
        answers: what it got: a status, or the trouble in which no answer came.
    """

    stage: Any
    chooser: Seeded
    answers: list[Any]

    def act(self) -> None:
        """One call, or a while of waiting."""
        chosen = self.chooser.pick("act", [self.create, self.look, self.change, self.write, None])
        if chosen is None:
            longest = self.chooser.pick("wait", [1, 2, 4, 8, 600])
            self.stage.advance(self.chooser.between("wait_s", 0, longest))
        else:
            chosen()

    def create(self) -> None:
        body = {"assistant_id": self.stage.assistant_id}
        stream = self.chooser.pick("stream", [True, False, False, False])
        answer = self._ask("POST", f"{self.stage.thread}/runs", {**body, "stream": stream})
        if answer and answer.stream:
            self.answers += answer.stream

    def look(self) -> None:
        for run in self._runs():
            self._ask("GET", f"{self.stage.thread}/runs/{run.id}")
        self._ask("GET", f"{self.stage.thread}/messages")

    def change(self) -> None:
        for run in self._runs():
            path = f"{self.stage.thread}/runs/{run.id}"
            ids = dict.fromkeys(call.call_id for call in run.calls)
            outputs = [{"tool_call_id": call_id, "output": "1"} for call_id in ids]
            if outputs and self.chooser.pick("submit", [True, True, False]):
                self._ask("POST", f"{path}/submit_tool_outputs", {"tool_outputs": outputs})
            elif self.chooser.pick("cancel", [False, True]):
                self._ask("POST", f"{path}/cancel")

    def write(self) -> None:
        self._ask("POST", f"{self.stage.thread}/messages", {"role": "user", "content": "And?"})

    def _runs(self) -> list[Any]:
        """The newest run, if there is one."""
        with self.stage.sim.world.operation():
            return [*self.stage.sim.world.store.runs.values()][-1:]

    def _ask(self, method: str, path: str, body: Any = None) -> Response | None:
        try:
            answer: Response = self.stage.ask(method, path, body)
        except NoAnswer as nothing:
            self.answers.append(nothing.trouble)
            return None
        self.answers.append((answer.status, answer.body))
        return answer


def story(make_stage: Any, seed: int, storm: Storm | None) -> tuple[Any, list[Any]]:
    """What a guest does in a storm: the stage afterwards, and the answers that it got."""
    stage = make_stage(planner, seed=seed, storm=storm)
    guest = Guest(stage, Seeded(seed), [])
    for _ in range(ACTS):
        guest.act()
    return stage, guest.answers


def test_the_same_seed_makes_the_same_faults(make_stage: Any) -> None:
    """Five times the same seed is one story; another seed is another one."""
    storms = [Storm.swarm(Seeded(seed)) for seed in (3, 3, 3, 3, 3, 4)]
    told = []
    for seed, storm in zip((3, 3, 3, 3, 3, 4), storms, strict=True):
        stage, answers = story(make_stage, seed, storm)
        told.append((str(storm), answers, stage.sim.trace))

    assert [told[0]] * 5 == told[:5]
    assert told[0] != told[5]


def test_a_storm_of_zeros_changes_nothing(make_stage: Any) -> None:
    """Every answer and every edge is as without a storm."""
    for seed in range(10):
        (with_none, answers), (with_zeros, others) = (
            story(make_stage, seed, storm) for storm in (None, Storm(heal_after_s=5))
        )
        assert with_none.sim.trace == with_zeros.sim.trace
        assert answers == others


# The swarm ---------------------------------------------------------------------------------------


@pytest.fixture
def clerk() -> Iterator[Clerk]:
    """Counts which faults strike."""
    with counting() as clerk:
        yield clerk


def test_no_storm_breaks_the_world(make_stage: Any, clerk: Clerk) -> None:
    """In 200 storms: every path is legal, no two runs hold a thread, nothing fails without cause.

    And once it has healed, every run comes to its end, and a new one completes. The same holds of
    each fault alone at its worst, and each of them has struck.
    """
    drawn = [Storm.swarm(Seeded(seed)) for seed in SEEDS]
    alone = [Storm(**{fault: 1}) for fault in REASONS]
    for seed, storm in enumerate(drawn + alone):
        stage, _ = story(make_stage, seed, storm)
        stage.sim.control.heal()
        stage.advance(700)
        assert stage.sim.world.next_due() is None
        assert LIFECYCLE.terminal >= {run.status for run in stage.sim.world.store.runs.values()}
        complete(stage)
        check_paths(stage.sim.trace)
        check_locks(stage.sim.trace)
        check_causes(stage.sim.control.journal.requests)

    assert REASONS.keys() == {cell.column for cell in clerk.book.counts if cell.kind == "fault"}


def check_paths(trace: Iterable[TraceEntry]) -> None:
    """Each edge begins where the run's last one ended, and is one of the table's."""
    at: dict[str, RunStatus] = {}
    for entry in trace:
        assert at.get(entry.run_id) is entry.source
        assert LIFECYCLE.next(entry.source, entry.event).dest is entry.dest
        at[entry.run_id] = entry.dest


def check_locks(trace: Iterable[TraceEntry]) -> None:
    """No run is created while another one holds the thread; all of them are on one."""
    at: dict[str, RunStatus] = {}
    for entry in trace:
        if entry.source is None:
            assert [] == [status for status in at.values() if LIFECYCLE.locks_thread(status)]
        at[entry.run_id] = entry.dest


def check_causes(requests: Iterable[Any]) -> None:
    """A 429, a 5xx and a call without an answer are a fault's doing, each by its name."""
    struck = {*REASONS.values()}
    for asking in requests:
        if asking.status is not None and (asking.status == 429 or asking.status >= 500):
            assert struck & {*asking.reasons}


def complete(stage: Any) -> None:
    """A new run, answered if it asks for something, completes."""
    run = stage.create_run()
    stage.advance(20)
    if action := stage.get(run)["required_action"]:
        wanted = action["submit_tool_outputs"]["tool_calls"]
        outputs = [{"tool_call_id": it["id"], "output": "1"} for it in wanted]
        stage.post(f"{run}/submit_tool_outputs", {"tool_outputs": outputs})
        stage.advance(20)
    assert "completed" == stage.get(run)["status"]
