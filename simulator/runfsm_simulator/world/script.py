"""What the simulated assistant does, turn by turn, as data that a lesson can be written in.

A turn is what the model does each time a worker picks the run up: turn 0 after the first start,
turn *n* after the *n*-th submit of tool outputs. A script says what happens, never whether it may:
the world asks the lifecycle.

A `Script` is one kind of planner. `sensible` is another, and so is any function from a `Scene` to
a `Turn`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator

from runfsm_simulator.world.mistakes import ScriptPart, mistakes_at, told_as_script_error
from runfsm_simulator.world.scene import Scene

__all__ = [
    "Call",
    "Failure",
    "Kind",
    "Planner",
    "Scene",
    "Script",
    "Truncation",
    "Turn",
    "call",
    "calls",
    "fail",
    "hang",
    "say",
    "truncate",
]

Kind = Literal["say", "call", "fail", "truncate", "hang"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


def _can_be_sent(text: str) -> str:
    """Refuse half of a surrogate pair, as an escape in a text can make it: no wire carries it."""
    text.encode()
    return text


Text = Annotated[str, AfterValidator(_can_be_sent)]

# Strict, because "2" and true are mistakes rather than durations.
Seconds = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]

# The codes and reasons of the published API schema (openai/openai-openapi).
FailureCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
TruncationReason = Literal["max_completion_tokens", "max_prompt_tokens"]

SORRY: Final = "Sorry, something went wrong."  # what most reports of a failed run quote


class Call(ScriptPart):
    """A function that the model wants called.

    Attributes:
        name: 1 to 64 of the characters a-z, A-Z, 0-9, _ and -; it need not be a tool that exists.
        arguments: a mapping; or a text, which goes out as it is, so that malformed arguments can
            be played.
    """

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    arguments: dict[str, Any] | str = Field(default_factory=dict)

    @field_validator("arguments", mode="before")
    @classmethod
    def _mapping_or_text(cls, value: Any) -> Any:
        """Check the union as a whole: pydantic would report each of its members."""
        if isinstance(value, Mapping | str):
            return value
        raise ValueError("expected a mapping, or a text to play malformed arguments")

    @field_validator("arguments")
    @classmethod
    def _can_be_written_as_json(cls, value: dict[str, Any] | str) -> dict[str, Any] | str:
        try:
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"cannot be written as JSON: {error}") from error
        return value

    def arguments_text(self) -> str:
        """The arguments as the wire carries them: a text that should be a JSON object."""
        if isinstance(self.arguments, str):
            return self.arguments
        return json.dumps(self.arguments, ensure_ascii=False)


class Failure(ScriptPart):
    """Why a run fails: its `last_error`."""

    code: FailureCode = "server_error"
    message: Text = SORRY


class Truncation(ScriptPart):
    """Why an answer is cut short, and the text written until the cut."""

    reason: TruncationReason = "max_completion_tokens"
    say: Text = ""


class Turn(ScriptPart):
    """One thing that the model does, and how long it takes. Exactly one of the first five is given.

    Attributes:
        say: answer with this text; the run completes.
        call: ask for these function calls, all in one round; the run requires action.
        fail: give up; the run fails.
        truncate: stop in the middle; the run is incomplete.
        hang: never come to an end; only a cancel or the expiry ends the run.
        queue_s: seconds in `queued` before this turn starts. `None`: the chooser draws it.
        work_s: seconds in `in_progress` until the outcome; not for `hang`, which has none. `None`:
            the chooser draws it.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [kind]} for kind in KINDS]})

    say: Text | None = None
    call: tuple[Call, ...] | None = None
    fail: Failure | None = None
    truncate: Truncation | None = None
    hang: Literal[True] | None = None
    queue_s: Seconds | None = None
    work_s: Seconds | None = None

    @field_validator("call", mode="before", json_schema_input_type=Call | tuple[Call, ...] | None)
    @classmethod
    def _one_call_is_a_list_of_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, Mapping | Call) else value

    @field_validator("call")
    @classmethod
    def _some_call(cls, value: tuple[Call, ...] | None) -> tuple[Call, ...] | None:
        if value == ():
            raise ValueError("the list is empty; name at least one function, or use say")
        return value

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"a turn does exactly one of {', '.join(KINDS)}; here is {found}")
        if self.hang and self.work_s is not None:
            raise mistakes_at({("work_s",): "hang has no outcome to wait for; leave work_s out"})
        return self

    @property
    def kind(self) -> Kind:
        """Which of the five this turn does."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


class Script(ScriptPart):
    """The turns of every run of a simulation, and how it answers a cancel.

    Attributes:
        name: what to call it in a list.
        title: one line about it.
        about: the lesson, a few sentences.
        turns: rounds of calls, then one ending.
        cancel_s: seconds between `cancelling` and `cancelled`. `"never"`: the cancel is never
            honoured. `None`: the chooser draws it.

    Example:
        >>> script = Script.of(call("get_weather", location="Paris"), say("It rains.", work_s=2))
        >>> [turn.kind for turn in script.turns]
        ['call', 'say']
    """

    name: str = "script"
    title: str = ""
    about: str = ""
    turns: Annotated[tuple[Turn, ...], Field(json_schema_extra={"minItems": 1})]
    cancel_s: Seconds | Literal["never"] | None = None

    @classmethod
    @told_as_script_error()
    def of(cls, *turns: Turn, cancel_s: float | Literal["never"] | None = None) -> Self:
        """A script of these turns.

        Raises:
            ScriptError: no turn, a round of calls at the end, or a turn that cannot be reached.
        """
        return cls(turns=turns, cancel_s=cancel_s)

    @field_validator("turns")
    @classmethod
    def _calls_then_one_ending(cls, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        if not turns:
            raise ValueError("the list is empty; the shortest script says something")
        end = next((index for index, turn in enumerate(turns) if turn.kind != "call"), None)
        if end is None:
            why = "the last turn calls functions, and then? End with say, fail, truncate or hang"
            raise mistakes_at({(len(turns) - 1,): why})
        if end < len(turns) - 1:
            raise mistakes_at({(end + 1,): f"never reached: turn {end} ends the run"})
        return turns

    @field_validator("cancel_s", mode="before")
    @classmethod
    def _seconds_or_never(cls, value: Any) -> Any:
        """Check the union as a whole: pydantic would report each of its members."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value in (None, "never") or (number and 0 <= value < math.inf):
            return value
        raise ValueError('expected 0 seconds or more, or "never"')

    def __call__(self, scene: Scene) -> Turn:
        """The turn of this round.

        A hand can force a round that the script does not foresee. The last turn, always an ending,
        is then played again.
        """
        return self.turns[min(scene.round, len(self.turns) - 1)]


