"""One storm, driven by threads or by tasks, through the direct port or the SDK.

A stage listens in at the service, and knows what truly happened there: `stormjudge.py` asks it.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final

from driving import WatchfulClock
from runfsm import (
    AssistantsBackend,
    AsyncRunDriver,
    Outcome,
    RunDriver,
    RunEvent,
    RunRequest,
    RunStatus,
)
from runfsm.driver.live import LiveItem, TextDelta
from runfsm.errors import BackendError, CallerError, Fault, IllegalTransition, RunfsmError
from runfsm.lifecycle.snapshot import METADATA_KEY
from runfsm_simulator import Simulator
from runfsm_simulator.world.models import Run, Thread
from runfsm_simulator.world.refusals import Refusal
from storms import Act, Case, Plan
from stormstory import Call, Story, TrueRun
from stormtools import IN_USE, TOOLS, Use

__all__ = ["BEFORE", "QUESTION", "Stage"]

#: What the user says, with the run and before it.
QUESTION: Final = "How is it?"
BEFORE: Final = "The report is attached."

#: The calls of a backend that the direct port has.
VERBS: Final = (
    "create_thread",
    "runs",
    "create",
    "retrieve",
    "submit",
    "cancel",
    "messages",
    "add_message",
    "find_message",
)


class Stage:
    """A world in a storm, and a driver in it.

    Attributes:
        case: what is played.
        clock: virtual time; it notices a driver that goes in a circle.
        simulator: the service.
        thread_id: the thread that was there before, if one was.
        calls: every call of the service so far.
        called: how often each tool was called for each number.
        sent_again: ids of calls whose outputs were sent once more, though they had been taken.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.plan = plan = self._planned(case.plan)
        self.clock = WatchfulClock()
        self.simulator = Simulator(plan.script, clock=self.clock, seed=case.seed, storm=plan.storm)
        self.assistant_id = self.simulator.create_assistant()
        self.thread_id = self._make_thread() if plan.has_thread else None
        self.started_at = self.clock.now()
        self.calls: list[Call] = []
        self.called: Counter[tuple[str, int]] = Counter()
        self._use = Use(self.clock, self.called)
        self.sent_again: list[str] = []
        self.driver: Any = None
        self._sent: set[str] = set()
        self._threads = {*threading.enumerate()}
        self._watch: Any = None
        self._message_id: str | None = None
        self._outcome: Outcome | None = None
        self._before = 0
        self._told = ""
        self._leaves = False
        self._listen_in()

    def _planned(self, plan: Plan) -> Plan:
        """What of a plan can be on this wire."""
        return plan

    def _make_thread(self) -> str:
        return self.simulator.create_thread()

    def backend(self, *, awaited: bool) -> Any:
        """What the driver drives."""
        simulator = self.simulator
        if self.plan.streams:
            client: Any = simulator.async_client() if awaited else simulator.client()
            return AssistantsBackend(client)
        return simulator.async_backend if awaited else simulator.backend

    def _listen_in(self) -> None:
        backend = self.simulator.backend  # which answers for the async one, too
        for verb in VERBS:
            setattr(backend, verb, partial(self._asked, verb, getattr(backend, verb)))
        self.simulator._door = partial(self._requested, self.simulator._door)

    # Driving -------------------------------------------------------------------------------------

    @property
    def request(self) -> RunRequest:
        """What to run."""
        said = QUESTION if self.plan.says else None
        return RunRequest(self.assistant_id, said, self.thread_id, key=self.case.key)

    def drive(self) -> Story:
        """Drive by threads."""
        IN_USE.set(self._use)
        policy, streams = self.plan.policy, self.plan.streams
        backend = self.backend(awaited=False)
        self.driver = RunDriver(backend, TOOLS, policy=policy, clock=self.clock)
        try:
            if self.plan.adds_message and self.thread_id:
                self._message_id = self.driver.add_message(
                    self.thread_id, BEFORE, key=f"{self.case.key} before"
                )
            self._before = len(self.calls)
            self._watch = (self.driver.stream if streams else self.driver.watch)(self.request)
            with self._watch:
                for item in self._watch:
                    self._hear(item)
                    if self._leaves:
                        break
                else:
                    self._outcome = self._watch.outcome
        except RunfsmError as error:
            return self._story(error)
        return self._story()

    async def drive_async(self) -> Story:
        """Drive by tasks: the same."""
        IN_USE.set(self._use)
        policy, streams = self.plan.policy, self.plan.streams
        backend = self.backend(awaited=True)
        self.driver = AsyncRunDriver(backend, TOOLS, policy=policy, clock=self.clock)
        try:
            if self.plan.adds_message and self.thread_id:
                self._message_id = await self.driver.add_message(
                    self.thread_id, BEFORE, key=f"{self.case.key} before"
                )
            self._before = len(self.calls)
            self._watch = (self.driver.stream if streams else self.driver.watch)(self.request)
            async with self._watch:
                async for item in self._watch:
                    self._hear(item)
                    if self._leaves:
                        break
                else:
                    self._outcome = self._watch.outcome
        except RunfsmError as error:
            return self._story(error)
        return self._story()

    def _story(self, raised: RunfsmError | None = None) -> Story:
        core = self._watch.core if self._watch else None
        error = raised or (core and core.error)
        told = error and (type(error), str(error), getattr(error, "fault", None))
        return Story(
            outcome=self._outcome,
            error=told,
            has_left=core is not None and raised is None and self._outcome is None,
            told=self._told,
            message_id=self._message_id,
            journal=tuple(core.journal) if core else getattr(error, "journal", ()),
            cancel_reason=core and core.cancel_reason,
            finished_at=self.clock.now(),
            calls=tuple(self.calls),
            before=self._before,
        )

    def _hear(self, item: LiveItem) -> None:
        if isinstance(item, TextDelta):
            self._told += item.text

    # Listening in --------------------------------------------------------------------------------

    def _asked(self, verb: str, answer: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """A call by the direct port."""
        self._act()
        if verb == "submit":
            self._hear_outputs([output.call_id for output in args[1]])
        at, fault = self.clock.now(), None
        try:
            return answer(*args, **kwargs)
        except BackendError as error:
            fault = error.fault.kind
            raise
        finally:
            self.calls.append(Call(at, verb, fault))

    def _requested(self, answer: Callable[[Any], Any], request: Any) -> Any:
        """A request of the SDK."""
        self._act()
        self._hear_request(request)
        self.calls.append(Call(self.clock.now(), f"{request.method} {request.path}"))
        return answer(request)

    def _hear_request(self, request: Any) -> None:
        if request.path.endswith("/submit_tool_outputs"):
            body = json.loads(request.body)
            self._hear_outputs([output["tool_call_id"] for output in body["tool_outputs"]])

    def _hear_outputs(self, call_ids: list[str]) -> None:
        with self.simulator.world.operation():
            taken = {call_id for run in self.ours for call_id in run.accepted}
        self.sent_again += [call_id for call_id in call_ids if call_id in self._sent & taken]
        self._sent |= {*call_ids}

    def _act(self) -> None:
        """What somebody does just before this call."""
        if self.calls and self.calls[-1].at < self.clock.now():
            self.clock.looks = 0  # time goes on: it is no circle
        act = self.plan.acts.get(len(self.calls))
        if act == "cancel":
            self.driver.cancel()
        elif act == "leave":
            self._leaves = True
        elif act is not None:
            with (
                suppress(IllegalTransition, CallerError, Refusal),
                self.simulator.world.operation(),  # what it looks at is of now
            ):
                self._act_elsewhere(act)

    def _act_elsewhere(self, act: Act) -> None:
        """Another client does it, on the same thread."""
        thread = self.thread
        if thread is None:
            return
        if act == "foreign_run":
            self.simulator.world.create_run(thread.id, self.assistant_id)
        elif act == "foreign_message":
            self.simulator.add_message(thread.id, "And I say this.")
        elif thread.runs:
            self.simulator.world.fire([*thread.runs][-1], RunEvent(act))

    # What truly happened -------------------------------------------------------------------------

    @property
    def thread(self) -> Thread | None:
        """The newest thread."""
        return next(reversed(self.simulator.world.store.threads.values()), None)

    def holder(self) -> str | None:
        """The id of the run that holds the thread now."""
        holder = self.thread and self.thread.holder(self.clock.now())
        return holder.id if holder else None

    def justifies(self, _: Fault) -> bool:
        """Whether something on this wire alone justifies a fault."""
        return False

    def names_of(self, holder: str) -> set[str | None]:
        """What an error may call a holder."""
        return {holder}

    @property
    def ours(self) -> list[TrueRun]:
        """The runs of our key, on whatever thread."""
        runs = self.simulator.world.store.runs.values()
        return [_truth(run) for run in runs if run.metadata.get(METADATA_KEY) == self.case.key]

    @property
    def is_mistakable(self) -> bool:
        """Whether nobody can tell another client's run from ours, which is not there."""
        return False

    @property
    def steered(self) -> int:
        """How often another client's run was told what ours says; never, where there is a lock."""
        return 0

    @property
    def expires_at(self) -> list[float]:
        """When the driver must end a run because its time is over; the service does that here."""
        return []

    def true_of(self, status: RunStatus) -> set[RunStatus]:
        """What a run is, to the service, that an outcome calls this."""
        return {status}

    def told_to_cancel(self, run: TrueRun) -> bool:
        """Whether the service has heard of a cancel."""
        taken = {(it.run_id, it.event) for it in self.simulator.trace}
        return (run.id, RunEvent.CANCEL) in taken

    def poison(self) -> Iterator[str]:
        """What is left on the thread that keeps others from it; nothing on this wire."""
        yield from ()

    @property
    def heals_at(self) -> float:
        """From when on nothing strikes any more, Unix seconds."""
        return self.started_at + (self.plan.storm.heal_after_s or 0.0)

    def texts(self) -> Counter[str]:
        """How often each text was said, on all threads."""
        threads = self.simulator.world.store.threads.values()
        return Counter(message.text for thread in threads for message in thread.messages.values())

    def leftovers(self) -> list[threading.Thread]:
        """The threads that do not end, though the drive has."""
        # The SDK has some workers that stay, for all clients together.
        new = [
            one
            for one in threading.enumerate()
            if one not in self._threads and not one.name.startswith(("Trio thread", "AnyIO"))
        ]
        for thread in new:
            thread.join(timeout=5)
        return [thread for thread in new if thread.is_alive()]


def _truth(run: Run) -> TrueRun:
    messages = run.thread.messages.values()
    return TrueRun(
        id=run.id,
        status=run.status,
        calls=[
            # One may stand there twice.
            (call.name, call.arguments)
            for step in run.steps.values()
            for call in {call.call_id: call for call in step.calls}.values()
        ],
        accepted=[call_id for step in run.steps.values() for call_id in step.outputs],
        wrote="\n".join(it.text for it in messages if it.run_id == run.id),
    )
