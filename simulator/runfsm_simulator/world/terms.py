"""What a run is to work with: the assistant's own, save where the request says otherwise.

A run copies it once, at its creation. A later change to the assistant does not touch it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Protocol

__all__ = ["WISHES", "Json", "Offer", "Settings", "Terms", "agree"]

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run echoes. The simulated model heeds the caps and the truncation (`caps.py`).

    Where nobody wrote a script, it heeds the response format, too (`sensible.py`).

    For all else, the script decides what it does.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    reasoning_effort: str | None = None
    max_completion_tokens: int | None = None
    max_prompt_tokens: int | None = None
    truncation_strategy: Json = field(
        default_factory=lambda: {"type": "auto", "last_messages": None}
    )
    response_format: Any = "auto"
    tool_choice: Any = "auto"
    parallel_tool_calls: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """What one run works with."""

    assistant_id: str
    assistant_name: str | None
    model: str
    instructions: str | None
    tools: tuple[Json, ...]
    settings: Settings


SETTINGS: Final = frozenset(field.name for field in fields(Settings))

#: What a request may name.
WISHES: Final = SETTINGS | {"model", "instructions", "additional_instructions", "tools", "metadata"}


class Offer(Protocol):
    """What an assistant brings to every run."""

    id: str
    name: str | None
    model: str
    instructions: str | None
    tools: tuple[Json, ...]
    temperature: float
    top_p: float
    reasoning_effort: str | None
    response_format: Any


def agree(offer: Offer, wishes: Mapping[str, Any]) -> Terms:
    """The terms of a run.

    Args:
        offer: the assistant.
        wishes: what the request names, by some of `WISHES`. `additional_instructions` are appended
            (that a line break joins them is a guess). A wish that is `None` is none, as on the
            wire.
    """

    def wish(name: str) -> Any:
        return wishes[name] if wishes.get(name) is not None else getattr(offer, name, None)

    instructions = [wish("instructions"), wishes.get("additional_instructions")]
    settings = {name: wish(name) for name in SETTINGS}
    return Terms(
        assistant_id=offer.id,
        assistant_name=offer.name,
        model=wish("model"),
        instructions="\n".join(filter(None, instructions)) or None,
        tools=tuple(wish("tools")),
        settings=Settings(**{name: value for name, value in settings.items() if value is not None}),
    )
