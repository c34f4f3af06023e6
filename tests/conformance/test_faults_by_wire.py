"""Every fault that a storm knows, on every wire: driven to an honest end, or reasoned away.

A fault that is new in `world/storm.py` fails here until it is played; and on a wire where it does
not strike, until the wire's table says why it cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import isqrt
from typing import Any, Final

import pytest

from driving import in_time
from runfsm import Policy, RunDriver, RunRequest, RunStatus, Wait
from runfsm.errors import BackendError, FaultKind
from runfsm.lifecycle.wires import WIRES, Trait, Wire
from runfsm_simulator import Script, Seeded, Simulator, Storm, call, say
from runfsm_simulator.world.storm import REASONS
from runfsm_simulator.world.weather import Weather

S, K = RunStatus, FaultKind
TEXT: Final = "It rains in Paris, and it will go on raining until the evening."


@dataclass(frozen=True)
class Play:
    """How a fault is met.

    Attributes:
        ends: how the run comes to an end, or with which fault the driver gives up.
        strength: how likely the fault strikes; at a half, ever more seldom.
        cancels: whether the app cancels the run while it is at work.
        streams: whether the run is listened to.
        again: whether it is a second run, on the thread of one before.
        unlocked: how it ends otherwise, where nothing locks a thread.
        spared: how many chances pass before the first one at a half.
    """

    ends: RunStatus | FaultKind = S.COMPLETED
    strength: float = 1.0
    cancels: bool = False
    streams: bool = False
    again: bool = False
    unlocked: FaultKind | None = None
    spared: int = 0


ON_THE_WAY: Final = Play(strength=0.5)
LISTENED: Final = Play(streams=True)

PLAYS: Final[Mapping[str, Play]] = {
    "rate_limited": ON_THE_WAY,
    "quota": Play(K.QUOTA),
    "server_error": ON_THE_WAY,
    "timeout": ON_THE_WAY,
    "dropped": ON_THE_WAY,
    "error_after_effect": ON_THE_WAY,
    "timeout_after_effect": ON_THE_WAY,
    "dropped_after_effect": ON_THE_WAY,
    "malformed": Play(strength=0.5, spared=1),  # or else it is the wrong address
    "missing_after_write": Play(),
    "stale_look": Play(),
    "unknown_status": Play(),
    "missing_message": Play(),
    "stuck_queued": Play(S.EXPIRED),
    "stuck_in_progress": Play(S.EXPIRED),
    "nothing_after_outputs": Play(S.EXPIRED),
    "random_failure": Play(S.FAILED),
    "endless_cancelling": Play(S.CANCELLING, cancels=True),
    "completes_after_cancel": Play(cancels=True),
    "second_round": Play(),
    "duplicate_calls": Play(),
    "strange_call": Play(),
    "foreign_cancel": Play(S.CANCELLED),
    "foreign_run": Play(strength=0.5, again=True, unlocked=K.UNSUPPORTED),
    "lingering_lock_s": Play(strength=4.0, again=True),
    "cut": LISTENED,
    "no_done": LISTENED,
    "error_event": LISTENED,
    "hangs": LISTENED,
}


def why_not(fault: str, wire: Wire, backend: Any) -> Trait[Any] | None:
    """Why a wire, or what we have for it, cannot express a fault; `None`: it can."""
    there: Mapping[str, Trait[Any]] = {
        "missing_message": wire.messages,
        "lingering_lock_s": wire.lock,
    }
    if fault in there:
        return None if there[fault].value else there[fault]
    if fault in {"endless_cancelling", "completes_after_cancel"}:
        return None if wire.cancel.value == "asked" else wire.cancel
    if fault == "duplicate_calls":  # in `required_action`, which is a list of the service's own
        waiting = wire.statuses[S.REQUIRES_ACTION]
        return None if waiting.value == "native" else waiting
    if PLAYS[fault].streams:
        return None if hasattr(backend, "stream_create") else wire.streaming
    return None


class MoreSeldom(Seeded):
    """Choices from a seed; but a fault of one half strikes at its first chance, the 4th, the 9th.

    So it meets calls of every kind, and no two attempts at one call in the same way.

    Args:
        spared: how many chances pass before that.
    """

    def __init__(self, spared: int) -> None:
        super().__init__()
        self.chances = -spared

    def between(self, stream: str, low: float, high: float) -> float:
        """See `Seeded`."""
        if stream.removeprefix("fault:") not in PLAYS or high != 1.0:
            return super().between(stream, low, high)
        self.chances += 1
        return high if isqrt(max(0, self.chances)) ** 2 == self.chances > 0 else low


@pytest.fixture
def struck(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The faults that have struck, at anything."""
    found: list[str] = []
    strikes, lingers_s = Weather.strikes, Weather.lingers_s

    def noting(self: Weather, fault: str, *args: Any, **kwargs: Any) -> bool:
        has_struck = strikes(self, fault, *args, **kwargs)
        found.extend([fault] * has_struck)
        return has_struck

    def lingering(self: Weather, *args: Any) -> float:
        seconds = lingers_s(self, *args)
        found.extend(["lingering_lock_s"] * bool(seconds))
        return seconds

    monkeypatch.setattr(Weather, "strikes", noting)
    monkeypatch.setattr(Weather, "lingers_s", lingering)
    return found


