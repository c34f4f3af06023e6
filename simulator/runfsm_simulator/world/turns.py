"""One thing that the simulated model does, and how long it takes: a turn.

A turn is what the model does each time a worker picks the run up: turn 0 after the first start,
turn *n* after the *n*-th submit of tool outputs. Which turn that is, is said by a script
(`script.py`) or by any other planner.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from runfsm.errors import ScriptError
from runfsm_simulator.world.citing import Citation, cited_files
from runfsm_simulator.world.hosted import HostedStep
from runfsm_simulator.world.latency import Latency
from runfsm_simulator.world.mistakes import (
    ScriptPart,
    Text,
    listed,
    mistakes_at,
    told_as_script_error,
)
from runfsm_simulator.world.turnsteps import MessageStep, TurnStep, TurnSteps

__all__ = [
    "Call",
    "Failure",
    "Kind",
    "Truncation",
    "TruncationReason",
    "Turn",
    "call",
    "calls",
    "fail",
    "hang",
    "say",
    "truncate",
    "turn",
]

Kind = Literal["say", "call", "fail", "truncate", "hang"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

# The codes and reasons of the published API schema (openai/openai-openapi); and of sessions, which
# may have a limit in money.
FailureCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
TruncationReason = Literal["max_completion_tokens", "max_prompt_tokens", "spending_limit"]

SORRY: Final = "Sorry, something went wrong."  # what most reports of a failed run quote


class Call(ScriptPart):
    """A function that the model wants called.

    Attributes:
        name: 1 to 64 of the characters a-z, A-Z, 0-9, _ and -; it need not be a tool that exists.
            A dot is for `multi_tool_use.parallel`, which models have called.
        arguments: a mapping; or a text, which goes out as it is, so that malformed arguments can
            be played.
    """

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,64}$")]
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
    """Why an answer is cut short, and the text written until the cut.

    A `"spending_limit"` is a session's; elsewhere it sounds as `"max_completion_tokens"` does.
    """

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
        steps: messages, and hosted tools that the service runs by itself, before that, one after
            another, within `work_s`; not for `hang`.
        cites: the files that stand behind marks in the answer.
        queue_s: seconds in `queued` before this turn starts. `None`: the chooser draws it.
        work_s: seconds in `in_progress` until the outcome; not for `hang`, which has none. `None`:
            the chooser draws it.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [kind]} for kind in KINDS]})

    say: Text | None = None
    call: Annotated[
        tuple[Call, ...] | None,
        BeforeValidator(listed, json_schema_input_type=Call | tuple[Call, ...] | None),
    ] = None
    fail: Failure | None = None
    truncate: Truncation | None = None
    hang: Literal[True] | None = None
    steps: TurnSteps = ()
    cites: Annotated[
        tuple[Citation, ...],
        BeforeValidator(listed, json_schema_input_type=Citation | tuple[Citation, ...]),
    ] = ()
    queue_s: Latency | None = None
    work_s: Latency | None = None

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
        if self.hang and self.steps:
            raise mistakes_at({("steps",): "hang comes to nothing; leave steps out"})
        return self

    @property
    def kind(self) -> Kind:
        """Which of the five this turn does."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def text(self) -> str:
        """What it writes into a message."""
        return self.say or (self.truncate.say if self.truncate else "")

    @property
    def cited(self) -> Mapping[str, str]:
        """Ids of the files that it cites, by their marks. What was not searched is not cited."""
        return cited_files(self.cites, self.found)

    @property
    def found(self) -> Mapping[str, str]:
        """Ids of the files that its searches find, by their names."""
        return {found.file_name: found.file_id for step in self.steps for found in step.results}

    @told_as_script_error()
    def after(self, *steps: HostedStep | Turn) -> Self:
        """This turn, once these hosted tools have run and these messages are written.

        Args:
            *steps: in their order; a message is `say("Let me look.")`.

        Raises:
            ScriptError: one of them is another turn than a plain `say`.
        """
        steps_before = (*map(_as_step, steps), *self.steps)
        return self.model_validate(dict(self) | {"steps": steps_before})


