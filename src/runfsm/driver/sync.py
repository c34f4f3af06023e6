"""The loop for threads. Its mirror is `aio.py`: the same functions in the same order.

Nothing is decided here: ask the core, do it, tell the core.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, assert_never

from runfsm.backends.base import Backend, check_kind
from runfsm.clock import Clock, Participant, SystemClock
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
from runfsm.driver.toolround import ToolRound
from runfsm.driver.underway import UnderWay
from runfsm.errors import BackendError
from runfsm.lifecycle.journal import JournalStep
from runfsm.tools import Tool, Toolset

__all__ = ["RunDriver", "Watch"]


class RunDriver:
    """Drives runs to their end: polls, calls tools, hands in outputs, cancels, gives up in time.

    Args:
        backend: the service: `AssistantsBackend(client)`, or a simulator's `backend`.
        tools: functions made with `@tool`, or plain annotated ones, or a `Toolset`.
        policy: deadline, what to do about failing tools, how often to look.
        clock: real time, or a simulator's `clock`.

    Example:
        >>> driver = RunDriver(AssistantsBackend(client), [get_weather])      # doctest: +SKIP
        >>> driver.run(RunRequest("asst_abc123", "How is the weather?")).text  # doctest: +SKIP
        'It is 72 °F in Los Angeles.'
    """

    def __init__(
        self,
        backend: Backend,
        tools: Iterable[Tool[..., Any] | Callable[..., Any]] = (),
        *,
        policy: Policy | None = None,
        clock: Clock | None = None,
    ) -> None:
        check_kind(backend, awaited=False)
        self._backend = backend
        self._tools = tools if isinstance(tools, Toolset) else Toolset(tools)
        self._policy = policy or Policy()
        self._clock = clock or SystemClock()
        self._watches: UnderWay[Watch] = UnderWay()

    def run(self, request: RunRequest) -> Outcome:
        """Drive a run to its end.

        Raises:
            BackendError: the service refused, or did not answer for too long; `ThreadBusy` when
                another run holds the thread.
            ToolError: a tool failed, and the policy says `on_tool_error="raise"`.
        """
        return self.watch(request).finish()

    def watch(self, request: RunRequest) -> Watch:
        """Drive a run, and see each step of its journal as it happens.

        Example:
            >>> for step in driver.watch(RunRequest("asst_abc123")):  # doctest: +SKIP
            ...     print(step)
        """
        return self.resume(RunCore(request, self._clock.now(), self._policy))

    def resume(self, core: RunCore) -> Watch:
        """Go on with a core that was saved in mid-run (it pickles), from the same action."""
        return Watch(core, self._backend, self._tools, self._clock, self._watches)

    def cancel(self) -> None:
        """Cancel every run that this driver has under way. Any thread may ask."""
        for watch in self._watches.all():
            watch.cancel()


class Watch(Iterator[JournalStep]):
    """A run under way: iterate over it to drive it; every item is a step of its journal.

    Attributes:
        core: the run's mind; between two steps it can be pickled and resumed elsewhere.
    """

    def __init__(
        self,
        core: RunCore,
        backend: Backend,
        tools: Toolset,
        clock: Clock,
        watches: UnderWay[Watch],
    ) -> None:
        self.core = core
        self._backend = backend
        self._tools = tools
        self._clock = clock
        self._watches = watches
        self._alarm = clock.alarm()
        self._cancel_asked = threading.Event()
        self._trouble: BackendError | None = None  # the latest, for its cause
        self._participant: Participant | None = None  # from the first step on
        self._steps = self._drive()

    def __next__(self) -> JournalStep:
        with self._taking_part():
            return next(self._steps)

    def finish(self) -> Outcome:
        """Drive the run to its end without telling the steps, and return the outcome."""
        with self._taking_part():
            for _ in self._steps:
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
        """Cancel the run. Any thread may ask; the iteration goes on until the run has ended."""
        self._cancel_asked.set()
        self._alarm.ring()

    def close(self) -> None:
        """Leave the run as it is, and drive it no further."""
        self._steps.close()

    def _drive(self) -> Generator[JournalStep, None, None]:
        self._watches.add(self)
        told = len(self.core.journal)
        try:
            while not isinstance(action := self._next_action(), Done):
                self.core.receive(self._perform(action))
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
        if self._cancel_asked.is_set():
            self.core.request_cancel()
        return self.core.next_action()

    def _perform(self, action: Action) -> Reply:
        try:
            return self._act(action)
        except BackendError as error:
            self._trouble = error
            return Faulted(error.fault, self._clock.now())

    def _act(self, action: Action) -> Reply:
        backend = self._backend
        match action:
            case Create(request):
                return Seen(backend.create(request), self._clock.now())
            case Retrieve(ref):
                return Seen(backend.retrieve(ref), self._clock.now())
            case SubmitOutputs(ref, outputs):
                return Seen(backend.submit(ref, outputs), self._clock.now())
            case Cancel(ref):
                return Seen(backend.cancel(ref), self._clock.now())
            case FetchMessages(ref):
                return Fetched(backend.messages(ref), self._clock.now())
            case Wait(delay_s):
                self._alarm.wait(delay_s)
                return Waited(self._clock.now())
            case RunTools():
                return ToolsRan(self._run_tools(action), self._clock.now())
            case Done():
                raise AssertionError("Done is nothing to do")
            case _:
                assert_never(action)

    def _run_tools(self, action: RunTools) -> tuple[ToolOutput, ...]:
        alarm, limit_s = self._alarm, self.core.policy.tool_timeout_s
        tools = ToolRound(self._tools, action, timeout_s=limit_s, now=self._clock.now())
        workers = [(job, self._clock.participant(beside=True)) for job in tools.jobs]
        try:
            for job, participant in workers:
                toolthread.start(job, alarm.ring, participant)
            while (wait_s := tools.wait_s(self._clock.now())) is not None:
                if self._cancel_asked.is_set():
                    tools.abandon()
                else:
                    alarm.wait(wait_s)
        finally:
            for _, participant in workers:
                participant.leave()  # nobody waits any more for what has not come
        # Late rings of this round must not end a later wait.
        self._alarm = self._clock.alarm()
        return tools.outputs
