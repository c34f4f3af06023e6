"""Which of two ways a path takes: the one whose edges are surer, taken together."""

from __future__ import annotations

from enum import StrEnum

import pytest

from runfsm.lifecycle import Actor, Confidence, Edge, Evidence, Lifecycle

SURE, LIKELY, INFERRED = Confidence.CERTAIN, Confidence.LIKELY, Confidence.INFERRED


class Place(StrEnum):
    START = "start"
    MIDDLE = "middle"
    END = "end"


class Step(StrEnum):
    BEGIN = "begin"
    HALF = "half"
    ALL = "all"


def _edge(source: Place | None, event: Step, dest: Place, sure: Confidence) -> Edge[Place, Step]:
    return Edge(source, event, dest, Actor.SERVICE, "because", Evidence("a test", sure))


@pytest.mark.parametrize(
    ("all_at_once", "halves", "steps"),
    [
        (SURE, (SURE, SURE), 1),
        (LIKELY, (SURE, SURE), 1),
        (INFERRED, (SURE, SURE), 2),
        (INFERRED, (SURE, LIKELY), 1),
        (INFERRED, (LIKELY, LIKELY), 1),
    ],
)
def test_one_doubtful_step_or_two_surer_ones(
    all_at_once: Confidence, halves: tuple[Confidence, Confidence], steps: int
) -> None:
    """Two sure ones beat one that is inferred; two that are hardly better do not."""
    table = Lifecycle(
        "walk",
        Place,
        Step,
        (
            _edge(None, Step.BEGIN, Place.START, SURE),
            _edge(Place.START, Step.ALL, Place.END, all_at_once),
            _edge(Place.START, Step.HALF, Place.MIDDLE, halves[0]),
            _edge(Place.MIDDLE, Step.HALF, Place.END, halves[1]),
        ),
    )

    assert steps == len(table.path(Place.START, Place.END) or ())
