"""Many runs at once, as tasks, so many at a time. Who begins when is decided in `slots.py`.

Who takes part in virtual time: each run, from before its task begins until its result is laid down;
who pulls the requests; and who asks for a result, while asking. What the app does meanwhile, in the
loop's body and in `requests`, holds nobody up.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Mapping,
)
from contextvars import copy_context
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast

import anyio
import anyio.lowlevel

from runfsm.clock import Clock, Participant
from runfsm.driver.aiowatch import AsyncWatch
from runfsm.driver.keys import checked
from runfsm.driver.outcome import Outcome
from runfsm.driver.pacing import check_number
from runfsm.driver.request import RunRequest
from runfsm.driver.slots import Job, Slots
from runfsm.errors import CallerError
from runfsm.lifecycle.run import RunStatus

__all__ = ["AsyncRunMap", "MapCounts", "MapResult", "Requests"]

Requests = Iterable[RunRequest] | AsyncIterable[RunRequest]


@dataclass(frozen=True, slots=True)
class MapResult:
    """What came of one request.

    Attributes:
        index: which one, in the order of `requests`, from 0 on.
        request: what was asked for.
        outcome: how the run ended, well or not; `None` if driving it raised.
        error: what it raised, or `None`.
    """

    index: int
    request: RunRequest
    outcome: Outcome | None = None
    error: Exception | None = None

    def raise_for_status(self) -> Outcome:
        """Return the outcome of a run that completed; raise otherwise.

        Raises:
            RunNotCompleted: see `Outcome.raise_for_status`.
            Exception: what driving it raised.
        """
        if self.error is not None:
            raise self.error
        return cast("Outcome", self.outcome).raise_for_status()  # there is one or the other


@dataclass(frozen=True, slots=True)
class MapCounts:
    """How far it has come.

    Attributes:
        waiting: requests that wait for their thread; those not asked for yet are not counted.
        under_way: runs.
        over: runs that have ended, or that could not be driven; read or not.
        errors: those that could not be driven.
        by_status: runs in each status: under way, by the latest look; over, by their end.
    """

    waiting: int
    under_way: int
    over: int
    errors: int
    by_status: Mapping[RunStatus, int]


class AsyncRunMap(AsyncIterator[MapResult]):
    """Runs under way, many of them: a context manager, and inside it their results.

    It is no bare async generator, for its tasks must not outlive the block that they belong to:
    a generator that is left half-way is closed some time later, by whoever, in any task.

    Args:
        requests: what to run.
        watch: begins a run.
        clock: what to wait by.
        limit: how many at a time.
    """

    def __init__(
        self,
        requests: Requests,
        watch: Callable[[RunRequest], AsyncWatch],
        clock: Clock,
        *,
        limit: int,
    ) -> None:
        check_number("limit", limit, at_least=1, whole=True)
        if isinstance(requests, RunRequest):
            raise CallerError("one request is no list of them: say driver.map([request])")
        self._requests = requests
        self._watch = watch
        self._clock = clock
        self._slots = Slots(limit)
        self._news, self._room = clock.async_alarm(), clock.async_alarm()
        self._is_open = False
        self._is_reading = False
        self._is_fed = False  # there are no more requests
        self._trouble: Exception | None = None  # why not, if that is no good reason
        self._under_way: dict[int, AsyncWatch] = {}
        self._unread: deque[MapResult] = deque()
        self._ended: Counter[RunStatus | None] = Counter()  # `None`: could not be driven

    @property
    def counts(self) -> MapCounts:
        """How far it has come, now."""
        seen = (watch.core.snapshot for watch in self._under_way.values())
        live = Counter(run.status for run in seen if run)
        return MapCounts(
            waiting=self._slots.waiting,
            under_way=len(self._under_way),
            over=self._ended.total(),
            errors=self._ended[None],
            by_status={status: self._ended[status] + live[status] for status in RunStatus},
        )

    async def __aenter__(self) -> Self:
        self._tasks = await anyio.create_task_group().__aenter__()
        self._context = copy_context()
        self._reader = self._clock.participant()
        with self._reader:  # and then outside, until it reads
            self._feeder = self._clock.participant(beside=True)
            self._tasks.start_soon(self._feed)
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        self._tasks.cancel_scope.cancel()
        try:
            # Not told of the block's own error: it would come out wrapped in a group.
            await self._tasks.__aexit__(None, None, None)
        finally:
            self._feeder.leave()
            self._reader.leave()

    async def __anext__(self) -> MapResult:
        if not self._is_open or self._is_reading:
            raise CallerError(
                "results are read inside their block, by one task: async with "
                "driver.map(requests) as results: async for result in results: ..."
            )
        self._is_reading = True
        try:
            with self._reader:
                return await self._next()
        finally:
            self._is_reading = False

    async def _next(self) -> MapResult:
        await anyio.lowlevel.checkpoint()
        while not self._unread:
            if self._is_fed and not self._under_way and not self._slots.waiting:
                raise self._trouble or StopAsyncIteration
            await self._news.wait(math.inf)
        self._slots.read()
        self._go_on()
        return self._unread.popleft()

    async def _feed(self) -> None:
        requests = _one_by_one(self._requests)
        try:
            while True:
                await self._until_there_is_room()
                self._slots.offer(checked(await anext(requests)))
                self._go_on()
        except StopAsyncIteration:
            pass
        except Exception as trouble:  # noqa: BLE001  # the app's own; it gets it, in the end
            self._trouble = trouble
        finally:
            await requests.aclose()
        self._is_fed = True
        self._news.ring()
        self._feeder.leave()

    async def _until_there_is_room(self) -> None:
        with self._feeder:
            await anyio.lowlevel.checkpoint()
            while not self._slots.has_room:
                await self._room.wait(math.inf)

    def _go_on(self) -> None:
        """Begin what may begin, and ask for more if there is room."""
        for job in self._slots.begin():
            self._under_way[job.index] = watch = self._watch(job.request)
            participant = self._clock.participant(beside=True)
            # Whoever made room: what it had in its context (a span, say) is not the run's.
            self._context.copy().run(self._tasks.start_soon, self._drive, job, watch, participant)
        if self._slots.has_room:
            self._room.ring()

    async def _drive(self, job: Job, watch: AsyncWatch, participant: Participant) -> None:
        try:
            with participant:
                self._end(job, await _result(job, watch))
        finally:
            participant.leave()

    def _end(self, job: Job, result: MapResult) -> None:
        del self._under_way[job.index]
        self._ended[result.outcome.status if result.outcome else None] += 1
        self._unread.append(result)
        self._slots.end(job)
        self._go_on()
        self._news.ring()


async def _result(job: Job, watch: AsyncWatch) -> MapResult:
    try:
        return MapResult(job.index, job.request, outcome=await watch.finish())
    except Exception as error:  # noqa: BLE001  # whatever it is, it ends no other run
        return MapResult(job.index, job.request, error=error)


async def _one_by_one(requests: Requests) -> AsyncGenerator[RunRequest, None]:
    if not isinstance(requests, AsyncIterable):
        for request in requests:
            yield request
        return
    source = aiter(requests)
    try:
        async for request in source:
            yield request
    finally:
        if isinstance(source, AsyncGenerator):  # to be closed in its own task
            await source.aclose()
