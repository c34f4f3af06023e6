"""Where things stand in a drawing: hints for a layout engine, computed from a picture alone.

The *spine*, the shortest surely known way from creation to an end, is to be drawn straight. The
ends stand in one column, the spine's own in the middle and the others dealt around it, so that
both sides carry about as many arrows.
"""

from __future__ import annotations

from collections import deque

from runfsm.lifecycle.draw.picture import Arrow, Node, Picture
from runfsm.lifecycle.table import Confidence

__all__ = ["column_of", "leads_back", "spine_of"]


def spine_of(picture: Picture) -> tuple[Arrow, ...]:
    """The shortest way from creation to an end along certain arrows; `()` where there is none.

    Of two equally short ways it is the one whose arrows come first in the table.
    """
    ends = {node.name for node in picture.nodes if node.terminal}
    sure = [a for a in picture.arrows if a.evidence.confidence is Confidence.CERTAIN]
    ways: deque[tuple[Arrow, ...]] = deque([()])
    visited: set[str | None] = set()
    while ways:
        way = ways.popleft()
        here = way[-1].dest if way else None
        if here in ends:
            return way
        if here not in visited:
            visited.add(here)
            ways.extend((*way, arrow) for arrow in sure if arrow.source == here)
    return ()


def leads_back(arrow: Arrow, spine: tuple[Arrow, ...]) -> bool:
    """Return whether an arrow goes back to a node that the spine has passed."""
    passed = {step.dest for step in spine[:-1]}
    return arrow.dest in passed and arrow.source not in {None, arrow.dest} and arrow not in spine


def column_of(picture: Picture, spine: tuple[Arrow, ...]) -> tuple[Node, ...]:
    """The ends in the order of the column, the spine's in the middle."""
    straight = {arrow.dest for arrow in spine}
    arrivals = [arrow.dest for arrow in picture.arrows]
    ends = [node for node in picture.nodes if node.terminal]
    middle = [node for node in ends if node.name in straight]
    others = sorted(
        (node for node in ends if node.name not in straight),
        key=lambda node: -arrivals.count(node.name),
    )
    return (*others[1::4], *others[2::4], *middle, *others[0::4], *others[3::4])
