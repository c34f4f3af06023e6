"""What the service may do to a client: the choices that a search goes through.

Rule: the first option is always the harmless one. The service answers at once, calls nothing, and
nobody else has a hand in it; whatever differs from that is one *deviation*. What may happen to a
run in a status is asked of the lifecycle, never written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE, Actor, RunEvent, RunStatus
from runfsm_simulator.world.arguments import make_arguments
from runfsm_simulator.world.latency import Spread, choose
from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.script import Call, Turn, calls, fail, hang, say, truncate
from runfsm_simulator.world.storm import REASONS, Storm

__all__ = ["CALLS", "FAULTS", "HANDS", "PACE", "TURNS", "Adversary", "hands_on", "storm_of"]

#: Seconds: over before the client looks again; or so long that it is seen. Few enough that four
#: rounds of it fit into the ten minutes of a run.
PACE: Final[Spread] = choose(0.0, 30.0)

ANSWER: Final = "It is done."

#: The longest that a thread stays locked after its run, in seconds, if that may be.
LINGERS_S: Final = 5.0

#: What the model does in one turn; the first does no harm.
TURNS: Final[Mapping[str, Turn]] = {
    "answers": say(ANSWER, queue_s=PACE, work_s=PACE),
    "fails: server_error": fail("server_error", queue_s=PACE, work_s=PACE),
    "fails: rate_limit_exceeded": fail("rate_limit_exceeded", queue_s=PACE, work_s=PACE),
    "is cut short": truncate(say="It is", queue_s=PACE, work_s=PACE),
    "hangs": hang(queue_s=PACE),
}

#: What it does beside, where there are tools: how many it calls.
CALLS: Final[Mapping[str, int]] = {"calls one tool": 1, "calls two tools": 2}


class Adversary:
    """A planner that asks the chooser what the model does: a turn of each kind, quick or slow.

    Attributes:
        cancel_s: a cancel is honoured before the next look, or is seen in `cancelling`.

    Example:
        >>> from runfsm_simulator.explore.choosers import Enumerated
        >>> scene = Scene(0, (), (), (), None, "auto", Enumerated([3]).pick)
        >>> Adversary()(scene).kind
        'truncate'
    """

    cancel_s: Final = PACE

    def __call__(self, scene: Scene) -> Turn:
        """The turn of this scene."""
        functions = [tool["function"] for tool in scene.tools if tool["type"] == "function"]
        may_call = bool(functions) and scene.tool_choice != "none"
        does: str = scene.pick("the model", [*TURNS, *(CALLS if may_call else ())])
        if does in TURNS:
            return TURNS[does]
        wanted = [functions[0], functions[-1]][: CALLS[does]]
        return calls(*map(_call, wanted), queue_s=PACE, work_s=PACE)


def _call(function: Mapping[str, Any]) -> Call:
    schema = function.get("parameters") or {}
    arguments = make_arguments(schema, pick=lambda _, options: options[0])
    return Call(name=function["name"], arguments=arguments)


# Other hands -------------------------------------------------------------------------------------

NOBODY: Final = "nobody"

#: What may come between two calls of the client, beside the service: who, and which event.
HANDS: Final[Mapping[str, RunEvent]] = {
    "another client cancels": RunEvent.CANCEL,
    "another client hands in outputs": RunEvent.SUBMIT_TOOL_OUTPUTS,
    "the run expires": RunEvent.EXPIRE,
}


#: Of one option nothing is chosen.
NOBODY_ELSE: Final = (NOBODY,)


@cache
def hands_on(status: RunStatus) -> tuple[str, ...]:
    """Who else may act on a run in this status; nobody first.

    A run that the service works on expires when its model hangs: that is the model's turn. Between
    a client's calls it expires only where nothing but the client would have moved it.
    """
    served = any(edge.actor is Actor.SERVICE for edge in LIFECYCLE.allowed(status))
    return (
        NOBODY,
        *(
            hand
            for hand, event in HANDS.items()
            if LIFECYCLE.allows(status, event) and not (served and event is RunEvent.EXPIRE)
        ),
    )


# Faults ------------------------------------------------------------------------------------------

#: The faults that may be allowed to strike: all of a storm's.
FAULTS: Final = tuple(REASONS)


def storm_of(faults: Iterable[str]) -> Storm:
    """A storm in which each of these faults may strike or not, as the chooser decides.

    Raises:
        CallerError: there is no such fault.
    """
    wanted = [*faults]
    if unknown := [name for name in wanted if name not in FAULTS]:
        raise CallerError(f"no fault {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    # A probability between 0 and 1 is what makes the storm ask.
    return Storm(**{name: LINGERS_S if name.endswith("_s") else 0.5 for name in wanted})
