"""Facts about the book of answers: what counts as a failure, and what as unheard of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import a_run
from runfsm.driver.answers import Answers
from runfsm.driver.request import ToolOutput
from runfsm.lifecycle import RunSnapshot, ToolCall

APPROVAL = "mcp_approval_request"


def _waiting_for(**kinds: str) -> RunSnapshot:
    """A run whose calls, by id, are of these kinds."""
    calls = tuple(ToolCall(call_id, "f", "{}", kind=kind) for call_id, kind in kinds.items())
    return replace(a_run("requires_action"), calls=calls)


def _output(call_id: str, error: str | None) -> ToolOutput:
    return ToolOutput(call_id, "f", "42", error)


@pytest.mark.parametrize(
    ("kind", "error", "unheard_of"),
    [
        (APPROVAL, "unknown_tool", APPROVAL),
        (APPROVAL, "raised", None),
        (APPROVAL, None, None),
        ("function", "unknown_tool", None),
        ("custom", "unknown_tool", None),
    ],
)
def test_unheard_of_is_what_no_tool_answers_and_no_model_would_understand(
    kind: str, error: str | None, unheard_of: str | None
) -> None:
    """A tool of that name that failed is no such thing; nor is a function that there is not."""
    outputs = [_output("call_1", error)]

    assert unheard_of == Answers().unheard_of(outputs, _waiting_for(call_1=kind))


def test_of_a_run_that_was_not_seen_nothing_is_unheard_of() -> None:
    """There is no call whose kind could be known."""
    assert None is Answers().unheard_of([_output("call_1", "unknown_tool")], None)


def test_a_call_that_is_not_shown_any_more_hides_no_other() -> None:
    """What it was, nobody can say; the next one is asked about all the same."""
    outputs = [_output("call_0", "unknown_tool"), _output("call_1", "unknown_tool")]

    assert APPROVAL == Answers().unheard_of(outputs, _waiting_for(call_1=APPROVAL))


@pytest.mark.parametrize(
    ("errors", "failed"),
    [
        ([None, "abandoned"], None),
        (["abandoned", "raised", "timeout"], "raised"),
        (["unknown_tool"], "unknown_tool"),
    ],
)
def test_the_first_failure_counts(errors: list[str | None], failed: str | None) -> None:
    """What was abandoned, because the run takes it no more, is none."""
    answers = Answers()
    for number, error in enumerate(errors):
        answers.take(_output(f"call_{number}", error))

    assert failed == (answers.failed and answers.failed.error)
