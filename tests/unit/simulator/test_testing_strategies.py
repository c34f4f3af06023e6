"""What is drawn: valid, plain when small, and with mistakes where they are wanted."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import runfsm_simulator.testing
from runfsm import CallerError, RunDriver, RunRequest
from runfsm_simulator import Call, Script, Simulator, Storm, Turn, say
from runfsm_simulator.testing import (
    Drawn,
    check,
    faults,
    properties_of,
    requests,
    run_bodies,
    scripts,
    tool_calls,
    turns,
)
from runfsm_simulator.testing.strategies import LOOKUP
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world.hosted import HostedStep
from runfsm_simulator.world.storm import REASONS
from runfsm_simulator.world.turnsteps import MessageStep

MATRIX = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"enum": ["c", "f"]},
                "days": {"type": "integer", "minimum": 1},
            },
            "required": ["city", "unit"],
        },
    },
}


def _anything(_: object) -> bool:
    return True


#: To find what is rare among a thousand others.
LONG = settings(max_examples=5_000)


def test_the_smallest_is_the_plainest() -> None:
    """A script that says one thing, a calm, a call by its schema, a request of a question."""
    assert say("Done.") == find(turns(), _anything)
    assert (say("Done."),) == find(scripts(), _anything).turns
    assert find(faults(), _anything).is_calm
    assert Call(name="lookup", arguments={"key": ""}) == find(tool_calls(), _anything)
    assert RunRequest("asst_1", "Hello") == find(requests("asst_1"), _anything)


@pytest.mark.parametrize("kind", ["say", "call", "fail", "truncate", "hang"])
def test_a_script_may_have_any_turn(kind: str) -> None:
    """Each of the five is drawn."""
    assert find(scripts(), lambda script: kind in {turn.kind for turn in script.turns})


@pytest.mark.parametrize("kind", ["say", "call", "fail", "truncate"])
def test_any_turn_but_a_hang_may_have_messages_and_hosted_steps(kind: str) -> None:
    """Several of both, before its outcome."""
    found = find(
        turns(),
        lambda turn: turn.kind == kind and {*map(type, turn.steps)} == {MessageStep, HostedStep},
    )

    assert 2 == len(found.steps)


@pytest.mark.parametrize("fault", REASONS)
def test_a_storm_may_have_any_fault(fault: str) -> None:
    """Each is drawn alone, and strikes each time when that is enough."""
    found = find(faults(), lambda storm: getattr(storm, fault) > 0, settings=LONG)

    assert [fault] == [name for name in REASONS if getattr(found, name)]


def test_a_storm_has_the_faults_that_are_wanted() -> None:
    """None of the others; none at all of nothing; and a name that is none is told."""
    assert find(faults([]), _anything).is_calm
    with pytest.raises(CallerError, match="timeout"):
        faults(["timeouts"])


@given(tool_calls([MATRIX], broken=False))
def test_a_call_keeps_to_its_schema(made: Call) -> None:
    """What is required is there, and of its type."""
    assert isinstance(made.arguments, dict)
    assert {"city", "unit"} <= set(made.arguments) <= {"city", "unit", "days"}
    assert made.arguments["unit"] in {"c", "f"}
    assert made.arguments.get("days", 1) >= 1


@pytest.mark.parametrize(
    "mistake",
    [
        lambda made: made.name != "lookup",
        lambda made: made.arguments_text() == "",
        lambda made: isinstance(made.arguments, str) and made.arguments.startswith("{"),
        lambda made: made.arguments == {},
        lambda made: isinstance(made.arguments, dict) and made.arguments.get("key", "") is None,
    ],
    ids=["unknown", "empty", "half", "incomplete", "null"],
)
def test_a_call_may_be_broken(mistake: object) -> None:
    """In each of the ways in which models have broken calls."""
    assert find(tool_calls(), mistake)  # type: ignore[arg-type]  # a predicate


@settings(max_examples=200)
@given(run_bodies("asst_1"))
def test_a_body_is_taken(body: dict[str, object]) -> None:
    """By the wire, on a thread with a message."""
    simulator = Simulator()
    simulator.create_assistant(id="asst_1")
    thread_id = simulator.create_thread()
    simulator.add_message(thread_id, "Hello")
    headers = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
    sent = json.dumps(body).encode()
    path = f"/v1/threads/{thread_id}/runs"

    assert simulator.handle(Request("POST", path, headers=headers, body=sent)).status == 200


@settings(max_examples=100)
@given(st.data(), scripts(), faults(["foreign_cancel", "second_round", "random_failure"]))
def test_a_drawn_world_is_a_lawful_one(data: st.DataObject, script: Script, storm: Storm) -> None:
    """Whatever is drawn, the runs keep to the lifecycle, and each comes to its end."""
    simulator = Simulator(script, storm=storm, chooser=Drawn(data))
    driver = RunDriver(simulator.backend, clock=simulator.clock)
    request = data.draw(requests(simulator.create_assistant()))
    driver.run(request)

    check(simulator.trace, *properties_of(simulator))


def test_the_smallest_choices_are_the_calmest() -> None:
    """The first option, the low end, and ids that are counted; the last ones can be reached."""
    last = find(_choices(), lambda it: it[0] == "z" and it[1] >= 0.7, settings=LONG)

    assert ("x", 0.1, "run_000000000000000000000001") == find(_choices(), _anything)
    assert ("z", 0.7) == last[:2]


@st.composite
def _choices(draw: Any) -> tuple[str, float, str]:
    chooser = Drawn(draw(st.data()))
    return chooser.pick("s", "xyz"), chooser.between("s", 0.1, 0.7), chooser.ident("run")


def test_a_failure_shows_a_script_as_one_writes_it() -> None:
    """Only what is not left at its default."""
    turn = Turn(say="Done.", queue_s=1)

    assert repr(turn) == "Turn(say='Done.', queue_s=1.0)"
    assert repr(Script.of(turn)) == "Script(turns=(Turn(say='Done.', queue_s=1.0),))"
    assert LOOKUP["function"]["name"] == find(tool_calls(), _anything).name


# The door ----------------------------------------------------------------------------------------


def test_each_name_is_where_the_door_says() -> None:
    """All that is listed can be had, and nothing else has a room."""
    door = runfsm_simulator.testing

    assert sorted(door.__all__) == sorted(door.ROOM_OF)
    assert all(getattr(door, name) is not None for name in door.__all__)
    with pytest.raises(AttributeError, match="Machine"):
        door.Machine  # noqa: B018  # to ask is the test


WITHOUT = """
import sys
sys.modules["hypothesis"] = None
import runfsm_simulator.testing as door
door.Monitor, door.check, door.RUN_PROPERTIES
try:
    door.scripts
except ImportError as error:
    print(error)
"""


def test_without_hypothesis_one_is_told_what_to_install() -> None:
    """Properties and monitors work without it; a strategy says how to get it."""
    command = [sys.executable, "-c", WITHOUT]
    told = subprocess.check_output(command, text=True)  # noqa: S603  # our own text

    assert told.strip() == "scripts needs Hypothesis: pip install 'runfsm[test]'"
