"""Where the runs of `runfsm drive` take place: a service behind a URL, or a simulator in here.

Rule: the key is taken from the environment, and goes nowhere but into the client.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, quote, urlsplit

import openai

from runfsm.backends import (
    AssistantsBackend,
    AsyncAssistantsBackend,
    AsyncResponsesBackend,
    ResponsesBackend,
)
from runfsm.backends.assistants_wire import BETA
from runfsm.backends.faults import map_errors
from runfsm.clock import Clock, SystemClock
from runfsm.errors import CallerError
from runfsm_simulator import Simulator, scenarios

__all__ = ["Service", "Wire", "at_url", "client_options", "simulated"]

NO_SERVICE: Final = """\
no service is named. Do one of these:
  --simulate                     drive the run on a simulator, offline and without a key
  --backend responses            OpenAI's own Responses API; the key is OPENAI_API_KEY in the
                                 environment
  --base-url URL                 or OPENAI_BASE_URL in the environment: a service on the Assistants
                                 wire; its key is OPENAI_API_KEY in the environment
OpenAI's own endpoint was shut down on 2026-08-26. The wire is alive at Azure AI Foundry (classic,
until 2027-03-31: https://….services.ai.azure.com/api/projects/…?api-version=v1, the key is an Entra
token), at self-hosted servers, and at `runfsm serve` (http://127.0.0.1:4010/v1)."""

OPENAI_URL: Final = "https://api.openai.com/v1"

NO_KEY: Final = """\
no key, and no service is named. Do one of these:
  --simulate                     drive the run on a simulator, offline and without a key
  OPENAI_API_KEY=sk-...          in the environment: OpenAI's own Responses API
  --base-url URL                 or OPENAI_BASE_URL in the environment: another service on the same
                                 wire, such as `runfsm serve` (http://127.0.0.1:4010/v1)"""

#: What `--backend` says.
Wire = Literal["assistants", "responses"]

#: One answer, in seconds. The SDK would wait for ten minutes, and a deadline with it.
TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """A service, and the clock to wait by.

    Attributes:
        wire: what is spoken.
        client: the official client; the service it talks to is somewhere, or in it.
        backend: the same, as a driver wants it.
        clock: real time, or a simulator's.
    """

    wire: Wire
    client: openai.AsyncOpenAI
    backend: AsyncAssistantsBackend | AsyncResponsesBackend
    clock: Clock

    @property
    def keeps_assistants(self) -> bool:
        """Whether an assistant is a thing of the service, and not of the one who asks."""
        return isinstance(self.backend, AsyncAssistantsBackend)

    async def delete_assistant(self, assistant_id: str) -> None:
        """Delete it.

        Raises:
            BackendError: the service refused, or did not answer.
        """
        path = f"/assistants/{quote(assistant_id, safe='')}"
        with map_errors():
            await self.client.delete(path, cast_to=object, options={"headers": BETA})


def _service(wire: Wire, client: openai.AsyncOpenAI, clock: Clock) -> Service:
    backend = ResponsesBackend(client) if wire == "responses" else AssistantsBackend(client)
    return Service(wire, client, backend, clock)


def at_url(base_url: str | None, wire: Wire) -> Service:
    """The service at this URL, or at that of the environment, or OpenAI's own.

    Args:
        wire: what is spoken there.
        base_url: as the SDK takes it; its query, such as `?api-version=v1`, goes with every call.

    Raises:
        CallerError: there is none, or it is no URL.
    """
    return _service(wire, openai.AsyncOpenAI(**client_options(base_url, wire)), SystemClock())


def client_options(base_url: str | None, wire: Wire = "assistants") -> dict[str, Any]:
    """The arguments of a client, sync or async, of the service at this URL: see `at_url`.

    Raises:
        CallerError: there is none, or it is no URL.
    """
    url = base_url or os.environ.get("OPENAI_BASE_URL") or _own_url(wire)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise CallerError(f"{url!r} is no URL of a service; such as http://127.0.0.1:4010/v1 is")
    return {
        "base_url": parts._replace(query="", fragment="").geturl(),
        "default_query": dict(parse_qsl(parts.query)),
        "api_key": os.environ.get("OPENAI_API_KEY") or "none",  # one's own server may want none
        "timeout": TIMEOUT_S,
    }


def _own_url(wire: Wire) -> str:
    """Where OpenAI itself speaks that wire, to who has a key."""
    if wire == "assistants":
        raise CallerError(NO_SERVICE)
    if not os.environ.get("OPENAI_API_KEY"):
        raise CallerError(NO_KEY)
    return OPENAI_URL


def simulated(
    script: str | None, wire: Wire = "assistants", *, seed: int, speed: float | None
) -> Service:
    """A simulator in this process.

    Args:
        wire: what is spoken to it.
        script: a scenario's name, or the path of a script or of a folder of them.
        seed: of every choice that the script leaves open.
        speed: how many seconds pass in a real one; in virtual time if `None`.

    Raises:
        ScriptError: there is no such script, or it has a mistake.
        CallerError: time cannot go by at this speed.
    """
    try:
        clock = None if speed is None else SystemClock(speed=speed)
    except ValueError as error:
        raise CallerError(f"--speed {speed}: {error}") from error
    planner = scenarios.live(script) if script else None
    simulator = Simulator(planner, seed=seed, clock=clock)
    return _service(wire, simulator.async_client(), simulator.clock)
