"""What is special about runs on the Agents API: no lock, a window, results one by one, names."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import anyio
import pytest

from attending import OF_OPENAI_3
from chains import LOOPS, lose
from driving import S
from runfsm import (
    BackendError,
    CallerError,
    FaultKind,
    FaultMet,
    Interrupt,
    Policy,
    Reject,
    RunAdopted,
    RunRef,
    RunRequest,
    RunSnapshot,
    StepUpdate,
    TextDelta,
    ThreadBusy,
    ToolAnswered,
    Transition,
    Wait,
)
from runfsm.driver.busy import OnBusy
from runfsm.driver.request import ToolOutput
from runfsm_simulator import ArmedFault, Call, calls, hang, say, truncate
from runfsm_simulator.world.storm import Storm
from turning import EVENTS, Turns

#: By threads, and by tasks.
by_loops: Final = pytest.mark.parametrize("loop", LOOPS, ids=str)

HELLO: Final = say("Hello!", queue_s=1, work_s=1)

pytestmark = OF_OPENAI_3


def _when(status: S, act: Callable[[Any], object]) -> Any:
    def on_step(watch: Any, step: Any) -> None:
        if isinstance(step, Transition) and step.edge.dest is status:
            act(watch)

    return on_step


def _dests(journal: Any) -> list[str]:
    return [step.edge.dest for step in journal if isinstance(step, Transition)]


def _faults(journal: Any) -> list[FaultKind]:
    return [step.fault for step in journal if isinstance(step, FaultMet)]


# Names -------------------------------------------------------------------------------------------


@by_loops
def test_a_thread_is_a_session_and_a_run_is_its_turn(loop: Any) -> None:
    """By the name of before or by the session's id, here and elsewhere, it is the same thread."""
    stage = Turns(HELLO, loop=loop)
    first = stage.run()
    again = stage.run(stage.request(key="key_2"))
    by_id = stage.run(stage.request(thread_id=first.ref.thread_id, key="key_3"))
    elsewhere = stage.run(stage.request(key="key_4"), backend=stage.new_backend())
    refs = [outcome.ref for outcome in (first, again, by_id, elsewhere)]

    assert [(stage.sessions[0].id, turn.id) for turn in stage.turns] == [
        (ref.thread_id, ref.run_id) for ref in refs
    ]
    assert 1 == len(stage.sessions)


@by_loops
def test_another_process_goes_on_by_the_ref_alone(loop: Any) -> None:
    """Through JSON, to a backend that never heard of the run: its calls, outputs, and answer."""
    stage = Turns(loop=loop)
    run = stage.do("create", stage.request())
    stage.sim.clock.advance(5)
    other = stage.new_backend()
    ref = RunRef.from_dict(json.loads(json.dumps(run.ref.to_dict())))
    run = stage.do("retrieve", ref, backend=other)
    outputs = [ToolOutput(one.call_id, one.name, "rain") for one in run.calls]
    stage.do("submit", ref, outputs, backend=other)
    stage.sim.clock.advance(5)

    assert S.COMPLETED is stage.do("retrieve", ref, backend=other).status
    assert ["It rains."] == [it.text for it in stage.do("messages", ref, backend=other)]


@by_loops
def test_what_is_added_without_a_run_is_said_with_the_next(loop: Any) -> None:
    """Found by its key until then; a session alone would have begun a turn with it."""
    stage = Turns(HELLO, loop=loop)
    add = partial(stage.backend.add_message, stage.thread, "The report.", key="key_m")
    message_id = add() if loop is None else anyio.run(add)
    found = stage.do("find_message", stage.thread, "key_m")
    stage.run()

    assert message_id == found
    assert [["The report.", "How is it?"]] == stage.said
    assert stage.do("find_message", stage.thread, "key_m") is None


