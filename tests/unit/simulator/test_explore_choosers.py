"""Choices noted, given again, and gone through one by one."""

from __future__ import annotations

import json

import pytest

from runfsm_simulator import Seeded, Simulator
from runfsm_simulator.explore.choosers import (
    Choice,
    Diverged,
    Enumerated,
    Foreseen,
    Recorded,
    Replayed,
)
from runfsm_simulator.world.chooser import Chooser


def a_run(chooser: Chooser) -> list[str]:
    """What becomes of a run, by these choices."""
    simulator = Simulator(chooser=chooser)
    thread_id = simulator.create_thread()
    simulator.add_message(thread_id, "Hi")
    simulator.world.create_run(thread_id, simulator.create_assistant())
    simulator.clock.advance(600)
    return [str(entry) for entry in simulator.trace]


def test_what_was_recorded_is_played_again() -> None:
    """The choices of a seed, noted and given again, make the same world."""
    recorded = Recorded(Seeded(7))
    first = a_run(recorded)

    assert first == a_run(Replayed(recorded.choices))


def test_a_choice_survives_json() -> None:
    """What is written of a choice makes the same choice, and so the same world."""
    recorded = Recorded(Seeded(7))
    first = a_run(recorded)
    written = json.dumps([choice.to_dict() for choice in recorded.choices])

    again = [Choice.from_dict(one) for one in json.loads(written)]

    assert [*recorded.choices] == again
    assert first == a_run(Replayed(again))


PICKED = Choice("turn", "pick", ("answer", "call"), "call")
DRAWN = Choice("queue_s", "between", (0.5, 2.0), 1.0)
NAMED = Choice("ident:run", "ident", ("run",), "run_1")


def test_each_stream_is_replayed_by_itself() -> None:
    """In which order two streams are asked does not matter."""
    replayed = Replayed([PICKED, DRAWN, NAMED])

    assert "run_1" == replayed.ident("run")
    assert 1.0 == replayed.between("queue_s", 0.5, 2.0)
    assert "call" == replayed.pick("turn", ["answer", "call"])


@pytest.mark.parametrize(
    ("foreseen", "why"),
    [
        ([], "choice 1 of 'turn' does not fit: none is left"),
        ([Choice("turn", "pick", ("a", "b"), "b")], "'b' was foreseen, and is none of"),
    ],
)
def test_another_question_diverges(foreseen: list[Choice], why: str) -> None:
    """A pick that was not foreseen, or whose option is gone, is refused by name and number."""
    with pytest.raises(Diverged, match=why) as caught:
        Replayed(foreseen).pick("turn", ["answer", "call"])
    assert ("turn", 0) == (caught.value.stream, caught.value.nth)


def test_a_number_out_of_bounds_diverges() -> None:
    """A number that was foreseen must lie where it is asked for."""
    with pytest.raises(Diverged, match=r"1\.0 was foreseen, and not 5\.0 to 6\.0"):
        Replayed([DRAWN]).between("queue_s", 5.0, 6.0)


def test_another_chooser_goes_on_where_the_replay_ends() -> None:
    """`then` makes the choices that a stream has no more of."""
    replayed = Replayed([PICKED], then=Enumerated())

    assert ["call", "answer"] == [replayed.pick("turn", ["answer", "call"]) for _ in range(2)]
    assert 0.5 == replayed.between("queue_s", 0.5, 2.0)
    assert replayed.ident("run").startswith("run_")


def test_an_empty_prefix_takes_the_first_option() -> None:
    """Without a prefix every choice is the harmless one; of one option nothing is chosen."""
    path = Enumerated()

    assert ["rain", "only"] == [path.pick("w", ["rain", "sun"]), path.pick("w", ["only"])]
    assert 2.0 == path.between("queue_s", 2.0, 2.0)
    assert [0] == path.taken


def test_of_a_number_its_bounds_are_tried() -> None:
    """The lower one first; between two that are the same nothing is chosen."""
    path = Enumerated([1])

    assert [10.0, 0.0, 3.0] == [path.between("s", low, high) for low, high in BOUNDS]
    assert [(0.0, 10.0), (0.0, 10.0)] == [choice.options for choice in path.choices]


BOUNDS = ((0.0, 10.0), (0.0, 10.0), (3.0, 3.0))


def test_a_path_goes_on_after_another_ones_past() -> None:
    """What was chosen, and which ids were given, is taken over; the rest it chooses itself."""
    first = Enumerated([1])
    first.pick("w", ["rain", "sun"])
    first.ident("run")
    path = Enumerated([1, 1])
    path.go_on_after(first.past)

    assert path.is_led
    assert "sun" == path.pick("w", ["rain", "sun"])
    assert [1, 1] == path.taken
    assert path.ident("run").endswith("2")
    assert not path.is_led


def test_a_prefix_that_does_not_fit_diverges() -> None:
    """An index beyond the options is refused."""
    with pytest.raises(Diverged, match="option 2 was foreseen, of 2"):
        Enumerated([2]).pick("turn", ["answer", "call"])


def test_ids_are_counted() -> None:
    """Two paths name their things alike, whatever is chosen."""
    names = [Enumerated(prefix).ident("run") for prefix in ([], [1])]

    assert names[0] == names[1]
    assert 24 == len(names[0].removeprefix("run_"))


def test_what_was_foreseen_and_is_no_option_does_no_harm() -> None:
    """A path told by streams still fits code that asks for something else."""
    path = Foreseen({"turn": ["fly", "call"]})

    assert ["answer", "call"] == [path.pick("turn", ["answer", "call"]) for _ in range(2)]
