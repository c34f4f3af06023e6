"""A stage for the Responses API: a simulator, and the official client of it, sync or async."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from functools import partial
from typing import Any, Final

import anyio
import openai

from runfsm_simulator import Script, Simulator, call, say
from runfsm_simulator.wire.http import Request, Response

__all__ = ["HEADERS", "MODEL", "TOOLS", "TWO_HOPS", "Desk", "outputs"]

HEADERS: Final = {"authorization": "Bearer sk-any"}
MODEL: Final = "gpt-5"
TOOLS: Final = [
    {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}
]

#: One round of a call, then an answer; each hop takes three seconds.
TWO_HOPS: Final = Script.of(
    call("look", at="here", queue_s=1, work_s=2), say("So there, then.", queue_s=1, work_s=2)
)
STRICT: Final = {"_strict_response_validation": True, "max_retries": 0}


class Blocking:
    """The async client, asked from a thread: whatever it would have awaited, is."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        return Blocking(getattr(self._target, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return anyio.run(partial(_asked, self._target, *args, **kwargs))


async def _asked(method: Any, *args: Any, **kwargs: Any) -> Any:
    answer = method(*args, **kwargs)
    if isinstance(answer, Awaitable):
        answer = await answer
    return [event async for event in answer] if isinstance(answer, openai.AsyncStream) else answer


class Desk:
    """A simulator, and a client of it that validates strictly.

    Args:
        script: what the model does.
        kind: of the client: `"sync"` or `"async"`.
        **options: of the simulator.
    """

    def __init__(self, script: Any = TWO_HOPS, *, kind: str = "sync", **options: Any) -> None:
        self.sim = Simulator(script, **options)
        make = self.sim.client if kind == "sync" else self.sim.async_client
        client = make(**STRICT)
        self.client: Any = client if kind == "sync" else Blocking(client)

    def create(self, input: Any = "Hi", **wishes: Any) -> Any:
        """A response in background mode, unless it is wished otherwise; of a stream, its events."""
        wanted = {"model": MODEL, "tools": TOOLS, "background": True, "input": input, **wishes}
        answer = self.client.responses.create(**wanted)
        return list(answer) if isinstance(answer, openai.Stream) else answer

    def look(self, response: Any) -> Any:
        """The same response, as it is now."""
        return self.client.responses.retrieve(response.id)

    def finished(self, input: Any = "Hi", **wishes: Any) -> Any:
        """A response in background mode, as it is after ten seconds."""
        response = self.create(input, **wishes)
        self.sim.clock.advance(10)
        return self.look(response)

    def answered(self, response: Any, **wishes: Any) -> Any:
        """The next hop, with an output for each call of `response`."""
        return self.finished(outputs(response), **wishes)

    def resume(self, response: Any, **query: Any) -> list[Any]:
        """The events of a response, once more."""
        return list(self.client.responses.retrieve(response.id, stream=True, **query))

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Response:
        """One request, without the client."""
        data = b"" if body is None else json.dumps(body).encode()
        asked = {name: [value] for name, value in query.items()}
        return self.sim.handle(Request(method, f"/v1{path}", asked, HEADERS, data))

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """The status and the error of a request that is answered with one."""
        answer = self.ask(method, path, body)
        return answer.status, answer.json()["error"]


def outputs(response: Any, text: str = "rain") -> list[dict[str, str]]:
    """An output for each call of a response."""
    return [
        {"type": "function_call_output", "call_id": item.call_id, "output": text}
        for item in response.output
        if item.type == "function_call"
    ]
