"""A tool that raises, down every road: the log and the observers have the exception itself."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

from onroad import OnRoad
from runfsm import Policy, ToolAnswered, ToolError
from runfsm.driver.journal import step_from_dict
from runfsm_simulator.world.script import Script, call, say

SCRIPT = Script.of(call("odd", who="hushed argument"), say("Done."))


class OddError(Exception):
    """What a tool of the app's raises."""


def odd(who: str) -> str:  # noqa: ARG001  # the model sends it
    """Raise, at a line that a traceback names."""
    raise OddError("the station is silent")


async def odd_async(who: str) -> str:
    """Raise the same."""
    return odd(who)


odd_async.__name__ = "odd"


def raised_in(records: list[logging.LogRecord]) -> list[BaseException | None]:
    """The exceptions in a log."""
    return [record.exc_info[1] for record in records if record.exc_info]


def drive(stage: Any) -> list[BaseException | None]:
    """Drive the run; the exceptions that an observer gets."""
    seen: list[BaseException | None] = []

    def note(step: Any, _: object) -> None:
        if isinstance(step, ToolAnswered):
            seen.append(step.exception)

    stage.driver = stage.new_driver(observers=[note])
    stage.run()
    return seen


@pytest.mark.reported(
    "langchain4j#5402, sentry-python#4526",
    "A tool raised: the log had one word, and the journal's step no exception.",
    now="The log has the traceback, and observers get the exception (`step.exception`).",
)
@pytest.mark.parametrize("tool", [odd, odd_async], ids=["plain", "async"])
def test_what_a_tool_raised_is_in_the_log_and_in_its_step(
    road: Any, tool: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """With the line of the app that raised it (langchain4j#5402, sentry-python#4526)."""
    with caplog.at_level(logging.WARNING, "runfsm"):
        [seen] = drive(OnRoad(road, SCRIPT, tools=[tool]))

    assert [seen] == raised_in(caplog.records)
    assert isinstance(seen, OddError)
    assert 'raise OddError("the station is silent")' in caplog.text
    assert "hushed argument" not in caplog.text


def test_the_log_has_it_too_where_a_failing_tool_ends_the_run(
    road: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Under `on_tool_error="raise"` it is the cause of the `ToolError`, and in the log."""
    stage = OnRoad(road, SCRIPT, Policy(on_tool_error="raise"), tools=[odd])
    with (
        caplog.at_level(logging.WARNING, "runfsm"),
        pytest.raises(ToolError) as caught,
    ):
        stage.run()

    assert [caught.value.__cause__] == raised_in(caplog.records)


def test_a_result_that_is_no_json_says_why_in_the_log(
    road: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The model is told; so must be whoever has to mend it."""

    def odd(who: str) -> object:  # noqa: ARG001  # the model sends it
        return object()

    with caplog.at_level(logging.WARNING, "runfsm"):
        [seen] = drive(OnRoad(road, SCRIPT, tools=[odd]))

    assert [seen] == raised_in(caplog.records)
    assert "Unable to serialize unknown type" in str(seen)


def test_an_exception_stays_in_the_process() -> None:
    """It is in no saved core, no trace, no `repr` and no comparison."""
    step = ToolAnswered(1.0, "call_1", "odd", "raised", exception=OddError("silent"))

    assert "silent" not in repr(step)
    assert "exception" not in step.to_dict()
    kept = pickle.loads(pickle.dumps(step))  # noqa: S301  # our own bytes
    assert (step, None) == (kept, kept.exception)
    assert step == step_from_dict(step.to_dict())
