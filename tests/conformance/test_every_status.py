"""Every status on every wire: who says it, what the service shows then, and how one gets there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import pytest

from attending import OF_OPENAI_3
from played import play
from runfsm import RunStatus, Transition
from runfsm.lifecycle.table import Origin
from runfsm.lifecycle.wires import WIRES
from runfsm.lifecycle.wires.wire import CancelAnswer

S = RunStatus
COMPUTED, LOCAL, NATIVE = Origin.COMPUTED, Origin.LOCAL, Origin.NATIVE

#: The shipped scenario in which a run is in this status.
REACHED_IN: Final = {
    S.QUEUED: "weather",
    S.IN_PROGRESS: "weather",
    S.REQUIRES_ACTION: "weather",
    S.CANCELLING: "cancel-wins",
    S.CANCELLED: "cancel-wins",
    S.FAILED: "failure",
    S.COMPLETED: "weather",
    S.INCOMPLETE: "truncation",
    S.EXPIRED: "stuck",
}

#: Who says a status, and in which word, where it is not the service in its own.
SAID: Final = {
    ("responses", S.REQUIRES_ACTION): (COMPUTED, "completed"),
    ("responses", S.CANCELLING): (LOCAL, "cancelled"),  # the answer is the next status already
    ("responses", S.EXPIRED): (LOCAL, "cancelled"),
    ("agents", S.REQUIRES_ACTION): (NATIVE, "waiting"),
    ("agents", S.CANCELLING): (LOCAL, "in_progress"),
    ("agents", S.INCOMPLETE): (COMPUTED, "failed"),
    ("agents", S.EXPIRED): (LOCAL, "cancelled"),
}

#: By status: the step that led there first, and the word that the service had for it.
Seen = Mapping[str, tuple[Transition, str]]


@cache
def _seen(road: Any, scenario: str) -> Seen:
    seen: dict[str, tuple[Transition, str]] = {}

    def hear(watch: Any, step: Any) -> None:
        if isinstance(step, Transition):
            seen.setdefault(step.edge.dest, (step, watch.core.snapshot.raw_status))

    play(road, scenario, hear=hear)
    return seen


def test_every_status_has_a_scenario() -> None:
    """None of the nine is left out."""
    assert [*RunStatus] == [*REACHED_IN]


@pytest.mark.parametrize("status", RunStatus)
@pytest.mark.parametrize(
    "wire", ["assistants", "responses", pytest.param("agents", marks=OF_OPENAI_3)]
)
def test_every_status_is_reached(wires: Mapping[str, Any], wire: str, status: RunStatus) -> None:
    """Driven there, it is marked with who says it, as the wire's table has it, and it is seen.

    Only a cancel that is answered with its end leaves nothing to be seen of the time between.
    """
    step, word = _seen(wires[wire], REACHED_IN[status])[status]
    table = WIRES[wire]
    is_unseen = status is S.CANCELLING and table.cancel.value is CancelAnswer.DONE

    assert SAID.get((wire, status), (NATIVE, status)) == (step.origin, word)
    assert table.statuses[status].value is step.origin
    assert is_unseen == step.inferred
