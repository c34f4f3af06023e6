"""What drivers do, down every road: three wires; direct, SDK, HTTP; threads, asyncio, trio."""

from __future__ import annotations

import threading
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import anyio
import pytest

from played import cancel_on, getCurrentWeather, getNickname, play
from runfsm import (
    BackendError,
    FaultKind,
    Pacing,
    Policy,
    RunRequest,
    RunStatus,
    ThreadBusy,
    Transition,
    tool,
)
from runfsm.driver.journal import CancelReason, ToolAnswered
from runfsm.errors import ToolError
from runfsm.lifecycle.wires import WIRES
from runfsm.lifecycle.wires.wire import CancelAnswer
from runfsm_simulator import Simulator
from runfsm_simulator.world.script import Call, Script, call, calls, hang, say

S = RunStatus


def _request(simulator: Simulator, **kwargs: Any) -> RunRequest:
    return RunRequest(simulator.create_assistant(), "Hello!", **kwargs)


def _statuses(journal: Any) -> list[str]:
    return [step.edge.dest for step in journal if isinstance(step, Transition)]


def test_the_weather_goes_through_the_seeds_statuses(road: Any) -> None:
    """The weather assistant: queued, in_progress, requires_action, and round again to completed."""
    _, outcome = play(road, "weather")

    assert [
        S.QUEUED,
        S.IN_PROGRESS,
        S.REQUIRES_ACTION,
        S.QUEUED,
        S.IN_PROGRESS,
        S.COMPLETED,
    ] == _statuses(outcome.journal)
    assert "72 °F" in outcome.text
    if road.wire != "agents":  # there, it is counted some time after the end
        assert outcome.usage is not None


def test_a_locked_thread_is_thread_busy_with_its_holder(assistants: Any) -> None:
    """Two runs on one thread: the second is refused, names the first, and nothing was added."""
    simulator = Simulator(Script.of(hang()))
    thread = simulator.create_thread()
    simulator.add_message(thread, "Hi")
    first = simulator.world.create_run(thread, simulator.create_assistant())
    before = simulator.trace

    with pytest.raises(ThreadBusy) as caught:
        assistants.drive(simulator, _request(simulator, thread_id=thread))

    assert first.id == caught.value.holder
    assert f"Thread {thread} already has an active run {first.id}." == str(caught.value)
    assert before == simulator.trace


#: What is said of an assistant and of a thread that there are not.
UNKNOWN = {
    ("assistants", "assistant_id"): ("asst_gone", 404, "No assistant found with id 'asst_gone'."),
    ("assistants", "thread_id"): ("thread_gone", 404, "No thread found with id 'thread_gone'."),
    # There, assistants are the app's own.
    ("responses", "assistant_id"): ("asst_gone", None, "No assistant found with id 'asst_gone': *"),
    ("responses", "thread_id"): ("conv_gone", 404, "Conversation with id 'conv_gone' not found."),
    ("agents", "assistant_id"): ("asst_gone", 404, "Agent 'asst_gone' not found."),
    ("agents", "thread_id"): ("sess_gone", 404, "Session 'sess_gone' not found."),
}


@pytest.mark.parametrize("what", ["assistant_id", "thread_id"])
def test_an_unknown_thing_is_the_services_own_404(road: Any, what: str) -> None:
    """An unknown assistant and an unknown thread: not found, in the service's own words."""
    named, status_code, text = UNKNOWN[road.wire, what]
    simulator = Simulator()

    with pytest.raises(BackendError) as caught:
        road.drive(simulator, replace(_request(simulator), **{what: named}))

    assert (FaultKind.NOT_FOUND, status_code) == (
        caught.value.fault.kind,
        caught.value.fault.status_code,
    )
    assert fnmatchcase(str(caught.value), text)
    assert caught.value.__cause__ is not None


@tool(timeout_s=5)
def picky(number: int) -> int:
    """Double a number, if it is even."""
    if number % 2:
        raise ValueError("odd")
    return 2 * number


