"""A tape, played: the same world made anew, asked the same; and the first difference, if any.

The choices are those of the tape, not those of a seed. So a tape plays on whatever platform, and a
world that chooses something else than it did is a difference, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runfsm.errors import CallerError
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.explore.choosers import Diverged
from runfsm_simulator.replay.calls import made, result_text
from runfsm_simulator.replay.edges import Edges
from runfsm_simulator.replay.exchange import answered, raised, request_from_dict
from runfsm_simulator.replay.inputs import TapeChoices, TapeClock
from runfsm_simulator.replay.tape import Tape
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.wire.http import Request
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.post import Letter
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
        CallerError: the tape has no script, and none is given; or, when the player has come there,
            a line tells that something happened which no tape can hold.
    """
    head = tape.head
    clock = VirtualClock(head.start)
    world = _World(
        Simulator(
            head.planner(script),
            clock=TapeClock(clock) if head.is_real else clock,
            chooser=TapeChoices(tape.choices),
            pacing=head.pacing,
            profile=head.profile,
            permissive=head.permissive,
            storm=Storm(**head.storm),
            switches=Switches(**head.switches),
        ),
        clock=clock if head.is_real else None,
        bodies=any("body" in step.get("answer", {}) for _, step in tape.steps),
        lost={tuple(step["lost"]) for _, step in tape.steps if "lost" in step},
    )
    for line, step in tape.steps:
        if "unplayable" in step:
            raise CallerError(f"line {line} cannot be played: {step['unplayable']}")
        try:
            difference = world.take(step)
        except Diverged as diverged:
            difference = Difference("a choice", "what was chosen then", str(diverged))
        yield Played(line, step, difference)
        if difference:
            return


class _World:
    """The new world, and how far it has come.

    Args:
        simulator: is the world.
        clock: what moves its time; its own clock if `None`, which a reset may change.
        bodies: whether answers are compared in full.
        lost: the letters that a webhook's receiver did not take, each with its attempt.
    """

    def __init__(
        self,
        simulator: Simulator,
        *,
        clock: VirtualClock | None,
        bodies: bool,
        lost: Collection[tuple[Any, ...]],
    ) -> None:
        self._simulator = simulator
        self._clock = clock
        self._side_door = SideDoor(Worlds(lambda: simulator))
        self._bodies = bodies
        self._streams: list[Iterator[bytes]] = []
        self._new_edges = Edges(simulator.world).new
        self._edges: deque[dict[str, Any]] = deque()
        self._lost = lost
        webhooks: Any = simulator.control.webhooks
        webhooks.carry, webhooks.has_clerk = self._carry, False  # nothing leaves this process

    def take(self, step: Mapping[str, Any]) -> Difference | None:
        """Do what a line says; how it differs from what the line tells."""
        match step:
            case {"request": request, "at": at, "answer": answer}:
                asked = request_from_dict(request)
                what = f"{asked.method} {asked.path}"
                return _differs(what, answer, self._done(at, lambda: self._asked(asked)))
            case {"call": call, "with": arguments, "at": at, "answer": answer}:
                return _differs(call, answer, self._done(at, lambda: self._called(call, arguments)))
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

    def _done(self, at: float, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What comes of a step at its time."""
        self._pass_to(at)
        self._note_edges()  # before and after, as the recorder: it may go back in time
        try:
            return do()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is compared
            return raised(error, full=self._bodies)
        finally:
            self._note_edges()

    def _asked(self, request: Request) -> dict[str, Any]:
        if request.path.startswith("/_sim/"):
            answer = self._side_door.handle(request, peer="127.0.0.1")
        else:
            answer = self._simulator.handle(request)
        if answer.stream is not None:
            self._streams.append(iter(answer.stream))
        return answered(answer.status, answer.body, full=self._bodies)

    def _called(self, call: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        result = made(self._simulator, call, arguments)
        return answered(None, result_text(result).encode(), full=self._bodies)

    def _carry(self, letter: Letter) -> None:
        """Whether it arrives was decided outside of the world, and stands on the tape."""
        if (letter.id, letter.attempts) in self._lost:
            self._simulator.world.try_again(letter)

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
    for name in ("status", "trouble", "raised", "body", "sha256"):
        if expected.get(name) != got.get(name):
            return Difference(f"{what}: {name}", str(expected.get(name)), str(got.get(name)))
    return None


def _edge_text(edge: Mapping[str, Any] | None) -> str:
    if edge is None:
        return "none"
    move = f"{edge['source'] or '(created)'} --{edge['event']}--> {edge['dest']}"
    return f"{edge['run_id']} {move} at {edge['at']:.3f}"
