"""The roads from a driver to the simulated service: threads or tasks, over the wire or beside it.

A case is written once, as if there were threads only; which driver does what it asks, is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Thread
from typing import Any, Literal

import anyio
import anyio.lowlevel

from runfsm.backends import AgentsBackend, AssistantsBackend, ResponsesBackend
from runfsm.clock import Participant
from runfsm.driver.aio import AsyncRunDriver
from runfsm.driver.core import RunCore
from runfsm.driver.lines import Lines
from runfsm.driver.live import LiveItem
from runfsm.driver.outcome import Outcome
from runfsm.driver.policy import Policy
from runfsm.driver.request import RunRequest
from runfsm.driver.sync import RunDriver
from runfsm_simulator import Simulator
from runfsm_simulator.world.clock import VirtualClock

__all__ = ["Ask", "Road", "Wire"]

Wire = Literal["assistants", "responses", "agents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A run that a client wants driven.

    Attributes:
        request: what to run.
        tools: what may be called.
        policy: what the client wants of its driver.
        lines: where to stand in line; of its own if `None`.
        starts_s: how many seconds after the others it begins.
        streams: whether to listen, and not to poll.
        on_item: called with the watch and each item. What it raises leaves the `with` block; a
            `KeyboardInterrupt` is to a task as if it were cancelled.
        core: goes on with this one, which was saved in mid-run.
    """

    request: RunRequest
    tools: Sequence[Callable[..., Any]] = ()
    policy: Policy = field(default_factory=Policy)
    lines: Lines | None = None
    starts_s: float = 0.0
    streams: bool = False
    on_item: Callable[[Any, LiveItem], object] | None = None
    core: RunCore | None = None


@dataclass(frozen=True, slots=True)
class Road:
    """One way from a driver to the simulator.

    Attributes:
        loop: the event loop of an `AsyncRunDriver`; `None`: a `RunDriver`, in threads.
        door: `"sdk"`: the official client, over HTTP that never leaves the process; `"direct"`:
            the simulator's own backend, which is as if on the Assistants wire.
        wire: what the client speaks.
    """

    loop: Literal["asyncio", "trio"] | None = None
    door: Literal["sdk", "direct"] = "sdk"
    wire: Wire = "assistants"

    def backend(self, simulator: Simulator) -> Any:
        """A new backend on this road, which knows the assistants that the service has by now.

        Raises:
            CallerError: the installed client does not speak that wire.
        """
        if self.door == "direct":
            return simulator.backend if self.loop is None else simulator.async_backend
        client = simulator.client() if self.loop is None else simulator.async_client()
        match self.wire:
            case "assistants":
                return AssistantsBackend(client)
            case "responses":
                return ResponsesBackend(client, assistants=_assistants(simulator))
            case "agents":
                return AgentsBackend(client, assistants=_assistants(simulator))

    def drive(
        self, backend: Any, clock: VirtualClock, asks: Sequence[Ask]
    ) -> list[Outcome | BaseException]:
        """Drive these runs, all at once; how each of them ended, or what it raised."""
        # Before the first begins: no instant may pass for it while the others are not there.
        works = [Work(ask, backend, clock, clock.participant()) for ask in asks]
        try:
            if self.loop is None:
                _by_threads(works)
            else:
                anyio.run(_by_tasks, works, backend=self.loop)
        finally:
            for work in works:
                work.participant.leave()
        return [work.came for work in works]

    def add_message(
        self, backend: Any, clock: VirtualClock, thread_id: str, content: str, policy: Policy
    ) -> str:
        """Add a message by a driver; its id."""
        if self.loop is None:
            threaded = RunDriver(backend, policy=policy, clock=clock)
            return threaded.add_message(thread_id, content)
        driver = AsyncRunDriver(backend, policy=policy, clock=clock)
        return anyio.run(partial(driver.add_message, thread_id, content), backend=self.loop)


def _assistants(simulator: Simulator) -> dict[str, dict[str, Any]]:
    """As an app would write them down, where the service keeps none."""
    assistants = simulator.world.store.assistants.values()
    return {one.id: {"model": one.model, "instructions": one.instructions} for one in assistants}


@dataclass(slots=True)
class Work:
    """One ask on its way, and what came of it."""

    ask: Ask
    backend: Any
    clock: VirtualClock
    participant: Participant
    came: Any = None

    def watch(self, kind: Any) -> Any:
        """Begin, by a driver of this kind."""
        ask = self.ask
        driver = kind(self.backend, ask.tools, policy=ask.policy, clock=self.clock, lines=ask.lines)
        if ask.core is not None:
            return driver.resume(ask.core)
        return driver.stream(ask.request) if ask.streams else driver.watch(ask.request)

    def tell(self, watch: Any, item: LiveItem) -> None:
        """Tell who listens of an item."""
        if self.ask.on_item:
            self.ask.on_item(watch, item)


def _by_threads(works: Sequence[Work]) -> None:
    threads = [Thread(target=_work, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _work(work: Work) -> None:
    with work.participant:
        try:
            work.came = _drive(work)
        except BaseException as error:  # noqa: BLE001  # raised by who asked, if it shall be
            work.came = error
    work.participant.leave()


def _drive(work: Work) -> Outcome:
    work.clock.sleep(work.ask.starts_s)
    with work.watch(RunDriver) as watch:
        for item in watch:
            work.tell(watch, item)
    outcome: Outcome = watch.outcome
    return outcome


async def _by_tasks(works: Sequence[Work]) -> None:
    async with anyio.create_task_group() as tasks:
        for work in works:
            tasks.start_soon(_work_async, work)


async def _work_async(work: Work) -> None:
    with work.participant:
        try:
            work.came = await _drive_async(work)
        except Exception as error:  # noqa: BLE001  # as above
            work.came = error
    work.participant.leave()


async def _drive_async(work: Work) -> Outcome | BaseException:
    await work.clock.async_sleep(work.ask.starts_s)
    stopped: BaseException | None = None
    with anyio.CancelScope() as scope:
        async with work.watch(AsyncRunDriver) as watch:
            async for item in watch:
                try:
                    work.tell(watch, item)
                except KeyboardInterrupt as stop:  # tasks are cancelled, not interrupted
                    stopped = stop
                    scope.cancel()
                    await anyio.lowlevel.checkpoint()
    return stopped or watch.outcome