Planner = Callable[[Scene], Turn]


# Turns, made in Python; a mistake is a `ScriptError` ---------------------------------------------


@told_as_script_error()
def say(text: str, *, queue_s: float | None = None, work_s: float | None = None) -> Turn:
    """Answer with `text`."""
    return Turn(say=text, queue_s=queue_s, work_s=work_s)


@told_as_script_error()
def call(
    name: str, /, *, queue_s: float | None = None, work_s: float | None = None, **arguments: Any
) -> Turn:
    """Ask for one function call: `call("get_weather", location="Paris")`."""
    return Turn(call=(Call(name=name, arguments=arguments),), queue_s=queue_s, work_s=work_s)


@told_as_script_error()
def calls(*wanted: Call, queue_s: float | None = None, work_s: float | None = None) -> Turn:
    """Ask for several function calls in one round."""
    return Turn(call=wanted, queue_s=queue_s, work_s=work_s)


@told_as_script_error()
def fail(
    code: FailureCode = "server_error",
    message: str = SORRY,
    *,
    queue_s: float | None = None,
    work_s: float | None = None,
) -> Turn:
    """Give up with this `last_error`."""
    return Turn(fail=Failure(code=code, message=message), queue_s=queue_s, work_s=work_s)


@told_as_script_error()
def truncate(
    reason: TruncationReason = "max_completion_tokens",
    *,
    say: str = "",
    queue_s: float | None = None,
    work_s: float | None = None,
) -> Turn:
    """Stop in the middle of an answer, after having written `say`."""
    return Turn(truncate=Truncation(reason=reason, say=say), queue_s=queue_s, work_s=work_s)


@told_as_script_error()
def hang(*, queue_s: float | None = None) -> Turn:
    """Never come to an end."""
    return Turn(hang=True, queue_s=queue_s)
