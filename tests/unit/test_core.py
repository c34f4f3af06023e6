"""Facts about the driver's core, told by hand what came of each action: no service, no clock."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import pytest

from runfsm.driver.actions import (
    Action,
    Cancel,
    Create,
    Done,
    Faulted,
    Fetched,
    FetchMessages,
    Reply,
    Retrieve,
    RunRequest,
    RunTools,
    Seen,
    SubmitOutputs,
    ToolOutput,
    ToolsRan,
    Wait,
    Waited,
)
from runfsm.driver.core import RunCore
from runfsm.driver.journal import CancelReason, CancelWanted, GaveUp
from runfsm.driver.pacing import Pacing
from runfsm.driver.policy import Policy
from runfsm.errors import BackendError, CallerError, Fault, FaultKind, ThreadBusy, ToolError
from runfsm.lifecycle import LIFECYCLE, RunRef, RunSnapshot, RunStatus, ToolCall
from runfsm.lifecycle.journal import Transition

REF = RunRef("assistants", "run_1", "thread_1")
REQUEST = RunRequest("asst_1", "Hello", thread_id="thread_1")
LOST = Fault(FaultKind.TRANSIENT, "timed out", maybe_applied=True)
STALE = Fault(FaultKind.STALE_ACTION, "do not accept tool outputs", status_code=400)


def _run(status: str, *call_ids: str) -> RunSnapshot:
    calls = tuple(ToolCall(call_id, "f", "{}") for call_id in call_ids)
    ended = status in {*LIFECYCLE.terminal}
    return RunSnapshot(REF, status, calls, created_at=0.0, expires_at=None if ended else 600.0)


def _seen(status: str, *call_ids: str, now: float = 0.0) -> Seen:
    return Seen(_run(status, *call_ids), now)


def _ran(*call_ids: str, error: str | None = None, now: float = 0.0) -> ToolsRan:
    return ToolsRan([ToolOutput(call_id, "f", "42", error) for call_id in call_ids], now)


def _core(*replies: Reply, policy: Policy | None = None) -> RunCore:
    core = RunCore(REQUEST, 0.0, policy or Policy())
    for reply in replies:
        core.receive(reply)
    return core


def _kinds(core: RunCore, replies: Sequence[Reply]) -> list[type[Action]]:
    kinds: list[type[Action]] = []
    for reply in replies:
        kinds.append(type(core.next_action()))
        core.receive(reply)
    return [*kinds, type(core.next_action())]


ONE_ROUND: list[Reply] = [
    _seen("queued"),
    Waited(0.5),
    _seen("requires_action", "call_1", now=0.5),
    _ran("call_1", now=0.6),
    _seen("queued", now=0.7),
    Waited(1.2),
    _seen("completed", now=1.2),
    Fetched([], 1.2),
]


def test_one_round_of_tools_from_create_to_done() -> None:
    """The plain run: create, wait, look, call tools, submit, wait, look, fetch, done."""
    assert [
        Create,
        Wait,
        Retrieve,
        RunTools,
        SubmitOutputs,
        Wait,
        Retrieve,
        FetchMessages,
        Done,
    ] == _kinds(_core(), ONE_ROUND)


def test_asking_twice_changes_nothing() -> None:
    """`next_action` is a question: the answer is the same until something is received."""
    core = _core()
    for reply in ONE_ROUND:
        assert core.next_action() == core.next_action()
        core.receive(reply)


@pytest.mark.parametrize("cut", range(len(ONE_ROUND)))
def test_a_core_pickled_in_mid_run_goes_on_from_the_same_action(cut: int) -> None:
    """Wherever it is cut, the pickled core asks for the same actions and ends the same."""
    core = _core(*ONE_ROUND[:cut])
    twin = pickle.loads(pickle.dumps(core))  # noqa: S301  # our own bytes

    assert _kinds(core, ONE_ROUND[cut:]) == _kinds(twin, ONE_ROUND[cut:])
    assert core.outcome == twin.outcome


@pytest.mark.parametrize("status", sorted(LIFECYCLE.terminal))
def test_every_terminal_status_is_an_end(status: str) -> None:
    """None of the five endings is polled any further; the outcome has its status."""
    core = _core(_seen("queued"), Waited(1.0), _seen(status, now=1.0), Fetched([], 1.0))

    assert Done() == core.next_action()
    assert status == core.outcome.status


def test_all_calls_of_a_round_are_answered_in_one_submit_in_their_order() -> None:
    """Two parallel calls are one submit of two outputs, whatever order they were answered in."""
    core = _core(_seen("requires_action", "call_1", "call_2"), _ran("call_2", "call_1"))
    action = core.next_action()

    assert isinstance(action, SubmitOutputs)
    assert ["call_1", "call_2"] == [output.call_id for output in action.outputs]


def test_a_second_round_is_answered_too() -> None:
    """After a submit, new call ids are a new round, even if no look fell between the two."""
    core = _core(_seen("requires_action", "call_1"), _ran("call_1"), _seen("queued"), Waited(1.0))
    core.receive(_seen("requires_action", "call_2", now=1.0))
    action = core.next_action()

    assert isinstance(action, RunTools)
    assert ["call_2"] == [call.call_id for call in action.calls]


def test_a_lost_submit_is_looked_up_before_it_is_sent_again() -> None:
    """After a submit that may have been applied comes a look; the tool is not called again."""
    core = _core(_seen("requires_action", "call_1"), _ran("call_1"))

    assert [SubmitOutputs, Wait, Retrieve, SubmitOutputs] == _kinds(
        core, [Faulted(LOST, 1.0), Waited(1.5), _seen("requires_action", "call_1", now=1.5)]
    )


def test_a_lost_submit_that_was_applied_is_ours() -> None:
    """When the look shows that the lost submit went through, its edge is not foreign."""
    core = _core(_seen("requires_action", "call_1"), _ran("call_1"), Faulted(LOST, 1.0))
    core.receive(Waited(1.5))
    core.receive(_seen("in_progress", now=1.5))

    assert [False, False] == [s.foreign for s in core.journal[-2:] if isinstance(s, Transition)]


def test_a_stale_submit_is_followed_by_a_look_at_once() -> None:
    """'Does not accept tool outputs' means that the run is elsewhere: look, do not wait."""
    core = _core(_seen("requires_action", "call_1"), _ran("call_1"), Faulted(STALE, 1.0))

    assert Retrieve(REF) == core.next_action()


def test_a_service_that_contradicts_itself_is_not_asked_in_a_circle() -> None:
    """Refusing outputs and asking for them, again and again, ends in an error, with pauses."""
    core = _core(_seen("requires_action", "call_1"), _ran("call_1"))
    waits = 0
    for _ in range(40):
        match core.next_action():
            case SubmitOutputs():
                core.receive(Faulted(STALE, 1.0))
            case Wait():
                waits += 1
                core.receive(Waited(1.0))
            case Retrieve():
                core.receive(_seen("requires_action", "call_1", now=1.0))
            case Done():
                break

    assert isinstance(core.error, BackendError)
    assert Pacing().faults_max == waits + 1


def test_accepted_outputs_are_not_handed_in_twice() -> None:
    """A stale look after an accepted submit shows the same calls: wait, do not submit again."""
    core = _core(_seen("requires_action", "call_1"), _ran("call_1"))
    core.receive(_seen("requires_action", "call_1", now=1.0))

    assert isinstance(core.next_action(), Wait)


def test_outputs_are_not_sent_to_a_run_known_to_be_expired() -> None:
    """When the tools took until `expires_at`, the core looks, at once, instead of submitting."""
    core = _core(_seen("requires_action", "call_1"), _ran("call_1", now=600.0))

    assert Retrieve(REF) == core.next_action()


def test_tools_are_given_the_time_that_the_run_has_left() -> None:
    """At second 250 of 600, a tool may take 350 s."""
    core = _core(_seen("requires_action", "call_1", now=250.0))
    action = core.next_action()

    assert isinstance(action, RunTools)
    assert 350.0 == action.time_left_s


def test_a_locked_thread_is_told_with_its_holder() -> None:
    """Creating on a busy thread is `ThreadBusy`, not retried, and names the run that holds it."""
    fault = Fault(FaultKind.LOCKED, "already has an active run run_9", holder="run_9")
    core = _core(Faulted(fault, 0.0))

    assert Done() == core.next_action()
    assert isinstance(core.error, ThreadBusy)
    assert "run_9" == core.error.holder


@pytest.mark.parametrize(
    ("fault", "goes_on"),
    [
        (Fault(FaultKind.RATE_LIMITED, "slow down"), True),
        (Fault(FaultKind.TRANSIENT, "refused before it was sent"), True),
        (LOST, False),
        (Fault(FaultKind.QUOTA, "no money"), False),
        (Fault(FaultKind.AUTH, "no key"), False),
        (Fault(FaultKind.INVALID, "wrong"), False),
    ],
)
def test_a_create_is_repeated_only_if_it_cannot_have_been_applied(
    fault: Fault, *, goes_on: bool
) -> None:
    """A timed-out create may have made a run: a second one would cost twice."""
    assert goes_on == isinstance(_core(Faulted(fault, 0.0)).next_action(), Wait)


def test_a_failing_look_is_repeated_with_growing_pauses_and_then_given_up() -> None:
    """Five faults in a row are borne, each pause twice the last; the sixth is an error."""
    core = _core(_seen("queued"), Waited(0.5))
    pauses = []
    while not isinstance(action := core.next_action(), Done):
        if isinstance(action, Wait):
            pauses.append(action.delay_s)
            core.receive(Waited(1.0))
        else:
            core.receive(Faulted(LOST, 1.0))

    assert [0.5, 1.0, 2.0, 4.0, 5.0] == pauses
    assert isinstance(core.error, BackendError)
    assert REF == core.error.ref


def test_the_services_own_retry_after_is_honoured() -> None:
    """A `retry-after` of 17 s is a wait of 17 s."""
    fault = Fault(FaultKind.RATE_LIMITED, "slow down", retry_after_s=17.0)
    core = _core(_seen("queued"), Waited(0.5), Faulted(fault, 0.5))

    assert Wait(17.0) == core.next_action()


def test_no_retry_after_outlasts_the_deadline() -> None:
    """A service that asks for an hour does not keep the driver from its deadline of 10 s."""
    fault = Fault(FaultKind.RATE_LIMITED, "slow down", retry_after_s=3600.0)
    core = _core(_seen("queued"), Waited(0.5), Faulted(fault, 0.5), policy=Policy(deadline_s=10.0))

    assert Wait(9.5) == core.next_action()


def test_an_asked_for_cancel_is_sent_once() -> None:
    """After `request_cancel` comes one Cancel, and then looks until the run has ended."""
    core = _core(_seen("in_progress"))
    core.request_cancel()
    core.request_cancel()

    assert [Cancel, Wait, Retrieve, FetchMessages] == _kinds(
        core, [_seen("cancelling"), Waited(0.5), _seen("cancelled", now=0.5)]
    )
    assert 1 == sum(isinstance(step, CancelWanted) for step in core.journal)


def test_a_cancel_that_lost_the_race_has_an_honest_outcome() -> None:
    """The service says it cannot cancel a completed run: the outcome is completed, and asked."""
    late = Fault(FaultKind.ALREADY_TERMINAL, "Cannot cancel run with status 'completed'.")
    core = _core(_seen("in_progress"))
    core.request_cancel()

    assert [Cancel, Retrieve, FetchMessages, Done] == _kinds(
        core, [Faulted(late, 1.0), _seen("completed", now=1.0), Fetched([], 1.0)]
    )
    assert (RunStatus.COMPLETED, CancelReason.ASKED) == (
        core.outcome.status,
        core.outcome.cancel_reason,
    )


def test_tools_are_not_called_for_a_run_to_be_cancelled() -> None:
    """A required action that is seen after `request_cancel` is answered with Cancel."""
    core = _core(_seen("in_progress"))
    core.request_cancel()
    core.receive(Faulted(LOST, 1.0))
    core.receive(Waited(1.5))
    core.receive(_seen("requires_action", "call_1", now=1.5))

    assert Cancel(REF) == core.next_action()


def test_the_deadline_cancels() -> None:
    """When the driver's own deadline passes, the run is cancelled, for that reason."""
    core = _core(_seen("in_progress"), policy=Policy(deadline_s=10.0))
    core.receive(Waited(10.0))

    assert Cancel(REF) == core.next_action()
    assert CancelReason.DEADLINE is core.cancel_reason


