"""A tape, played: the same world made anew, asked the same; and the first difference, if any.

The choices are those of the tape, not those of a seed. So a tape plays on whatever platform, and a
world that chooses something else than it did is a difference, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.explore.choosers import Diverged, Replayed
from runfsm_simulator.replay.edges import Edges
from runfsm_simulator.replay.tape import Tape, answered, request_from_dict
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.wire.http import NoAnswer, Request, Response
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.script import Planner
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.switches import Switches

__all__ = ["Difference", "Played", "play"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as on the tape.

    Attributes:
        what: was compared.
        expected: what the tape has.
        got: what the new world has.
    """

    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.what}: the tape has {self.expected}, the new world {self.got}"


@dataclass(frozen=True, slots=True)
class Played:
    """A line of the tape, played.

    Attributes:
        line: which.
        step: what it says.
        difference: what is not so any more; nothing is played after it.
    """

    line: int
    step: Mapping[str, Any]
    difference: Difference | None = None


def play(tape: Tape, *, script: Planner | None = None) -> Iterator[Played]:
    """Play a tape, line by line, until something is not as it was.

    Args:
        tape: what to play.
        script: who plays, where the tape has no more than a name: see `Head.planner`.

    Raises:
        CallerError: the tape has no script, and none is given.
    """
    head = tape.head
    clock = VirtualClock(head.start)
    world = _World(
        Simulator(
            head.planner(script),
            clock=TapeClock(clock) if head.is_real else clock,
            chooser=Replayed(tape.choices),
            pacing=head.pacing,
            profile=head.profile,
            storm=Storm(**head.storm),
            switches=Switches(**head.switches),
        ),
        clock=clock if head.is_real else None,
        bodies=any("body" in step.get("answer", {}) for _, step in tape.steps),
    )
    for line, step in tape.steps:
        try:
            difference = world.take(step)
        except Diverged as diverged:
            difference = Difference("a choice", "what was chosen then", str(diverged))
        yield Played(line, step, difference)
        if difference:
            return


class TapeClock:
    """The time of a world that once had real time: the tape moves it, and no power of the world.

    Args:
        inner: shows the time.
    """

    def __init__(self, inner: VirtualClock) -> None:
        self.now = inner.now
        self.alarm = inner.alarm
        self.async_alarm = inner.async_alarm


class _World:
    """The new world, and how far it has come.

    Args:
        simulator: is the world.
        clock: what moves its time; its own clock if `None`, which a reset may change.
        bodies: whether answers are compared in full.
    """

    def __init__(self, simulator: Simulator, *, clock: VirtualClock | None, bodies: bool) -> None:
        self._simulator = simulator
        self._clock = clock
        self._side_door = SideDoor(Worlds(lambda: simulator))
        self._bodies = bodies
        self._streams: list[Iterator[bytes]] = []
        self._new_edges = Edges(simulator.world).new
        self._edges: deque[dict[str, Any]] = deque()

    def take(self, step: Mapping[str, Any]) -> Difference | None:
        """Do what a line says; how it differs from what the line tells."""
        match step:
            case {"request": request, "at": at, "answer": answer}:
                self._pass_to(at)
                self._note_edges()  # before and after, as the recorder: it may be a reset
                got = self._ask(request_from_dict(request), step.get("wish"))
                self._note_edges()
                return _differs(f"{request['method']} {request['path']}", answer, got)
            case {"read": number, "answer": answer}:  # who reads lets time pass
                block = next(self._streams[number - 1], b"")
                got = answered(None, block, full=self._bodies)
                return _differs(f"a block of stream {number}", answer, got)
            case {"edge": edge}:
                return self._edge(edge)
        return None

    def _pass_to(self, at: float) -> None:
        """Let time pass until then."""
        clock = self._clock or self._simulator.clock
        if at > clock.now():
            clock.advance_to(at)

    def _ask(self, request: Request, wish: Mapping[str, str] | None) -> dict[str, Any]:
        try:
            answer = self._answer(request, wish)
        except NoAnswer as nothing:
            return {"status": None, "trouble": nothing.trouble}
        if answer.stream is not None:
            self._streams.append(iter(answer.stream))
        return answered(answer.status, answer.body, full=self._bodies)

    def _answer(self, request: Request, wish: Mapping[str, str] | None) -> Response:
        if request.path.startswith("/_sim/"):
            return self._side_door.handle(request, peer="127.0.0.1")
        if wish is None:
            return self._simulator.handle(request)
        world = self._simulator.world
        with world.sheltered(), world.naming(**wish) if wish else nullcontext():
            return self._simulator.handle(request)

    def _note_edges(self) -> None:
        self._edges.extend(self._new_edges())

    def _edge(self, expected: Mapping[str, Any]) -> Difference | None:
        self._pass_to(expected["at"])  # it may have come due before anybody asked again
        self._note_edges()
        got = self._edges.popleft() if self._edges else None
        if got == expected:
            return None
        return Difference("an edge", _edge_text(expected), _edge_text(got))


def _differs(what: str, expected: Mapping[str, Any], got: Mapping[str, Any]) -> Difference | None:
    for name in ("status", "trouble", "body", "sha256"):
        if expected.get(name) != got.get(name):
            return Difference(f"{what}: {name}", str(expected.get(name)), str(got.get(name)))
    return None


def _edge_text(edge: Mapping[str, Any] | None) -> str:
    if edge is None:
        return "none"
    move = f"{edge['source'] or '(created)'} --{edge['event']}--> {edge['dest']}"
    return f"{edge['run_id']} {move} at {edge['at']:.3f}"
