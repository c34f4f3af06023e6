"""A diagram with counts: how often each edge was taken, and which never."""

from __future__ import annotations

import json

import pytest

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, MESSAGE, RunStatus
from runfsm.lifecycle.draw import RENDERERS, draw, picture_of
from runfsm.lifecycle.draw.legend import ACTOR_COLOUR, MISSING_COLOUR, TAKEN_COLOUR
from runfsm.lifecycle.draw.picture import fold
from runfsm.lifecycle.table import Actor

CREATE, START, *_ = LIFECYCLE.edges
COUNTED = picture_of(LIFECYCLE, counts={CREATE: 3, RunStatus.QUEUED: 3, START: 2})


def test_what_is_not_counted_was_never() -> None:
    """Of all that the counts leave out, the count is zero."""
    assert [3, 2, *[0] * 17] == [arrow.count for arrow in COUNTED.arrows]
    assert [3, *[0] * 8] == [node.count for node in COUNTED.nodes]


@pytest.mark.parametrize("form", RENDERERS)
def test_without_counts_a_picture_is_as_before(form: str) -> None:
    """Nobody who does not count sees a number."""
    assert not picture_of(LIFECYCLE).counted
    assert "\N{MULTIPLICATION SIGN}" not in draw(LIFECYCLE, form)
    assert '"count"' not in draw(LIFECYCLE, form)


@pytest.mark.parametrize("form", ["mermaid", "dot", "markdown"])
def test_a_count_stands_at_its_arrow(form: str) -> None:
    """Behind the event, in every format for people; a zero too."""
    assert "● create \N{MULTIPLICATION SIGN}3" in draw(COUNTED, form)
    assert "■ require_action \N{MULTIPLICATION SIGN}0" in draw(COUNTED, form)


def test_a_count_in_json() -> None:
    """As a number beside the edge."""
    assert [3, 2] == [edge["count"] for edge in json.loads(draw(COUNTED, "json"))["edges"][:2]]


def test_a_drawing_shows_what_is_missing() -> None:
    """Taken is one colour and solid, never another and dashed; no actor's colour is left."""
    lines = draw(COUNTED, "dot").splitlines()
    taken, never = (
        next(line for line in lines if line.startswith(f'"{source}" -> "{dest}"'))
        for source, dest in (("queued", "in_progress"), ("queued", "cancelling"))
    )

    assert f'color="{TAKEN_COLOUR}" style=solid' in taken
    assert f'color="{MISSING_COLOUR}" style=dashed' in never
    assert ACTOR_COLOUR[Actor.CLIENT] not in "\n".join(lines)
    assert any('"expired"' in line and "dashed" in line and "->" not in line for line in lines)


def test_counts_of_what_is_folded_add_up() -> None:
    """Two statuses in one node have what both have; so have two edges in one arrow."""
    cancels = [edge for edge in LIFECYCLE.edges if edge.event == "cancel"]
    folded = fold(
        LIFECYCLE,
        lambda status: "on" if LIFECYCLE.locks_thread(status) else "off",
        counts={**dict.fromkeys(cancels, 2), RunStatus.QUEUED: 3, RunStatus.IN_PROGRESS: 4},
    )

    assert [6] == [arrow.count for arrow in folded.arrows if arrow.event == "cancel"]
    assert [7] == [node.count for node in folded.nodes if node.name == "on"]


def test_counts_of_another_table_are_refused() -> None:
    """They are told, and what the table has."""
    with pytest.raises(CallerError, match=r"cannot paint .*completed.*not in the table of the run"):
        picture_of(LIFECYCLE, counts={MESSAGE.edges[1]: 1})
