"""HTTP for any client, in any language: the simulator as an ASGI application.

Needs the extra `server`: `pip install 'runfsm[server]'`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.wire.http import Blocks, NoAnswer, Request, Response, Trouble
from runfsm_simulator.wire.routes import MAX_BODY_BYTES

__all__ = ["create_app"]

# The simulator says itself which method a path does not take.
METHODS: Final = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


class Handles(Protocol):
    """A `Simulator`, as far as this door looks at it."""

    def handle(self, request: Request) -> Response:
        """Answer one request."""


def create_app(simulator: Handles, *, side_door: SideDoor | None = None) -> Starlette:
    """An application that answers as `simulator` does.

    Args:
        simulator: usually one with a real clock, or paced by everybody's looks: HTTP clients wait
            in real time. Or several, as `Worlds`.
        side_door: answers on `/_sim/`; without one, that is a path like any other.

    Example:
        >>> import uvicorn
        >>> from runfsm.clock import SystemClock
        >>> from runfsm_simulator import Simulator
        >>> uvicorn.run(create_app(Simulator(clock=SystemClock())))  # doctest: +SKIP
    """

    async def answer(sent: HttpRequest) -> HttpResponse:
        try:
            request = await _request(sent)
        except ClientDisconnect:  # nobody hears, and nothing was asked for
            return HttpResponse(status_code=400)
        try:
            if side_door and request.path.startswith("/_sim/"):
                peer = sent.client.host if sent.client else None
                response = side_door.handle(request, peer=peer)
            else:
                response = simulator.handle(request)
        except NoAnswer as nothing:
            return Silence(nothing.trouble)
        if response.stream:
            return EventStreamResponse(response.stream, response.status, dict(response.headers))
        return HttpResponse(response.body, response.status, dict(response.headers))

    return Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])


class EventStreamResponse(StreamingResponse):
    """Blocks, each sent when the one before has gone; closed even if the client has left."""

    def __init__(self, blocks: Blocks, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(blocks, status, headers)
        self._blocks = blocks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them all, or as many as the client waits for."""
        try:
            with suppress(NoAnswer):  # then the connection breaks off
                await super().__call__(scope, receive, send)
        finally:
            self._blocks.close()


class Silence(HttpResponse):
    """No answer: none until the client leaves, or a connection that breaks off in the middle."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__()
        self._trouble = trouble

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # the ASGI signature
        """Send less than is to be expected."""
        if self._trouble == "timeout":
            while (await receive())["type"] != "http.disconnect":
                pass
        else:  # a server that is left with half an answer closes the connection
            start = {"type": "http.response.start", "status": 200}
            await send({**start, "headers": [(b"content-length", b"1")]})


async def _request(sent: HttpRequest) -> Request:
    return Request(
        method=sent.method,
        path=f"/{sent.path_params['path']}",  # without the prefix of a mount
        query={name: sent.query_params.getlist(name) for name in sent.query_params},
        headers=dict(sent.headers),
        body=await _bounded_body(sent),
    )


async def _bounded_body(sent: HttpRequest) -> bytes:
    """The body, or so much of it that the wire will refuse it."""
    body = bytearray()
    async for chunk in sent.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body)
