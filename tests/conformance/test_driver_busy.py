"""A thread that somebody holds, over the real loops: lines, sessions, messages, and the holders."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import anyio
import pytest

from driving import HANGING, HELLO, S, in_time
from onroad import OnRoad
from runfsm import (
    CallerError,
    Enqueue,
    Interrupt,
    Lines,
    Policy,
    Reject,
    RunCancelled,
    RunDriver,
    RunRequest,
    RunStatus,
    ThreadBusy,
    ThreadHeld,
    Wait,
)
from runfsm.driver.busy import LINGER_S, OnBusy
from runfsm.driver.journal import FaultMet
from runfsm.lifecycle.wires import WIRES, Occasion
from runfsm_simulator import Simulator
from runfsm_simulator.world.script import Script, hang, say
from troubled import Troubled, lost, stage

SLOW = Script.of(say("Hello!", queue_s=1, work_s=30), cancel_s=3)
STAYING = Script.of(hang(queue_s=1), cancel_s="never")


# Each policy, on each road -----------------------------------------------------------------------
#
# What takes one run at a time is a thread, a conversation, or nothing but our own look before a
# message (`lock`). Where nobody can list runs (`listing`), a holder from elsewhere has no name: it
# is not cancelled, but knocked at, and no shorter than a lock may linger that nobody holds.


def _held_on(road: Any, script: Script) -> tuple[Simulator, RunRequest, str]:
    """A simulator, a request for a thread of it, and the id of another process's run there."""
    simulator = Simulator(script)
    request = RunRequest(simulator.create_assistant(), "Hello", road.thread(simulator))
    return simulator, request, road.ask(road.backend(simulator).create, request).ref.run_id


@pytest.mark.parametrize("on_busy", [Wait(), Enqueue(), Interrupt()], ids=str)
def test_a_holder_from_elsewhere_is_outlasted(road: Any, on_busy: OnBusy) -> None:
    """Found by a look, waited for or cancelled; then the run completes, and only then begins."""
    is_named = WIRES[road.wire].listing.value
    simulator, request, holder = _held_on(road, SLOW)
    outcome = road.drive(simulator, request, policy=Policy(on_busy=on_busy))
    end = S.CANCELLED if is_named and isinstance(on_busy, Interrupt) else S.COMPLETED
    held = [step.holder for step in outcome.journal if isinstance(step, ThreadHeld)]

    assert [end, S.COMPLETED] == road.statuses(simulator)
    assert ([holder] if is_named else []) == held


@pytest.mark.parametrize(
    "on_busy", [Reject(), Wait(7), Interrupt(7), Enqueue(timeout_s=7)], ids=str
)
def test_a_holder_that_stays_is_thread_busy(road: Any, on_busy: OnBusy) -> None:
    """It says who, if that is known; when there was something to wait for, after just that time."""
    wire = WIRES[road.wire]
    is_named = wire.listing.value
    simulator, request, holder = _held_on(road, STAYING)
    started_at = simulator.clock.now()

    with pytest.raises(ThreadBusy) as caught:
        road.drive(simulator, request, policy=Policy(on_busy=on_busy))
    waited_s = simulator.clock.now() - started_at
    assert (holder if is_named else None) == caught.value.holder
    assert max(on_busy.timeout_s, 0.0 if is_named else LINGER_S) == waited_s
    assert 1 == len(road.statuses(simulator))
    assert (wire.lock.value is None) == (caught.value.fault.status_code is None)


@pytest.mark.parametrize("on_busy", [Wait(), Interrupt(), Enqueue()], ids=str)
def test_a_holder_of_ones_own_has_a_name_on_every_wire(road: Any, on_busy: OnBusy) -> None:
    """Of the same backend, it is waited for or cancelled also where nobody can list runs."""
    stage = OnRoad(road, SLOW, Policy(on_busy=on_busy))
    stage.request = replace(stage.request, thread_id=road.thread(stage.simulator))
    holder = road.ask(stage.backend.create, replace(stage.request, key="key_0")).ref.run_id
    outcome = stage.run()
    end = S.CANCELLED if isinstance(on_busy, Interrupt) else S.COMPLETED

    assert [end, S.COMPLETED] == road.statuses(stage.simulator)
    assert [holder] == [step.holder for step in outcome.journal if isinstance(step, ThreadHeld)]


