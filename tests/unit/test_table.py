"""Facts about tables in general, and about the run's table."""

from __future__ import annotations

from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Any

import pytest

from runfsm.errors import IllegalTransition, TableError, UnknownNameError
from runfsm.lifecycle import (
    CATALOG,
    LIFECYCLE,
    Actor,
    Confidence,
    Edge,
    Evidence,
    Lifecycle,
    RunEvent,
    RunStatus,
)
from sdk_record import RECORD

S, E = RunStatus, RunEvent
PROOF = Evidence("a test", Confidence.CERTAIN)


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    OFF = "off"


class Press(StrEnum):
    PLUG = "plug"
    NEXT = "next"
    BREAK = "break"


def _edge(source: Light | None, event: Press, dest: Light) -> Edge[Light, Press]:
    return Edge(source, event, dest, Actor.CLIENT, "because", PROOF)


SOUND = (
    _edge(None, Press.PLUG, Light.RED),
    _edge(Light.RED, Press.NEXT, Light.GREEN),
    _edge(Light.GREEN, Press.BREAK, Light.OFF),
)


def _build(*edges: Edge[Light, Press]) -> Lifecycle[Light, Press]:
    return Lifecycle("light", Light, Press, edges)


def test_the_statuses_are_those_of_the_official_client() -> None:
    """The nine statuses are exactly the literal that the openai package types."""
    assert RECORD.union("run statuses") == {status.value for status in RunStatus}


def test_the_run_has_nineteen_edges_each_with_evidence() -> None:
    """Nineteen rows; each says why, names a source, and how sure it is."""
    assert len(LIFECYCLE.edges) == 19
    assert all(edge.why and edge.evidence.source for edge in LIFECYCLE.edges)


def test_terminal_is_derived() -> None:
    """The five statuses without a way out are the terminal ones."""
    assert {S.CANCELLED, S.FAILED, S.COMPLETED, S.INCOMPLETE, S.EXPIRED} == LIFECYCLE.terminal


@pytest.mark.parametrize("lifecycle", CATALOG.values(), ids=CATALOG)
def test_terminal_statuses_have_no_exit(lifecycle: Lifecycle[StrEnum, StrEnum]) -> None:
    """In every table of the catalog, nothing leaves a terminal status."""
    assert [] == [e for status in lifecycle.terminal for e in lifecycle.allowed(status)]


def test_the_lock_holds_in_every_status_that_is_not_terminal() -> None:
    """A thread is locked exactly while its run is not over."""
    assert set(RunStatus) - LIFECYCLE.terminal == {s for s in S if LIFECYCLE.locks_thread(s)}


def test_without_the_clients_edges_nothing_comes_back() -> None:
    """Only a client can bring a run back to a status: so a status seen twice is no event."""
    graph: dict[str, set[str]] = {}
    for edge in LIFECYCLE.edges:
        if edge.actor is not Actor.CLIENT and edge.source:
            graph.setdefault(edge.dest, set()).add(edge.source)
    assert set(TopologicalSorter(graph).static_order()) <= set(RunStatus)


@pytest.mark.parametrize(
    ("edges", "complaint"),
    [
        ((*SOUND, _edge(Light.RED, Press.NEXT, Light.OFF)), "two edges leave one status"),
        (SOUND[:2], "no path from creation to off"),
        ((*SOUND, _edge(Light.OFF, Press.NEXT, Light.RED)), "no terminal status"),
        (
            (*SOUND[:2], _edge(Light.GREEN, Press.NEXT, Light.RED),
             _edge(None, Press.BREAK, Light.OFF)),
            "no path to a terminal status from green, red",
        ),
    ],
)  # fmt: skip  # one table a row
def test_a_table_without_sense_is_refused(
    edges: tuple[Edge[Light, Press], ...], complaint: str
) -> None:
    """A twin edge, an unreachable status, no terminal one, a trap: each is told when built."""
    with pytest.raises(TableError, match=complaint):
        _build(*edges)


def test_an_illegal_move_says_why_and_what_would_be_legal() -> None:
    """The error carries status, event and the legal events, and its text names them with actors."""
    with pytest.raises(IllegalTransition) as caught:
        LIFECYCLE.next(S.REQUIRES_ACTION, E.COMPLETE)

    assert (S.REQUIRES_ACTION, E.COMPLETE) == (caught.value.status, caught.value.event)
    assert (E.SUBMIT_TOOL_OUTPUTS, E.CANCEL, E.EXPIRE) == caught.value.allowed
    assert "legal here: submit_tool_outputs (client: " in str(caught.value)


def test_an_illegal_move_says_where_it_was_tried() -> None:
    """In which status, or before the creation; and by whom the thing is created."""
    with pytest.raises(IllegalTransition, match=r"a run in status 'queued'; legal here: start"):
        LIFECYCLE.next(S.QUEUED, E.COMPLETE)
    with pytest.raises(IllegalTransition, match=r"not created yet; legal here: create \(client"):
        LIFECYCLE.next(None, E.START)


def test_the_order_of_the_rows_says_nothing() -> None:
    """The creation may stand last; it is found by having no source."""
    assert Light.RED is _build(*reversed(SOUND)).initial


