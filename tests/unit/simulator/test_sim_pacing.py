"""Virtual time for clients that cannot wait on it: the SDKs' poll helpers, anybody over HTTP."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from runfsm import AssistantsBackend, RunDriver, RunRequest, SystemClock
from runfsm.lifecycle import LIFECYCLE, RunStatus
from runfsm_simulator import Script, Simulator, VirtualClock, call, hang, say
from runfsm_simulator.doors import pacing
from runfsm_simulator.doors.pacing import WAITS_FOR_CLIENT
from runfsm_simulator.wire.http import Request

# The SDK warns at every call of this API.
deprecated = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

HEADERS = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}
HELPER = {**HEADERS, "x-stainless-poll-helper": "true"}
HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}
ONE_CALL = Script.of(
    call("get_weather", queue_s=1, work_s=2), say("It rains.", queue_s=1, work_s=2)
)


def get_weather() -> str:
    """What the script asks for."""
    return "rain"


def look(sim: Simulator, ref: Any, headers: dict[str, str] = HELPER) -> tuple[str, float]:
    """What a look says: the status, and how many seconds have passed since the run's creation."""
    path = f"/v1/threads/{ref.thread_id}/runs/{ref.run_id}"
    run = sim.handle(Request("GET", path, headers=headers)).json()
    return run["status"], sim.clock.now() - run["created_at"]


# The SDK's own helpers ---------------------------------------------------------------------------


@deprecated
def test_the_sdks_helpers_run_in_virtual_time() -> None:
    """`create_and_poll` and `submit_tool_outputs_and_poll` come to the answer, six seconds on."""
    sim = Simulator(ONE_CALL)
    thread_id, assistant_id = sim.create_thread(), sim.create_assistant()
    with sim.client() as client:
        runs = client.beta.threads.runs
        run = runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
        assert "requires_action" == run.status
        calls = run.required_action.submit_tool_outputs.tool_calls
        outputs: Any = [{"tool_call_id": call.id, "output": "rain"} for call in calls]
        run = runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread_id, tool_outputs=outputs
        )

    assert "completed" == run.status
    assert 6 == sim.clock.now() - run.created_at


@deprecated
def test_a_hanging_run_expires_under_the_async_helper() -> None:
    """Ten minutes take `AsyncOpenAI` a few looks."""
    sim = Simulator(Script.of(hang()))

    async def drive() -> Any:
        async with sim.async_client() as client:
            return await client.beta.threads.create_and_run_poll(
                assistant_id=sim.create_assistant(), thread=HELLO
            )

    run = anyio.run(drive)
    assert "expired" == run.status
    assert len(sim.control.journal.requests) < 10


# Look by look ------------------------------------------------------------------------------------


def test_nothing_is_skipped_unseen() -> None:
    """Each status is seen, at the time at which it was entered."""
    sim = Simulator(ONE_CALL)
    ref = sim.control.seed.run()
    looks = [look(sim, ref) for _ in range(4)]  # the last finds the calls being written

    assert [("queued", 0), ("in_progress", 1), ("in_progress", 2)] == looks[:3]
    assert ("requires_action", 3) == looks[3]


def test_while_its_client_works_a_run_ages_five_seconds_a_look() -> None:
    """Who polls while tools work is not expired at once; who never answers comes to the expiry."""
    sim = Simulator()
    ref = sim.control.seed.run(RunStatus.REQUIRES_ACTION)
    looks = [look(sim, ref) for _ in range(121)]

    assert ("requires_action", 0) == looks[0]
    assert ("requires_action", 595) == looks[119]
    assert ("expired", 600) == looks[120]


def test_the_statuses_that_wait_for_the_client_follow_from_the_table() -> None:
    """It is the one status that takes tool outputs."""
    assert {RunStatus.REQUIRES_ACTION} == WAITS_FOR_CLIENT


@pytest.mark.parametrize("status", [s for s in RunStatus if s not in LIFECYCLE.terminal])
def test_a_client_is_told_to_look_again_at_once(status: RunStatus) -> None:
    """The header that the SDKs heed comes with the first look: Python keeps the first."""
    sim = Simulator(Script.of(hang()))
    ref = sim.control.seed.run(status)
    path = f"/v1/threads/{ref.thread_id}/runs/{ref.run_id}"
    answer = sim.handle(Request("GET", path, headers=HELPER))

    assert "1" == answer.headers["openai-poll-after-ms"]


