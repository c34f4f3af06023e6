"""A few hundred of the ten thousand storms; `make storm` plays them all.

What must hold of each is said in `stormjudge.py`; that each of its rules can fail is shown here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from attending import OF_OPENAI_3
from runfsm import BackendError, Fault, FaultKind, RunStatus, Transition
from runfsm.lifecycle.snapshot import METADATA_KEY
from runfsm_simulator.world.models import NewMessage
from runfsm_simulator.world.storm import REASONS
from stormchains import ChainStage
from stormclient import ShortClient
from stormjudge import RULES, judge
from stormplay import play
from storms import STREAMS, Case, fixed_set
from stormstage import QUESTION, Stage
from stormstory import Story
from stormturns import TurnStage


@pytest.mark.parametrize("weather", [*REASONS, "pair", "swarm"])
def test_no_storm_on_the_responses_wire_breaks_a_rule(weather: str) -> None:
    """The same cases, judged by the same rules; and no conversation is left poisoned."""
    played = [play(Case(weather, seed, "responses")) for seed in range(2)]

    assert {} == {f"make storm CASE={one.case}": one.broken for one in played if one.broken}


@OF_OPENAI_3
@pytest.mark.parametrize("weather", [*REASONS, "pair", "swarm"])
def test_no_storm_on_the_agents_api_breaks_a_rule(weather: str) -> None:
    """The same cases, judged by the same rules; and who has steered another's turn is told so."""
    played = play(Case(weather, 1, "agents"))

    assert () == played.broken, f"make storm CASE={played.case}"


@OF_OPENAI_3
def test_of_a_cut_answer_no_more_is_told_than_was_written() -> None:
    """The Agents API tells pieces, and keeps whole messages only; what nobody wrote is found."""
    stage = TurnStage(Case("cut", 3, "agents"))
    story = stage.drive()
    assert ("Do", []) == (story.told, judge(stage, story))

    more = replace(story, told="Don't")

    assert ["answer_told"] == [line.partition(":")[0] for line in judge(stage, more)]


@pytest.mark.parametrize("seed", range(3))
def test_the_short_road_tells_the_same_story(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """As the official client's own, request by request and fault by fault."""
    case = Case("swarm", seed, "responses")
    short = ChainStage(case).drive()
    monkeypatch.delattr(ShortClient, "request")

    assert ChainStage(case).drive() == short


@pytest.mark.parametrize("weather", [*REASONS, "pair", "swarm"])
def test_no_storm_breaks_a_rule(weather: str) -> None:
    """Each ends, in time and by right; nothing is done twice; no run is left on its thread.

    And threads, asyncio and trio tell the same story, call by call.
    """
    seeds = range(2 if weather in STREAMS else 8)  # by way of the SDK it takes long
    played = [play(Case(weather, seed)) for seed in seeds]

    assert {} == {f"make storm CASE={one.case}": one.broken for one in played if one.broken}


def test_there_are_ten_thousand() -> None:
    """The fixed set has every fault, 200 times alone; no case is in it twice."""
    cases = Counter(fixed_set())
    of_each = Counter(case.weather for case in cases)

    assert 10_000 == cases.total()
    assert {1} == {*cases.values()}
    assert {"pair", "swarm", *REASONS} == {*of_each}
    assert {200} == {of_each[fault] for fault in REASONS}


# The judge: each rule, and how it can be broken --------------------------------------------------

Deed = Callable[[Stage, Story], Story | None]


def _run(stage: Stage) -> Any:
    return stage.simulator.world.store.runs[stage.ours[0].id]


def _run_again(stage: Stage, _: Story) -> None:
    thread_id, metadata = _run(stage).thread.id, {METADATA_KEY: stage.case.key}
    stage.simulator.world.create_run(thread_id, stage.assistant_id, metadata=metadata)


def _call_again(stage: Stage, _: Story) -> None:
    stage.called[next(iter(stage.called))] += 1


def _send_again(stage: Stage, _: Story) -> None:
    stage.sent_again.append("call_1")


def _say_again(stage: Stage, _: Story) -> None:
    question = NewMessage("user", (QUESTION,))
    stage.simulator.world.add_message(_run(stage).thread.id, question)


def _end_otherwise(_: Stage, story: Story) -> Story:
    return replace(story, outcome=_changed(story, status=RunStatus.FAILED))


def _give_up_at_once(_: Stage, story: Story) -> Story:
    return replace(story, outcome=_changed(story, status=RunStatus.QUEUED))


def _lose_the_answer(_: Stage, story: Story) -> Story:
    return replace(story, outcome=_changed(story, messages=()))


def _leave_it_running(stage: Stage, _: Story) -> None:
    _run(stage).status = RunStatus.IN_PROGRESS


def _take_a_day(_: Stage, story: Story) -> Story:
    return replace(story, finished_at=story.finished_at + 86_400.0)


def _blame_the_network(_: Stage, story: Story) -> Story:
    return _raised(story, Fault(FaultKind.TRANSIENT, "timed out"))


def _blame_the_lock(_: Stage, story: Story) -> Story:
    return _raised(story, Fault(FaultKind.LOCKED, "busy"))


def _forget_the_creation(_: Stage, story: Story) -> Story:
    creation = next(step for step in story.journal if isinstance(step, Transition))
    return replace(story, journal=tuple(step for step in story.journal if step is not creation))


def _hold_time(stage: Stage, _: Story) -> None:
    stage.held = stage.clock.participant()  # type: ignore[attr-defined]  # only to be kept alive


def _changed(story: Story, **changes: Any) -> Any:
    assert story.outcome is not None
    return replace(story.outcome, **changes)


def _raised(story: Story, fault: Fault) -> Story:
    return replace(story, outcome=None, error=(BackendError, fault.message, fault))


DEEDS: Final[Mapping[Deed, str]] = {
    _run_again: "runs_once",
    _call_again: "tools_once",
    _send_again: "outputs_once",
    _say_again: "messages_once",
    _end_otherwise: "ended",
    _give_up_at_once: "ended",
    _lose_the_answer: "answer_told",
    _leave_it_running: "unlocked",
    _take_a_day: "in_time",
    _blame_the_network: "excused",
    _blame_the_lock: "excused",
    _forget_the_creation: "path",
    _hold_time: "nobody_left",
}


@pytest.fixture(scope="module")
def gentle() -> Case:
    """A case whose run completes after a tool round, with nobody else about."""
    for case in fixed_set():
        stage = Stage(case)
        if not (case.plan.acts or case.plan.streams) and case.plan.says:
            outcome = stage.drive().outcome
            if outcome and outcome.status is RunStatus.COMPLETED and stage.called:
                return case
    raise AssertionError("no run completes")


@pytest.mark.parametrize(
    ("deed", "rule"), DEEDS.items(), ids=lambda it: getattr(it, "__name__", it)
)
def test_each_rule_can_be_broken(gentle: Case, deed: Deed, rule: str) -> None:
    """What is done wrong is found, by the rule that it breaks; and before, nothing was wrong."""
    stage = Stage(gentle)
    story = stage.drive()
    assert [] == judge(stage, story)

    story = deed(stage, story) or story

    assert any(line.startswith(f"{rule}: ") for line in judge(stage, story))


def test_no_rule_is_forgotten() -> None:
    """Each rule is broken by one of the deeds above."""
    assert {rule.__name__ for rule in RULES} == {*DEEDS.values()}
