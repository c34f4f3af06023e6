"""Facts about virtual time: when it jumps, when it stands still, and that it never goes back."""

from __future__ import annotations

import gc
import math
import threading
from collections.abc import Callable

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from runfsm_simulator.world.clock import VirtualClock

BACKENDS = ["asyncio", "trio"]


def _in_thread(clock: VirtualClock, work: Callable[[], object]) -> threading.Thread:
    participant = clock.participant()

    def body() -> None:
        with participant:
            work()
        participant.leave()

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    return thread


async def _settle() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await anyio.lowlevel.checkpoint()


def test_it_starts_where_it_is_told_and_stands_still() -> None:
    """Two looks without anything between them show the same time."""
    clock = VirtualClock(start=100.0)
    assert 100.0 == clock.now() == clock.now()


@pytest.mark.parametrize("back", [-1.0, -1e-6])
def test_time_cannot_go_back(back: float) -> None:
    """A negative step is refused, and the time is as before."""
    clock = VirtualClock(start=100.0)

    with pytest.raises(ValueError, match="time can't go backwards"):
        clock.advance(back)
    assert 100.0 == clock.now()


def test_time_may_stay_where_it_is() -> None:
    """To move it by nothing is no mistake: a program may have nothing left to wait for."""
    clock = VirtualClock()
    before = clock.now()
    clock.advance(0)

    assert before == clock.now()


def test_an_onlooker_who_sleeps_moves_time_by_itself() -> None:
    """Code that is no participant is not waited for: its sleep is an advance."""
    clock = VirtualClock(start=0.0)
    held = clock.participant()
    clock.sleep(600.0)

    assert 600.0 == clock.now()
    held.leave()


@pytest.mark.parametrize("backend", BACKENDS)
def test_who_waits_for_a_ring_alone_makes_no_jump(backend: str) -> None:
    """Without a limit nobody is due: time goes to where others wait, and no further."""
    clock = VirtualClock(start=0.0)

    async def main() -> bool:
        alarm = clock.async_alarm()

        async def ring() -> None:
            await clock.async_sleep(5.0)
            alarm.ring()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ring)
            with clock.participant():
                return await alarm.wait(math.inf)

    assert (True, 5.0) == (anyio.run(main, backend=backend), clock.now())
    assert [] == clock._waiting


def test_an_alarm_that_was_rung_before_does_not_wait() -> None:
    """A ring is kept for the next wait, once."""
    clock = VirtualClock(start=0.0)
    alarm = clock.alarm()
    alarm.ring()

    assert (True, 0.0) == (alarm.wait(5.0), clock.now())
    assert (False, 5.0) == (alarm.wait(5.0), clock.now())


def test_two_threads_meet_time_in_the_order_of_their_sleeps() -> None:
    """Time jumps to the earliest sleeper only when both sleep: each wakes at its own moment."""
    clock = VirtualClock(start=0.0)
    log: list[tuple[str, float]] = []

    def sleeper(name: str, *naps: float) -> Callable[[], None]:
        def body() -> None:
            for nap in naps:
                clock.sleep(nap)
                log.append((name, clock.now()))

        return body

    gate = clock.participant()  # until both have begun, nobody may jump
    threads = [
        _in_thread(clock, sleeper("a", 1.0, 4.0)),
        _in_thread(clock, sleeper("b", 3.0, 3.0)),
    ]
    gate.leave()
    for thread in threads:
        thread.join(timeout=10)

    assert [("a", 1.0), ("b", 3.0), ("a", 5.0), ("b", 6.0)] == log


def test_work_holds_time() -> None:
    """While one participant works, another one's sleep does not end."""
    clock = VirtualClock(start=0.0)
    worker = clock.participant()
    woken = threading.Event()

    def nap() -> None:
        clock.sleep(10.0)
        woken.set()

    thread = _in_thread(clock, nap)
    assert not woken.wait(0.02)
    assert 0.0 == clock.now()

    worker.leave()
    thread.join(timeout=10)
    assert 10.0 == clock.now()


def test_a_ring_wakes_before_the_time() -> None:
    """Another thread's ring ends the wait at once, and no time has passed."""
    clock = VirtualClock(start=0.0)
    alarm = clock.alarm()
    ringer = clock.participant()
    answers: list[bool] = []
    thread = _in_thread(clock, lambda: answers.append(alarm.wait(10.0)))
    alarm.ring()
    thread.join(timeout=10)
    ringer.leave()

    assert ([True], 0.0) == (answers, clock.now())


def test_an_inner_participant_stands_in_for_the_outer_one() -> None:
    """A tool that drives a run of its own: while the inner one waits, both do, and time jumps."""
    clock = VirtualClock(start=0.0)
    with clock.participant() as outer:
        with clock.participant() as inner:
            clock.sleep(5.0)
        inner.leave()
        clock.sleep(2.0)
    outer.leave()

    assert 7.0 == clock.now()


def test_a_participant_that_is_forgotten_holds_nothing() -> None:
    """A task that was cancelled before it began never enters its participant: it is let go."""
    clock = VirtualClock(start=0.0)
    clock.participant()
    gc.collect()
    with clock.participant() as only:
        clock.sleep(1.0)
    only.leave()

    assert 1.0 == clock.now()


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_tasks_meet_time_in_order(backend: str) -> None:
    """A hundred tasks with a hundred naps: each wakes at its moment, in the order of moments."""
    clock = VirtualClock(start=0.0)
    log: list[tuple[float, int]] = []

    async def nap(number: int) -> None:
        participant = clock.participant()
        with participant:
            await clock.async_sleep(float(100 - number))
            log.append((clock.now(), number))
        participant.leave()

    async def main() -> None:
        gate = clock.participant()
        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(nap, number)
            await _settle()
            gate.leave()

    anyio.run(main, backend=backend)

    assert [(float(100 - n), n) for n in reversed(range(100))] == log


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_cancelled_task_leaves_the_list(backend: str) -> None:
    """A task that is cancelled in its sleep neither holds time nor is woken later."""
    clock = VirtualClock(start=0.0)

    async def nap() -> None:
        participant = clock.participant()
        try:
            with participant:
                await clock.async_sleep(10.0)
        finally:
            participant.leave()

    async def main() -> None:
        gate = clock.participant()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(nap)
            await _settle()
            tasks.cancel_scope.cancel()
        gate.leave()
        with clock.participant() as other:
            await clock.async_sleep(3.0)
        other.leave()

    anyio.run(main, backend=backend)

    assert 3.0 == clock.now()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_worker_threads_sleep_wakes_the_loop(backend: str) -> None:
    """A sync tool in a worker thread sleeps on the clock: the task that waits beside it wakes."""
    clock = VirtualClock(start=0.0)
    log: list[float] = []

    async def tool() -> None:
        participant = clock.participant()

        def body() -> None:
            with participant:
                clock.sleep(700.0)
            participant.leave()

        await anyio.to_thread.run_sync(body)

    async def main() -> None:
        with clock.participant() as waiter:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(tool)
                await anyio.lowlevel.checkpoint()
                await clock.async_alarm().wait(600.0)
                log.append(clock.now())
                waiter.leave()

    anyio.run(main, backend=backend)

    assert [600.0] == log
    assert 700.0 == clock.now()
