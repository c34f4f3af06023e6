"""The project's own driver in a search: lawful, the same on each road, and a bug in it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from runfsm.driver import decide
from runfsm.driver.actions import Action, SubmitOutputs
from runfsm.driver.admission import Admission
from runfsm.driver.known import Known
from runfsm.lifecycle.snapshot import RunSnapshot
from runfsm_simulator.explore import Enumerated, assert_lawful, explore
from runfsm_simulator.explore.adversary import FAULTS
from runfsm_simulator.explore.core import CoreStage, drive_client, drive_core
from runfsm_simulator.explore.moment import Moment
from runfsm_simulator.explore.replay import foreseen
from runfsm_simulator.explore.search import Certificate, search
from runfsm_simulator.explore.stage import Behaviour, Stage

FAULTY = ("timeout", "timeout_after_effect", "dropped_after_effect", "stale_look")


def broken(certificate: Certificate) -> set[str]:
    """How laws were broken."""
    return {str(one.broken) for one in certificate.found}


@pytest.mark.parametrize(
    ("stage", "depth"),
    [
        (CoreStage(), 3),
        (CoreStage(faults=FAULTY), 2),
        (Stage(drive_client), 1),
        (Stage(drive_client, faults=FAULTY), 1),
    ],
    ids=["the core", "the core, with faults", "the client", "the client, with faults"],
)
def test_the_driver_breaks_no_law(stage: Stage, depth: int) -> None:
    """On both roads, whatever the service does; to greater depths, `runfsm explore --core`."""
    certificate = search(stage, depth=depth)

    assert set() == broken(certificate)
    assert certificate.is_complete


@pytest.mark.parametrize("faults", [(), FAULTY, FAULTS], ids=["none", "some", "all"])
def test_to_go_on_is_to_begin_anew(faults: tuple[str, ...]) -> None:
    """Gone on from the middle, a behaviour is what it is when it is played from its beginning."""
    stage = CoreStage(faults=faults)
    harmless = stage.play(Enumerated(), lambda _: False)
    for behaviour in gone_on(harmless, deviations=2):
        anew = stage.play(Enumerated(behaviour.taken))

        assert anew.choices == behaviour.choices
        assert anew.asked == behaviour.asked
        assert anew.story == behaviour.story
        assert anew.edges == behaviour.edges
        assert anew.runs == behaviour.runs


def gone_on(behaviour: Behaviour, *, deviations: int) -> Iterator[Behaviour]:
    """Behaviours with one more deviation, at a point of this one; with two, from those; ..."""
    for point in behaviour.points if deviations else ():
        if point.made < len(behaviour.choices):
            other = point.play(Enumerated((*behaviour.taken[: point.made], 1)), lambda _: False)
            yield other
            yield from gone_on(other, deviations=deviations - 1)


def test_both_ways_to_play_a_core_cover_the_same() -> None:
    """A search that goes on from moments comes to all that one from the beginning comes to."""
    moments, anew = search(CoreStage(), depth=2), explore(drive_core, depth=2)

    assert anew.by_depth == moments.by_depth
    assert anew.edges == moments.edges
    assert {*anew.options} == {*moments.options}


def answers_the_first(known: Known, run: RunSnapshot) -> Action:
    """A mistake: of several calls, only the first one is answered."""
    action = ANSWER(known, run)
    return (
        replace(action, outputs=action.outputs[:1]) if isinstance(action, SubmitOutputs) else action
    )


ANSWER = decide._answer


def finds_nothing(*_: object) -> None:
    """A mistake: a run whose creation was not answered is not found again."""


@pytest.mark.parametrize(
    ("place", "mistake", "faults", "expected"),
    [
        ((decide, "_answer"), answers_the_first, (), "refused: submit is refused: Expected tool"),
        ((Admission, "_ours"), finds_nothing, FAULTY, "twice: creates a run twice"),
    ],
)
def test_a_planted_bug_is_found(
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[object, str],
    mistake: Callable[..., object],
    faults: tuple[str, ...],
    expected: str,
) -> None:
    """By one deviation; played from its beginning it fails as well, and once mended it passes."""
    monkeypatch.setattr(*place, mistake)
    certificate = search(CoreStage(faults=faults), depth=1)
    (one,) = [one for one in certificate.found if str(one.broken).startswith(expected)]
    choices = foreseen(one.behaviour)

    with pytest.raises(AssertionError, match=expected):
        assert_lawful(drive_core, choices, faults=faults)
    monkeypatch.undo()
    assert_lawful(drive_core, choices, faults=faults)


def test_a_moment_is_revived_as_often_as_one_likes() -> None:
    """What was revived and then changed does not change the moment, nor the next revival."""
    log, fixed, things = ["a"], {"rule": object()}, {"left": [1]}
    moment = Moment((log, things, fixed["rule"]), given={}, fixed=[fixed], grown={"log": log})
    first_log, first_things, _ = moment.revived({})
    first_log.append("b")
    first_things["left"].append(2)

    assert (["a"], {"left": [1]}, fixed["rule"]) == moment.revived({})


def test_what_has_grown_is_no_part_of_a_state() -> None:
    """Two moments that differ in their logs alone have the same state."""

    def moment(log: list[str]) -> Moment:
        return Moment({"log": log, "left": 1}, given={}, fixed=[], grown={"log": log})

    assert moment(["a"]).state == moment(["b", "c"]).state
    assert moment(["a"]).state != Moment({"left": 2}, given={}, fixed=[], grown={}).state
