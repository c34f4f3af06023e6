"""Somebody else's server of the Responses API: Microsoft's, in this process, and the line to it.

It knows no conversations, no lock and no `queued`, and lives in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final

import openai
import pytest

__all__ = ["HELLO", "Line", "host", "online"]

server: Any = pytest.importorskip(
    "azure.ai.agentserver.responses",
    reason="pip install 'runfsm[contract]', to hold the backend against Microsoft's server",
)
http: Any = import_module(openai.DefaultAsyncHttpxClient.__mro__[1].__module__.split(".")[0])

#: What the model says to "Hello", piece by piece.
HELLO: Final = ("Good ", "morning, ", "you.")


def host() -> Any:
    """The server, with a model that does what it is told.

    To "Hello" it says `HELLO`; "hang", "fail" and "cut" it does. Whatever else it hears, it calls
    `look`, and says what it heard from there.
    """
    # In memory, and without its exporters, which would look for the network.
    store = server.InMemoryResponseProvider()
    made = server.ResponsesAgentServerHost(store=store, configure_observability=None)
    made.response_handler(_model)
    return made


async def _model(request: Any, context: Any, cancelled: asyncio.Event) -> Any:
    stream = server.ResponseEventStream(response_id=context.response_id, request=request)
    yield stream.emit_created()
    yield stream.emit_in_progress()
    match _said(request["input"]):
        case "hang":
            await cancelled.wait()
            return
        case "fail":
            yield stream.emit_failed(code="server_error", message="It broke.")
            return
        case "cut":
            yield stream.emit_incomplete(reason="max_output_tokens")
            return
        case "Hello":
            events = _message(stream, *HELLO)
        case {"output": output}:
            events = _message(stream, f"It says {output}.")
        case _:
            events = stream.output_item_function_call("look", "call_1", "{}")
    for event in events:
        yield event
    yield stream.emit_completed()


def _said(given: Any) -> Any:
    """What a user says; or the output of a function, if there is one."""
    if isinstance(given, str):
        return given
    answers = [dict(item) for item in given if item["type"] == "function_call_output"]
    return answers[0] if answers else given[-1]["content"]


def _message(stream: Any, *pieces: str) -> Any:
    message = stream.add_output_item_message()
    yield message.emit_added()
    part = message.add_text_content()
    yield part.emit_added()
    for piece in pieces:
        yield part.emit_delta(piece)
    yield part.emit_text_done("".join(pieces))
    yield part.emit_done()
    yield message.emit_done()


class Line:
    """The line to a server: it may break, and keeps what was asked.

    Attributes:
        cuts: after how many of its events each of the next streams breaks off.
        asked: the requests: method, path and query.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self.cuts: list[int] = []
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request; the server does not notice that its answer is cut."""
        query = scope["query_string"].decode()
        self.asked.append(f"{scope['method']} {scope['path']}" + (f"?{query}" if query else ""))
        left: float = float("inf")

        async def sent(message: Any) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                kind = dict(message["headers"])[b"content-type"]
                if kind.startswith(b"text/event-stream") and self.cuts:
                    left = self.cuts.pop(0)
            elif left <= 0:
                return
            else:
                left -= message.get("body", b"").count(b"event: ")
                message = {**message, "more_body": message.get("more_body", False) and left > 0}
            await send(message)

        await self._app(scope, receive, sent)


@asynccontextmanager
async def online(app: Any) -> AsyncIterator[Any]:
    """The official client of a server."""
    async with http.AsyncClient(transport=http.ASGITransport(app=app)) as wire:
        yield openai.AsyncOpenAI(
            api_key="sk-any", base_url="http://server.invalid", http_client=wire, max_retries=0
        )
