"""What the demo's clients do: six short scenes, each on a shipped scenario.

A scene is a function that takes a `Stage`: it sets up an assistant and a thread through the
official client, drives runs, and lets the stage tell what is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from runfsm.backends import AssistantsBackend
from runfsm.driver.outcome import Outcome
from runfsm.driver.request import RunRequest
from runfsm.driver.sync import RunDriver
from runfsm.driver.watch import Watch
from runfsm.errors import BackendError
from runfsm.lifecycle.journal import JournalStep, Transition
from runfsm.lifecycle.run import RunStatus
from runfsm.tools import Toolset
from runfsm_simulator import Simulator

__all__ = ["SCENES", "Scene", "Stage"]


class Teller(Protocol):
    """Where a scene is told: see `telling.py`."""

    def said(self, role: str, text: str) -> None:
        """Somebody says something."""

    def stepped(self, step: JournalStep, began_at: float) -> None:
        """The run did a step; the scene began at `began_at`, Unix seconds."""

    def noted(self, text: str, *, refused: bool = False) -> None:
        """A remark of the narrator, or what the service answers."""

    def ended(self, outcome: Outcome) -> None:
        """The run is over: what it wrote, and why it stopped if it was not its own will."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: the scenario that the simulator plays, and what the client does."""

    scenario: str
    play: Callable[[Stage], Outcome]


class Stage:
    """A simulator, an official client on it, and an audience."""

    def __init__(self, simulator: Simulator, teller: Teller) -> None:
        self.simulator = simulator
        self.clock = simulator.clock
        self.backend = AssistantsBackend(simulator.client())
        self.teller = teller
        self.began_at = self.clock.now()

    def assistant(self, *tools: Callable[..., Any]) -> str:
        """An assistant that is offered these tools; its id."""
        return self.backend.create_assistant(
            model="gpt-4o",
            instructions="You are a weather bot. Use the provided functions to answer questions.",
            tools=Toolset(tools).schemas,
        )

    def ask(
        self,
        message: str,
        *tools: Callable[..., Any],
        thread_id: str | None = None,
        on: Mapping[RunStatus, Callable[[Watch], object]] | None = None,
    ) -> Outcome:
        """Ask the assistant, show each step, and do what `on` says when a status is entered."""
        self.teller.said("user", message)
        driver = RunDriver(self.backend, tools, clock=self.clock)
        watch = driver.watch(RunRequest(self.assistant(*tools), message, thread_id))
        for step in watch:
            self.teller.stepped(step, self.began_at)
            if on and isinstance(step, Transition) and step.edge.dest in on:
                on[step.edge.dest](watch)
        self.teller.ended(watch.outcome)
        return watch.outcome


# The weather assistant's tools; the functions of the well-known cookbook example.


def getCurrentWeather(location: str, unit: Literal["c", "f"] = "f") -> dict[str, str]:  # noqa: N802  # the example's own name
    """Get the weather in location.

    Args:
        location: The city and state e.g. San Francisco, CA
        unit: Celsius or Fahrenheit.
    """
    return {"location": location, "temperature": "72" if unit == "f" else "22", "unit": unit}


def getNickname(location: str) -> str:  # noqa: N802  # the example's own name
    """Get the nickname of a city.

    Args:
        location: The city and state e.g. San Francisco, CA
    """
    return "LA" if "Los Angeles" in location else location


def weather(stage: Stage) -> Outcome:
    """Two tools in one round, and the answer."""
    return stage.ask("How is the weather in Los Angeles?", getCurrentWeather, getNickname)


def expiry(stage: Stage) -> Outcome:
    """A tool that takes eleven minutes, where the run takes outputs for ten."""

    def askTheNightShift(question: str) -> str:  # noqa: N802  # named as the scenario calls it
        """Ask the night shift."""
        stage.teller.noted(f"the night shift thinks for eleven minutes about: {question}")
        stage.clock.sleep(660)
        return "yes"

    return stage.ask("Is the bridge open?", askTheNightShift)


def _cancel_at_work(stage: Stage) -> Outcome:
    def cancel(watch: Watch) -> None:
        stage.teller.noted("the user has changed their mind: POST …/cancel")
        watch.cancel()

    return stage.ask("Tell me a long story.", on={RunStatus.IN_PROGRESS: cancel})


def plain(stage: Stage) -> Outcome:
    """Ask, and see how it ends."""
    return stage.ask("Summarise the report, please.")


def busy_thread(stage: Stage) -> Outcome:
    """While the run is at work, a second message and a second run are refused."""
    thread = stage.backend.create_thread()

    def knock(_: Watch) -> None:
        stage.teller.noted("meanwhile, a second window of the same app:")
        backend, request = stage.backend, RunRequest(stage.assistant(), "Hello?", thread)
        _expect_refusal(stage, "add a message", lambda: backend.add_message(thread, "Hello?"))
        _expect_refusal(stage, "create a run", lambda: backend.create(request))

    outcome = stage.ask("Read the report.", thread_id=thread, on={RunStatus.IN_PROGRESS: knock})
    stage.backend.add_message(thread, "Thank you!")
    stage.teller.noted("the run is over, so the thread is free: the next message is taken")
    return outcome


def _expect_refusal(stage: Stage, what: str, call: Callable[[], object]) -> None:
    try:
        call()
    except BackendError as error:
        answer = f"{what} → HTTP {error.fault.status_code}: {error}"
        stage.teller.noted(answer, refused=True)


SCENES: Final = (
    Scene("weather", weather),
    Scene("expiry", expiry),
    Scene("cancel-wins", _cancel_at_work),
    Scene("cancel-loses", _cancel_at_work),
    Scene("failure", plain),
    Scene("truncation", plain),
    Scene("busy-thread", busy_thread),
)
