"""The run's table of the Agents API: what a turn does, and what only its client knows."""

from __future__ import annotations

import pytest

from runfsm.lifecycle import (
    LIFECYCLE,
    SESSION_RUN,
    TURN,
    Confidence,
    Edge,
    Origin,
    RunEvent,
    RunStatus,
    TurnStatus,
)
from runfsm.lifecycle.wires.session import MEANS

S, E = RunStatus, RunEvent

#: The one edge on which a turn goes another way than a run.
RESUMES = (S.REQUIRES_ACTION, E.SUBMIT_TOOL_OUTPUTS, S.IN_PROGRESS)


def test_its_edges_are_the_runs_but_for_one() -> None:
    """With the last result a turn goes on, and is not queued; ends are the same, and no lock is."""
    steps = {(edge.source, edge.event, edge.dest) for edge in SESSION_RUN.edges}
    legal = {(edge.source, edge.event, edge.dest) for edge in LIFECYCLE.edges}

    assert {RESUMES} == steps - legal
    assert {(*RESUMES[:2], S.QUEUED)} == legal - steps
    assert LIFECYCLE.terminal == SESSION_RUN.terminal
    assert frozenset() == SESSION_RUN.locks


@pytest.mark.parametrize("edge", TURN.edges, ids=str)
def test_what_happens_to_a_turn_happens_to_the_run(edge: Edge[TurnStatus, RunEvent]) -> None:
    """Each edge of a turn is a path here; a cancel that nobody sees is one that we have sent."""
    source = MEANS[edge.source] if edge.source else None
    if edge.event is E.CANCEL:
        assert S.CANCELLING is SESSION_RUN.next(source, E.CANCEL).dest
    else:
        assert SESSION_RUN.path(source, MEANS[edge.dest])


def test_a_turn_that_was_cut_short_is_no_failure_of_the_run() -> None:
    """It has failed there, and is incomplete here: in both ways in which it can come to that."""
    cuts = [edge for edge in SESSION_RUN.edges if edge.event is E.TRUNCATE]

    assert [S.IN_PROGRESS, S.CANCELLING] == [edge.source for edge in cuts]
    assert {S.INCOMPLETE} == {edge.dest for edge in cuts}


def test_three_statuses_are_not_said_by_the_service() -> None:
    """One is computed from an error's code, two are the library's own."""
    assert {
        S.INCOMPLETE: Origin.COMPUTED,
        S.CANCELLING: Origin.LOCAL,
        S.EXPIRED: Origin.LOCAL,
    } == SESSION_RUN.origins


def test_what_the_library_adds_is_never_certain() -> None:
    """Nobody has seen it at the service: deadlines, and cancels of what nobody has cancelled."""
    added = [edge for edge in SESSION_RUN.edges if edge.event in {E.EXPIRE, E.CANCEL}]

    assert 7 == len(added)
    assert Confidence.CERTAIN not in {edge.evidence.confidence for edge in added}
