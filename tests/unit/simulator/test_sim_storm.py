"""A storm itself: what it may be, when it comes, and what it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import openai
import pytest

from runfsm.errors import BackendError, CallerError
from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm_simulator import Seeded, Simulator, Storm
from runfsm_simulator.world import weather
from runfsm_simulator.world.storm import REASONS
from struck import OverPort

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

T = TypeVar("T")


# The storm as a value -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "example"),
    [
        ({"timeout": 20}, "timeout=0.2"),
        ({"timeout": -0.1}, "timeout=0.2"),
        ({"timeout": True}, "timeout=0.2"),
        ({"timeout": "0.5"}, "timeout=0.2"),
        ({"timeout": float("nan")}, "timeout=0.2"),
        ({"lingering_lock_s": -1}, "lingering_lock_s=60"),
        ({"heal_after_s": float("inf")}, "heal_after_s=60"),
    ],
)
def test_a_storm_that_cannot_be(fields: dict[str, Any], example: str) -> None:
    """Each number is checked, and the right form shown."""
    with pytest.raises(CallerError, match=example):
        Storm(**fields)


def test_a_storm_is_printed_as_what_repeats_it() -> None:
    """Only what is on; a drawn one can be pasted into a test."""
    storm = Storm.swarm(Seeded(7), heal_after_s=60)

    assert storm == eval(repr(storm), {"Storm": Storm})  # noqa: S307  # our own text
    assert "Storm()" == repr(Storm())


def test_every_fault_has_its_source() -> None:
    """Every field but `heal_after_s` says what it does, and where it is known from."""
    fields = set(Storm.__dataclass_fields__) - {"heal_after_s"}

    assert fields == set(REASONS)
    assert all(reason.rule and reason.evidence.source for reason in REASONS.values())


def test_a_hypothesis_that_shrinks_comes_to_no_fault() -> None:
    """Of the lowest draw, nothing strikes, whatever the probability below 1."""

    class Lowest(Seeded):
        def between(self, _stream: str, low: float, _high: float) -> float:
            return low

        def pick(self, _stream: str, options: Sequence[T]) -> T:
            return options[0]

    calm = weather.Weather(Storm(**dict.fromkeys(REASONS, 0.999)), Lowest(), since=0)

    assert not any(calm.strikes(fault, 0) for fault in REASONS)
    assert Storm() == Storm.swarm(Lowest())


# Time, and coming back ----------------------------------------------------------------------------


def test_it_heals_by_itself(client: Any) -> None:
    """After so many seconds nothing strikes any more."""
    here = client(server_error=1, heal_after_s=60)
    with pytest.raises(BackendError):
        here.create()
    here.sim.clock.advance(60)
    here.create()

    assert "queued" == here.status()


def test_a_storm_comes_and_goes() -> None:
    """It can be set in mid-life, and healed."""
    here = OverPort()
    here.create()
    here.sim.control.storm = Storm(dropped=1)
    with pytest.raises(BackendError, match="Connection error"):
        here.status()
    here.sim.control.heal()

    assert (Storm(), "queued") == (here.sim.control.storm, here.status())


def test_a_storm_belongs_to_its_world() -> None:
    """A snapshot has the storm of its time; a reset begins the first one again; a fork has it."""
    first, second = Storm(quota=1, heal_after_s=9), Storm(timeout=1)
    sim = Simulator(storm=first)
    snapshot = sim.control.save()
    sim.control.storm = second
    assert second == sim.fork().control.storm
    sim.control.restore(snapshot)
    assert first == sim.control.storm
    sim.control.storm = second
    sim.clock.advance(60)
    sim.control.reset()

    assert first == sim.control.storm
    assert not sim.world.is_calm


def test_a_restored_world_has_shown_nothing() -> None:
    """A look after a restore does not show what a future that is not any more had shown."""
    here = OverPort(storm=Storm(stale_look=1))
    here.create()
    snapshot = here.sim.control.save()
    here.sim.clock.advance(3)
    assert "completed" == here.status()
    here.sim.control.restore(snapshot)

    assert "queued" == here.status()


def test_the_hand_that_sets_a_stage_is_sheltered() -> None:
    """In the worst of storms a stage can be set; then the storm is on."""
    worst = Storm(**dict.fromkeys(REASONS, 1))
    sim = Simulator(storm=worst)
    sim.add_message(sim.create_thread(), "Hi")
    refs = [sim.control.seed.run(status) for status in RunStatus]
    statuses = [sim.world.store.runs[ref.run_id].status for ref in refs]

    assert [*RunStatus] == statuses
    assert worst == sim.control.storm


def test_a_fault_tells_why() -> None:
    """The answer that it made leads to what it does, and to its source."""
    sim = Simulator(storm=Storm(quota=1))
    with sim.client(max_retries=0) as sdk, pytest.raises(openai.RateLimitError) as it:
        sdk.beta.threads.create()

    assert [REASONS["quota"]] == [*sim.control.why(it.value.request_id).reasons]


def test_a_fault_that_is_off_is_not_asked_for() -> None:
    """A chooser hears of the faults that are on, and of no other."""
    asked: list[str] = []

    class Listening(Seeded):
        def between(self, stream: str, low: float, high: float) -> float:
            asked.append(stream)
            return super().between(stream, low, high)

    here = OverPort(storm=Storm(timeout=1e-9), chooser=Listening())
    here.create()
    here.sim.clock.advance(60)

    assert "completed" == here.status()
    assert {"fault:timeout"} == {stream for stream in asked if stream.startswith("fault:")}
    assert LIFECYCLE.terminal >= set(here.runs)
