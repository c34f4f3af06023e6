"""Each fault of a storm, at probability 1: what a client then sees, on the wire and beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, TypeVar

import openai
import pytest

from runfsm.backends.faults import map_errors
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.errors import BackendError, CallerError, FaultKind, ThreadBusy
from runfsm.lifecycle import (
    LIFECYCLE,
    Actor,
    ResponseStatus,
    RunEvent,
    RunRef,
    RunStatus,
    TurnStatus,
)
from runfsm_simulator import Script, Seeded, Simulator, Storm, call, hang, say
from runfsm_simulator.doors import striker
from runfsm_simulator.doors.direct import DirectBackend
from runfsm_simulator.world import weather
from runfsm_simulator.world.operations import FOREIGN_TURN
from runfsm_simulator.world.storm import REASONS
from runfsm_simulator.world.upsets import FAILURES

# The SDK warns at every call of this API.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

T = TypeVar("T")
K, S = FaultKind, RunStatus
ANSWER = Script.of(say("Hello!", queue_s=1, work_s=2), cancel_s=1)
CALLS = Script.of(
    call("get_weather", city="Paris", queue_s=1, work_s=1), say("Sunny.", queue_s=1, work_s=1)
)


IN_ONE = (
    '{"tool_uses": [{"recipient_name": "functions.get_weather", "parameters": {"city": "Paris"}}]}'
)


class Picky(Seeded):
    """Choices from a seed, but for the streams that a test decides about."""

    def __init__(self, **wanted: int) -> None:
        super().__init__()
        self.wanted = {f"fault:{name.replace('__', ':')}": nth for name, nth in wanted.items()}

    def pick(self, stream: str, options: Sequence[T]) -> T:
        nth = self.wanted.get(stream)
        return super().pick(stream, options) if nth is None else options[nth]

    def between(self, stream: str, low: float, high: float) -> float:
        return high if stream.startswith("fault:") else super().between(stream, low, high)


# The two roads -----------------------------------------------------------------------------------


class Client:
    """A client with one run on one thread. What goes wrong, it raises as a `BackendError`."""

    def __init__(self, script: Any = ANSWER, **options: Any) -> None:
        self.sim = Simulator(script, **options)
        self.assistant_id = self.sim.create_assistant()
        self.thread_id = self.sim.create_thread()
        self.sim.add_message(self.thread_id, "Hi")
        self.run_id = ""

    @property
    def runs(self) -> list[RunStatus]:
        """The statuses of the runs that there are, now."""
        with self.sim.world.operation():
            return [run.status for run in self.sim.world.store.runs.values()]

    def to_calls(self) -> Sequence[str]:
        """Create the run and let it come to its calls; their ids."""
        self.create()
        self.sim.clock.advance(3)
        return [call_id for call_id, *_ in self.calls()]


class OverSdk(Client):
    """By way of the official client."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.client = self.sim.client(max_retries=0)
        self.threads = self.client.beta.threads

    def create(self) -> None:
        with map_errors():
            run = self.threads.runs.create(self.thread_id, assistant_id=self.assistant_id)
        self.run_id = run.id

    def look(self) -> Any:
        with map_errors():
            return self.threads.runs.retrieve(self.run_id, thread_id=self.thread_id)

    def status(self) -> str:
        return str(self.look().status)

    def calls(self) -> list[tuple[str, str, str]]:
        wanted = self.look().required_action.submit_tool_outputs.tool_calls
        return [(it.id, it.function.name, it.function.arguments) for it in wanted]

    def submit(self, *call_ids: str) -> None:
        outputs = [{"tool_call_id": call_id, "output": "ok"} for call_id in call_ids]
        with map_errors():
            self.threads.runs.submit_tool_outputs(
                self.run_id, thread_id=self.thread_id, tool_outputs=outputs
            )

    def cancel(self) -> None:
        with map_errors():
            self.threads.runs.cancel(self.run_id, thread_id=self.thread_id)

    def texts(self) -> list[str]:
        with map_errors():
            page = self.threads.messages.list(self.thread_id, run_id=self.run_id)
        return [message.content[0].text.value for message in page.data]