# Lines -------------------------------------------------------------------------------------------


def _staged(road: Any, on_busy: OnBusy, script: Script = HELLO) -> tuple[OnRoad, str]:
    """A stage whose runs are on one thread, and that thread."""
    stage = OnRoad(road, script, Policy(on_busy=on_busy))
    thread_id = str(road.thread(stage.simulator))
    stage.request = replace(stage.request, thread_id=thread_id, key=None)
    return stage, thread_id


@pytest.mark.parametrize("drivers", [1, 2])
def test_runs_of_a_line_come_one_after_the_other(tasks: Any, drivers: int) -> None:
    """In the order of their coming; nobody knocks in vain; drivers that share lines share them."""
    stage, _ = _staged(tasks, Enqueue())
    lines, ended = Lines(), list[int]()
    fleet = [stage.new_driver(lines=lines) for _ in range(drivers)]

    async def one(number: int) -> None:
        outcome = await fleet[number % drivers].run(stage.request)
        assert [] == [step for step in outcome.journal if isinstance(step, FaultMet)]
        ended.append(number)

    async def main() -> None:
        gate = stage.clock.participant()
        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(one, number)
                await anyio.wait_all_tasks_blocked()
            gate.leave()

    stage.play(main)

    assert [0, 1, 2, 3, 4, 5] == ended
    assert {} == lines._lines


def test_threads_stand_in_line_too(threads: Any) -> None:
    """Eight threads, one driver, one line: eight runs complete, none meets a lock."""
    stage, _ = _staged(threads, Enqueue())
    statuses, faults = list[RunStatus](), list[FaultMet]()

    def work() -> None:
        outcome = stage.driver.run(stage.request)
        statuses.append(outcome.status)
        faults.extend(step for step in outcome.journal if isinstance(step, FaultMet))

    workers = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=10)

    assert ([S.COMPLETED] * 8, []) == (statuses, faults)


def test_one_too_many_is_refused_at_once(road: Any) -> None:
    """One has the turn, one waits: the third is `ThreadBusy`, and says which setting to change."""
    stage, thread_id = _staged(road, Enqueue(waiting_max=1), HANGING)
    lines = Lines()
    stage.driver = stage.new_driver(lines=lines)
    places = [lines.join(thread_id, lambda: None, waiting_max=1) for _ in range(2)]

    with pytest.raises(ThreadBusy, match=r"Enqueue\(waiting_max=…\)"):
        stage.run()
    assert None not in places
    assert 2 == lines.waiting(thread_id)


def test_a_cancel_ends_the_standing_in_line(road: Any) -> None:
    """At once; nothing is created, and the place in the line is given up."""
    stage, thread_id = _staged(road, Enqueue())
    lines, gate = Lines(), stage.clock.participant()
    ahead = lines.join(thread_id, lambda: None, waiting_max=9)
    stage.driver = stage.new_driver(lines=lines)

    def cancel_when_it_waits() -> None:
        while lines.waiting(thread_id) < 2:
            pass
        stage.driver.cancel()
        gate.leave()

    canceller = threading.Thread(target=cancel_when_it_waits, daemon=True)
    canceller.start()
    with pytest.raises(RunCancelled):
        stage.run()
    canceller.join(timeout=10)

    assert ahead is not None
    assert (1, []) == (lines.waiting(thread_id), stage.events)


# Sessions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_busy", [Reject(), Wait(), Enqueue()], ids=str)
def test_a_session_has_the_thread_for_itself(threads: Any, on_busy: OnBusy) -> None:
    """Its message and its runs go ahead; another one of the line is next when it is over."""
    stage, thread_id = _staged(threads, on_busy)
    lines, order, waiting = Lines(), list[str](), list[threading.Thread]()
    driver = stage.new_driver(lines=lines)

    def another() -> None:
        driver.run(stage.request, on_busy=Enqueue())
        order.append("another")

    def session() -> None:
        # A participant: virtual time waits for what is done between two runs.
        with stage.clock.participant(), driver.thread_session(thread_id) as thread:
            waiting.append(threading.Thread(target=another, daemon=True))
            waiting[0].start()
            thread.add_message("The report is attached.")
            while lines.waiting(thread_id) < 2:
                pass
            for number in range(2):
                assert S.COMPLETED is thread.run(stage.request).status
                order.append(f"session {number}")

    in_time(session)
    waiting[0].join(timeout=10)

    assert ["session 0", "session 1", "another"] == order


