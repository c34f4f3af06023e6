"""HTTP for any client, in any language: the simulator as an ASGI application.

Needs the extra `server`: `pip install 'runfsm[server]'`.
"""

from __future__ import annotations

from typing import Final, Protocol

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import Route

from runfsm_simulator.wire.http import Request, Response
from runfsm_simulator.wire.routes import MAX_BODY_BYTES

__all__ = ["asgi_app"]

# The simulator says itself which method a path does not take.
METHODS: Final = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


class Handles(Protocol):
    """A `Simulator`, as far as this door looks at it."""

    def handle(self, request: Request) -> Response:
        """Answer one request."""


def asgi_app(simulator: Handles) -> Starlette:
    """An application that answers as `simulator` does.

    Args:
        simulator: usually one with a real clock: HTTP clients wait in real time.

    Example:
        >>> import uvicorn
        >>> from runfsm.clock import SystemClock
        >>> from runfsm_simulator import Simulator
        >>> uvicorn.run(asgi_app(Simulator(clock=SystemClock())))  # doctest: +SKIP
    """

    async def answer(sent: HttpRequest) -> HttpResponse:
        request = Request(
            method=sent.method,
            path=f"/{sent.path_params['path']}",  # without the prefix of a mount
            query={name: sent.query_params.getlist(name) for name in sent.query_params},
            headers=dict(sent.headers),
            body=await _bounded_body(sent),
        )
        response = simulator.handle(request)
        return HttpResponse(response.body, response.status, dict(response.headers))

    return Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])


async def _bounded_body(sent: HttpRequest) -> bytes:
    """The body, or so much of it that the wire will refuse it."""
    body = bytearray()
    async for chunk in sent.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body)