def _play(road: Any, fault: str) -> RunStatus | FaultKind | None:
    """How a run in such weather ends."""
    play = PLAYS[fault]
    storm = Storm(**{fault: play.strength})
    turns = (call("look", queue_s=1, work_s=2), say(TEXT, queue_s=1, work_s=4))
    script = Script.of(*turns[play.cancels :], cancel_s=1)
    simulator = Simulator(script, chooser=MoreSeldom(play.spared), storm=storm)
    assistant_id = simulator.create_assistant()
    backend = road.backend(simulator)
    driver = RunDriver(
        backend, [_look], policy=Policy(on_busy=Wait(), cancel_grace_s=20), clock=simulator.clock
    )
    thread_id = None
    if play.again:
        simulator.control.storm = storm if fault == "lingering_lock_s" else Storm()
        thread_id = driver.run(RunRequest(assistant_id, "Hello", key="first")).ref.thread_id
        simulator.control.storm = storm
    request = RunRequest(assistant_id, "How is it?", thread_id, key="run")
    watch: Any = (driver.stream if play.streams else driver.watch)(request)
    try:
        in_time(partial(_hear, watch, cancels=play.cancels))
    except BackendError as error:
        return error.fault.kind
    status: RunStatus = watch.outcome.status
    if status is S.COMPLETED:
        assert TEXT == watch.outcome.text
    return status


def _hear(watch: Any, *, cancels: bool) -> None:
    for item in watch:
        edge = getattr(item, "edge", None)
        if cancels and edge and edge.dest is S.IN_PROGRESS:
            watch.cancel()


def _look() -> str:
    """Look out of the window."""
    return "rain"


_look.__name__ = "look"


def test_every_fault_is_in_the_table() -> None:
    """Each field of `Storm` that is a fault, in its order: none is forgotten."""
    assert [*REASONS] == [*PLAYS]


@pytest.mark.parametrize("fault", PLAYS)
@pytest.mark.parametrize("wire", WIRES)
def test_a_fault_is_driven_or_cannot_be(
    wires: Mapping[str, Any], wire: str, fault: str, struck: list[str]
) -> None:
    """It strikes, and the run ends as the table above has it; or the wire's says why it cannot.

    Of an end that the service does not tell: as the library's own deadline has it.
    """
    if wire not in wires:
        pytest.skip(f"this client does not speak {wire}")
    ended = _play(wires[wire], fault)
    reason = why_not(fault, WIRES[wire], wires[wire].backend(Simulator()))

    assert (reason is None) == (fault in struck), f"{struck}: {reason}"
    if reason:
        pytest.skip(f"{wire} cannot express {fault}: {reason.told}")
    locks = WIRES[wire].lock.value is not None
    assert (PLAYS[fault].ends if locks else PLAYS[fault].unlocked or PLAYS[fault].ends) is ended
