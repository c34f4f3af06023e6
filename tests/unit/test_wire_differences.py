"""Facts about comparisons: what vanishes, appears and changes between two wires."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from runfsm.lifecycle import LIFECYCLE, WIRES, Evidence, RunEvent, RunStatus, Wire
from runfsm.lifecycle.wires import AGENTS, ASSISTANTS, RESPONSES
from runfsm.lifecycle.wires.difference import Change, Section, differences

E, S = RunEvent, RunStatus
PAIRS = list(permutations(WIRES.values(), 2))
MIRRORED = {Change.APPEARS: Change.VANISHES, Change.VANISHES: Change.APPEARS}


def section(before: Wire, after: Wire, title: str) -> Section:
    """One section of a comparison."""
    return next(one for one in differences(before, after) if one.title == title)


def changes(before: Wire, after: Wire, title: str) -> dict[str, Change]:
    """What becomes of each subject of a section."""
    return {row.subject: row.change for row in section(before, after, title).rows}


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)
def test_a_wire_does_not_differ_from_itself(wire: Wire) -> None:
    """Compared with itself, everything is the same."""
    assert [] == [row for one in differences(wire, wire) for row in one.different]


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=lambda wire: wire.name)
def test_there_and_back_are_mirrors(before: Wire, after: Wire) -> None:
    """What vanishes one way appears the other way; the two sides are exchanged."""
    for there, back in zip(differences(before, after), differences(after, before), strict=True):
        assert [
            (row.subject, MIRRORED.get(row.change, row.change), row.after, row.before)
            for row in there.rows
        ] == [(row.subject, row.change, row.before, row.after) for row in back.rows]


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=lambda wire: wire.name)
def test_every_row_is_told_on_both_sides(before: Wire, after: Wire) -> None:
    """No side is empty; each row is either different or the same."""
    for one in differences(before, after):
        assert all(row.before and row.before.told for row in one.rows)
        assert all(row.after and row.after.told for row in one.rows)
        assert len(one.rows) == len(one.different) + len(one.same)


def test_from_assistants_to_responses_three_statuses_change() -> None:
    """The computed one and the two local ones; the six others are said as before."""
    changed = section(ASSISTANTS, RESPONSES, "Statuses").different

    assert [S.REQUIRES_ACTION, S.CANCELLING, S.EXPIRED] == [row.subject for row in changed]


def test_an_edge_changes_where_another_says_that_it_was_taken() -> None:
    """An edge is the same where both ends are native; no edge of the run vanishes."""
    edges = changes(ASSISTANTS, RESPONSES, "Edges")

    assert len(LIFECYCLE.edges) == len(edges)
    assert {Change.SAME, Change.CHANGES} == set(edges.values())
    assert Change.SAME is edges["complete in in_progress"]
    assert Change.CHANGES is edges["complete in cancelling"]


def test_an_edge_that_one_table_lacks_appears_or_vanishes() -> None:
    """Of a table without an edge, the side is empty."""
    less = replace(
        LIFECYCLE, edges=tuple(e for e in LIFECYCLE.edges if str(e) != "queued --fail--> failed")
    )
    poor = replace(ASSISTANTS, table=less)

    assert Change.APPEARS is changes(poor, ASSISTANTS, "Edges")["fail in queued"]
    assert Change.VANISHES is changes(ASSISTANTS, poor, "Edges")["fail in queued"]
    (row,) = section(ASSISTANTS, poor, "Edges").different
    assert row.after is None


def test_an_edge_changes_with_its_hand_and_its_end() -> None:
    """Another actor or another destination is a change; other evidence is none."""
    fail = LIFECYCLE.next(S.QUEUED, E.FAIL)

    def compared(**differing: object) -> Change:
        edges = tuple(replace(e, **differing) if e is fail else e for e in LIFECYCLE.edges)
        other = replace(ASSISTANTS, table=replace(LIFECYCLE, edges=edges))
        return changes(ASSISTANTS, other, "Edges")["fail in queued"]

    assert Change.CHANGES is compared(actor=LIFECYCLE.next(S.QUEUED, E.CANCEL).actor)
    assert Change.CHANGES is compared(dest=S.EXPIRED)
    assert Change.SAME is compared(evidence=Evidence.likely("elsewhere"))


def test_from_assistants_to_agents_the_queue_is_entered_once() -> None:
    """A turn whose results are in goes on at once, other than a run and a chain."""
    (submit,) = (
        row
        for row in section(ASSISTANTS, AGENTS, "Edges").rows
        if row.subject == "submit_tool_outputs in requires_action"
    )

    assert Change.CHANGES is submit.change
    assert ["client → queued", "client → in_progress"] == [
        side.told.partition(":")[0] for side in (submit.before, submit.after) if side
    ]


@pytest.mark.parametrize(
    ("subject", "change"),
    [
        ("run id", Change.VANISHES),
        ("lock", Change.CHANGES),
        ("lock holder", Change.VANISHES),
        ("expiry", Change.VANISHES),
        ("settings", Change.VANISHES),
        ("listing", Change.VANISHES),
        ("submit", Change.CHANGES),
        ("webhooks", Change.APPEARS),
        ("idempotency", Change.SAME),
    ],
)
def test_promises_from_assistants_to_responses(subject: str, change: Change) -> None:
    """What a client could rely on there, and what it can rely on now."""
    assert change is changes(ASSISTANTS, RESPONSES, "Promises")[subject]


def test_a_refusal_vanishes_where_nobody_refuses() -> None:
    """On a Responses chain no output comes too late; the row says so instead of an answer."""
    (row,) = (
        row
        for row in section(ASSISTANTS, RESPONSES, "Refusals").rows
        if row.subject == "submit to what is over"
    )

    assert Change.VANISHES is row.change
    assert row.after
    assert row.after.told.startswith("not refused: ")
