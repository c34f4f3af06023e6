"""Who writes a tape: everything that is done to the world passes here, one after the other.

Rule 1: what is asked is answered at one moment. Real time stands still for it, as virtual time
does; so the world sees the same moments when the tape is played.

Rule 2: what cannot be played is said on the tape, at its place. Nothing is refused for the tape's
sake but to become another world, of which a tape cannot know (`control.load`).

Not on the tape: what is done to `simulator.world`, which is the inside. Its edges are, so they are
named when they do not come again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from itertools import count
from threading import RLock
from typing import Any, Final, TypeVar

from runfsm.errors import CallerError
from runfsm_simulator.doors.beginning import Beginning
from runfsm_simulator.doors.pacing import Movable, Pace
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.replay.blocks import RecordedBlocks
from runfsm_simulator.replay.calls import Unwritable, methods, result_text, written
from runfsm_simulator.replay.edges import Edges
from runfsm_simulator.replay.exchange import answered, raised, request_to_dict
from runfsm_simulator.replay.inputs import NotedChoices, StillClock
from runfsm_simulator.replay.tape import Head, head_to_dict
from runfsm_simulator.replay.writer import Writer
from runfsm_simulator.wire.http import Handle, Request, Response
from runfsm_simulator.wire.profiles import ProfileName
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.engine import WorldClock
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.post import Letter

__all__ = ["RecordedSideDoor", "Recorder", "begun", "prepared"]

T = TypeVar("T")

IN_THE_MIDST: Final = (
    "{what}, by a program in the midst of another call: a planner, or who receives a webhook. Let "
    "it ask when that call is over"
)
OTHER_WORLD: Final = (
    "a tape is of one world from its beginning: make the simulator without record=, or do without "
    "control.load"
)


def prepared(
    clock: WorldClock, chooser: Chooser | None, seed: int
) -> tuple[WorldClock, NotedChoices]:
    """Clock and chooser of a world that is to be recorded."""
    goes_by_itself = not isinstance(clock, Movable)
    return StillClock(clock) if goes_by_itself else clock, NotedChoices(chooser, seed)


class Recorder:
    """Has a world's tape written.

    Args:
        path: the file, which is replaced.
        head: how the world was made.
        world: which is asked. Its choices are `NotedChoices`.
        bodies: whether answers are written in full.

    Raises:
        CallerError: the file cannot be written.
    """

    def __init__(
        self, path: str | os.PathLike[str], head: Head, *, world: World, bodies: bool = False
    ) -> None:
        self._world = world
        self._bodies = bodies
        self._lock = RLock()
        self._is_inside = False
        self._edges = Edges(world)
        self._streams = count(1)
        self._write = Writer(path).write
        self._write(head_to_dict(head))

    def attend(self, simulator: Any) -> None:
        """Write down what is done to a simulator by its methods, from now on."""
        for call, owner, name in methods(simulator):
            setattr(owner, name, self.call(call, getattr(owner, name)))
        simulator.control.resume = _refuse_other_world
        simulator.world.try_again = partial(self._lose, simulator.world.try_again)

    def call(self, call: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """A method whose calls are written down, under this name."""

        @wraps(method)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                if self._is_inside:  # the side door, or another method, makes use of it
                    if call.startswith("backend."):
                        self._give_up(IN_THE_MIDST.format(what=call))
                    return method(*args, **kwargs)
                try:
                    step = {"call": call, "with": written(method, *args, **kwargs)}
                except Unwritable as why:
                    self._give_up(f"{call}: {why}")
                    return method(*args, **kwargs)
                return self._noted(step, partial(method, *args, **kwargs), self._told)

        return recorded

    def _told(self, result: Any) -> dict[str, Any]:
        return answered(None, result_text(result).encode(), full=self._bodies)

    def door(self, inner: Handle) -> Handle:
        """A door in front of another one, in which what is asked is written down."""

        def handle(request: Request) -> Response:
            with self._lock:
                if self._is_inside:
                    self._give_up(IN_THE_MIDST.format(what=f"{request.method} {request.path}"))
                    return inner(request)
                step = {"request": request_to_dict(request)}
                return self._with_stream(self._noted(step, partial(inner, request), self._answered))

        return handle

    def _answered(self, answer: Response) -> dict[str, Any]:
        return answered(answer.status, answer.body, full=self._bodies)

    def _noted(
        self, step: dict[str, Any], do: Callable[[], T], tell: Callable[[T], dict[str, Any]]
    ) -> T:
        """What comes of a step, which is written down with it."""
        with self._inside():
            step["at"] = self._world.clock.now()
            try:
                result = do()
            except Exception as error:
                self._write({**step, "answer": raised(error, full=self._bodies)})
                self._note_world()
                raise
            self._write({**step, "answer": tell(result)})
            return result

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """At one moment; what the world did before and meanwhile is written before and after."""
        with self._still():
            self._is_inside = True
            try:
                self._note_world()
                yield
                self._note_world()
            finally:
                self._is_inside = False

    def _with_stream(self, answer: Response) -> Response:
        if answer.stream is None:
            return answer
        blocks = RecordedBlocks(answer.stream, partial(self.read, next(self._streams)))
        return Response(answer.status, answer.headers, b"", blocks, answer.reasons)

    def read(self, stream: int, block: bytes) -> None:
        """A block of a stream went to its reader."""
        with self._lock:
            told = answered(None, block, full=self._bodies)
            self._write({"read": stream, "at": self._world.clock.now(), "answer": told})
            self._note_world()

    def _lose(self, try_again: Callable[[Letter], None], letter: Letter) -> None:
        """A webhook's receiver did not take a letter: that is decided outside of the world."""
        with self._lock:
            self._write({"lost": [letter.id, letter.attempts]})
            try_again(letter)

    def _note_world(self) -> None:
        """What it chose, and which edges were taken, since this was last asked."""
        edges = self._edges.new()  # which draws what they need
        chooser: Any = self._world.chooser
        for choice in chooser.take():
            self._write({"choice": choice.to_dict()})
        for edge in edges:
            self._write({"edge": edge})

    @contextmanager
    def _still(self) -> Iterator[None]:
        clock: Any = self._world.clock
        if isinstance(clock, StillClock):
            with clock.still():
                yield
        else:
            yield

    def _give_up(self, why: str) -> None:
        self._write({"unplayable": why})