def test_the_core_wakes_up_when_the_deadline_or_the_expiry_passes() -> None:
    """No wait sleeps over the moment at which something is bound to happen."""
    slow = Pacing(first_s=100.0, longest_s=100.0)
    at_550 = _core(_seen("queued", now=550.0), policy=Policy(pacing=slow))
    before_deadline = _core(_seen("queued"), policy=Policy(deadline_s=3.0, pacing=slow))

    assert Wait(50.0) == at_550.next_action()
    assert Wait(3.0) == before_deadline.next_action()


def test_a_cancel_that_never_takes_effect_ends() -> None:
    """After the grace and a last look, the driver gives up; the outcome has that look's status."""
    core = _core(_seen("in_progress"), policy=Policy(cancel_grace_s=30.0))
    core.request_cancel()

    assert [Cancel, Wait, Retrieve, FetchMessages, Done] == _kinds(
        core,
        [_seen("cancelling"), Waited(30.0), _seen("cancelling", now=30.0), Fetched([], 30.0)],
    )

    assert RunStatus.CANCELLING is core.outcome.status
    assert isinstance(core.outcome.journal[-1], GaveUp)


def test_a_failing_tool_can_stop_the_run() -> None:
    """With `on_tool_error="raise"` the run is cancelled, and the error names tool and call."""
    core = _core(_seen("requires_action", "call_1"), policy=Policy(on_tool_error="raise"))

    assert [RunTools, Cancel, FetchMessages, Done] == _kinds(
        core, [_ran("call_1", error="raised"), _seen("cancelled"), Fetched([], 0.0)]
    )
    assert isinstance(core.error, ToolError)
    assert ("f", "call_1") == (core.error.tool, core.error.call_id)
    assert RunStatus.CANCELLED is core.error.outcome.status


def test_an_unknown_status_is_looked_at_again() -> None:
    """A tenth status is neither an end nor an error: the core goes on looking."""
    core = _core(_seen("in_progress"), Waited(0.5), _seen("paused", now=0.5))

    assert isinstance(core.next_action(), Wait)


@pytest.mark.parametrize("reply", [Waited(0.0), _ran("call_1"), Fetched([], 0.0)])
def test_a_reply_to_another_question_is_refused(reply: Any) -> None:
    """The core says what it asked for and what it was given; nothing has changed."""
    core = _core()

    with pytest.raises(CallerError, match="asked for Create, and was answered"):
        core.receive(reply)
    assert Create(REQUEST) == core.next_action()


def test_there_is_no_outcome_before_the_end() -> None:
    """Asking too early is the caller's mistake, and told so."""
    with pytest.raises(CallerError, match="no outcome before"):
        _ = _core(_seen("queued")).outcome


def test_time_never_goes_back() -> None:
    """A reply with an earlier time does not bring the core's clock back."""
    core = _core(_seen("queued", now=100.0))
    core.receive(Waited(50.0))
    core.receive(_seen("in_progress", now=60.0))

    assert 100.0 == core.journal[-1].at
