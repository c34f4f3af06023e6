"""Tapes: what a world was asked and chose, and the same once more, byte for byte."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from runfsm import AssistantsBackend, AsyncRunDriver, RunDriver, RunRequest
from runfsm.cli import main
from runfsm.clock import SystemClock
from runfsm.errors import CallerError
from runfsm_simulator import (
    Script,
    Simulator,
    Storm,
    Worlds,
    between,
    call,
    say,
    scenarios,
)
from runfsm_simulator.replay.player import Difference, play
from runfsm_simulator.replay.recorder import RecordedSideDoor
from runfsm_simulator.replay.seal import Seal
from runfsm_simulator.replay.tape import Tape
from runfsm_simulator.wire.http import Request

Command = Callable[..., str]

ROOT = Path(__file__).parents[3]

WEATHER = Script.of(
    call("weather", queue_s=between(0.1, 3), work_s=between(0.1, 3)), say("Rain.", work_s=2)
)
TOOL = {"type": "function", "function": {"name": "weather"}}


def weather() -> str:
    """How it is."""
    return "rain"


def driven(path: Path, *, streams: bool = False, **settings: Any) -> Simulator:
    """A run, driven over the wire while a tape is written."""
    simulator = Simulator(record=path, **settings)
    backend = AssistantsBackend(simulator.client())
    driver = RunDriver(backend, [weather], clock=simulator.clock)
    made = simulator.control.seed.assistant({"model": "m", "tools": [TOOL]}, id="asst_mine")
    request = RunRequest(made, "Hello!", key="key-1")
    if streams:
        for _ in driver.stream(request):
            pass
    else:
        driver.run(request)
    return simulator


def altered(path: Path, before: str, after: str) -> None:
    """A tape that says something else in one place, and is sealed as if it had been written so."""
    lines = path.read_text().replace(before, after, 1).splitlines()
    seal = Seal()
    entries = [{k: v for k, v in json.loads(line).items() if k != "seal"} for line in lines]
    path.write_text("".join(f"{seal.sealed(entry)}\n" for entry in entries))


def difference(path: Path, script: Any = None) -> Difference | None:
    """The first one, if the tape is played."""
    *_, last = play(Tape.read(path), script=script)
    return last.difference


SETTINGS: dict[str, dict[str, Any]] = {
    "sensible": {},
    "script": {"script": WEATHER, "seed": 7},
    "scenario": {"script": scenarios.load("weather"), "seed": 3},
    "streams": {"script": WEATHER, "streams": True},
    "stormy": {
        "script": WEATHER,
        "storm": Storm(server_error=0.1, stale_look=0.3, dropped_after_effect=0.1),
    },
    "spec": {"profile": "spec", "record_bodies": True},
    "permissive": {"permissive": True},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_tape_plays_as_it_was(tmp_path: Path, settings: dict[str, Any]) -> None:
    """The new world gives every answer, every block and every edge again."""
    simulator = driven(tmp_path / "tape.jsonl", **settings)
    tape = Tape.read(tmp_path / "tape.jsonl")

    assert difference(tmp_path / "tape.jsonl") is None
    assert [entry.to_dict() for entry in simulator.trace] == [
        step["edge"] for _, step in tape.steps if "edge" in step
    ]


def test_the_choices_are_the_tape_s_and_not_the_seed_s(tmp_path: Path) -> None:
    """Under another seed the world would be another; a tape does not care."""
    driven(tmp_path / "tape.jsonl", script=WEATHER, seed=7)
    tape = Tape.read(tmp_path / "tape.jsonl")
    other = replace(tape, head=replace(tape.head, seed=8))

    assert [*play(tape)] == [*play(other)]


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_tasks_are_recorded_as_threads_are(tmp_path: Path, loop: str) -> None:
    """An async client's requests and the blocks of its streams are on the tape."""
    simulator = Simulator(WEATHER, record=tmp_path / "tape.jsonl")
    assistant_id = simulator.create_assistant(tools=[TOOL])

    async def drive() -> None:
        backend = AssistantsBackend(simulator.async_client())
        driver = AsyncRunDriver(backend, [weather], clock=simulator.clock)
        async for _ in driver.stream(RunRequest(assistant_id, "Hello!", key="key-1")):
            pass

    anyio.run(drive, backend=loop)

    assert difference(tmp_path / "tape.jsonl") is None


