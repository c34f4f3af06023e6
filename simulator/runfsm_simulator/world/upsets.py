"""What a storm makes of a turn, and of a stream.

A turn is changed before the run enters the queue, so what follows is the ordinary life of a run
whose model does that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Literal, get_args

from runfsm_simulator.world.latency import between
from runfsm_simulator.world.models import Work
from runfsm_simulator.world.scene import Answered
from runfsm_simulator.world.streamfault import StreamFault
from runfsm_simulator.world.turns import Call, Failure, Kind, Turn, say
from runfsm_simulator.world.weather import Weather

__all__ = ["FOREIGN_TURN", "broken_stream", "upset"]

#: What another client's run does, which comes first.
FOREIGN_TURN: Final = say("This was another client's.", work_s=between(1, 20))

#: How runs fail that did nothing wrong. They have used nothing, so the first may as well be a quota
#: in disguise, as public code tells of it.
FAILURES: Final = (
    Failure(),
    Failure(code="rate_limit_exceeded", message="Rate limit is exceeded. Try again in 60 seconds."),
    Failure(
        code="rate_limit_exceeded",
        message="You exceeded your current quota, please check your plan and billing details. "
        "For more information on this error, read the docs: "
        "https://platform.openai.com/docs/guides/error-codes/api-errors.",
    ),
)

SHAPES: Final[tuple[Literal["nested", "flat"], ...]] = ("nested", "flat")

#: After how many events a stream breaks off. The shortest that tell of an answer have more.
EVENTS: Final = range(8)


def upset(  # noqa: PLR0913  # a moment of a run; all but three by keyword
    turn: Turn,
    weather: Weather,
    now: float,
    *,
    round: int,
    latest: Answered,
    met: Work | None = None,
) -> Turn:
    """The turn, or what a storm makes of it.

    Args:
        turn: what the planner wants.
        weather: is asked what strikes.
        now: when, in Unix seconds.
        round: how often the run's tool outputs have been submitted.
        latest: the calls of the latest round.
        met: the run, if there is one already.
    """
    strikes = partial(weather.strikes, now=now, met=met)
    if strikes("nothing_after_outputs" if round else "stuck_in_progress"):
        return _instead(turn, hang=True, steps=(), work_s=None)
    if strikes("random_failure"):
        return _instead(turn, fail=weather.pick("random_failure:how", FAILURES))
    # Only once: at probability 1 a run must still come to its end.
    if round == 1 and not turn.call and strikes("second_round"):
        turn = _instead(
            turn, call=tuple(Call(name=name, arguments=text) for name, text, _ in latest)
        )
    if turn.call and strikes("strange_call"):
        turn = _instead(turn, call=weather.pick("strange_call:how", STRANGE)(turn.call))
    return turn


def _instead(turn: Turn, **changes: Any) -> Turn:
    """The same turn with another action; it takes as long, but for one that never ends."""
    return turn.model_copy(update={**dict.fromkeys(get_args(Kind)), **changes})


def _of_nobody(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """One more call, of a function that is no tool."""
    return (*calls, Call(name=f"nobodys_{calls[0].name}"[:64]))


def _malformed(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """The arguments of the first call are cut off."""
    first, *rest = calls
    return (Call(name=first.name, arguments=first.arguments_text()[:-1]), *rest)


def _several_in_one(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """All calls as one, of the function by which a model calls in parallel, and which none has."""
    uses = [
        {"recipient_name": f"functions.{call.name}", "parameters": call.arguments} for call in calls
    ]
    return (Call(name="multi_tool_use.parallel", arguments={"tool_uses": uses}),)


STRANGE: Final = (_of_nobody, _malformed, _several_in_one)


# Streams -----------------------------------------------------------------------------------------


def broken_stream(weather: Weather, now: float, met: Work | None = None) -> StreamFault | None:
    """How a storm breaks off the stream that begins `now`; `None`: it does not."""
    for fault, make in BREAKS.items():
        if weather.strikes(fault, now, met):
            return make(weather)
    return None


def _cut(weather: Weather) -> StreamFault:
    return StreamFault(kind="cut", after_events=weather.pick("cut:after", EVENTS))


def _no_done(_: Weather) -> StreamFault:
    return StreamFault(kind="cut")


def _error_event(weather: Weather) -> StreamFault:
    shape = weather.pick("error_event:shape", SHAPES)
    after = weather.pick("error_event:after", EVENTS)
    return StreamFault(kind="error", shape=shape, after_events=after)


def _hangs(weather: Weather) -> StreamFault:
    return StreamFault(kind="hang", after_events=weather.pick("hangs:after", EVENTS))


BREAKS: Final[Mapping[str, Callable[[Weather], StreamFault]]] = {
    "cut": _cut,
    "no_done": _no_done,
    "error_event": _error_event,
    "hangs": _hangs,
}
