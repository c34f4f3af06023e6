"""Switches as a value, and whose they are: a world's, in snapshots, forks and files too."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from runfsm import RunRequest
from runfsm.cli import app
from runfsm.cli.switches.page import render
from runfsm.errors import BackendError, CallerError, FaultKind
from runfsm_simulator import Script, Simulator, Switches, say
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world import plain
from runfsm_simulator.world.switches import DOCUMENTED, ELSEWHERE, OPTIONS, REASONS

PAGE = Path(__file__).parents[3] / "docs" / "switches.md"

THROWN = Switches(endpoint="gone", messages_max=None, partial_content=True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"endpont": "gone"}, "there is no switch endpont; did you mean endpoint?"),
        ({"zzz": 1}, "there is no switch zzz. `runfsm switches` lists them"),
        ({"endpoint": "dead"}, "Switches(endpoint='dead'): give 'alive' or 'gone', as"),
        ({"partial_content": 1}, "Switches(partial_content=1): give False or True, as"),
        ({"messages_max": -1}, "Switches(messages_max=-1): give a whole number from 0 on, or None"),
        ({"tools_max": True}, "Switches(tools_max=True): give a whole number from 0 on, or None"),
        ({"tools_max": 1.0}, "Switches(tools_max=1.0): give a whole number from 0 on, or None"),
    ],
)
def test_a_wrong_switch_is_told_with_the_right_one(given: dict[str, Any], told: str) -> None:
    """A name or a value that there is not is refused, with those that there are."""
    with pytest.raises(CallerError) as raised:
        Switches(**given)

    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("texts", "switches"),
    [
        ([], DOCUMENTED),
        (["endpoint=gone", "messages_max=none", "partial_content=true"], THROWN),
        (["endpoint=gone", "endpoint=alive"], DOCUMENTED),
        (["cancelled_usage=null"], Switches(cancelled_usage="null")),
        (["token_cap_min=256"], Switches(token_cap_min=256)),
    ],
)
def test_a_command_line_throws_switches(texts: list[str], switches: Switches) -> None:
    """Each value as its switch has it; of two, the last."""
    assert switches == Switches.read(texts)


@pytest.mark.parametrize(
    "text", ["endpoint", "=gone", "endpoint=", "messages_max=1e3", "messages_max=" + "9" * 5000]
)
def test_a_command_line_that_throws_none(text: str) -> None:
    """It is refused, in words of ours."""
    with pytest.raises(CallerError):
        Switches.read([text])


def test_it_tells_what_is_thrown() -> None:
    """What is as documented goes without saying; a copy is the same."""
    assert (
        "Switches(partial_content=True, messages_max=None, endpoint='gone')"
        == repr(THROWN)
        == repr(deepcopy(THROWN))
    )
    assert () == DOCUMENTED.thrown


@pytest.mark.parametrize("name", REASONS)
def test_a_switch_has_a_choice_and_a_reason(name: str) -> None:
    """Two ways at least, the documented one first, and where that is known from."""
    assert len(set(OPTIONS[name])) >= 2
    assert OPTIONS[name][0] == getattr(DOCUMENTED, name)
    assert REASONS[name].evidence.source


def test_the_page_is_fresh() -> None:
    """It is what the command writes now, and has them all."""
    page = PAGE.read_text(encoding="utf-8")

    assert render() == page, "docs/switches.md is stale: run `make switches`"
    assert all(told in page for told in (*REASONS, *ELSEWHERE))


def test_the_command_lists_them() -> None:
    """Each by its name, with what is chosen elsewhere."""
    told = CliRunner().invoke(app, ["switches"])

    assert 0 == told.exit_code
    assert all(name in told.output for name in REASONS)
    assert len(ELSEWHERE) == told.output.count("elsewhere")


@pytest.mark.parametrize(
    "given", [["--switch", "endpoint=dead"], ["--switch", "endpoint=gone", "--permissive"]]
)
def test_a_server_does_not_begin_with_a_wrong_switch(given: list[str]) -> None:
    """Nor with one that nobody would notice."""
    told = CliRunner().invoke(app, ["serve", "--port", "0", *given])

    assert isinstance(told.exception, CallerError)


# Whose they are ----------------------------------------------------------------------------------


def test_they_belong_to_their_world(tmp_path: Path) -> None:
    """A snapshot, a fork and a file have those of their time; a reset has the first ones again."""
    sim = Simulator(switches=THROWN)
    snapshot = sim.control.save()
    sim.control.switches = later = Switches(tools_max=1)
    twin = sim.fork()
    sim.control.dump(tmp_path / "state")
    other = Simulator()
    other.control.load(tmp_path / "state")

    assert later == twin.control.switches == other.control.switches
    sim.control.restore(snapshot)
    assert THROWN == sim.control.switches
    sim.control.switches = later
    sim.control.reset()
    twin.control.reset()
    assert THROWN == sim.control.switches == twin.control.switches


def test_a_file_with_a_wrong_switch_is_refused() -> None:
    """It is damaged, however well its checksum fits."""
    kept = Simulator().world.written()
    kept["switches"]["endpoint"] = "dead"

    with pytest.raises(ValueError, match=r"world\.switches\.endpoint"):
        plain.parse(kept)


def test_a_stage_is_set_where_the_endpoint_is_gone() -> None:
    """The hand still makes things, and the switch is as it was."""
    sim = Simulator(switches=THROWN)
    sim.add_message(sim.create_thread(), "Hi")

    assert THROWN == sim.control.switches


def test_the_direct_port_finds_no_endpoint_either() -> None:
    """Where the service is gone, it is on every road."""
    sim = Simulator(switches=THROWN)
    with pytest.raises(BackendError) as raised:
        sim.backend.create_thread()

    assert (FaultKind.NOT_FOUND, 404) == (raised.value.fault.kind, raised.value.fault.status_code)


def test_a_cancel_at_once_ends_a_drive(assistants: Any) -> None:
    """A driver that asks to cancel is content with `cancelled` in the answer."""
    script = Script.of(say("Hello!"), cancel_s="never")
    sim = Simulator(script, switches=Switches(cancel_from_queued="cancelled"))
    request = RunRequest(sim.create_assistant(), thread_id=sim.create_thread())
    outcome = assistants.drive(sim, request, on_step=lambda watch, _: watch.cancel())

    assert "cancelled" == outcome.status
    assert ["create", "cancel", "confirm_cancel"] == [entry.event for entry in sim.trace]


def test_a_run_that_was_started_keeps_when() -> None:
    """The switch is about one that ends before: else the field would tell of the end alone."""
    script = Script.of(say("So.", queue_s=1, work_s=2))
    sim = Simulator(script, switches=Switches(unstarted_started_at="set"))
    run = sim.world.create_run(sim.create_thread(), sim.create_assistant())
    sim.clock.advance(5)
    with sim.world.operation():  # whoever looks, sees what has come due
        pass

    assert (1.0, 3.0) == (run.started_at - run.created_at, run.completed_at - run.created_at)


# The side door -----------------------------------------------------------------------------------


@pytest.fixture
def ask() -> Callable[..., tuple[int, Any]]:
    """Asks the side door of a world for its switches."""
    door = SideDoor(Worlds(Simulator))
    headers = {"host": "127.0.0.1"}

    def ask(method: str, body: Any = None) -> tuple[int, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        request = Request(method, "/_sim/switches", headers=headers, body=data)
        answer = door.handle(request, peer="127.0.0.1")
        return answer.status, answer.json()

    return ask


def test_the_side_door_shows_and_throws_them(ask: Any) -> None:
    """`PUT` replaces them all: what is not named is as documented again."""
    _, before = ask("GET")
    status, thrown = ask("PUT", {"messages_max": None, "endpoint": "gone"})
    _, replaced = ask("PUT", {"endpoint": "gone"})
    _, after = ask("PUT")

    assert {"value": "alive", "options": ["alive", "gone"], **REASONS["endpoint"].to_dict()} == (
        before["switches"]["endpoint"]
    )
    assert (200, None, "gone") == (
        status,
        thrown["switches"]["messages_max"]["value"],
        thrown["switches"]["endpoint"]["value"],
    )
    assert 100_000 == replaced["switches"]["messages_max"]["value"]
    assert before == after


@pytest.mark.parametrize("body", [{"endpont": "gone"}, {"endpoint": "dead"}, []])
def test_the_side_door_refuses_what_is_no_switch(ask: Any, body: Any) -> None:
    """Then they are as they were."""
    _, before = ask("GET")
    status, _ = ask("PUT", body)

    assert 400 == status
    assert before == ask("GET")[1]


def test_why_names_what_is_thrown() -> None:
    """With its value then, and its reason."""
    sim = Simulator(switches=Switches(cancelled_usage="null"))
    answer = sim.handle(Request("GET", "/v1/models"))
    sim.control.switches = DOCUMENTED
    told = sim.control.why(answer.headers["x-request-id"]).to_dict()["switches"]

    assert {"cancelled_usage": {"value": "null", **REASONS["cancelled_usage"].to_dict()}} == told
