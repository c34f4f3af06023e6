"""A state that is saved while it is served: when, how often, and what happens when it cannot be."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from runfsm.errors import CallerError
from runfsm_simulator import Simulator
from runfsm_simulator.doors import autosave
from runfsm_simulator.doors.autosave import Autosave
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.statelock import held
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world.script import Script, say

HEADERS = {"openai-beta": "assistants=v2", "authorization": "Bearer sk", "host": "127.0.0.1"}


class Bench:
    """Served worlds, how they are saved, and a time that passes only while they are."""

    def __init__(self, folder: Path, *, every_s: float = 1.0, took_s: float = 0.0) -> None:
        self.path = folder / "worlds.json"
        script = Script.of(say("Hello!", queue_s=1, work_s=1))
        self.worlds = Worlds(lambda: Simulator(script, pacing="everybody"))
        self._times = iter([0.0, took_s] * 1_000)
        self.saving = Autosave(
            self.worlds, self.path, every_s=every_s, now=lambda: next(self._times)
        )
        self._side_door = SideDoor(self.worlds)

    def ask(self, method: str, path: str, body: bytes = b"") -> Any:
        asked = Request(method, path, headers=HEADERS, body=body)
        if path.startswith("/_sim/"):
            return self._side_door.handle(asked, peer="127.0.0.1").json()
        return self.worlds.handle(asked).json()

    def saved(self) -> bool:
        """Save; and say whether the file was written."""
        before = self.saving.saves
        self.saving.save()
        return self.saving.saves > before


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench whose saves take no time."""
    return Bench(tmp_path)


def test_nothing_is_written_when_nothing_has_changed(bench: Bench) -> None:
    """Neither before the first request, nor after one that only looks."""
    idle = bench.saved()
    bench.ask("POST", "/v1/threads")
    changed = bench.saved(), bench.saved()
    bench.ask("GET", "/v1/models")

    assert (False, (True, False), False) == (idle, changed, bench.saved())


def test_what_happens_by_itself_is_a_change(bench: Bench) -> None:
    """A run moves, and virtual time goes on, while its client only looks at it."""
    run = bench.ask("POST", "/_sim/runs", b'{"status": "queued"}')
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    bench.saving.save()
    seen = [(bench.ask("GET", path)["status"], bench.saved()) for _ in range(4)]
    moved = ["in_progress", "in_progress", "completed"]
    assert [("queued", False), *((status, True) for status in moved)] == seen


def test_the_side_door_changes_worlds_too(bench: Bench) -> None:
    """By hand, as a client; a look through it does not."""
    bench.ask("POST", "/v1/threads")
    bench.saving.save()
    bench.ask("POST", "/_sim/assistants", b'{"id": "asst_1"}')
    by_hand = bench.saved()
    bench.ask("GET", "/_sim/clock")

    assert (True, False) == (by_hand, bench.saved())


def test_a_change_while_it_is_saved_is_saved_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have come too late for the first."""
    dump = bench.worlds.dump

    def meanwhile(path: Any) -> None:
        dump(path)
        bench.ask("POST", "/v1/threads")

    bench.ask("POST", "/v1/threads")
    monkeypatch.setattr(bench.worlds, "dump", meanwhile)
    bench.saving.save()
    monkeypatch.setattr(bench.worlds, "dump", dump)

    assert bench.saved()


@pytest.mark.parametrize(("took_s", "pause_s"), [(0.01, 1.0), (0.5, 4.5)])
def test_saving_takes_a_tenth_of_the_time_at_most(
    tmp_path: Path, took_s: float, pause_s: float
) -> None:
    """The next save waits nine times as long as this one took, if that is longer."""
    bench = Bench(tmp_path, took_s=took_s)
    bench.ask("POST", "/v1/threads")

    assert pause_s == bench.saving.save()


def test_a_longer_period_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With the number of seconds that a kill loses then."""
    bench = Bench(tmp_path, took_s=0.5)
    for _ in range(3):
        bench.ask("POST", "/v1/threads")
        bench.saving.save()

    told = "a save of the state takes 0.5 s, so it is saved every 4.5 s instead of 1 s; a kill"
    assert [f"{told} loses as much"] == caplog.messages


def test_a_save_that_fails_is_told_of_once_and_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What the file held, it holds; a later success is told of too."""
    bench.ask("POST", "/v1/threads")
    bench.saving.save()
    before = bench.path.read_bytes()
    caplog.set_level(logging.WARNING, autosave.__name__)

    def full(path: Any) -> None:
        raise CallerError(f"the state cannot be written to {path.name}: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(bench.worlds, "dump", full)
        bench.ask("POST", "/v1/threads")
        pauses = [bench.saving.save() for _ in range(3)]
    unchanged = before == bench.path.read_bytes()

    assert ([1.0] * 3, True, 3) == (pauses, unchanged, bench.saving.failures)
    assert bench.saved()
    full_disk = "the state cannot be written to worlds.json: No space left on device"
    assert [
        f"{full_disk}; serving goes on, and it is tried again",
        f"the state is saved to {bench.path} again",
    ] == caplog.messages


def test_the_last_state_is_written_at_the_end(tmp_path: Path) -> None:
    """Also if the first period has not passed; and a file is there even if nothing was done."""
    bench = Bench(tmp_path, every_s=3600)
    with bench.saving:
        bench.ask("POST", "/v1/threads")
        thread = bench.ask("POST", "/v1/threads")["id"]

    assert thread in bench.path.read_text(encoding="utf-8")


def test_a_file_is_held_once(tmp_path: Path) -> None:
    """By this process, and by no other holder until it lets go; then by the next."""
    path = tmp_path / "worlds.json"
    refused = pytest.raises(CallerError, match=r"worlds\.json is held by another server")
    with held(path), refused, held(path):
        pytest.fail("it is held twice")
    with held(path):
        pass


def test_a_lock_that_cannot_be_made_is_told_of(tmp_path: Path) -> None:
    """In one line that names the file."""
    (tmp_path / "worlds.json.lock").mkdir()
    refused = pytest.raises(CallerError, match=r"worlds\.json cannot be locked by .*\.lock: ")
    with refused, held(tmp_path / "worlds.json"):
        pytest.fail("it is held")