def _refuse_other_world(*_: Any, **__: Any) -> None:
    raise CallerError(OTHER_WORLD)


def begun(  # noqa: PLR0913  # what a simulator knows of itself; by keyword
    path: str | os.PathLike[str],
    beginning: Beginning,
    *,
    world: World,
    pacing: Pace,
    profile: ProfileName,
    permissive: bool,
    bodies: bool,
) -> Recorder:
    """The tape of a simulator that has just been made.

    Raises:
        CallerError: the file cannot be written.
    """
    head = Head.of(
        beginning.planner,
        seed=beginning.seed,
        start=beginning.at,
        is_real=isinstance(world.clock, StillClock),
        pacing=pacing,
        profile=profile,
        permissive=permissive,
        storm=beginning.storm,
        switches=beginning.switches,
    )
    return Recorder(path, head, world=world, bodies=bodies)


class RecordedSideDoor(SideDoor):
    """A side door whose requests go on a tape, too.

    Args:
        worlds: over which it has power.
        token: see `SideDoor`; it is not written down.
        recorder: writes the tape.
    """

    def __init__(self, worlds: Worlds, *, token: str | None, recorder: Recorder) -> None:
        super().__init__(worlds, token=token)
        self._recorder = recorder

    def handle(self, request: Request, *, peer: str | None) -> Response:
        """See `SideDoor.handle`."""
        return self._recorder.door(partial(super().handle, peer=peer))(request)
