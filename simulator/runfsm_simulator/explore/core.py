"""The project's own driver in a search: its mind alone, stepped on the direct port.

No thread, no loop around it and no stream: the core asks, and is answered at once; where it wants
to sleep, time is moved. A core and a world are data, so a behaviour is gone on from where it
differs, and never played from its beginning again.

A core decides everything from what it knows. So from two moments at which its core and its world
are equal, the same choices lead to the same behaviours; what the two have noted of their past (a
journal, a trace) tells, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from runfsm.backends.assistants import AssistantsBackend
from runfsm.clock import Clock
from runfsm.driver.actions import Action, Done, RunTools, Sleep
from runfsm.driver.core import RunCore
from runfsm.driver.hands import Hands
from runfsm.driver.lines import Lines
from runfsm.driver.outcome import Outcome
from runfsm.driver.pacing import Pacing
from runfsm.driver.policy import Policy
from runfsm.driver.replies import Slept, ToolsRan
from runfsm.driver.request import RunRequest, ToolOutput
from runfsm.driver.shared import Shared
from runfsm.driver.sync import RunDriver
from runfsm.lifecycle import LIFECYCLE, MessageStatus, RunEvent, RunStatus
from runfsm.lifecycle.snapshot import ToolCall
from runfsm.tools import Toolset
from runfsm_simulator.explore.adversary import PACE, TURNS
from runfsm_simulator.explore.choosers import Enumerated
from runfsm_simulator.explore.fingerprint import SHOWN, TRACE, kept_of
from runfsm_simulator.explore.moment import Moment
from runfsm_simulator.explore.roads import Port
from runfsm_simulator.explore.stage import Behaviour, Point, Stage, came_of, told_of
from runfsm_simulator.explore.watch import Known, Stopped, Watch
from runfsm_simulator.simulator import Simulator
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.plain import put_back
from runfsm_simulator.world.upsets import FOREIGN_TURN

__all__ = ["CoreStage", "drive_client", "drive_core"]


def _look_up(place: str) -> str:
    """Look up the weather of a place."""
    return f"It is sunny in {place}."


def _take_note(text: str) -> str:
    """Take a note."""
    return f"Noted: {len(text)} characters."


TOOLS: Final = Toolset([_look_up, _take_note])

#: Few looks: another hand may come before each of them, and between two that show the same it
#: makes no difference before which.
POLICY: Final = Policy(pacing=Pacing(first_s=20.0, factor=2.0, longest_s=160.0, learns=False))

OPTIONS: Final = {"tools": TOOLS.schemas}


def _request(assistant_id: str) -> RunRequest:
    return RunRequest(assistant_id, "How is it?", options=OPTIONS, key="run")


def drive_client(client: Any, clock: Clock, assistant_id: str) -> Outcome:
    """One run, by the whole driver, through the `openai` client."""
    driver = RunDriver(AssistantsBackend(client), TOOLS, policy=POLICY, clock=clock)
    return driver.run(_request(assistant_id))


def drive_core(backend: Any, clock: VirtualClock, assistant_id: str) -> Outcome:
    """The same run, by a bare core on the direct port."""
    core = RunCore(_request(assistant_id), clock.now(), POLICY)
    for _ in _steps(core, backend, clock):
        pass
    return _outcome(core)


#: What asks nothing of the service.
BY_ITSELF: Final = (Sleep, RunTools)


def _steps(core: RunCore, backend: Any, clock: VirtualClock) -> Iterator[Action]:
    """What the core wants, one by one; each is done when the next one is asked for."""
    hands = Hands(backend, TOOLS, Shared(clock, Lines(), None))
    while not isinstance(action := core.next_action(), Done):
        yield action
        match action:
            case Sleep(delay_s):
                clock.advance(delay_s)
                core.receive(Slept(clock.now()))
            case RunTools(calls):
                core.receive(ToolsRan([_output(call) for call in calls], clock.now()))
            case _:
                core.receive(hands.perform(action))


def _output(call: ToolCall) -> ToolOutput:
    bound = TOOLS.bind(call)
    return bound if isinstance(bound, ToolOutput) else bound.finish(bound.invoke())


def _outcome(core: RunCore) -> Outcome:
    if core.error is not None:
        raise core.error
    return core.outcome


# The stage ---------------------------------------------------------------------------------------


class CoreStage(Stage):
    """Where `drive_core` is played: from its beginning, or from any moment of a behaviour.

    Behaviours that go on from one share its simulator, which shows the latest of them.

    Args:
        faults: which faults may strike, by the fields of `Storm`.

    Example:
        >>> from runfsm_simulator.explore.search import search
        >>> search(CoreStage(), depth=1).is_clean
        True
    """

    is_quick = True

    def __init__(self, *, faults: Sequence[str] = ()) -> None:
        super().__init__(drive_core, faults=faults)

    def play(self, chooser: Enumerated, known: Known | None = None) -> Behaviour:
        """See `Stage.play`."""
        watch = self._begun(chooser)
        request = _request(watch.simulator.create_assistant())
        core = RunCore(request, watch.simulator.clock.now(), POLICY)
        return _played(core, watch, known)


def _played(core: RunCore, watch: Watch, known: Known | None) -> Behaviour:
    points: list[Point] = []
    ending = came_of(partial(_driven, core, watch, known, points))
    return told_of(watch, *ending, points=points)


def _driven(core: RunCore, watch: Watch, known: Known | None, points: list[Point]) -> Outcome:
    for action in _steps(core, Port(watch), watch.simulator.clock):
        if known and not isinstance(action, BY_ITSELF):
            with watch.simulator.world.operation():  # what is due happens: it may be foreseen, too
                if not watch.chooser.is_led:
                    points.append(_point(core, watch, known))
    return _outcome(core)


def _point(core: RunCore, watch: Watch, known: Known) -> Point:
    moment = _moment(core, watch)
    if known(_state(moment, watch)):
        raise Stopped("visited")
    go_on = partial(_gone_on, moment, watch.simulator, watch.simulator.clock.now())
    return Point(len(watch.chooser.taken), go_on)


# Moments -----------------------------------------------------------------------------------------

#: What is the same in all moments.
FIXED: Final[Mapping[str, object]] = {
    "policy": POLICY,
    "pacing": POLICY.pacing,
    "options": OPTIONS,
    "pace": PACE,
    "another client's turn": FOREIGN_TURN,
    **{f"turn: {name}": turn for name, turn in TURNS.items()},
    **{f"edge {number}": edge for number, edge in enumerate(LIFECYCLE.edges)},
    **{repr(one): one for kind in (RunStatus, RunEvent, MessageStatus) for one in kind},
}


def _moment(core: RunCore, watch: Watch) -> Moment:
    world, chooser = watch.simulator.world, watch.chooser
    return Moment(
        (core, watch, kept_of(world), SHOWN(world), chooser.past),
        given={"chooser": chooser},
        fixed=[
            FIXED,
            {
                "simulator": watch.simulator,
                "storm": world.storm,
                "switches": world.switches,
                "assistants": world.store.assistants,
                **{f"terms of {run.id}": run.terms for run in watch.ours},
            },
        ],
        grown={
            "asked": watch.asked,
            "story": watch.story,
            "journal": core.journal,
            "trace": TRACE(world),
            "choices": chooser.choices,
            "taken": chooser.taken,
        },
    )


def _gone_on(
    moment: Moment, simulator: Simulator, now: float, chooser: Enumerated, known: Known | None
) -> Behaviour:
    core, watch, kept, shown, past = moment.revived({"chooser": chooser})
    world = simulator.world
    world.begin(world.planner, clock=VirtualClock(now), chooser=chooser)
    put_back(world, kept)
    for key, look in shown.items():
        world.shown.exchange(key, look)
    chooser.go_on_after(past)
    return _played(core, watch, known)


def _state(moment: Moment, watch: Watch) -> bytes:
    """The digest of a moment, and of what the laws will still ask about."""
    done = [
        (it.asking.key, it.answer.status, it.created)
        for it in watch.asked
        if it.created or it.asking.call_ids
    ]
    return blake2b(moment.state + repr(done).encode(), digest_size=16).digest()
