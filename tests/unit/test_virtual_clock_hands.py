"""Facts about who holds virtual time: inside or beside, rung or abandoned, and by hand."""

from __future__ import annotations

import math
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from runfsm_simulator.world.clock import (
    Abandoned,
    VirtualClock,
    VirtualParticipant,
    _from_any_thread,
)

loops = pytest.mark.parametrize("backend", ["asyncio", "trio"])


class Scene:
    """A clock at zero, tasks that take part in it, and what they tell.

    Nobody moves time before `gate` has left.
    """

    def __init__(self, tasks: Any) -> None:
        self.clock = VirtualClock(start=0.0)
        self.gate = self.clock.participant()
        self.log: list[tuple[str, float]] = []
        self._tasks = tasks

    async def begin(self, name: str, work: Callable[[], Awaitable[object]]) -> VirtualParticipant:
        """Somebody who does this and then tells; it waits, or is done, when this returns."""
        participant = self.clock.participant()

        async def body() -> None:
            with participant:
                await work()
                self.log.append((name, self.clock.now()))
            participant.leave()

        self._tasks.start_soon(body)
        await _settle()
        return participant


class TellingClock(VirtualClock):
    """Says when somebody waits: `waits` is set."""

    def __init__(self) -> None:
        super().__init__(start=0.0)
        self.waits = threading.Event()

    def _enlist(self, *args: Any) -> None:
        super()._enlist(*args)
        self.waits.set()


async def _settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


def _played(backend: str, play: Callable[[Scene], Awaitable[None]]) -> list[tuple[str, float]]:
    """What was told until all were done."""

    async def main() -> list[tuple[str, float]]:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                scene = Scene(tasks)
                await play(scene)
        return scene.log

    return anyio.run(main, backend=backend)


@loops
def test_who_was_rung_holds_time_until_it_waits_again(backend: str) -> None:
    """The other one's moment comes when the first has worked and left; its own is forgotten."""

    async def play(scene: Scene) -> None:
        alarm = scene.clock.async_alarm()

        async def woken() -> None:
            assert await alarm.wait(1.0)
            await _settle()

        async def napping() -> None:
            await scene.clock.async_sleep(0.5)
            await scene.clock.async_sleep(1.5)

        await scene.begin("rung", woken)
        await scene.begin("due", napping)
        alarm.ring()
        scene.gate.leave()

    assert [("rung", 0.0), ("due", 2.0)] == _played(backend, play)


@loops
def test_who_was_rung_is_not_woken_again_when_a_hand_moves_time(backend: str) -> None:
    """Its own moment passes; nobody holds time for it."""

    async def play(scene: Scene) -> None:
        alarm = scene.clock.async_alarm()
        await scene.begin("early", lambda: scene.clock.async_sleep(0.5))
        await scene.begin("rung", lambda: alarm.wait(1.0))
        alarm.ring()
        await _settle()
        scene.clock.advance(5.0)
        await _settle()
        scene.gate.leave()
        await scene.begin("due", lambda: scene.clock.async_sleep(2.0))

    assert [("rung", 0.0), ("early", 5.0), ("due", 7.0)] == _played(backend, play)


@loops
def test_a_ring_that_came_before_is_not_waited_for(backend: str) -> None:
    """It is kept for the next wait, once."""

    async def play(scene: Scene) -> None:
        alarm = scene.clock.async_alarm()
        alarm.ring()
        scene.gate.leave()
        for _ in range(2):
            scene.log.append((str(await alarm.wait(2.0)), scene.clock.now()))

    assert [("True", 0.0), ("False", 2.0)] == _played(backend, play)


@loops
def test_who_is_cancelled_in_its_wait_holds_time_again(backend: str) -> None:
    """It works on, and the other one's moment comes when it has left."""

    async def play(scene: Scene) -> None:
        scope = anyio.CancelScope()

        async def napping() -> None:
            with scope:
                await scene.clock.async_sleep(1.0)
            await _settle()

        await scene.begin("cancelled", napping)
        await scene.begin("due", lambda: scene.clock.async_sleep(2.0))
        scope.cancel()
        for _ in range(3):  # it has heard of it, and is still at work
            await anyio.lowlevel.checkpoint()
        scene.gate.leave()

    assert [("cancelled", 0.0), ("due", 2.0)] == _played(backend, play)


@loops
def test_who_takes_part_in_one_time_is_an_onlooker_of_another(backend: str) -> None:
    """Its sleep on the other clock moves that one, and holds nobody there."""

    async def play(scene: Scene) -> None:
        other = VirtualClock(start=100.0)
        await scene.begin("home", lambda: other.async_sleep(2.0))
        scene.log.append(("abroad", other.now()))
        scene.gate.leave()

    assert [("home", 0.0), ("abroad", 102.0)] == _played(backend, play)


@loops
def test_what_waits_for_one_that_has_left_is_abandoned(backend: str) -> None:
    """In the midst of its wait; and it holds nobody up."""

    async def play(scene: Scene) -> None:
        async def napping() -> None:
            with pytest.raises(Abandoned):
                await scene.clock.async_sleep(1.0)

        napper = await scene.begin("abandoned", napping)
        await scene.begin("due", lambda: scene.clock.async_sleep(2.0))
        napper.leave()
        await _settle()
        scene.gate.leave()

    assert [("abandoned", 0.0), ("due", 2.0)] == _played(backend, play)


@loops
def test_who_has_left_neither_waits_nor_holds_time(backend: str) -> None:
    """Its code may go on, but not on this clock."""

    async def play(scene: Scene) -> None:
        gone = scene.clock.participant()
        gone.leave()
        await scene.begin("due", lambda: scene.clock.async_sleep(2.0))
        with gone:
            scene.gate.leave()
            await _settle()
            scene.log.append(("gone", scene.clock.now()))
            with pytest.raises(Abandoned):
                await scene.clock.async_sleep(1.0)
        scene.log.append(("end", scene.clock.now()))

    assert [("due", 2.0), ("gone", 2.0), ("end", 2.0)] == _played(backend, play)