@pytest.mark.parametrize(
    ("made", "error", "told"),
    [
        (Call(name="picky", arguments={"number": 2}), None, "4"),
        (Call(name="picky", arguments={"number": 3}), "raised", "odd"),
        (Call(name="picky", arguments={"number": "two"}), "invalid_arguments", "number"),
        (Call(name="picky", arguments='{"number": '), "malformed_arguments", "JSON"),
        (Call(name="pikcy", arguments={"number": 2}), "unknown_tool", "picky"),
    ],
)
def test_what_goes_wrong_with_a_tool_is_told_to_the_model_and_journalled(
    road: Any, made: Call, error: str | None, told: str
) -> None:
    """The run completes; the output says what happened, and the journal names its kind."""
    simulator = Simulator(Script.of(calls(made), say("I see.")))
    outcome = road.drive(simulator, _request(simulator), tools=[picky])

    steps = [step for step in outcome.journal if isinstance(step, ToolAnswered)]
    outputs = _outputs(simulator, outcome)
    assert [error] == [step.error for step in steps]
    assert told in outputs[0]
    assert S.COMPLETED is outcome.status


def _outputs(simulator: Simulator, outcome: Any) -> list[str]:
    """What the service was told of its calls."""
    if outcome.ref.backend == "assistants":
        return [call["function"]["output"] for call in _step_calls(simulator, outcome)]
    if outcome.ref.backend == "agents":
        turn = simulator.world.store.turn(outcome.ref.thread_id, outcome.ref.run_id)
        return [result.text for result in turn.results.values()]
    responses = simulator.world.store.responses.values()
    return [item.output.text for it in responses for item in it.input if item.output]


def _step_calls(simulator: Simulator, outcome: Any) -> list[Any]:
    client = simulator.client()
    page: Any = client.get(
        f"/threads/{outcome.ref.thread_id}/runs/{outcome.ref.run_id}/steps",
        cast_to=object,
        options={"headers": {"OpenAI-Beta": "assistants=v2"}, "params": {"order": "asc"}},
    )
    found: list[Any] = page["data"][0]["step_details"]["tool_calls"]
    return found


def test_a_slow_tool_is_timed_out_and_the_run_goes_on(road: Any) -> None:
    """After its own five seconds the tool is given up, the model is told, the run completes."""
    simulator = Simulator(Script.of(call("slow"), say("Never mind.")))

    @tool(timeout_s=5)
    def slow() -> str:
        simulator.clock.sleep(100)
        return "too late"

    outcome = road.drive(simulator, _request(simulator), tools=[slow])
    (step,) = (step for step in outcome.journal if isinstance(step, ToolAnswered))

    assert "timed_out" == step.error
    assert S.COMPLETED is outcome.status
    before = outcome.journal[outcome.journal.index(step) - 1]
    assert before.at is not None
    assert before.at + 5 == step.at


def test_parallel_tools_take_as_long_as_the_slowest(road: Any) -> None:
    """Two tools of 30 s and 20 s in one round take 30 s, not 50."""
    simulator = Simulator(Script.of(calls(Call(name="slow"), Call(name="slower")), say("Done.")))

    def slow() -> str:
        simulator.clock.sleep(20)
        return "slow"

    def slower() -> str:
        simulator.clock.sleep(30)
        return "slower"

    outcome = road.drive(simulator, _request(simulator), tools=[slow, slower])
    at = {step.edge.event: step.at for step in outcome.journal if isinstance(step, Transition)}

    assert 30.0 == at["submit_tool_outputs"] - at["require_action"]


def test_an_async_tool_works_on_every_road(road: Any) -> None:
    """A coroutine function is a tool for threads and for tasks."""
    simulator = Simulator(Script.of(call("answer"), say("Done.")))

    async def answer() -> int:
        await anyio.lowlevel.checkpoint()
        return 42

    outcome = road.drive(simulator, _request(simulator), tools=[answer])

    assert ["42"] == _outputs(simulator, outcome)


def test_a_failing_tool_can_stop_the_run(road: Any) -> None:
    """With `on_tool_error="raise"` the run is cancelled, and the tool's exception is the cause."""
    simulator = Simulator(Script.of(call("picky", number=3), say("Never said.")))

    with pytest.raises(ToolError, match="picky") as caught:
        road.drive(
            simulator,
            _request(simulator),
            tools=[picky],
            policy=Policy(on_tool_error="raise"),
        )

    assert isinstance(caught.value.__cause__, ValueError)
    assert S.CANCELLED is caught.value.outcome.status
    if road.wire == "assistants":  # on the other wire it is over for the service already
        assert "cancelled" == simulator.trace[-1].dest


