"""What is special about runs on the Responses wire: chains, doubt, tidying up, local expiry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chains import LOOPS, ROUND, Chains, lose
from driving import S
from runfsm import (
    BackendError,
    CallerError,
    FaultKind,
    FaultMet,
    Interrupt,
    Policy,
    RunAdopted,
    RunRef,
    RunRequest,
    RunStatus,
    Transition,
)
from runfsm.backends.responses_answers import GIVEN_UP
from runfsm.lifecycle.snapshot import METADATA_KEY
from runfsm_simulator import ArmedFault, call, fail, hang, say

pytestmark = pytest.mark.parametrize("loop", LOOPS, ids=str)


def _on(status: RunStatus, times: int = 1) -> Any:
    """Cancels when this status is seen for the so-manieth time."""
    seen: list[Any] = []

    def on_step(watch: Any, step: Any) -> None:
        if isinstance(step, Transition) and step.edge.dest is status:
            seen.append(step)
            if len(seen) == times:
                watch.cancel()

    return on_step


# A chain -----------------------------------------------------------------------------------------


def test_a_run_is_a_chain_under_one_id(loop: Any) -> None:
    """Two responses, one run: its id comes of the key, its usage is the sum, the recipe stays."""
    stage = Chains(loop=loop)
    outcome = stage.run()
    again = Chains(loop=loop).run()

    assert tuple(it.id for it in stage.responses) == outcome.ref.chain
    assert outcome.ref.run_id == again.ref.run_id
    assert sum(it.usage.total_tokens for it in stage.responses) == outcome.usage.total_tokens
    assert [{METADATA_KEY: "key_1"}] * 2 == [it.metadata for it in stage.responses]
    assert ["gpt-5"] * 2 == [it.terms.model for it in stage.responses]


def test_another_process_goes_on_by_the_ref_alone(loop: Any) -> None:
    """Through JSON, to a backend that never heard of the run or its assistant: outputs, answer."""
    stage = Chains(loop=loop)
    run = stage.do("create", stage.request())
    stage.sim.clock.advance(5)
    other = stage.new_backend()
    stage.settings.pop("assistants")
    ref = RunRef.from_dict(json.loads(json.dumps(run.ref.to_dict())))
    run = stage.do("retrieve", ref, backend=other)
    outputs = [_output(call.call_id) for call in run.calls]
    run = stage.do("submit", run.ref, outputs, backend=other)
    stage.sim.clock.advance(5)

    assert S.COMPLETED is stage.do("retrieve", run.ref, backend=other).status
    assert ["It rains."] == [it.text for it in stage.do("messages", run.ref, backend=other)]


def _output(call_id: str) -> Any:
    from runfsm.driver.request import ToolOutput  # noqa: PLC0415  # of this test alone

    return ToolOutput(call_id, "look", "rain")


def test_a_ref_of_another_wire_is_refused(loop: Any) -> None:
    """It has no record: the error says how to keep one."""
    stage = Chains(loop=loop)

    with pytest.raises(CallerError, match=r"RunRef\.from_dict"):
        stage.do("retrieve", RunRef("assistants", "run_1", "thread_1"))


# Doubt -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["How is it?", None])
def test_a_creation_that_was_not_answered_is_taken_over(loop: Any, said: Any) -> None:
    """It is found by what it left in the conversation, and driven to its end; there is no other."""
    stage = Chains(loop=loop)
    lose(stage)
    outcome = stage.run(stage.request(said))

    assert (S.COMPLETED, "It rains.") == (outcome.status, outcome.text)
    assert 2 == len(stage.responses)
    assert 1 == sum(isinstance(step, RunAdopted) for step in outcome.journal)
    stage.check_usable()


def test_what_fails_before_a_creation_is_in_no_doubt(loop: Any) -> None:
    """The conversation was to be looked at, and nobody answered: there is no run for sure."""
    stage = Chains(loop=loop)
    lose(stage, f"/v1/conversations/{stage.thread}/items", method="GET", applied=False)

    with pytest.raises(BackendError) as caught:
        stage.do("create", stage.request())
    assert (FaultKind.TRANSIENT, False) == (
        caught.value.fault.kind,
        caught.value.fault.maybe_applied,
    )
    assert [] == stage.responses


def test_calls_of_the_lost_attempt_are_ones_own(loop: Any) -> None:
    """The look came too early, and the second attempt finds them unanswered: it is taken over."""
    stage = Chains(ROUND[0], ROUND[1], loop=loop)
    lose(stage)
    lose(stage, f"/v1/conversations/{stage.thread}/items", method="GET", applied=False)
    outcome = stage.run()

    assert (S.COMPLETED, 2) == (outcome.status, len(stage.responses))


def test_the_same_words_of_earlier_are_not_the_runs(loop: Any) -> None:
    """Said before, and answered: a creation that did not happen is repeated all the same."""
    stage = Chains(say("Fine.", queue_s=1, work_s=1), loop=loop)
    stage.run(stage.request(key="key_0"))
    lose(stage, applied=False)
    outcome = stage.run()

    assert 2 == len(stage.responses)
    assert (stage.responses[-1].id,) == outcome.ref.chain


def test_a_submit_that_was_not_answered_is_not_done_twice(loop: Any) -> None:
    """Locked for as long as it works, then found: the outputs were taken once."""
    stage = Chains(loop=loop)

    def on_step(_: Any, step: Any) -> None:
        if isinstance(step, Transition) and step.edge.dest is S.REQUIRES_ACTION:
            lose(stage)

    outcome = stage.run(on_step=on_step)

    assert (S.COMPLETED, "It rains.") == (outcome.status, outcome.text)
    assert 2 == len(stage.responses)
    assert FaultKind.LOCKED in {it.fault for it in outcome.journal if isinstance(it, FaultMet)}


def test_a_lock_outlasts_the_patience_for_faults(loop: Any) -> None:
    """A lost submit that works for minutes: "not yet" is no failure, however often it is said."""
    stage = Chains(ROUND[0], say("At last.", queue_s=1, work_s=240), loop=loop)

    def on_step(_: Any, step: Any) -> None:
        if isinstance(step, Transition) and step.edge.dest is S.REQUIRES_ACTION:
            lose(stage)

    assert "At last." == stage.run(on_step=on_step).text


# Tidying up --------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
def test_a_cancelled_run_leaves_no_call_behind(loop: Any, times: int) -> None:
    """While it waits for the tool, or while the next hop works: the calls are given up."""
    two = (ROUND[0], call("look", queue_s=1, work_s=1), hang(queue_s=1))
    stage = Chains(*two, loop=loop)
    outcome = stage.run(on_step=_on(S.REQUIRES_ACTION, times))

    assert S.CANCELLED is outcome.status
    assert GIVEN_UP in [it.output.output for it in stage.items if it.output]
    stage.check_usable()


def test_a_cancel_in_the_second_hop_frees_the_calls_of_the_first(loop: Any) -> None:
    """A cancelled response leaves nothing, not even the outputs that it was made with."""
    stage = Chains(ROUND[0], hang(queue_s=1), loop=loop)
    outcome = stage.run(on_step=_on(S.IN_PROGRESS, 2))

    assert S.CANCELLED is outcome.status
    assert ["cancelled"] == [str(it.status) for it in stage.responses[1:]]
    stage.check_usable()


def test_a_failure_in_the_second_hop_frees_the_calls_of_the_first(loop: Any) -> None:
    """As a cancel does; the next run on the conversation is made, and completes."""
    stage = Chains(ROUND[0], fail(queue_s=1, work_s=1), loop=loop)

    assert S.FAILED is stage.run().status
    stage.check_usable()


def test_a_cancelled_run_stays_cancelled_to_who_looks_later(loop: Any) -> None:
    """Another process sees it by what stands in the conversation."""
    stage = Chains(loop=loop)
    created = stage.do("create", stage.request())
    stage.sim.clock.advance(5)
    stage.do("cancel", created.ref)

    assert S.CANCELLED is stage.do("retrieve", created.ref, backend=stage.new_backend()).status


def test_a_poisoned_conversation_says_how_to_free_it(loop: Any) -> None:
    """Somebody left calls unanswered: a clear fault; then one call, and runs are made again."""
    stage = Chains(loop=loop)
    stage.do("create", stage.request())
    stage.sim.clock.advance(5)
    another = stage.new_backend()

    with pytest.raises(BackendError, match=r"free_thread\('conv_") as caught:
        stage.run(stage.request(key="key_2"), backend=another)
    assert FaultKind.INVALID is caught.value.fault.kind
    assert 1 == stage.do("free_thread", stage.thread, backend=another)
    assert S.COMPLETED is stage.run(stage.request(key="key_2"), backend=another).status


# Expiry ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [(hang(queue_s=1),), (ROUND[0], hang(queue_s=1))])
def test_a_run_expires_by_the_drivers_clock(loop: Any, turns: Any) -> None:
    """From its creation on, whatever the hop: it is cancelled there, and expired here, and free."""
    stage = Chains(*turns, loop=loop, expires_after_s=60.0)
    began_at = stage.sim.clock.now()
    outcome = stage.run()

    assert (S.EXPIRED, None) == (outcome.status, outcome.cancel_reason)
    assert 60.0 == outcome.journal[-1].at - began_at
    assert "local" == outcome.journal[-1].origin
    stage.check_usable()


def test_who_is_over_first_has_not_expired(loop: Any) -> None:
    """The cancel at the deadline is refused, for the answer was there: completed."""
    stage = Chains(say("Just so.", queue_s=1, work_s=59), loop=loop, expires_after_s=60.0)

    assert S.COMPLETED is stage.run().status


def test_without_a_limit_a_run_goes_on(loop: Any) -> None:
    """Longer than either limit, if both are off."""
    slow = say("At last.", queue_s=1, work_s=1000)
    stage = Chains(slow, loop=loop, expires_after_s=None, policy=Policy(deadline_s=None))

    assert "At last." == stage.run().text


# Who holds a conversation ------------------------------------------------------------------------


def test_a_holder_that_waits_for_its_tool_is_interrupted(loop: Any) -> None:
    """Of the same backend: the service has nothing to cancel, and its calls are given up."""
    stage = Chains(loop=loop, policy=Policy(on_busy=Interrupt()))
    first = stage.do("create", stage.request())
    stage.sim.clock.advance(5)
    outcome = stage.run(stage.request(key="key_2"))
    held = [step.holder for step in outcome.journal if step.kind == "thread_held"]

    assert ([first.ref.run_id], S.COMPLETED) == (held, outcome.status)
    assert S.CANCELLED is stage.do("retrieve", first.ref).status


# Without conversations ---------------------------------------------------------------------------


def test_a_thread_may_be_a_chain_of_responses(loop: Any) -> None:
    """For servers without conversations: each run goes on from the one before."""
    stage = Chains(loop=loop, memory="responses")
    stage.thread = stage.do("create_thread")
    first, second = stage.run(), stage.run(stage.request(key="key_2"))
    chain = [*first.ref.chain, *second.ref.chain]

    assert [None, *chain[:-1]] == [it.previous_id for it in stage.responses]
    assert {None} == {it.conversation for it in stage.responses}


def test_a_creation_in_doubt_that_cannot_be_looked_up_is_raised(loop: Any) -> None:
    """Without a conversation: it says that it may have been done, and is not done again."""
    stage = Chains(loop=loop, memory="responses")
    stage.thread = stage.do("create_thread")
    lose(stage)

    with pytest.raises(BackendError) as caught:
        stage.run()
    assert caught.value.fault.maybe_applied
    assert 1 == len(stage.responses)


# What else the model may want --------------------------------------------------------------------

APPROVAL = {
    "type": "mcp_approval_request",
    "id": "mcpr_1",
    "server_label": "docs",
    "name": "search",
    "arguments": "{}",
}


def _says(stage: Chains, method: str, path: str, body: Any, *, status: int = 200) -> None:
    fault = ArmedFault(method=method, path=path, status=status, body=body)
    stage.sim.control.faults.arm(fault)


def test_what_no_tool_answers_ends_in_a_clear_error(loop: Any) -> None:
    """An approval is no function: it is refused, the run is cancelled, and the error says why."""
    stage = Chains(loop=loop)
    items = f"/v1/conversations/{stage.thread}/items"
    shown = {"id": "resp_1", "status": "completed", "output": [APPROVAL]}
    _says(stage, "POST", "/v1/responses", shown)
    refusal = {"error": {"message": "Cannot cancel a completed response."}}
    _says(stage, "POST", "/v1/responses/resp_1/cancel", refusal, status=400)
    _says(stage, "GET", "/v1/responses/resp_1", shown)
    for _ in range(2):
        _says(stage, "GET", items, {"data": [APPROVAL]})
    _says(stage, "POST", items, {"data": []})

    with pytest.raises(BackendError, match="mcp_approval_request") as caught:
        stage.run(stage.request(key=None))
    assert FaultKind.UNSUPPORTED is caught.value.fault.kind
    assert () == stage.sim.control.faults.armed


def test_assistants_are_the_apps_own(loop: Any) -> None:
    """The same parameters are the same id, anywhere; an unknown id says what to write."""
    stage = Chains(loop=loop)
    ids = {_make(stage, backend, model="gpt-5") for backend in (None, stage.new_backend())}

    assert 1 == len(ids)
    with pytest.raises(BackendError, match=r"assistants=\{'asst_gone'"):
        stage.run(RunRequest("asst_gone", "Hi"))


def _make(stage: Chains, backend: Any, **params: Any) -> str:
    import anyio  # noqa: PLC0415  # of this helper alone

    make = (backend or stage.backend).create_assistant

    async def main() -> str:
        made: str = await make(**params)
        return made

    return make(**params) if stage.loop is None else anyio.run(main)  # type: ignore[no-any-return]  # by kind
