"""Facts about a tracker that is shown snapshots: whose word a status is depends on the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from by_hand import a_run
from runfsm import RunStatus, RunTracker
from runfsm.lifecycle import Origin
from runfsm.lifecycle.journal import Transition, UnknownStatus


def _of(backend: str, status: str, **changes: Any) -> Any:
    """A look at a run, by this wire."""
    run = a_run(status, "call_1")
    return replace(run, ref=replace(run.ref, backend=backend), **changes)


@pytest.mark.parametrize(
    ("backend", "origins"),
    [
        ("assistants", [Origin.NATIVE, Origin.NATIVE, Origin.NATIVE, Origin.NATIVE]),
        ("responses", [Origin.NATIVE, Origin.NATIVE, Origin.COMPUTED, Origin.LOCAL]),
        ("agents", [Origin.NATIVE, Origin.NATIVE, Origin.NATIVE, Origin.LOCAL]),
        ("somebody's", [Origin.NATIVE, Origin.NATIVE, Origin.NATIVE, Origin.NATIVE]),
    ],
)
def test_each_step_says_whose_word_its_status_is(backend: str, origins: list[Origin]) -> None:
    """As the table of the look's wire has it; of a wire without one, the service's own."""
    tracker = RunTracker()
    tracker.observe(_of(backend, "requires_action"))
    tracker.observe(_of(backend, "cancelling"))
    steps = [step for step in tracker.journal if isinstance(step, Transition)]

    assert ["queued", "in_progress", "requires_action", "cancelling"] == [
        step.edge.dest for step in steps
    ]
    assert origins == [step.origin for step in steps]


@pytest.mark.parametrize("look", ["requires_action", {"status": "requires_action"}])
def test_a_look_that_names_no_wire_shows_the_services_words(look: object) -> None:
    """A status alone, or a dict, is what the service wrote."""
    steps = RunTracker().observe(look)

    assert {Origin.NATIVE} == {step.origin for step in steps if isinstance(step, Transition)}


def test_what_a_status_means_counts_and_not_how_it_is_written() -> None:
    """A response that is completed, with calls, is a run that requires action."""
    tracker = RunTracker()
    tracker.observe(_of("responses", "completed", means=RunStatus.REQUIRES_ACTION))

    assert RunStatus.REQUIRES_ACTION is tracker.status


def test_a_status_that_means_nothing_is_noted_as_it_is_written() -> None:
    """A tenth status of a snapshot has no meaning, and keeps its own word."""
    (step,) = RunTracker().observe(_of("responses", "paused"))

    assert isinstance(step, UnknownStatus)
    assert "paused" == step.raw_status
