"""`AsyncRunDriver.map`: many runs at once, in tasks and in virtual time, down every such road."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from driving import in_time
from runfsm import (
    AsyncRunDriver,
    BackendError,
    CallerError,
    Outcome,
    RunFailed,
    RunRequest,
    RunStatus,
    SystemClock,
)
from runfsm.driver.many import AsyncRunMap, MapResult
from runfsm.lifecycle import LIFECYCLE
from runfsm.lifecycle.journal import JournalStep
from runfsm_simulator import Scene, Simulator, Turn, call, fail, hang, say

S = RunStatus


def model(scene: Scene) -> Turn:
    """Works for as many seconds as the message says; or fails, or hangs, or calls a tool."""
    _, said = scene.messages[-1]
    match said:
        case "fail":
            return fail(queue_s=0, work_s=1)
        case "hang":
            return hang(queue_s=0)
        case "ask" if scene.round == 0:
            return call("ask_others", queue_s=0, work_s=0)
        case "ask":
            return say(scene.answered[-1][2], queue_s=0, work_s=0)
        case _:
            return say(f"After {said} s.", queue_s=0, work_s=float(said))


@dataclass
class Many:
    """A stage for a map, on one road."""

    road: Any
    simulator: Simulator = field(default_factory=lambda: Simulator(model))
    observers: list[Callable[[JournalStep, Any], object]] = field(default_factory=list)
    asked: int = 0  # requests that were taken from the iterable
    read: int = 0  # results that were read by `read_all`

    def __post_init__(self) -> None:
        self.clock = self.simulator.clock
        self.began_at = self.clock.now()
        self.assistant_id = self.simulator.create_assistant()
        backend = self.road.backend(self.simulator)
        self.driver = AsyncRunDriver(backend, clock=self.clock, observers=[self._observe])

    def _observe(self, step: JournalStep, core: Any) -> None:
        for observer in self.observers:
            observer(step, core)

    def requests(self, *messages: str, thread_id: str | None = None) -> Iterator[RunRequest]:
        """Requests with these messages, counted as they are taken."""
        for message in messages:
            self.asked += 1
            yield RunRequest(self.assistant_id, message, thread_id)

    def drive(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do it in the loop; a failure if it hangs, or leaves something behind."""
        given = in_time(lambda: anyio.run(work, backend=self.road.loop))
        gc.collect()
        assert (0, 0) == (len(self.driver._under_way), self.clock._busy)
        return given

    async def read_all(self, results: AsyncRunMap) -> list[MapResult]:
        """Read to the end."""
        read = []
        async for result in results:
            self.read += 1
            read.append(result)
        return read

    def elapsed_s(self) -> float:
        """Virtual seconds since the beginning."""
        elapsed_s: float = self.clock.now() - self.began_at
        return elapsed_s

    def statuses(self) -> list[str]:
        """What has become of each run that the service knows."""
        statuses: list[str] = self.road.statuses(self.simulator)
        return statuses


@pytest.fixture
def many(tasks: Any) -> Many:
    """A stage on each road for tasks."""
    return Many(tasks)


def test_results_come_as_runs_complete_at_the_moment_when_they_do(many: Many) -> None:
    """The quickest first; and virtual time has not gone on when the loop's body has the word."""

    async def main() -> list[MapResult]:
        read = []
        async with many.driver.map(many.requests("30", "3", "12")) as results:
            async for result in results:
                assert many.clock.now() == _outcome(result).journal[-1].at
                read.append(result)
        return read

    read = many.drive(main)

    assert [1, 2, 0] == [result.index for result in read]
    assert ["3", "12", "30"] == [result.request.message for result in read]
    assert ["After 3 s.", "After 12 s.", "After 30 s."] == [_outcome(one).text for one in read]


def test_no_more_than_the_limit_have_begun_and_are_not_read(many: Many) -> None:
    """Of twenty, never more than four; and none is asked for before it is of use."""
    most = 0

    async def main() -> list[MapResult]:
        def look(*_: object) -> None:
            nonlocal most
            most = max(most, results.counts.under_way)
            assert many.asked <= many.read + 4
            assert len([one for one in many.statuses() if one not in LIFECYCLE.terminal]) <= 4

        many.observers.append(look)
        async with many.driver.map(many.requests(*["2"] * 20), limit=4) as results:
            return await many.read_all(results)

    read = many.drive(main)

    assert (20, 4) == (len({result.index for result in read}), most)