class OverPort(Client):
    """By way of the direct port."""

    @property
    def ref(self) -> RunRef:
        return RunRef("assistants", self.run_id, self.thread_id)

    def create(self) -> None:
        request = RunRequest(self.assistant_id, thread_id=self.thread_id)
        self.run_id = self.sim.backend.create(request).ref.run_id

    def status(self) -> str:
        return self.sim.backend.retrieve(self.ref).raw_status

    def calls(self) -> list[tuple[str, str, str]]:
        wanted = self.sim.backend.retrieve(self.ref).calls
        return [(it.call_id, it.name, it.arguments) for it in wanted]

    def submit(self, *call_ids: str) -> None:
        outputs = [ToolOutput(call_id, "f", "ok") for call_id in call_ids]
        self.sim.backend.submit(self.ref, outputs)

    def cancel(self) -> None:
        self.sim.backend.cancel(self.ref)

    def texts(self) -> list[str]:
        return [message.text for message in self.sim.backend.messages(self.ref)]


@pytest.fixture(params=[OverSdk, OverPort], ids=["sdk", "direct"])
def client(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes a client of a script in a storm, on each of the two roads."""
    made = []

    def make(script: Any = ANSWER, *, chooser: Any = None, **storm: Any) -> Client:
        made.append(request.param(script, chooser=chooser, storm=Storm(**storm)))
        return made[-1]

    yield make
    for one in made:
        if isinstance(one, OverSdk):
            one.client.close()


# Any call ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "status", "maybe_applied", "applied"),
    [
        ("rate_limited", K.RATE_LIMITED, 429, False, False),
        ("quota", K.QUOTA, 429, False, False),
        ("server_error", K.TRANSIENT, 503, True, False),
        ("timeout", K.TRANSIENT, None, True, False),
        ("dropped", K.TRANSIENT, None, True, False),
        ("error_after_effect", K.TRANSIENT, 500, True, True),
        ("timeout_after_effect", K.TRANSIENT, None, True, True),
        ("dropped_after_effect", K.TRANSIENT, None, True, True),
        ("missing_after_write", K.NOT_FOUND, 404, False, False),
    ],
)
def test_a_call_that_a_fault_strikes(
    client: Any, fault: str, kind: str, status: int, *, maybe_applied: bool, applied: bool
) -> None:
    """Both roads tell a driver the same of it, and the call has taken effect, or has not."""
    picky = Picky(server_error__which=1, rate_limited__retry_after_s=2)
    here = client(chooser=picky, **{fault: 1})
    with pytest.raises(BackendError) as caught:
        here.create()

    told = caught.value.fault
    assert (kind, status, maybe_applied) == (told.kind, told.status_code, told.maybe_applied)
    assert (5 if fault == "rate_limited" else None) == told.retry_after_s
    assert [S.QUEUED] * applied == here.runs


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("rate_limited", openai.RateLimitError),
        ("quota", openai.RateLimitError),
        ("server_error", openai.InternalServerError),
        ("timeout", openai.APITimeoutError),
        ("dropped", openai.APIConnectionError),
        ("missing_after_write", openai.NotFoundError),
    ],
)
def test_a_fault_is_the_sdks_own_exception(fault: str, raised: type[Exception]) -> None:
    """As over a real network."""
    sim = Simulator(storm=Storm(**{fault: 1}))
    thread_id = sim.create_thread()
    with sim.client(max_retries=0) as sdk, pytest.raises(raised) as caught:
        sdk.beta.threads.retrieve(thread_id)
    assert raised is caught.type


@pytest.mark.parametrize("half", [True, False], ids=["half an answer", "a page"])
def test_an_answer_that_is_none(client: Any, *, half: bool) -> None:
    """Half of the true answer, of what was done; or a proxy's page, of what was not."""
    here = client(chooser=Picky(malformed__how=0 if half else 1), malformed=1)
    if isinstance(here, OverSdk) and not half:
        body = here.threads.runs.create(here.thread_id, assistant_id=here.assistant_id)
        assert str(body).startswith("<!DOCTYPE html>")
    else:
        with pytest.raises(BackendError) as caught:
            here.create()
        fault = caught.value.fault
        assert (K.GARBLED, True) == (fault.kind, fault.maybe_applied)

    assert half == bool(here.runs)


def test_every_call_of_the_direct_port_meets_a_storm() -> None:
    """A method that is added later cannot be forgotten."""
    public = {name for name in vars(DirectBackend) if not name.startswith("_")}

    assert public == {
        name for name in public if hasattr(getattr(DirectBackend, name), "__wrapped__")
    }


def test_the_async_port_meets_it_too() -> None:
    """The same fault, awaited."""
    sim = Simulator(storm=Storm(timeout=1))

    with pytest.raises(BackendError, match="timed out"):
        asyncio.run(sim.async_backend.create(RunRequest(sim.create_assistant(), "Hi")))


def test_a_new_thread_is_known_everywhere_after_a_while(client: Any) -> None:
    """Until then it is not found, however often one asks."""
    here = client(missing_after_write=1)
    for _ in range(2):
        with pytest.raises(BackendError, match="No thread found with id"):
            here.create()
    here.sim.clock.advance(striker.LAG_S)
    here.create()
    with pytest.raises(BackendError, match="No run found with id"):
        here.status()
    here.sim.clock.advance(striker.LAG_S)

    assert "completed" == here.status()


# What a look shows -------------------------------------------------------------------------------


def test_a_replica_lags_by_one_look(client: Any) -> None:
    """Each look shows what the one before would have shown in truth."""
    here = client(stale_look=1)
    here.create()
    seen = []
    for _ in range(4):
        seen.append(here.status())
        here.sim.clock.advance(1.5)

    assert ["queued", "queued", "in_progress", "completed"] == seen


def test_a_tenth_status_is_seen_once(client: Any) -> None:
    """Then the true one again."""
    here = client(chooser=Picky(unknown_status__name=0), unknown_status=1)
    here.create()

    assert ["paused", "queued", "queued"] == [here.status() for _ in range(3)]


@pytest.mark.parametrize("statuses", [RunStatus, ResponseStatus, TurnStatus])
def test_a_tenth_status_is_one_on_no_wire(statuses: type[StrEnum]) -> None:
    """What a run never is may be what a turn is: waiting, say."""
    assert not {*striker.TENTH} & {*statuses}


def test_the_first_list_lacks_the_message(client: Any) -> None:
    """The run is completed; its message comes with the second look for it."""
    here = client(missing_message=1)
    here.create()
    here.sim.clock.advance(3)

    assert "completed" == here.status()
    assert [[], ["Hello!"], ["Hello!"]] == [here.texts() for _ in range(3)]


# The life of a run -------------------------------------------------------------------------------


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


# Other clients, and the lock ---------------------------------------------------------------------


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


# Streams -----------------------------------------------------------------------------------------


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


# The storm as a value ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "example"),
    [
        ({"timeout": 20}, "timeout=0.2"),
        ({"timeout": -0.1}, "timeout=0.2"),
        ({"timeout": True}, "timeout=0.2"),
        ({"timeout": "0.5"}, "timeout=0.2"),
        ({"timeout": float("nan")}, "timeout=0.2"),
        ({"lingering_lock_s": -1}, "lingering_lock_s=60"),
        ({"heal_after_s": float("inf")}, "heal_after_s=60"),
    ],
)
def test_a_storm_that_cannot_be(fields: dict[str, Any], example: str) -> None:
    """Each number is checked, and the right form shown."""
    with pytest.raises(CallerError, match=example):
        Storm(**fields)


