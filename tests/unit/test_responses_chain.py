"""Facts about a run on the Responses API: the chain's table, beside the run's."""

from __future__ import annotations

import pytest

from runfsm.lifecycle import LIFECYCLE, RESPONSES_CHAIN, Confidence, Edge, RunEvent, RunStatus
from runfsm.lifecycle.response import RESPONSE
from runfsm.lifecycle.table import Origin
from runfsm.lifecycle.wires.chain import CHAIN_STATUSES
from sdk_record import RECORD

S, E = RunStatus, RunEvent

#: Where the chain goes another way than the run: nowhere. A row that does is named here.
DIFFERENT: set[str] = set()


@pytest.mark.parametrize("edge", RESPONSES_CHAIN.edges, ids=str)
def test_an_edge_of_the_chain_is_one_of_the_run(edge: Edge[RunStatus, RunEvent]) -> None:
    """By the same hand, from and to the same status; or it is named as different."""
    legal = {(e.source, e.event, e.dest, e.actor) for e in LIFECYCLE.edges}

    assert (str(edge) in DIFFERENT) != ((edge.source, edge.event, edge.dest, edge.actor) in legal)


def test_no_edge_of_the_run_is_missing() -> None:
    """What can happen to a run can happen to a chain, with the same locks and ends."""
    assert {str(e) for e in LIFECYCLE.edges} == {str(e) for e in RESPONSES_CHAIN.edges} - DIFFERENT
    assert LIFECYCLE.locks == RESPONSES_CHAIN.locks
    assert LIFECYCLE.terminal == RESPONSES_CHAIN.terminal


def test_the_chain_does_not_repeat_the_runs_evidence() -> None:
    """Another service is known from other sources: no row has the run's."""
    for edge in RESPONSES_CHAIN.edges:
        assert edge.evidence != LIFECYCLE.next(edge.source, edge.event).evidence


def test_native_are_the_statuses_that_the_official_client_types() -> None:
    """The six of the SDK's literal, and no others."""
    native = {s.value for s in S if RESPONSES_CHAIN.origin(s) is Origin.NATIVE}

    assert RECORD.union("response statuses") == native


def test_three_statuses_are_not_said_by_the_service() -> None:
    """One is computed, two are the library's own; the run's table has none of that kind."""
    assert {
        S.REQUIRES_ACTION: Origin.COMPUTED,
        S.CANCELLING: Origin.LOCAL,
        S.EXPIRED: Origin.LOCAL,
    } == RESPONSES_CHAIN.origins
    assert {Origin.NATIVE} == {LIFECYCLE.origin(status) for status in S}


def test_a_native_status_is_shown_in_its_own_word() -> None:
    """What the head of the chain shows begins with the status; of the others, it does not."""
    for status, said in CHAIN_STATUSES.items():
        assert (said.value is Origin.NATIVE) == said.told.startswith(f"`{status}`"), status


@pytest.mark.parametrize("edge", RESPONSE.edges, ids=str)
def test_what_happens_to_one_response_happens_to_the_chain(
    edge: Edge[RunStatus, RunEvent],
) -> None:
    """Between two looks at the head, each edge of a response is a path of the chain."""
    seen = edge.source and RunStatus(edge.source)

    assert RESPONSES_CHAIN.path(seen, RunStatus(edge.dest))


def test_the_happy_path_is_certain() -> None:
    """Create, start, call, submit and complete are told by several; a deadline never is certain."""
    way = (
        (None, E.CREATE),
        (S.QUEUED, E.START),
        (S.IN_PROGRESS, E.REQUIRE_ACTION),
        (S.REQUIRES_ACTION, E.SUBMIT_TOOL_OUTPUTS),
        (S.IN_PROGRESS, E.COMPLETE),
    )
    sure = {RESPONSES_CHAIN.next(*step).evidence.confidence for step in way}
    expiries = [edge for edge in RESPONSES_CHAIN.edges if edge.event is E.EXPIRE]

    assert {Confidence.CERTAIN} == sure
    assert 4 == len(expiries)
    assert Confidence.CERTAIN not in {edge.evidence.confidence for edge in expiries}
