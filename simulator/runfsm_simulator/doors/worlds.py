"""Several worlds behind one address, so that parallel tests do not meet.

Each world is a simulator of its own: its own clock, seed, script, faults and journal. It comes into
being when it is first asked for, as all others did; what it is named is said by the request.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import replace
from threading import Lock
from typing import Final, Literal

from runfsm.errors import CallerError
from runfsm.lifecycle import RunStatus
from runfsm_simulator.doors import statefile
from runfsm_simulator.doors.pacing import Movable
from runfsm_simulator.doors.statefile import MAIN
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.wire.dialects import canonical
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import Request, Response

__all__ = ["WORLD_HEADER", "By", "Worlds"]

#: Where a request says which world it is for; and every answer, which one it came from.
WORLD_HEADER: Final = "x-runfsm-world"

#: What tells worlds apart: nothing (there is one), the API key, or the header.
By = Literal["one", "key", "header"]

NAME: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
WORLDS_MAX: Final = 64


class Worlds:
    """Simulators by the names of their worlds.

    Args:
        make: makes the simulator of a new world.
        by: what tells worlds apart. By `"key"`, a world's name is a digest of the key, so that no
            key is kept; the header, if there is one, is heeded all the same.
        worlds_max: how many there may be. One more is refused: to forget one that somebody still
            uses would be worse.

    Attributes:
        changes: how many requests have come that may have changed something.

    Example:
        >>> worlds = Worlds(Simulator, by="header")
        >>> for name in ("a", "b"):
        ...     _ = worlds.handle(Request("GET", "/v1/models", headers={WORLD_HEADER: name}))
        >>> worlds.names
        ('a', 'b')
    """

    def __init__(
        self, make: Callable[[], Simulator], *, by: By = "one", worlds_max: int = WORLDS_MAX
    ) -> None:
        self._make = make
        self._by = by
        self._worlds_max = worlds_max
        self._worlds: dict[str, Simulator] = {}
        self._lock = Lock()
        self.changes = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The worlds that there are, oldest first."""
        return tuple(self._worlds)

    def handle(self, request: Request) -> Response:
        """Answer in the world that the request is for, or that there is none and can be none.

        Raises:
            NoAnswer: a fault was armed that gives none.
        """
        request = canonical(request)
        name = self.name(request)
        try:
            world = self.world(name)
        except CallerError as error:
            return REFUSALS["no_world"].error(problem=error).response()
        try:
            answer = world.handle(request)
        finally:
            if request.method != "GET":
                self.changes += 1  # afterwards: a save that begins meanwhile may miss it
        if self._by == "one":
            return answer
        return replace(answer, headers={**answer.headers, WORLD_HEADER: name})

    def name(self, request: Request) -> str:
        """The name of the world that a request is for."""
        if self._by == "one":
            return MAIN
        if named := request.headers.get(WORLD_HEADER):
            return named
        key = canonical(request).headers.get("authorization", "")
        if self._by == "header" or not key:
            return MAIN
        return f"key-{hashlib.sha256(key.encode()).hexdigest()[:12]}"

    def world(self, name: str) -> Simulator:
        """The world of a name, which comes into being if there is none.

        Raises:
            CallerError: there are too many already, or it is no name for a world.
        """
        if found := self._worlds.get(name):  # without the lock: most are there
            return found
        with self._lock:
            if name not in self._worlds:
                self._check_new(name)
                self._worlds[name] = self._make()
            return self._worlds[name]

    def fork(self, name: str, into: str) -> None:
        """Make a new world that is as another one is now.

        Raises:
            CallerError: there is a world of the new name already; or see `world`.
        """
        source = self.world(name)
        with self._lock:
            if into in self._worlds:
                raise CallerError(f"there is a world '{into}' already; end it first")
            self._check_new(into)
            self._worlds[into] = source.fork()

    def end(self, name: str) -> None:
        """Forget a world, and all that is in it.

        Raises:
            CallerError: there is none of this name.
        """
        with self._lock:
            if name not in self._worlds:
                raise CallerError(
                    f"there is no world '{name}'; there are {', '.join(self._worlds) or 'none'}"
                )
            del self._worlds[name]

    def progress(self) -> Hashable:
        """Return a value that is another one after each change, and after what happens by itself.

        Real time alone is no change: it goes on anyhow, and brings the same things again.
        """
        with self._lock:
            worlds = dict(self._worlds)
        return self.changes, *(
            (name, one.world.progress(), one.clock.now() if isinstance(one.clock, Movable) else 0)
            for name, one in worlds.items()
        )

    def runs_by_status(self) -> Counter[str]:
        """Count the runs in each status, in all worlds together."""
        with self._lock:
            worlds = [one.world for one in self._worlds.values()]
        found: Counter[str] = Counter(dict.fromkeys(RunStatus, 0))
        for world in worlds:
            with world.operation():
                found.update(run.status for run in world.store.runs.values())
        return found

    def dump(self, path: str | os.PathLike[str]) -> None:
        """Write all of them, as they are now, into a file: see `Control.dump`.

        Raises:
            CallerError: it cannot be written. What the file held before, it still holds.
        """
        with self._lock:
            worlds = dict(self._worlds)
        statefile.write(path, {name: one.world.written() for name, one in worlds.items()})

    def load(self, path: str | os.PathLike[str]) -> None:
        """Have the worlds of a file, in place of those that there are: see `Control.load`.

        Raises:
            CallerError: it is none of our files, or a damaged one, or has too many worlds.
        """
        read = statefile.read(path)
        with self._lock:
            before, self._worlds = self._worlds, {}
            try:
                for name, kept in read.items():
                    self._check_new(name)
                    simulator = self._make()
                    simulator.control.resume(kept)
                    self._worlds[name] = simulator
            except BaseException:
                self._worlds = before
                raise

    def _check_new(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise CallerError(
                f"'{name[:64]}' is no name for a world: give 1 to 64 letters, digits, '.', '_', '-'"
            )
        if len(self._worlds) >= self._worlds_max:
            raise CallerError(
                f"there are {self._worlds_max} worlds already, and no further one is begun: "
                f"end one (DELETE /_sim/worlds/NAME)"
            )
