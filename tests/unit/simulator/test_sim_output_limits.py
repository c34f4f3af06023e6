"""Outputs of tools that are too large: refused in the service's words, on each wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from responding import Desk, outputs
from runfsm.lifecycle import RunStatus
from runfsm_simulator import Call, Script, Switches, calls, say

ONE_MAX: Final = 1_048_576
ALL_MAX: Final = 512 * 1024
TWO: Final = Script.of(calls(Call(name="a"), Call(name="b")), say("So."))


def submitted(stage: Any, *texts: str) -> tuple[int, Any]:
    """The answer to these outputs, in the order of the calls."""
    run = stage.run_in(RunStatus.REQUIRES_ACTION)
    wanted = stage.get(run)["required_action"]["submit_tool_outputs"]["tool_calls"]
    given = [
        {"tool_call_id": one["id"], "output": text} for one, text in zip(wanted, texts, strict=True)
    ]
    answer = stage.ask("POST", f"{run}/submit_tool_outputs", {"tool_outputs": given})
    return answer.status, answer.json()


@pytest.mark.reported(
    "semantic-kernel#12814; earendil-works/pi#2122",
    "Tool outputs over 1,048,576 characters, or 512 kB together, were taken.",
    now="They are refused in the service's words; tool_outputs_max_kb is the switch for the sum.",
)
def test_an_output_of_too_many_characters(make_stage: Callable[..., Any]) -> None:
    """The whole error is quoted in semantic-kernel#12814."""
    status, answer = submitted(make_stage(TWO), "x", "x" * (ONE_MAX + 1))

    assert 400 == status
    assert {
        "message": (
            "Invalid 'tool_outputs[1].output': string too long. Expected a string with maximum "
            "length 1048576, but got a string with length 1048577 instead."
        ),
        "type": "invalid_request_error",
        "param": "tool_outputs[1].output",
        "code": "string_above_max_length",
    } == answer["error"]


@pytest.mark.parametrize("text", ["x" * (ALL_MAX // 2), "é" * (ALL_MAX // 4)])
def test_outputs_that_are_too_large_together(make_stage: Callable[..., Any], text: str) -> None:
    """Quoted in semantic-kernel#12814 and in public code; the run still waits for outputs."""
    stage = make_stage(TWO)
    status, answer = submitted(stage, text, text)

    assert 400 == status
    assert {
        "message": "'tool_outputs' too large: the combined tool outputs must be less than 512kb.",
        "type": "invalid_request_error",
        "param": "tool_outputs",
        "code": "invalid_value",
    } == answer["error"]
    assert "requires_action" == stage.get(f"{stage.thread}/runs")["data"][0]["status"]


@pytest.mark.parametrize(
    ("limit", "size", "status"),
    [
        (512, ALL_MAX - 1, 200),
        (512, ALL_MAX, 400),
        (1, 1023, 200),
        (1, 1024, 400),
        (None, ONE_MAX, 200),
        (None, ONE_MAX + 1, 400),
    ],
)
def test_where_the_limits_are(
    make_stage: Callable[..., Any], limit: int | None, size: int, status: int
) -> None:
    """Together: less than the switch says; each: as many as its maximum."""
    stage = make_stage(TWO, switches=Switches(tool_outputs_max_kb=limit))

    assert status == submitted(stage, "", "x" * size)[0]


def test_a_message_of_too_many_characters(stage: Any) -> None:
    """A text, and a part of one (public code quotes the first)."""
    text = "x" * 256_001
    told = [
        stage.refused("POST", f"{stage.thread}/messages", {"role": "user", "content": content})
        for content in (text, [{"type": "text", "text": text}])
    ]

    assert [(400, "content"), (400, "content[0].text")] == [
        (status, error["param"]) for status, error in told
    ]
    assert all("maximum length 256000, but got a string" in error["message"] for _, error in told)


def test_an_output_of_too_many_characters_for_a_response(make_desk: Callable[..., Desk]) -> None:
    """Its limit is 10,485,760 (public code quotes the error of `input[37].output`)."""
    desk = make_desk(TWO)
    first = desk.finished()
    given = outputs(first)
    given[1]["output"] = "x" * 10_485_761
    body = {"model": "m", "input": given, "previous_response_id": first.id}
    status, error = desk.refused("POST", "/responses", body)

    assert (400, "input[1].output", "string_above_max_length") == (
        status,
        error["param"],
        error["code"],
    )
    assert (
        "Invalid 'input[1].output': string too long. Expected a string with maximum length "
        "10485760, but got a string with length 10485761 instead."
    ) == error["message"]
