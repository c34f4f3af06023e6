"""The project's own driver in a search: lawful, the same on each road, and a bug in it is found."""

from __future__ import annotations

from collections import deque

import pytest

from runfsm.driver import decide
from runfsm.driver.known import Known
from runfsm.lifecycle.snapshot import RunSnapshot
from runfsm_simulator.explore import Enumerated, assert_lawful, explore
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


@pytest.mark.parametrize("faults", [(), FAULTY])
def test_to_go_on_is_to_begin_anew(faults: tuple[str, ...]) -> None:
    """Gone on from the middle, a behaviour is what it is when it is played from its beginning."""
    stage = CoreStage(faults=faults)
    for behaviour in gone_on(stage, 40):
        anew = stage.play(Enumerated(behaviour.taken))

        assert anew.story == behaviour.story
        assert anew.edges == behaviour.edges
        assert anew.runs == behaviour.runs
        assert anew.choices == behaviour.choices
        assert anew.asked == behaviour.asked


def gone_on(stage: CoreStage, most: int) -> list[Behaviour]:
    """Behaviours of two deviations, or more, each gone on from another one's point."""
    found: list[Behaviour] = []
    behaviours = deque([stage.play(Enumerated(), lambda _: False)])
    while len(found) < most:
        behaviour = behaviours.popleft()
        for point in behaviour.points:
            if point.made < len(behaviour.choices):
                path = Enumerated((*behaviour.taken[: point.made], 1))
                found.append(point.play(path, lambda _: False))
        behaviours.extend(found[-len(behaviour.points) :])
    return found


def test_both_ways_to_play_a_core_cover_the_same() -> None:
    """A search that goes on from moments comes to all that one from the beginning comes to."""
    moments, anew = search(CoreStage(), depth=2), explore(drive_core, depth=2)

    assert anew.by_depth == moments.by_depth
    assert anew.edges == moments.edges
    assert {*anew.options} == {*moments.options}


def test_a_bug_in_a_decision_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that takes outputs that expired for good is told, with how it comes to that."""
    monkeypatch.setattr(decide, "_can_answer", always_answers)
    certificate = search(CoreStage(), depth=2)
    (one,) = certificate.found

    assert "returns: asks for ever about a run that is expired" == str(one.broken)
    with pytest.raises(AssertionError, match="another hand"):
        assert_lawful(drive_core, foreseen(one.behaviour))
    monkeypatch.undo()
    assert_lawful(drive_core, foreseen(one.behaviour))


def always_answers(known: Known, run: RunSnapshot) -> bool:
    """A mistake: whether the calls were answered already is not asked."""
    return bool(run.calls)


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