@loops
def test_who_is_outside_holds_nobody_up(backend: str) -> None:
    """It waits for whoever has the word."""

    async def play(scene: Scene) -> None:
        somebody = scene.clock.participant()
        with somebody:
            pass
        await scene.begin("due", lambda: scene.clock.async_sleep(2.0))
        scene.gate.leave()
        await _settle()
        scene.log.append(("outside", scene.clock.now()))
        somebody.leave()

    assert [("due", 2.0), ("outside", 2.0)] == _played(backend, play)


@loops
def test_who_is_inside_again_holds_time(backend: str) -> None:
    """As it did when it was made."""

    async def play(scene: Scene) -> None:
        await scene.begin("due", lambda: scene.clock.async_sleep(2.0))
        somebody = scene.clock.participant()
        with somebody:
            pass
        with somebody:
            scene.gate.leave()
            await _settle()
            scene.log.append(("held", scene.clock.now()))
        somebody.leave()

    assert [("held", 0.0), ("due", 2.0)] == _played(backend, play)


@loops
def test_an_outer_one_holds_time_again_when_the_inner_one_is_out(backend: str) -> None:
    """It was made to wait for as long as the inner one was in."""

    async def play(scene: Scene) -> None:
        await scene.begin("due", lambda: scene.clock.async_sleep(2.0))
        with scene.clock.participant() as outer:
            with scene.clock.participant() as inner:
                pass
            inner.leave()
            scene.gate.leave()
            await _settle()
            scene.log.append(("held", scene.clock.now()))
        outer.leave()

    assert [("held", 0.0), ("due", 2.0)] == _played(backend, play)


@loops
@pytest.mark.parametrize(("beside", "held_at"), [(True, 0.0), (False, 2.0)])
def test_who_works_beside_another_does_not_stand_in_for_it(
    backend: str, *, beside: bool, held_at: float
) -> None:
    """While the one beside sleeps, the other works, and time stands; an inner one sleeps for both.

    Unless it is said, whoever is made in another one's code is an inner one.
    """

    async def play(scene: Scene) -> None:
        with scene.clock.participant() as other:
            wish = {"beside": True} if beside else {}
            helper = scene.clock.participant(**wish)

            async def body() -> None:
                with helper:
                    await scene.clock.async_sleep(2.0)
                helper.leave()

            scene.gate.leave()
            scene._tasks.start_soon(body)
            await _settle()
            scene.log.append(("held", scene.clock.now()))
        other.leave()

    assert [("held", held_at)] == _played(backend, play)


@loops
@pytest.mark.parametrize(("nap_s", "now"), [(0.5, 0.5), (0.0, 0.0), (-1.0, 0.0)])
def test_a_sleep_takes_what_it_takes(backend: str, nap_s: float, now: float) -> None:
    """Half a second, or nothing; never less."""

    async def play(scene: Scene) -> None:
        scene.gate.leave()
        await scene.begin("due", lambda: scene.clock.async_sleep(nap_s))

    assert [("due", now)] == _played(backend, play)


@loops
def test_an_onlooker_who_waits_for_a_ring_alone_moves_no_time(backend: str) -> None:
    """It is due never, and takes no part."""

    async def play(scene: Scene) -> None:
        alarm = scene.clock.async_alarm()

        async def onlooker() -> None:
            scene.log.append((str(await alarm.wait(math.inf)), scene.clock.now()))

        scene._tasks.start_soon(onlooker)
        await _settle()
        alarm.ring()

    assert [("True", 0.0)] == _played(backend, play)


@loops
def test_time_by_hand_is_moved_by_nobody_else(backend: str) -> None:
    """Neither an onlooker nor those who take part; at its moment, each wakes."""

    async def play(scene: Scene) -> None:
        scene.clock = clock = VirtualClock(start=0.0, by_hand=True)

        async def onlooker() -> None:
            await clock.async_sleep(1.0)
            scene.log.append(("onlooker", clock.now()))

        scene._tasks.start_soon(onlooker)
        await scene.begin("due", lambda: clock.async_sleep(2.0))
        for step_s in (0.5, 0.5, 0.5, 0.5):
            scene.log.append(("hand", clock.now()))
            clock.advance(step_s)
            await _settle()

    assert [
        ("hand", 0.0),
        ("hand", 0.5),
        ("onlooker", 1.0),
        ("hand", 1.0),
        ("hand", 1.5),
        ("due", 2.0),
    ] == _played(backend, play)


# Threads -----------------------------------------------------------------------------------------


def test_a_thread_that_waits_for_one_that_has_left_is_abandoned() -> None:
    """In the midst of its sleep, which neither moves time nor holds it when the run is over."""
    clock, log = TellingClock(), []
    gate, napper = clock.participant(), clock.participant()

    def body() -> None:
        with napper, pytest.raises(Abandoned):
            clock.sleep(1.0)
        log.append(clock.now())

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    assert clock.waits.wait(timeout=10)
    napper.leave()
    thread.join(timeout=10)
    gate.leave()

    assert ([0.0], 0.0) == (log, clock.now())


@loops
def test_nobody_is_woken_in_a_loop_that_is_gone(backend: str) -> None:
    """A thread that comes too late for it is not told of that."""

    async def main() -> Callable[[], None]:
        return _from_any_thread(lambda: None)

    late = threading.Thread(target=anyio.run(main, backend=backend))
    late.start()
    late.join(timeout=10)

    assert not late.is_alive()