@by_loops
def test_a_turn_without_a_word_is_refused(loop: Any) -> None:
    """Nothing is created, and the message says how to say something."""
    stage = Turns(HELLO, loop=loop)

    with pytest.raises(CallerError, match="add_message before"):
        stage.run(stage.request(None))
    assert [] == stage.sessions


@by_loops
def test_a_session_keeps_its_agent(loop: Any) -> None:
    """Another assistant, or options, on a later run are refused; nothing is said to the session."""
    stage = Turns(HELLO, loop=loop)
    stage.run()
    request = RunRequest("asst_2", "Hi", stage.thread)
    wishes = stage.request(options={"model": "gpt-5-mini"}, key="key_3")

    with pytest.raises(CallerError, match="was made for asst_1"):
        stage.run(request)
    with pytest.raises(CallerError, match="model comes too late"):
        stage.run(wishes)
    assert [["How is it?"]] == stage.said


def test_an_id_that_the_app_did_not_explain_is_the_services_agent() -> None:
    """It is asked for, and what the service says of it is what one gets."""
    stage = Turns(HELLO)

    with pytest.raises(BackendError, match="agent_7") as caught:
        stage.run(RunRequest("agent_7", "Hi"))
    assert (FaultKind.NOT_FOUND, 404) == (
        caught.value.fault.kind,
        caught.value.fault.status_code,
    )


# Steering ----------------------------------------------------------------------------------------


@by_loops
@pytest.mark.parametrize("on_busy", [Wait(), Interrupt()], ids=str)
def test_who_is_on_his_way_is_outlasted_and_not_steered(loop: Any, on_busy: OnBusy) -> None:
    """The service would take the message at any time; it is said when the other turn is over."""
    slow = say("Hello!", queue_s=1, work_s=30)
    stage = Turns(slow, loop=loop, policy=Policy(on_busy=on_busy))
    stage.do("create", stage.request("Theirs.", key=None))
    request = stage.request("Ours.", key="key_2")
    outcome = stage.run(request, backend=stage.new_backend())
    first = "cancelled" if isinstance(on_busy, Interrupt) else "completed"

    assert S.COMPLETED is outcome.status
    assert [["Theirs."], ["Ours."]] == stage.said
    assert [first, "completed"] == [turn.status for turn in stage.turns]


@by_loops
def test_the_holder_is_named(loop: Any) -> None:
    """`ThreadBusy` of our own making; nothing was said."""
    stage = Turns(hang(queue_s=1), loop=loop, policy=Policy(on_busy=Reject()))
    holder = stage.do("create", stage.request("Theirs.", key=None))

    with pytest.raises(ThreadBusy, match="active turn") as caught:
        stage.run()
    assert holder.ref.run_id == caught.value.holder
    assert [["Theirs."]] == stage.said


@by_loops
def test_who_comes_a_moment_before_is_found_out(loop: Any) -> None:
    """Their turn reads our message: that is told with its name, and nothing is said once more."""
    stage = Turns(HELLO, loop=loop, policy=Policy(on_busy=Wait()))
    stage.run(stage.request("First.", key="key_0"))
    stage.sim.control.storm = Storm(foreign_run=1)

    with pytest.raises(BackendError, match="reads what was meant for ours") as caught:
        stage.run()
    assert FaultKind.UNSUPPORTED is caught.value.fault.kind
    assert stage.turns[-1].id == caught.value.fault.holder
    assert ["How is it?"] == stage.said[-1][1:]


@by_loops
def test_a_turn_of_ours_that_is_steered_stays_ours(loop: Any) -> None:
    """Somebody says something while it works: the run goes on, and completes."""
    stage = Turns(HELLO, loop=loop)
    outcome = stage.run(on_step=_when(S.IN_PROGRESS, lambda _: stage.meanwhile("And?")))

    assert (S.COMPLETED, stage.turns[0].id) == (outcome.status, outcome.ref.run_id)
    assert [["How is it?", "And?"]] == stage.said


# Once --------------------------------------------------------------------------------------------


