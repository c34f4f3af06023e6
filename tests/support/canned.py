"""What the tests of the Assistants backend share: a service that gives one answer to everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import anyio
import openai
import pytest

from runfsm import AssistantsBackend, RunRef

# openai 2.x stands on httpx, 3.x on httpx2: the client tells which.
http: Any = import_module(openai.DefaultHttpxClient.__mro__[1].__module__.split(".")[0])

REF = RunRef("assistants", "run_1", "thread_1")
RUN = {"id": "run_1", "thread_id": "thread_1", "status": "queued", "created_at": 10}
TEXT = {"type": "text", "text": {"value": "Hi", "annotations": []}}

Ask = Callable[..., Any]


@dataclass
class Service:
    """Answers every request with one body, and keeps the requests."""

    body: Any = field(default_factory=lambda: RUN)
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)

    def __call__(self, request: Any) -> Any:
        """One request in, one answer out."""
        self.requests.append(request)
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"content-type": self.content_type, **self.headers}
        return http.Response(self.status, content=content, headers=headers)

    @property
    def sent(self) -> Any:
        """The body of the only request."""
        (request,) = self.requests
        return json.loads(request.content)

    def options(self, *, is_async: bool) -> dict[str, Any]:
        """Arguments of a client whose service this is."""
        make = http.AsyncClient if is_async else http.Client
        return {
            "api_key": "sk-any",
            "base_url": "http://service.invalid/v1",
            "http_client": make(transport=http.MockTransport(self)),
        }


def _ask(service: Service, method: str, *args: Any, **kwargs: Any) -> Any:
    backend = AssistantsBackend(openai.OpenAI(**service.options(is_async=False)))
    return getattr(backend, method)(*args, **kwargs)


def _ask_async(service: Service, method: str, *args: Any, **kwargs: Any) -> Any:
    async def main() -> Any:
        backend = AssistantsBackend(openai.AsyncOpenAI(**service.options(is_async=True)))
        return await getattr(backend, method)(*args, **kwargs)

    return anyio.run(main)


#: Ask a service by a call of a backend, for threads and for tasks.
by_both = pytest.mark.parametrize("ask", [_ask, _ask_async], ids=["threads", "tasks"])
