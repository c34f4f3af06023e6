"""What a planner is shown: everything that a model would see, and a way to choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Pick", "Scene"]

Pick = Callable[[str, Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a planner is shown when a run enters the queue.

    Attributes:
        round: how often this run's tool outputs have been submitted.
        tools: the run's tools, in the wire's form.
        messages: (role, text) of the whole thread, oldest first.
        answered: (name, arguments text, output) of this run's earlier calls.
        instructions: the run's instructions.
        tool_choice: the run's tool choice, in the wire's form.
        pick: the chooser's `pick(stream, options)`, so that a choice can be seeded and replayed.
        parallel_tool_calls: whether the model may call more than one function in a round.
    """

    round: int
    tools: tuple[Mapping[str, Any], ...]
    messages: tuple[tuple[str, str], ...]
    answered: tuple[tuple[str, str, str], ...]
    instructions: str | None
    tool_choice: Any
    pick: Pick
    parallel_tool_calls: bool = True
