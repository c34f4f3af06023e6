"""The socket that `runfsm serve` listens on, and the connections that it accepts."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from typing import Any

import pytest

from runfsm.cli.serve import _listen
from runfsm.errors import CallerError


@pytest.fixture(params=["asyncio", "uvloop"])
def make_loop(request: pytest.FixtureRequest) -> Any:
    """Makes the event loop that a server runs on; uvloop is an extra, and not on every system."""
    module = asyncio if request.param == "asyncio" else pytest.importorskip("uvloop")
    return module.new_event_loop


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request: pytest.FixtureRequest) -> str:
    """This machine, in both families; a container may have no IPv6."""
    name: str = request.param
    try:
        _listen(name, 0).close()
    except CallerError:
        pytest.skip(f"nothing can listen on {name}")
    return name


def _sends_at_once(connection: Any) -> bool:
    return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


@pytest.mark.reported(
    "a fresh machine",
    "`runfsm serve` under a client that keeps its connection: 184 requests a second.",
    now="The connections send at once, without the 40 ms of a delayed acknowledgement.",
)
def test_connections_send_at_once(host: str) -> None:
    """A fresh machine: the listener had no `TCP_NODELAY`, so each kept-alive answer took 40 ms."""
    with (
        closing(_listen(host, 0)) as listener,
        closing(socket.create_connection(listener.getsockname()[:2])),
        closing(listener.accept()[0]) as connection,
    ):
        assert _sends_at_once(connection)


def test_connections_of_a_loop_send_at_once(make_loop: Any, host: str) -> None:
    """As an event loop accepts them, whichever it is."""
    seen: list[bool] = []

    class Accepted(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            seen.append(_sends_at_once(transport.get_extra_info("socket")))
            transport.close()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        listener = _listen(host, 0)
        server = await loop.create_server(Accepted, sock=listener)
        async with server:
            reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            await reader.read()
            writer.close()
            await writer.wait_closed()

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(serve())

    assert [True] == seen
