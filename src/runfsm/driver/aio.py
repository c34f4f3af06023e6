"""The loop for tasks, on asyncio and on trio. Its mirror is `sync.py`, function by function.

Nothing is decided here: ask the core, do it, tell the core.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from typing import Any, assert_never

import anyio

from runfsm.backends.base import AsyncBackend, check_kind
from runfsm.clock import AsyncAlarm, Clock, Participant, SystemClock
from runfsm.driver import toolthread
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
from runfsm.driver.outcome import Outcome
from runfsm.driver.policy import Policy
from runfsm.driver.toolround import ToolJob, ToolRound
from runfsm.driver.underway import UnderWay
from runfsm.errors import BackendError
from runfsm.lifecycle.journal import JournalStep
from runfsm.tools import Tool, Toolset

__all__ = ["AsyncRunDriver", "AsyncWatch"]


class AsyncRunDriver:
    """Drives runs to their end, as tasks: see `RunDriver`, whose mirror this is.

    Args:
        backend: the service: `AssistantsBackend(async_client)`, or a simulator's `async_backend`.
        tools: functions made with `@tool`, or plain annotated ones, or a `Toolset`; those that
            are not async run in worker threads.
        policy: deadline, what to do about failing tools, how often to look.
        clock: real time, or a simulator's `clock`.

    Example:
        >>> driver = AsyncRunDriver(AssistantsBackend(client), [get_weather])  # doctest: +SKIP
        >>> outcome = await driver.run(RunRequest("asst_abc123", "Hello!"))    # doctest: +SKIP
    """

    def __init__(
        self,
        backend: AsyncBackend,
        tools: Iterable[Tool[..., Any] | Callable[..., Any]] = (),
        *,
        policy: Policy | None = None,
        clock: Clock | None = None,
    ) -> None:
        check_kind(backend, awaited=True)
        self._backend = backend
        self._tools = tools if isinstance(tools, Toolset) else Toolset(tools)
        self._policy = policy or Policy()
        self._clock = clock or SystemClock()
        self._watches: UnderWay[AsyncWatch] = UnderWay()

    async def run(self, request: RunRequest) -> Outcome:
        """Drive a run to its end.

        Raises:
            BackendError: the service refused, or did not answer for too long; `ThreadBusy` when
                another run holds the thread.
            ToolError: a tool failed, and the policy says `on_tool_error="raise"`.
        """
        return await self.watch(request).finish()

    def watch(self, request: RunRequest) -> AsyncWatch:
        """Drive a run, and see each step of its journal as it happens.

        Example:
            >>> async for step in driver.watch(RunRequest("asst_abc123")):  # doctest: +SKIP
            ...     print(step)
        """
        return self.resume(RunCore(request, self._clock.now(), self._policy))

    def resume(self, core: RunCore) -> AsyncWatch:
        """Go on with a core that was saved in mid-run (it pickles), from the same action."""
        return AsyncWatch(core, self._backend, self._tools, self._clock, self._watches)

    def cancel(self) -> None:
        """Cancel every run that this driver has under way. Any task or thread may ask."""
        for watch in self._watches.all():
            watch.cancel()


class AsyncWatch(AsyncIterator[JournalStep]):
    """A run under way: iterate over it to drive it; every item is a step of its journal.

    Attributes:
        core: the run's mind; between two steps it can be pickled and resumed elsewhere.
    """

    def __init__(
        self,
        core: RunCore,
        backend: AsyncBackend,
        tools: Toolset,
        clock: Clock,
        watches: UnderWay[AsyncWatch],
    ) -> None:
        self.core = core
        self._backend = backend
        self._tools = tools
        self._clock = clock
        self._watches = watches
        self._alarm = clock.async_alarm()
        self._cancel_asked = False
        self._trouble: BackendError | None = None  # the latest, for its cause
        self._participant: Participant | None = None  # from the first step on
        self._steps = self._drive()

    async def __anext__(self) -> JournalStep:
        with self._taking_part():
            return await anext(self._steps)

    async def finish(self) -> Outcome:
        """Drive the run to its end without telling the steps, and return the outcome."""
        with self._taking_part():
            async for _ in self._steps:
                pass
        return self.outcome

    @property
    def outcome(self) -> Outcome:
        """How the run ended, once the iteration is over.

        Raises:
            CallerError: it is not over yet.
        """
        return self.core.outcome

    def cancel(self) -> None:
        """Cancel the run. Any task or thread may ask; the iteration goes on until it ended."""
        self._cancel_asked = True
        self._alarm.ring()

    async def aclose(self) -> None:
        """Leave the run as it is, and drive it no further."""
        await self._steps.aclose()

    async def _drive(self) -> AsyncGenerator[JournalStep, None]:
        self._watches.add(self)
        told = len(self.core.journal)
        try:
            while not isinstance(action := self._next_action(), Done):
                self.core.receive(await self._perform(action))
                for step in self.core.journal[told:]:
                    told += 1
                    yield step
        finally:
            self._watches.discard(self)
            if self._participant:
                self._participant.leave()
        if self.core.error is not None:
            raise self.core.error from self.core.error.__cause__ or self._trouble

    def _taking_part(self) -> Participant:
        self._participant = self._participant or self._clock.participant()
        return self._participant

    def _next_action(self) -> Action:
        if self._cancel_asked:
            self.core.request_cancel()
        return self.core.next_action()

    async def _perform(self, action: Action) -> Reply:
        try:
            return await self._act(action)
        except BackendError as error:
            self._trouble = error
            return Faulted(error.fault, self._clock.now())

    async def _act(self, action: Action) -> Reply:
        backend = self._backend
        match action:
            case Create(request):
                return Seen(await backend.create(request), self._clock.now())
            case Retrieve(ref):
                return Seen(await backend.retrieve(ref), self._clock.now())
            case SubmitOutputs(ref, outputs):
                return Seen(await backend.submit(ref, outputs), self._clock.now())
            case Cancel(ref):
                return Seen(await backend.cancel(ref), self._clock.now())
            case FetchMessages(ref):
                return Fetched(await backend.messages(ref), self._clock.now())
            case Wait(delay_s):
                await self._alarm.wait(delay_s)
                return Waited(self._clock.now())
            case RunTools():
                return ToolsRan(await self._run_tools(action), self._clock.now())
            case Done():
                raise AssertionError("Done is nothing to do")
            case _:
                assert_never(action)

    async def _run_tools(self, action: RunTools) -> tuple[ToolOutput, ...]:
        alarm, limit_s = self._alarm, self.core.policy.tool_timeout_s
        tools = ToolRound(self._tools, action, timeout_s=limit_s, now=self._clock.now())
        workers = [(job, self._clock.participant(beside=True)) for job in tools.jobs]
        try:
            async with anyio.create_task_group() as tasks:
                for job, participant in workers:
                    if job.bound.tool.is_async:
                        tasks.start_soon(_work, job, alarm, participant)
                    else:
                        toolthread.start(job, alarm.ring, participant)
                while (wait_s := tools.wait_s(self._clock.now())) is not None:
                    if self._cancel_asked:
                        tools.abandon()
                    else:
                        await alarm.wait(wait_s)
                tasks.cancel_scope.cancel()
        finally:
            for _, participant in workers:
                participant.leave()  # nobody waits any more for what has not come
        # Late rings of this round must not end a later wait.
        self._alarm = self._clock.async_alarm()
        return tools.outputs


async def _work(job: ToolJob, alarm: AsyncAlarm, participant: Participant) -> None:
    try:
        with participant:
            job.settle(await _call(job))
            alarm.ring()
    finally:
        participant.leave()


async def _call(job: ToolJob) -> ToolOutput:
    try:
        return job.bound.finish(await job.bound.invoke())
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if anyio.current_effective_deadline() == -math.inf:  # we are cancelled: not the tool's word
            raise
        return job.bound.failed(error)
