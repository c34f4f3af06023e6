"""What a planner is shown: everything that a model would see, and a way to choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Answered", "Between", "Pick", "Scene"]

#: (name, arguments text, output) of calls that have been answered.
Answered = tuple[tuple[str, str, str], ...]

Pick = Callable[[str, Sequence[Any]], Any]
Between = Callable[[str, float, float], float]


def _lowest(_: str, low: float, __: float) -> float:
    return low


@dataclass(frozen=True, slots=True)
class Scene:
    """What a planner is shown when a run enters the queue.

    Attributes:
        round: how often this run's tool outputs have been submitted.
        tools: the run's tools, in the wire's form.
        messages: (role, text) of the whole thread, oldest first.
        answered: this run's earlier calls, of all rounds.
        instructions: the run's instructions.
        tool_choice: the run's tool choice, in the wire's form.
        pick: the chooser's `pick(stream, options)`, so that a choice can be seeded and replayed.
        parallel_tool_calls: whether the model may call more than one function in a round.
        latest: the calls of the latest round only: those that have just been answered.
        assistant_id: whose run it is.
        assistant_name: the name of that assistant when the run was created.
        response_format: the form of the answer, as the Assistants wire has it: `"auto"`, or an
            object whose `type` is `"text"`, `"json_object"` or `"json_schema"`.
        between: the chooser's `between(stream, low, high)`; the lowest when there is no chooser.
    """

    round: int
    tools: tuple[Mapping[str, Any], ...]
    messages: tuple[tuple[str, str], ...]
    answered: Answered
    instructions: str | None
    tool_choice: Any
    pick: Pick
    parallel_tool_calls: bool = True
    latest: Answered = ()
    assistant_id: str = ""
    assistant_name: str | None = None
    response_format: Any = "auto"
    between: Between = _lowest

    @property
    def asked(self) -> str:
        """What the user said last; empty if nothing."""
        return next((text for role, text in reversed(self.messages) if role == "user"), "")
