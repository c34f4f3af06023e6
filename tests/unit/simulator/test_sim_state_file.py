"""Worlds in a file: nothing is forgotten, the same future follows, and a wrong file is refused."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from runfsm import SystemClock
from runfsm.errors import CallerError
from runfsm.lifecycle import RunEvent, RunStatus
from runfsm_simulator import (
    Script,
    Simulator,
    Storm,
    between,
    call,
    code_interpreter,
    hang,
    say,
    scenarios,
)
from runfsm_simulator.doors.worlds import WORLD_HEADER, Worlds
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.happenings import Happenings
from runfsm_simulator.world.instant import SAVED
from runfsm_simulator.world.models import NewMessage
from runfsm_simulator.world.plain import KEPT
from runfsm_simulator.world.weather import Shown

STATE = "worlds.json"

#: What a world is made of beside what is kept: given anew, or made anew and tied together again.
TIED = {
    "store": set(),
    "files": {"_present", "_chooser"},
    "_engine": {"_runs", "_clock", "_chooser", "happenings", "_output", "_agenda", "cancel_s"}
    | {"weather", "post"},
    "_engine.post": {"receivers", "_chooser"},
    "_engine._agenda": set(),
    "_engine.weather": {"shown", "_chooser"},
    "_chooser.inner": {"seed", "_streams"},  # both in `choices`
}

RICH = Script.of(
    call("look", at="here", queue_s=1, work_s=2),
    say("So there.", work_s=between(8, 9)).after(code_interpreter("print(1)", logs="1")),
)


def until(sim: Simulator, holds: Callable[[], bool]) -> None:
    """Let time pass until something holds."""
    while not holds():
        sim.clock.advance(0.25)
        sim.control.next_due()


def rich(script: Any = RICH, **options: Any) -> Simulator:
    """A simulator in the middle of everything: of all statuses, of writing, indexing, deleting."""
    sim = Simulator(script, storm=Storm(lingering_lock_s=5, heal_after_s=500), **options)
    for status in RunStatus:
        sim.control.seed.run(status)
    file = sim.world.files.upload("a.bin", bytes(range(256)), "vision", lifetime_s=60)
    sim.world.files.create_store([file.id], name="Index")
    assistant = sim.world.create_assistant(
        model="m", name="Bob", metadata={"$ref": "1"}, tools=({"type": "code_interpreter"},)
    )
    thread = sim.world.create_thread([NewMessage("user", ("Hi", {"type": "image_url"}))])
    run = sim.world.create_run(thread.id, assistant.id, max_prompt_tokens=1000)
    until(sim, lambda: run.status is RunStatus.REQUIRES_ACTION)
    sim.world.submit(run.id, [(one.call_id, "yes") for one in run.calls])
    until(sim, lambda: any(step.draft for step in run.steps.values()))
    written = next(step.message for step in run.steps.values() if step.message)
    sim.world.store.delete_message(thread.id, written.id)
    sim.world.files.attach(sim.world.files.create_store().id, file.id)
    return sim


def copied(sim: Simulator, folder: Path, script: Any = RICH) -> Simulator:
    """Another simulator that has loaded what this one has dumped."""
    sim.control.dump(folder / STATE)
    other = Simulator(script)
    other.control.load(folder / STATE)
    return other


# Nothing is forgotten ----------------------------------------------------------------------------


def parts(thing: Any) -> dict[Any, Any]:
    """What a thing consists of, by name or by place."""
    match thing:
        case Mapping():
            return {**thing, "its order": str([*thing])}
        case list() | tuple() | deque():
            return dict(enumerate(thing))
        case random.Random():
            return {"state": thing.getstate()}
    if is_dataclass(thing):  # without what it has worked out and kept
        return {field.name: getattr(thing, field.name) for field in fields(thing)}
    return dict(vars(thing)) if type(thing).__module__.startswith("runfsm_simulator") else {}


def can_change(thing: Any) -> bool:
    """Whether it matters that it is one thing, and not two that are alike."""
    frozen = isinstance(thing, BaseModel) or (
        is_dataclass(thing) and thing.__dataclass_params__.frozen  # type: ignore[attr-defined]  # has it
    )
    return type(thing).__module__.startswith("runfsm_simulator") and not frozen


def differences(one: Any, two: Any, where: str, met: dict[int, int]) -> list[str]:
    """Where two worlds are not alike. What is one thing in the one is one thing in the other."""
    if isinstance(one, VirtualClock | Happenings | Shown):  # given anew, or made anew
        return [] if type(one) is type(two) else [where]
    if can_change(one):
        if id(one) in met:
            return [] if met[id(one)] == id(two) else [f"{where}: another one"]
        met[id(one)] = id(two)
    inner, other = parts(one), parts(two)
    if not inner or inner.keys() != other.keys():
        return [] if one == two else [f"{where}: {one!r:.200} {two!r:.200}"]
    return [
        found
        for key in inner
        for found in differences(inner[key], other[key], f"{where}.{key}", met)
    ]


def test_a_world_that_is_loaded_is_alike_in_every_attribute(tmp_path: Path) -> None:
    """All that a world is made of, thing by thing; so a field that is forgotten is found."""
    sim = rich()
    other = copied(sim, tmp_path)
    met: dict[int, int] = {}
    found = [
        difference
        for name in SAVED
        if name not in {"planner", "_planning"}
        for difference in differences(
            getattr(sim.world, name), getattr(other.world, name), name, met
        )
    ]

    assert [] == found
    assert len(met) > 50  # it has been all over the world


@pytest.mark.parametrize("holder", TIED)
def test_what_holds_a_world_holds_nothing_else(holder: str) -> None:
    """An attribute that is new is either kept in the file, or it is said here that it is not."""
    kept = {
        path.rpartition(".")[2] for path, _ in KEPT.values() if path.rpartition(".")[0] == holder
    }

    assert kept - {"choices"} | TIED[holder] == set(vars(attrgetter(holder)(Simulator().world)))


def test_every_holder_is_looked_at() -> None:
    """The test above knows all that the table of what is kept names."""
    assert {path.rpartition(".")[0] for path, _ in KEPT.values()} == {*TIED}


@pytest.mark.parametrize("name", scenarios.names())
def test_the_same_future_follows(name: str, tmp_path: Path) -> None:
    """Whenever in a scenario it is dumped: every edge, id, latency and word is the same."""
    for moment in (0.0, 1.5, 3.0, 11.0, 700.0):
        sim = Simulator(scenarios.load(name), seed=7)
        ref = sim.control.seed.run()
        sim.clock.advance(moment)
        other = copied(sim, tmp_path, scenarios.load(name))
        for one in (sim, other):
            run = one.world.store.runs[ref.run_id]
            if run.status is RunStatus.REQUIRES_ACTION:
                one.world.fire(run.id, RunEvent.SUBMIT_TOOL_OUTPUTS)
            one.clock.advance(100)
            one.control.seed.run()
            one.clock.advance(900)

        assert sim.trace == other.trace
        assert sim.world.written() == other.world.written()


def test_a_rich_world_has_the_same_future(tmp_path: Path) -> None:
    """With a storm, hosted tools, files that are being indexed, and a message that is gone."""
    sim = rich()
    other = copied(sim, tmp_path)
    for one in (sim, other):
        for _ in range(3):
            one.control.seed.run()
            one.clock.advance(200)

    assert sim.trace == other.trace
    assert sim.world.written() == other.world.written()


def test_a_turn_that_was_planned_is_played_and_the_next_ones_are_the_new_scripts(
    tmp_path: Path,
) -> None:
    """A run's turn is part of the world; the planner is not."""
    sim = Simulator(Script.of(call("ask"), say("Old.")))
    ref = sim.control.seed.run()
    other = copied(sim, tmp_path, Script.of(call("other"), say("New.")))
    other.clock.advance(10)
    (asked,) = other.backend.retrieve(ref).calls
    other.control.fire(ref.run_id, RunEvent.SUBMIT_TOOL_OUTPUTS)
    other.clock.advance(10)

    assert ("ask", ["New."]) == (
        asked.name,
        [message.text for message in other.backend.messages(ref)],
    )