@by_loops
@pytest.mark.parametrize("path", ["/v1/agents/sessions", EVENTS])
@pytest.mark.parametrize("applied", [True, False])
def test_a_creation_that_was_not_answered_is_done_once(
    loop: Any, path: str, *, applied: bool
) -> None:
    """The session's or a later turn's: found by what was said, and taken over; else repeated."""
    stage = Turns(loop=loop)
    if path == EVENTS:
        stage.run(stage.request("Before.", key="key_0"))
    lose(stage, path, applied=applied)
    outcome = stage.run()

    assert S.COMPLETED is outcome.status
    assert [["Before."], ["How is it?"]][path != EVENTS :] == stage.said
    assert 1 == len(stage.sessions)
    assert applied == any(isinstance(step, RunAdopted) for step in outcome.journal)


@by_loops
def test_the_look_after_a_creation_may_fail(loop: Any) -> None:
    """The message was taken: it is looked up, and not said again."""
    stage = Turns(loop=loop)
    fault = ArmedFault(method="GET", path="/v1/agents/sessions/*/turns", status=503)
    stage.sim.control.faults.arm(fault)
    outcome = stage.run()

    assert S.COMPLETED is outcome.status
    assert [["How is it?"]] == stage.said


@by_loops
@pytest.mark.parametrize("is_lost", [True, False])
def test_a_session_that_is_not_shown_yet_is_waited_for(loop: Any, *, is_lost: bool) -> None:
    """We made it, whether we heard of that or not: that it is not found is a replica that lags."""
    stage = Turns(HELLO, loop=loop)
    if is_lost:
        lose(stage, "/v1/agents/sessions")
    error = {"message": "Session not found.", "code": "not_found_error"}
    for _ in range(2):
        lag = ArmedFault(path="/v1/agents/sessions/*/turns", status=404, body={"error": error})
        stage.sim.control.faults.arm(lag)

    assert S.COMPLETED is stage.run().status
    assert [["How is it?"]] == stage.said


@by_loops
def test_a_result_that_was_not_answered_counts_once(loop: Any) -> None:
    """Its answer is lost; it is handed in once more with its key, if it is still wanted at all."""
    stage = Turns(loop=loop)
    outcome = stage.run(on_step=_when(S.REQUIRES_ACTION, lambda _: lose(stage, EVENTS)))
    results = [item for item in stage.turns[0].items.values() if item.result]

    assert (S.COMPLETED, "It rains.") == (outcome.status, outcome.text)
    assert 1 == len(results)


@by_loops
def test_one_result_of_two_is_no_new_round(loop: Any) -> None:
    """The first is in, unheard of; the turn waits for the other: of the same round, called once."""
    both = calls(Call(name="look"), Call(name="peep"), queue_s=1, work_s=1)
    called: list[str] = []
    stage = Turns(both, HELLO, loop=loop, tools=[_noting(called, "look"), _noting(called, "peep")])

    def on_step(_: Any, step: Any) -> None:
        if isinstance(step, ToolAnswered) and len(called) == 2:
            lose(stage, EVENTS)

    outcome = stage.run(on_step=on_step)

    assert S.COMPLETED is outcome.status
    assert ["look", "peep"] == sorted(called)
    assert 1 == _dests(outcome.journal).count(S.REQUIRES_ACTION)


def _noting(called: list[str], name: str) -> Callable[[], str]:
    def tool() -> str:
        called.append(name)
        return name

    tool.__name__ = name
    tool.__doc__ = "Notes that it was called."
    return tool


@by_loops
def test_a_call_that_is_not_known_yet_is_answered_a_moment_later(loop: Any) -> None:
    """The service shows a call before it takes its result: another look, and once more."""
    stage = Turns(loop=loop)
    error = {"message": "Unknown pending tool call: call_1", "code": "invalid_request_error"}
    early = ArmedFault(method="POST", path=EVENTS, status=400, body={"error": error})
    on_step = _when(S.REQUIRES_ACTION, lambda _: stage.sim.control.faults.arm(early))
    outcome = stage.run(on_step=on_step)

    assert [FaultKind.STALE_ACTION] == _faults(outcome.journal)
    assert (S.COMPLETED, "It rains.") == (outcome.status, outcome.text)
    assert 1 == sum(isinstance(step, ToolAnswered) for step in outcome.journal)