def test_real_time_is_played_in_virtual_time(tmp_path: Path) -> None:
    """A world whose time goes by itself saw each request at one moment, which the tape has."""
    driven(tmp_path / "tape.jsonl", script=WEATHER, clock=SystemClock(speed=1_000))

    assert difference(tmp_path / "tape.jsonl") is None


def test_what_the_side_door_is_asked_is_on_the_tape(tmp_path: Path) -> None:
    """Time moved, faults armed, things made with chosen ids: all of it happens again."""
    simulator = Simulator(record=tmp_path / "tape.jsonl")
    assert simulator.recorder
    worlds = Worlds(lambda: simulator)
    door = RecordedSideDoor(worlds, token=None, recorder=simulator.recorder)

    def power(path: str, /, **body: Any) -> Any:
        local = {"host": "localhost"}
        request = Request("POST", f"/_sim{path}", {}, local, json.dumps(body).encode())
        return door.handle(request, peer="127.0.0.1").json()

    assert "run_1" == power("/runs", id="run_1", status="requires_action")["id"]
    power("/clock/advance", seconds=700.5)
    power("/faults", path="/v1/threads", status=503)
    key = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
    assert 503 == simulator.handle(Request("POST", "/v1/threads", {}, key)).status

    assert difference(tmp_path / "tape.jsonl") is None


def test_no_answer_is_played_as_none(tmp_path: Path) -> None:
    """A request that timed out, or lost its line, does so again."""
    path = tmp_path / "tape.jsonl"
    simulator = driven(path, storm=Storm(timeout=0.3, dropped=0.3), script=WEATHER, seed=1)

    assert simulator.recorder
    assert '"trouble": "timeout"' in path.read_text()
    assert difference(path) is None


# Differences -------------------------------------------------------------------------------------


def test_the_first_difference_is_named(tmp_path: Path) -> None:
    """With its line, what was expected and what came; nothing is played after it."""
    path = tmp_path / "tape.jsonl"
    driven(path, record_bodies=True)
    altered(path, '"model": "m"', '"model": "another"')
    *_, played = play(Tape.read(path))

    assert played.difference
    assert played.difference.what.endswith("/runs: body")
    assert '"model": "another"' in played.difference.got


def test_another_world_is_a_difference(tmp_path: Path) -> None:
    """A script that asks other choices than the tape has, is told at the choice."""
    driven(tmp_path / "tape.jsonl", script=WEATHER)
    found = difference(tmp_path / "tape.jsonl", script=Script.of(say("Hello!", queue_s=1)))

    assert found
    assert "choice" in str(found) or "edge" in str(found) or "sha256" in str(found)


def test_a_program_has_to_be_given(tmp_path: Path) -> None:
    """A planner in Python is not on its tape; with it, the tape plays."""

    def planner(scene: Any) -> Any:
        return say(f"Hello, round {scene.round}!", queue_s=1, work_s=1)

    driven(tmp_path / "tape.jsonl", script=planner)

    with pytest.raises(CallerError, match="which is not on it"):
        difference(tmp_path / "tape.jsonl")
    assert difference(tmp_path / "tape.jsonl", script=planner) is None


WRONG = {
    "nothing": ("", "is no recording"),
    "no json": ("hello", "is no recording"),
    "another": ('{"format": "runfsm trace"}', 'has no "format": "runfsm recording"'),
    "newer": ('{"format": "runfsm recording", "version": 9}', "reads version 2"),
    "older": ('{"format": "runfsm recording", "version": 1}', "record it anew"),
    "no head": ('{"format": "runfsm recording", "version": 2}', "line 1: it is not as it was"),
}


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG)
def test_what_is_no_tape_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """One line says why."""
    (tmp_path / "tape.jsonl").write_text(text)
    with pytest.raises(CallerError, match=told):
        Tape.read(tmp_path / "tape.jsonl")


