"""Facts about what two looks prove, beyond what the judge's own tests say of runs."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum, auto
from typing import Final

import pytest

from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm.lifecycle.hindsight import kept_lock, reachable
from runfsm.lifecycle.table import Actor, Edge, Evidence, Lifecycle


class Door(StrEnum):
    """One that can be shut from either side."""

    SHUT = auto()
    OPEN = auto()
    BARRED = auto()
    GONE = auto()


class Hand(StrEnum):
    """What is done to it."""

    BUILD = auto()
    PUSH = auto()
    BAR = auto()
    SLIP = auto()
    TAKE_DOWN = auto()


def _edge(source: Door | None, event: Hand, dest: Door) -> Edge[Door, Hand]:
    return Edge(source, event, dest, Actor.CLIENT, "somebody does", Evidence.certain("seen"))


#: Between two statuses that lock, one that does not; and out of the second, an end.
DOOR: Final = Lifecycle(
    "door",
    Door,
    Hand,
    (
        _edge(None, Hand.BUILD, Door.SHUT),
        _edge(Door.SHUT, Hand.PUSH, Door.OPEN),
        _edge(Door.OPEN, Hand.BAR, Door.BARRED),
        _edge(Door.BARRED, Hand.TAKE_DOWN, Door.GONE),
    ),
    locks=frozenset({Door.SHUT, Door.BARRED}),
)

#: Shut, one may come to the bar without opening it.
DOOR_WITH_A_SLIP: Final = replace(
    DOOR, edges=(*DOOR.edges, _edge(Door.SHUT, Hand.SLIP, Door.BARRED))
)


@pytest.mark.parametrize("table", [DOOR, DOOR_WITH_A_SLIP], ids=["the only way", "one of two"])
def test_a_lock_may_have_been_given_up_between_two_looks(table: Lifecycle[Door, Hand]) -> None:
    """A way that leads through a status which does not lock is enough for a doubt."""
    assert not kept_lock(table, Door.SHUT, Door.BARRED)


def test_a_lock_is_kept_where_no_way_gives_it_up() -> None:
    """What comes after the second look does not count, nor what was before the first."""
    assert kept_lock(DOOR, Door.SHUT, Door.SHUT)
    assert kept_lock(DOOR, Door.BARRED, Door.BARRED)


@pytest.mark.parametrize(
    ("seen", "again"),
    [
        (RunStatus.QUEUED, True),
        (RunStatus.IN_PROGRESS, True),
        (RunStatus.REQUIRES_ACTION, True),
        (RunStatus.CANCELLING, False),
        (RunStatus.COMPLETED, False),
    ],
)
def test_a_status_may_be_shown_again_where_a_round_leads_back(
    seen: RunStatus, *, again: bool
) -> None:
    """As after outputs: the run has left it, and come back."""
    assert again == (seen in {edge.dest for edge in reachable(LIFECYCLE, seen)})
