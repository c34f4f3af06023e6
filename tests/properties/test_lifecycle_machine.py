"""Four implementations of one lifecycle in one state machine: they must agree at every step.

The table, a pytransitions machine, a tracker that only looks, and the simulator behind its wire
all live the same life. There is one rule an edge, made from the table by a loop; further rules try
every illegal move, add messages and create runs in every status, and let time pass.

The machine counts what it has seen; the counts are printed at the end of the test session.
"""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from runfsm.errors import IllegalTransition
from runfsm.lifecycle import LIFECYCLE, Actor, Edge, RunEvent, RunStatus
from runfsm.lifecycle.journal import Transition
from runfsm.lifecycle.machine import build_machine
from runfsm.lifecycle.tracker import RunTracker
from runfsm_simulator import Simulator
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world.script import Script, hang

HEADERS = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
#: Nothing moves by itself but the clock: no worker comes, no cancel is honoured.
STILL = Script.of(hang(queue_s=100_000), cancel_s="never")

edges_seen: Counter[Edge[RunStatus, RunEvent]] = Counter()
refused_seen: Counter[tuple[RunStatus, RunEvent]] = Counter()
lock_cells: dict[tuple[RunStatus, str], int] = {}


class Life(RuleBasedStateMachine):
    """One thread, and run after run on it."""

    @initialize()
    def begin(self) -> None:
        """An assistant and a thread; the first run."""
        self.simulator = Simulator(STILL)
        self.assistant = self.simulator.create_assistant()
        self.thread = self.simulator.create_thread()
        self.simulator.add_message(self.thread, "Hello")
        self.status: RunStatus | None = None
        self.create_run()

    # The simulator, through its wire.

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request; status and body of the answer."""
        data = b"" if body is None else json.dumps(body).encode()
        answer = self.simulator.handle(Request(method, f"/v1{path}", headers=HEADERS, body=data))
        return answer.status, json.loads(answer.body)

    @property
    def path(self) -> str:
        """Where the run is."""
        return f"/threads/{self.thread}/runs/{self.run}"

    def look(self) -> Any:
        """The run as the wire shows it."""
        status, body = self.call("GET", self.path)
        assert 200 == status
        return body

    def create_run(self) -> int:
        """POST a run; if it is taken, it is the one that we follow from here on."""
        body = {"assistant_id": self.assistant}
        status, answer = self.call("POST", f"/threads/{self.thread}/runs", body)
        if status == 200:
            self.run = answer["id"]
            self.model: Any = SimpleNamespace()
            build_machine(self.model)
            self.tracker = RunTracker(strict=True)
            self.took(LIFECYCLE.next(None, RunEvent.CREATE))
        else:
            assert f"already has an active run {self.run}." in answer["error"]["message"]
        return status

    def send(self, event: RunEvent) -> tuple[int, Any]:
        """A client's event, as the request that stands for it."""
        if event is RunEvent.CANCEL:
            return self.call("POST", f"{self.path}/cancel")
        action = self.look()["required_action"]
        calls = action["submit_tool_outputs"]["tool_calls"] if action else []
        outputs = [{"tool_call_id": call["id"], "output": "42"} for call in calls]
        return self.call("POST", f"{self.path}/submit_tool_outputs", {"tool_outputs": outputs})

    def took(self, edge: Edge[RunStatus, RunEvent]) -> None:
        """The simulator took an edge: the tracker looks, the machine moves."""
        edges_seen[edge] += 1
        self.status = edge.dest
        if edge.source is not None:
            assert self.model.trigger(edge.event.value)
        steps = self.tracker.observe(self.look(), own=set(RunEvent))
        assert [edge] == [step.edge for step in steps if isinstance(step, Transition)]

    # The rules; those of the edges are added below.

    def take(self, edge: Edge[RunStatus, RunEvent]) -> None:
        """Make the edge happen by the hand of its actor."""
        if edge.source is None:
            assert 200 == self.create_run()
            return
        if edge.actor is Actor.CLIENT:
            assert 200 == self.send(edge.event)[0]
        elif edge.actor is Actor.CLOCK:
            self.simulator.clock.advance_to(self.look()["expires_at"])
        else:
            self.simulator.world.fire(self.run, edge.event)
        self.took(edge)

    @rule()
    def try_every_illegal_move(self) -> None:
        """Whatever the table does not allow here is refused by all, and changes nothing."""
        assert self.status is not None
        before = self.look()
        for event in RunEvent:
            if event is RunEvent.CREATE or LIFECYCLE.allows(self.status, event):
                continue
            self.be_refused(self.status, event)
            assert before == self.look()
            assert self.model.state == self.status
            refused_seen[self.status, event] += 1

    def be_refused(self, status: RunStatus, event: RunEvent) -> None:
        """Try it by the machine, by the hand of its actor, and by a hand inside the simulator."""
        with pytest.raises(IllegalTransition):
            self.model.trigger(event.value)
        if event in {RunEvent.CANCEL, RunEvent.SUBMIT_TOOL_OUTPUTS}:
            code, answer = self.send(event)
            assert 400 == code
            assert status in answer["error"]["message"]
        if event is RunEvent.EXPIRE:
            self.simulator.clock.advance(600)
        with pytest.raises(IllegalTransition):
            self.simulator.world.fire(self.run, event)

    @rule()
    def knock_at_the_lock(self) -> None:
        """A message and a run are taken exactly when the table says that the thread is free."""
        status = self.status
        assert status is not None
        expected = 400 if LIFECYCLE.locks_thread(status) else 200
        messages = self.call("GET", f"/threads/{self.thread}/messages")
        body = {"role": "user", "content": "Again"}
        code, _ = self.call("POST", f"/threads/{self.thread}/messages", body)
        lock_cells[status, "message"] = code
        assert expected == code
        lock_cells[status, "run"] = self.create_run()
        assert expected == lock_cells[status, "run"]
        if expected == 400:
            assert messages == self.call("GET", f"/threads/{self.thread}/messages")

    @precondition(lambda self: self.status not in LIFECYCLE.terminal)
    @rule(seconds=st.floats(0, 60))
    def time_passes(self, seconds: float) -> None:
        """Time moves nothing before `expires_at`."""
        run = self.look()
        if self.simulator.clock.now() + seconds < run["expires_at"]:
            self.simulator.clock.advance(seconds)
            assert run == self.look()

    @invariant()
    def all_agree(self) -> None:
        """Table, machine, tracker and simulator are in one status."""
        if hasattr(self, "run"):  # not before `begin`
            statuses = (self.model.state, self.tracker.status, self.look()["status"])
            assert (self.status,) * 3 == statuses


