"""What is told of a simulator whose test has failed: its beginnings, its life, the way back.

Requests and edges stand in the order in which they happened. No bodies: a report may be shown to
anybody.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import islice
from typing import Final

from runfsm_pytest.wishes import Made

__all__ = ["told"]

LINES_MAX: Final = 60  # the latest; what is before them is rarely the cause


def told(made: Made, nodeid: str) -> str:
    """Seed, script, storm; a timeline; and the command that plays all of it again.

    Args:
        made: the simulator.
        nodeid: pytest's name of the test.
    """
    storm = "" if made.storm.is_calm else f", {made.storm}"
    timeline = list(_timeline(made))
    left_out = max(0, len(timeline) - LINES_MAX)
    return "\n".join(
        [
            f"seed {made.seed}, script: {made.script}{storm}",
            *([f"  ... {left_out} earlier lines"] if left_out else []),
            *timeline[left_out:],
            f"again: pytest {shlex.quote(nodeid)} --runfsm-seed={made.seed}",
        ]
    )


def _timeline(made: Made) -> Iterator[str]:
    """Each request after the edges that had been taken by then; seconds since the beginning."""
    world, journal = made.simulator.world, made.simulator.control.journal
    with world.operation():
        trace, taken = world.trace, world.taken
    forgotten = taken - len(trace)
    edges = iter(trace)
    told = forgotten
    for asking in journal.requests:
        for entry in islice(edges, max(0, asking.taken - told)):
            yield _line(made, entry.at, f"  {entry.told}")
        told = max(told, asking.taken)
        answer = asking.status or "no answer"
        yield _line(made, asking.at, f"{asking.method} {asking.path} {answer}")
    for entry in edges:
        yield _line(made, entry.at, f"  {entry.told}")


def _line(made: Made, at: float, what: str) -> str:
    return f"  {at - made.began_at:9.3f} s  {what}"
