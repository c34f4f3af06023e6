"""Errors cross a process border whole."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from runfsm import LIFECYCLE, Pacing, Policy, RunEvent, RunfsmError, RunStatus
from runfsm.errors import BackendError, IllegalTransition, RunNotCompleted
from runfsm_simulator.world.script import call, hang, say
from troubled import Troubled, drive, end, stage, vanished


def _ending(road: Any, *turns: Any, **options: Any) -> RunfsmError:
    try:
        drive(Troubled(stage(*turns, cancel_s=1), road=road), **options).raise_for_status()
    except RunfsmError as error:
        return error
    raise AssertionError("it completed")


def _broken() -> str:
    raise ValueError("odd")


def _never_created(road: Any) -> RunfsmError:
    always = {("create", n): vanished for n in range(100)}
    error = end(Troubled(stage(say("Hi")), always, road=road))
    assert isinstance(error, RunfsmError)
    return error


#: An expiry takes ten minutes, and nobody need look on.
SELDOM = Pacing(first_s=100, longest_s=100)

ERRORS: Mapping[str, Callable[[Any], RunfsmError]] = {
    "RunExpired": lambda road: _ending(road, hang(), policy=Policy(pacing=SELDOM)),
    "RunCancelled": lambda road: _ending(road, hang(), cancel_at=1),
    "DeadlineExceeded": lambda road: _ending(road, hang(), policy=Policy(deadline_s=5)),
    "ToolError": lambda road: _ending(
        road, call("f"), hang(), f=_broken, policy=Policy(on_tool_error="raise")
    ),
    "IllegalTransition": lambda _: LIFECYCLE.illegal(RunStatus.COMPLETED, RunEvent.CANCEL),
    "BackendError": _never_created,
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_crosses_a_process_border(road: Any, name: str) -> None:
    """Pickled, as an executor's worker does, an error keeps its class, text and fields."""
    error = ERRORS[name](road)
    twin: Any = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes

    assert (name, type(error), str(error)) == (type(twin).__name__, type(twin), str(twin))
    match error:
        case RunNotCompleted():
            assert error.outcome == twin.outcome
        case IllegalTransition():
            assert (error.status, error.event) == (twin.status, twin.event)
        case BackendError():
            assert (error.fault, error.journal) == (twin.fault, twin.journal)
