"""The events of a run, as a stream: one leg of it.

How they are written down and sent, is in `livestream.py`.
"""

from __future__ import annotations

from runfsm.lifecycle import LIFECYCLE, RunEvent
from runfsm_simulator.wire import sse
from runfsm_simulator.wire.http import NO_REQUEST
from runfsm_simulator.wire.livestream import LiveStream
from runfsm_simulator.wire.profiles import PROFILES, Profile
from runfsm_simulator.world.happenings import Happening, RunMoved
from runfsm_simulator.world.models import Run
from runfsm_simulator.world.operations import World

__all__ = ["EventStream"]


class EventStream(LiveStream):
    """One leg of a run: until it is over, or until it is the client's turn.

    Args:
        world: where the run is. It is given the stream as a listener.
        profile: which form the payloads have.
        met: the run, if it is there already and goes on.
        contents: whether a search that has ended shows the passages that it found.
        request_id: of the request that began the stream.

    Raises:
        ApiError: the world's clock is one that nobody can wait at.
    """

    def __init__(
        self,
        world: World,
        profile: Profile = PROFILES["wire"],
        *,
        met: Run | None = None,
        contents: bool = False,
        request_id: str = NO_REQUEST,
    ) -> None:
        super().__init__(world, met=met, request_id=request_id)
        self._profile = profile
        self._contents = contents
        self._run: Run | None = None

    def hear(self, happening: Happening) -> None:
        """See `Listener.hear`."""
        match happening:
            case RunMoved(Run() as run):
                moved: Run | None = run
            case _:
                moved = None
        self._run = moved or self._run
        over = moved is not None and moved.status in LIFECYCLE.terminal
        if self._ended or self._hangs(over=over):
            return
        told = sse.events(happening, self._world.switches, contents=self._contents)
        for name, payload in told:
            self._event(sse.block(name, self._profile(payload, self._world.store)))
        if moved and _pauses(moved):
            self._end(self._broken() if self._breaks_off(at_end=True) else sse.DONE)

    def _leave(self) -> None:
        if self._run is not None:
            self._world.unlisten(self._run.id, self)

    def _is_gone(self) -> bool:
        return self._run is None or self._world.store.runs.get(self._run.id) is not self._run


def _pauses(run: Run) -> bool:
    """Whether nothing more comes of a run before its client does something."""
    waits = LIFECYCLE.allows(run.status, RunEvent.SUBMIT_TOOL_OUTPUTS)
    return waits or run.status in LIFECYCLE.terminal