def test_a_tape_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    """Before anything is asked."""
    with pytest.raises(CallerError, match="nothing can be recorded"):
        Simulator(record=tmp_path / "no" / "folder.jsonl")


# What is on it -----------------------------------------------------------------------------------


def test_a_tape_is_its_owner_s_and_has_no_key(tmp_path: Path) -> None:
    """It holds what clients sent, but not by what right; answers only if they are wished for."""
    driven(tmp_path / "tape.jsonl", script=WEATHER)
    text = (tmp_path / "tape.jsonl").read_text()

    assert 0o600 == stat.S_IMODE((tmp_path / "tape.jsonl").stat().st_mode)
    assert "sk-" not in text
    assert all("body" not in json.loads(line).get("answer", {}) for line in text.splitlines())


REPEATED = """
import hashlib, sys, warnings
from runfsm import AssistantsBackend, RunDriver, RunRequest
from runfsm_simulator import Simulator, Storm

def weather() -> str:
    return "rain"

for number in range(int(sys.argv[2])):
    storm = Storm(server_error=0.2, stale_look=0.2)
    simulator = Simulator(seed=11, record=sys.argv[1], record_bodies=True, storm=storm)
    tool = {"type": "function", "function": {"name": "weather"}}
    assistant_id = simulator.create_assistant(tools=[tool])
    driver = RunDriver(AssistantsBackend(simulator.client()), [weather], clock=simulator.clock)
    driver.run(RunRequest(assistant_id, "Hello!", key="key-1"))
    for _ in driver.stream(RunRequest(assistant_id, "Hello!", key="key-2")):
        pass
    print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())
"""


