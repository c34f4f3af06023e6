"""HTTP for any client, in any language: the simulator as an ASGI application.

A plain application, without a framework's routing: every path is the simulator's. Middlewares go
around it, and it may be mounted under a prefix.

Needs the extra `server`: `pip install 'runfsm[server]'`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final, Protocol

from anyio import CancelScope
from anyio.lowlevel import checkpoint
from starlette.responses import StreamingResponse

from runfsm_simulator.doors.asgirequest import (
    ClientGone,
    Receive,
    Scope,
    Send,
    read_request,
)
from runfsm_simulator.doors.serverpages import ServerPages
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.wire.http import Blocks, NoAnswer, Request, Response

__all__ = ["App", "OpenAnswers", "create_app"]

#: Answers that have no body, so no length of one: RFC 9110, section 8.6.
BODILESS: Final = frozenset({204, 304})


class Handles(Protocol):
    """A `Simulator`, as far as this door looks at it."""

    def handle(self, request: Request) -> Response:
        """Answer one request."""


def create_app(
    simulator: Handles,
    *,
    side_door: SideDoor | None = None,
    pages: ServerPages | None = None,
    open_answers: OpenAnswers | None = None,
) -> App:
    """An ASGI application that answers as `simulator` does.

    Args:
        simulator: usually one with a real clock, or paced by everybody's looks: HTTP clients wait
            in real time. Or several, as `Worlds`.
        side_door: answers on `/_sim/`; without one, that is a path like any other.
        pages: of the server itself; they observe each answer, too.
        open_answers: keeps those that are going on; a server that ends, ends them by it.

    Example:
        >>> import uvicorn
        >>> from runfsm.clock import SystemClock
        >>> from runfsm_simulator import Simulator
        >>> uvicorn.run(create_app(Simulator(clock=SystemClock())))  # doctest: +SKIP

        Under a prefix of your own application:

        >>> from starlette.applications import Starlette
        >>> from starlette.routing import Mount
        >>> _ = Starlette(routes=[Mount("/openai", create_app(Simulator()))])
    """
    return App(simulator, side_door, pages, open_answers or OpenAnswers())


class OpenAnswers:
    """Calls that go on: bodies that still come, streams, and calls that are armed to get no answer.

    A server that ends would wait for them; it breaks them off instead, by `end`.

    Attributes:
        streams: how many streams are being sent.
    """

    def __init__(self) -> None:
        self.streams = 0
        self._scopes: set[CancelScope] = set()
        self._is_over = False

    @contextmanager
    def one(self) -> Iterator[CancelScope]:
        """One of them, as long as it goes on; its scope is cancelled if it is ended."""
        with CancelScope() as scope:
            self._scopes.add(scope)
            if self._is_over:
                scope.cancel()
            try:
                yield scope
            finally:
                self._scopes.discard(scope)

    def end(self) -> None:
        """Break off all of them, and whichever begins later. Called in the event loop."""
        self._is_over = True
        for scope in self._scopes:
            scope.cancel()


class App:
    """The ASGI application of a simulator; see `create_app`."""

    def __init__(
        self,
        simulator: Handles,
        side_door: SideDoor | None,
        pages: ServerPages | None,
        open_answers: OpenAnswers,
    ) -> None:
        self._simulator = simulator
        self._side_door = side_door
        self._pages = pages
        self._open = open_answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; or take part in the start and the end of the server."""
        if scope["type"] != "http":
            await _other(scope, receive, send)
            return
        try:
            request = await read_request(scope, receive, waiting=self._open.one)
            if self._pages is None:
                response = self._answer(request, scope)
            else:
                response = self._pages.handle(request, scope, self._answer)
        except ClientGone:  # nobody hears, and nothing was asked for
            response = Response(400, {}, b"")
        except NoAnswer as nothing:
            if nothing.trouble == "timeout":
                with self._open.one() as held:
                    await _client_leaves(receive)
                if not held.cancelled_caught:
                    return
            await _break_off(send)
            return
        if response.stream:
            events = EventStreamResponse(response.stream, response.status, response.headers)
            with self._open.one():
                self._open.streams += 1
                try:
                    await events(scope, receive, send)
                finally:
                    self._open.streams -= 1
        else:
            await _send(response, send)

    def _answer(self, request: Request, scope: Scope) -> Response:
        if self._side_door and request.path.startswith("/_sim"):
            client = scope.get("client")
            if request.path == "/_sim":
                request = replace(request, path="/_sim/")
            if request.path.startswith("/_sim/"):
                return self._side_door.handle(request, peer=client[0] if client else None)
        return self._simulator.handle(request)


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

    async def stream_response(self, send: Send) -> None:
        """Send one block after another, and let others have their turn after each.

        An event loop may keep what it is given until then: where virtual time jumps, the first
        block would come together with the last.
        """
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        async for block in self._blocks:
            await send({"type": "http.response.body", "body": block, "more_body": True})
            await checkpoint()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(response: Response, send: Send) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
    ]
    body = response.body
    if response.status >= 200 and response.status not in BODILESS:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _break_off(send: Send) -> None:
    """Send half an answer: a server that is left with it closes the connection."""
    start = {"type": "http.response.start", "status": 200}
    await send({**start, "headers": [(b"content-length", b"1")]})


async def _other(scope: Scope, receive: Receive, send: Send) -> None:
    """Agree to the server's start and end; refuse a WebSocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    while True:
        phase = (await receive())["type"]
        await send({"type": f"{phase}.complete"})
        if phase == "lifespan.shutdown":
            return
