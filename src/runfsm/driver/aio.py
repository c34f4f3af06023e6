"""Runs, driven by tasks, on asyncio and on trio. Its mirror is `sync.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from runfsm.backends.base import AsyncBackend, AsyncStreamingBackend, check_kind
from runfsm.clock import Clock, SystemClock
from runfsm.driver.actions import AddMessage, ListRuns
from runfsm.driver.aiohands import AsyncHands
from runfsm.driver.aiowatch import AsyncErrand, AsyncRunStream, AsyncWatch
from runfsm.driver.busy import OnBusy
from runfsm.driver.content import MessageContent
from runfsm.driver.core import RunCore, check_core
from runfsm.driver.hint import WebhookHint
from runfsm.driver.keys import keyed, new_message, on_thread
from runfsm.driver.lines import Lines, Ticket
from runfsm.driver.many import AsyncRunMap, Requests
from runfsm.driver.narrator import Narrator
from runfsm.driver.outcome import Outcome
from runfsm.driver.policy import Policy, policy_of
from runfsm.driver.ratecap import RateCap
from runfsm.driver.request import RunRequest
from runfsm.driver.shared import Shared
from runfsm.driver.telling import Observer, check_observers
from runfsm.driver.threadcore import ThreadCore
from runfsm.driver.underway import UnderWay
from runfsm.tools import Tool, Toolset

__all__ = ["AsyncRunDriver", "AsyncThreadSession"]


class AsyncRunDriver:
    """Drives runs to their end, as tasks: see `RunDriver`, whose mirror this is.

    A task that is cancelled in mid-run has its run cancelled, unless the policy says
    `on_interrupt="leave"`.

    Args:
        backend: the service: `AssistantsBackend(async_client)`, or a simulator's `async_backend`.
        tools: functions made with `@tool`, or plain annotated ones, or a `Toolset`; those that
            are not async run in worker threads.
        policy: deadline, what to do about busy threads and failing tools, how often to look.
        clock: real time, or a simulator's `clock`.
        lines: where runs stand in line for a busy thread; drivers that share the threads share it.
        observers: called with each step of each run's journal, and the run's core.

    Example:
        >>> driver = AsyncRunDriver(AssistantsBackend(client), [get_weather])  # doctest: +SKIP
        >>> outcome = await driver.run(RunRequest("asst_abc123", "Hello!"))    # doctest: +SKIP
    """

    def __init__(  # noqa: PLR0913  # its settings; all but the first two by keyword
        self,
        backend: AsyncBackend,
        tools: Iterable[Tool[..., Any] | Callable[..., Any]] = (),
        *,
        policy: Policy | None = None,
        clock: Clock | None = None,
        lines: Lines | None = None,
        observers: Iterable[Observer] = (),
    ) -> None:
        check_kind(backend, awaited=True)
        self._backend = backend
        self._tools = tools if isinstance(tools, Toolset) else Toolset(tools)
        self._policy = policy_of(policy)
        per_s = self._policy.pacing.requests_per_s
        self._shared = Shared(
            clock=clock or SystemClock(),
            lines=lines or Lines(),
            cap=RateCap(per_s) if per_s else None,
            observers=check_observers(observers),
        )
        self._under_way = UnderWay()

    async def run(self, request: RunRequest, *, on_busy: OnBusy | None = None) -> Outcome:
        """Drive a run to its end.

        Args:
            request: what to run.
            on_busy: what to do when another run holds the thread, if not what the policy says.

        Raises:
            BackendError: the service refused, or did not answer for too long; `ThreadBusy` when
                another run holds the thread.
            ToolError: a tool failed, and the policy says `on_tool_error="raise"`.
        """
        return await self.watch(request, on_busy=on_busy).finish()

    def watch(self, request: RunRequest, *, on_busy: OnBusy | None = None) -> AsyncWatch:
        """Drive a run, and see each step of its journal as it happens.

        Example:
            >>> async with driver.watch(RunRequest("asst_abc123")) as watch:  # doctest: +SKIP
            ...     async for step in watch:
            ...         print(step)
        """
        return self._watch(request, self._policy_for(on_busy))

    def stream(self, request: RunRequest, *, on_busy: OnBusy | None = None) -> AsyncRunStream:
        """Drive a run, and hear what it says while it says it.

        A stream that breaks is made good by polling. With a backend that cannot stream, all is
        told by polling.

        Example:
            >>> async with driver.stream(RunRequest("asst_1", "Hi")) as stream:  # doctest: +SKIP
            ...     async for item in stream:
            ...         if isinstance(item, TextDelta):
            ...             print(item.text, end="", flush=True)
        """
        return self._stream(request, self._policy_for(on_busy))

    def map(
        self, requests: Requests, *, limit: int = 100, on_busy: OnBusy | None = None
    ) -> AsyncRunMap:
        """Drive many runs, and have their results as they complete.

        Never more than `limit` have begun and are not read; a request is not asked for before it
        can be made use of. Runs of one thread go one after the other, in the order of `requests`,
        and do not keep those of other threads waiting. Leaving the block cancels what is under way
        and begins nothing more; `cancel()` cancels what is under way, and the next ones begin.

        Args:
            requests: what to run, an iterable or an async one, endless if you like. If it raises,
                the iteration does so too, when the results of what had begun are told.
            limit: how many at a time.
            on_busy: what to do when another run holds a thread, if not what the policy says.

        Raises:
            ValueError: `limit` is no number of at least 1.

        Example:
            >>> async with driver.map(requests, limit=100) as results:  # doctest: +SKIP
            ...     async for result in results:
            ...         print(result.index, result.raise_for_status().text)
        """
        watch = partial(self._watch, policy=self._policy_for(on_busy))
        return AsyncRunMap(requests, watch, self._shared.clock, limit=limit)

    def resume(self, core: RunCore) -> AsyncWatch:
        """Go on with a core that was saved in mid-run (it pickles), from the same action.

        Example:
            >>> outcome = await driver.resume(pickle.loads(saved)).finish()  # doctest: +SKIP
        """
        check_core(core)
        core.learn_with(self._shared.habits)
        return AsyncWatch(core, self._hands(core.policy), self._shared, self._under_way)

    def cancel(self) -> None:
        """Cancel every run that this driver has under way. Any task or thread may ask."""
        for drive in self._under_way.all():
            drive.cancel()

    def wake(self, hint: WebhookHint) -> bool:
        """Look at once at the runs that a webhook tells of. Any task or thread may say so.

        What it tells is not believed: the look says what is true. A run that was asked to slow
        down, or whose service does not answer, is not looked at sooner.

        Args:
            hint: of a `WebhookInbox`.

        Returns:
            Whether a run of this driver is meant.

        Example:
            >>> if hint := inbox.parse_webhook(body, headers):  # doctest: +SKIP
            ...     driver.wake(hint)
        """
        return self._under_way.wake(hint)

    async def add_message(
        self,
        thread_id: str,
        content: MessageContent,
        *,
        key: str | None = None,
        on_busy: OnBusy | None = None,
    ) -> str:
        """Add a user's message to a thread, once, when nobody holds it.

        Args:
            thread_id: which thread.
            content: what the user says: a text, or a list of parts, as in `RunRequest`.
            key: a name of your own for this one message, kept in its metadata, by which it is
                found if its addition was not answered. The driver makes one up when it is `None`.
            on_busy: what to do when a run holds the thread, if not what the policy says.

        Returns:
            The message's id.

        Raises:
            CallerError: the content is no message, or cannot be sent.
            ThreadBusy: a run holds the thread, for longer than the policy waits.
            BackendError: the service refused, or did not answer for too long.

        Example:
            >>> await driver.add_message("thread_abc123", "And tomorrow?")  # doctest: +SKIP
            'msg_abc123'
        """
        entry = new_message(thread_id, content, key)
        return await self._add_message(entry, self._policy_for(on_busy))

    @asynccontextmanager
    async def thread_session(
        self, thread_id: str, *, on_busy: OnBusy | None = None
    ) -> AsyncIterator[AsyncThreadSession]:
        """Have a thread for oneself: nobody who stands in the driver's `lines` gets in between.

        It begins when no run is active on the thread; what to do until then is the policy's
        `on_busy`. Who says `Enqueue()`, and other sessions, stand in this line; other policies and
        clients elsewhere do not.

        Raises:
            ThreadBusy: a run, or another session, has the thread for longer than the policy waits.

        Example:
            >>> async with driver.thread_session("thread_abc123") as thread:  # doctest: +SKIP
            ...     await thread.add_message("The report is attached.")
            ...     outcome = await thread.run(RunRequest("asst_abc123", "Sum it up."))
        """
        policy = self._policy_for(on_busy)
        hands = self._hands(policy)
        try:
            await self._do(ThreadCore(ListRuns(thread_id), self._shared.clock.now(), policy), hands)
            yield AsyncThreadSession(self, thread_id, policy, hands.ticket)
        finally:
            await hands.aclose()

    # What a session does too, with the place in the line that it holds.

    def _watch(
        self, request: RunRequest, policy: Policy, ticket: Ticket | None = None
    ) -> AsyncWatch:
        core = self._core(request, policy)
        return AsyncWatch(core, self._hands(policy, ticket), self._shared, self._under_way)

    def _stream(
        self, request: RunRequest, policy: Policy, ticket: Ticket | None = None
    ) -> AsyncRunStream:
        core = self._core(
            request, policy, streaming=isinstance(self._backend, AsyncStreamingBackend)
        )
        hands = self._hands(policy, ticket)
        return AsyncRunStream(core, hands, self._shared, self._under_way, Narrator())

    async def _add_message(
        self, entry: AddMessage, policy: Policy, ticket: Ticket | None = None
    ) -> str:
        hands = self._hands(policy, ticket)
        try:
            core = await self._do(ThreadCore(entry, self._shared.clock.now(), policy), hands)
        finally:
            await hands.aclose()
        return str(core.message_id)

    async def _do(self, core: ThreadCore, hands: AsyncHands) -> ThreadCore:
        errand = AsyncErrand(core, hands, self._shared)
        self._under_way.add(errand)
        try:
            return await errand.finish()
        finally:
            self._under_way.discard(errand)

    def _core(self, request: RunRequest, policy: Policy, *, streaming: bool = False) -> RunCore:
        now, habits = self._shared.clock.now(), self._shared.habits
        return RunCore(keyed(request), now, policy, streaming=streaming, habits=habits)

    def _hands(self, policy: Policy, ticket: Ticket | None = None) -> AsyncHands:
        limit_s = policy.tool_timeout_s
        return AsyncHands(
            self._backend, self._tools, self._shared, tool_timeout_s=limit_s, ticket=ticket
        )

    def _policy_for(self, on_busy: OnBusy | None) -> Policy:
        return self._policy if on_busy is None else replace(self._policy, on_busy=on_busy)


class AsyncThreadSession:
    """A thread that one has for oneself; see `AsyncRunDriver.thread_session`.

    Attributes:
        thread_id: which thread.
    """

    def __init__(
        self, driver: AsyncRunDriver, thread_id: str, policy: Policy, ticket: Ticket | None
    ) -> None:
        self.thread_id = thread_id
        self._driver = driver
        self._policy = policy
        self._ticket = ticket

    async def add_message(self, content: MessageContent, *, key: str | None = None) -> str:
        """Add a user's message, once, and return its id. Raises what the driver's own does."""
        entry = new_message(self.thread_id, content, key)
        return await self._driver._add_message(entry, self._policy, self._ticket)

    async def run(self, request: RunRequest) -> Outcome:
        """Drive a run on this thread to its end. Raises what the driver's own does."""
        return await self.watch(request).finish()

    def watch(self, request: RunRequest) -> AsyncWatch:
        """Drive a run on this thread, and see each step of its journal."""
        return self._driver._watch(on_thread(request, self.thread_id), self._policy, self._ticket)

    def stream(self, request: RunRequest) -> AsyncRunStream:
        """Drive a run on this thread, and hear what it says while it says it."""
        return self._driver._stream(on_thread(request, self.thread_id), self._policy, self._ticket)
