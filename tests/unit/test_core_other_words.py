"""Facts about the core where a service says what none of Assistants does: not yet; no function."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import LOCKED, REFUSED, a_core, a_run, met, ran, seen
from runfsm import BackendError, CancelReason, Fault, FaultKind, Pacing
from runfsm.driver.actions import Cancel, Done, Retrieve, Sleep, SubmitOutputs
from runfsm.driver.replies import Seen, Slept
from runfsm.lifecycle import ToolCall


def _waiting_for(kind: str) -> Seen:
    """The run waits for one call of this kind."""
    call = ToolCall("call_1", kind, "{}", kind=kind)
    return Seen(replace(a_run("requires_action"), calls=(call,)), 0.0)


def test_what_no_tool_answers_ends_in_a_fault_once_it_is_cancelled() -> None:
    """An approval that nobody can give: the run is told to cancel, and the error says why."""
    core = a_core(_waiting_for("mcp_approval_request"), ran("call_1", error="unknown_tool"))
    told = core.next_action()
    core.receive(seen("cancelling"))

    assert isinstance(told, Cancel)
    assert isinstance(core.next_action(), Done)
    assert isinstance(core.error, BackendError)
    assert FaultKind.UNSUPPORTED is core.error.fault.kind
    assert CancelReason.FAULT is core.cancel_reason
    assert "mcp_approval_request" in str(core.error)


@pytest.mark.parametrize("kind", ["function", "custom"])
def test_a_function_that_there_is_not_is_told_to_the_model(kind: str) -> None:
    """It understands that, and may do without."""
    core = a_core(_waiting_for(kind), ran("call_1", error="unknown_tool"))

    assert isinstance(core.next_action(), SubmitOutputs)


@pytest.mark.parametrize("said", [[LOCKED], [REFUSED, LOCKED]], ids=["not yet", "and worse"])
def test_not_yet_is_no_failure_however_often_it_is_said(said: list[Fault]) -> None:
    """Outputs that are refused for a lock are handed in again, ever more slowly, and without end.

    Nor are other failures in a row, when that stands between: the service is well.
    """
    core = a_core(seen("requires_action", "call_1"), ran("call_1"))
    actions = []
    for fault in said * 2 * Pacing().faults_max:
        for reply in (met(fault), Slept(0.0), seen("requires_action", "call_1")):
            actions.append(core.next_action())
            core.receive(reply)

    assert {SubmitOutputs, Sleep, Retrieve} == {type(action) for action in actions}
    assert isinstance(core.next_action(), SubmitOutputs)
    assert Sleep(Pacing().longest_s) == actions[-2]
