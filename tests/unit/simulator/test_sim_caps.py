"""Token caps and the truncation strategy: what they cut, where, and that usage adds up."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from runfsm_simulator import Script, call, fail, say, truncate
from runfsm_simulator.world.hosted import code_interpreter

LONG = "abcd" * 100  # 100 tokens


def ended(stage: Any, run: str) -> dict[str, Any]:
    """The run when it is over; on the way, `f` answers 40 tokens each time it is called."""
    for _ in range(10):
        stage.advance(20)
        seen: dict[str, Any] = stage.get(run)
        if seen["status"] != "requires_action":
            return seen
        pending = seen["required_action"]["submit_tool_outputs"]["tool_calls"]
        outputs = [{"tool_call_id": one["id"], "output": "abcd" * 40} for one in pending]
        stage.post(f"{run}/submit_tool_outputs", {"tool_outputs": outputs})
    raise AssertionError("the run does not end")


def steps_of(stage: Any, run: str) -> list[dict[str, Any]]:
    """The steps, oldest first."""
    found: list[dict[str, Any]] = stage.get(f"{run}/steps", order="asc")["data"]
    return found


def usage(seen: dict[str, Any]) -> tuple[int, int]:
    """Prompt and completion tokens."""
    return seen["usage"]["prompt_tokens"], seen["usage"]["completion_tokens"]


def test_an_answer_is_cut_at_the_completion_cap(make_stage: Callable[..., Any]) -> None:
    """The run is incomplete, its message cut after the last token, its step completed."""
    stage = make_stage(Script.of(say(LONG)))
    run = stage.create_run(max_completion_tokens=30)
    seen = ended(stage, run)
    (step,) = steps_of(stage, run)
    message_id = step["step_details"]["message_creation"]["message_id"]
    message = stage.sim.world.store.message(stage.thread_id, message_id)

    assert ("incomplete", {"reason": "max_completion_tokens"}) == (
        seen["status"],
        seen["incomplete_details"],
    )
    assert 30 == usage(seen)[1]
    assert "completed" == step["status"]
    assert (LONG[:120], "incomplete", "max_tokens") == (
        message.text,
        message.status,
        message.incomplete_reason,
    )


def test_an_answer_that_just_fits_is_whole(make_stage: Callable[..., Any]) -> None:
    """A cap that is reached and not passed cuts nothing."""
    stage = make_stage(Script.of(say(LONG)))
    seen = ended(stage, stage.create_run(max_completion_tokens=100))

    assert ("completed", 100) == (seen["status"], usage(seen)[1])


def test_the_completion_cap_holds_for_all_rounds_together(make_stage: Callable[..., Any]) -> None:
    """What the calls of the first round cost is not left for the answer of the second."""
    stage = make_stage(Script.of(call("f", text=LONG), say(LONG)))
    run = stage.create_run(max_completion_tokens=150)
    seen = ended(stage, run)
    calls, answer = steps_of(stage, run)

    assert "incomplete" == seen["status"]
    assert 150 == usage(seen)[1]
    assert 150 == calls["usage"]["completion_tokens"] + answer["usage"]["completion_tokens"]


def test_calls_that_do_not_fit_are_not_made(make_stage: Callable[..., Any]) -> None:
    """No function is called half: the run ends without requiring action."""
    stage = make_stage(Script.of(call("f", text=LONG), say("x")))
    run = stage.create_run(max_completion_tokens=30)
    seen = ended(stage, run)

    assert ("incomplete", None) == (seen["status"], seen["required_action"])
    assert 0 == usage(seen)[1]
    assert ["message_creation"] == [step["type"] for step in steps_of(stage, run)]


def test_a_hosted_tool_that_does_not_fit_does_not_run(make_stage: Callable[..., Any]) -> None:
    """Those before it have run, and are paid for."""
    turn = say("x").after(code_interpreter("abcd" * 10), code_interpreter(LONG))
    stage = make_stage(Script.of(turn))
    run = stage.create_run(max_completion_tokens=30)
    seen = ended(stage, run)

    assert ("incomplete", 10) == (seen["status"], usage(seen)[1])
    assert ["tool_calls", "message_creation"] == [step["type"] for step in steps_of(stage, run)]


def test_the_thread_is_truncated_to_what_is_left_for_reading(
    make_stage: Callable[..., Any],
) -> None:
    """Older messages go unread, as documented: the run completes, and usage is the cap."""
    stage = make_stage(Script.of(say("Hello!")))
    for _ in range(3):
        stage.sim.add_message(stage.thread_id, LONG)
    seen = ended(stage, stage.create_run(max_prompt_tokens=250))

    assert ("completed", 250) == (seen["status"], usage(seen)[0])


def test_what_must_be_read_and_does_not_fit_ends_the_run(make_stage: Callable[..., Any]) -> None:
    """Instructions, the newest message and outputs are no older messages."""
    stage = make_stage(Script.of(call("f"), say("Hello!")))
    run = stage.create_run(max_prompt_tokens=50)  # enough for one reading, not for 40 tokens more
    seen = ended(stage, run)

    assert ("incomplete", {"reason": "max_prompt_tokens"}) == (
        seen["status"],
        seen["incomplete_details"],
    )
    assert usage(seen)[0] <= 50
    assert 2 == len(steps_of(stage, run))


@pytest.mark.parametrize(("last", "expected"), [(1, 100), (2, 200), (3, 300), (50, 301)])
def test_only_the_last_messages_are_read_if_the_run_says_so(
    make_stage: Callable[..., Any], last: int, expected: int
) -> None:
    """`truncation_strategy` leaves the older ones out; the first here is one token long."""
    stage = make_stage(Script.of(say("Hello!")))
    for _ in range(3):
        stage.sim.add_message(stage.thread_id, LONG)
    strategy = {"type": "last_messages", "last_messages": last}
    run = stage.create_run(truncation_strategy=strategy, instructions="")

    assert expected == usage(ended(stage, run))[0]


@pytest.mark.parametrize("script", [Script.of(truncate(say=LONG)), Script.of(fail())])
def test_what_a_script_itself_ends_is_played_as_written(
    make_stage: Callable[..., Any], script: Script
) -> None:
    """A cap changes no turn that fails or is cut anyway."""
    stage = make_stage(script)
    capped = ended(stage, stage.create_run(max_completion_tokens=16))
    plain = ended(stage, stage.create_run())

    assert [plain[key] for key in ("status", "incomplete_details", "last_error")] == [
        capped[key] for key in ("status", "incomplete_details", "last_error")
    ]


def test_usage_is_the_sum_over_the_steps(make_stage: Callable[..., Any]) -> None:
    """Hosted tools, calls and the answer: each read again what came before."""
    script = Script.of(
        call("f").after(code_interpreter("abcd", logs="abcdabcd")),
        say("abcd").after(code_interpreter("abcdabcd")),
    )
    stage = make_stage(script)
    run = stage.create_run()
    total = usage(ended(stage, run))
    each = [usage(step) for step in steps_of(stage, run)]

    assert total == (sum(prompt for prompt, _ in each), sum(completion for _, completion in each))
    prompts = [prompt for prompt, _ in each]
    # The code and its logs; then the call's name, arguments and output; then the second code.
    assert [3, 42, 2] == [after - before for before, after in pairwise(prompts)]