def test_a_cancel_while_a_tool_works_does_not_wait_for_it(road: Any) -> None:
    """The tool is abandoned, its output is not handed in, and the run is cancelled at once."""
    simulator = Simulator(Script.of(call("slow"), say("Never said.")))
    watches: list[Any] = []

    def slow() -> str:
        watches[0].cancel()
        simulator.clock.sleep(100)
        return "too late"

    outcome = road.drive(
        simulator,
        _request(simulator),
        tools=[slow],
        on_step=lambda watch, _step: watches.append(watch),
    )

    assert (S.CANCELLED, CancelReason.ASKED) == (outcome.status, outcome.cancel_reason)
    assert ["abandoned"] == [s.error for s in outcome.journal if isinstance(s, ToolAnswered)]


def test_another_thread_can_cancel(road: Any) -> None:
    """A thread of the app cancels while the driver waits for a tool: the run is cancelled."""
    simulator = Simulator(Script.of(call("slow"), say("Never said.")))
    watches: list[Any] = []
    at_work, released = threading.Event(), threading.Event()

    def slow() -> str:
        at_work.set()
        released.wait(timeout=20)
        return "too late"

    def impatient_user() -> None:
        at_work.wait(timeout=20)
        watches[0].cancel()

    user = threading.Thread(target=impatient_user)
    user.start()
    outcome = road.drive(
        simulator,
        _request(simulator),
        tools=[slow],
        on_step=lambda watch, _step: watches.append(watch),
    )
    released.set()
    user.join()

    assert (S.CANCELLED, CancelReason.ASKED) == (outcome.status, outcome.cancel_reason)


def test_the_drivers_own_deadline_cancels(road: Any) -> None:
    """A stuck run is cancelled at the deadline, 30 s after its start, not at its expiry."""
    simulator = Simulator(Script.of(hang(), cancel_s=1))
    outcome = road.drive(simulator, _request(simulator), policy=Policy(deadline_s=30))
    wanted = next(step for step in outcome.journal if step.kind == "cancel_wanted")

    assert (S.CANCELLED, CancelReason.DEADLINE) == (outcome.status, outcome.cancel_reason)
    assert outcome.snapshot.created_at is not None
    assert 30.0 == wanted.at - outcome.snapshot.created_at


def test_a_cancel_that_is_never_honoured_ends_in_time(road: Any) -> None:
    """The driver gives up after its grace, and says that the run is still cancelling."""
    cancel = WIRES[road.wire].cancel
    road.must(cancel.value is CancelAnswer.ASKED, cancel)
    simulator = Simulator(Script.of(hang(), cancel_s="never"))
    outcome = road.drive(
        simulator,
        _request(simulator),
        policy=Policy(cancel_grace_s=20),
        on_step=cancel_on(S.IN_PROGRESS),
    )

    assert S.CANCELLING is outcome.status
    assert "gave_up" == outcome.journal[-1].kind


def test_a_slow_poller_misses_statuses_and_infers_them(road: Any) -> None:
    """With a look every 50 s the run is seen queued and then completed; the rest is inferred."""
    simulator = Simulator(Script.of(say("Hello!")))
    pacing = Pacing(first_s=50, longest_s=50)
    outcome = road.drive(simulator, _request(simulator), policy=Policy(pacing=pacing))

    assert [("create", False), ("start", True), ("complete", False)] == [
        (step.edge.event, step.inferred) for step in outcome.journal if isinstance(step, Transition)
    ]


def test_without_a_script_the_offered_tools_are_called(road: Any) -> None:
    """The sensible assistant calls each function tool with arguments that fit, then answers."""
    simulator = Simulator()
    tools = [tool(getCurrentWeather), tool(getNickname)]
    assistant = simulator.create_assistant(tools=[one.schema for one in tools])
    outcome = road.drive(simulator, RunRequest(assistant, "Weather?"), tools=tools)

    answered = [step for step in outcome.journal if isinstance(step, ToolAnswered)]
    assert [("getCurrentWeather", None), ("getNickname", None)] == [
        (step.name, step.error) for step in answered
    ]
    assert outcome.text
