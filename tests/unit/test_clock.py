"""Facts about real time as a port: alarms that ring early, late, twice, or from elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable

import anyio
import pytest

from runfsm.clock import AsyncAlarm, SystemAlarm, SystemClock

LONG_S = 60.0  # nobody waits that long: every test below rings
BACKENDS = ["asyncio", "trio"]

AsyncFact = Callable[[AsyncAlarm], Awaitable[object]]


class RungTooLate(threading.Event):
    """Somebody rings just after the waiting one has given up."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, and then be set."""
        answer = super().wait(timeout)
        self.set()
        return answer


def _with_alarm(backend: str, fact: AsyncFact) -> object:
    async def main() -> object:
        return await fact(SystemClock().async_alarm())

    return anyio.run(main, backend=backend)


def test_now_is_unix_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is the system's, in seconds since 1970."""
    monkeypatch.setattr(time, "time", lambda: 42.5)

    assert 42.5 == SystemClock().now()


def test_a_ring_is_kept_for_the_next_wait_once() -> None:
    """Two rings before a wait are one: that wait ends at once, the one after runs its time."""
    alarm = SystemClock().alarm()
    alarm.ring()
    alarm.ring()

    assert [True, False] == [alarm.wait(LONG_S), alarm.wait(0)]


@pytest.mark.parametrize("timeout_s", [0, 0.0, -1.0])
def test_a_wait_for_no_time_ends_at_once(timeout_s: float) -> None:
    """No time, or less, is no wait, and was not rung."""
    assert not SystemClock().alarm().wait(timeout_s)


def test_another_thread_rings() -> None:
    """A waiting thread is woken by another one, long before its time."""
    alarm = SystemClock().alarm()
    answers: list[bool] = []
    waiter = threading.Thread(target=lambda: answers.append(alarm.wait(LONG_S)))
    waiter.start()
    alarm.ring()
    waiter.join()

    assert [True] == answers


def test_a_ring_that_comes_just_too_late_is_kept() -> None:
    """A ring between the end of a wait and the next one wakes the next one; it is not lost."""
    alarm = SystemAlarm()
    alarm._rung = RungTooLate()

    assert [False, True] == [alarm.wait(0), alarm.wait(0)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("timeout_s", [0, -1.0])
def test_a_task_waits_for_no_time(backend: str, timeout_s: float) -> None:
    """No time, or less, is no wait for a task either."""
    assert False is _with_alarm(backend, lambda alarm: alarm.wait(timeout_s))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_ring_is_kept_for_the_next_task(backend: str) -> None:
    """Two rings before a wait are one, even if that wait is for no time at all."""

    async def fact(alarm: AsyncAlarm) -> list[bool]:
        alarm.ring()
        alarm.ring()
        return [await alarm.wait(0), await alarm.wait(0)]

    assert [True, False] == _with_alarm(backend, fact)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_ring_after_a_cancelled_wait_is_kept(backend: str) -> None:
    """A wait that was cancelled takes no ring with it."""

    async def fact(alarm: AsyncAlarm) -> bool:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await alarm.wait(LONG_S)
        alarm.ring()
        return await alarm.wait(0)

    assert True is _with_alarm(backend, fact)


@pytest.mark.parametrize("backend", BACKENDS)
def test_another_task_and_another_thread_ring(backend: str) -> None:
    """A waiting task is woken from its own loop and from outside of it."""

    async def fact(alarm: AsyncAlarm) -> list[bool]:
        answers = []
        async with anyio.create_task_group() as tasks:
            for ring in (_ring, _ring_in_a_thread):
                tasks.start_soon(ring, alarm)
                answers.append(await alarm.wait(LONG_S))
        return answers

    assert [True, True] == _with_alarm(backend, fact)


async def _ring(alarm: AsyncAlarm) -> None:
    alarm.ring()


async def _ring_in_a_thread(alarm: AsyncAlarm) -> None:
    await anyio.to_thread.run_sync(alarm.ring)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ringing_at_a_loop_that_is_gone_is_nothing(backend: str) -> None:
    """A cancel that comes when the loop has ended, in mid-wait, troubles nobody."""
    alarms: list[AsyncAlarm] = []
    raised: list[BaseException] = []

    async def fact(alarm: AsyncAlarm) -> None:
        alarms.append(alarm)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(alarm.wait, LONG_S)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()

    def ring() -> None:
        try:
            alarms[0].ring()
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is one too many
            raised.append(error)

    _with_alarm(backend, fact)
    thread = threading.Thread(target=ring)
    thread.start()
    thread.join()

    assert [] == raised


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_loops_may_ring_at_each_other_at_once(backend: str) -> None:
    """To ring is not to wait for the other loop: two that ring at one instant both go on."""
    alarms: dict[int, AsyncAlarm] = {}
    answers: list[bool] = []
    meeting = threading.Barrier(2, timeout=10)

    async def loop(number: int) -> None:
        alarms[number] = SystemClock().async_alarm()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait, number)
            await anyio.wait_all_tasks_blocked()
            meeting.wait()
            alarms[1 - number].ring()

    async def wait(number: int) -> None:
        answers.append(await alarms[number].wait(LONG_S))

    # Daemons: if they hold each other up, they do so for ever.
    threads = [
        threading.Thread(target=anyio.run, args=(loop, n), kwargs={"backend": backend}, daemon=True)
        for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=5)

    assert [True, True] == answers


def test_nobody_is_counted_in_real_time() -> None:
    """A participant may be entered again and again, and leave twice: real time does not mind."""
    participant = SystemClock().participant(beside=True)
    with participant as first, participant as second:
        first.leave()
        second.leave()

    assert participant is first is second
