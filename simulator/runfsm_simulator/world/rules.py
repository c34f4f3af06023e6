"""Rules: what the simulated model does *when*; the first one that holds is played.

Conditions are few and plain, so that they cost next to nothing on any text: a part of a text in
upper or lower case, an equal name, an equal number. There are no patterns that could be slow.

That a rule can never be played is found when the script is read, as far as it follows from the
rules above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import Field, field_validator

from runfsm_simulator.world.mistakes import Loc, ScriptPart, Text, told_as_script_error
from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.turns import Turn

__all__ = ["OutputWhen", "Rule", "When", "first_that_holds", "flaws", "when"]

RULES_MAX: Final = 1_000  # each is compared with all above it


class OutputWhen(ScriptPart):
    """Holds if one of the outputs that have just been handed in is such a one.

    Attributes:
        tool: the name of the function that it answers.
        contains: a part of its text, in upper or lower case.
    """

    tool: Text | None = None
    contains: Text | None = None

    def holds(self, scene: Scene) -> bool:
        """Whether it holds in this scene."""
        return any(
            self.tool in (None, name) and _within(self.contains, output)
            for name, _, output in scene.latest
        )

    def covers(self, other: OutputWhen) -> bool:
        """Whether this holds wherever `other` does."""
        return self.tool in (None, other.tool) and _within(self.contains, other.contains)


class When(ScriptPart):
    """Holds if all that is given holds.

    Attributes:
        assistant: the id or the name of the run's assistant.
        message: a part of what the user said last, in upper or lower case.
        round: how often this run's tool outputs have been submitted: 0 before the first time.
        output: what has just been handed in; any output at all if this is empty.
    """

    assistant: Text | None = None
    message: Text | None = None
    round: Annotated[int, Field(json_schema_extra={"minimum": 0})] | None = None
    output: OutputWhen | None = None

    @field_validator("round", mode="before")
    @classmethod
    def _counted_from_0(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise ValueError("expected the number of a round: 0, 1, 2 ...")

    def holds(self, scene: Scene) -> bool:
        """Whether it holds in this scene."""
        return (
            self.assistant in (None, scene.assistant_id, scene.assistant_name)
            and self.round in (None, scene.round)
            and _within(self.message, scene.asked)
            and (self.output is None or self.output.holds(scene))
        )

    def covers(self, other: When) -> bool:
        """Whether this holds wherever `other` does, as far as their words tell."""
        return (
            self.assistant in (None, other.assistant)
            and self.round in (None, other.round)
            and _within(self.message, other.message)
            and (
                self.output is None
                or (other.output is not None and self.output.covers(other.output))
            )
        )


class Rule(ScriptPart):
    """When this holds, the model does that.

    Attributes:
        when: the conditions; the last rule, and only that, has none.
        then: what the model does.
    """

    when: When | None = None
    then: Turn


@told_as_script_error()
def when(
    *,
    then: Turn,
    assistant: str | None = None,
    message: str | None = None,
    round: int | None = None,
    output: OutputWhen | Mapping[str, str] | None = None,
) -> Rule:
    """A rule: `when(output={"contains": "rain"}, then=say("Take an umbrella."))`.

    Raises:
        ScriptError: a condition that is none, or no turn.
    """
    wanted = {"assistant": assistant, "message": message, "round": round, "output": output}
    given = {name: value for name, value in wanted.items() if value is not None}
    return Rule(when=When.model_validate(given), then=then)


def _within(part: str | None, text: str | None) -> bool:
    return part is None or (text is not None and part.casefold() in text.casefold())


def first_that_holds(rules: Sequence[Rule], scene: Scene) -> Turn:
    """What the first rule that holds says. The last one always does."""
    return next(rule.then for rule in rules if rule.when is None or rule.when.holds(scene))


def flaws(rules: Sequence[Rule]) -> Mapping[Loc, str]:
    """What makes no sense about rules that are each right by themselves, by their places."""
    if not rules:
        return {}
    if len(rules) > RULES_MAX:
        return {(RULES_MAX,): f"more than {RULES_MAX} rules; a function may decide as well"}
    found = _flaws_of_the_last(rules)
    for index, rule in enumerate(rules[:-1]):
        if rule.when is None:
            return {(index + 1,): f"never reached: rule {index} has no `when`, and always holds"}
        if rule.when.output and rule.when.round == 0:
            found[index, "when", "output"] = "never holds: in round 0 there is no output yet"
        if rule.then.kind == "call" and rule.when.round is None and rule.when.output is None:
            found[index, "when"] = (
                "would call again in every round: add the `round`, or the `output` that it follows"
            )
    found.update(_unreachable(rules[:-1]))
    return found


def _flaws_of_the_last(rules: Sequence[Rule]) -> dict[Loc, str]:
    last = len(rules) - 1
    if rules[last].when is not None:
        return {(last, "when"): "the last rule is for all that is left; it has no `when`"}
    if rules[last].then.kind == "call":
        why = "calls functions in every round, and then? End with say, fail, truncate or hang"
        return {(last, "then"): why}
    return {}


def _unreachable(rules: Sequence[Rule]) -> dict[Loc, str]:
    return {
        (later,): f"never reached: rule {earlier} holds whenever this one does"
        for later, rule in enumerate(rules)
        for earlier in range(later)
        if (first := rules[earlier].when) and rule.when and first.covers(rule.when)
    }
