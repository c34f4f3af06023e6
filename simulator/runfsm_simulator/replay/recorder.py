"""The door in which a tape is written: everything that is asked passes here, one after the other.

Rule: what is asked is answered at one moment. Real time stands still for it, as virtual time does;
so the world sees the same moments when the tape is played.

Not on the tape: what is asked over the direct port, and what a hand does in Python save making
things (`control.fire`, `control.play` …). Over the side door, it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from threading import RLock
from typing import Any

from runfsm.errors import CallerError
from runfsm_simulator.doors.control import Beginning
from runfsm_simulator.doors.pacing import Movable, Pace
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.explore.choosers import Recorded
from runfsm_simulator.replay.edges import Edges
from runfsm_simulator.replay.tape import (
    BYTES_MAX,
    Head,
    answered,
    head_to_dict,
    request_to_dict,
)
from runfsm_simulator.wire.http import Blocks, Handle, NoAnswer, Request, Response
from runfsm_simulator.wire.profiles import ProfileName
from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.engine import WorldClock
from runfsm_simulator.world.operations import World

__all__ = ["RecordedSideDoor", "Recorder", "begun", "prepared"]


class StillClock:
    """A clock that stands still while something is answered; otherwise as the one inside.

    Args:
        inner: goes by itself.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._moment: float | None = None

    def now(self) -> float:
        """Unix time in seconds."""
        return float(self._inner.now()) if self._moment is None else self._moment

    @contextmanager
    def still(self) -> Iterator[None]:
        """It is now until this is left."""
        self._moment = self._inner.now()
        try:
            yield
        finally:
            self._moment = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def prepared(clock: WorldClock, chooser: Chooser) -> tuple[WorldClock, Recorded]:
    """Clock and chooser of a world that is to be recorded."""
    goes_by_itself = not isinstance(clock, Movable)
    return StillClock(clock) if goes_by_itself else clock, Recorded(chooser)


class Recorder:
    """Writes a tape, line by line.

    Args:
        path: the file, which is replaced.
        head: how the world was made.
        world: which is asked.
        chooser: who chooses in it.
        bodies: whether answers are written in full.

    Raises:
        CallerError: the file cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        head: Head,
        *,
        world: World,
        chooser: Recorded,
        bodies: bool = False,
    ) -> None:
        self._path = Path(path)
        self._world = world
        self._chooser = chooser
        self._bodies = bodies
        self._lock = RLock()
        self._is_inside = False
        self._chosen = 0
        self._edges = Edges(world)
        self._streams = count(1)
        self._left = BYTES_MAX
        try:
            Path(path).unlink(missing_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise CallerError(f"nothing can be recorded in {path}: {error.strerror}") from error
        self._write(head_to_dict(head))

    def door(self, inner: Handle, *, by_hand: bool = False) -> Handle:
        """A door in front of another one, in which what is asked is written down.

        Args:
            inner: answers.
            by_hand: it is a person's, who sets a stage and may wish for ids.
        """

        def handle(request: Request) -> Response:
            with self._lock:
                if self._is_inside:  # the side door asks on behalf of who asked it
                    return inner(request)
                self._is_inside = True
                try:
                    with self._still():
                        return self._noted(inner, request, by_hand=by_hand)
                finally:
                    self._is_inside = False

        return handle

    def _noted(self, inner: Handle, request: Request, *, by_hand: bool) -> Response:
        self._note_world()
        before = len(self._chooser.choices)
        step = {"request": request_to_dict(request), "at": self._world.clock.now()}
        try:
            answer = inner(request)
        except NoAnswer as nothing:
            self._write({**step, "answer": {"status": None, "trouble": nothing.trouble}})
            self._note_world()
            raise
        if by_hand:
            step["wish"] = self._wish(answer, before)
        self._write({**step, "answer": answered(answer.status, answer.body, full=self._bodies)})
        self._note_world()
        return self._with_stream(answer)

    def _wish(self, answer: Response, before: int) -> dict[str, str]:
        """The id that was wished for: one that nobody chose."""
        made = str(answer.json().get("id"))
        chosen = {choice.taken for choice in self._chooser.choices[before:]}
        return {} if made in chosen else {made.partition("_")[0]: made}

    def _with_stream(self, answer: Response) -> Response:
        if answer.stream is None:
            return answer
        blocks = RecordedBlocks(answer.stream, self, next(self._streams))
        return Response(answer.status, answer.headers, b"", blocks, answer.reasons)

    def read(self, stream: int, block: bytes) -> None:
        """A block of a stream went to its reader."""
        with self._lock:
            told = answered(None, block, full=self._bodies)
            self._write({"read": stream, "at": self._world.clock.now(), "answer": told})
            self._note_world()

    def _note_world(self) -> None:
        """What it chose, and which edges were taken, since this was last asked."""
        edges = self._edges.new()  # which draws what they need
        for choice in self._chooser.choices[self._chosen :]:
            self._write({"choice": choice.to_dict()})
        self._chosen = len(self._chooser.choices)
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

    def _write(self, line: dict[str, Any]) -> None:
        text = f"{json.dumps(line)}\n"
        self._left -= len(text)
        if self._left > 0:
            with self._path.open("a", encoding="utf-8") as file:  # nobody says when it is over
                file.write(text)


def begun(  # noqa: PLR0913  # what a simulator knows of itself; by keyword
    path: str | os.PathLike[str],
    beginning: Beginning,
    *,
    world: World,
    pacing: Pace,
    profile: ProfileName,
    bodies: bool,
) -> Recorder:
    """The tape of a simulator that has just been made.

    Raises:
        CallerError: the file cannot be written.
    """
    chooser = beginning.chooser
    assert isinstance(chooser, Recorded)  # noqa: S101  # `prepared` made it
    head = Head.of(
        beginning.planner,
        seed=beginning.seed,
        start=beginning.at,
        is_real=isinstance(world.clock, StillClock),
        pacing=pacing,
        profile=profile,
        storm=beginning.storm,
        switches=beginning.switches,
    )
    return Recorder(path, head, world=world, chooser=chooser, bodies=bodies)


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


class RecordedBlocks:
    """A stream whose blocks are written down as they go."""

    def __init__(self, inner: Blocks, recorder: Recorder, number: int) -> None:
        self._inner = inner
        self._recorder = recorder
        self._number = number

    def __iter__(self) -> Iterator[bytes]:
        for block in self._inner:
            self._recorder.read(self._number, block)
            yield block

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for block in self._inner:
            self._recorder.read(self._number, block)
            yield block

    def close(self) -> None:
        """The reader wants no more."""
        self._inner.close()
