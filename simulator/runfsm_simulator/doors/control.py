"""The powers that only a simulator has, over one world. HTTP to them: `sidedoor.py`.

A method here does all that it says, or it raises and nothing has changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, RunEvent
from runfsm_simulator.doors.faults import Faults
from runfsm_simulator.doors.journal import Journal, Why
from runfsm_simulator.doors.pacing import Movable
from runfsm_simulator.doors.seeding import Seeding
from runfsm_simulator.world.chooser import Chooser, Seeded
from runfsm_simulator.world.engine import RunEdge
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.saving import Restartable, Saved
from runfsm_simulator.world.script import Planner
from runfsm_simulator.world.store import find

__all__ = ["Beginning", "Control"]

SNAPSHOTS_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a world began with, to begin again.

    Attributes:
        planner: what the simulated assistant does.
        at: the clock's first moment, in Unix seconds.
        seed: of the choices, unless there is a chooser.
        chooser: makes them in place of the seed. It cannot begin again, and goes on.
    """

    planner: Planner
    at: float
    seed: int
    chooser: Chooser | None

    def chooser_for(self, seed: int | None) -> Chooser:
        """Who chooses in a world that begins again, with another seed if one is given."""
        if seed is None and self.chooser is not None:
            return self.chooser
        return Seeded(self.seed if seed is None else seed)


class Control:
    """The side door of one world.

    Coming back to an earlier moment (`reset`, `restore`) gives the world a new clock, for a clock
    never goes back. A driver that waits on the old one belongs to a future that is not any more:
    make a new one, with `simulator.clock` as it is then.

    Args:
        world: over which.
        faults: the door in which armed faults strike.
        journal: the door in which requests are noted.
        seed: the hand that sets a stage.
        beginning: what the world began with.

    Attributes:
        faults: see `Faults`.
        journal: see `Journal`.
        seed: see `Seeding`.

    Example:
        >>> from runfsm.lifecycle import RunStatus
        >>> from runfsm_simulator import Simulator
        >>> control = Simulator().control
        >>> run_id = control.seed.run(RunStatus.REQUIRES_ACTION, id="run_1").run_id
        >>> before = control.save()
        >>> print(control.fire(run_id, RunEvent.EXPIRE))
        requires_action --expire--> expired
        >>> control.restore(before)
        >>> [edge.event.value for edge in control.next_edges(run_id)]
        ['submit_tool_outputs', 'cancel', 'expire']
    """

    def __init__(
        self, world: World, *, faults: Faults, journal: Journal, seed: Seeding, beginning: Beginning
    ) -> None:
        self.faults = faults
        self.journal = journal
        self.seed = seed
        self._world = world
        self._beginning = beginning
        self._snapshots: dict[str, Saved] = {}
        self._numbers = count(1)

    # Time.

    def now(self) -> float:
        """The world's time, in Unix seconds."""
        return self._world.clock.now()

    def next_due(self) -> float | None:
        """When something will happen by itself next (Unix seconds); `None`: nothing will."""
        return self._world.next_due()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass.

        Raises:
            CallerError: the clock is not a virtual one; or `seconds` is negative.
        """
        clock = self._clock()
        if not 0 <= seconds < math.inf:
            raise CallerError(f"time can't go by {seconds} s: give 0 or more, as in advance(60)")
        clock.advance_to(clock.now() + seconds)

    def jump(self) -> float | None:
        """Let time pass until something happens by itself; when that was, or `None`: nothing will.

        Raises:
            CallerError: the clock is not a virtual one.
        """
        clock, due = self._clock(), self.next_due()
        if due is not None:
            clock.advance_to(max(due, clock.now()))
        return due

    def _clock(self) -> Movable:
        clock = self._world.clock
        if not isinstance(clock, Movable):
            raise CallerError(
                "this world's time is real and goes by itself; to move it by hand, give the "
                "simulator no clock of yours, or serve with --time manual"
            )
        return clock

    # What happens.

    def next_edges(self, run_id: str) -> tuple[RunEdge, ...]:
        """The edges that a run may take now; one of them can be chosen by `fire`.

        Raises:
            NotFound: there is no such run.
        """
        with self._world.operation():
            return LIFECYCLE.allowed(find(self._world.store.runs, "run", run_id).status)

    def fire(self, run_id: str, event: RunEvent) -> RunEdge:
        """Take an edge of a run, now, whoever's edge it is.

        Raises:
            NotFound: there is no such run.
            IllegalTransition: the lifecycle does not allow it.
        """
        return self._world.fire(run_id, event)

    def play(self, script: Planner) -> None:
        """Let the simulated assistant do what `script` says, from the next turn that is planned."""
        self._world.play(script)

    def why(self, request_id: str) -> Why:
        """What an answer rests on, by its header `x-request-id`.

        Raises:
            CallerError: it is not remembered.
        """
        return self.journal.why(request_id)

    # The whole world.

    @property
    def snapshots(self) -> tuple[str, ...]:
        """The ids of the kept ones, oldest first."""
        return tuple(self._snapshots)

    def reset(self, *, seed: int | None = None) -> None:
        """Begin again: nothing exists, no fault is armed, nothing is in the journal.

        Virtual time begins again too; real time goes on. Snapshots stay.

        Args:
            seed: of the choices from now on; `None` is the one that the simulator was made with.
        """
        clock: Any = self._world.clock
        if isinstance(clock, Movable) and isinstance(clock, Restartable):
            clock = clock.starting_at(self._beginning.at)
        chooser = self._beginning.chooser_for(seed)
        self._world.begin(self._beginning.planner, clock=clock, chooser=chooser)
        self.faults.disarm()
        self.journal.clear()

    def save(self) -> str:
        """Keep the world as it is now; the id to restore it by.

        Faults and the journal are no part of it.

        Raises:
            CallerError: too many are kept; or the clock cannot begin again.
        """
        if len(self._snapshots) >= SNAPSHOTS_MAX:
            raise CallerError(f"{SNAPSHOTS_MAX} snapshots are kept already; drop one first")
        saved = self._world.save()
        snapshot_id = f"snap_{next(self._numbers)}"
        self._snapshots[snapshot_id] = saved
        return snapshot_id

    def restore(self, snapshot_id: str) -> None:
        """Be as when this snapshot was taken. It can be restored again.

        Raises:
            CallerError: there is no such snapshot.
        """
        self._world.restore(self._snapshot(snapshot_id))

    def drop(self, snapshot_id: str) -> None:
        """Keep a snapshot no longer.

        Raises:
            CallerError: there is no such snapshot.
        """
        self._snapshot(snapshot_id)
        del self._snapshots[snapshot_id]

    def _snapshot(self, snapshot_id: str) -> Saved:
        try:
            return self._snapshots[snapshot_id]
        except KeyError:
            kept = ", ".join(self._snapshots) or "none"
            raise CallerError(f"there is no snapshot {snapshot_id}; kept: {kept}") from None