@by_loops
def test_a_result_that_comes_too_late_is_stale(loop: Any) -> None:
    """After a cancel the service calls it a conflict, which it is not to ask again about."""
    stage = Turns(loop=loop)
    run = stage.do("create", stage.request())
    stage.sim.clock.advance(5)
    run = stage.do("retrieve", run.ref)
    stage.do("cancel", run.ref)

    with pytest.raises(BackendError) as caught:
        stage.do("submit", run.ref, [ToolOutput(run.calls[0].call_id, "look", "rain")])
    assert FaultKind.STALE_ACTION is caught.value.fault.kind


@by_loops
def test_a_tool_that_failed_is_told_as_a_failure(loop: Any) -> None:
    """No success, and the words for the model as the error."""

    def look() -> str:
        """Look out of the window."""
        raise ValueError("fog")

    stage = Turns(loop=loop, tools=[look])
    stage.run()
    (result,) = stage.turns[0].results.values()

    assert (False, None) == (result.success, result.output)
    assert "fog" in str(result.error)


# Ends --------------------------------------------------------------------------------------------


@by_loops
def test_a_cancel_has_a_window_in_which_the_turn_shows_nothing(loop: Any) -> None:
    """Cancelling, says the backend, in which the turn is as before: until the service ends it."""
    stage = Turns(hang(queue_s=1), loop=loop, script={"cancel_s": 4})
    run = stage.do("create", stage.request())
    stage.sim.clock.advance(2)
    told = stage.do("cancel", run.ref)
    looks = [
        stage.do("retrieve", run.ref),
        stage.do("retrieve", told.ref, backend=stage.new_backend()),
    ]
    (listed,) = stage.do("runs", stage.thread)

    assert [(S.CANCELLING, "in_progress")] * 4 == [
        (look.status, look.raw_status) for look in (told, *looks, listed)
    ]
    stage.sim.clock.advance(4)
    assert S.CANCELLED is stage.do("retrieve", told.ref).status


@by_loops
def test_a_cancel_may_lose(loop: Any) -> None:
    """The answer came within the window: completed, out of cancelling."""
    stage = Turns(HELLO, loop=loop, script={"cancel_s": 10})
    outcome = stage.run(on_step=_when(S.IN_PROGRESS, lambda watch: watch.cancel()))

    assert ["queued", "in_progress", "cancelling", "completed"] == _dests(outcome.journal)


@by_loops
def test_a_cancel_that_was_not_answered_is_sent_again(loop: Any) -> None:
    """With the same key, which makes it one."""
    stage = Turns(hang(queue_s=1), loop=loop)

    def cancel(watch: Any) -> None:
        lose(stage, EVENTS)
        watch.cancel()

    outcome = stage.run(on_step=_when(S.IN_PROGRESS, cancel))

    assert S.CANCELLED is outcome.status


@by_loops
def test_nobody_elses_turn_is_cancelled(loop: Any) -> None:
    """A cancel names no turn: one of a run that is over is not sent."""
    stage = Turns(HELLO, loop=loop)
    over = stage.run().ref
    stage.meanwhile("Mine.")

    with pytest.raises(BackendError) as caught:
        stage.do("cancel", over)
    assert FaultKind.ALREADY_TERMINAL is caught.value.fault.kind
    stage.sim.clock.advance(10)
    assert "cancelled" not in [turn.status for turn in stage.turns]


