"""Each fault of a storm that strikes a run, its thread or its stream, at probability 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from runfsm.errors import BackendError, ThreadBusy
from runfsm.lifecycle import Actor, RunEvent, RunStatus
from runfsm_simulator import Script, Storm, hang, say
from runfsm_simulator.world.operations import FOREIGN_TURN
from runfsm_simulator.world.upsets import FAILURES
from struck import ANSWER, CALLS, OverSdk, Picky

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

S = RunStatus

IN_ONE = (
    '{"tool_uses": [{"recipient_name": "functions.get_weather", "parameters": {"city": "Paris"}}]}'
)


# The life of a run --------------------------------------------------------------------------------


def wait_for_expiry(here: Any) -> list[str]:
    """What is seen a second before the run expires, and then."""
    world = here.sim.world
    expires_at = world.store.runs[here.run_id].expires_at
    here.sim.clock.advance_to(expires_at - 1)
    before = here.status()
    here.sim.clock.advance(1)
    return [before, here.status()]


@pytest.mark.parametrize(
    ("fault", "status"), [("stuck_queued", "queued"), ("stuck_in_progress", "in_progress")]
)
def test_a_run_that_is_stuck(client: Any, fault: str, status: str) -> None:
    """It stays where it is until it expires."""
    here = client(**{fault: 1})
    here.create()

    assert [status, "expired"] == wait_for_expiry(here)


def test_nothing_after_the_outputs(client: Any) -> None:
    """They are taken; then only the expiry comes."""
    here = client(CALLS, nothing_after_outputs=1)
    here.submit(*here.to_calls())

    assert ["in_progress", "expired"] == wait_for_expiry(here)


@pytest.mark.parametrize("way", range(len(FAILURES)))
def test_a_run_fails_for_no_reason(client: Any, way: int) -> None:
    """In one of the ways that are reported."""
    here = client(chooser=Picky(random_failure__how=way), random_failure=1)
    here.create()
    here.sim.clock.advance(3)
    run = here.sim.world.store.runs[here.run_id]

    assert "failed" == here.status()
    assert (FAILURES[way].code, FAILURES[way].message) == (run.error.code, run.error.message)
    assert 0 == run.usage.total_tokens


@pytest.mark.parametrize("after_s", [0, 2], ids=["in the queue", "at work"])
def test_a_cancel_that_is_never_honoured(client: Any, after_s: float) -> None:
    """Nor does the answer come; the run is cancelling until it expires."""
    here = client(endless_cancelling=1)
    here.create()
    here.sim.clock.advance(after_s)
    here.cancel()

    assert ["cancelling", "expired"] == wait_for_expiry(here)


@pytest.mark.parametrize(
    ("after_s", "end"), [(0, "cancelled"), (2, "completed")], ids=["in the queue", "at work"]
)
def test_a_cancel_that_loses(client: Any, after_s: float, end: str) -> None:
    """The answer wins, if the model was writing it."""
    here = client(Script.of(say("!", queue_s=1, work_s=99), cancel_s=1), completes_after_cancel=1)
    here.create()
    here.sim.clock.advance(after_s)
    here.cancel()
    here.sim.clock.advance(1)

    assert end == here.status()


def test_a_second_round(client: Any) -> None:
    """The same functions, under new ids; after those, the answer."""
    here = client(CALLS, second_round=1)
    (first,) = here.to_calls()
    here.submit(first)
    here.sim.clock.advance(3)
    ((second, name, arguments),) = here.calls()
    assert first != second
    assert ("get_weather", '{"city": "Paris"}') == (name, arguments)
    here.submit(second)
    here.sim.clock.advance(3)

    assert ["Sunny."] == here.texts()


def test_a_call_that_stands_there_twice(client: Any) -> None:
    """One id, twice; it takes one output, and refuses two."""
    here = client(CALLS, duplicate_calls=1)
    one, two = here.to_calls()
    assert one == two
    with pytest.raises(BackendError, match="Expected tool outputs for call_ids"):
        here.submit(one, two)
    here.submit(one)

    assert "queued" == here.status()


@pytest.mark.parametrize(
    ("way", "wanted"),
    [
        (0, [("get_weather", '{"city": "Paris"}'), ("nobodys_get_weather", "{}")]),
        (1, [("get_weather", '{"city": "Paris"')]),
        (2, [("multi_tool_use.parallel", IN_ONE)]),
    ],
    ids=["a function of nobody", "malformed arguments", "several in one"],
)
def test_a_strange_call(client: Any, way: int, wanted: Any) -> None:
    """It is shown as the model wrote it, and an output is taken for it like for any other."""
    here = client(CALLS, chooser=Picky(strange_call__how=way), strange_call=1)
    ids = here.to_calls()
    assert wanted == [(name, arguments) for _, name, arguments in here.calls()]
    here.submit(*ids)

    assert "queued" == here.status()


# Other clients, and the lock ----------------------------------------------------------------------


def test_another_client_cancels(client: Any) -> None:
    """The run ends, and nobody here has asked for it."""
    here = client(Script.of(hang(), cancel_s=1), foreign_cancel=1)
    here.create()
    here.sim.clock.advance(12)
    hands = [entry.actor for entry in here.sim.trace if entry.event is RunEvent.CANCEL]

    assert ("cancelled", [Actor.CLIENT]) == (here.status(), hands)


def test_another_clients_run_comes_first(client: Any) -> None:
    """The thread is locked by a run that nobody here knows, which ends like any other."""
    here = client(foreign_run=1)
    with pytest.raises(ThreadBusy) as caught:
        here.create()
    assert [caught.value.holder] == [*here.sim.world.store.runs]
    here.sim.clock.advance(25)
    assert [S.COMPLETED] == here.runs
    here.sim.control.heal()
    here.create()

    messages = here.sim.world.store.threads[here.thread_id].messages.values()
    assert ["Hi", FOREIGN_TURN.say] == [message.text for message in messages]
    assert "queued" == here.status()


def test_no_other_clients_run_comes_once_the_storm_is_over(client: Any) -> None:
    """Though it could have: the thread is free."""
    here = client(foreign_run=1, heal_after_s=5)
    here.sim.clock.advance(5)
    here.create()

    assert [here.run_id] == [*here.sim.world.store.runs]


def test_another_clients_run_keeps_messages_out_too() -> None:
    """Through the official client: the refusal of a message names the run."""
    with OverSdk(storm=Storm(foreign_run=1)).client as sdk:
        sdk.beta.assistants.create(model="gpt-4o")
        thread = sdk.beta.threads.create()
        with pytest.raises(openai.BadRequestError, match="Can't add messages to"):
            sdk.beta.threads.messages.create(thread.id, role="user", content="Hi")
        assert [] == sdk.beta.threads.messages.list(thread.id).data


def test_a_lock_lingers(client: Any) -> None:
    """The run is over, and still said to be active; after a while no more."""
    here = client(chooser=Picky(), lingering_lock_s=4)
    here.create()
    before = here.run_id
    here.sim.clock.advance(6)
    assert "completed" == here.status()
    with pytest.raises(ThreadBusy) as caught:
        here.create()
    assert before == caught.value.holder
    here.sim.clock.advance(1)
    here.create()

    assert before != here.run_id


# Streams ------------------------------------------------------------------------------------------


def streamed(storm: Storm, script: Any = ANSWER, **picks: int) -> tuple[Any, list[str]]:
    """The simulator, and the names of the events that the official client sees of a run."""
    here = OverSdk(script, storm=storm, chooser=Picky(**picks))
    with here.client as sdk:
        events = sdk.beta.threads.runs.create(
            here.thread_id, assistant_id=here.assistant_id, stream=True
        )
        return here.sim, [event.event for event in events]


def test_a_stream_that_is_cut() -> None:
    """It ends after some events, and raises nothing; the run goes on."""
    sim, told = streamed(Storm(cut=1), cut__after=3)
    sim.clock.advance(10)

    assert ["thread.run.created", "thread.run.queued", "thread.run.in_progress"] == told
    assert S.COMPLETED is sim.trace[-1].dest


def test_a_stream_without_done(make_stage: Callable[..., Any]) -> None:
    """All that happened is told, and then nothing."""
    told = [name for name, _ in make_stage(ANSWER, storm=Storm(no_done=1)).stream_run()]

    assert "thread.run.completed" == told[-1]
    assert "thread.run.completed" == streamed(Storm(no_done=1))[1][-1]


@pytest.mark.parametrize("flat", [False, True])
def test_a_stream_with_an_error(*, flat: bool) -> None:
    """The SDK raises the nested form, and hands on the flat one."""
    storm, picks = Storm(error_event=1), {"error_event__after": 2, "error_event__shape": int(flat)}
    if flat:
        assert ["thread.run.created", "thread.run.queued", "error"] == streamed(storm, **picks)[1]
    else:
        with pytest.raises(openai.APIError, match="had an error processing your request"):
            streamed(storm, **picks)


def test_a_stream_that_hangs() -> None:
    """Silence, also while outputs are waited for; then the run's end."""
    sim, told = streamed(Storm(hangs=1), CALLS, hangs__after=2)

    assert ["thread.run.created", "thread.run.queued", "thread.run.expired"] == told
    assert 600 == sim.trace[-1].at - sim.trace[0].at