# Time --------------------------------------------------------------------------------------------


def test_virtual_time_goes_on_from_the_saved_moment(tmp_path: Path) -> None:
    """However late the other simulator's own clock was."""
    sim = Simulator(Script.of(hang()))
    sim.clock.advance(10)
    began = sim.clock.now()
    sim.control.dump(tmp_path / STATE)
    late = Simulator()
    late.clock.advance(10_000)
    late.control.load(tmp_path / STATE)

    assert began == late.clock.now()


class Watch(SystemClock):
    """A real clock whose time a test says."""

    def __init__(self, world: SimpleNamespace, *, ahead: float = 0.0) -> None:
        super().__init__()
        self.world, self.ahead = world, ahead

    def now(self) -> float:
        return float(self.world.s + self.ahead)

    def starting_at(self, moment: float) -> Watch:
        return Watch(self.world, ahead=moment - self.world.s)


@pytest.mark.parametrize(("down_s", "status"), [(500, "in_progress"), (600, "expired")])
def test_real_time_has_gone_on(tmp_path: Path, down_s: float, status: str) -> None:
    """A run whose ten minutes passed while nobody served is expired, at its own moment."""
    real = SimpleNamespace(s=1_000.0)
    sim = Simulator(Script.of(hang(queue_s=1)), clock=Watch(real))
    ref = sim.control.seed.run()
    real.s += 5
    sim.control.dump(tmp_path / STATE)
    real.s += down_s
    other = Simulator(clock=Watch(real))
    other.control.load(tmp_path / STATE)

    assert status == other.backend.retrieve(ref).raw_status
    assert other.clock.now() == real.s
    assert {1600.0} >= {entry.at for entry in other.trace if entry.event is RunEvent.EXPIRE}


