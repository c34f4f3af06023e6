"""A search goes through every behaviour to its depth, and finds each planted mistake."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

import loops
from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm_simulator.explore import Laws, assert_lawful, explore, replay
from runfsm_simulator.explore.adversary import CALLS, FAULTS, HANDS, TURNS, hands_on, storm_of
from runfsm_simulator.explore.core import CoreStage
from runfsm_simulator.explore.replay import foreseen
from runfsm_simulator.explore.search import search
from runfsm_simulator.explore.stage import needs
from runfsm_simulator.world.storm import REASONS


def broken(function: Callable[..., Any], **settings: Any) -> set[str]:
    """How laws were broken, within a depth of 1 by default."""
    found = explore(function, **{"depth": 1, **settings}).found
    return {str(one.broken) for one in found}


@pytest.mark.parametrize("function", [loops.lawful, loops.napping, loops.awaited])
def test_a_lawful_loop_breaks_no_law(function: Callable[..., Any]) -> None:
    """Threads or tasks, however they sleep: to a depth of 2, every behaviour is lawful."""
    certificate = explore(function, depth=2)

    assert [] == [str(one.broken) for one in certificate.found]
    assert certificate.is_complete
    assert {"returned", "visited"} >= set(certificate.ends)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (
            loops.endless,
            {
                f"returns: asks for ever about a run that is {status}"
                for status in ("failed", "incomplete", "expired", "cancelled")
            },
        ),
        (loops.sleepless, {"returns: goes on for days, or for a thousand requests"}),
        (loops.leaving, {f"left: leaves a run behind, {it}" for it in ("queued", "in_progress")}),
        (
            loops.cheerful,
            {
                f"silent: returns a text as if all was well, though the run is {status}"
                for status in ("failed", "incomplete", "expired", "cancelled")
            },
        ),
    ],
)
def test_a_planted_mistake_is_found(function: Callable[..., Any], expected: set[str]) -> None:
    """Each is told by its law, and how it was broken; nothing else is."""
    assert expected <= broken(function, depth=2)


def test_what_is_raised_is_told_with_its_line() -> None:
    """An exception is a broken law, once for each kind and line, unless it is allowed."""
    (told,) = {one for one in broken(loops.hasty) if "failed" in one}

    assert told.startswith("raises: RuntimeError: failed (line ")
    assert set() == broken(loops.hasty, laws=Laws(may_raise=["RuntimeError"]))
    assert set() == broken(loops.hasty, laws=Laws(may_raise=["builtins.Exception"]))


def test_a_refusal_that_it_could_know_of_is_blamed() -> None:
    """Who is locked out by a run of its own has known that."""
    (told,) = broken(loops.locked_out, laws=Laws(without=["left"]))

    assert told.startswith("refused: create is refused: Thread thread_… already has an active run")


def test_a_run_that_is_created_twice_is_found() -> None:
    """The SDK repeats a creation by itself; if the first was done, and is over, there are two."""
    found = broken(loops.lawful, faults=["timeout_after_effect"])

    assert "twice: creates a run twice, for one request that was not answered" in found


def test_a_refusal_after_a_race_is_not_blamed_but_must_be_survived() -> None:
    """Outputs that come after another client's cancel are no mistake; to raise then is one."""
    laws = {what.partition(":")[0] for what in broken(loops.answering_blindly, depth=2)}
    assert {"raises"} == laws


def test_a_law_of_ones_own() -> None:
    """`check` is asked about each result; what it says is what was broken."""

    def check(result: str, _: object) -> None:
        assert "failed" not in result, "the user sees a failure"

    assert {"check: the user sees a failure"} == broken(loops.lawful, laws=Laws(check=check))


# The search itself -------------------------------------------------------------------------------


def test_the_first_counterexample_has_the_fewest_deviations() -> None:
    """Of what breaks a law in two ways, the one with fewer deviations is shown, and all counted."""
    found = {one.broken.what: one for one in explore(loops.endless, depth=2).found}
    expired = found["asks for ever about a run that is expired"]

    assert ["the model: hangs"] == [str(it) for it in expired.behaviour.deviations]
    assert expired.times > 1


@pytest.mark.parametrize(
    ("depth", "expected"), [(0, [1]), (1, [1, 6]), (2, [1, 6, 8]), (9, [1, 6, 8])]
)
def test_each_path_is_played_once_and_none_is_missing(depth: int, expected: list[int]) -> None:
    """Five things that a model does, at once, late or slowly: 15 paths, by deviations 1, 6, 8."""
    certificate = explore(loops.leaving, depth=depth)

    assert expected == [certificate.by_depth[n] for n in range(len(expected))]
    assert sum(expected) == certificate.behaviours