def test_a_place_is_filled_before_time_goes_on(many: Many) -> None:
    """Beside a run of ten minutes, short ones follow each other without a pause."""

    async def main() -> list[tuple[int, float]]:
        requests = many.requests("500", *["3"] * 5)
        async with many.driver.map(requests, limit=2) as results:
            return [(result.index, many.elapsed_s()) async for result in results]

    *short, long = many.drive(main)

    assert ([1, 2, 3, 4, 5], 0) == ([index for index, _ in short], long[0])
    assert 5 * 3 <= short[-1][1] < 5 * 5


def test_what_fails_ends_no_other(many: Many) -> None:
    """A run that fails has its outcome, one that cannot be driven its error; the rest complete."""

    async def main() -> list[MapResult]:
        async with many.driver.map(requests(), limit=2) as results:
            return sorted(await many.read_all(results), key=lambda result: result.index)

    def requests() -> Iterator[RunRequest]:
        yield from many.requests("fail", "2")
        yield RunRequest("asst_gone", "2")
        yield from many.requests("2", "2")

    failed, well, gone, *rest = many.drive(main)

    assert S.FAILED is failed.outcome.status
    assert [S.COMPLETED] * 3 == [_outcome(result).status for result in (well, *rest)]
    assert well.outcome is well.raise_for_status()
    with pytest.raises(RunFailed):
        failed.raise_for_status()
    assert gone.outcome is None
    with pytest.raises(BackendError, match="asst_gone"):
        gone.raise_for_status()


def test_a_bug_is_its_results_alone(many: Many) -> None:
    """Whatever a backend raises for one run, the others complete."""
    create = many.driver._backend.create

    async def odd(request: RunRequest) -> Any:
        return 1 / 0 if request.message == "1" else await create(request)

    many.driver._backend.create = odd  # type: ignore[method-assign]  # a bug

    async def main() -> list[MapResult]:
        async with many.driver.map(many.requests("1", "2", "3")) as results:
            return sorted(await many.read_all(results), key=lambda result: result.index)

    bug, *rest = many.drive(main)

    assert isinstance(bug.error, ZeroDivisionError)
    assert [None, None] == [result.error for result in rest]


@pytest.mark.parametrize("how", ["break", "raise"])
def test_leaving_the_block_cancels_what_is_under_way(many: Many, how: str) -> None:
    """No run stays active, nothing more is asked for, and an error comes out as it is."""

    async def main() -> None:
        requests = many.requests("2", *["hang"] * 10)
        async with many.driver.map(requests, limit=3) as results:
            async for result in results:
                assert 0 == result.index
                if how == "raise":
                    raise KeyError(result.index)
                break

    if how == "raise":
        with pytest.raises(KeyError):
            many.drive(main)
    else:
        many.drive(main)
    many.clock.advance(60)

    assert 3 <= len(many.statuses()) <= many.asked <= 4
    assert {S.COMPLETED, S.CANCELLED} == set(many.statuses())


def test_a_task_that_is_cancelled_cancels_its_map(many: Many) -> None:
    """The scope around the block is cancelled: its runs are too, and nothing is left behind."""

    async def main() -> bool:
        gate = many.clock.participant()  # time stands still
        with anyio.CancelScope() as scope:
            async with (
                anyio.create_task_group() as tasks,
                many.driver.map(many.requests(*["hang"] * 3)) as results,
            ):
                tasks.start_soon(_cancel_when_blocked, scope)
                await many.read_all(results)
        gate.leave()
        return scope.cancelled_caught

    assert many.drive(main)
    many.clock.advance(60)
    assert [S.CANCELLED] * 3 == many.statuses()


async def _cancel_when_blocked(scope: anyio.CancelScope) -> None:
    await anyio.wait_all_tasks_blocked()
    scope.cancel()


