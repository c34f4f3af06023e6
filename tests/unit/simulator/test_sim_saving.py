"""The whole world kept, come back to, doubled; and begun again."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from runfsm import SystemClock
from runfsm.errors import CallerError
from runfsm.lifecycle import RunEvent, RunStatus
from runfsm_simulator import Scene, Script, Seeded, Simulator, Turn, VirtualClock, call, hang, say
from runfsm_simulator.doors.control import SNAPSHOTS_MAX
from runfsm_simulator.wire.http import Request

HEADERS = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
THEN = Script.of(call("ask"), say("Then."))


def future(sim: Simulator) -> list[dict[str, Any]]:
    """What comes of a world in an hour, with every choice and id that is still to be made."""
    thread_id, assistant_id = sim.create_thread(), sim.create_assistant()
    sim.add_message(thread_id, "Hi")
    sim.world.create_run(thread_id, assistant_id)
    sim.clock.advance(3600)
    return [entry.to_dict() for entry in sim.trace]


def test_a_restored_world_has_the_same_future() -> None:
    """Latencies, ids, the agenda and the time are as they were: the same hour passes again."""
    sim = Simulator(THEN)
    sim.control.seed.run()
    sim.clock.advance(1)
    snapshot = sim.control.save()
    hours = [future(sim)]
    for _ in range(2):
        sim.control.restore(snapshot)
        hours.append(future(sim))

    assert hours[0] == hours[1] == hours[2]
    assert len({entry["run_id"] for entry in hours[0]}) == 2


def test_what_happens_after_a_save_does_not_reach_it() -> None:
    """A run, its steps and its thread's messages are those of that moment."""
    sim = Simulator(Script.of(say("Hello!", queue_s=1, work_s=2)))
    ref = sim.control.seed.run()
    snapshot = sim.control.save()
    sim.clock.advance(10)
    assert "completed" == sim.backend.retrieve(ref).raw_status
    sim.control.restore(snapshot)
    run = sim.world.store.runs[ref.run_id]

    assert RunStatus.QUEUED is run.status
    assert {} == run.steps
    assert ["user"] == [message.role for message in run.thread.messages.values()]
    assert run is sim.world.store.threads[ref.thread_id].runs[ref.run_id]


def test_time_goes_back_on_no_clock() -> None:
    """The world that comes back has another clock; the one before stands where it stood."""
    sim = Simulator()
    before, began = sim.clock, sim.clock.now()
    snapshot = sim.control.save()
    before.advance(60)
    sim.control.restore(snapshot)

    assert (began + 60, began) == (before.now(), sim.clock.now())
    assert before is not sim.clock


def test_real_time_passes_only_in_the_world_that_lives() -> None:
    """A run in a world that is kept for an hour does not expire meanwhile."""
    now = SimpleNamespace(s=0.0)

    class Watch(SystemClock):
        def __init__(self, shows: float = 0.0) -> None:
            super().__init__()
            self.ahead = shows - now.s

        def now(self) -> float:
            return now.s + self.ahead

        def starting_at(self, moment: float) -> Watch:
            return Watch(moment)

    sim = Simulator(Script.of(hang()), clock=Watch())
    ref = sim.control.seed.run(RunStatus.IN_PROGRESS)
    now.s = 590
    snapshot = sim.control.save()
    now.s = 3600
    assert "expired" == sim.backend.retrieve(ref).raw_status
    sim.control.restore(snapshot)
    now.s += 9
    assert "in_progress" == sim.backend.retrieve(ref).raw_status
    now.s += 1
    assert "expired" == sim.backend.retrieve(ref).raw_status


def test_a_clock_that_cannot_begin_again_is_told_of() -> None:
    """The error names what it lacks; the world goes on."""
    sim = Simulator(clock=SimpleNamespace(now=lambda: 0.0))  # type: ignore[arg-type]  # a clock
    with pytest.raises(CallerError, match="starting_at"):
        sim.control.save()
    assert () == sim.control.snapshots


def test_a_fork_goes_its_own_way() -> None:
    """Neither world sees what the other does; both had the same future."""
    one = Simulator(THEN)
    ref = one.control.seed.run()
    two = one.fork()
    two.control.fire(ref.run_id, RunEvent.EXPIRE)
    two.clock.advance(5)

    assert RunStatus.QUEUED is one.world.store.runs[ref.run_id].status
    assert RunStatus.EXPIRED is two.world.store.runs[ref.run_id].status
    assert 5 == two.clock.now() - one.clock.now()
    assert future(one.fork()) == future(one)