def test_a_world_ahead_of_real_time_goes_on_from_its_own(tmp_path: Path) -> None:
    """As one is that was served at --speed 60: its time neither goes back nor stands still."""
    real = SimpleNamespace(s=1_000.0)
    sim = Simulator(clock=Watch(real, ahead=5_000))
    sim.control.dump(tmp_path / STATE)
    other = Simulator(clock=Watch(real))
    other.control.load(tmp_path / STATE)
    real.s += 1

    assert 6_001 == other.clock.now()


# The file ----------------------------------------------------------------------------------------


def test_the_file_is_json_lines_for_its_owner(tmp_path: Path) -> None:
    """One that says what it is, and one for each world; nobody else may read it."""
    path = tmp_path / STATE
    rich().control.dump(path)
    head, main = map(json.loads, path.read_text(encoding="ascii").splitlines())

    assert ("runfsm state", 2, "main") == (head["format"], head["version"], main["name"])
    assert 0o600 == path.stat().st_mode & 0o777
    assert [path] == [*tmp_path.iterdir()]


def test_a_link_stays_one(tmp_path: Path) -> None:
    """The file that it leads to is replaced."""
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / STATE)
    Simulator().control.dump(link)

    assert link.is_symlink()
    assert (tmp_path / STATE).is_file()


