"""What a failing state machine tells: the message, the steps, and how to do it again."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

#: What is not a step that was chosen.
FRAME = {"begin", "teardown", "all_agree"}


@dataclass(frozen=True)
class Failure:
    """A failure, as Hypothesis tells it.

    Attributes:
        message: of the error that was raised.
        notes: the shrunk steps, and the line that repeats them.
    """

    message: str
    notes: str

    @property
    def steps(self) -> list[str]:
        """The rules that were played, in their order."""
        names = re.findall(r"state\.(\w+)\(", self.notes)
        return [name for name in names if name not in FRAME]


def failure_of(
    machine: type[RuleBasedStateMachine],
    *,
    examples: int = 300,
    error: type[Exception] = AssertionError,
) -> Failure:
    """The failure of a machine that must fail, with such an error."""
    with pytest.raises(error) as caught:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                print_blob=True,
                report_multiple_bugs=False,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
    return Failure(str(caught.value), "\n".join(getattr(caught.value, "__notes__", ())))