def test_who_reads_slowly_is_not_flooded(many: Many) -> None:
    """While nobody reads, no more finish than there are places, and no more begin."""

    async def main() -> int:
        async with many.driver.map(many.requests(*["2"] * 20), limit=3) as results:
            await anext(results)
            await many.clock.async_sleep(60)
            await anyio.wait_all_tasks_blocked()
            assert (3, 0) == (results.counts.over - 1, results.counts.under_way)
            assert 4 == many.asked
            return 1 + len(await many.read_all(results))

    assert 20 == many.drive(main)


def test_runs_of_one_thread_go_one_after_the_other(many: Many) -> None:
    """In the order of their requests, though each is quicker than the last; and none is refused."""
    thread_id = many.road.thread(many.simulator)

    async def main() -> list[MapResult]:
        requests = many.requests("9", "6", "3", thread_id=thread_id)
        async with many.driver.map(requests) as results:
            return await many.read_all(results)

    read = many.drive(main)

    assert [0, 1, 2] == [result.index for result in read]
    assert ["After 9 s.", "After 6 s.", "After 3 s."] == [_outcome(one).text for one in read]


def test_who_waits_for_a_thread_takes_no_place(many: Many) -> None:
    """Three runs of one thread leave the second place to the others, who pass them by."""
    thread_id = many.road.thread(many.simulator)

    async def main() -> list[int]:
        async with many.driver.map(requests(), limit=2) as results:
            return [result.index async for result in results]

    def requests() -> Iterator[RunRequest]:
        yield from many.requests("20", "20", "20", thread_id=thread_id)
        yield from many.requests("4", "4", "4", "4")

    # The parked two are as many as there are places: the rest is not asked for until one has begun.
    order = many.drive(main)

    assert [0, 1, 2] == [index for index in order if index < 3]
    assert [3, 4, 5, 6] == [index for index in order if index >= 3]
    assert 0 == order[0]
    assert 2 == order[-1]
    assert many.elapsed_s() < 3 * 20 + 15


def test_what_the_requests_raise_comes_after_the_results(many: Many) -> None:
    """What had begun is told first; then the iteration raises, each time it is asked."""

    def requests() -> Iterator[RunRequest]:
        yield from many.requests("2", "2")
        raise KeyError("the list is torn")

    async def main() -> int:
        async with many.driver.map(requests()) as results:
            with pytest.raises(KeyError, match="torn"):
                await many.read_all(results)
            with pytest.raises(KeyError, match="torn"):
                await anext(results)
        return many.read

    assert 2 == many.drive(main)


def test_requests_may_depend_on_results(many: Many) -> None:
    """An async iterable that waits for what the loop's body sends it holds nobody up."""

    async def main() -> list[str]:
        send, receive = anyio.create_memory_object_stream[RunRequest](10)
        await send.send(RunRequest(many.assistant_id, "4"))
        texts = []
        async with receive, many.driver.map(receive, limit=3) as results:
            async for result in results:
                texts.append(result.raise_for_status().text)
                if len(texts) == 4:
                    break
                await send.send(RunRequest(many.assistant_id, str(4 - len(texts))))
                if len(texts) == 3:
                    send.close()
        return texts

    assert [f"After {s} s." for s in (4, 3, 2, 1)] == many.drive(main)


def test_an_async_generator_is_closed_in_its_own_task(many: Many) -> None:
    """When the block is left early, what it has in hand is given back before the block ends."""
    closed = []

    async def requests() -> AsyncIterator[RunRequest]:
        try:
            with anyio.CancelScope():
                for request in many.requests(*["2"] * 20):
                    yield request
        finally:
            closed.append(True)

    async def main() -> list[bool]:
        async with many.driver.map(requests(), limit=2) as results:
            await anext(results)
        return list(closed)

    assert [True] == many.drive(main)


