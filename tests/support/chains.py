"""What the tests of `ResponsesBackend` share: a simulator, a backend of it, and what is true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import anyio

from driving import in_time
from runfsm import AsyncRunDriver, Outcome, Policy, ResponsesBackend, RunDriver, RunRequest
from runfsm_simulator import ArmedFault, Script, Simulator, call, say
from runfsm_simulator.world.exchange import progress

__all__ = ["LOOPS", "ROUND", "Chains", "lose"]

#: Threads, and tasks.
LOOPS: Final = [None, "asyncio"]

#: One round of a call, then an answer; each hop takes two seconds.
ROUND: Final = (call("look", queue_s=1, work_s=1), say("It rains.", queue_s=1, work_s=1))


def look() -> str:
    """Look out of the window."""
    return "rain"


class Chains:
    """A simulator, and a driver of its Responses wire.

    Args:
        *turns: what the model does: `ROUND`, unless told otherwise.
        loop: the event loop, or `None` for threads.
        tools: what may be called.
        policy: of the driver.
        script: what else the script says, such as `cancel_s`.
        **settings: of the backend.
    """

    def __init__(
        self,
        *turns: Any,
        loop: str | None = None,
        tools: Iterable[Callable[..., Any]] = (look,),
        policy: Policy | None = None,
        script: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.sim = Simulator(Script.of(*turns or ROUND, **script or {}))
        self.loop, self.policy, self.tools = loop, policy, tools
        self.settings = {"assistants": {"asst_1": {"model": "gpt-5"}}, **settings}
        self.backend = self.new_backend()
        self.thread = self.new_thread()

    def new_backend(self) -> Any:
        """A backend that knows nothing yet, as in another process."""
        sim = self.sim
        client: Any = sim.client() if self.loop is None else sim.async_client()
        return ResponsesBackend(client, **self.settings)

    def new_thread(self) -> str:
        """A conversation."""
        return self.sim.client().conversations.create().id

    def request(self, said: str = "How is it?", **fields: Any) -> RunRequest:
        """A run on the stage's conversation."""
        return RunRequest("asst_1", said, **{"thread_id": self.thread, "key": "key_1", **fields})

    def run(
        self, request: RunRequest | None = None, *, on_step: Any = None, backend: Any = None
    ) -> Outcome:
        """Drive a run to its end."""
        make: Any = RunDriver if self.loop is None else AsyncRunDriver
        clock = self.sim.clock
        driver = make(backend or self.backend, self.tools, policy=self.policy, clock=clock)
        watch = driver.watch(request or self.request())
        outcome: Outcome = in_time(partial(self._drive, watch, on_step))
        return outcome

    def _drive(self, watch: Any, on_step: Any) -> Outcome:
        async def main() -> None:
            async for step in watch:
                if on_step:
                    on_step(watch, step)

        if self.loop is not None:
            anyio.run(main, backend=self.loop)
        else:
            for step in watch:
                if on_step:
                    on_step(watch, step)
        outcome: Outcome = watch.outcome
        return outcome

    def do(self, verb: str, *args: Any, backend: Any = None) -> Any:
        """One call of the backend."""
        method = getattr(backend or self.backend, verb)
        return method(*args) if self.loop is None else anyio.run(partial(method, *args))

    @property
    def responses(self) -> list[Any]:
        """Every response that the service has made, oldest first."""
        return [*self.sim.world.store.responses.values()]

    @property
    def items(self) -> list[Any]:
        """What is in the conversation."""
        return [*self.sim.world.store.conversations[self.thread].items.values()]

    def check_usable(self) -> None:
        """Nobody holds the conversation, and no call in it is unanswered."""
        conversation = self.sim.world.store.conversations[self.thread]
        assert conversation.holder(self.sim.clock.now()) is None
        assert progress(self.items)  # it would raise


def lose(chains: Chains, path: str = "/v1/responses", **fields: Any) -> None:
    """Let the answer to the next request of this path be lost; it takes effect all the same."""
    armed = {"method": "POST", "trouble": "timeout", "applied": True, **fields}
    chains.sim.control.faults.arm(ArmedFault(path=path, **armed))