# Whose looks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whom", "headers", "moves"),
    [
        ("helpers", HELPER, True),
        ("helpers", HEADERS, False),
        ("everybody", HEADERS, True),
        ("everybody", HELPER, True),
        ("nobody", HELPER, False),
    ],
)
def test_whose_looks_let_time_pass(whom: Any, headers: dict[str, str], *, moves: bool) -> None:
    """Three looks move the clock of those who are paced, and no other."""
    sim = Simulator(pacing=whom)
    ref = sim.control.seed.run()
    began = sim.clock.now()
    for _ in range(3):
        look(sim, ref, headers)

    assert moves == (sim.clock.now() > began)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/threads/{thread}"),
        ("GET", "/v1/threads/{thread}/runs"),
        ("GET", "/v1/threads/{thread}/runs/{run}/steps"),
        ("GET", "/v1/threads/thread_other/runs/{run}"),
        ("GET", "/v1/threads/{thread}/runs/run_other"),
        ("POST", "/v1/threads/{thread}/runs/{run}"),
    ],
)
def test_only_a_look_at_a_run_lets_time_pass(method: str, path: str) -> None:
    """Whatever else is asked, however often, time stands still."""
    sim = Simulator(pacing="everybody")
    ref = sim.control.seed.run()
    began = sim.clock.now()
    path = path.format(thread=ref.thread_id, run=ref.run_id)
    answers = [sim.handle(Request(method, path, headers=HEADERS)) for _ in range(3)]

    assert began == sim.clock.now()
    assert all("openai-poll-after-ms" not in answer.headers for answer in answers)


def test_a_run_that_is_over_moves_no_time() -> None:
    """The next event of others is not its client's business."""
    sim = Simulator(Script.of(hang()))
    over = sim.control.seed.run(RunStatus.COMPLETED)
    sim.control.seed.run()

    assert 3 * [("completed", 0)] == [look(sim, over) for _ in range(3)]


def test_a_driver_on_the_clock_is_not_disturbed() -> None:
    """Through the client or past it, its looks are at the same times: it is no poll helper."""
    direct, wired = Simulator(ONE_CALL), Simulator(ONE_CALL)
    roads = ((direct, direct.backend), (wired, AssistantsBackend(wired.client())))
    for sim, backend in roads:
        driver = RunDriver(backend, [get_weather], clock=sim.clock)
        outcome = driver.run(RunRequest(sim.create_assistant(), "Hi"))
        assert RunStatus.COMPLETED is outcome.status

    assert direct.clock.now() == wired.clock.now()


def test_real_time_is_left_alone() -> None:
    """On a clock that goes by itself there is no header, and nothing to move."""
    sim = Simulator(Script.of(hang()), clock=SystemClock(), pacing="everybody")
    ref = sim.control.seed.run()
    path = f"/v1/threads/{ref.thread_id}/runs/{ref.run_id}"
    answers = [sim.handle(Request("GET", path, headers=HELPER)) for _ in range(3)]

    assert ["queued"] * 3 == [answer.json()["status"] for answer in answers]
    assert all("openai-poll-after-ms" not in answer.headers for answer in answers)


def test_the_memory_of_looks_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more runs than it remembers, the one looked at longest ago is forgotten."""
    monkeypatch.setattr(pacing, "LOOKS_MAX", 2)
    sim = Simulator(Script.of(hang()), pacing="everybody")
    began = sim.clock.now()
    runs = [sim.control.seed.run(RunStatus.REQUIRES_ACTION) for _ in range(3)]
    for run in [*runs, runs[0]]:
        look(sim, run)

    assert began == sim.clock.now()
    look(sim, runs[0])
    assert began + 5 == sim.clock.now()


# Clocks ------------------------------------------------------------------------------------------


def test_a_clock_by_hand_jumps_for_nobody() -> None:
    """A waiter waits until somebody has moved time far enough."""
    clock = VirtualClock(by_hand=True)
    seen: list[float] = []

    async def wait() -> None:
        await clock.async_sleep(10)
        seen.append(clock.now())

    async def drive() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            clock.advance(9)
            await anyio.wait_all_tasks_blocked()
            assert [] == seen
            clock.advance(1)

    began = clock.now()
    anyio.run(drive)
    assert [began + 10] == seen


def test_a_clock_by_hand_holds_participants_too() -> None:
    """When all of them wait it does not jump either; a wait for nothing is over at once."""
    clock = VirtualClock(by_hand=True)
    began = clock.now()
    with clock.participant() as somebody:
        assert not clock.alarm().wait(0)
        somebody.leave()

    assert began == clock.now()


def test_a_fast_clock_goes_by_a_multiple() -> None:
    """Of real time; and its alarms ring so much earlier."""
    fast, real = SystemClock(speed=1e6), SystemClock()
    began, really = fast.now(), real.now()
    assert not fast.alarm().wait(1_000)

    assert fast.now() - began >= 1_000
    assert real.now() - really < 60


def test_a_clock_can_be_had_at_another_moment() -> None:
    """Virtual or real, of the same kind; the first one goes on as it was."""
    assert 5 == VirtualClock(by_hand=True).starting_at(5).now()
    later = SystemClock(speed=2).starting_at(5)
    assert 5 <= later.now() < 60


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_time_goes_forward(speed: float) -> None:
    """A speed that would stop it or turn it round is refused."""
    with pytest.raises(ValueError, match="give a positive number"):
        SystemClock(speed=speed)
