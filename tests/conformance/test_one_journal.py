"""One scenario, one journal: the same down every road, but for its marks.

The marks say who says a status: the service (native), whoever looks (computed), or the library
alone (local). Beyond them, three traits of a wire show in a journal, in the scenarios of `SHOWS`.
What they make of it is computed here, to the second, from the journal of the Assistants API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest

from played import ENDINGS, play
from runfsm import Outcome, RunEvent, RunStatus, ToolAnswered, Transition
from runfsm.lifecycle import LIFECYCLE
from runfsm.lifecycle.table import Origin
from runfsm.lifecycle.wires import WIRES
from runfsm.lifecycle.wires.wire import CancelAnswer
from runfsm_simulator import Simulator, scenarios

S, E = RunStatus, RunEvent

#: Steps, with fields as their kinds have them.
Journal = tuple[Any, ...]

#: The traits that show: of which wire, in which scenario.
SHOWS: Final = {
    ("responses", "cancel-wins"): "cancel",
    ("responses", "cancel-loses"): "cancel",
    ("agents", "weather"): "resumed",
    ("agents", "two-rounds"): "resumed",
    ("agents", "expiry"): "expiry",
    ("agents", "stuck"): "expiry",
}


@cache
def _played(road: Any, scenario: str) -> tuple[Simulator, Outcome]:
    return play(road, scenario)


def _unmarked(journal: Journal) -> Journal:
    return tuple(
        replace(step, origin=Origin.NATIVE) if isinstance(step, Transition) else step
        for step in journal
    )


def test_every_shipped_scenario_is_played() -> None:
    """The table of endings names each scenario that is shipped."""
    assert set(scenarios.names()) == set(ENDINGS)


def test_what_shows_is_what_the_tables_tell_apart() -> None:
    """Each trait that shows has another value on the Assistants API."""
    told = {(wire, name): WIRES[wire].traits[name].value for (wire, _), name in SHOWS.items()}

    assert [] == [it for it in told if told[it] == WIRES["assistants"].traits[it[1]].value]


@pytest.mark.parametrize("scenario", ENDINGS)
def test_one_journal_on_all_wires(wires: Mapping[str, Any], scenario: str) -> None:
    """Every step, to the second, but for who says each status; and for the traits that show."""
    told = {wire: _unmarked(_played(road, scenario)[1].journal) for wire, road in wires.items()}
    differ = {wire for wire, journal in told.items() if journal != told["assistants"]}

    assert {wire for wire in wires if (wire, scenario) in SHOWS} == differ


@pytest.mark.parametrize("scenario", ENDINGS)
def test_all_roads_tell_one_story(road: Any, direct: Any, scenario: str) -> None:
    """Journal, marks, ending and answer; where a trait shows, the journal is what that makes it."""
    wire = WIRES[road.wire]
    road.must(scenario != "cancel-loses" or wire.cancel.value is CancelAnswer.ASKED, wire.cancel)
    expected_world, expected = _played(direct, scenario)
    world, outcome = play(road, scenario)
    make = MADE_BY.get(SHOWS.get((road.wire, scenario), ""))
    journal = make(expected.journal, outcome) if make else expected.journal
    moves = [step for step in outcome.journal if isinstance(step, Transition)]

    assert journal == _unmarked(outcome.journal)
    assert [wire.statuses[step.edge.dest].value for step in moves] == [it.origin for it in moves]
    assert ENDINGS[scenario] is outcome.status
    assert _shown(road, expected) == _shown(road, outcome)
    if road.wire == "assistants":  # to the last id, and in the world itself
        assert (expected, expected_world.trace) == (outcome, world.trace)


def _shown(road: Any, outcome: Outcome) -> tuple[Any, ...]:
    """What an app sees of a run when it is over."""
    run = outcome.snapshot
    cut = run.incomplete_reason and "cut"  # each wire has a word of its own
    shown = (run.calls, run.created_at, run.error, cut)
    if road.wire != "agents":  # there, usage is counted later, and what is not complete is nowhere
        return *shown, run.usage, outcome.text
    return *shown, outcome.status is S.COMPLETED and outcome.text


# What a trait makes of the journal of the Assistants API ------------------------------------------


def _cancelled_at_once(journal: Journal, _: Outcome) -> Journal:
    """The answer to a cancel says that it is over: `cancelling` is not seen, and takes no time."""
    *before, cancel, over = journal
    return *before, replace(cancel, inferred=True), replace(over, at=cancel.at)


def _not_queued_again(journal: Journal, _: Outcome) -> Journal:
    """A run goes on with its last output: `queued` is not seen then, and takes no time."""
    told: list[Any] = []
    sooner_s = 0.0
    for step, before in zip(journal, (None, *journal), strict=False):
        if isinstance(before, Transition) and before.edge.event is E.SUBMIT_TOOL_OUTPUTS:
            told[-1] = replace(told[-1], inferred=True)
            sooner_s += step.at - before.at
        told.append(_sooner(step, sooner_s))
    return tuple(told)


def _sooner(step: Any, by_s: float) -> Any:
    if isinstance(step, ToolAnswered) and step.began_at is not None:
        step = replace(step, began_at=step.began_at - by_s)
    return replace(step, at=step.at - by_s)


def _cancelled_at_the_deadline(journal: Journal, outcome: Outcome) -> Journal:
    """The deadline is ours: a run is told to cancel then, and expires when the service has it."""
    *before, expired = journal
    asked = replace(expired, edge=LIFECYCLE.next(expired.edge.source, E.CANCEL))
    over_at = outcome.journal[-1].at
    return *before, asked, replace(expired, edge=LIFECYCLE.next(S.CANCELLING, E.EXPIRE), at=over_at)


MADE_BY: Final[Mapping[str, Callable[[Journal, Outcome], Journal]]] = {
    "cancel": _cancelled_at_once,
    "resumed": _not_queued_again,
    "expiry": _cancelled_at_the_deadline,
}
