"""How long something takes: a fixed number of seconds, or a spread to draw from.

A lesson fixes its durations, so that it reads the same with every seed. A load test spreads them:
`{between: [1, 4]}` is anything from one second to four, `{choose: [1, 1, 30]}` one of these, and
a value that stands there twice is drawn twice as often.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, TypeAdapter, WrapValidator, model_validator

from runfsm_simulator.world.chooser import Chooser
from runfsm_simulator.world.mistakes import ScriptPart, mistakes_at, told_as_script_error

__all__ = ["Latency", "Seconds", "Spread", "between", "choose", "drawn_s"]

# Strict, because "2" and true are mistakes rather than durations.
Seconds = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]

SECONDS: Final[TypeAdapter[float]] = TypeAdapter(Seconds)


class Spread(ScriptPart):
    """Where a duration is drawn from. Exactly one of the two is given.

    Attributes:
        between: anything from the first number of seconds to the second, all as likely.
        choose: one of these numbers of seconds, all as likely.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["between"]}, {"required": ["choose"]}]}
    )

    between: tuple[Seconds, Seconds] | None = None
    choose: Annotated[tuple[Seconds, ...], Field(json_schema_extra={"minItems": 1})] | None = None

    @model_validator(mode="after")
    def _one_that_can_be_drawn_from(self) -> Self:
        if (self.between is None) == (self.choose is None):
            raise ValueError("expected either between: [LOW, HIGH] or choose: [A, B, ...]")
        if self.between and self.between[0] > self.between[1]:
            raise mistakes_at({("between",): "the lower number comes first"})
        if self.choose == ():
            raise mistakes_at({("choose",): "the list is empty; there is nothing to choose"})
        return self


def _seconds_or_spread(value: Any, _: Callable[[Any], Any]) -> Any:
    """Decide by the look of it: pydantic would report each member of the union."""
    if isinstance(value, Mapping | Spread):
        return Spread.model_validate(value)
    return SECONDS.validate_python(value)


#: A duration of a script, in seconds.
Latency = Annotated[Seconds | Spread, WrapValidator(_seconds_or_spread)]


def drawn_s(latency: float | Spread, stream: str, chooser: Chooser) -> float:
    """The seconds that something takes this time.

    Args:
        latency: fixed, or a spread.
        stream: what the choice is about: `"queue_s"`.
        chooser: asked if there is anything to choose.
    """
    if not isinstance(latency, Spread):
        return latency
    if latency.between:
        return chooser.between(stream, *latency.between)
    return chooser.pick(stream, latency.choose or ())


@told_as_script_error()
def between(low: float, high: float) -> Spread:
    """Anything from `low` to `high` seconds: `say("Hello!", work_s=between(1, 4))`."""
    return Spread(between=(low, high))


@told_as_script_error()
def choose(*seconds: float) -> Spread:
    """One of these numbers of seconds: `say("Hello!", queue_s=choose(1, 1, 30))`."""
    return Spread(choose=seconds)