def test_counts_tell_how_far_it_is(many: Many) -> None:
    """Waiting, under way and over, and how many are in each status."""
    thread_id = many.road.thread(many.simulator)

    async def main() -> None:
        requests = [
            *many.requests("30", "30", thread_id=thread_id),
            *many.requests("fail", "2"),
            RunRequest("asst_gone", "2"),
        ]
        async with many.driver.map(requests) as results:
            for _ in range(3):
                await anext(results)
            counts = results.counts
            assert (1, 1, 3, 1) == (counts.waiting, counts.under_way, counts.over, counts.errors)
            seen = {status: runs for status, runs in counts.by_status.items() if runs}
            assert {S.IN_PROGRESS: 1, S.FAILED: 1, S.COMPLETED: 1} == seen
            await many.read_all(results)
            assert (0, 0, 5) == (
                results.counts.waiting,
                results.counts.under_way,
                results.counts.over,
            )

    many.drive(main)


def test_a_map_of_nothing_is_over_at_once(many: Many) -> None:
    """No request, no result."""

    async def main() -> list[MapResult]:
        async with many.driver.map([]) as results:
            return await many.read_all(results)

    assert [] == many.drive(main)


def test_cancel_ends_what_is_under_way_and_the_map_goes_on(many: Many) -> None:
    """`driver.cancel()` is for runs; those not begun yet begin."""

    def cancel_what_hangs(_step: JournalStep, core: Any) -> None:
        if core.request.message == "hang":
            many.driver.cancel()

    many.observers.append(cancel_what_hangs)

    async def main() -> list[RunStatus]:
        async with many.driver.map(many.requests("1", "hang", "1"), limit=1) as results:
            return [_outcome(result).status async for result in results]

    assert [S.COMPLETED, S.CANCELLED, S.COMPLETED] == many.drive(main)


def test_a_tool_may_map(many: Many) -> None:
    """A map inside a tool's code: the tool waits, time goes on, and both come to their ends."""

    async def ask_others() -> str:
        async with driver.map(many.requests("5", "8")) as results:
            texts = [result.raise_for_status().text async for result in results]
        return " ".join(texts)

    driver = AsyncRunDriver(many.road.backend(many.simulator), [ask_others], clock=many.clock)

    async def main() -> Outcome:
        return await driver.run(RunRequest(many.assistant_id, "ask"))

    assert "After 5 s. After 8 s." == many.drive(main).text
    assert 8 <= many.elapsed_s() < 16


SPAN: ContextVar[str] = ContextVar("span", default="none")


def test_a_run_has_the_context_of_the_block(many: Many) -> None:
    """Not that of whoever made room for it by reading a result."""
    seen = set()

    async def main() -> None:
        SPAN.set("around the block")
        many.observers.append(lambda *_: seen.add(SPAN.get()))
        async with many.driver.map(many.requests(*["2"] * 4), limit=1) as results:
            async for _ in results:
                SPAN.set("in the body")

    many.drive(main)

    assert {"around the block"} == seen


def test_results_are_read_inside_their_block_by_one_task(many: Many) -> None:
    """Otherwise the error shows how; a reader that is there goes on."""

    async def main() -> int:
        results = many.driver.map(many.requests("2", "2"))
        with pytest.raises(CallerError, match="async with"):
            await anext(results)
        async with results, anyio.create_task_group() as tasks:
            gate = many.clock.participant()
            tasks.start_soon(many.read_all, results)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(CallerError, match="by one task"):
                await anext(results)
            gate.leave()
        with pytest.raises(CallerError, match="async with"):
            await anext(results)
        return many.read

    assert 2 == many.drive(main)


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_limit_that_makes_no_sense_is_refused(many: Many, limit: Any) -> None:
    """At the call, before anything is asked for."""
    with pytest.raises(ValueError, match="limit"):
        many.driver.map(many.requests("2"), limit=limit)
    assert 0 == many.asked


def test_it_works_in_real_time(tasks: Any) -> None:
    """On a system clock, a thousand times as fast."""
    many = Many(tasks, simulator=Simulator(model, clock=SystemClock(speed=1000)))

    async def main() -> list[int]:
        async with many.driver.map(many.requests(*["1"] * 5), limit=2) as results:
            return sorted([result.index async for result in results])

    assert [0, 1, 2, 3, 4] == in_time(lambda: anyio.run(main, backend=tasks.loop))


def _outcome(result: MapResult) -> Outcome:
    assert result.outcome is not None
    return result.outcome
