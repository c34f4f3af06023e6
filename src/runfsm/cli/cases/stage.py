"""Where a case is played: one simulated service, the clients on it, what can be seen of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import count, pairwise
from typing import Any, Final, TypeVar

from runfsm.cli.cases.books import TrueRun, books_of
from runfsm.cli.cases.case import expect
from runfsm.cli.cases.road import Ask, Road
from runfsm.cli.cases.tap import Tap
from runfsm.driver.journal import FaultMet, ToolAnswered
from runfsm.driver.live import LiveItem
from runfsm.driver.outcome import Outcome
from runfsm.driver.policy import Policy
from runfsm.driver.request import RunRequest
from runfsm.errors import BackendError, FaultKind
from runfsm.lifecycle.journal import Transition
from runfsm.lifecycle.run import RunEvent, RunStatus
from runfsm.lifecycle.wires import WIRES
from runfsm_simulator import ArmedFault, Simulator, Storm
from runfsm_simulator.world.script import Planner, Script, call, hang, say

__all__ = [
    "HANGING",
    "HELPFUL",
    "Stage",
    "cancel_at",
    "entered",
    "faults",
    "leave_at",
    "tool_errors",
]

ErrorT = TypeVar("ErrorT", bound=BaseException)

HELLO: Final = "Hello!"

#: One call, and the answer.
HELPFUL: Final = Script.of(
    call("look_up", queue_s=1, work_s=2), say("42.", queue_s=1, work_s=2), cancel_s=1
)
HANGING: Final = Script.of(hang(queue_s=1), cancel_s=1)

#: Where each call goes over each wire. What is not there, sends nothing.
PATHS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "assistants": {
        "create_thread": ("POST", "/v1/threads"),
        "create": ("POST", "/v1/threads/*/runs"),
        "retrieve": ("GET", "/v1/threads/*/runs/*"),
        "submit": ("POST", "/v1/threads/*/submit_tool_outputs"),
        "cancel": ("POST", "/v1/threads/*/cancel"),
        "messages": ("GET", "/v1/threads/*/messages"),
        "add_message": ("POST", "/v1/threads/*/messages"),
    },
    "responses": {
        "create_thread": ("POST", "/v1/conversations"),
        "create": ("POST", "/v1/responses"),
        "retrieve": ("GET", "/v1/responses/*"),
        "submit": ("POST", "/v1/responses"),
        "cancel": ("POST", "/v1/responses/*/cancel"),
        "messages": ("GET", "/v1/responses/*"),
        "add_message": ("POST", "/v1/conversations/*/items"),
    },
    "agents": {
        "create": ("POST", "/v1/agents/sessions*"),
        "retrieve": ("GET", "/v1/agents/sessions/*/turns/*"),
        "submit": ("POST", "/v1/agents/sessions/*/events"),
        "cancel": ("POST", "/v1/agents/sessions/*/events"),
        "messages": ("GET", "/v1/agents/sessions/*/items"),
    },
}


class Stage:
    """A simulated service that plays a script, and clients that come by one road.

    Args:
        road: by which.
        script: what the simulated assistant does.
        storm: what goes wrong by itself.

    Attributes:
        simulator: the service.
        clock: its clock, on which everybody waits.
        tap: between the clients and the service.
        wire: what is spoken, as its table has it.
        called: the names of the tools that were called, oldest first.
    """

    def __init__(self, road: Road, script: Planner, *, storm: Storm | None = None) -> None:
        self.simulator = Simulator(script)
        self.clock = self.simulator.clock
        self.assistant_id = self.simulator.create_assistant()
        self.tap = Tap(self.clock.now)
        self.wire = WIRES[road.wire]
        self.called: list[str] = []
        self._road = road
        self._books = books_of(self.simulator, road.wire)
        self._backend = self.tap.on(road.backend(self.simulator))
        self._began_at = self.clock.now()
        self._asked_at = self._began_at
        self._numbers = count(1)
        if storm:
            self.simulator.control.storm = storm

    # What clients do.

    def ask(self, message: str = HELLO, *, thread_id: str | None = None, **wishes: Any) -> Ask:
        """A run to be driven; `wishes` are further fields of `Ask`."""
        # By its key, its back-off has the same jitter each time.
        key = f"case-{next(self._numbers)}"
        request = RunRequest(self.assistant_id, message, thread_id, key=key)
        return Ask(request=request, **wishes)

    def together(self, *asks: Ask) -> list[Outcome | BaseException]:
        """Drive these at once; how each of them ended, or what it raised."""
        self._asked_at = self.clock.now()
        return self._road.drive(self._backend, self.clock, asks)

    def drive(self, message: str = HELLO, **wishes: Any) -> Outcome:
        """Drive one run to its end; `wishes` as for `ask`.

        Raises:
            BaseException: what the driver raises, or what `on_item` does.
        """
        (came,) = self.together(self.ask(message, **wishes))
        if isinstance(came, BaseException):
            raise came
        return came

    def listen(self, message: str = HELLO, **wishes: Any) -> tuple[list[LiveItem], Outcome]:
        """The same, by its stream; and all that was heard."""
        heard: list[LiveItem] = []
        outcome = self.drive(
            message, streams=True, on_item=lambda _, item: heard.append(item), **wishes
        )
        return heard, outcome

    def raised(self, kind: type[ErrorT], **wishes: Any) -> ErrorT:
        """The error that driving a run ends with; it must be one of this kind."""
        (came,) = self.together(self.ask(**wishes))
        if not isinstance(came, kind):
            expect("what the drive comes to", kind.__name__, type(came).__name__)
        error: ErrorT = came  # type: ignore[assignment]  # as was just made sure of
        return error

    def add_message(self, thread_id: str, text: str, policy: Policy | None = None) -> str:
        """Add a message by a driver; its id."""
        return self._road.add_message(
            self._backend, self.clock, thread_id, text, policy or Policy()
        )

    def tool(
        self, name: str = "look_up", *, takes_s: float = 0.0, answer: str = "42"
    ) -> Callable[[], str]:
        """A tool that takes so many seconds, and is noted when it is called."""

        def work() -> str:
            self.called.append(name)
            self.clock.sleep(takes_s)
            return answer

        work.__name__ = name
        return work

    # What others do.

    def thread(self) -> str:
        """A new, empty thread."""
        return self._books.new_thread()

    def foreign_run(self, thread_id: str, status: RunStatus = RunStatus.QUEUED) -> str:
        """Another client's run on this thread; its id. It plays the same script."""
        return self._books.foreign_run(thread_id, status, self.assistant_id)

    def fire(self, event: RunEvent) -> None:
        """Let this happen to the newest run, by whoever's hand."""
        self.simulator.control.fire(self.runs[-1].id, event)

    def arm(self, verb: str, *, times: int = 1, **fault: Any) -> None:
        """Let the next calls of this kind go wrong on the wire: see `ArmedFault`."""
        method, path = PATHS[self.wire.name][verb]
        for _ in range(times):
            self.simulator.control.faults.arm(ArmedFault(method=method, path=path, **fault))

    def sending(self, *verbs: str) -> tuple[str, ...]:
        """Those of these calls that send something on this wire."""
        return tuple(verb for verb in verbs if verb in PATHS[self.wire.name])

    # What is to be seen.

    @property
    def took_s(self) -> float:
        """Seconds of virtual time, from the beginning."""
        return float(self.clock.now() - self._began_at)

    def waited_s(self, outcome: Outcome) -> float:
        """Seconds from when this run, the latest, was asked for until it was on its thread."""
        return float(self.run(outcome).created_at - self._asked_at)

    def run(self, outcome: Outcome) -> TrueRun:
        """The run as the service has it."""
        ref, key = outcome.ref, outcome.snapshot.key
        return next(run for run in self.runs if ref.names(run.id) or (key and run.key == key))

    @property
    def runs(self) -> list[TrueRun]:
        """All runs, oldest first."""
        return self._books.runs

    def left_by(self, status: RunStatus, text: str) -> str:
        """What one still has of a text that was begun, when a run has ended so."""
        return text if status in self.wire.unfinished.value else ""

    def cut(self, reason: str) -> str:
        """A reason for which answers are cut short; or, where there is no such one, the nearest."""
        reasons = self.wire.incomplete_reasons.value
        return reason if reason in reasons else "max_output_tokens"

    def sent(self, verb: str) -> int:
        """How many calls of this kind were sent."""
        return sum(sent.verb == verb for sent in self.tap.sent)

    @property
    def shortest_wait_s(self) -> float:
        """The shortest time between two looks at a run."""
        looks = [sent.at for sent in self.tap.sent if sent.verb == "retrieve"]
        return min((later - earlier for earlier, later in pairwise(looks)), default=0.0)

    def said(self, thread_id: str, role: str = "user") -> list[str]:
        """The texts on a thread, by role."""
        return self._books.said(thread_id, role)

    def holder(self, thread_id: str) -> str | None:
        """The run that holds a thread."""
        return self._books.holder(thread_id)

    def check(self, outcome: Outcome, status: RunStatus) -> None:
        """An honest end: told as it is, nothing twice, and the thread is free."""
        thread_id = outcome.ref.thread_id
        run = self.run(outcome)
        twice = [text for text, times in Counter(self.said(thread_id)).items() if times > 1]
        answered = [step.call_id for step in outcome.journal if isinstance(step, ToolAnswered)]
        expect("how the run ended", status, outcome.status)
        expect("what the service says of it", self._told(status), run.status)
        expect("messages that stand twice", [], twice)
        expect("runs of one key", 1, self._count_of_key(run))
        expect("calls that were answered twice", len(set(answered)), len(answered))
        expect("who holds the thread", None, self.holder(thread_id))

    def _told(self, status: RunStatus) -> RunStatus:
        """What the service calls it: where it lets nothing expire, that was a cancel of ours."""
        is_own = status is RunStatus.EXPIRED and self.wire.expiry.value is None
        return RunStatus.CANCELLED if is_own else status

    def _count_of_key(self, run: TrueRun) -> int:
        return sum(other.key == run.key for other in self.runs) if run.key else 1


def entered(item: LiveItem, status: RunStatus) -> bool:
    """Whether this step enters a status."""
    return isinstance(item, Transition) and item.edge.dest is status


def cancel_at(status: RunStatus) -> Callable[[Any, LiveItem], None]:
    """For `on_item`: ask to cancel as soon as the run enters this status."""

    def cancel(watch: Any, item: LiveItem) -> None:
        if entered(item, status):
            watch.cancel()

    return cancel


def leave_at(status: RunStatus, why: BaseException) -> Callable[[Any, LiveItem], None]:
    """For `on_item`: leave the `with` block by this, as soon as the run enters this status."""

    def leave(_: object, item: LiveItem) -> None:
        if entered(item, status):
            raise why

    return leave


def tool_errors(outcome: Outcome) -> Mapping[str, str | None]:
    """What each tool's output tells of: a kind of failure, or none."""
    steps = (step for step in outcome.journal if isinstance(step, ToolAnswered))
    return {step.name: step.error for step in steps}


def faults(outcome: Outcome | BackendError, kind: FaultKind) -> int:
    """How many faults of a kind a drive has met."""
    return sum(isinstance(step, FaultMet) and step.fault is kind for step in outcome.journal)
