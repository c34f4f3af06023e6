"""A world as one thing at one instant: begun, saved, restored, written down; never seen half-way.

Rule: whoever looks or acts does so in an `operation`: alone, and after all that has come due by
then. What can be done in one is told in `operations.py`.
"""

from __future__ import annotations

import threading
from collections import ChainMap
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from runfsm.errors import CallerError
from runfsm_simulator.world import plain
from runfsm_simulator.world.chooser import Chooser, Seeded
from runfsm_simulator.world.engine import Engine, WorldClock
from runfsm_simulator.world.files import Files
from runfsm_simulator.world.naming import Naming
from runfsm_simulator.world.planning import Planning
from runfsm_simulator.world.post import Letter
from runfsm_simulator.world.saving import Saved
from runfsm_simulator.world.script import Planner
from runfsm_simulator.world.store import Store
from runfsm_simulator.world.streamfault import StreamFault
from runfsm_simulator.world.switches import Switches
from runfsm_simulator.world.trace import TraceEntry

__all__ = ["Instant"]

#: What a world is made of, beside its clock.
SAVED: Final = (
    "store",
    "files",
    "planner",
    "stream_fault",
    "_planning",
    "_chooser",
    "_engine",
)


class Carrier(Protocol):
    """Who carries the world's letters; called when no operation is going on."""

    def carry(self, letter: Letter) -> None:
        """Carry one."""

    def come_at(self, due: float) -> None:
        """Something will happen then (Unix seconds), of which there may be a letter."""


class Operation:
    """The context of every operation of a world; made once, for each request takes several.

    It may be entered again inside of itself, and by any thread: the world's lock keeps them apart.
    """

    __slots__ = ("_world",)

    def __init__(self, world: Instant) -> None:
        self._world = world

    def __enter__(self) -> None:
        self._world._begin_operation()  # noqa: SLF001  # the world's own other half

    def __exit__(self, *_: object) -> None:
        self._world._end_operation()  # noqa: SLF001  # as above


