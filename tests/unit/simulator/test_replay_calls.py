"""Tapes of what is done in Python: the direct port, and the hands of `simulator.control`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runfsm import RunDriver, RunRequest
from runfsm.errors import BackendError, CallerError
from runfsm.lifecycle import RunEvent, RunRef, RunStatus
from runfsm_simulator import Script, Simulator, call, say
from runfsm_simulator.doors.webhooks import Webhook
from runfsm_simulator.replay import writer
from runfsm_simulator.replay.calls import CALLS, methods
from runfsm_simulator.replay.player import Difference, play
from runfsm_simulator.replay.tape import Tape
from runfsm_simulator.wire.http import Request

TOOL = {"type": "function", "function": {"name": "weather"}}
RAIN = Script.of(call("weather", queue_s=1, work_s=1), say("Rain.", queue_s=1, work_s=1))
KEY = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A tape's."""
    return tmp_path / "tape.jsonl"


def weather() -> str:
    """How it is."""
    return "rain"


def steps(path: Path) -> list[Mapping[str, Any]]:
    """What a tape tells, the choices left out."""
    return [step for _, step in Tape.read(path).steps if "choice" not in step]


def difference(path: Path) -> Difference | None:
    """The first one, if the tape is played."""
    *_, last = play(Tape.read(path))
    return last.difference


def test_a_drive_over_the_direct_port_plays_again(path: Path) -> None:
    """Its calls are on the tape by name, with their arguments, at their virtual time."""
    simulator = Simulator(RAIN, record=path)
    assistant_id = simulator.create_assistant(tools=[TOOL], id="asst_1")
    driver = RunDriver(simulator.backend, [weather], clock=simulator.clock)
    driver.run(RunRequest(assistant_id, "Hello!", key="key-1"))
    told = {step["call"]: step for step in steps(path) if "call" in step}

    assert difference(path) is None
    assert "key-1" == told["backend.create"]["with"]["request"]["key"]
    assert ["rain"] == [one["output"] for one in told["backend.submit"]["with"]["outputs"]]
    assert told["backend.create"]["at"] < told["backend.submit"]["at"]


def test_what_was_refused_is_refused_again(path: Path) -> None:
    """An error is an answer: its kind and its words are compared."""
    simulator = Simulator(record=path)
    with pytest.raises(BackendError):
        simulator.backend.retrieve(RunRef("assistants", "run_none", "thread_none"))
    with pytest.raises(CallerError):
        simulator.control.restore("snap_9")
    answers = [step["answer"] for step in steps(path)]

    assert ["BackendError", "CallerError"] == [answer["raised"] for answer in answers]
    assert difference(path) is None


def test_another_edge_by_hand_is_a_difference(path: Path) -> None:
    """The call is made as the tape tells it, and what comes of it is compared."""
    simulator = Simulator(record=path)
    ref = simulator.control.seed.run(RunStatus.IN_PROGRESS)
    simulator.control.fire(ref.run_id, RunEvent.FAIL)
    tape = Tape.read(path)
    for _, step in tape.steps:
        if step.get("call") == "control.fire":
            step["with"]["event"] = "expire"
    *_, last = play(tape)

    assert last.difference
    assert "control.fire: sha256" == last.difference.what


def test_a_name_that_is_no_call_is_never_called(path: Path) -> None:
    """A tape may come from anywhere: what it names is looked for in a list, not in the program."""
    simulator = Simulator(record=path)
    simulator.control.heal()
    tape = Tape.read(path)
    for _, step in tape.steps:
        if "call" in step:
            step["call"] = "control.dump"
    *_, last = play(tape)

    assert last.difference
    assert ("control.dump: raised", "ValueError") == (last.difference.what, last.difference.got)


def test_what_changes_a_world_is_in_the_list() -> None:
    """Each public method of the direct port and of the hands is in it, or only looks."""
    only_look = {
        *("control.now", "control.next_due", "control.next_edges", "control.why"),
        *("control.dump", "control.load", "control.resume"),  # files: refused, or no change
        *("control.faults.handle", "control.journal.handle", "control.journal.why"),
        *("control.webhooks.carry", "control.webhooks.come_at"),  # the world's own calls
    }
    public = {
        f"{room}.{name}"
        for call, owner, _ in methods(Simulator())
        for room in [call.rpartition(".")[0]]
        for name, member in vars(type(owner)).items()
        if callable(member) and not name.startswith("_")
    }

    assert public - only_look == {f"{room}.{name}" for room in CALLS for name in CALLS[room]}


