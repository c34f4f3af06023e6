"""A behaviour told: who did what, and when; on a page, and as a trace in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

from runfsm_simulator.explore.asked import Line
from runfsm_simulator.explore.stage import Behaviour

__all__ = ["shortened", "told", "traced"]


def told(behaviour: Behaviour) -> Iterator[str]:
    """Its story, a line each."""
    for line, times in shortened(behaviour.story):
        again = f"   ({times} times)" if times > 1 else ""
        yield f"{line.at_s:7.1f} s  {line.who:<12} {line.what}{again}"


def shortened(story: tuple[Line, ...]) -> Iterator[tuple[Line, int]]:
    """The lines, and how often each comes in a row."""
    for _, same in groupby(story, key=lambda line: (line.who, line.what)):
        lines = [*same]
        yield lines[0], len(lines)


def traced(behaviour: Behaviour) -> Iterator[str]:
    """Its trace as JSON lines: the choices, then the edges that runs took, then the story."""
    for choice in behaviour.choices:
        yield json.dumps({"choice": choice.to_dict()})
    for edge in behaviour.edges:
        yield json.dumps({"edge": edge.to_dict()})
    for line in behaviour.story:
        yield json.dumps({"at_s": line.at_s, "who": line.who, "what": line.what})