def test_a_fork_is_a_simulator_like_the_first() -> None:
    """Its pacing, and the form of its bodies, are the same."""
    one = Simulator(Script.of(hang()), profile="spec", pacing="everybody")
    two = one.fork()
    thread_id = two.create_thread()
    with two.client() as client:
        message = client.post(
            f"/threads/{thread_id}/messages",
            body={"role": "user", "content": "Hi"},
            cast_to=object,
            options={"headers": {"OpenAI-Beta": "assistants=v2"}},
        )
    assert isinstance(message, dict)
    assert "status" in message


def test_the_planner_is_shared() -> None:
    """A program is not copied: what it counts, it counts over all worlds."""
    asked = []

    def planner(scene: Scene) -> Turn:
        asked.append(scene.round)
        return say("So be it.")

    sim = Simulator(planner)
    snapshot = sim.control.save()
    for _ in range(3):
        sim.control.restore(snapshot)
        sim.control.seed.run()

    assert [0, 0, 0] == asked


def test_the_script_of_that_moment_comes_back() -> None:
    """One that was loaded since is gone again; and `reset` brings back the first."""
    sim = Simulator(Script.of(say("First.")))
    snapshot = sim.control.save()
    for comeback in (lambda: sim.control.restore(snapshot), sim.control.reset):
        sim.control.play(Script.of(hang()))
        comeback()
        sim.control.seed.run()
        sim.clock.advance(100)
        assert "complete" == sim.trace[-1].event


def test_reset_begins_again() -> None:
    """The same time, the same ids, the same latencies, and nothing that was."""
    sim = Simulator(THEN, seed=3)
    first = future(sim)
    sim.control.reset()

    assert {} == sim.world.store.threads == sim.world.store.assistants
    assert first == future(sim) == future(Simulator(THEN, seed=3))


def test_reset_takes_another_seed() -> None:
    """As a simulator that was made with it."""
    sim = Simulator(THEN, seed=3)
    sim.control.reset(seed=4)

    assert future(Simulator(THEN, seed=4)) == future(sim)


def test_a_chooser_of_ones_own_goes_on_after_a_reset() -> None:
    """Nobody can say how it would begin again."""
    sim = Simulator(THEN, chooser=Seeded(5))
    first = future(sim)
    sim.control.reset()

    assert first != future(sim)


def test_real_time_does_not_begin_again() -> None:
    """A reset leaves a clock alone that goes by itself."""
    clock = SystemClock()
    sim = Simulator(clock=clock)
    sim.control.reset()

    assert clock is sim.clock


@pytest.mark.parametrize("comeback", ["restore", "reset"])
def test_a_stream_of_a_world_that_is_gone_ends(comeback: str) -> None:
    """Its reader is not left waiting in a future that is not any more, even on a clock by hand."""
    sim = Simulator(Script.of(hang()), clock=VirtualClock(by_hand=True))
    ref = sim.control.seed.run(RunStatus.CANCELLED)
    snapshot = sim.control.save()
    body = json.dumps({"assistant_id": sim.create_assistant(), "stream": True}).encode()
    path = f"/v1/threads/{ref.thread_id}/runs"
    answer = sim.handle(Request("POST", path, headers=HEADERS, body=body))
    assert answer.stream is not None
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.extend(answer.stream or ()))
    reader.start()
    if comeback == "restore":
        sim.control.restore(snapshot)
    else:
        sim.control.reset()
    reader.join(timeout=10)

    assert not reader.is_alive()
    assert b"[DONE]" not in b"".join(read)


def test_as_many_snapshots_are_kept_as_are_allowed() -> None:
    """One more is refused; after one is dropped there is room again."""
    sim = Simulator()
    kept = [sim.control.save() for _ in range(SNAPSHOTS_MAX)]
    with pytest.raises(CallerError, match="drop one first"):
        sim.control.save()
    sim.control.drop(kept[0])

    assert sim.control.save() not in kept
    assert kept[1] == sim.control.snapshots[0]


@pytest.mark.parametrize("use", ["restore", "drop"])
def test_an_unknown_snapshot_is_told_those_that_there_are(use: str) -> None:
    """And nothing changes."""
    sim = Simulator()
    kept = sim.control.save()
    with pytest.raises(CallerError, match=f"no snapshot snap_9; kept: {kept}"):
        getattr(sim.control, use)("snap_9")
    assert (kept,) == sim.control.snapshots
