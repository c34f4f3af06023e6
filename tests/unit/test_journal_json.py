"""Every kind of step, as JSON and back."""

from __future__ import annotations

import json

import pytest

from runfsm.driver.journal import (
    CancelReason,
    CancelWanted,
    DriveEnded,
    FaultMet,
    GaveUp,
    NoText,
    OutputTooLarge,
    RunAdopted,
    RunAgain,
    ThreadHeld,
    ToolAnswered,
    step_from_dict,
)
from runfsm.errors import FaultKind
from runfsm.lifecycle.journal import Anomaly, JournalStep, Transition, UnknownStatus
from runfsm.lifecycle.run import LIFECYCLE
from runfsm.lifecycle.snapshot import Usage

STEPS = [
    *(Transition(1.5, edge, inferred=True) for edge in LIFECYCLE.edges),
    Transition(None, LIFECYCLE.edges[0], foreign=True),
    UnknownStatus(1.0, "pondering", None),
    Anomaly(1.0, "completed", "queued"),
    ToolAnswered(1.0, "call_1", "get_weather", None),
    ToolAnswered(1.0, "call_1", "get_weather", "raised", 0.5, 0.25),
    *(FaultMet(1.0, "Retrieve", kind, 500, "req_1") for kind in FaultKind),
    FaultMet(None, "Create", FaultKind.TRANSIENT, None),
    *(CancelWanted(1.0, reason) for reason in CancelReason),
    GaveUp(1.0, "cancelling"),
    NoText(1.0, 1),
    OutputTooLarge(1.0, "call_1", "f", 2_000_000),
    RunAgain(1.0, "run_1", 1, 6.5),
    ThreadHeld(1.0, "run_1", "wait"),
    ThreadHeld(1.0, None, "reject"),
    RunAdopted(1.0, "run_1"),
    DriveEnded(1.0, None, "ThreadBusy", 2.5),
    DriveEnded(1.0, "completed", None, 2.5, Usage(1, 2, 3)),
]


def test_there_is_a_step_of_every_kind_here() -> None:
    """A kind that is added must come back, too."""
    ours = [kind for kind in JournalStep.__subclasses__() if kind.__module__.startswith("runfsm.")]

    assert {kind.kind for kind in ours} == {step.kind for step in STEPS}


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_a_step_comes_back_from_json_as_it_was(step: JournalStep) -> None:
    """Equal, and with the same types in its fields."""
    back = step_from_dict(json.loads(json.dumps(step.to_dict())))

    assert step == back
    assert repr(step) == repr(back)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"kind": "pizza", "at": 1.0}, ValueError),
        ({"kind": "cancel_wanted", "at": 1.0, "reason": "whim"}, ValueError),
        ({"kind": "gave_up", "at": 1.0}, KeyError),
        ({"at": 1.0}, KeyError),
    ],
)
def test_what_is_no_step_is_refused(data: dict[str, object], error: type[Exception]) -> None:
    """By the errors that the docstring names."""
    with pytest.raises(error):
        step_from_dict(data)
