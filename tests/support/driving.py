"""What the tests of whole drives share: a clock that notices circles, and a stage to drive on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from runfsm import (
    AsyncRunDriver,
    Outcome,
    Policy,
    RunDriver,
    RunEvent,
    RunRequest,
    RunStatus,
)
from runfsm_simulator import Simulator
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.script import (
    Script,
    hang,
    say,
)

T = TypeVar("T")
S = RunStatus

#: Far more looks at the clock than any run below needs: beyond, time stands still in a circle.
LOOKS_MAX: Final = 20_000


class WatchfulClock(VirtualClock):
    """Virtual time that does not let a driver go in a circle."""

    looks = 0

    def now(self) -> float:
        """Unix time in seconds."""
        self.looks += 1
        assert self.looks < LOOKS_MAX, "the driver goes in a circle"
        return super().now()


def in_time(work: Callable[[], T], *, within_s: float = 10.0) -> T:
    """What `work` gives; a failure, instead of a test that hangs, if it never does."""
    answers: list[T] = []
    raised: list[BaseException] = []

    def body() -> None:
        try:
            answers.append(work())
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is raised below
            raised.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(timeout=within_s)
    if raised:
        raise raised[0]
    assert answers, "it hangs: somebody holds virtual time"
    return answers[0]


LOOPS = [None, "asyncio", "trio"]
HELLO = Script.of(say("Hello!", queue_s=1, work_s=1), cancel_s=1)
HANGING = Script.of(hang(queue_s=1), cancel_s=1)


def tools_on(clock: VirtualClock) -> list[Callable[..., Any]]:
    """Tools that are quick, slow, too slow, or raise; they sleep on `clock`."""

    def fine() -> str:
        return "fine"

    def raises() -> str:
        raise ValueError("odd")

    def naps() -> str:
        clock.sleep(2.1)
        return "rested"

    async def naps_async() -> str:
        await clock.async_sleep(3.7)
        return "rested"

    def sleeps() -> str:
        clock.sleep(40.0)
        return "rested"

    def oversleeps() -> str:
        clock.sleep(700.0)
        return "too late"

    return [fine, raises, naps, naps_async, sleeps, oversleeps]


class Stage:
    """A simulator with an assistant, and a driver's arguments; every stage of a script is alike."""

    def __init__(self, script: Script, policy: Policy, clock: VirtualClock | None = None) -> None:
        self.policy = policy
        self.clock = clock or WatchfulClock()
        self.simulator = Simulator(script, clock=self.clock)
        self.request = RunRequest(self.simulator.create_assistant(), "Hello", key="key_1")
        self.submitted: list[tuple[str, ...]] = []
        self.started_at = self.clock.now()
        submit = self.simulator.backend.submit

        def recorded(ref: Any, outputs: Any) -> Any:
            self.submitted.append(tuple(output.call_id for output in outputs))
            return submit(ref, outputs)

        self.simulator.backend.submit = recorded  # type: ignore[method-assign]  # to listen in

    @property
    def events(self) -> list[RunEvent]:
        """What the service took, oldest first."""
        return [entry.event for entry in self.simulator.trace]

    @property
    def driver(self) -> RunDriver:
        """A new driver."""
        tools = tools_on(self.clock)
        return RunDriver(self.simulator.backend, tools, policy=self.policy, clock=self.clock)

    @property
    def async_driver(self) -> AsyncRunDriver:
        """A new driver for tasks."""
        tools = tools_on(self.clock)
        backend = self.simulator.async_backend
        return AsyncRunDriver(backend, tools, policy=self.policy, clock=self.clock)

    def drive(self, cancel_at: int | None = None) -> Outcome:
        """Drive to the end, by threads."""
        watch = self.driver.watch(self.request)
        for number, _ in enumerate(watch):
            if number == cancel_at:
                watch.cancel()
        return watch.outcome

    async def drive_async(self, cancel_at: int | None = None) -> Outcome:
        """Drive to the end, by tasks."""
        watch = self.async_driver.watch(self.request)
        number = 0
        async for _ in watch:
            if number == cancel_at:
                watch.cancel()
            number += 1
        return watch.outcome
