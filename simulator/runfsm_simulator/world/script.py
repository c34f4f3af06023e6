"""What the simulated assistant does, as data that a lesson can be written in.

A script is a list of turns to be played one after another, or of rules: when this holds, do that.
A script says what happens, never whether it may: the world asks the lifecycle.

A `Script` is one kind of planner. `sensible` is another, and so is any function from a `Scene` to
a `Turn`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from runfsm_simulator.world.citing import Citation, cite, miscited
from runfsm_simulator.world.hosted import FileResult, code_interpreter, file_search
from runfsm_simulator.world.latency import Latency, Seconds, Spread, between, choose
from runfsm_simulator.world.mistakes import Loc, ScriptPart, mistakes_at, told_as_script_error
from runfsm_simulator.world.rules import Rule, When, first_that_holds, flaws, when
from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.streamfault import StreamFault
from runfsm_simulator.world.templates import called_by, filled, misquotes
from runfsm_simulator.world.turns import (
    Call,
    Failure,
    Kind,
    Truncation,
    Turn,
    call,
    calls,
    fail,
    hang,
    say,
    truncate,
)
from runfsm_simulator.world.turnsteps import MessageStep

__all__ = [
    "Call",
    "Citation",
    "Failure",
    "FileResult",
    "Kind",
    "MessageStep",
    "Planner",
    "Rule",
    "Scene",
    "Script",
    "Truncation",
    "Turn",
    "When",
    "between",
    "call",
    "calls",
    "choose",
    "cite",
    "code_interpreter",
    "fail",
    "file_search",
    "hang",
    "say",
    "truncate",
    "when",
]


class Script(ScriptPart):
    """What every run of a simulation does, and how it answers a cancel. Turns, or rules.

    Attributes:
        name: what to call it in a list.
        title: one line about it.
        about: the lesson, a few sentences.
        turns: rounds of calls, then one ending.
        rules: the first one that holds is played; the last has no condition.
        cancel_s: seconds between `cancelling` and `cancelled`. `"never"`: the cancel is never
            honoured. `None`: the chooser draws it.
        stream_fault: how each stream breaks off, while the run goes on. `None`: none does.

    Example:
        >>> script = Script.of(call("get_weather", location="Paris"), say("It rains.", work_s=2))
        >>> [turn.kind for turn in script.turns]
        ['call', 'say']
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["turns"]}, {"required": ["rules"]}]}
    )

    name: str = "script"
    title: str = ""
    about: str = ""
    turns: Annotated[tuple[Turn, ...], Field(json_schema_extra={"minItems": 1})] = ()
    rules: Annotated[tuple[Rule, ...], Field(json_schema_extra={"minItems": 1})] = ()
    cancel_s: Seconds | Spread | Literal["never"] | None = None
    stream_fault: StreamFault | None = None

    @classmethod
    @told_as_script_error()
    def of(
        cls,
        *turns: Turn,
        cancel_s: Latency | Literal["never"] | None = None,
        stream_fault: StreamFault | None = None,
    ) -> Self:
        """A script of these turns.

        Raises:
            ScriptError: no turn, a round of calls at the end, a turn that cannot be reached, or
                one that quotes or cites what is not there.
        """
        return cls(turns=turns, cancel_s=cancel_s, stream_fault=stream_fault)

    @classmethod
    @told_as_script_error()
    def ruled(
        cls,
        *rules: Rule | Turn,
        cancel_s: Latency | Literal["never"] | None = None,
        stream_fault: StreamFault | None = None,
    ) -> Self:
        """A script of these rules; the last is a turn, for all that is left.

        Raises:
            ScriptError: a rule that can never be played, or that would call for ever, or that
                quotes or cites what is not there.

        Example:
            >>> script = Script.ruled(when(message="bye", then=say("Bye!")), say("Hello!"))
            >>> [rule.then.say for rule in script.rules]
            ['Bye!', 'Hello!']
        """
        all_rules = tuple(Rule(then=one) if isinstance(one, Turn) else one for one in rules)
        return cls(rules=all_rules, cancel_s=cancel_s, stream_fault=stream_fault)

    @field_validator("turns")
    @classmethod
    def _calls_then_one_ending(cls, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        end = next((index for index, turn in enumerate(turns) if turn.kind != "call"), None)
        if turns and end is None:
            why = "the last turn calls functions, and then? End with say, fail, truncate or hang"
            raise mistakes_at({(len(turns) - 1,): why})
        if end is not None and end < len(turns) - 1:
            raise mistakes_at({(end + 1,): f"never reached: turn {end} ends the run"})
        return turns

    @field_validator("cancel_s", mode="before")
    @classmethod
    def _seconds_or_never(cls, value: Any) -> Any:
        """Check the union as a whole: pydantic would report each of its members."""
        if isinstance(value, Mapping | Spread):
            return Spread.model_validate(value)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value in (None, "never") or (number and 0 <= value < math.inf):
            return value
        raise ValueError('expected 0 seconds or more, or "never"')

    @field_validator("rules")
    @classmethod
    def _every_rule_has_its_case(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if found := flaws(rules):
            raise mistakes_at(found)
        return rules

    @model_validator(mode="after")
    def _turns_or_rules(self) -> Self:
        if not self.turns and not self.rules:
            given = self.model_fields_set & {"turns", "rules"}
            empty = "the list is empty; the shortest script says something"
            why = empty if given else "is missing; a script has turns, or else rules"
            raise mistakes_at({(min(given, default="turns"),): why})
        if self.turns and self.rules:
            raise mistakes_at({("rules",): "beside turns; a script has the ones or the others"})
        return self

    @model_validator(mode="after")
    def _quotes_and_cites_what_is_there(self) -> Self:
        found: dict[Loc, str] = {}
        called: frozenset[str] = frozenset()
        for index, turn in enumerate(self.turns):
            wrong = {**misquotes(turn, called), **_miscited(turn)}
            called |= called_by(turn)
            found |= {("turns", index, *loc): what for loc, what in wrong.items()}
        anywhere = called_by(*(rule.then for rule in self.rules))
        for index, rule in enumerate(self.rules):
            turn = rule.then
            wrong = {**misquotes(turn, anywhere), **_miscited(turn)}
            found |= {("rules", index, "then", *loc): what for loc, what in wrong.items()}
        if found:
            raise mistakes_at(found)
        return self

    def __call__(self, scene: Scene) -> Turn:
        """The turn of this scene.

        A hand can force a round that the turns do not foresee. The last turn, always an ending,
        is then played again.
        """
        if self.rules:
            return filled(first_that_holds(self.rules, scene), scene)
        return filled(self.turns[min(scene.round, len(self.turns) - 1)], scene)


def _miscited(turn: Turn) -> Mapping[Loc, str]:
    """Find what is wrong with the citations of a turn, in its answer and in its steps."""
    wrong = dict(miscited(turn.cites, turn.text, turn.found))
    for index, step in enumerate(turn.steps):
        if isinstance(step, MessageStep):
            inside = miscited(step.cites, step.say, turn.found)
            wrong |= {("steps", index, *loc): what for loc, what in inside.items()}
    return wrong


Planner = Callable[[Scene], Turn]
