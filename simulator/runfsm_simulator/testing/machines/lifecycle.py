"""Four implementations of one lifecycle: they must agree at every step.

The table, a pytransitions machine, a tracker that only looks, and a simulator behind its wire live
one life. There is one rule an edge, made from the table; further rules try every illegal move,
knock at the thread's lock in every status, and let time pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from runfsm.errors import IllegalTransition
from runfsm.lifecycle import LIFECYCLE, Actor, Edge, RunEvent, RunStatus
from runfsm.lifecycle.journal import Transition
from runfsm.lifecycle.machine import build_machine
from runfsm.lifecycle.tracker import RunTracker
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.testing.machines.verdict import expect
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world.script import Script, hang

__all__ = ["LifecycleMachine"]

HEADERS: Final = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}

#: Nothing moves by itself but the clock: no worker comes, no cancel is honoured.
STILL: Final = Script.of(hang(queue_s=100_000), cancel_s="never")

#: A client's events, beside the creation, are requests.
REQUESTED: Final = frozenset({RunEvent.CANCEL, RunEvent.SUBMIT_TOOL_OUTPUTS})


def _lives(path: tuple[Edge[RunStatus, RunEvent], ...]) -> Iterator[str]:
    """The ways to a terminal status on which no two edges follow each other for a second time."""
    status = path[-1].dest if path else None
    if status in LIFECYCLE.terminal:
        yield ", ".join(edge.event for edge in path)
    for edge in LIFECYCLE.allowed(status):
        if not any(pair == (*path[-1:], edge) for pair in pairwise(path)):
            yield from _lives((*path, edge))


#: Whole runs, by their events: so every pair of edges that the table has will be played.
LIVES: Final = tuple(sorted(_lives(()), key=len))


class LifecycleMachine(RuleBasedStateMachine):
    """One thread, and run after run on it.

    To hold another service's wire against the table, override `call`; to count what was seen,
    `took`, `refused` and `knocked`.

    Attributes:
        simulator: the one that is held against the rest; not made before the first step.
        status: where all of them are.

    Example:
        >>> class TestRun(LifecycleMachine.TestCase):
        ...     pass
    """

    status: RunStatus | None = None

    @initialize()
    def begin(self) -> None:
        """An assistant and a thread; the first run."""
        self.simulator = Simulator(STILL)
        self.assistant = self.simulator.create_assistant()
        self.thread = self.simulator.create_thread()
        self.simulator.add_message(self.thread, "Hello")
        self.create_run()

    # For those who count.

    def took(self, edge: Edge[RunStatus, RunEvent]) -> None:
        """An edge was taken, and all agree about it."""

    def refused(self, status: RunStatus, event: RunEvent) -> None:
        """An illegal move was refused by all."""

    def knocked(self, status: RunStatus, wanted: str, code: int) -> None:
        """A `"message"` or a `"run"` was wanted on the thread; the HTTP status of the answer."""

    # The simulator, through its wire.

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request; the HTTP status and the body of the answer."""
        data = b"" if body is None else json.dumps(body).encode()
        answer = self.simulator.handle(Request(method, f"/v1{path}", headers=HEADERS, body=data))
        return answer.status, answer.json()

    @property
    def path(self) -> str:
        """Where the run is."""
        return f"/threads/{self.thread}/runs/{self.run}"

    def look(self) -> Any:
        """The run as the wire shows it."""
        code, body = self.call("GET", self.path)
        expect("a look at the run", 200, code)
        return body

    def create_run(self) -> int:
        """POST a run; if it is taken, it is the one that is followed from here on."""
        body = {"assistant_id": self.assistant}
        code, answer = self.call("POST", f"/threads/{self.thread}/runs", body)
        if code == 200:
            self.run = answer["id"]
            self.model: Any = SimpleNamespace()
            build_machine(self.model)
            self.tracker = RunTracker(strict=True)
            self._move(LIFECYCLE.next(None, RunEvent.CREATE))
        return code

    def _send(self, event: RunEvent) -> tuple[int, Any]:
        """A client's event, as the request that stands for it."""
        if event is RunEvent.CANCEL:
            return self.call("POST", f"{self.path}/cancel")
        action = self.look()["required_action"]
        calls = action["submit_tool_outputs"]["tool_calls"] if action else []
        outputs = [{"tool_call_id": call["id"], "output": "42"} for call in calls]
        return self.call("POST", f"{self.path}/submit_tool_outputs", {"tool_outputs": outputs})

    def _move(self, edge: Edge[RunStatus, RunEvent]) -> None:
        """The simulator took an edge: the machine moves, the tracker looks."""
        self.status = edge.dest
        if edge.source is not None:
            self.model.trigger(edge.event.value)
        steps = self.tracker.observe(self.look(), own=set(RunEvent))
        seen = [step.edge for step in steps if isinstance(step, Transition)]
        expect("the tracker saw", [edge], seen)
        self.took(edge)

    # The rules; those of the edges are added below.

    def take(self, edge: Edge[RunStatus, RunEvent]) -> None:
        """Make the edge happen by the hand of its actor."""
        if edge.source is None:
            expect("a run on a free thread", 200, self.create_run())
            return
        if edge.actor is Actor.CLIENT:
            expect(f"{edge}, sent", 200, self._send(edge.event)[0])
        elif edge.actor is Actor.CLOCK:
            self.simulator.clock.advance_to(self.look()["expires_at"])
        else:
            self.simulator.world.fire(self.run, edge.event)
        self._move(edge)

    @precondition(lambda self: self.status in LIFECYCLE.terminal)
    @rule(events=st.sampled_from(LIVES))
    def live_a_run(self, events: str) -> None:
        """A whole run, from its creation to its end."""
        status = None
        for event in map(RunEvent, events.split(", ")):
            edge = LIFECYCLE.next(status, event)
            self.take(edge)
            self.all_agree()
            status = edge.dest

    @rule()
    def try_every_illegal_move(self) -> None:
        """Whatever the table does not allow here is refused by all, and changes nothing."""
        status, before = self.status, self.look()
        for event in RunEvent:
            if status and event is not RunEvent.CREATE and not LIFECYCLE.allows(status, event):
                self._be_refused(status, event)
                expect(f"the run after a refused {event}", before, self.look())
                self.refused(status, event)

    def _be_refused(self, status: RunStatus, event: RunEvent) -> None:
        """Try it by the machine, by the hand of its actor, and by a hand inside the simulator."""
        expect(f"{event} in {status}, by the machine", "refused", self._fired_by_machine(event))
        if event in REQUESTED:
            expect(f"{event} in {status}, sent", 400, self._send(event)[0])
        if event is RunEvent.EXPIRE:
            self.simulator.clock.advance(600)
        expect(f"{event} in {status}, by hand", "refused", self._fired_by_hand(event))

    def _fired_by_machine(self, event: RunEvent) -> str:
        try:
            self.model.trigger(event.value)
        except IllegalTransition:
            return "refused"
        return "taken"

    def _fired_by_hand(self, event: RunEvent) -> str:
        try:
            self.simulator.world.fire(self.run, event)
        except IllegalTransition:
            return "refused"
        return "taken"

    @rule()
    def knock_at_the_lock(self) -> None:
        """A message and a run are taken exactly when the table says that the thread is free."""
        status = self.status
        if status is None:
            return
        allowed = 400 if LIFECYCLE.locks_thread(status) else 200
        messages = f"/threads/{self.thread}/messages"
        before = self.call("GET", messages)
        code, _ = self.call("POST", messages, {"role": "user", "content": "Again"})
        expect(f"a message on a thread whose run is {status}", allowed, code)
        self.knocked(status, "message", code)
        code = self.create_run()
        expect(f"a run on a thread whose run is {status}", allowed, code)
        self.knocked(status, "run", code)
        if code != 200:
            expect("the messages after a refusal", before, self.call("GET", messages))

    @precondition(lambda self: self.status not in LIFECYCLE.terminal)
    @rule(seconds=st.floats(0, 60))
    def time_passes(self, seconds: float) -> None:
        """Time moves nothing before `expires_at`."""
        run = self.look()
        if self.simulator.clock.now() + seconds < run["expires_at"]:
            self.simulator.clock.advance(seconds)
            expect("the run, some time later", run, self.look())

    @invariant()
    def all_agree(self) -> None:
        """Machine, tracker and simulator are in the status of the table."""
        if self.status is not None:  # not before `begin`
            found = (self.model.state, self.tracker.status, self.look()["status"])
            expect("machine, tracker and simulator", (self.status,) * 3, found)


def _add_rule(number: int, edge: Edge[RunStatus, RunEvent]) -> None:
    def take(self: LifecycleMachine) -> None:
        self.take(edge)

    def can(self: LifecycleMachine) -> bool:
        is_over = self.status in LIFECYCLE.terminal
        return is_over if edge.source is None else self.status == edge.source

    take.__doc__ = str(edge)
    take.__name__ = f"edge_{number:02}_{edge.event}_from_{edge.source}"
    setattr(LifecycleMachine, take.__name__, precondition(can)(rule()(take)))


for _number, _edge in enumerate(LIFECYCLE.edges, 1):
    _add_rule(_number, _edge)
