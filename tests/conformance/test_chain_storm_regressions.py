"""What the storms on the Responses wire have found (`make storm CASE=responses`), told by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from by_hand import LOCKED, LOST, REQUEST, K, a_run, adopted, met, told
from chains import Chains, lose
from driving import LOOPS, S, in_time
from runfsm import (
    AsyncRunDriver,
    BackendError,
    Fault,
    FaultMet,
    Policy,
    RunCore,
    RunDriver,
    RunSnapshot,
    ToolAnswered,
)
from runfsm.driver.actions import Create, Done, ListRuns, RunTools, Sleep
from runfsm.driver.replies import Listed, Slept
from runfsm_simulator import call, hang

SLOW_DOWN = Fault(K.RATE_LIMITED, "Rate limit reached.", retry_after_s=6.0, status_code=429)


def unlisted(*runs: RunSnapshot, now: float = 0.0) -> Listed:
    """What a service shows that lists no runs: those that have left something."""
    return Listed(runs, now, is_whole=False)


# A creation in doubt -----------------------------------------------------------------------------


def test_a_run_in_doubt_is_looked_for_before_each_attempt() -> None:
    """It may end while a refused second attempt waits; the third then made the run once more."""
    core = RunCore(REQUEST, 0.0)
    lost = [met(LOST), Slept(0.5), unlisted(now=0.5)]
    refused = [met(SLOW_DOWN, now=0.5), Slept(6.5), unlisted(a_run("completed"), now=6.5)]

    assert [Create, Sleep, ListRuns, Create, Sleep, ListRuns] == told(core, lost + refused)[:-1]
    assert ["run_1"] == adopted(core)


@pytest.mark.parametrize("kind", [K.QUOTA, K.AUTH])
def test_who_gives_up_in_doubt_says_so(kind: K) -> None:
    """The refusal is of the second attempt, and says nothing of the first: it may be under way."""
    core = RunCore(REQUEST, 0.0)
    replies = [met(LOST), Slept(0.5), unlisted(now=0.5), met(LOCKED, now=0.5), unlisted(now=0.5)]

    assert Done is told(core, [*replies, met(Fault(kind, "No.", status_code=429), now=0.5)])[-1]
    assert isinstance(core.error, BackendError)
    assert (kind, True) == (core.error.fault.kind, core.error.fault.maybe_applied)


@pytest.mark.parametrize("loop", LOOPS, ids=str)
def test_a_cancel_ends_one_wait_and_not_all(loop: Any) -> None:
    """A stream that breaks renews the alarm, which the cancel used to ring each time.

    While a creation is in doubt it is tried again and again, and that was without a pause.
    """
    chains = Chains(hang(), loop=loop)
    lose(chains)
    make: Any = RunDriver if loop is None else AsyncRunDriver
    driver = make(chains.backend, policy=Policy(cancel_grace_s=20.0), clock=chains.sim.clock)
    stream = driver.stream(chains.request())

    def drive() -> None:
        for _ in stream:
            stream.cancel()

    async def drive_async() -> None:
        async for _ in stream:
            stream.cancel()

    with pytest.raises(BackendError):
        in_time(drive if loop is None else lambda: anyio.run(drive_async, backend=loop))
    assert 10 > sum(isinstance(step, FaultMet) for step in stream.core.journal)


@pytest.mark.parametrize("loop", LOOPS[:2], ids=str)
def test_calls_that_another_hand_has_answered_are_told_as_that(loop: Any) -> None:
    """What came of its outputs calls again, so that ours are refused: the error says why."""
    chains = Chains(call("look", work_s=1), call("look", work_s=1), hang(), loop=loop)
    tools: Any = [{"type": "function", "name": "look", "parameters": None, "strict": False}]

    def on_step(_watch: Any, step: Any) -> None:
        if isinstance(step, ToolAnswered):
            output: Any = {"type": "function_call_output", "call_id": step.call_id, "output": "sun"}
            place = {"conversation": chains.thread, "background": True, "model": "gpt-5"}
            chains.sim.client().responses.create(input=[output], tools=tools, **place)
            chains.sim.clock.advance(5)

    with pytest.raises(BackendError, match="another client has handed in its outputs, and what"):
        chains.run(on_step=on_step)
    assert 2 == len(chains.responses)


# A run that was found ----------------------------------------------------------------------------


def _answered(chains: Chains) -> Any:
    def on_step(_watch: Any, step: Any) -> None:
        if isinstance(step, ToolAnswered):
            lose(chains)

    return on_step


@pytest.mark.parametrize("loop", LOOPS[:2], ids=str)
def test_a_run_that_was_found_expires_too(loop: Any) -> None:
    """Nobody knows when it was created. Its outputs are lost, too, and what follows never ends.

    It was driven for ever.
    """
    chains = Chains(call("look", work_s=1), hang(), loop=loop)
    lose(chains)
    began_at = chains.sim.clock.now()

    outcome = chains.run(on_step=_answered(chains))

    assert (S.REQUIRES_ACTION, None) == (outcome.status, outcome.cancel_reason)
    assert 660 <= chains.sim.clock.now() - began_at < 661


def test_its_time_counts_from_the_attempt() -> None:
    """The latest that may have made it, however late it is found. One that is refused has not."""
    core = RunCore(REQUEST, 0.0)
    found = replace(
        a_run("requires_action", "call_1"),
        expires_at=None,
        expires_here=True,
        expires_after_s=600.0,
    )
    told(core, [met(LOST, now=2.0), Slept(2.5), unlisted(now=2.5), met(LOCKED, now=2.5)])
    told(core, [unlisted(found, now=300.0)])
    action = core.next_action()

    assert isinstance(action, RunTools)
    assert 302.0 == action.time_left_s
