"""What a core asks for, done by a thread. Its mirror is `aiohands.py`, function by function.

Nothing is decided here.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Generator
from typing import ParamSpec, TypeVar, assert_never

from runfsm.backends.base import Backend, Capabilities, StreamingBackend
from runfsm.driver import toolthread
from runfsm.driver.actions import (
    Action,
    AddMessage,
    Cancel,
    Create,
    CreateThread,
    Done,
    Driving,
    Entering,
    FetchMessages,
    FindMessage,
    Listen,
    ListRuns,
    Retrieve,
    RunTools,
    Sleep,
    SubmitOutputs,
    TakeKey,
    TakeTurn,
)
from runfsm.driver.forked import check_process
from runfsm.driver.lines import Ticket, key_line, line_is_full
from runfsm.driver.live import OPENING_MAX, SILENCE_S, StreamEvent, never_shown
from runfsm.driver.reentry import Calling, check_no_reentry, noted
from runfsm.driver.replies import (
    Added,
    Faulted,
    Fetched,
    Heard,
    KeyTaken,
    Listed,
    Reply,
    Seen,
    Silent,
    Slept,
    ThreadMade,
    ToolsRan,
    TurnTaken,
)
from runfsm.driver.request import ToolOutput
from runfsm.driver.shared import Shared
from runfsm.driver.streamthread import StreamThread
from runfsm.driver.toolround import ToolJob, ToolRound
from runfsm.errors import BackendError
from runfsm.lifecycle.snapshot import RunRef, RunSnapshot
from runfsm.tools import Toolset

__all__ = ["Hands"]

P = ParamSpec("P")
T = TypeVar("T")


class Hands:
    """Who does what the core of one run asks for.

    Args:
        backend: the service.
        tools: what may be called.
        shared: what all runs of the driver share.
        tool_timeout_s: for tools that have no limit of their own.
        ticket: a place in the thread's line that somebody else holds for us, and will leave.

    Attributes:
        trouble: the latest error of the backend, to tell the cause of the core's.
        backend: the service.
        ticket: the place in a thread's line, once there is one.
    """

    def __init__(
        self,
        backend: Backend,
        tools: Toolset,
        shared: Shared,
        *,
        tool_timeout_s: float | None = None,
        ticket: Ticket | None = None,
    ) -> None:
        self.trouble: BackendError | None = None
        self.backend = backend
        self._tools = tools
        self._clock = shared.clock
        self._lines = shared.lines
        self._cap = shared.cap
        self._tool_timeout_s = tool_timeout_s
        self.ticket = ticket
        self._thread_ids: set[str | None] = set()  # the names of the thread, as it was asked for
        self._key_ticket: Ticket | None = None  # of an idempotent request
        self._is_guest = ticket is not None
        self._alarm = shared.clock.alarm()
        self._interrupted = threading.Event()
        self._is_heeded = False  # by the core, which has other waits from then on
        self._stream: StreamThread | None = None
        self._heard: deque[StreamEvent] = deque()  # before the run was shown

    @property
    def is_interrupted(self) -> bool:
        """Whether the app asked to stop waiting."""
        return self._interrupted.is_set()

    def begin(self, thread_id: str | None) -> None:
        """Note which thread is asked for.

        Raises:
            CallerError: a tool asks for the thread that its own run holds; or the client was used
                before a fork of this process.
        """
        check_process(self.backend)
        check_no_reentry(self.backend, thread_id)
        self._thread_ids.add(thread_id)

    def interrupt(self) -> None:
        """Wait no longer, now and later. Any thread may ask."""
        if not self.is_interrupted:  # who says it at every step ends one wait, too
            self._interrupted.set()
            self._alarm.ring()

    def heed(self) -> bool:
        """Whether the app asked to stop waiting; whoever asks that tells the core."""
        if self.is_interrupted and not self._is_heeded:
            self._is_heeded = True
            self._renew_alarm()  # its ring is heard, and is not for a wait after the cancel
        return self._is_heeded

    def wake(self) -> None:
        """Sleep no longer, this once. Any thread may ask."""
        self._alarm.ring()

    def close(self) -> None:
        """Let go of the stream, and of the place in the line."""
        self._hush()
        if self.ticket and not self._is_guest:
            self.ticket.leave()
        if self._key_ticket:
            self._key_ticket.leave()

    def perform(self, action: Action) -> Reply:
        """Do it, and say what came of it.

        Raises:
            CallerError: the client was used before a fork of this process.
        """
        check_process(self.backend)
        try:
            return self._act(action)
        except BackendError as error:
            self.trouble = error
            return Faulted(error.fault, self._clock.now())

    def _act(self, action: Action) -> Reply:
        if isinstance(action, Entering):
            return self._enter(action)
        if not isinstance(action, Listen):
            self._hush()  # what it had to tell of this leg, it has told
        return self._drive(action)

    def _enter(self, action: Entering) -> Reply:
        backend, now = self.backend, self._clock.now
        if self.ticket and self._is_guest:
            self.ticket.check()  # a session that is over has nothing to lend
        match action:
            case CreateThread():
                thread_id = self._ask(backend.create_thread)
                return ThreadMade(thread_id, now(), is_there=Capabilities.of(backend).makes_threads)
            case TakeKey(key, timeout_s):
                return self._take_key(key, timeout_s)
            case TakeTurn():
                return self._take_turn(action)
            case ListRuns(thread_id):
                runs = self._ask(backend.runs, thread_id)
                return Listed(runs, now(), is_whole=Capabilities.of(backend).can_list)
            case Create(request, stream):
                if stream and isinstance(backend, StreamingBackend):
                    return Seen(self._open(backend.stream_create, request), now())
                return Seen(self._ask(backend.create, request), now())
            case AddMessage(thread_id, content, key):
                return Added(self._ask(backend.add_message, thread_id, content, key=key), now())
            case FindMessage(thread_id, key):
                return Added(self._ask(backend.find_message, thread_id, key), now())
            case _:
                assert_never(action)

    def _drive(self, action: Driving) -> Reply:
        backend, now = self.backend, self._clock.now
        match action:
            case Sleep(delay_s):
                self._alarm.wait(delay_s)
                return Slept(now())
            case Listen(_, timeout_s):
                event = self._next_event(timeout_s)
                return Silent(now()) if event is None else Heard(event, now())
            case Retrieve(ref):
                return Seen(self._ask(backend.retrieve, ref), now())
            case RunTools():
                return ToolsRan(self._run_tools(action), now())
            case SubmitOutputs(ref, outputs, stream):
                if stream and isinstance(backend, StreamingBackend):
                    return Seen(self._open(backend.stream_submit, ref, outputs), now())
                return Seen(self._ask(backend.submit, ref, outputs), now())
            case Cancel(ref):
                return Seen(self._ask(backend.cancel, ref), now())
            case FetchMessages(ref):
                return Fetched(self._ask(backend.messages, ref), now())
            case Done():
                raise AssertionError("Done is nothing to do")
            case _:
                assert_never(action)

    def _ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One request, as soon as the cap allows it."""
        self._wait_for_cap()
        return call(*args, **kwargs)

    def _wait_for_cap(self) -> None:
        if self._cap and (delay_s := self._cap.reserve(self._clock.now())):
            alarm = self._clock.alarm()  # nobody rings it: the cap holds for all
            alarm.wait(delay_s)

    # Lines ---------------------------------------------------------------------------------------

    def _take_turn(self, action: TakeTurn) -> Reply:
        if self.ticket is None:
            self.ticket = self._lines.join(
                action.thread_id,
                self._alarm.ring,
                waiting_max=action.waiting_max,
                owner=threading.get_ident(),
            )
        if self.ticket is None:
            raise line_is_full(action)
        is_first = self._is_first(self.ticket, action.timeout_s)
        return TurnTaken(self._clock.now()) if is_first else Slept(self._clock.now())

    def _is_first(self, ticket: Ticket, timeout_s: float) -> bool:
        """Wait for the turn; return whether it has come."""
        ends_at = self._clock.now() + timeout_s
        while not ticket.is_first:
            left_s = ends_at - self._clock.now()
            if left_s <= 0 or self.is_interrupted:
                return False
            self._alarm.wait(left_s)
        return True

    def _take_key(self, key: str, timeout_s: float) -> Reply:
        if self._key_ticket is None:
            self._key_ticket = self._lines.join(
                key_line(key),
                self._alarm.ring,
                waiting_max=sys.maxsize,
                owner=threading.get_ident(),
            )
        if self._key_ticket is None or not self._is_first(self._key_ticket, timeout_s):
            return Slept(self._clock.now())
        ref = self._lines.made(key)
        if ref is None:
            return KeyTaken(None, self._clock.now())
        run = self._ask(self.backend.retrieve, ref)
        return KeyTaken(self._lines.as_it_ended(key, run), self._clock.now())

    def remember(self, key: str | None, ref: RunRef, *, has_expired: bool) -> None:
        """Keep which run the key has made, if it was taken."""
        if self._key_ticket is not None and key is not None:
            self._lines.remember(key, ref, has_expired=has_expired)

    # Streams -------------------------------------------------------------------------------------

    def _open(
        self, call: Callable[P, Generator[StreamEvent, None, None]], *args: P.args, **kw: P.kwargs
    ) -> RunSnapshot:
        """Open a stream, and read on until it shows the run.

        As any other call it is waited for, even if the app asks to cancel: cancel what?
        """
        self._wait_for_cap()
        self._stream = StreamThread(call(*args, **kw), self._clock, self._alarm)
        while (event := self._read(SILENCE_S, patient=True)) is not None:
            if isinstance(event, RunSnapshot):
                return event
            self._heard.append(event)
            if len(self._heard) > OPENING_MAX:
                break
        self._hush()
        raise never_shown()

    def _next_event(self, timeout_s: float) -> StreamEvent | None:
        return self._heard.popleft() if self._heard else self._read(timeout_s)

    def _read(self, timeout_s: float, *, patient: bool = False) -> StreamEvent | None:
        """The next event; `None` if the stream is over, or was given up."""
        event = None
        try:
            if self._stream is not None:
                event = self._stream.next(timeout_s, lambda: self.is_interrupted and not patient)
        finally:
            if event is None:
                self._hush()
        return event

    def _hush(self) -> None:
        """Listen no more. The run goes on."""
        self._heard.clear()
        if self._stream is not None:
            self._stream.close()
            self._stream = None
            self._renew_alarm()

    def _renew_alarm(self) -> None:
        """A late ring must not end a later wait; that of an interrupt must, until it is heeded."""
        self._alarm = self._clock.alarm()
        if self.is_interrupted and not self._is_heeded:
            self._alarm.ring()

    # Tools ---------------------------------------------------------------------------------------

    def _run_tools(self, action: RunTools) -> tuple[ToolOutput, ...]:
        alarm, limit_s = self._alarm, self._tool_timeout_s
        tools = ToolRound(self._tools, action, timeout_s=limit_s, now=self._clock.now())
        workers = [(job, self._clock.participant(beside=True)) for job in tools.jobs]
        try:
            for job, participant in workers:
                with noted(self._calling(job, action.ref)):
                    toolthread.start(job, alarm.ring, participant)
            while (wait_s := tools.wait_s(self._clock.now())) is not None:
                if self.is_interrupted:
                    tools.abandon()
                elif tools.is_look_due(self._clock.now()):
                    self._look_in(tools, action.ref)
                else:
                    alarm.wait(wait_s)
        finally:
            for _, participant in workers:
                participant.leave()  # nobody waits any more for what has not come
        self._renew_alarm()
        return tools.outputs

    def _calling(self, job: ToolJob, ref: RunRef) -> Calling:
        return Calling.of(self.backend, {ref.thread_id, *self._thread_ids}, job)

    def _look_in(self, tools: ToolRound, ref: RunRef) -> None:
        """Whether the run still wants what the tools work for. If it cannot be seen, it does."""
        try:
            tools.see(self._ask(self.backend.retrieve, ref))
        except BackendError as error:
            self.trouble = error