def test_pruning_hides_no_mistake() -> None:
    """With faults that the SDK mends, states are met again; what is found stays the same."""
    with_faults = explore(loops.leaving, depth=2, faults=["timeout", "dropped"])

    assert with_faults.pruned > 0
    without = {one.broken for one in explore(loops.leaving, depth=2).found}
    assert without <= {one.broken for one in with_faults.found}


def test_two_ways_to_get_no_answer_are_two_states() -> None:
    """What reaches the function as two exceptions is not taken for one state."""

    def impatient(client: Any) -> None:
        client.with_options(max_retries=0).beta.threads.create()

    found = broken(impatient, faults=["timeout", "dropped"])

    assert {"APITimeoutError", "APIConnectionError"} == {one.split(": ")[1] for one in found}


def test_depth_0_is_the_harmless_behaviour() -> None:
    """One behaviour, in which the service answers at once."""
    certificate = explore(loops.endless, depth=0)

    assert (1, True) == (certificate.behaviours, certificate.is_clean)
    assert {RunStatus.QUEUED, RunStatus.IN_PROGRESS, RunStatus.COMPLETED} == certificate.statuses


def test_a_search_that_is_cut_short_says_so() -> None:
    """After `behaviours_max` it ends, and is not complete."""
    certificate = explore(loops.lawful, depth=3, behaviours_max=4)

    assert (4, False) == (certificate.behaviours, certificate.is_complete)


def test_a_function_with_a_memory_is_refused() -> None:
    """One that does not repeat itself cannot be searched, and the error says what to mend."""
    with pytest.raises(CallerError, match=r"ask does not repeat itself.*no state kept"):
        explore(loops.alternating(), depth=1)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"function": 7}, "give a function that takes an openai client"),
        ({"function": lambda: None}, "def <lambda>"),
        ({"function": loops.looked}, "bind the rest"),
        ({"depth": -1}, "as depth=2"),
        ({"faults": ["rain"]}, "no fault rain; there are rate_limited"),
    ],
)
def test_wrong_calls_are_told(settings: dict[str, Any], why: str) -> None:
    """What cannot be explored is refused, with the right call."""
    wanted: dict[str, Any] = {"function": loops.lawful, "depth": 1, **settings}
    with pytest.raises(CallerError, match=why):
        explore(**wanted)


def test_an_unknown_law_is_refused() -> None:
    """And those that there are, are named."""
    with pytest.raises(CallerError, match="no law twise; there are returns"):
        Laws(without=["twise"])


def test_a_default_binds_a_parameter() -> None:
    """What has a default need not be given; the clock is."""

    def ask(client: Any, clock: Any, question: str = "Hi") -> None:
        """Nothing."""

    assert ("client", "clock") == needs(ask)


# Time --------------------------------------------------------------------------------------------


def test_real_time_and_chance_come_back() -> None:
    """After a search, sleeping, the clocks and `random` are what they were."""
    before = (time.sleep, time.time, time.monotonic, asyncio.sleep, loops.nap)
    random.seed(3)
    expected = random.random()
    random.seed(3)

    explore(loops.napping, depth=1)

    assert before == (time.sleep, time.time, time.monotonic, asyncio.sleep, loops.nap)
    assert expected == random.random()


# The adversary -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "hand"), [*product(RunStatus, HANDS)])
def test_other_hands_do_only_what_the_lifecycle_allows(status: RunStatus, hand: str) -> None:
    """A hand is offered only where its event is legal."""
    assert hand not in hands_on(status) or LIFECYCLE.allows(status, HANDS[hand])


def test_every_fault_may_be_allowed_to_strike() -> None:
    """The faults are those of a storm, all of them."""
    assert set(REASONS) == set(FAULTS)
    assert not storm_of(FAULTS).is_calm
    assert storm_of([]).is_calm


def test_every_turn_and_hand_is_taken() -> None:
    """To depth 2 against a driver with tools, nothing that the adversary may do is left out."""
    options = search(CoreStage(), depth=2).options

    assert {("the model", turn) for turn in (*TURNS, *CALLS)} <= set(options)
    assert {("another hand", hand) for hand in HANDS} <= set(options)


# Replay ------------------------------------------------------------------------------------------


def test_a_counterexample_is_played_again() -> None:
    """What is written of its choices breaks the same law, and a mended function does not."""
    for one in explore(loops.endless, depth=2).found:
        choices = foreseen(one.behaviour)
        assert one.broken in Laws().judge(replay(loops.endless, choices))
        assert_lawful(loops.lawful, choices)


def test_a_replay_tells_the_story() -> None:
    """The assertion's message has the law, and who did what and when."""
    with pytest.raises(AssertionError) as caught:
        assert_lawful(loops.endless, {"the model": ["hangs"]})
    told = str(caught.value)
    assert told.startswith("returns: asks for ever about a run that is expired")
    assert "  600.0 s  the clock    in_progress → expired" in told