def _add_rule(number: int, edge: Edge[RunStatus, RunEvent]) -> None:
    def take(self: Life) -> None:
        self.take(edge)

    def can(self: Life) -> bool:
        return (
            self.status in LIFECYCLE.terminal if edge.source is None else self.status == edge.source
        )

    take.__doc__ = str(edge)
    name = f"edge_{number:02}_{edge.event}_from_{edge.source}"
    setattr(Life, name, precondition(can)(rule()(take)))


for _number, _edge in enumerate(LIFECYCLE.edges, 1):
    _add_rule(_number, _edge)


def test_four_implementations_live_one_life(coverage_report: list[str]) -> None:
    """They agree at every step; all 19 edges, 63 refusals and 18 cells of the lock were seen."""
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=200,
            stateful_step_count=40,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
    square = {(s, e) for s in RunStatus for e in RunEvent if e is not RunEvent.CREATE}
    illegal = {cell for cell in square if not LIFECYCLE.allows(*cell)}
    cells = {(status, what) for status in RunStatus for what in ("message", "run")}
    coverage_report += [
        f"edges taken: {len(edges_seen)} of {len(LIFECYCLE.edges)}",
        f"illegal moves refused: {len(refused_seen)} of {len(illegal)}",
        f"thread lock, status x (create message, create run): {len(lock_cells)} of {len(cells)}",
    ]

    assert set(LIFECYCLE.edges) == set(edges_seen)
    assert illegal == set(refused_seen)
    expected = {cell: 400 if LIFECYCLE.locks_thread(cell[0]) else 200 for cell in cells}
    assert expected == lock_cells
