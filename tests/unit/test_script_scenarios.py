"""The shipped scenarios: each loads, teaches something, and reads the same each time."""

from __future__ import annotations

import pytest

from runfsm.errors import ScriptError
from runfsm_simulator import scenarios


def test_the_scenarios_are_these() -> None:
    """A scenario that is added or lost is noticed, as demo and docs name them."""
    expected = (
        "analyst",
        "busy-thread",
        "cancel-loses",
        "cancel-wins",
        "expiry",
        "failure",
        "stuck",
        "truncation",
        "two-rounds",
        "umbrella",
        "weather",
    )

    assert expected == scenarios.names()


@pytest.mark.parametrize("name", scenarios.names())
def test_a_scenario_is_a_lesson(name: str) -> None:
    """It is named as its file, has a title of one line and a few sentences about it."""
    script = scenarios.load(name)

    assert name == script.name
    assert script.title
    assert "\n" not in script.title
    assert script.about.count(". ") >= 1


@pytest.mark.parametrize("name", scenarios.names())
def test_a_scenario_leaves_no_latency_to_chance(name: str) -> None:
    """All durations are fixed, so that a lesson reads the same with every seed."""
    script = scenarios.load(name)

    assert script.cancel_s is not None
    for turn in (*script.turns, *(rule.then for rule in script.rules)):
        assert turn.queue_s is not None
        assert (turn.kind == "hang") == (turn.work_s is None)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("weather", ["call", "say"]),
        ("two-rounds", ["call", "call", "say"]),
        ("expiry", ["call", "say"]),
        ("failure", ["fail"]),
        ("truncation", ["truncate"]),
        ("stuck", ["hang"]),
        ("analyst", ["say"]),
    ],
)
def test_a_scenario_does_what_its_name_says(name: str, kinds: list[str]) -> None:
    """The turns of a scenario are those that its lesson needs."""
    assert kinds == [turn.kind for turn in scenarios.load(name).turns]


@pytest.mark.parametrize(("name", "cancel_wins"), [("cancel-wins", True), ("cancel-loses", False)])
def test_which_side_wins_a_cancel_race_is_a_matter_of_seconds(
    name: str, *, cancel_wins: bool
) -> None:
    """Cancelled as soon as it works, the run is confirmed cancelled before its answer, or after."""
    script = scenarios.load(name)
    (answer,) = script.turns
    assert isinstance(script.cancel_s, float)
    assert answer.work_s is not None

    assert cancel_wins == (script.cancel_s < answer.work_s)


def test_the_weather_is_asked_for_in_one_parallel_round() -> None:
    """Both functions are called at once, about the same place."""
    first, _ = scenarios.load("weather").turns
    assert first.call is not None

    assert {"getCurrentWeather", "getNickname"} == {call.name for call in first.call}
    assert [{"location": "Los Angeles, CA"}] * 2 == [call.arguments for call in first.call]


@pytest.mark.parametrize("name", ["wether", "../weather", "weather.yaml", ""])
def test_an_unknown_scenario_is_told_those_that_there_are(name: str) -> None:
    """A wrong name lists the right ones, and no path leads out of the room."""
    with pytest.raises(ScriptError, match=r"there are analyst, busy-thread, .*, weather"):
        scenarios.load(name)
