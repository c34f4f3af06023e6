"""The powers that only a simulator has, over one world. HTTP to them: `sidedoor.py`.

A method here does all that it says, or it raises and nothing has changed.
"""

from __future__ import annotations

import math
import os
from itertools import count
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.lifecycle import RunEvent
from runfsm_simulator.doors import statefile
from runfsm_simulator.doors.beginning import Beginning
from runfsm_simulator.doors.faults import Faults
from runfsm_simulator.doors.journal import Journal, Why
from runfsm_simulator.doors.pacing import Movable
from runfsm_simulator.doors.seeding import Seeding
from runfsm_simulator.doors.webhooks import Webhooks
from runfsm_simulator.world.engine import RunEdge
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.plain import Kept
from runfsm_simulator.world.saving import Restartable, Saved, check_restartable
from runfsm_simulator.world.script import Planner
from runfsm_simulator.world.storm import Storm
from runfsm_simulator.world.switches import Switches

__all__ = ["Control"]

SNAPSHOTS_MAX: Final = 32


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
        webhooks: those that are told by themselves.
        beginning: what the world began with.

    Attributes:
        faults: see `Faults`.
        journal: see `Journal`.
        seed: see `Seeding`.
        webhooks: see `Webhooks`.

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

    def __init__(  # noqa: PLR0913  # the rooms that it has power over; all by keyword
        self,
        world: World,
        *,
        faults: Faults,
        journal: Journal,
        seed: Seeding,
        webhooks: Webhooks,
        beginning: Beginning,
    ) -> None:
        self.faults = faults
        self.journal = journal
        self.seed = seed
        self.webhooks = webhooks
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
        """The edges that a run, or a response, may take now; one can be chosen by `fire`.

        Raises:
            NotFound: there is no such run.
        """
        with self._world.operation():
            run = self._world.store.work(run_id)
            return run.lifecycle.allowed(run.status)

    def fire(self, run_id: str, event: RunEvent) -> RunEdge:
        """Take an edge of a run, or of a response, now, whoever's edge it is.

        Raises:
            NotFound: there is no such run.
            IllegalTransition: the lifecycle does not allow it.
        """
        return self._world.fire(run_id, event)

    def play(self, script: Planner) -> None:
        """Let the simulated assistant do what `script` says, from the next turn that is planned."""
        self._world.play(script)

    @property
    def script_problems(self) -> tuple[str, ...]:
        """The mistakes in the script files that are followed, as they are now, a line for each."""
        return tuple(getattr(self._world.planner, "problems", ()))

    def why(self, request_id: str) -> Why:
        """What an answer rests on, by its header `x-request-id`.

        Raises:
            CallerError: it is not remembered.
        """
        return self.journal.why(request_id)

    # What goes wrong.

    @property
    def storm(self) -> Storm:
        """Which faults strike by themselves, and how often.

        A new one begins at the moment when it is set. It belongs to the world: a snapshot has the
        storm of its time, and `reset` comes back to the one that the simulator was made with.
        """
        return self._world.storm

    @storm.setter
    def storm(self, storm: Storm) -> None:
        self.brew(storm)

    def brew(self, storm: Storm) -> None:
        """The same as `control.storm = storm`."""
        self._world.storm = storm

    def heal(self) -> None:
        """Let nothing strike any more, so that a test can demand progress.

        What has happened stays: a run that is stuck waits for its expiry. Faults that were armed
        by hand wait on.
        """
        self._world.storm = Storm()

    @property
    def switches(self) -> Switches:
        """Which way the service goes where nobody recorded any; a new one holds from now on."""
        return self._world.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.throw(switches)

    def throw(self, switches: Switches) -> None:
        """The same as `control.switches = switches`."""
        self._world.switches = switches

    # The whole world.

    @property
    def snapshots(self) -> tuple[str, ...]:
        """The ids of the kept ones, oldest first."""
        return tuple(self._snapshots)

    def reset(self, *, seed: int | None = None) -> None:
        """Begin again: nothing exists, no fault is armed, nothing is in the journal.

        The storm, if there was one at first, begins again too; switches are as they were at first.

        Virtual time begins again too; real time goes on. Snapshots stay.

        Args:
            seed: of the choices from now on; `None` is the one that the simulator was made with.
        """
        clock: Any = self._world.clock
        if isinstance(clock, Movable) and isinstance(clock, Restartable):
            clock = clock.starting_at(self._beginning.at)
        chooser = self._beginning.chooser_for(seed)
        self._world.begin(self._beginning.planner, clock=clock, chooser=chooser)
        self._world.storm = self._beginning.storm
        self._world.switches = self._beginning.switches
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

    # The whole world, in a file.

    def dump(self, path: str | os.PathLike[str]) -> None:
        """Write the world as it is now into a file, to `load` it in another process.

        What is no part of it is what is no part of a snapshot; and the planner, which is a program.

        Raises:
            CallerError: the file cannot be written; or a chooser of your own makes the choices.
        """
        statefile.write(path, {statefile.MAIN: self._world.written()})

    def load(self, path: str | os.PathLike[str], *, world: str = statefile.MAIN) -> None:
        """Be as when this file was written, under the planner that is played here.

        Virtual time goes on from that moment. Real time has gone on by itself: what came due
        meanwhile has happened, and a run whose ten minutes have passed is expired.

        Args:
            path: written by `dump`, or by `runfsm serve --state`.
            world: which one, of a server with several.

        Raises:
            CallerError: it holds no such world, or it is none of our files, or a damaged one.
        """
        worlds = statefile.read(path)
        if world not in worlds:
            raise CallerError(
                f"{path} has no world '{world}'; it has {', '.join(worlds) or 'none'}"
            )
        self.resume(worlds[world])

    def resume(self, kept: Kept) -> None:
        """Be a world that was read from a file: see `load`.

        Raises:
            CallerError: the clock cannot be had at this world's time.
        """
        clock: Any = self._world.clock
        goes_by_itself = not isinstance(clock, Movable) and clock.now() >= kept["now"]
        if not goes_by_itself:
            check_restartable(clock)
            clock = clock.starting_at(kept["now"])
        self._world.resume(kept, clock=clock)

    def _snapshot(self, snapshot_id: str) -> Saved:
        try:
            return self._snapshots[snapshot_id]
        except KeyError:
            kept = ", ".join(self._snapshots) or "none"
            raise CallerError(f"there is no snapshot {snapshot_id}; kept: {kept}") from None