def test_a_storm_is_printed_as_what_repeats_it() -> None:
    """Only what is on; a drawn one can be pasted into a test."""
    storm = Storm.swarm(Seeded(7), heal_after_s=60)

    assert storm == eval(repr(storm), {"Storm": Storm})  # noqa: S307  # our own text
    assert "Storm()" == repr(Storm())


def test_every_fault_has_its_source() -> None:
    """Every field but `heal_after_s` says what it does, and where it is known from."""
    fields = set(Storm.__dataclass_fields__) - {"heal_after_s"}

    assert fields == set(REASONS)
    assert all(reason.rule and reason.evidence.source for reason in REASONS.values())


def test_a_hypothesis_that_shrinks_comes_to_no_fault() -> None:
    """Of the lowest draw, nothing strikes, whatever the probability below 1."""

    class Lowest(Seeded):
        def between(self, _stream: str, low: float, _high: float) -> float:
            return low

        def pick(self, _stream: str, options: Sequence[T]) -> T:
            return options[0]

    calm = weather.Weather(Storm(**dict.fromkeys(REASONS, 0.999)), Lowest(), since=0)

    assert not any(calm.strikes(fault, 0) for fault in REASONS)
    assert Storm() == Storm.swarm(Lowest())


# Time, and coming back ---------------------------------------------------------------------------