def _as_step(part: HostedStep | Turn) -> TurnStep:
    """A step as it is; a turn that only says something, as a message before the turn goes on."""
    if not isinstance(part, Turn):
        return part
    if part.say is None or part != Turn(say=part.say, cites=part.cites):
        why = (
            f"{part!r} inside of a turn: only messages, say(text), and hosted tools may come "
            "before the last part; queue_s and work_s belong to the turn as a whole"
        )
        raise ScriptError("script", [why])
    return MessageStep(say=part.say, cites=part.cites)


# Turns, made in Python; a mistake is a `ScriptError` ---------------------------------------------


@told_as_script_error()
def say(
    text: str,
    *,
    cites: Sequence[Citation] = (),
    queue_s: Latency | None = None,
    work_s: Latency | None = None,
) -> Turn:
    """Answer with `text`."""
    return Turn(say=text, cites=tuple(cites), queue_s=queue_s, work_s=work_s)


def turn(
    *parts: HostedStep | Turn, queue_s: Latency | None = None, work_s: Latency | None = None
) -> Turn:
    """Do several things in one turn: messages and hosted tools, and then what the turn comes to.

    Args:
        *parts: in their order; the last is a turn of any kind but `hang`, the others are
            `say(...)`, `code_interpreter(...)` and `file_search(...)`.
        queue_s: seconds in `queued` before the turn starts. `None`: as the last part says.
        work_s: seconds for all of it. `None`: as the last part says.

    Raises:
        ScriptError: the last part is no turn, or another one is more than a message.

    Example:
        >>> from runfsm_simulator import code_interpreter
        >>> made = turn(say("Let me look."), code_interpreter("print(1)"), say("It is 1."))
        >>> [step.written for step in made.steps], made.say
        (['Let me look.', 'print(1)'], 'It is 1.')
    """
    *steps, last = parts or (None,)
    if not isinstance(last, Turn):
        why = 'the last part of a turn says what it comes to: say("Done."), call(...), fail() ...'
        raise ScriptError("script", [f"turn(...): {why} Here it is {last!r}."])
    times = {"queue_s": queue_s, "work_s": work_s}
    given = {name: time for name, time in times.items() if time is not None}
    with told_as_script_error():
        return last.model_copy(update=given).after(*steps)


@told_as_script_error()
def call(
    name: str, /, *, queue_s: Latency | None = None, work_s: Latency | None = None, **arguments: Any
) -> Turn:
    """Ask for one function call: `call("get_weather", location="Paris")`."""
    return Turn(call=(Call(name=name, arguments=arguments),), queue_s=queue_s, work_s=work_s)


@told_as_script_error()
def calls(*wanted: Call, queue_s: Latency | None = None, work_s: Latency | None = None) -> Turn:
    """Ask for several function calls in one round."""
    return Turn(call=wanted, queue_s=queue_s, work_s=work_s)


@told_as_script_error()
def fail(
    code: FailureCode = "server_error",
    message: str = SORRY,
    *,
    queue_s: Latency | None = None,
    work_s: Latency | None = None,
) -> Turn:
    """Give up with this `last_error`."""
    return Turn(fail=Failure(code=code, message=message), queue_s=queue_s, work_s=work_s)


@told_as_script_error()
def truncate(
    reason: TruncationReason = "max_completion_tokens",
    *,
    say: str = "",
    cites: Sequence[Citation] = (),
    queue_s: Latency | None = None,
    work_s: Latency | None = None,
) -> Turn:
    """Stop in the middle of an answer, after having written `say`."""
    cut = Truncation(reason=reason, say=say)
    return Turn(truncate=cut, cites=tuple(cites), queue_s=queue_s, work_s=work_s)


@told_as_script_error()
def hang(*, queue_s: Latency | None = None) -> Turn:
    """Never come to an end."""
    return Turn(hang=True, queue_s=queue_s)