def test_a_session_of_tasks_has_the_thread_for_itself(tasks: Any) -> None:
    """As by threads."""
    stage, thread_id = _staged(tasks, Enqueue())
    order = list[str]()

    async def another(begun: anyio.Event) -> None:
        await begun.wait()
        await stage.driver.run(stage.request)
        order.append("another")

    async def session(begun: anyio.Event) -> None:
        # A participant: virtual time waits for what is done between two runs.
        with stage.clock.participant():
            async with stage.driver.thread_session(thread_id) as thread:
                begun.set()
                await anyio.wait_all_tasks_blocked()
                await thread.add_message("The report is attached.")
                for number in range(2):
                    assert S.COMPLETED is (await thread.run(stage.request)).status
                    order.append(f"session {number}")

    async def main() -> None:
        begun = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(another, begun)
            group.start_soon(session, begun)

    stage.play(main)

    assert ["session 0", "session 1", "another"] == order


def test_a_session_that_is_over_is_no_place_in_the_line(threads: Any) -> None:
    """A run on it after its block is the caller's mistake, and creates nothing."""
    stage, thread_id = _staged(threads, Enqueue())
    with stage.driver.thread_session(thread_id) as thread:
        pass

    with pytest.raises(CallerError, match="is over"):
        in_time(lambda: thread.run(stage.request))
    assert [] == stage.events


@pytest.mark.parametrize("on_busy", [Reject(), Wait(5), Enqueue(timeout_s=5)], ids=str)
def test_a_session_on_a_thread_that_is_held_does_not_begin(threads: Any, on_busy: OnBusy) -> None:
    """`ThreadBusy`, with the holder's name; and the line is free again."""
    listing = WIRES[threads.wire].listing
    threads.must(listing.value, listing)
    simulator, request, holder = _held_on(threads, HANGING)
    lines, backend = Lines(), threads.backend(simulator)
    policy = Policy(on_busy=on_busy)
    driver = RunDriver(backend, policy=policy, clock=simulator.clock, lines=lines)
    session = driver.thread_session(str(request.thread_id))

    with pytest.raises(ThreadBusy) as caught, session:
        raise AssertionError("it began")
    assert holder == caught.value.holder
    assert {} == lines._lines


# Messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["add_message", "find_message"])
def test_a_message_is_added_once(verb: str) -> None:
    """Its answer, or that of its look-up, was lost: it is on the thread once all the same."""
    simulator = stage()
    service = Troubled(simulator, {("add_message", 0): lost, (verb, 0): lost})
    driver = RunDriver(service, clock=simulator.clock)
    message_id = driver.add_message(simulator.backend.create_thread(), "Hello")
    (thread,) = simulator.world.store.threads.values()

    assert [message_id] == list(thread.messages)


def test_a_message_waits_for_the_holder(threads: Any) -> None:
    """It is on the thread when the other client's run is over; `Reject` names that run."""
    refusal = WIRES[threads.wire].refusals[Occasion.MESSAGE_WHILE_BUSY]
    threads.must(refusal.value, refusal)
    simulator, request, holder = _held_on(threads, SLOW)
    driver = RunDriver(threads.backend(simulator), clock=simulator.clock)
    thread_id = str(request.thread_id)

    with pytest.raises(ThreadBusy) as caught:
        driver.add_message(thread_id, "Hello")
    assert holder == caught.value.holder
    message_id = driver.add_message(thread_id, "Hello", on_busy=Wait())
    thread = simulator.world.store.thread(thread_id)
    assert message_id == list(thread.messages)[-1]
    assert S.COMPLETED is simulator.trace[-1].dest
