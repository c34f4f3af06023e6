"""Who stands between a client and its service.

A watch lets other hands act, notes what is asked and answered, and stops a client that will not
stop by itself, or of which it is known how it goes on.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal, NamedTuple

from runfsm.lifecycle import LIFECYCLE, Actor, RunEvent
from runfsm_simulator.explore.adversary import HANDS, NOBODY, NOBODY_ELSE, hands_on
from runfsm_simulator.explore.asked import Answer, Asked, Asking, Line
from runfsm_simulator.explore.choosers import Enumerated
from runfsm_simulator.explore.fingerprint import TRACE, fingerprint
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.world.models import Run
from runfsm_simulator.world.upsets import FOREIGN_TURN

__all__ = ["Known", "Stopped", "Watch", "Why"]

#: How often in a row a client may ask the same and be answered the same, though nothing will ever
#: change any more, before that is called endless; and how often it may ask at all.
REPEATS_MAX: Final = 20
REQUESTS_MAX: Final = 1_000

#: Whose hand took an edge, in a story. What the client did is told on a line of its own.
BY: Final = {Actor.CLIENT: "the run", Actor.SERVICE: "the service", Actor.CLOCK: "the clock"}

#: Virtual seconds: two days, for what may last ten minutes.
LASTS_MAX_S: Final = 172_800.0

#: Why a function is stopped.
Why = Literal["endless", "visited"]

#: Whether what follows a state is known already.
Known = Callable[[bytes], bool]


class Stopped(BaseException):
    """Ends a function that a search has seen enough of.

    No `Exception`, so that neither the SDK nor a loop that survives everything survives this.

    Attributes:
        why: `"endless"`, or `"visited"`: from here on it is known how it goes on.
    """

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


class Before(NamedTuple):
    """What was, right before a request.

    Attributes:
        choices: how many had been made.
        runs: how many runs of the client there were.
        has_moved: whether the run, or the thread's lock, was not as the client had been shown.
    """

    choices: int
    runs: int
    has_moved: bool


@dataclass(slots=True)
class Watch:
    """Who stands between a client and its service.

    Args:
        simulator: the service.
        chooser: asked whether another hand acts before a request.
        known: asked after each answer, unless the choices were still foreseen.
        tells_time: whether the client can read the clock at any time.

    Attributes:
        asked: every request so far.
        story: what happened so far.
        loop_from: how many choices had been made when the client began to repeat itself.
        heard: all that the client has been told so far, if that is asked for.
    """

    simulator: Simulator
    chooser: Enumerated
    known: Known | None = None
    tells_time: bool = False
    asked: list[Asked] = field(default_factory=list)
    story: list[Line] = field(default_factory=list)
    loop_from: int | None = None
    heard: list[bytes] = field(default_factory=list)
    _repeats: int = 0
    _shown: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    _began: float = field(init=False)
    _told: int = 0

    def __post_init__(self) -> None:
        self._began = self.simulator.clock.now()

    @property
    def ours(self) -> list[Run]:
        """The runs that the client made."""
        runs = self.simulator.world.store.runs.values()
        return [run for run in runs if run.turn is not FOREIGN_TURN]

    def before(self, asking: Asking) -> Before:
        """The client asks: first another hand may act."""
        with self.simulator.world.operation():
            self._tell_edges()
            choices = len(self.chooser.taken)
            run = self.simulator.world.store.runs.get(asking.run_id or "")
            options = hands_on(run.status) if run and run.turn is not FOREIGN_TURN else NOBODY_ELSE
            hand = self.chooser.pick("another hand", options)
        if run and hand != NOBODY:
            self._act(hand, run)
        return Before(choices, len(self.ours), self._has_moved(asking))

    def _act(self, hand: str, run: Run) -> None:
        event = HANDS[hand]
        self.story.append(Line(self._elapsed_s, "another hand", hand))
        if event is RunEvent.EXPIRE:
            self.simulator.clock.advance_to(run.expires_at)
            with self.simulator.world.operation():
                pass  # what is due happens
        else:
            self.simulator.world.fire(run.id, event)
        self._tell_edges()

    def _has_moved(self, asking: Asking) -> bool:
        store = self.simulator.world.store
        run = store.runs.get(asking.run_id or "")
        if run is not None:
            pending = tuple(dict.fromkeys(call.call_id for call in run.calls))
            return self._shown.get(run.id) != (run.status.value, pending)
        thread = store.threads.get(asking.thread_id or "")
        holder = thread.holder(self.simulator.clock.now()) if thread else None
        return holder is not None and (
            holder.turn is FOREIGN_TURN or holder.status in LIFECYCLE.terminal
        )

    def after(self, before: Before, asking: Asking, answer: Answer) -> None:
        """The client is answered.

        Raises:
            Stopped: it need not go on.
        """
        choices = self.chooser.choices[before.choices :]
        taken = zip(choices, self.chooser.taken[before.choices :], strict=True)
        struck = any(it.stream.startswith("fault:") and index for it, index in taken)
        created = len(self.ours) - before.runs
        moved = before.has_moved or (created > 0 and struck)
        if answer.shown:
            run_id, status, pending = answer.shown
            self._shown[run_id] = (status, pending)
        if asking.verb == "look":
            self._tell_edges()  # what has happened by itself came before what it shows
        self.story.append(Line(self._elapsed_s, "the client", f"{asking.what} → {_told(answer)}"))
        self._tell_edges()
        self._count(asking, answer, before.choices)
        self.asked.append(Asked(asking, answer, struck, moved, created))
        if self.known:
            self._hear(asking, answer)
            self._compare(self.known)
        if self._repeats >= REPEATS_MAX or len(self.asked) >= REQUESTS_MAX:
            raise Stopped("endless")
        self.slept()

    def _compare(self, known: Known) -> None:
        with self.simulator.world.operation():  # what is due happens: that may be foreseen, too
            if not self.chooser.is_led and known(fingerprint(self.simulator.world, self.heard)):
                raise Stopped("visited")

    def slept(self) -> None:
        """The client has let time pass.

        Raises:
            Stopped: more than anything can last.
        """
        if self.simulator.clock.now() - self._began > LASTS_MAX_S:
            raise Stopped("endless")

    def _count(self, asking: Asking, answer: Answer, choices: int) -> None:
        last = self.asked[-1] if self.asked else None
        same = last and (last.asking.key, last.answer) == (asking.key, answer)
        repeats = same and self.simulator.world.next_due() is None
        self._repeats = self._repeats + 1 if repeats else 0
        if self._repeats == 0:
            self.loop_from = None
        elif self.loop_from is None:
            self.loop_from = choices

    def _hear(self, asking: Asking, answer: Answer) -> None:
        time = self._elapsed_s if self.tells_time else 0
        heard = pickle.dumps((answer.status, answer.said, time, answer.body), protocol=5)
        if asking.is_repeat and self.heard:
            # What the client library has mended by itself, its user never hears of; but that a
            # request came twice, the service may have noticed.
            self.heard[-1:] = [b"again", heard]
        else:
            self.heard.append(heard)

    def read_clock(self) -> float:
        """The time, for a client that asks for it; so that is something it has been told."""
        self.heard.append(repr(self._elapsed_s).encode())
        return self._began + self._elapsed_s

    @property
    def _elapsed_s(self) -> float:
        now: float = self.simulator.clock.now()
        return now - self._began

    def _tell_edges(self) -> None:
        """What has happened by now, not what is due by now."""
        trace = TRACE(self.simulator.world)
        for edge in islice(trace, self._told, None):
            move = f"{edge.source or '(created)'} → {edge.dest}"
            self.story.append(Line(edge.at - self._began, BY[edge.actor], move))
        self._told = len(trace)


def _told(answer: Answer) -> str:
    if answer.status is None:
        return f"no answer ({answer.said})"
    if answer.status >= 400:
        return f"{answer.status} {answer.said}"
    return answer.shown[1] if answer.shown else str(answer.status)
