"""`Simulator`: the whole service in one object. It joins the rooms, and decides nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runfsm.errors import CallerError
from runfsm_simulator.doors.direct import AsyncDirectBackend, DirectBackend
from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.wire.routes import Router
from runfsm_simulator.world.chooser import Chooser, Seeded
from runfsm_simulator.world.clock import VirtualClock
from runfsm_simulator.world.engine import WorldClock
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.script import Planner
from runfsm_simulator.world.scriptfile import load_script
from runfsm_simulator.world.sensible import sensible
from runfsm_simulator.world.trace import TraceEntry

if TYPE_CHECKING:
    import openai

__all__ = ["Simulator"]


class Simulator:
    """OpenAI's Assistants API v2, offline and in virtual time.

    Nothing happens between two calls but what the clock brings: move it by hand, or let a driver
    wait on it.

    Args:
        script: what the simulated assistant does: a `Script`, any function from a `Scene` to a
            `Turn`, or the path of a YAML file. Without one it does what is sensible: it calls the
            tools that it is offered, then answers.
        seed: of every choice that the script leaves open: latencies, ids.
        clock: anything with `now()`, in Unix seconds; a `VirtualClock` of its own if `None`.
        chooser: makes those choices in place of the seed.

    Attributes:
        clock: the clock.
        world: what stands behind the wire. `world.fire(run_id, event)` is a person's hand.
        backend: the shortest road, for a `RunDriver`.
        async_backend: the same, for an `AsyncRunDriver`.

    Raises:
        ScriptError: the file has a mistake.

    Example:
        >>> from runfsm_simulator import Simulator
        >>> from runfsm_simulator.world.script import Script, say
        >>> simulator = Simulator(Script.of(say("Hello!", queue_s=1, work_s=2)))
        >>> thread_id = simulator.create_thread()
        >>> _ = simulator.add_message(thread_id, "Hi")
        >>> run = simulator.world.create_run(thread_id, simulator.create_assistant())
        >>> simulator.clock.advance(3)
        >>> [entry.event.value for entry in simulator.trace]
        ['create', 'start', 'complete']
    """

    def __init__(
        self,
        script: Planner | str | os.PathLike[str] | None = None,
        *,
        seed: int = 0,
        clock: WorldClock | None = None,
        chooser: Chooser | None = None,
    ) -> None:
        # Any: who gave a clock knows what it can do; who gave none has a `VirtualClock`.
        self.clock: Any = clock if clock is not None else VirtualClock()
        self.world = World(_planner(script), clock=self.clock, chooser=chooser or Seeded(seed))
        self.backend = DirectBackend(self.world)
        self.async_backend = AsyncDirectBackend(self.world)
        self._router = Router(self.world)

    @property
    def trace(self) -> tuple[TraceEntry, ...]:
        """The latest edges that runs took, oldest first."""
        return self.world.trace

    def handle(self, request: Request) -> Response:
        """Answer one request of the API. Any thread may ask."""
        return self._router.handle(request)

    def client(self, **options: Any) -> openai.OpenAI:
        """A real client of the `openai` package whose service this is.

        Args:
            **options: further arguments of `openai.OpenAI`.
        """
        from runfsm_simulator.doors import transport  # noqa: PLC0415  # openai takes a second

        return transport.client(self.handle, **options)

    def async_client(self, **options: Any) -> openai.AsyncOpenAI:
        """The same, to be awaited."""
        from runfsm_simulator.doors import transport  # noqa: PLC0415  # as above

        return transport.async_client(self.handle, **options)

    # A stage for a test or a lesson, without a client.

    def create_assistant(
        self,
        *,
        model: str = "gpt-4o",
        instructions: str | None = "You are helpful.",
        tools: Iterable[Mapping[str, Any]] = (),
    ) -> str:
        """A new assistant.

        Args:
            model: any name; nobody looks at it.
            instructions: what it is told.
            tools: in the wire's form.

        Returns:
            Its id.

        Raises:
            CallerError: the API does not take such an assistant.
        """
        body = {"model": model, "instructions": instructions, "tools": list(tools)}
        return str(self._post("/v1/assistants", body)["id"])

    def create_thread(self) -> str:
        """A new, empty thread; its id."""
        return str(self._post("/v1/threads", {})["id"])

    def add_message(self, thread_id: str, text: str) -> str:
        """What a user says, at the end of a thread; the message's id.

        Raises:
            CallerError: there is no such thread, or a run is active on it.
        """
        body = {"role": "user", "content": text}
        return str(self._post(f"/v1/threads/{thread_id}/messages", body)["id"])

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"authorization": "Bearer sk-simulated", "openai-beta": "assistants=v2"}
        response = self.handle(
            Request("POST", path, headers=headers, body=json.dumps(body).encode())
        )
        answer: dict[str, Any] = response.json()
        if response.status != 200:
            raise CallerError(answer["error"]["message"])
        return answer


def _planner(script: Planner | str | os.PathLike[str] | None) -> Planner:
    if script is None:
        return sensible
    if isinstance(script, str | os.PathLike):
        return load_script(Path(script))
    return script