def _repeated(python: Path | str, path: Path, hash_seed: int, times: int) -> list[str]:
    roots = os.pathsep.join([str(ROOT / "src"), str(ROOT / "simulator")])
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": roots}
    done = subprocess.run(  # noqa: S603  # our own program
        [str(python), "-W", "error", "-c", REPEATED, str(path), str(times)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def _pythons() -> Iterator[Path | str]:
    """This one, and that of the other line of the openai client, where it is set up."""
    yield sys.executable
    for name in (".venv", ".venv-sdk2"):
        other = ROOT / name / "bin" / "python"
        if other.exists() and not Path(sys.executable).is_relative_to(ROOT / name):
            yield other


def test_ten_repetitions_of_one_seed_are_one_tape(tmp_path: Path) -> None:
    """Byte for byte, under both lines of the client and whatever strings hash to."""
    digests = [
        digest
        for python in _pythons()
        for hash_seed in (0, 42)
        for digest in _repeated(python, tmp_path / "tape.jsonl", hash_seed, 5)
    ]

    assert len(digests) >= 10
    assert 1 == len(set(digests))


# The commands ------------------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`runfsm`, in this process; what it says on the stream of its exit code."""

    def run(*args: object, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["runfsm", *map(str, args)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        assert code == caught.value.code, out + err
        return err if code == 2 else out

    return run


def test_what_is_simulated_can_be_recorded_and_replayed(command: Command, tmp_path: Path) -> None:
    """Two runs of the command write one tape; played, it is equal, with its figures."""
    paths = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for path in paths:
        command("simulate", "weather", "--seed", 7, "--record", path)
    told = json.loads(command("replay", paths[0], "--json"))

    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert (True, 6, None) == (told["equal"], told["edges"], told["difference"])
    assert "equal: " in command("replay", paths[0])


def test_a_tape_is_walked_step_by_step(command: Command, tmp_path: Path) -> None:
    """Requests, edges with their times; without a terminal, all at once."""
    command("simulate", "weather", "--record", tmp_path / "tape.jsonl")
    said = command("replay", tmp_path / "tape.jsonl", "--step")

    assert "POST /threads → 200" in said
    assert "● requires_action  require_action by service" in said


def test_a_difference_is_exit_code_1(command: Command, tmp_path: Path) -> None:
    """The line that differs is named."""
    path = tmp_path / "tape.jsonl"
    command("simulate", "weather", "--record", path)
    altered(path, '"event": "start"', '"event": "fail"')

    assert "differs: an edge: the tape has run_" in command("replay", path, code=1)
    assert json.loads(command("replay", path, "--json", code=1))["difference"]["line"] > 2


def test_a_tape_can_be_judged(command: Command, tmp_path: Path) -> None:
    """The edges on it are looks at the run."""
    command("simulate", "weather", "--record", tmp_path / "tape.jsonl")

    assert "1 run: all of it can be" in command("judge", tmp_path / "tape.jsonl")


@pytest.mark.parametrize(
    "between",
    [
        lambda line: [line.replace(": ", ":  ", 1)],
        lambda _line: [],
        lambda line: ['{"run_id": "run_1", "status": "queued"}\n', line],
    ],
    ids=["changed", "taken out", "put in"],
)
def test_a_tape_that_was_changed_is_not_judged(
    command: Command, tmp_path: Path, between: Any
) -> None:
    """The line is named, as by `replay`: such a tape proves nothing about its runs."""
    path = tmp_path / "tape.jsonl"
    command("simulate", "weather", "--record", path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:4], *between(lines[4]), *lines[5:]]), encoding="utf-8")
    said = command("judge", path, code=2)

    assert "line 5 of this tape: it is not as it was written" in said
    assert "line 5: it is not as it was written" in command("replay", path, code=2)


def test_a_drive_s_trace_is_walked_and_judged(command: Command, tmp_path: Path) -> None:
    """It has no choices to play: what it shows is judged."""
    path = tmp_path / "trace.jsonl"
    command("drive", "Hello!", "--simulate", "--save-trace", path)

    assert "1 run: all of it can be" in command("replay", path)


@pytest.mark.parametrize(
    "options", [["--worlds", "key"], ["--permissive"], ["--state", "s.json"], ["--script", "."]]
)
def test_a_server_records_one_world_from_its_beginning(
    command: Command, tmp_path: Path, options: list[str]
) -> None:
    """What makes several of them, or goes on with one, is refused before anything is served."""
    said = command("serve", "--port", 0, "--record", tmp_path / "tape.jsonl", *options, code=2)

    assert "--record" in said


def test_no_power_moves_real_time_on_a_tape_either(tmp_path: Path) -> None:
    """The side door refused to advance a clock that goes by itself; it does so again."""
    simulator = Simulator(record=tmp_path / "tape.jsonl", clock=SystemClock())
    assert simulator.recorder
    door = RecordedSideDoor(Worlds(lambda: simulator), token=None, recorder=simulator.recorder)
    request = Request("POST", "/_sim/clock/advance", {}, {"host": "localhost"}, b'{"seconds": 1}')

    assert 400 == door.handle(request, peer="127.0.0.1").status
    assert difference(tmp_path / "tape.jsonl") is None


def test_a_reset_is_on_the_tape_and_what_comes_after_it(tmp_path: Path) -> None:
    """A world that begins again, over the side door, is followed from there."""
    script = Script.of(say("Rain.", queue_s=1, work_s=1))
    simulator = Simulator(script, record=tmp_path / "tape.jsonl")
    assert simulator.recorder
    door = RecordedSideDoor(Worlds(lambda: simulator), token=None, recorder=simulator.recorder)
    for _ in range(2):
        for path in ("/_sim/runs", "/_sim/clock/jump", "/_sim/clock/jump", "/_sim/reset"):
            request = Request("POST", path, {}, {"host": "localhost"}, b"")
            assert 200 == door.handle(request, peer="127.0.0.1").status
    tape = Tape.read(tmp_path / "tape.jsonl")
    events = [step["edge"]["event"] for _, step in tape.steps if "edge" in step]

    assert ["create", "start"] == events[:2]
    assert events[len(events) // 2 :] == events[: len(events) // 2]
    assert difference(tmp_path / "tape.jsonl") is None
