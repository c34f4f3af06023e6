"""How runs, responses and turns move: in time, by themselves, and by a hand.

Rule 1: one method takes an edge of any of them, whoever wants it: `Engine.take`. It asks the table
first, so a refused event changes nothing. Below, a run stands for all three.

Rule 2: the engine never sleeps and owns no thread. It keeps an agenda, and `catch_up` performs
what has come due since the last time, in order, each entry stamped with its own time. So what one
sees does not depend on when one looks, and any clock will do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, Protocol

from runfsm.lifecycle import Edge, RunEvent, RunStatus
from runfsm_simulator.world import effects
from runfsm_simulator.world.agenda import GROW, OPEN_OUTPUT, Agenda, Entry, Moment
from runfsm_simulator.world.caps import within_caps
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.happenings import Happenings, RunMoved
from runfsm_simulator.world.latency import Latency, drawn_s
from runfsm_simulator.world.models import Run, Work
from runfsm_simulator.world.output import Output
from runfsm_simulator.world.post import Post
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.switches import DOCUMENTED, Switches
from runfsm_simulator.world.trace import TraceEntry
from runfsm_simulator.world.weather import Weather
from runfsm_simulator.world.witness import WITNESSES

__all__ = ["CancelDelay", "Engine", "RunEdge", "WorldClock"]

RunEdge = Edge[Any, RunEvent]
CancelDelay = Latency | Literal["never"] | None

# Seconds, where the script leaves them open. Recorded: picked up after 1-4 s, answered 2-3 s
# later, and cancelled "within seconds".
QUEUE_S: Final = (0.5, 2.0)
WORK_S: Final = (1.0, 3.0)
CANCEL_S: Final = (0.5, 2.0)

#: After which time another client cancels a run, in a storm. Most runs are at work by then.
FOREIGN_CANCEL_S: Final = (0.0, 10.0)

TRACE_LENGTH: Final = 10_000

CALM: Final = Storm()

#: The switch that says how a cancel is answered, by where it finds the run.
CANCELS_FROM: Final[Mapping[Any, str]] = {
    RunStatus.QUEUED: "cancel_from_queued",
    RunStatus.REQUIRES_ACTION: "cancel_from_requires_action",
}


NOBODY: Final[Mapping[str, Collection[str]]] = {}


class WorldClock(Protocol):
    """All that the world wants of a clock."""

    def now(self) -> float:
        """Unix time in seconds."""


class Engine:
    """Runs, responses and turns, and the agenda of what becomes of them.

    Args:
        runs: every one that exists, by its id. A run that has left it does not move any more.
        clock: what time it is.
        chooser: asked for every latency and id that the script leaves open.
        receivers: who in the outside wants to be told of which events.

    Attributes:
        now: the time of the latest thing that happened (Unix seconds). Never goes back.
        trace: the latest edges that were taken, oldest first.
        taken: how many edges were taken, also those that the trace has forgotten.
        happenings: who is told of what happens to a run.
        post: what the outside is told of it.
        cancel_s: seconds until a cancel is honoured, `"never"`, or `None` to draw them each time.
        weather: asked what a storm does to a run.
        switches: which way it goes where nobody recorded any.
    """

    def __init__(
        self,
        runs: Mapping[str, Work],
        *,
        clock: WorldClock,
        chooser: Chooser,
        receivers: Mapping[str, Collection[str]] = NOBODY,
    ) -> None:
        self.now = clock.now()
        self.trace: deque[TraceEntry] = deque(maxlen=TRACE_LENGTH)
        self.taken = 0
        self.cancel_s: CancelDelay = None
        self._runs = runs
        self._clock = clock
        self._chooser = chooser
        self.happenings = Happenings()
        self.post = Post(chooser, receivers)
        self._output = Output(chooser, self.happenings)
        self._agenda = Agenda()
        self.weather = Weather(CALM, chooser, since=self.now)
        self.switches = DOCUMENTED

    def enter(self, run: Work) -> None:
        """A run has been created: note it, and plan its start and its expiry."""
        self.next_due()  # what is void by now goes, so that the agenda does not only grow
        if run.expires_at is not None:
            self._agenda.put(run.expires_at, run.id, RunEvent.EXPIRE, plan=None)
        if self.strikes("foreign_cancel", run):
            moment = self.now + self.weather.between("foreign_cancel:after_s", *FOREIGN_CANCEL_S)
            self._agenda.put(moment, run.id, RunEvent.CANCEL, plan=None)
        self._took(run, run.lifecycle.next(None, RunEvent.CREATE))

    def take(self, run: Work, event: RunEvent) -> RunEdge:
        """Make `event` happen to `run`, now.

        Raises:
            IllegalTransition: the lifecycle does not allow it. Nothing has changed.
        """
        edge = run.lifecycle.next(run.status, event)
        switches = self._switches(run)
        self._output.follow(run, edge, self.now, switches)
        effects.apply(run, edge, self.now, switches)
        self._took(run, edge)
        return edge

    def begin_anew(self, run: Work) -> None:
        """Let the model drop what it is at, for what it reads has changed. It takes no edge."""
        run.plan += 1
        self._output.drop(run, self.now)
        self._work(run)

    def catch_up(self) -> None:
        """Perform what has come due."""
        now = self._clock.now()
        if self._agenda.is_due(now):
            while (due := self.next_due()) is not None and due <= now:
                self.now = due
                self._perform(self._agenda.pop())
        self.now = max(self.now, now)  # a real clock may be set back; the world's is not

    def next_due(self) -> float | None:
        """When something will happen by itself next (Unix seconds); `None`: nothing will."""
        return self._agenda.next_due(self._holds)

    def strikes(self, fault: str, met: Work | None = None) -> bool:
        """Whether a fault, by its field of `Storm`, strikes now; at which run, if there is one."""
        return self.weather.strikes(fault, self.now, met)

    def _perform(self, entry: Entry) -> None:
        run = self._runs[entry.run_id]
        if isinstance(entry.what, RunEvent):
            self.take(run, entry.what)
        elif entry.what is OPEN_OUTPUT:
            for moment in self._output.begin(run, self.now):
                self._agenda.put(moment, run.id, GROW, plan=run.plan)
        else:
            self._output.grow(run, self.now)

    def _holds(self, entry: Entry) -> bool:
        run = self._runs.get(entry.run_id)
        if run is None or entry.plan not in {None, run.plan}:
            return False
        # Output is opened for the outcome's sake: not in `cancelling`, say, if that is a call.
        event = entry.what if isinstance(entry.what, RunEvent) else run.outcomes[run.turn.kind]
        return run.lifecycle.allows(run.status, event)

    # What an edge brings about.

    def _took(self, run: Work, edge: RunEdge) -> None:
        table = run.lifecycle.name
        entry = TraceEntry(self.now, run.id, edge.source, edge.event, edge.dest, edge.actor, table)
        self.trace.append(entry)
        self.taken += 1
        WITNESSES.moved(run, edge)
        # What was planned before is void now. Not so at a cancel: the worker does not know of it
        # yet, and may come to its outcome first.
        if edge.event is not RunEvent.CANCEL:
            run.plan += 1
        stops = edge.event is RunEvent.CANCEL and not run.is_over
        if not stops:
            self._lead_on(run, edge)
            self.post.announce(run, edge, self.now)
        self.happenings.tell(run, RunMoved(run, edge))
        if stops:  # told of first: it may be over at once
            self._stop(run, edge)

    def _lead_on(self, run: Work, edge: RunEdge) -> None:
        match edge.dest:
            case RunStatus.QUEUED:
                self._queue(run, edge)
            case RunStatus.IN_PROGRESS:
                self._work(run)
            case _ if run.is_over:
                run.lingers_until = self.now + self.weather.lingers_s(self.now, run)
            case _ if self.strikes("duplicate_calls", run):
                run.calls += run.calls[:1]

    def _queue(self, run: Work, edge: RunEdge) -> None:
        if edge.event is RunEvent.CREATE and self.strikes("stuck_queued", run):
            return
        self._in(self._seconds("queue_s", run.turn.queue_s, QUEUE_S), run, RunEvent.START)

    def _work(self, run: Work) -> None:
        run.turn = within_caps(run, self._switches(run))
        run.to_run = run.turn.steps
        seconds = self._seconds("work_s", run.turn.work_s, WORK_S)
        if run.outcome:
            run.outcome_at = self.now + seconds
            # The steps before the outcome share the first half between them.
            for nth, _ in enumerate(run.to_run):
                self._in(seconds / 2 * nth / len(run.to_run), run, OPEN_OUTPUT)
            self._in(seconds / 2, run, OPEN_OUTPUT)
            self._in(seconds, run, run.outcome)

    def _stop(self, run: Work, edge: RunEdge) -> None:
        asked = CANCELS_FROM.get(edge.source)
        if asked and getattr(self._switches(run), asked) == "cancelled":
            self.take(run, RunEvent.CONFIRM_CANCEL)
        elif self.strikes("endless_cancelling", run):
            run.plan += 1  # the outcome is not to end it either: only the expiry is left
        elif self.cancel_s != "never":
            seconds = self._seconds("cancel_s", self.cancel_s, CANCEL_S)
            outcome = run.outcome or RunEvent.CONFIRM_CANCEL
            wins = outcome is RunEvent.COMPLETE and run.lifecycle.allows(edge.source, outcome)
            lost = wins and self.strikes("completes_after_cancel", run)
            end = outcome if lost else RunEvent.CONFIRM_CANCEL
            # Under every plan: a turn may still be started meanwhile, or come to its calls.
            self._agenda.put(self.now + seconds, run.id, end, plan=None)

    def _switches(self, run: Work) -> Switches:
        """Those that are about `run`; they leave responses and turns alone."""
        return self.switches if isinstance(run, Run) else DOCUMENTED

    def _in(self, seconds: float, run: Work, what: RunEvent | Moment) -> None:
        self._agenda.put(self.now + seconds, run.id, what, plan=run.plan)

    def _seconds(self, stream: str, given: Latency | None, default: tuple[float, float]) -> float:
        if given is None:
            return self._chooser.between(stream, *default)
        return drawn_s(given, stream, self._chooser)
