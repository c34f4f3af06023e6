"""What a core does about outputs that are too large for the service, told by hand."""

from __future__ import annotations

from typing import Any, Final

import pytest

from by_hand import REFUSED, a_core, met, seen
from runfsm import BackendError, CancelReason, Fault, FaultKind, Pacing, Policy, RunCore
from runfsm.driver.actions import Cancel, Retrieve, Sleep, SubmitOutputs
from runfsm.driver.journal import OutputTooLarge
from runfsm.driver.replies import Slept, ToolsRan
from runfsm.driver.request import ToolOutput

TOLD: Final = Fault(
    FaultKind.TOO_LARGE,
    "string too long. Expected a string with maximum length 5000, but got more",
    status_code=400,
)


def _ran(call_id: str, size: int, now: float) -> ToolsRan:
    return ToolsRan([ToolOutput(call_id, "f", "x" * size)], now)


def _core(*replies: Any, policy: Policy | None = None) -> RunCore:
    first = (seen("requires_action", "call_1", now=1.0), _ran("call_1", 9_000, 2.0))
    return a_core(*first, met(TOLD, now=3.0), *replies, policy=policy)


def _told(core: RunCore) -> list[tuple[float | None, str, int]]:
    steps = core.journal
    return [(it.at, it.call_id, it.size) for it in steps if isinstance(it, OutputTooLarge)]


def test_the_word_is_handed_in_after_a_look_at_once() -> None:
    """The refusal was an answer: the service is well, and nobody waits."""
    core = _core()

    assert [(3.0, "call_1", 9_000)] == _told(core)
    assert isinstance(core.next_action(), Retrieve)
    core.receive(seen("requires_action", "call_1", now=3.0))
    action = core.next_action()
    assert isinstance(action, SubmitOutputs)
    assert ["too_large"] == [it.error for it in action.outputs]


@pytest.mark.parametrize(("size", "told"), [(5_000, []), (5_001, [(6.0, "call_2", 5_001)])])
def test_the_limit_itself_is_not_too_large(size: int, told: list[Any]) -> None:
    """A later output of so many characters is sent; one more is not."""
    core = _core(seen("requires_action", "call_1", now=3.0), seen("queued", now=4.0), Slept(5.0))
    for reply in (seen("requires_action", "call_2", now=5.0), _ran("call_2", size, 6.0)):
        core.receive(reply)

    assert told == _told(core)[1:]
    action = core.next_action()
    assert isinstance(action, SubmitOutputs)
    assert [size == 5_000] == [it.error is None for it in action.outputs]


def test_a_large_output_is_sent_again_after_another_fault() -> None:
    """Only a refusal for its size says that it is too large."""
    large = (seen("requires_action", "call_1", now=1.0), _ran("call_1", 9_000, 2.0))
    core = a_core(*large, met(REFUSED, now=3.0), Slept(4.0))
    core.receive(seen("requires_action", "call_1", now=4.0))

    action = core.next_action()
    assert isinstance(action, SubmitOutputs)
    assert ([None], []) == ([it.error for it in action.outputs], _told(core))


def test_a_look_that_is_refused_for_its_size_is_no_outputs_fault() -> None:
    """A proxy may say so of anything: it is raised, after a cancel."""
    core = a_core(seen("queued"), Slept(1.0), met(TOLD, now=1.0))

    assert isinstance(core.next_action(), Cancel)
    core.receive(seen("cancelling", now=2.0))
    assert isinstance(core.error, BackendError)
    assert FaultKind.TOO_LARGE is core.error.fault.kind


def test_a_refusal_that_is_mended_is_no_failure() -> None:
    """The service is well: what fails next is the first in a row."""
    core = _core(met(REFUSED, now=3.0), policy=Policy(pacing=Pacing(faults_max=1)))

    assert isinstance(core.next_action(), Sleep)


def test_a_small_output_that_is_refused_is_no_tools_failure() -> None:
    """Nothing can be said in its place: the run is cancelled for the fault."""
    small = (seen("requires_action", "call_1", now=1.0), _ran("call_1", 10, 2.0))
    core = a_core(*small, met(TOLD, now=3.0), policy=Policy(on_tool_error="raise"))

    assert CancelReason.FAULT is core.cancel_reason
    assert isinstance(core.next_action(), Cancel)


def test_only_the_outputs_that_are_too_large_are_replaced() -> None:
    """The others of the round are sent as they are."""
    core = _core(seen("requires_action", "call_1", now=3.0), seen("queued", now=4.0), Slept(5.0))
    outputs = [ToolOutput("call_2", "f", "x" * 9_000), ToolOutput("call_3", "f", "42")]
    for reply in (seen("requires_action", "call_2", "call_3", now=5.0), ToolsRan(outputs, 6.0)):
        core.receive(reply)

    action = core.next_action()
    assert isinstance(action, SubmitOutputs)
    assert ["too_large", None] == [it.error for it in action.outputs]


def test_a_word_that_is_refused_is_raised_after_a_cancel() -> None:
    """Nothing shorter is left to be sent."""
    core = _core(seen("requires_action", "call_1", now=3.0), met(TOLD, now=4.0))

    assert isinstance(core.next_action(), Cancel)
    core.receive(seen("cancelling", now=5.0))
    assert isinstance(core.error, BackendError)
    assert FaultKind.TOO_LARGE is core.error.fault.kind


def test_whoever_wants_tools_to_raise_has_the_run_cancelled() -> None:
    """A result that cannot be handed in is a failure of its tool."""
    core = _core(policy=Policy(on_tool_error="raise"))

    assert CancelReason.TOOL_ERROR is core.cancel_reason
