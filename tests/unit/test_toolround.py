"""Facts about a round of tool calls: who settles a call first, what is late, and when to look."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from by_hand import REF, a_run, another
from runfsm import RunSnapshot, Toolset, tool
from runfsm.driver.actions import RunTools
from runfsm.driver.request import ToolOutput
from runfsm.driver.toolround import FOREVER_S, ToolJob, ToolRound
from runfsm.lifecycle import LIFECYCLE, ToolCall


def fine() -> str:
    """Is quick."""
    return "fine"


@tool(timeout_s=3)
def limited() -> str:
    """Has a limit of its own."""
    return "fine"


def _round(
    *names: str,
    left_s: float | None = None,
    timeout_s: float | None = None,
    look_s: float = 5.0,
) -> ToolRound:
    """Calls of these tools, begun at second 100."""
    calls = tuple(ToolCall(f"call_{n}", name, "{}") for n, name in enumerate(names, start=1))
    action = RunTools(calls, REF, left_s, look_s)
    return ToolRound(Toolset([fine, limited]), action, timeout_s=timeout_s, now=100.0)


def _errors(tools: ToolRound) -> list[str | None]:
    return [output.error for output in tools.outputs]


def _done(job: ToolJob, content: str = "done") -> None:
    job.settle(ToolOutput(job.bound.call_id, job.bound.tool.name, content))


@pytest.mark.parametrize(
    ("names", "wishes", "due_s"),
    [
        (["fine"], {}, FOREVER_S),
        (["fine"], {"timeout_s": 7}, 7),
        (["limited"], {"timeout_s": 7}, 3),
        (["limited"], {"left_s": 2}, 2),
        (["limited"], {"left_s": 4}, 3),
        (["fine"], {"left_s": 4}, 4),
    ],
)
def test_a_call_has_as_long_as_its_tool_and_its_run(
    names: list[str], wishes: dict[str, Any], due_s: float
) -> None:
    """A tool's own limit, or else the policy's; but no longer than the run can take its output."""
    (job,) = _round(*names, **wishes).jobs

    assert 100 + due_s == job.due_at


def test_forever_is_a_day() -> None:
    """Longer than any run lives, and no infinity, which some waits do not take."""
    assert 24 * 60 * 60 == FOREVER_S


@pytest.mark.parametrize(
    ("wishes", "error"),
    [
        ({"timeout_s": 2, "left_s": 4}, "timed_out"),
        ({"timeout_s": 4, "left_s": 4}, "timed_out"),
        ({"timeout_s": 4, "left_s": 2}, "abandoned"),
    ],
)
def test_who_is_late_is_told_why(wishes: dict[str, Any], error: str) -> None:
    """Too slow by its own limit, or too late for the run; a hair before, it is neither."""
    tools = _round("fine", **wishes)

    before = (tools.wait_s(101.75) or 0.0) > 0
    settled = _errors(tools)

    assert (True, []) == (before, settled)
    assert None is tools.wait_s(104.0)
    assert [error] == _errors(tools)


def test_at_its_very_moment_a_call_is_late() -> None:
    """There is no wait of nothing, again and again."""
    tools = _round("fine", timeout_s=2)

    assert None is tools.wait_s(102.0)


def test_the_wait_is_until_the_next_call_is_late_or_a_look_is_due() -> None:
    """Whichever comes first; it is never negative."""
    tools = _round("limited", "fine", timeout_s=20)
    waits_s = [tools.wait_s(100.0)]
    _done(tools.jobs[0])
    waits_s += [tools.wait_s(now) for now in (101.0, 105.0, 109.0)]

    assert [3.0, 4.0, 0.0, 0.0] == waits_s


def test_a_look_is_due_each_few_seconds() -> None:
    """At the moment itself; then the next is later by as much, from there on."""
    tools = _round("fine", look_s=5.0)

    assert [False, True, False, False, True] == [
        tools.is_look_due(now) for now in (104.9, 105.5, 106.0, 110.4, 110.5)
    ]


def test_the_first_to_settle_a_call_wins() -> None:
    """An output that comes after the time-out is not taken; nor is a second one."""
    tools = _round("fine", "limited", timeout_s=2)
    _done(tools.jobs[1])
    tools.wait_s(102.0)
    for job in tools.jobs:
        _done(job, "late")

    assert [("call_1", "timed_out"), ("call_2", None)] == [
        (it.call_id, it.error) for it in tools.outputs
    ]
    assert "done" == tools.outputs[1].output


def test_how_long_a_call_took_is_noted_once() -> None:
    """At the first look at which it is settled, and from its beginning on."""
    tools = _round("fine", "fine")
    _done(tools.jobs[0])
    tools.wait_s(102.0)
    _done(tools.jobs[1])
    tools.wait_s(103.0)

    assert [(100.0, 2.0), (100.0, 3.0)] == [(it.began_at, it.took_s) for it in tools.outputs]


def test_a_call_that_cannot_be_made_is_settled_at_once() -> None:
    """It has no job, and stands in its place among the outputs."""
    tools = _round("fine", "unheard", "fine")
    unheard = [output.call_id for output in tools.outputs]
    for job in tools.jobs:
        _done(job)

    assert (["call_2"], 2) == (unheard, len(tools.jobs))
    assert ["call_1", "call_2", "call_3"] == [output.call_id for output in tools.outputs]


@pytest.mark.parametrize("status", [*sorted(LIFECYCLE.terminal), "cancelling"])
def test_calls_of_a_run_that_cannot_take_them_are_given_up(status: str) -> None:
    """It is over, or about to be; what is settled stays."""
    tools = _round("fine", "fine")
    _done(tools.jobs[0])
    tools.see(a_run(status))

    assert [None, "abandoned"] == _errors(tools)
    assert "given up" in tools.outputs[1].output


@pytest.mark.parametrize(
    ("run", "goes_on"),
    [
        (a_run("queued"), True),
        (a_run("requires_action", "call_1"), True),
        (a_run("requires_action", "call_2", "call_9"), True),
        (a_run("requires_action", "call_9"), False),
        (another("requires_action"), True),
    ],
    ids=["old view", "the same", "one of ours", "others", "no calls"],
)
def test_calls_are_given_up_for_other_calls_only(run: RunSnapshot, *, goes_on: bool) -> None:
    """A run that is not waiting may be an old view of it."""
    tools = _round("fine", "fine")
    tools.see(run)

    assert ([] if goes_on else ["abandoned"] * 2) == _errors(tools)


def test_an_awaitable_is_taken_once() -> None:
    """By whoever awaits it; then there is none."""
    (job,) = _round("fine").jobs
    made: Any = object()
    job.awaitable = made

    assert [made, None] == [job.take_awaitable(), job.take_awaitable()]


def test_an_awaitable_that_nobody_takes_is_closed() -> None:
    """If it can be; and if there is one."""
    closed: list[str] = []
    (job,) = _round("fine").jobs
    for awaitable in (SimpleNamespace(close=lambda: closed.append("closed")), object(), None):
        left: Any = awaitable
        job.awaitable = left
        job.drop_awaitable()
        assert None is job.awaitable

    assert ["closed"] == closed


def test_the_calls_that_have_returned_an_awaitable_are_told() -> None:
    """The others are still under way, or were settled."""
    tools = _round("fine", "limited")
    made: Any = object()
    tools.jobs[1].awaitable = made

    assert [tools.jobs[1]] == tools.returned


def test_who_settles_is_told_whether_it_was_first() -> None:
    """A second output is not taken."""
    (job,) = _round("fine").jobs
    first, second = (ToolOutput("call_1", "fine", text) for text in ("a", "b"))

    assert [True, False] == [job.settle(first), job.settle(second)]
    assert first is job.output
