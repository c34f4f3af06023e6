"""The steps of a turn before its outcome: messages, and the tools that the service runs itself.

Runs with a code interpreter look like that: a message, code, a message, code, and then the answer;
or a message, and then function calls in the same round (recordings: openai-dotnet 2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from runfsm_simulator.world.citing import Citation
from runfsm_simulator.world.hosted import FileResult, HostedStep
from runfsm_simulator.world.mistakes import ScriptPart, Text, listed, mistakes_at, suggestion

__all__ = ["MessageStep", "TurnStep", "TurnSteps"]


class MessageStep(ScriptPart):
    """A message that the model writes before its turn goes on.

    Attributes:
        say: its text.
        cites: the files that stand behind marks in it.
    """

    say: Text
    cites: Annotated[
        tuple[Citation, ...],
        BeforeValidator(listed, json_schema_input_type=Citation | tuple[Citation, ...]),
    ] = ()

    @property
    def written(self) -> str:
        """The text that the model writes."""
        return self.say

    @property
    def found(self) -> str:
        """The text that the model reads afterwards: nothing new."""
        return ""

    @property
    def results(self) -> tuple[FileResult, ...]:
        """The passages that were found: none."""
        return ()


KINDS: Final = ("say", *HostedStep.model_fields)
KEYS: Final = (*KINDS, "cites")


def _step(value: Any) -> Any:
    """Validate a step by its own keys: pydantic would report both members of the union."""
    if not isinstance(value, Mapping):
        return value if isinstance(value, MessageStep) else HostedStep.model_validate(value)
    if unknown := [key for key in value if key not in KEYS]:
        raise mistakes_at({(key,): f"unknown key; {suggestion(key, KEYS)}" for key in unknown})
    given = [kind for kind in KINDS if value.get(kind) is not None]
    if len(given) > 1 or not any(kind in value for kind in KINDS):
        found = " and ".join(given) or "none of them"
        raise ValueError(f"a step does exactly one of {', '.join(KINDS)}; here is {found}")
    return (MessageStep if "say" in value else HostedStep).model_validate(value)


TurnStep = HostedStep | MessageStep

#: The field of a turn: one step is a list of one.
TurnSteps = Annotated[
    tuple[Annotated[TurnStep, BeforeValidator(_step, json_schema_input_type=TurnStep)], ...],
    BeforeValidator(listed, json_schema_input_type=TurnStep | tuple[TurnStep, ...]),
]
