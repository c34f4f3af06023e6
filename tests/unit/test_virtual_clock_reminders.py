"""Facts about reminders: who is told when time comes to a moment, and holds nobody up."""

from __future__ import annotations

import threading
from functools import partial

from runfsm_simulator.world.clock import VirtualClock


def _slept(clock: VirtualClock, seconds: float) -> bool:
    """Whether a participant comes back from its sleep."""
    participant = clock.participant()

    def body() -> None:
        with participant:
            clock.sleep(seconds)
        participant.leave()

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(timeout=10.0)
    return not thread.is_alive()


def test_on_its_way_time_stops_for_a_reminder() -> None:
    """It is told at its own moment; it has woken nobody, so time goes on."""
    clock = VirtualClock(start=0.0)
    told: list[float] = []
    clock.remind(4.0, lambda: told.append(clock.now()))

    assert _slept(clock, 10.0)
    assert ([4.0], 10.0) == (told, clock.now())


def test_reminders_come_in_the_order_of_time() -> None:
    """Whatever the order in which they were asked for; those of one moment in that order."""
    clock = VirtualClock(start=0.0)
    told: list[str] = []
    for moment, name in ((3.0, "late"), (1.0, "first"), (1.0, "second")):
        clock.remind(moment, partial(told.append, name))

    assert _slept(clock, 10.0)
    assert ["first", "second", "late"] == told


def test_a_hand_that_moves_time_reminds() -> None:
    """At the moment itself, or past it; not before, and once."""
    clock = VirtualClock(start=0.0)
    told: list[float] = []
    clock.remind(4.0, lambda: told.append(clock.now()))
    clock.advance_to(3.0)
    before = [*told]
    clock.advance_to(4.0)
    clock.advance_to(9.0)

    assert ([], [4.0]) == (before, told)


def test_time_does_not_go_to_a_reminder_for_its_own_sake() -> None:
    """Nobody waits: it stays where it is. Nor does one that comes later bring a sleep forward."""
    clock = VirtualClock(start=0.0)
    told: list[float] = []
    clock.remind(40.0, lambda: told.append(clock.now()))

    assert _slept(clock, 10.0)
    assert ([], 10.0) == (told, clock.now())


def test_who_is_rung_by_a_reminder_wakes_at_its_moment() -> None:
    """A wait ends there, and time with it."""
    clock = VirtualClock(start=0.0)
    rung: list[bool] = []
    participant = clock.participant()
    alarm = clock.alarm()
    clock.remind(4.0, alarm.ring)

    def body() -> None:
        with participant:
            rung.append(alarm.wait(10.0))
        participant.leave()

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(timeout=10.0)

    assert ([True], 4.0) == (rung, clock.now())