def _cancelled_late(stage: Turns, *meanwhile: str) -> Any:
    """What a cancel gives whose turn ends by itself between look and cancel."""
    run = stage.do("create", stage.request())
    send = stage.backend._send

    def slowly(call: Any) -> Any:
        if call.method == "post":
            stage.sim.clock.advance(2)
            for said in meanwhile:
                stage.meanwhile(said)
        return send(call)

    stage.backend._send = slowly
    return stage.do("cancel", run.ref)


def test_a_cancel_that_comes_a_moment_too_late_shows_the_end() -> None:
    """The session is idle, and accepts it all the same; the look after it says what is true."""
    assert S.COMPLETED is _cancelled_late(Turns(HELLO)).status


def test_a_cancel_that_meets_somebody_elses_turn_says_so() -> None:
    """Nothing on the wire prevents it; the refusal names the turn that it may have hit."""
    stage = Turns(HELLO, script={"cancel_s": 1})
    with pytest.raises(BackendError, match="another client's, may be cancelled") as caught:
        _cancelled_late(stage, "Mine.")
    fault = caught.value.fault
    ours, theirs = stage.turns

    assert (FaultKind.ALREADY_TERMINAL, theirs.id) == (fault.kind, fault.holder)
    assert "completed" == ours.status


@by_loops
def test_an_idle_session_is_no_success(loop: Any) -> None:
    """Cancelled, though the session says idle, as it does of what is complete."""
    stage = Turns(hang(queue_s=1), loop=loop)
    outcome = stage.run(on_step=_when(S.IN_PROGRESS, lambda watch: watch.cancel()))

    assert "idle" == stage.sessions[0].status
    assert S.CANCELLED is outcome.status


@by_loops
def test_a_turn_that_hangs_expires_by_our_own_clock(loop: Any) -> None:
    """After as long as the backend was told; the service has cancelled it."""
    stage = Turns(hang(queue_s=1), loop=loop, expires_after_s=60)
    began_at = stage.sim.clock.now()
    outcome = stage.run()

    assert S.EXPIRED is outcome.status
    assert 60 <= stage.sim.clock.now() - began_at < 80
    assert "cancelled" == stage.turns[0].status


@by_loops
@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("max_completion_tokens", "max_output_tokens"),
        ("spending_limit", "session_budget_exceeded"),
    ],
)
def test_an_answer_that_is_cut_is_incomplete(loop: Any, reason: Any, code: str) -> None:
    """The turn has failed, with a code that is the reason of an incomplete run."""
    stage = Turns(truncate(reason, say="It r", queue_s=1, work_s=1), loop=loop)
    outcome = stage.run()

    assert (S.INCOMPLETE, code, None) == (
        outcome.status,
        outcome.snapshot.incomplete_reason,
        outcome.snapshot.error,
    )
    assert "failed" == stage.turns[0].status


def test_what_was_heard_of_a_cut_answer_is_not_kept() -> None:
    """A message that did not become whole stands in no list of items, and was told all the same."""
    stage = Turns(truncate(say="It r", queue_s=1, work_s=1))
    *heard, run = stage.backend.stream_create(stage.request())

    assert "It r" == "".join(event.text for event in heard if isinstance(event, TextDelta))
    assert (S.INCOMPLETE, []) == (run.status, stage.backend.messages(run.ref))


# What it is --------------------------------------------------------------------------------------


def test_a_stream_that_begins_late_tells_no_half_of_a_message() -> None:
    """What was begun before is not told in pieces; that it is over, and the run, is told."""
    stage = Turns(say("It rains, and it will go on raining.", queue_s=1, work_s=8))
    events = stage.backend.stream_create(stage.request())
    heard = [next(events)]
    stage.sim.clock.advance(7)
    heard += events

    assert [S.QUEUED, S.IN_PROGRESS, S.COMPLETED] == [
        event.status for event in heard if isinstance(event, RunSnapshot)
    ]
    assert [("message_creation", "completed")] == [
        (event.type, event.status) for event in heard if isinstance(event, StepUpdate)
    ]
    assert [] == [event for event in heard if isinstance(event, TextDelta)]
