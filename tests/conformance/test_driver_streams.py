"""Runs that are listened to: what is told, in every ending, and whatever becomes of the stream.

A behaviour is written once and run down every road. The direct ones do not stream: there the same
items come by polling, but for the run steps, and the text in one piece.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import anyio
import pytest

from driving import S, in_time
from listening import Told, edges, nothing_is_left, stream
from runfsm import AsyncRunDriver, Policy, RunDriver, RunRequest, TextDelta
from runfsm.driver.live import SILENCE_S
from runfsm.lifecycle.run import RunEvent
from runfsm.lifecycle.wires import WIRES
from runfsm.lifecycle.wires.wire import Streaming, Submitting
from runfsm_simulator import ArmedFault, Script, Simulator, call, fail, hang, say, truncate
from runfsm_simulator.world.exchange import progress
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.streamfault import StreamFault
from runfsm_simulator.world.turns import Turn

TEXT = "It rains in Paris, and it will go on raining until the evening."
ANSWER = (say(TEXT, queue_s=1, work_s=8),)
ROUND = (call("get_weather", queue_s=1, work_s=2), *ANSWER)
HANGING = (hang(queue_s=1),)

ENDINGS = {
    "completed": (ANSWER, S.COMPLETED),
    "after tools": (ROUND, S.COMPLETED),
    "incomplete": ((truncate(say="It rains in", queue_s=1, work_s=3),), S.INCOMPLETE),
    "failed": ((fail(queue_s=1, work_s=2),), S.FAILED),
    "expired": (HANGING, S.EXPIRED),
}


def get_weather() -> str:
    """A quick tool."""
    return "rain"


def staged(*turns: Turn, **options: Any) -> tuple[Simulator, RunRequest]:
    """A simulator that plays these turns, and a request."""
    storm = options.pop("storm", None)
    simulator = Simulator(Script.of(*turns, cancel_s=1, **options), storm=storm)
    return simulator, RunRequest(simulator.create_assistant(), "How is the weather?")


def listen(road: Any, *turns: Turn, on_item: Any = None, **options: Any) -> Told:
    """Listen to a run of these turns."""
    simulator, request = staged(*turns, **options)
    return stream(road, simulator, request, tools=[get_weather], on_item=on_item)


def polled(road: Any, *turns: Turn) -> Any:
    """The outcome of the same run when it is polled."""
    return road.drive(*staged(*turns), tools=[get_weather])


def can_stream(road: Any) -> bool:
    """Whether there are streams on this road."""
    return not road.name.startswith("direct")


@pytest.fixture
def streaming(road: Any) -> Any:
    """Each of the roads on which there are streams."""
    if not can_stream(road):
        pytest.skip("this road has no streams")
    return road


@pytest.fixture
def prompt(road: Any) -> Any:
    """Each of the roads on which an answer comes in pieces, or is lost.

    The HTTP libraries' own ASGI transport gives an answer when the whole of it is there.
    """
    if road.name.startswith("asgi"):
        pytest.skip("this road has no answers in pieces")
    return road


# What is told ------------------------------------------------------------------------------------


def test_an_answer_is_told_as_it_is_written(road: Any) -> None:
    """Edges, the step of the message, and its text in between, in the order of their happening."""
    told = listen(road, *ANSWER)
    step = "StepUpdate message_creation"
    listened = ["create", "start", f"{step} in_progress", "text", f"{step} completed", "complete"]

    assert told.names == (listened if can_stream(road) else ["create", "start", "complete", "text"])
    assert (TEXT, TEXT) == (told.text, told.outcome.text)


def test_a_round_of_tools_is_told_in_between(road: Any) -> None:
    """The call comes before its answer, after the run asked for it; then the second leg."""
    told = listen(road, *ROUND)
    calls, message = "StepUpdate tool_calls", "StepUpdate message_creation"
    asked = [
        *("require_action", "ToolCall get_weather"),
        *("ToolAnswered get_weather", "submit_tool_outputs", "start"),
    ]
    # A step of calls is over when they are answered, which a turn is seen to have gone on from; an
    # item, when it is written.
    over = {"responses": 0, "assistants": 4, "agents": 5}
    asked.insert(over[road.wire], f"{calls} completed")
    listened = [
        *("create", "start", f"{calls} in_progress", *asked),
        *(f"{message} in_progress", "text", f"{message} completed", "complete"),
    ]
    heard = [name for name in listened if can_stream(road) or not name.startswith("StepUpdate")]
    if not can_stream(road):
        heard[-2:] = ["complete", "text"]

    assert heard == told.names
    assert TEXT == told.text


@pytest.mark.parametrize(("turns", "status"), ENDINGS.values(), ids=ENDINGS)
def test_the_journal_is_that_of_polling_in_every_ending(
    road: Any, turns: tuple[Turn, ...], status: Any
) -> None:
    """The same edges, each step told once; and the pieces of text are the text of the outcome."""
    told, expected = listen(road, *turns), polled(road, *turns)

    assert status is told.outcome.status
    assert edges(expected) == edges(told.outcome)
    assert list(told.outcome.journal) == told.journal
    cut = road.wire == "agents" and status is S.INCOMPLETE  # there, what was cut is heard or lost
    assert (expected.text, "It rains in" if cut else expected.text) == (
        told.outcome.text,
        told.text,
    )


def test_nothing_is_inferred_that_a_stream_shows(streaming: Any) -> None:
    """Each edge of an unbroken stream was seen."""
    submit = WIRES[streaming.wire].submit
    streaming.must(submit.value is not Submitting.ONE_BY_ONE, submit)  # then the turn goes on
    told = listen(streaming, *ROUND)

    assert [False] * 6 == [step.inferred for step in told.journal if step.kind == "transition"][:6]


def test_listening_polls_nothing(streaming: Any) -> None:
    """Of an unbroken run nobody asks for more than its messages, and where it is when it begins."""
    simulator, request = staged(*ROUND)
    stream(streaming, simulator, request, tools=[get_weather])

    gets = [asking.path for asking in simulator.control.journal.requests if asking.method == "GET"]
    if streaming.wire == "responses":  # each of them holds what it has written
        assert [f"/v1/responses/{it}" for it in simulator.world.store.responses] == gets
    elif streaming.wire == "agents":  # which turn it is; then, in each leg, how it is
        (turn,) = simulator.world.store.turns
        leg = ["events", turn]
        assert ["turns", "items", *leg, *leg, "items"] == [path.split("/")[-1] for path in gets]
    else:
        assert [True] == [path.endswith("/messages") for path in gets]


# Streams that break ------------------------------------------------------------------------------

BREAKS = {
    f"{kind} {shape} after {after}": StreamFault(kind=kind, shape=shape, after_events=after)
    for kind, shape in (("error", "nested"), ("error", "flat"), ("cut", "nested"))
    for after in (0, 1, 7, None)  # None: all of them, but no `done`
}


@pytest.mark.parametrize("fault", BREAKS.values(), ids=BREAKS)
def test_a_stream_that_breaks_is_made_good(streaming: Any, fault: StreamFault) -> None:
    """Wherever it breaks off, in each of its legs: the same edges, and each piece of text once."""
    told = listen(streaming, *ROUND, stream_fault=fault)

    assert S.COMPLETED is told.outcome.status
    assert edges(polled(streaming, *ROUND)) == edges(told.outcome)
    assert (TEXT, TEXT) == (told.text, told.outcome.text)


@pytest.mark.parametrize("shape", ["nested", "flat"])
def test_an_error_event_is_a_fault_that_was_met(streaming: Any, shape: Any) -> None:
    """Of either shape, it stands in the journal with what was being done; the run goes on.

    Of a session, it is an event like another, after which more may come.
    """
    again = WIRES[streaming.wire].streaming
    streaming.must(again.value is not Streaming.RESUMABLE, again)
    fault = StreamFault(kind="error", shape=shape, after_events=4)

    faults = listen(streaming, *ANSWER, stream_fault=fault).faults
    assert ([] if streaming.wire == "agents" else [("Listen", "transient")]) == faults


def test_a_stream_that_just_ends_is_no_fault(streaming: Any) -> None:
    """Cut in the middle: nothing is said about it, the run is looked at and goes on."""
    fault = StreamFault(kind="cut", after_events=4)

    assert [] == listen(streaming, *ANSWER, stream_fault=fault).faults


def test_what_follows_a_terminal_event_is_not_waited_for(streaming: Any) -> None:
    """An error in place of `done` comes too late to be met."""
    assert [] == listen(streaming, *ANSWER, stream_fault=StreamFault(kind="error")).faults


@pytest.mark.parametrize("after", [3, 5])
def test_a_stream_that_hangs_is_given_up(streaming: Any, after: int) -> None:
    """After `SILENCE_S` the run is polled; nothing is lost, and nothing is told twice."""
    turns = (say(TEXT, queue_s=1, work_s=SILENCE_S * 3),)
    fault = StreamFault(kind="hang", after_events=after)
    simulator, request = staged(*turns, stream_fault=fault)
    began_at = simulator.clock.now()
    told = stream(streaming, simulator, request)
    asked = [asking.at for asking in simulator.control.journal.requests if asking.method == "GET"]
    looks = [at for at in asked if at > began_at]  # and not those with which a turn begins

    assert (TEXT, TEXT) == (told.text, told.outcome.text)
    assert edges(polled(streaming, *turns)) == edges(told.outcome)
    assert SILENCE_S <= looks[0] - began_at < SILENCE_S * 3


def test_a_stream_that_never_begins_is_given_up(streaming: Any) -> None:
    """The run that it hides is found by its key, taken over and polled; a turn is not hidden."""
    fault = StreamFault(kind="hang", after_events=0)
    told = listen(streaming, say(TEXT, queue_s=1, work_s=SILENCE_S * 3), stream_fault=fault)

    # Until it has left something to be found, a conversation only says that it is locked.
    names = list(dict.fromkeys(told.names))
    hidden = [] if streaming.wire == "agents" else ["FaultMet Create", "RunAdopted"]
    assert [*hidden, "create", "start", "complete", "text"] == names


@pytest.mark.parametrize("trouble", ["answer", "timeout", "drop"])
@pytest.mark.usefixtures("prompt")
def test_a_stream_that_does_not_open_costs_no_second_run(streaming: Any, trouble: Any) -> None:
    """Created all the same, the run is found by its key; its thread has no other."""
    simulator, request = staged(*ANSWER)
    thread_id = streaming.thread(simulator)
    fault = ArmedFault(method="POST", path=streaming.creates, trouble=trouble, applied=True)
    simulator.control.faults.arm(fault)
    request = RunRequest(request.assistant_id, "Hi", thread_id)
    told = stream(streaming, simulator, request)

    assert "RunAdopted" in told.names
    assert 1 == len(_works(simulator))
    assert TEXT == told.text


def test_a_creation_that_did_not_happen_is_repeated_as_a_stream(streaming: Any) -> None:
    """500, nothing found: the second attempt is listened to from its first event on."""
    simulator, request = staged(*ANSWER)
    simulator.control.faults.arm(ArmedFault(method="POST", path=streaming.creates))
    told = stream(streaming, simulator, request)

    assert [("Create", "transient")] == told.faults
    assert "StepUpdate message_creation in_progress" in told.names


def test_outputs_that_are_not_answered_are_not_handed_in_twice(streaming: Any) -> None:
    """The service took them, and the stream did not open: the second leg is polled."""
    submit = WIRES[streaming.wire].submit
    streaming.must(submit.value is Submitting.INTO_THE_RUN, submit)
    simulator, request = staged(*ROUND)
    fault = ArmedFault(method="POST", path="*/submit_tool_outputs", applied=True)
    simulator.control.faults.arm(fault)
    told = stream(streaming, simulator, request, tools=[get_weather])
    submits = [1 for asking in simulator.control.journal.requests if "submit" in asking.path]

    assert [1] == submits
    assert (S.COMPLETED, TEXT) == (told.outcome.status, told.text)
    assert edges(polled(streaming, *ROUND)) == edges(told.outcome)


@pytest.mark.parametrize("seed", range(5))
def test_a_storm_over_the_streams_changes_no_edge(streaming: Any, seed: int) -> None:
    """Cut, broken, silent and endless by chance, in any leg: the edges and the text stay."""
    storm = Storm(cut=0.4, error_event=0.4, no_done=0.4, hangs=0.4)
    simulator = Simulator(Script.of(*ROUND), seed=seed, storm=storm)
    request = RunRequest(simulator.create_assistant(), "How is the weather?")
    told = stream(streaming, simulator, request, tools=[get_weather])

    assert edges(polled(streaming, *ROUND)) == edges(told.outcome)
    assert (TEXT, TEXT) == (told.text, told.outcome.text)


# Time --------------------------------------------------------------------------------------------


def test_a_run_that_expires_is_heard_to(road: Any) -> None:
    """Ten minutes of silence pass in no time, and end the run at its `expires_at`.

    Where we end it ourselves, a cancel may take its second.
    """
    simulator, request = staged(*HANGING)
    began_at = simulator.clock.now()
    told = stream(road, simulator, request)

    assert S.EXPIRED is told.outcome.status
    assert 600 <= told.journal[-1].at - began_at < (602 if road.wire == "agents" else 601)


def test_a_deadline_ends_the_listening(prompt: Any) -> None:
    """To the second: then the run is cancelled."""
    simulator, request = staged(*HANGING)
    began_at = simulator.clock.now()
    told = stream(prompt, simulator, request, policy=Policy(deadline_s=30))
    at = {name: step.at for name, step in zip(_names(told), told.journal, strict=True)}

    assert S.CANCELLED is told.outcome.status
    assert "deadline" == told.outcome.cancel_reason
    assert began_at + 30 == at["CancelWanted deadline"] == at["cancel"]


def _names(told: Told) -> list[str]:
    return [name for name in told.names if not name.startswith(("text", "StepUpdate"))]


def test_a_tool_may_outlive_its_run(road: Any) -> None:
    """Ten minutes and more: it is given up, and the run is seen to have expired."""
    simulator, request = staged(*ROUND)

    def get_weather() -> str:
        simulator.clock.sleep(700)
        return "too late"

    told = stream(road, simulator, request, tools=[get_weather])

    assert S.EXPIRED is told.outcome.status
    assert "ToolAnswered get_weather" in told.names


def test_two_streams_share_time(road: Any) -> None:
    """Listened to side by side, neither holds time for the other, nor jumps over it."""
    simulator, request = staged(*ROUND)
    tolds = in_time(partial(_both, road, simulator, request))
    nothing_is_left(simulator)

    assert [TEXT] * 2 == ["".join(told) for told in tolds]


def _both(road: Any, simulator: Simulator, request: RunRequest) -> list[list[str]]:
    make: Any = RunDriver if road.loop is None else AsyncRunDriver
    driver = make(road.backend(simulator), [get_weather], clock=simulator.clock)
    told: list[list[str]] = [[], []]

    def work(texts: list[str]) -> None:
        texts += [item.text for item in driver.stream(request) if isinstance(item, TextDelta)]

    async def task(texts: list[str]) -> None:
        async with driver.stream(request) as run:
            texts += [item.text async for item in run if isinstance(item, TextDelta)]

    async def tasks() -> None:
        async with anyio.create_task_group() as group:
            for texts in told:
                group.start_soon(task, texts)

    if road.loop:
        anyio.run(tasks, backend=road.loop)
    else:
        threads = [threading.Thread(target=work, args=(texts,)) for texts in told]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return told


# Being left --------------------------------------------------------------------------------------


def test_a_cancel_from_elsewhere_ends_the_listening(prompt: Any) -> None:
    """While nothing comes for ten minutes: the run is cancelled, and no time has passed."""
    simulator, request = staged(*HANGING)

    def cancel_soon(run: Any, item: Any) -> None:
        if getattr(item, "edge", None) and item.edge.event == "start":
            gate = simulator.clock.participant()  # holds time: the wait can end by the cancel alone
            threading.Thread(target=_cancel, args=(run, gate)).start()

    told = stream(prompt, simulator, request, on_item=cancel_soon)
    at = {step.edge.event: step.at for step in told.journal if step.kind == "transition"}

    assert (S.CANCELLED, "asked") == (told.outcome.status, told.outcome.cancel_reason)
    assert at["start"] == at["cancel"]


def _cancel(run: Any, gate: Any) -> None:
    run.cancel()
    gate.leave()


@pytest.mark.parametrize("left_at", ["create", "start", "text", "ToolCall"])
def test_who_leaves_the_block_leaves_no_run(road: Any, left_at: str) -> None:
    """A `break` at any item: the run is told to cancel; no thread, no open stream is left."""
    simulator, request = staged(*ROUND)
    in_time(partial(_leave, road, simulator, request, left_at))
    nothing_is_left(simulator)

    *_, run = _works(simulator)
    over = left_at == "text" and (not can_stream(road) or road.name.startswith("asgi"))
    if road.wire == "assistants":
        assert (S.COMPLETED if over else S.CANCELLING) is run.status
    elif road.wire == "agents":  # a turn that is being cancelled does not show it
        assert over == (RunEvent.CANCEL not in [entry.event for entry in simulator.trace])
    else:  # one whose calls are given up is completed; and the conversation can be used
        assert ("completed" if left_at == "ToolCall" else "cancelled") == run.status
        assert progress([*run.conversation.items.values()])  # raises, were a call unanswered


def _works(simulator: Simulator) -> list[Any]:
    """Whatever the model has worked on."""
    store = simulator.world.store
    return [*store.runs.values(), *store.responses.values(), *store.turns.values()]


def _leave(road: Any, simulator: Simulator, request: RunRequest, left_at: str) -> None:
    make: Any = RunDriver if road.loop is None else AsyncRunDriver
    driver = make(road.backend(simulator), [get_weather], clock=simulator.clock)

    def leave() -> None:
        with driver.stream(request) as run:
            for item in run:
                if Told([item]).names[0].startswith(left_at):
                    break

    async def leave_async() -> None:
        async with driver.stream(request) as run:
            async for item in run:
                if Told([item]).names[0].startswith(left_at):
                    break

    if road.loop:
        anyio.run(leave_async, backend=road.loop)
    else:
        leave()


def test_a_task_that_is_cancelled_while_it_listens_leaves_no_run(prompt: Any) -> None:
    """In the middle of its waiting for an event; the run is told to cancel before the task ends."""
    if prompt.loop is None:
        pytest.skip("threads are not cancelled")
    simulator, request = staged(*HANGING)

    async def main() -> None:
        backend = prompt.backend(simulator)
        driver = AsyncRunDriver(backend, clock=simulator.clock)
        gate = simulator.clock.participant()  # holds time: it waits until it is cancelled
        created = anyio.Event()
        async with anyio.create_task_group() as tasks:

            async def work() -> None:
                async with driver.stream(request) as run:
                    async for _ in run:
                        created.set()

            tasks.start_soon(work)
            await created.wait()
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        gate.leave()

    in_time(partial(anyio.run, main, backend=prompt.loop))
    nothing_is_left(simulator)

    (run,) = _works(simulator)
    if prompt.wire == "agents":
        assert RunEvent.CANCEL in [entry.event for entry in simulator.trace]
        return
    assert (S.CANCELLING if prompt.wire == "assistants" else S.CANCELLED) == run.status
