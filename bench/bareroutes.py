"""The bare Starlette routes of `serve.py`: the least that answers as large; their own process.

What it answers with is read from the standard input, as one line of JSON.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


def main() -> None:
    """Serve until terminated."""
    told = json.loads(sys.stdin.readline())
    run, message = told["run"], told["message"]
    blocks = [f"{block}\n\n".encode() for block in told["events"].split("\n\n") if block]

    async def get(_: Request) -> Response:
        return JSONResponse(run)

    async def post(request: Request) -> Response:
        await request.body()
        return JSONResponse(message)

    async def events() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    async def stream(request: Request) -> Response:
        await request.body()
        return StreamingResponse(events(), media_type="text/event-stream")

    routes = [
        Route("/run", get),
        Route("/message", post, methods=["POST"]),
        Route("/stream", stream, methods=["POST"]),
    ]
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(
        Starlette(routes=routes),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
