"""The shipped scenarios, each with its ending, played down a road with the tools they call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from runfsm import Outcome, RunRequest, RunStatus, Transition
from runfsm_simulator import Simulator, scenarios

__all__ = ["ENDINGS", "cancel_on", "getCurrentWeather", "getNickname", "play"]

S = RunStatus

ENDINGS: Final = {
    "weather": S.COMPLETED,
    "expiry": S.EXPIRED,
    "cancel-wins": S.CANCELLED,
    "cancel-loses": S.COMPLETED,
    "failure": S.FAILED,
    "truncation": S.INCOMPLETE,
    "busy-thread": S.COMPLETED,
    "stuck": S.EXPIRED,
    "two-rounds": S.COMPLETED,
    "analyst": S.COMPLETED,
    "umbrella": S.COMPLETED,
}


def getCurrentWeather(location: str, unit: Literal["c", "f"] = "f") -> dict[str, str]:  # noqa: N802  # the example's own name
    """Get the weather in location."""
    return {"location": location, "temperature": "72", "unit": unit}


def getNickname(location: str) -> str:  # noqa: N802  # the example's own name
    """Get the nickname of a city."""
    return location[:2]


def cancel_on(status: RunStatus) -> Callable[[Any, Any], object]:
    """Cancels whenever this status is seen."""

    def on_step(watch: Any, step: Any) -> None:
        if isinstance(step, Transition) and step.edge.dest is status:
            watch.cancel()

    return on_step


def play(
    road: Any, scenario: str, *, hear: Callable[[Any, Any], object] | None = None
) -> tuple[Simulator, Outcome]:
    """The world afterwards, and how the run ended; `hear(watch, step)` hears each step."""
    simulator = Simulator(scenarios.load(scenario))

    def askTheNightShift(question: str) -> str:  # noqa: N802  # as the scenario calls it
        simulator.clock.sleep(660)
        return question

    def on_step(watch: Any, step: Any) -> None:
        if hear:
            hear(watch, step)
        if scenario.startswith("cancel"):
            cancel_on(S.IN_PROGRESS)(watch, step)

    offered = {"weather": [getCurrentWeather, getNickname], "expiry": [askTheNightShift]}
    outcome = road.drive(
        simulator,
        RunRequest(simulator.create_assistant(), "Hello!"),
        tools=offered.get(scenario, ()),
        on_step=on_step,
    )
    return simulator, outcome
