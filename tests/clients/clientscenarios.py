"""The scenarios: the script that the server plays, and what the client must have seen of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = [
    "SCENARIOS",
    "AtLeast",
    "Containing",
    "Fields",
    "Scenario",
    "differences",
    "scenarios_of",
]

STREAMED: Final = "One two three four five six seven eight nine ten."
CUT: Final = "The first reason is that"
BROKEN: Final = "The model is out of order."
FIRST, SECOND = "My name is Ada.", "What is my name?"

LOOKED: Final = "I looked it up."


@dataclass(frozen=True, slots=True)
class Containing:
    """A text with a piece in it."""

    piece: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.piece in other

    __hash__ = None  # type: ignore[assignment]  # equal to many texts


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number that is not smaller."""

    number: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and other >= self.number

    __hash__ = None  # type: ignore[assignment]  # equal to many numbers


@dataclass(frozen=True, slots=True)
class Fields:
    """A dictionary with fields of these types, and no others."""

    types: Mapping[str, type]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and self.types == {k: type(v) for k, v in other.items()}

    __hash__ = None  # type: ignore[assignment]  # equal to many dictionaries


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation.

    Attributes:
        title: the head of its column.
        script: what the server plays; without one it does what is sensible.
        saw: what the client must report.
        ended: the status in which the server's last run or response ends.
        is_remembered: the server's second turn must have the first one before it.
        wires: where it can be; a response does not expire, for one.
        if_told: what is compared where the client has it; some raise an error without it.
    """

    title: str
    script: Mapping[str, Any] | None
    saw: Mapping[str, Any]
    ended: str = "completed"
    is_remembered: bool = False
    wires: tuple[str, ...] = ("assistants", "responses")
    if_told: Mapping[str, Any] = field(default_factory=dict)


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "tool_run": Scenario(
        "tool run",
        {
            "rules": [
                {
                    "when": {"round": 0},
                    "then": {"call": {"name": "get_weather", "arguments": {"city": "Oslo"}}},
                },
                {"then": {"say": "The tool said: {output.get_weather}"}},
            ]
        },
        {
            "calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}],
            "text": Containing("Sun in Oslo"),
        },
    ),
    "two_turns": Scenario(
        "two turns",
        {"turns": [{"say": "You said: {message}"}]},
        {"texts": [f"You said: {FIRST}", f"You said: {SECOND}"]},
        is_remembered=True,
    ),
    "stream": Scenario(
        "stream", {"turns": [{"say": STREAMED}]}, {"text": STREAMED, "pieces": AtLeast(2)}
    ),
    "cancel": Scenario(
        "cancel", {"turns": [{"hang": True}], "cancel_s": 1}, {"ended": "cancelled"}, "cancelled"
    ),
    "failed": Scenario(
        "failed",
        {"turns": [{"fail": {"code": "server_error", "message": BROKEN}}]},
        {"ended": "failed", "why": Containing(BROKEN)},
        "failed",
    ),
    "incomplete": Scenario(
        "incomplete",
        {"turns": [{"truncate": {"reason": "max_completion_tokens", "say": CUT}}]},
        {"ended": "incomplete"},
        "incomplete",
        if_told={"text": Containing(CUT)},
    ),
    "expired": Scenario(
        "expired",
        {"turns": [{"hang": True}]},
        {"ended": "expired"},
        "expired",
        wires=("assistants",),
    ),
    "background": Scenario(
        "background",
        {"turns": [{"say": STREAMED, "work_s": 60}]},
        {"text": STREAMED},
        wires=("responses",),
    ),
    "failed_stream": Scenario(
        "failed stream",
        {"turns": [{"fail": {"code": "server_error", "message": BROKEN}}]},
        {"ended": "failed", "why": Containing(BROKEN)},
        "failed",
        wires=("responses",),
    ),
    "schema": Scenario(
        "schema",
        None,
        {"value": Fields({"city": str, "degrees": int})},
        wires=("responses",),
    ),
    "web_search": Scenario(
        "web search",
        {"turns": [{"say": LOOKED}]},
        {"text": LOOKED},
        wires=("responses",),
    ),
}


def scenarios_of(wire: str) -> dict[str, Scenario]:
    """Return the scenarios of a wire, in the order of its columns."""
    return {name: it for name, it in SCENARIOS.items() if wire in it.wires}


def differences(scenario: Scenario, saw: Mapping[str, Any]) -> Iterator[str]:
    """Name each expected fact that was not seen; further facts do not matter."""
    told = {key: value for key, value in scenario.if_told.items() if key in saw}
    for key, value in {**scenario.saw, **told}.items():
        if value != saw.get(key):
            yield f"{key}: expected {value!r}, got {saw.get(key)!r}"
