"""A run that fails for its model's rate limit: another one is made when it is due, if asked for."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from driving import S
from onroad import OnRoad
from runfsm import (
    CancelReason,
    DeadlineExceeded,
    Policy,
    RunCancelled,
    RunRef,
    RunRequest,
    RunSnapshot,
    Transition,
)
from runfsm.driver.journal import RunAgain
from runfsm.driver.pacing import FOREVER_S
from runfsm.driver.rerun import rerun_delay_s, rerun_request
from runfsm.lifecycle.snapshot import RunError
from runfsm_simulator import Script, call, fail, say
from runfsm_simulator.wire.http import Request

REACHED: Final = "Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM)."
LIMITED: Final = Script.of(fail("rate_limit_exceeded", f"{REACHED} Please try again in 6.5s."))
FAILS_LATER: Final = Script.of(
    call("note"), fail("rate_limit_exceeded", f"{REACHED} Please try again in 6.5s.")
)
ANSWER: Final = Script.of(say("Hello!"))


def _stage(road: Any, script: Script = LIMITED, *, reruns: int = 2, **policy: Any) -> OnRoad:
    return OnRoad(road, script, Policy(rerun_on_rate_limit=reruns, **policy), tools=[note])


def note() -> str:
    """Note something."""
    return "noted"


def _waits(outcome: Any) -> list[tuple[int, float]]:
    return [(it.number, it.delay_s) for it in outcome.journal if isinstance(it, RunAgain)]


def _user_messages(stage: OnRoad, outcome: Any) -> int:
    """How many messages of the user the thread has, as far as the wire keeps what failed."""
    kinds = {"assistants": "threads/{}/messages", "responses": "conversations/{}/items"}
    path = f"/v1/{kinds[stage.road.wire].format(outcome.ref.thread_id)}"
    headers = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
    body = json.loads(stage.simulator.handle(Request("GET", path, headers=headers)).body)
    return sum(item.get("role") == "user" for item in body["data"])


@pytest.mark.reported(
    "assistant-pf-demo#10, empirical PR 210",
    "A run failed with rate_limit_exceeded, 'try again in 6 s': that was all.",
    now="Policy(rerun_on_rate_limit=2) makes another run when it is due, at most so many.",
)
@pytest.mark.parametrize("way", ["watch", "stream"])
def test_another_run_is_made_when_it_is_due(road: Any, way: str) -> None:
    """Not before it is due, on the same thread (assistant-pf-demo#10, empirical PR 210)."""
    stage = _stage(road)
    moments: dict[str, float] = {}

    async def main() -> Any:
        watch = stage.awaited(getattr(stage.driver, way)(stage.request))
        async for step in watch:
            if isinstance(step, RunAgain):
                moments["failed"] = stage.clock.now()
                stage.simulator.world.play(ANSWER)
            if isinstance(step, Transition) and step.edge.source is None:
                moments["created"] = stage.clock.now()
        return watch.outcome

    outcome = stage.play(main)

    assert (S.COMPLETED, "Hello!", [(1, 6.5)]) == (outcome.status, outcome.text, _waits(outcome))
    assert moments["created"] - moments["failed"] >= 6.5
    assert [S.FAILED, S.COMPLETED] == [*stage.road.statuses(stage.simulator)]
    stage.nothing_is_left()


def test_it_is_off_by_default(road: Any) -> None:
    """Without the setting, the failure is the outcome."""
    outcome = OnRoad(road, LIMITED).run()

    assert (S.FAILED, []) == (outcome.status, _waits(outcome))


def test_there_are_no_more_than_so_many(road: Any) -> None:
    """The last failure is the outcome, and the journal has each attempt."""
    outcome = _stage(road, reruns=2).run()

    assert (S.FAILED, [(1, 6.5), (2, 6.5)]) == (outcome.status, _waits(outcome))
    assert outcome.error is not None
    assert "rate_limit_exceeded" == outcome.error.code
    assert 3 == sum(isinstance(it, Transition) and not it.edge.source for it in outcome.journal)


@pytest.mark.parametrize("script", [LIMITED, FAILS_LATER], ids=["at once", "after a tool"])
def test_the_message_stands_there_once(road: Any, script: Script) -> None:
    """What the service keeps of the failed run is not said again; what it does not keep, is."""
    if road.wire == "agents":
        pytest.skip("a turn begins with a message: it is said again")
    stage = _stage(road, script)

    def hear(_: Any, step: Any) -> None:
        if isinstance(step, RunAgain):
            stage.simulator.world.play(ANSWER)

    outcome = stage.run(hear)

    assert "Hello!" == outcome.text
    assert 1 == _user_messages(stage, outcome)


def test_no_run_is_waited_for_beyond_the_deadline(road: Any) -> None:
    """A wait that ends after the deadline is not begun: the failure is told at once."""
    stage = _stage(road, deadline_s=6)
    began_at = stage.clock.now()
    outcome = stage.run()

    assert (S.FAILED, []) == (outcome.status, _waits(outcome))
    assert stage.clock.now() - began_at < 6


def test_a_cancel_ends_the_wait(road: Any) -> None:
    """The error has the outcome of the run that failed."""
    stage = _stage(road)

    def hear(watch: Any, step: Any) -> None:
        if isinstance(step, RunAgain):
            watch.cancel()

    with pytest.raises(RunCancelled, match="before another run") as caught:
        stage.run(hear)
    assert S.FAILED is caught.value.outcome.status
    assert [S.FAILED] == [*stage.road.statuses(stage.simulator)]
    stage.nothing_is_left()


def test_a_deadline_that_comes_in_a_queue_has_the_outcome_too(direct: Any) -> None:
    """A further run that does not get onto its thread in time: the error has the first outcome."""
    stage = _stage(direct, deadline_s=60)
    stage.request = RunRequest(stage.request.assistant_id, "Hi", stage.simulator.create_thread())

    def hear(watch: Any, step: Any) -> None:
        if isinstance(step, RunAgain):
            watch.core.request_cancel(CancelReason.DEADLINE)

    with pytest.raises(DeadlineExceeded) as caught:
        stage.run(hear)
    assert S.FAILED is caught.value.outcome.status


def test_another_failure_is_not_repeated(road: Any) -> None:
    """A run that fails otherwise is over."""
    outcome = _stage(road, Script.of(fail("server_error"))).run()

    assert (S.FAILED, []) == (outcome.status, _waits(outcome))


# The failure, read -------------------------------------------------------------------------------


def _failed(message: str, code: str = "rate_limit_exceeded", **more: Any) -> RunSnapshot:
    ref = RunRef("assistants", "run_1", "thread_1")
    return RunSnapshot(ref, more.pop("status", "failed"), error=RunError(code, message), **more)


@pytest.mark.parametrize(
    ("message", "delay_s"),
    [
        (f"{REACHED} Limit 30000, Used 29000. Please try again in 6s.", 6.0),
        (f"{REACHED} Please try again in 6.5s. Visit https://platform.openai.com/", 6.5),
        (f"{REACHED} Please try again in 120ms.", 0.12),
        (f"{REACHED} Please try again in 1m2s.", 62.0),
        (f"{REACHED} Please try again in 1h2m3.5s.", 3723.5),
        ("Rate limit is exceeded. Try again in 60 seconds.", 60.0),
        ("Please retry after 2 minutes.", 120.0),
        ("Please retry after 250 milliseconds.", 0.25),
        ("Please try again in 2d3h.", 183_600.0),
        ("Please try again in 999999999d", FOREVER_S),  # no timer takes that
        ("Please try again in 1h30m, or 5 tries.", 5_400.0),
        ("try again in 6 s", 6.0),
        ("Please try again in 1m30s. Limit 3 / min.", 90.0),
        ("Please try again in 1 minute and 30 seconds.", 90.0),
        ("Please try again in about 2 minutes, or later.", 120.0),
        ("Please wait 30 seconds.", 30.0),
        ("Please retry your request after 6 secs", 6.0),
        ("Please retry: 4000 tokens were asked for. Please try again in 800ms", 0.8),
        ("Please try again in 2 h 5 min", 7500.0),
        ("Please try again in 3 months.", 5.0),
        ("Please try again on 2026-12-01.", 5.0),
        (f"Please try again in {'9' * 20}s.", FOREVER_S),
        ("Rate limit reached.", 5.0),
        ("Try again in a while.", 5.0),
        ("Try again in 3 attempts.", 5.0),
    ],
)
def test_the_wait_is_read_from_the_message(message: str, delay_s: float) -> None:
    """In the units that the service uses; where it names none, a pause of our own."""
    assert delay_s == rerun_delay_s(_failed(message), 0)


def test_the_own_pause_doubles() -> None:
    """Where no time is told, each further pause is twice as long."""
    assert [5.0, 10.0, 20.0] == [rerun_delay_s(_failed("Slow."), number) for number in range(3)]


@pytest.mark.parametrize(
    "message",
    [
        "You exceeded your current quota, please check your plan and billing details.",
        "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 31000.",
        "The input or output tokens must be reduced in order to run successfully.",
    ],
)
def test_what_no_wait_helps_is_not_repeated(message: str) -> None:
    """The same code tells of no money, and of a request that is larger than a minute's limit."""
    assert None is rerun_delay_s(_failed(message), 0)


def test_another_services_code_is_read_as_well() -> None:
    """Some servers name the status of HTTP 429."""
    assert 6.0 == rerun_delay_s(_failed("Try again in 6 s", "too_many_requests"), 0)


def test_only_a_failed_run_is_repeated() -> None:
    """Another code, another status, or none."""
    assert None is rerun_delay_s(_failed("Try again in 6 s", "server_error"), 0)
    assert None is rerun_delay_s(_failed("Try again in 6 s", status="expired"), 0)


@pytest.mark.parametrize("key", [None, "key_1", "k" * 512])
def test_each_run_has_a_key_of_its_own(key: str | None) -> None:
    """By the key of the first, that one would be found and taken over; and 512 are the most."""
    request = RunRequest("asst_1", "Hi", key=key, options={"additional_messages": [], "model": "m"})
    again = [rerun_request(request, _failed(""), number) for number in (1, 2)]

    assert [{"model": "m"}] * 2 == [it.options for it in again]
    if key is not None:
        assert 3 == len({key, *(it.key for it in again)})
        assert all(len(it.key or "") <= 512 for it in again)


def test_a_further_run_is_not_looked_for() -> None:
    """The request finds its first run by its key; this one is made because that one has failed."""
    request = RunRequest("asst_1", "Hi", key="key_1", idempotent=True)

    assert not rerun_request(request, _failed(""), 1).idempotent


@pytest.mark.parametrize(("length", "is_kept"), [(480, True), (481, False)])
def test_a_key_is_kept_as_long_as_a_number_fits_behind_it(length: int, *, is_kept: bool) -> None:
    """So that a person who reads the metadata sees whose run it is."""
    key = "k" * length
    again = rerun_request(RunRequest("asst_1", "Hi", key=key), _failed(""), 1)

    assert is_kept == (f"{key}/1" == again.key)


@pytest.mark.parametrize("number", [-1, 1.5, None, "2"])
def test_a_count_that_is_none_is_refused(number: Any) -> None:
    """The setting is a whole number, and not below zero."""
    with pytest.raises(ValueError, match="rerun_on_rate_limit"):
        Policy(rerun_on_rate_limit=number)
