"""The machines that are shipped for services and apps: what they let pass, and what they find."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Any, Final

import anyio
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from runfsm import (
    LIFECYCLE,
    AssistantsBackend,
    AsyncAssistantsBackend,
    AsyncRunDriver,
    CallerError,
    Policy,
    RunDriver,
    RunEvent,
    RunRequest,
    RunStatus,
)
from runfsm_simulator import (
    Call,
    Scene,
    Script,
    Simulator,
    Turn,
    Worlds,
    call,
    calls,
    fail,
    hang,
    say,
    truncate,
)
from runfsm_simulator.doors import transport
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.testing import (
    AppMachine,
    ServiceMachine,
    event,
    faults,
    never,
)
from runfsm_simulator.testing.machines.service import CANCELLED_IN
from runfsm_simulator.testing.strategies import ENDINGS
from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.world.chooser import Seeded
from stateful import failure_of

QUICK: Final = settings(
    max_examples=40, stateful_step_count=25, suppress_health_check=[*HealthCheck]
)

# Services ----------------------------------------------------------------------------------------

TURNS: Final = (*ENDINGS, call("lookup", key="a"), calls(Call(name="lookup"), Call(name="lookup")))

edges_seen: Counter[Any] = Counter()


def any_turn(scene: Scene) -> Turn:
    """Whatever the chooser wants, round after round."""
    found: Turn = scene.pick("turn", TURNS)
    return found


class OnSimulator(ServiceMachine):
    """The simulator, whose time can be moved."""

    script: Any = staticmethod(any_turn)

    def make_client(self) -> Any:
        self.simulator = Simulator(self.script, chooser=self.chooser)
        return self.simulator.client()

    def pass_time(self, seconds: float) -> bool:
        self.simulator.clock.advance(seconds)
        return True

    def teardown(self) -> None:
        edges_seen.update((entry.source, entry.event) for entry in self.simulator.trace)


def test_the_simulator_is_a_lawful_service() -> None:
    """Whatever its model does; and most of what the table has is seen to happen by itself."""
    edges_seen.clear()
    run_state_machine_as_test(OnSimulator, settings=QUICK)

    assert set(edges_seen) <= {(edge.source, edge.event) for edge in LIFECYCLE.edges}
    assert len(edges_seen) >= 10


class Slow(OnSimulator):
    """It takes its time in whatever it does: one service for each way that it may go."""

    turn: Turn
    cancel_s: Any
    loses_workers: bool = False

    def make_client(self) -> Any:
        self.chooser = Seeded(0)  # type: ignore[assignment]  # nothing is drawn: it is told what to do
        client = super().make_client()
        planner = partial(lambda _: self.turn)
        planner.cancel_s = self.cancel_s  # type: ignore[attr-defined]  # a planner may have one
        self.simulator.control.play(planner)
        return client

    def pass_time(self, seconds: float) -> bool:
        run = next(iter(self.simulator.world.store.runs.values()))
        if self.loses_workers and LIFECYCLE.allows(run.status, RunEvent.START):
            self.simulator.control.fire(run.id, RunEvent.FAIL)
        return super().pass_time(seconds)


SLOW: Final = {"queue_s": 1.5, "work_s": 9.0}
SERVICES: Final[list[dict[str, Any]]] = [
    {"turn": turn, "cancel_s": cancel_s}
    for turn in (say("Hi", **SLOW), fail(**SLOW), truncate(**SLOW), hang(), call("lookup", **SLOW))
    for cancel_s in ("never", 1.0)
] + [
    {"turn": say("Late.", queue_s=900.0), "cancel_s": None},
    {"turn": say("Lost."), "cancel_s": None, "loses_workers": True},
]


def test_the_rules_of_a_service_reach_every_edge() -> None:
    """One run that is led to a status, and cancelled or left there, has taken all 19 of them."""
    edges_seen.clear()
    for service, until, leave in product(SERVICES, CANCELLED_IN, (False, True)):
        machine = type("Machine", (Slow,), service)()
        machine.begin(data=None)
        machine.live(until=until, leave=leave)
        if not machine.tracker.is_terminal:
            machine.outlive()
        machine.teardown()

    assert {(edge.source, edge.event) for edge in LIFECYCLE.edges} == set(edges_seen)


def test_a_server_is_moved_through_its_side_door() -> None:
    """Without any help of ours, a run outlives its `expires_at`."""
    moved: list[str] = []

    def make_client() -> Any:
        worlds = Worlds(Simulator)
        door = SideDoor(worlds)

        def handle(request: Request) -> Response:
            if not request.path.startswith("/_sim/"):
                return worlds.handle(request)
            moved.append(request.path)
            local = {**request.headers, "host": "127.0.0.1"}
            asked = Request(request.method, request.path, {}, local, request.body)
            return door.handle(asked, peer="127.0.0.1")

        return transport.client(handle)

    run_state_machine_as_test(
        ServiceMachine.of(make_client), settings=settings(QUICK, max_examples=10)
    )

    assert {"/_sim/clock/advance"} == {*moved}


class WithoutLock(OnSimulator):
    """It takes messages at any time."""

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        if method == "POST" and path.endswith("/messages"):
            return 200, {}
        return super().ask(method, path, body)


class Zombie(OnSimulator):
    """It completes runs that were cancelled."""

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        code, answer = super().ask(method, path, body)
        if method == "GET" and self.tracker.status == "cancelled":
            answer["status"] = "completed"
        return code, answer


class Sloppy(OnSimulator):
    """It does not mind missing outputs."""

    script = Script.of(call("lookup", key="a"), say("Done."))

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        if path.endswith("/submit_tool_outputs") and self.calls:
            body = {"tool_outputs": [{"tool_call_id": it, "output": "1"} for it in self.calls]}
        return super().ask(method, path, body)


class Immortal(OnSimulator):
    """It shows runs that have expired as if they were at work, and answers accordingly."""

    script = Script.of(hang(queue_s=0))

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        if method == "POST" and self.path and self.status is RunStatus.IN_PROGRESS:
            return (200, {}) if path.endswith("/cancel") else (400, None)
        code, answer = super().ask(method, path, body)
        if answer and answer.get("status") == "expired":
            answer["status"] = "in_progress"
        return code, answer


@pytest.mark.parametrize(
    ("machine", "told", "steps"),
    [
        (WithoutLock, "the service took a message, while the run was queued", 2),
        (Zombie, "impossible: cancelled → completed (a terminal status is final)", 4),
        (Sloppy, "the service took outputs of ", 5),
        (Immortal, "a run that has outlived expires_at is over: expected True, got False", 2),
    ],
)
def test_a_broken_service_is_found(machine: Any, told: str, steps: int) -> None:
    """By the fewest steps, in words, and with the line that does it again."""
    failure = failure_of(machine)

    assert told in failure.message
    assert len(failure.steps) <= steps
    assert "@reproduce_failure" in failure.notes


# Apps --------------------------------------------------------------------------------------------


def waits_for_completed(client: Any) -> None:
    """The loop that everybody writes first."""
    run = client.beta.threads.create_and_run(assistant_id="asst_app")
    while run.status != "completed":
        time.sleep(1)
        run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)


def loses_patience(client: Any) -> None:
    """It looks three times, and leaves."""
    run = client.beta.threads.create_and_run(assistant_id="asst_app")
    for _ in range(3):
        time.sleep(1)
        run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        if run.status == "completed":
            return


def is_picky(client: Any) -> None:
    """It raises when a run does not complete."""
    run = client.beta.threads.create_and_run_poll(assistant_id="asst_app")
    if run.status != "completed":
        raise KeyError(run.status)


class Driven(AppMachine):
    """An app that leaves all of that to the driver."""

    def use_app(self, client: Any) -> object:
        driver = RunDriver(
            AssistantsBackend(client), clock=self.simulator.clock, policy=Policy(deadline_s=900.0)
        )
        # A key of one's own: the one that a driver makes up is another each time, and its pauses
        # after a fault are drawn from it.
        return driver.run(RunRequest(self.assistant_id, "Hello", key="app"))


async def waits_for_ever(client: Any) -> None:
    """The same loop, in a task of its own among others."""

    async def wait() -> None:
        run = await client.beta.threads.create_and_run(assistant_id="asst_app")
        while run.status != "completed":
            await asyncio.sleep(1)
            run = await client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)


async def leaves_soon(client: Any) -> None:
    """It looks once."""
    await client.beta.threads.create_and_run(assistant_id="asst_app")
    await anyio.sleep(1)


class AsyncDriven(AppMachine):
    """An app that leaves all of that to the driver of tasks."""

    async def use_app(self, client: Any) -> object:
        driver = AsyncRunDriver(
            AsyncAssistantsBackend(client),
            clock=self.simulator.clock,
            policy=Policy(deadline_s=900.0),
        )
        return await driver.run(RunRequest(self.assistant_id, "Hello", key="app"))


CALM: Final = {"faults": faults([])}
SAYING_LATE: Final = {"scripts": st.just(Script.of(say("Hi", queue_s=2)))}
SAYING: Final = {"scripts": st.just(Script.of(say("Hi", queue_s=0, work_s=0)))}


@pytest.mark.parametrize(("app", "examples"), [(Driven, 40), (AsyncDriven, 15)])
def test_a_driver_makes_a_good_app(app: type[AppMachine], examples: int) -> None:
    """Whatever the script, and whatever befalls its calls and looks; in threads and in tasks."""
    calls_and_looks = ["timeout", "server_error", "timeout_after_effect", "stale_look"]
    machine = type("Machine", (app,), {"faults": faults(calls_and_looks)})

    run_state_machine_as_test(
        machine, settings=settings(QUICK, max_examples=examples, stateful_step_count=4)
    )


@pytest.mark.parametrize(
    ("app", "world", "told"),
    [
        (waits_for_completed, CALM, "the app: it does not end: 301 requests"),
        (waits_for_ever, CALM, "the app: it does not end: 301 requests"),
        (loses_patience, CALM, "the app: it returned, and its run is "),
        (leaves_soon, {**CALM, **SAYING_LATE}, "the app: it returned, and its run is "),
        (
            waits_for_completed,
            {"faults": faults(["timeout_after_effect"]), **SAYING},
            "the app: it created 3 runs, and may create 1",  # the SDK repeats what it sends
        ),
        (is_picky, {**CALM, "may_raise": (ValueError,)}, ""),
        (waits_for_completed, {**SAYING, **CALM, "properties": [never(event("start"))]}, "never"),
    ],
    ids=["endless", "endless task", "locked", "left", "twice", "raises", "property"],
)
def test_a_bad_app_is_found(
    app: Callable[[Any], None], world: Mapping[str, Any], told: str
) -> None:
    """In one use; its story is told, and the world in which it happened."""
    failure = failure_of(AppMachine.of(app, **world), examples=60, error=Exception)

    assert told in failure.message
    assert ["use"] == failure.steps
    assert "(script): Script(turns=(" in failure.notes
    assert "@reproduce_failure" in failure.notes


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: AppMachine.of(None), "give a function of an openai client"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: AppMachine.of(is_picky, run_max=2), "there are .*runs_max"),
        (lambda: ServiceMachine.of("http://127.0.0.1"), "a function that makes a client"),  # type: ignore[arg-type]  # likewise
        (lambda: ServiceMachine().make_client(), "which service"),
    ],
)
def test_a_machine_that_cannot_be_made_says_what_to_write(
    make: Callable[[], Any], told: str
) -> None:
    """The wrong call, and the right one."""
    with pytest.raises(CallerError, match=told):
        make()