class Instant:
    """What a `World` is, apart from what clients can do to it. See there."""

    def __init__(self, planner: Planner, *, clock: WorldClock, chooser: Chooser) -> None:
        self._lock = threading.RLock()
        self._depth = 0  # of operations: some are made of others
        self._operation = Operation(self)
        self._begun = False
        #: Who in the outside is told of which ends, and who carries the letters.
        self.receivers: dict[str, frozenset[str]] = {}
        self.carrier: Carrier | None = None
        self.begin(planner, clock=clock, chooser=chooser)

    def begin(self, planner: Planner, *, clock: WorldClock, chooser: Chooser) -> None:
        """Begin with nothing; all that was is forgotten."""
        with self._becoming_another():
            self._begin(planner, clock=clock, chooser=chooser)
            self._begun = True

    def _begin(self, planner: Planner, *, clock: WorldClock, chooser: Chooser) -> None:
        self.store = Store()
        self.clock = clock
        self._chooser = Naming(chooser)
        works = ChainMap[str, Any](self.store.runs, self.store.responses, self.store.turns)
        self._engine = Engine(works, clock=clock, chooser=self._chooser, receivers=self.receivers)
        self.files = Files(self._engine, self._chooser)
        self.play(planner)

    def play(self, planner: Planner) -> None:
        """Ask `planner` from now on. A turn that is planned already is still played."""
        with self._lock:
            self.planner = planner
            self._planning = Planning(planner, self._chooser)
            self._engine.cancel_s = getattr(planner, "cancel_s", None)
            self.stream_fault: StreamFault | None = getattr(planner, "stream_fault", None)

    def save(self) -> Saved:
        """The world as it is now.

        Raises:
            CallerError: its clock cannot begin again at a moment of the past.
        """
        with self.operation():
            parts = {name: getattr(self, name) for name in SAVED}
            return Saved(parts, clock=self.clock, at=self._engine.now, shared=[self.planner])

    def restore(self, saved: Saved) -> None:
        """Be what was saved, here or in another world; on a new clock, for time goes forward."""
        with self._becoming_another():
            self.clock, parts = saved.revive()
            for name, part in parts.items():
                setattr(self, name, part)
            self._engine.post.receivers = self.receivers

    def written(self) -> dict[str, Any]:
        """The world as it is now, as plain data that outlives the process: see `plain.py`.

        Raises:
            CallerError: it cannot be written down.
        """
        with self.operation():
            return plain.write(self)

    def resume(self, kept: plain.Kept, *, clock: WorldClock) -> None:
        """Be what was written, under the planner that is played here; what is due by now happens.

        Args:
            kept: from `plain.parse`. The world takes it over: it is good for one.
            clock: shows the moment of the writing, or a later one.
        """
        with self._becoming_another():
            self._begin(self.planner, clock=clock, chooser=Seeded())
            plain.put_back(self, kept)

    @property
    def chooser(self) -> Chooser:
        """Who makes its choices; another one once it has come back to an earlier instant."""
        return self._chooser.inner

    @property
    def switches(self) -> Switches:
        """Which way the service goes where nobody recorded any. A new one holds from now on."""
        return self._engine.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        with self.operation():
            self._engine.switches = switches

    @contextmanager
    def _becoming_another(self) -> Iterator[None]:
        """Alone; and whoever listens to what was is woken, to find it gone."""
        with self._lock:
            listening = self._engine.happenings.everybody() if self._begun else ()
            yield
        for listener in listening:
            listener.wake()

    def operation(self) -> Operation:
        """One instant, for a `with`: nobody else acts, and all that is due has happened."""
        return self._operation

    def noted(self) -> tuple[float, int, Switches]:
        """The time (Unix seconds), how many edges have been taken, and the switches, of now."""
        with self._operation:
            return self.clock.now(), self._engine.taken, self._engine.switches

    def _begin_operation(self) -> None:
        self._lock.acquire()
        self._depth += 1
        try:
            self._engine.catch_up()
            self.files.catch_up()
        except BaseException:
            self._end_operation()
            raise

    def _end_operation(self) -> None:
        """Give way to others; and if this was all, tell the outside what has happened."""
        engine = self._engine
        try:
            self._depth -= 1
            if self._depth:
                return
            heard = engine.happenings.to_wake()
            letters = engine.post.take(engine.now)
            due = self._due() if self.receivers else None
        finally:
            self._lock.release()
        for listener in heard:  # without the lock: to wake a task is to wait for its thread
            listener.wake()
        for letter in letters:  # likewise: a receiver may well ask for something itself
            if self.carrier:
                self.carrier.carry(letter)
        if due is not None and self.carrier:
            self.carrier.come_at(due)

    def try_again(self, letter: Letter) -> None:
        """A letter did not arrive: have it carried later."""
        with self.operation():
            self._engine.post.try_again(letter)

    @property
    def trace(self) -> tuple[TraceEntry, ...]:
        """The latest edges that were taken, oldest first."""
        with self.operation():
            return tuple(self._engine.trace)

    @property
    def taken(self) -> int:
        """How many edges have been taken, also those that the trace has forgotten."""
        with self.operation():
            return self._engine.taken

    def progress(self) -> Hashable:
        """Return a value that is another one once something worth keeping has happened by itself.

        What clients did is not counted: whoever carries their requests knows of it.
        """
        with self.operation():
            engine = self._engine
            return engine.taken, self.files.next_due(), engine.post.next_due()

    @contextmanager
    def naming(self, **ids: str) -> Iterator[None]:
        """One operation in which the next thing of a prefix gets this id: `run="run_1"`.

        Raises:
            CallerError: something has the id already. Nothing has changed.
        """
        with self.operation():
            store = self.store
            works = {*store.runs, *store.responses, *store.turns}
            known = {*store.assistants, *store.threads, *store.sessions, *works}
            if taken := known & {*ids.values()}:
                raise CallerError(f"there is a {taken.pop()} already; choose another id")
            with self._chooser.wishing(ids):
                yield

    def next_due(self) -> float | None:
        """When something will happen by itself next (Unix seconds); `None`: nothing will."""
        with self.operation():
            return self._due()

    def _due(self) -> float | None:
        engine = self._engine
        dues = (engine.next_due(), engine.post.next_due(), self.files.next_due())
        return min((due for due in dues if due is not None), default=None)
