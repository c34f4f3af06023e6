"""Runs, driven by threads. Its mirror is `aio.py`: the same functions in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from runfsm.backends.base import Backend, StreamingBackend, check_kind
from runfsm.clock import Clock, SystemClock
from runfsm.driver.actions import AddMessage, ListRuns
from runfsm.driver.busy import OnBusy
from runfsm.driver.content import MessageContent
from runfsm.driver.core import RunCore, check_core
from runfsm.driver.hands import Hands
from runfsm.driver.hint import WebhookHint
from runfsm.driver.keys import keyed, new_message, on_thread
from runfsm.driver.lines import Lines, Ticket
from runfsm.driver.narrator import Narrator
from runfsm.driver.outcome import Outcome
from runfsm.driver.policy import Policy, policy_of
from runfsm.driver.ratecap import RateCap
from runfsm.driver.request import RunRequest
from runfsm.driver.shared import Shared
from runfsm.driver.telling import Observer, check_observers
from runfsm.driver.threadcore import ThreadCore
from runfsm.driver.underway import UnderWay
from runfsm.driver.watch import Errand, RunStream, Watch
from runfsm.tools import Tool, Toolset

__all__ = ["RunDriver", "ThreadSession"]


class RunDriver:
    """Drives runs to their end: polls or listens, calls tools, hands in outputs, cancels in time.

    Args:
        backend: the service: `AssistantsBackend(client)`, or a simulator's `backend`.
        tools: functions made with `@tool`, or plain annotated ones, or a `Toolset`.
        policy: deadline, what to do about busy threads and failing tools, how often to look.
        clock: real time, or a simulator's `clock`.
        lines: where runs stand in line for a busy thread; drivers that share the threads share it.
        observers: called with each step of each run's journal, and the run's core.

    Example:
        >>> driver = RunDriver(AssistantsBackend(client), [get_weather])      # doctest: +SKIP
        >>> driver.run(RunRequest("asst_abc123", "How is the weather?")).text  # doctest: +SKIP
        'It is 72 °F in Los Angeles.'
    """

    def __init__(  # noqa: PLR0913  # its settings; all but the first two by keyword
        self,
        backend: Backend,
        tools: Iterable[Tool[..., Any] | Callable[..., Any]] = (),
        *,
        policy: Policy | None = None,
        clock: Clock | None = None,
        lines: Lines | None = None,
        observers: Iterable[Observer] = (),
    ) -> None:
        check_kind(backend, awaited=False)
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

    def run(self, request: RunRequest, *, on_busy: OnBusy | None = None) -> Outcome:
        """Drive a run to its end.

        Args:
            request: what to run.
            on_busy: what to do when another run holds the thread, if not what the policy says.

        Raises:
            BackendError: the service refused, or did not answer for too long; `ThreadBusy` when
                another run holds the thread.
            ToolError: a tool failed, and the policy says `on_tool_error="raise"`.
        """
        return self.watch(request, on_busy=on_busy).finish()

    def watch(self, request: RunRequest, *, on_busy: OnBusy | None = None) -> Watch:
        """Drive a run, and see each step of its journal as it happens.

        Example:
            >>> with driver.watch(RunRequest("asst_abc123")) as watch:  # doctest: +SKIP
            ...     for step in watch:
            ...         print(step)
        """
        return self._watch(request, self._policy_for(on_busy))

    def stream(self, request: RunRequest, *, on_busy: OnBusy | None = None) -> RunStream:
        """Drive a run, and hear what it says while it says it.

        A stream that breaks is made good by polling. With a backend that cannot stream, all is
        told by polling.

        Example:
            >>> with driver.stream(RunRequest("asst_abc123", "Hi")) as stream:  # doctest: +SKIP
            ...     for item in stream:
            ...         if isinstance(item, TextDelta):
            ...             print(item.text, end="", flush=True)
        """
        return self._stream(request, self._policy_for(on_busy))

    def resume(self, core: RunCore) -> Watch:
        """Go on with a core that was saved in mid-run (it pickles), from the same action.

        Example:
            >>> outcome = driver.resume(pickle.loads(saved)).finish()  # doctest: +SKIP
        """
        check_core(core)
        core.learn_with(self._shared.habits)
        return Watch(core, self._hands(core.policy), self._shared, self._under_way)

    def cancel(self) -> None:
        """Cancel every run that this driver has under way. Any thread may ask."""
        for drive in self._under_way.all():
            drive.cancel()

    def wake(self, hint: WebhookHint) -> bool:
        """Look at once at the runs that a webhook tells of. Any thread may say so.

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

    def add_message(
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
            >>> driver.add_message("thread_abc123", "And tomorrow?")  # doctest: +SKIP
            'msg_abc123'
        """
        entry = new_message(thread_id, content, key)
        return self._add_message(entry, self._policy_for(on_busy))

    @contextmanager
    def thread_session(
        self, thread_id: str, *, on_busy: OnBusy | None = None
    ) -> Iterator[ThreadSession]:
        """Have a thread for oneself: nobody who stands in the driver's `lines` gets in between.

        It begins when no run is active on the thread; what to do until then is the policy's
        `on_busy`. Who says `Enqueue()`, and other sessions, stand in this line; other policies and
        clients elsewhere do not.

        Raises:
            ThreadBusy: a run, or another session, has the thread for longer than the policy waits.

        Example:
            >>> with driver.thread_session("thread_abc123") as thread:  # doctest: +SKIP
            ...     thread.add_message("The report is attached.")
            ...     outcome = thread.run(RunRequest("asst_abc123", "Sum it up."))
        """
        policy = self._policy_for(on_busy)
        hands = self._hands(policy)
        try:
            self._do(ThreadCore(ListRuns(thread_id), self._shared.clock.now(), policy), hands)
            yield ThreadSession(self, thread_id, policy, hands.ticket)
        finally:
            hands.close()

    # What a session does too, with the place in the line that it holds.

    def _watch(self, request: RunRequest, policy: Policy, ticket: Ticket | None = None) -> Watch:
        core = self._core(request, policy)
        return Watch(core, self._hands(policy, ticket), self._shared, self._under_way)

    def _stream(
        self, request: RunRequest, policy: Policy, ticket: Ticket | None = None
    ) -> RunStream:
        core = self._core(request, policy, streaming=isinstance(self._backend, StreamingBackend))
        hands = self._hands(policy, ticket)
        return RunStream(core, hands, self._shared, self._under_way, Narrator())

    def _add_message(self, entry: AddMessage, policy: Policy, ticket: Ticket | None = None) -> str:
        hands = self._hands(policy, ticket)
        try:
            core = self._do(ThreadCore(entry, self._shared.clock.now(), policy), hands)
        finally:
            hands.close()
        return str(core.message_id)

    def _do(self, core: ThreadCore, hands: Hands) -> ThreadCore:
        errand = Errand(core, hands, self._shared)
        self._under_way.add(errand)
        try:
            return errand.finish()
        finally:
            self._under_way.discard(errand)

    def _core(self, request: RunRequest, policy: Policy, *, streaming: bool = False) -> RunCore:
        now, habits = self._shared.clock.now(), self._shared.habits
        return RunCore(keyed(request), now, policy, streaming=streaming, habits=habits)

    def _hands(self, policy: Policy, ticket: Ticket | None = None) -> Hands:
        limit_s = policy.tool_timeout_s
        return Hands(
            self._backend, self._tools, self._shared, tool_timeout_s=limit_s, ticket=ticket
        )

    def _policy_for(self, on_busy: OnBusy | None) -> Policy:
        return self._policy if on_busy is None else replace(self._policy, on_busy=on_busy)


class ThreadSession:
    """A thread that one has for oneself; see `RunDriver.thread_session`.

    Attributes:
        thread_id: which thread.
    """

    def __init__(
        self, driver: RunDriver, thread_id: str, policy: Policy, ticket: Ticket | None
    ) -> None:
        self.thread_id = thread_id
        self._driver = driver
        self._policy = policy
        self._ticket = ticket

    def add_message(self, content: MessageContent, *, key: str | None = None) -> str:
        """Add a user's message, once, and return its id. Raises what the driver's own does."""
        entry = new_message(self.thread_id, content, key)
        return self._driver._add_message(entry, self._policy, self._ticket)

    def run(self, request: RunRequest) -> Outcome:
        """Drive a run on this thread to its end. Raises what the driver's own does."""
        return self.watch(request).finish()

    def watch(self, request: RunRequest) -> Watch:
        """Drive a run on this thread, and see each step of its journal."""
        return self._driver._watch(on_thread(request, self.thread_id), self._policy, self._ticket)

    def stream(self, request: RunRequest) -> RunStream:
        """Drive a run on this thread, and hear what it says while it says it."""
        return self._driver._stream(on_thread(request, self.thread_id), self._policy, self._ticket)
