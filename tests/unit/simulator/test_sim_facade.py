"""The simulator as a value: what it is made of, and what can be asked of it in Python."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import openai
import pytest

from runfsm import RunRequest
from runfsm.errors import CallerError, ScriptError
from runfsm.lifecycle import RunStatus
from runfsm_simulator import Script, Seeded, Simulator, say, scenarios
from runfsm_simulator.wire.http import Request


def test_a_script_may_be_a_file(tmp_path: Path) -> None:
    """A path, as text or as a path; a mistake in it is told at once."""
    path = tmp_path / "hello.yaml"
    path.write_text("turns:\n- say: Hello!\n")
    for given in (path, str(path)):
        sim = Simulator(given)
        ref = sim.backend.create(RunRequest(sim.create_assistant(), "Hi")).ref
        sim.clock.advance(10)
        assert ["Hello!"] == [message.text for message in sim.backend.messages(ref)]
    with pytest.raises(ScriptError):
        Simulator(tmp_path / "missing.yaml")


@pytest.mark.reported(
    "tried as a new user",
    '`Simulator("weather")` did not take the name of a shipped scenario.',
    now="It does, as the command line and the pytest marker do.",
)
def test_a_script_may_be_a_shipped_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name without a suffix is a scenario's, unless a file is called so (a new user's try)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weather").mkdir()  # a folder is no script
    assert scenarios.load("weather") == Simulator("weather").world.planner

    (tmp_path / "expiry").write_text("turns: [{say: Mine.}]\n")
    assert "Mine." == Simulator("expiry").world.planner.turns[0].say

    with pytest.raises(ScriptError, match=r"no such scenario; there are .*, or give a \.yaml file"):
        Simulator("wether")


def test_without_a_script_it_does_what_is_sensible() -> None:
    """It answers."""
    sim = Simulator()
    ref = sim.backend.create(RunRequest(sim.create_assistant(), "Hi")).ref
    sim.clock.advance(10)

    assert RunStatus.COMPLETED == sim.backend.retrieve(ref).status


def test_the_stage_hands_speak_the_wires_language() -> None:
    """What the API would not take, they refuse in its words."""
    sim = Simulator()

    with pytest.raises(CallerError, match=r"Missing required parameter: 'tools\[0\].type'"):
        sim.create_assistant(tools=[{}])
    with pytest.raises(CallerError, match="No thread found with id 'thread_x'"):
        sim.add_message("thread_x", "Hi")


def test_a_chooser_of_ones_own_decides() -> None:
    """The latencies that the script leaves open are as it says."""

    class Slow(Seeded):
        def between(self, stream: str, low: float, high: float) -> float:
            return high if stream == "queue_s" else low

    sim = Simulator(Script.of(say("!")), chooser=Slow())
    sim.backend.create(RunRequest(sim.create_assistant(), "Hi"))
    sim.clock.advance(10)

    assert [0, 2, 3] == [entry.at - 1_700_000_000 for entry in sim.trace]


def test_the_wire_can_be_asked_by_hand() -> None:
    """`handle` takes a request and gives a response: no client is needed."""
    sim = Simulator()
    headers = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}

    assert 200 == sim.handle(Request("GET", "/v1/assistants", headers=headers)).status


def test_a_transport_can_be_mounted_beside_real_traffic() -> None:
    """One HTTP client of the app's own: what goes to the mounted host is the simulator's."""
    http: Any = importlib.import_module(
        openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]
    )
    elsewhere = http.MockTransport(lambda _: http.Response(200, text="real"))
    mounts = {"https://api.openai.com": Simulator().transport()}
    headers = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
    with http.Client(transport=elsewhere, mounts=mounts, headers=headers) as client:
        thread = client.post("https://api.openai.com/v1/threads", json={})

        assert "real" == client.get("https://example.com/").text
        assert "thread" == thread.json()["object"]
