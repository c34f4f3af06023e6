"""Durations of a script: fixed, or drawn from a spread by the chooser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runfsm.errors import ScriptError
from runfsm_simulator import Script, Seeded, Simulator, say
from runfsm_simulator.world.latency import Spread, between, choose, drawn_s
from runfsm_simulator.world.scriptfile import parse_script


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("2", say("x", work_s=2)),
        ("{between: [1, 4]}", say("x", work_s=between(1, 4))),
        ("{choose: [1, 1, 30]}", say("x", work_s=choose(1, 1, 30))),
    ],
)
def test_a_duration_is_a_number_or_a_spread(written: str, made: Any) -> None:
    """A file says what the constructors say."""
    script = parse_script(f"turns: [{{say: x, work_s: {written}}}]", where="w.yaml")

    assert (made,) == script.turns


def test_a_cancel_can_take_a_drawn_time_too() -> None:
    """`cancel_s` takes a spread as the durations of a turn do."""
    assert between(1, 4) == Script.of(say("x"), cancel_s=between(1, 4)).cancel_s


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: say("x", work_s=between(4, 1)), "between: the lower number comes first"),
        (lambda: between(-1, 1), "between[0]: expected 0 seconds or more"),
        (choose, "choose: the list is empty; there is nothing to choose"),
        (lambda: choose(1, "2"), "choose[1]: expected a number of seconds, got the text '2'"),
        (lambda: say("x", work_s={}), "work_s: expected either between: [LOW, HIGH] or choose"),
        (lambda: say("x", work_s={"betwen": [1, 2]}), "work_s.betwen: unknown key; did you mean"),
        (lambda: say("x", queue_s={"choose": [1], "between": [1, 2]}), "queue_s: expected either"),
        (lambda: Script.of(say("x"), cancel_s={"choose": []}), "cancel_s.choose: the list is"),
    ],
)  # fmt: skip  # a row is a mistake and its message
def test_a_spread_that_makes_no_sense_is_told(make: Callable[[], Any], problem: str) -> None:
    """One line: the place in the script, and what was expected there."""
    with pytest.raises(ScriptError) as caught:
        make()

    assert 1 == len(caught.value.problems)
    assert caught.value.problems[0].startswith(problem)


@pytest.mark.parametrize(
    ("latency", "possible"),
    [(2.5, {2.5}), (choose(1, 30), {1.0, 30.0}), (choose(7), {7.0})],
)
def test_what_is_drawn_is_one_of_what_is_given(
    latency: float | Spread, possible: set[float]
) -> None:
    """Over many draws, all of the values come up and no other."""
    chooser = Seeded(7)

    assert possible == {drawn_s(latency, "work_s", chooser) for _ in range(100)}


def test_a_seed_draws_the_same_durations_again() -> None:
    """Two simulators of one seed end a run at the same moment; within the spread."""

    def ended_after() -> float:
        simulator = Simulator(Script.of(say("x", queue_s=0, work_s=between(1, 4))), seed=3)
        thread_id = simulator.create_thread()
        simulator.add_message(thread_id, "Hi")
        simulator.world.create_run(thread_id, simulator.create_assistant())
        simulator.clock.advance(10)
        return simulator.trace[-1].at - simulator.trace[0].at

    first = ended_after()
    assert 1 <= first <= 4
    assert first == ended_after()