# What no tape can hold ---------------------------------------------------------------------------


def _play_program(simulator: Simulator) -> None:
    simulator.control.play(lambda _: say("Hello!"))


def _ask_in_the_midst(simulator: Simulator) -> None:
    def receive(_body: bytes, _headers: Mapping[str, str]) -> int:
        simulator.handle(Request("GET", "/v1/models", {}, KEY))
        return 204

    simulator.control.webhooks.register(Webhook(receive))
    _respond(simulator)


def _give_no_json(simulator: Simulator) -> None:
    # A `RunRequest` refuses this itself.
    said = {"thread_id": None, "message": "Hello!", "options": {"a": {1, 2}}, "key": None}
    with pytest.raises(TypeError):
        simulator.backend.create(SimpleNamespace(assistant_id="asst_1", **said))


def _fill(simulator: Simulator) -> None:
    for _ in range(10):
        simulator.control.heal()


@pytest.mark.parametrize(
    ("do", "told"),
    [
        (
            _play_program,
            r"control.play: .*test_replay_calls:.*lambda.* is a program.*play a Script",
        ),
        (_ask_in_the_midst, "GET /v1/models, by a program in the midst .* when that call is over"),
        (_give_no_json, "backend.create: .*set is not JSON serializable; give what JSON can hold"),
        (_fill, "the tape has .* bytes, and no more are written: record less"),
    ],
)
def test_what_no_tape_can_hold_is_told_at_its_place(
    path: Path, monkeypatch: pytest.MonkeyPatch, do: Callable[[Simulator], None], told: str
) -> None:
    """What was recorded before is played; then an error says what to do instead."""
    monkeypatch.setattr(writer, "BYTES_MAX", 2_700 if do is _fill else writer.BYTES_MAX)
    simulator = Simulator(record=path)
    simulator.control.heal()
    do(simulator)
    played = play(Tape.read(path))

    assert next(played).difference is None
    with pytest.raises(CallerError, match=rf"line \d+ cannot be played: {told}"):
        list(played)


def test_a_recorded_world_is_not_loaded_from_a_file(path: Path, tmp_path: Path) -> None:
    """What it would be then, no tape knows; it is refused, and nothing has changed."""
    Simulator().control.dump(tmp_path / "state")
    simulator = Simulator(record=path)
    thread_id = simulator.create_thread()

    with pytest.raises(CallerError, match="make the simulator without record="):
        simulator.control.load(tmp_path / "state")
    assert thread_id in simulator.world.store.threads


# Webhooks ----------------------------------------------------------------------------------------


def _respond(simulator: Simulator) -> None:
    body = {"model": "m", "input": "Hello!", "background": True}
    request = Request("POST", "/v1/responses", {}, KEY, json.dumps(body).encode())
    assert 200 == simulator.handle(request).status
    simulator.control.advance(60)
    simulator.control.jump()


def test_letters_that_were_lost_are_lost_again(path: Path) -> None:
    """Whether a letter arrives is decided outside; the tape has it, and plays without receivers."""
    answers = iter([500, 500, 204])
    webhook = Webhook(lambda _body, _headers: next(answers))
    simulator = Simulator(RAIN, record=path, webhooks=[webhook])
    _respond(simulator)
    while simulator.control.jump() is not None:
        pass

    assert [] == [*answers]
    assert 2 == sum("lost" in step for step in steps(path))
    assert difference(path) is None
    assert webhook.secret not in path.read_text()


def test_an_error_of_the_planner_s_is_an_answer(path: Path) -> None:
    """It comes through the direct port as it is; the same program makes the mistake again."""

    def planner(_scene: Any) -> Any:
        raise ZeroDivisionError("a mistake")

    simulator = Simulator(planner, record=path)
    assistant_id = simulator.create_assistant()
    with pytest.raises(ZeroDivisionError):
        simulator.backend.create(RunRequest(assistant_id, "Hello!"))
    *_, last = play(Tape.read(path), script=planner)

    assert last.difference is None
    assert "ZeroDivisionError" == steps(path)[-1]["answer"]["raised"]
