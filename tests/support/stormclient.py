"""The official client with a short road to the simulator, for the many requests of a storm.

Rule: what is answered well goes the short road, past URLs, headers and an HTTP library. Whatever
else comes (an error, no answer, half of one, a stream) is answered to the client's own machinery,
so that what a fault looks like to a backend is not imitated here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import openai

from runfsm_simulator import Simulator
from runfsm_simulator.doors import transport
from runfsm_simulator.wire.http import Handle, NoAnswer, Request, Response

__all__ = ["AsyncShortClient", "ShortClient"]

AUTHORISED: Final = {"authorization": "Bearer sk-simulated", "content-type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """An answer with its head, as the client gives it to who asks for that."""

    headers: Any
    content: bytes
    body: Any

    @property
    def text(self) -> str:
        """The content, as a text."""
        return self.content.decode()

    def parse(self) -> Any:
        """The body."""
        return self.body


class ShortClient(openai.OpenAI):
    """See above; for threads."""

    def __init__(self, simulator: Simulator) -> None:
        http_client = openai.DefaultHttpxClient(transport=transport.transport(simulator.handle))
        super().__init__(**{**transport.DEFAULTS, "http_client": http_client})
        self._ask = simulator.handle

    def request(self, cast_to: Any, options: Any, **how: Any) -> Any:
        """Send it once."""
        if how.get("stream"):
            return super().request(cast_to, options, **how)
        heard = _heard(self._ask, options)
        if isinstance(heard, Answer):
            return heard
        return transport.client(heard).request(cast_to, options, **how)


class AsyncShortClient(openai.AsyncOpenAI):
    """See above; for tasks."""

    def __init__(self, simulator: Simulator) -> None:
        transported = transport.transport(simulator.handle)
        http_client = openai.DefaultAsyncHttpxClient(transport=transported)
        super().__init__(**{**transport.DEFAULTS, "http_client": http_client})
        self._ask = simulator.handle

    async def request(self, cast_to: Any, options: Any, **how: Any) -> Any:
        """Send it once."""
        if how.get("stream"):
            return await super().request(cast_to, options, **how)
        heard = _heard(self._ask, options)
        if isinstance(heard, Answer):
            return heard
        return await transport.async_client(heard).request(cast_to, options, **how)


def _heard(ask: Handle, options: Any) -> Answer | Handle:
    """The answer, if it is a good one; or else a service that can only answer so."""
    try:
        answer = ask(_sent(options))
        if answer.status < openai.BadRequestError.status_code:
            body = json.loads(answer.body) if answer.body else None
            return Answer(answer.headers, answer.body, body)
    except NoAnswer as nothing:
        raised = nothing

        def refuse(_: Request) -> Response:
            raise raised

        return refuse
    except json.JSONDecodeError:  # half of one, or a page of somebody else's
        pass
    return lambda _: answer


def _sent(options: Any) -> Request:
    query = {name: [str(value)] for name, value in options.params.items()}
    body = b"" if options.json_data is None else json.dumps(options.json_data).encode()
    headers = {name.lower(): value for name, value in options.headers.items()}
    path = f"/v1{unquote(options.url)}"
    return Request(options.method.upper(), path, query, {**AUTHORISED, **headers}, body)
