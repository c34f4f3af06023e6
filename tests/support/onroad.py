"""A stage on one road, on which threads and tasks play by the same words.

What a test does with a watch is a coroutine. Tasks run it on their loop. For threads each call
blocks, so nothing in it suspends, and one step is the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Self, TypeVar

import anyio

from driving import WatchfulClock, in_time
from runfsm import AsyncRunDriver, Outcome, Policy, RunDriver, RunEvent, RunRequest
from runfsm_simulator import Script, Simulator
from runfsm_simulator.world.clock import VirtualClock

__all__ = ["OnRoad"]

T = TypeVar("T")


class Awaited:
    """A watch or a stream for threads, to be used as those for tasks are; the rest is its own."""

    def __init__(self, watch: Any) -> None:
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._watch, name)

    def __aiter__(self) -> Awaited:
        return self

    async def __anext__(self) -> Any:
        for step in self._watch:
            return step
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        self._watch.__enter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._watch.__exit__(*error)

    async def finish(self) -> Outcome:
        """See `Watch.finish`."""
        outcome: Outcome = self._watch.finish()
        return outcome

    async def aclose(self) -> None:
        """See `Watch.close`."""
        self._watch.close()


class OnRoad:
    """A simulator, a driver of it down one road, and a request.

    Args:
        road: which one.
        script: what the model does.
        policy: of the driver.
        tools: what may be called.
        clock: of both.
        **options: of the simulator.
    """

    def __init__(
        self,
        road: Any,
        script: Script,
        policy: Policy | None = None,
        *,
        tools: Iterable[Callable[..., Any]] = (),
        clock: VirtualClock | None = None,
        **options: Any,
    ) -> None:
        self.road, self.policy, self.tools = road, policy, tools
        self.clock = clock or WatchfulClock()
        self.simulator = Simulator(script, clock=self.clock, **options)
        self.request = RunRequest(self.simulator.create_assistant(), "Hello", key="key_1")
        self.backend = road.backend(self.simulator)
        self.driver = self.new_driver()
        self.watches: list[Any] = []

    def new_driver(self, **more: Any) -> Any:
        """Another driver on the same backend."""
        make: Any = RunDriver if self.road.loop is None else AsyncRunDriver
        return make(self.backend, self.tools, policy=self.policy, clock=self.clock, **more)

    def watch(self, request: RunRequest | None = None) -> Any:
        """A new watch; the latest is the last of `watches`."""
        return self.awaited(self.driver.watch(request or self.request))

    def resume(self, core: Any) -> Any:
        """A watch that goes on with this core."""
        return self.awaited(self.driver.resume(core))

    def awaited(self, watch: Any) -> Any:
        """A watch, or a stream, of the driver, as a test may use it."""
        self.watches.append(Awaited(watch) if self.road.loop is None else watch)
        return self.watches[-1]

    def play(self, body: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What this gives, by a thread or by a task; a failure if it hangs."""
        if self.road.loop is None:
            return in_time(lambda: _stepped(body()))
        return in_time(partial(anyio.run, body, backend=self.road.loop))

    def run(self, on_step: Callable[[Any, Any], object] | None = None) -> Outcome:
        """Drive the run to its end; `on_step(watch, step)` hears each step."""

        async def main() -> Outcome:
            watch = self.watch()
            async for step in watch:
                if on_step:
                    on_step(watch, step)
            outcome: Outcome = watch.outcome
            return outcome

        return self.play(main)

    def on_call(self, verb: str, act: Callable[[], object]) -> None:
        """Have this done whenever the driver makes this call of its backend, just before."""
        call = getattr(self.backend, verb)

        def acted(*args: Any, **kwargs: Any) -> Any:
            act()
            return call(*args, **kwargs)

        setattr(self.backend, verb, acted)

    @property
    def events(self) -> list[RunEvent]:
        """What the service took, oldest first."""
        return [entry.event for entry in self.simulator.trace]

    def nothing_is_left(self) -> None:
        """The driver has nothing under way, and nobody holds virtual time."""
        assert (0, 0) == (len(self.driver._under_way), self.clock._busy)


def _stepped(body: Coroutine[Any, Any, T]) -> T:
    try:
        body.send(None)
    except StopIteration as over:
        given: T = over.value
        return given
    raise AssertionError("it waits for a loop, and threads have none")