def test_an_illegal_move_on_a_terminal_status_says_that_it_is_over() -> None:
    """Where nothing is legal, the text says so instead of listing nothing."""
    with pytest.raises(IllegalTransition, match="expired is terminal: nothing can happen"):
        LIFECYCLE.next(S.EXPIRED, E.SUBMIT_TOOL_OUTPUTS)


@pytest.mark.parametrize(
    ("seen", "now", "own", "events"),
    [
        (S.QUEUED, S.QUEUED, (), []),
        (S.QUEUED, S.REQUIRES_ACTION, (), [E.START, E.REQUIRE_ACTION]),
        (None, S.COMPLETED, (), [E.CREATE, E.START, E.COMPLETE]),
        (S.REQUIRES_ACTION, S.COMPLETED, (), [E.SUBMIT_TOOL_OUTPUTS, E.START, E.COMPLETE]),
        (S.REQUIRES_ACTION, S.COMPLETED, (E.CANCEL,), [E.CANCEL, E.COMPLETE]),
        (S.IN_PROGRESS, S.CANCELLED, (), [E.CANCEL, E.CONFIRM_CANCEL]),
        (S.IN_PROGRESS, S.QUEUED, (), [E.REQUIRE_ACTION, E.SUBMIT_TOOL_OUTPUTS]),
        (S.CANCELLING, S.COMPLETED, (), [E.COMPLETE]),
    ],
)
def test_the_likeliest_path(
    seen: RunStatus | None, now: RunStatus, own: tuple[RunEvent, ...], events: list[RunEvent]
) -> None:
    """Fewest foreign hands first, then the surest edges, then the shortest way."""
    path = LIFECYCLE.path(seen, now, own=own)

    assert path is not None
    assert events == [edge.event for edge in path]


@pytest.mark.parametrize("seen", sorted(LIFECYCLE.terminal))
def test_no_path_leaves_a_terminal_status(seen: RunStatus) -> None:
    """From a terminal status there is no path to any other status, and none back to itself."""
    assert {None} == {LIFECYCLE.path(seen, now) for now in RunStatus if now is not seen}
    assert LIFECYCLE.path(seen, seen, again=True) is None


def test_no_path_leads_back_from_cancelling() -> None:
    """Once cancelling, a run is never seen at work again."""
    back = (S.QUEUED, S.IN_PROGRESS, S.REQUIRES_ACTION)
    assert [None] * 3 == [LIFECYCLE.path(S.CANCELLING, status) for status in back]


def test_a_known_second_round_is_a_path() -> None:
    """When the status is known to have been left, the path goes once around."""
    path = LIFECYCLE.path(S.REQUIRES_ACTION, S.REQUIRES_ACTION, again=True)

    assert path is not None
    assert [E.SUBMIT_TOOL_OUTPUTS, E.START, E.REQUIRE_ACTION] == [edge.event for edge in path]


def test_every_path_is_made_of_edges_that_join() -> None:
    """Each path starts where we were, ends where we are, and has no gap."""
    for seen in RunStatus:
        for now in RunStatus:
            if path := LIFECYCLE.path(seen, now):
                stops = [seen, *(edge.dest for edge in path)]
                assert [edge.source for edge in path] == stops[:-1]
                assert now is stops[-1]


def test_a_path_is_searched_for_once() -> None:
    """Each look of each run asks; the second answer is the first one."""
    assert LIFECYCLE.path(S.QUEUED, S.COMPLETED) is LIFECYCLE.path(S.QUEUED, S.COMPLETED)


def test_a_circle_is_not_gone_round_for_ever() -> None:
    """Where a status can come back and another one cannot be reached, there is no path."""
    circle = _build(
        _edge(None, Press.PLUG, Light.RED),
        _edge(Light.RED, Press.NEXT, Light.GREEN),
        _edge(Light.GREEN, Press.NEXT, Light.GREEN),
        _edge(Light.GREEN, Press.BREAK, Light.OFF),
    )

    assert None is circle.path(Light.GREEN, Light.RED)


def test_a_tables_repr_is_short() -> None:
    """It is a default argument, and stands in every `help()`."""
    assert "<Lifecycle 'run': 9 statuses, 19 edges>" == repr(LIFECYCLE)


def test_names_become_members() -> None:
    """A status or an event by its name; one that is not there is named, with the nearest."""
    assert RunStatus.IN_PROGRESS is LIFECYCLE.status("in_progress")
    assert RunEvent.CANCEL is LIFECYCLE.event("cancel")
    with pytest.raises(UnknownNameError, match=r"no status of a run. Did you mean 'completed'"):
        LIFECYCLE.status("Completed")
    with pytest.raises(
        UnknownNameError, match=r"no event of a run. Did you mean 'start'"
    ) as caught:
        LIFECYCLE.event("Start")

    assert ("Start", tuple(RunEvent), "start") == (
        caught.value.given,
        caught.value.known,
        caught.value.nearest,
    )


@pytest.mark.parametrize("given", [None, 7, b"queued", ["queued"]])
def test_a_status_that_is_no_text_is_refused(given: Any) -> None:
    """In the same words, without a guess."""
    with pytest.raises(UnknownNameError, match=r"is no status of a run. There are: queued,"):
        LIFECYCLE.status(given)