def test_it_heals_by_itself(client: Any) -> None:
    """After so many seconds nothing strikes any more."""
    here = client(server_error=1, heal_after_s=60)
    with pytest.raises(BackendError):
        here.create()
    here.sim.clock.advance(60)
    here.create()

    assert "queued" == here.status()


def test_a_storm_comes_and_goes() -> None:
    """It can be set in mid-life, and healed."""
    here = OverPort()
    here.create()
    here.sim.control.storm = Storm(dropped=1)
    with pytest.raises(BackendError, match="Connection error"):
        here.status()
    here.sim.control.heal()

    assert (Storm(), "queued") == (here.sim.control.storm, here.status())


def test_a_storm_belongs_to_its_world() -> None:
    """A snapshot has the storm of its time; a reset begins the first one again; a fork has it."""
    first, second = Storm(quota=1, heal_after_s=9), Storm(timeout=1)
    sim = Simulator(storm=first)
    snapshot = sim.control.save()
    sim.control.storm = second
    assert second == sim.fork().control.storm
    sim.control.restore(snapshot)
    assert first == sim.control.storm
    sim.control.storm = second
    sim.clock.advance(60)
    sim.control.reset()

    assert first == sim.control.storm
    assert not sim.world.is_calm


def test_a_restored_world_has_shown_nothing() -> None:
    """A look after a restore does not show what a future that is not any more had shown."""
    here = OverPort(storm=Storm(stale_look=1))
    here.create()
    snapshot = here.sim.control.save()
    here.sim.clock.advance(3)
    assert "completed" == here.status()
    here.sim.control.restore(snapshot)

    assert "queued" == here.status()


def test_the_hand_that_sets_a_stage_is_sheltered() -> None:
    """In the worst of storms a stage can be set; then the storm is on."""
    worst = Storm(**dict.fromkeys(REASONS, 1))
    sim = Simulator(storm=worst)
    sim.add_message(sim.create_thread(), "Hi")
    refs = [sim.control.seed.run(status) for status in RunStatus]
    statuses = [sim.world.store.runs[ref.run_id].status for ref in refs]

    assert [*RunStatus] == statuses
    assert worst == sim.control.storm


def test_a_fault_tells_why() -> None:
    """The answer that it made leads to what it does, and to its source."""
    sim = Simulator(storm=Storm(quota=1))
    with sim.client(max_retries=0) as sdk, pytest.raises(openai.RateLimitError) as it:
        sdk.beta.threads.create()

    assert [REASONS["quota"]] == [*sim.control.why(it.value.request_id).reasons]


def test_a_fault_that_is_off_is_not_asked_for() -> None:
    """A chooser hears of the faults that are on, and of no other."""
    asked: list[str] = []

    class Listening(Seeded):
        def between(self, stream: str, low: float, high: float) -> float:
            asked.append(stream)
            return super().between(stream, low, high)

    here = OverPort(storm=Storm(timeout=1e-9), chooser=Listening())
    here.create()
    here.sim.clock.advance(60)

    assert "completed" == here.status()
    assert {"fault:timeout"} == {stream for stream in asked if stream.startswith("fault:")}
    assert LIFECYCLE.terminal >= set(here.runs)