def test_a_file_that_cannot_be_written_holds_what_it_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk leaves no half of a file, and no other file either."""
    path = tmp_path / STATE
    Simulator().control.dump(path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CallerError, match="No space left on device"):
        rich().control.dump(path)
    assert before == path.read_bytes()
    assert [path] == [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("options", "put", "why"),
    [
        ({"chooser": SimpleNamespace()}, {}, "make the simulator with a seed instead"),
        ({}, {"response_format": object()}, "cannot be written down"),
    ],
)
def test_a_world_that_is_no_plain_data_is_refused(
    tmp_path: Path, options: Any, put: Any, why: str
) -> None:
    """And no file is written."""
    sim = Simulator(**options)
    if put:
        sim.world.create_assistant(model="m", **put)
    with pytest.raises(CallerError, match=why):
        sim.control.dump(tmp_path / STATE)
    assert [] == [*tmp_path.iterdir()]


def signed(change: Callable[[Any, Any], Any]) -> Callable[[bytes], bytes]:
    """A file whose checksum is right, after a change to its head and to its world."""

    def changed(data: bytes) -> bytes:
        head, world = map(json.loads, data.splitlines())
        change(head, world)
        body = json.dumps(world).encode() + b"\n"
        head["sha256"] = hashlib.sha256(body).hexdigest()
        return json.dumps(head).encode() + b"\n" + body

    return changed


WRONG = {
    "empty": (lambda _: b"", "no state of runfsm"),
    "foreign": (lambda _: b'{"worlds": {}}', "no state of runfsm"),
    "binary": (lambda _: b"\x80\x04\x95pickle", "no state of runfsm"),
    "deep": (lambda _: b"[" * 100_000, "no state of runfsm"),
    "newer": (signed(lambda head, _: head.update(version=3)), "has version 3 of the format"),
    "cut": (lambda data: data[:-100], "it is damaged"),
    "flipped": (lambda data: data.replace(b"queued", b"qveued", 1), "it is damaged"),
    "no world": (signed(lambda _, world: world.pop("things")), "there is no world in it"),
    "no name": (signed(lambda _, world: world.pop("name")), "a world without a name"),
    "no list": (signed(lambda _, world: world["things"].update(Run={})), "has lists of"),
    "no bytes": (
        signed(lambda _, world: world["things"]["File"][0].update(content=5)),
        r"File\[0\].content: Input should be a valid bytes",
    ),
    "other things": (signed(lambda _, world: world["things"].update(Popen=[])), "has lists of"),
    "a field less": (
        signed(lambda _, world: world["things"]["Run"][0].pop("turn")),
        r"Run\[0\].turn: Field required",
    ),
    "a field more": (
        signed(lambda _, world: world["things"]["Run"][0].update(x=1)),
        r"Run\[0\].x: Extra inputs are not permitted",
    ),
    "a wrong status": (
        signed(lambda _, world: world["things"]["Run"][0].update(status="asleep")),
        r"Run\[0\].status: Input should be 'queued'",
    ),
    "nothing there": (
        signed(lambda _, world: world["things"]["Run"][0].update(thread=99)),
        r"Run\[0\].thread: Value error, there is no Thread 99",
    ),
    "a wrong generator": (
        signed(lambda _, world: world["choices"]["streams"].update(queue_s=[3, [1], None])),
        "state vector",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_is_refused(tmp_path: Path, kind: str) -> None:
    """With its reason; the file is left as it is, and so is the world."""
    spoil, why = WRONG[kind]
    path = tmp_path / STATE
    rich().control.dump(path)
    path.write_bytes(spoil(path.read_bytes()))
    spoilt = path.read_bytes()
    sim = rich(seed=5)
    before = sim.world.written()

    with pytest.raises(CallerError, match=why):
        sim.control.load(path)
    assert spoilt == path.read_bytes()
    assert before == sim.world.written()


def test_a_file_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    """By its path, and by the system's own words."""
    with pytest.raises(CallerError, match=r"worlds\.json: No such file"):
        Simulator().control.load(tmp_path / STATE)


# Several worlds ----------------------------------------------------------------------------------


def worlds(*, worlds_max: int = 4) -> Worlds:
    """Worlds told apart by the header."""
    return Worlds(lambda: Simulator(RICH), by="header", worlds_max=worlds_max)


def test_all_worlds_of_a_server_come_back(tmp_path: Path) -> None:
    """Each by its name, with its own things and its own time; those that were there are gone."""
    one, two = worlds(), worlds()
    for nth, name in enumerate("ab"):
        one.world(name).control.seed.run(id=f"run_{name}")
        one.world(name).clock.advance(nth)
    one.dump(tmp_path / STATE)
    two.world("c")
    two.load(tmp_path / STATE)
    answer = two.handle(Request("GET", "/v1/models", headers={WORLD_HEADER: "a"}))

    assert ("a", "b") == two.names
    assert "a" == answer.headers[WORLD_HEADER]
    for name in "ab":
        assert {f"run_{name}"} == {*two.world(name).world.store.runs}
        assert one.world(name).clock.now() == two.world(name).clock.now()


def test_one_world_of_several_can_be_loaded_alone(tmp_path: Path) -> None:
    """By its name; a name that is not there is told those that are."""
    several, sim = worlds(), Simulator()
    several.world("a").control.seed.run(id="run_a")
    several.dump(tmp_path / STATE)
    sim.control.load(tmp_path / STATE, world="a")

    assert {"run_a"} == {*sim.world.store.runs}
    with pytest.raises(CallerError, match="has no world 'main'; it has a"):
        sim.control.load(tmp_path / STATE)


def test_too_many_worlds_are_refused(tmp_path: Path) -> None:
    """And those that there are go on."""
    one, two = worlds(), worlds(worlds_max=1)
    for name in "ab":
        one.world(name)
    one.dump(tmp_path / STATE)
    two.world("c")

    with pytest.raises(CallerError, match="there are 1 worlds already"):
        two.load(tmp_path / STATE)
    assert ("c",) == two.names
