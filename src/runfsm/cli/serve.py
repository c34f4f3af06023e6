"""`runfsm serve`: the simulator behind a URL, for any client in any language."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from typing import Annotated

import typer

from runfsm.clock import SystemClock
from runfsm.errors import CallerError
from runfsm_simulator import Simulator

__all__ = ["serve"]


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = 4010,
    script: Annotated[
        Path | None,
        typer.Option(help="A script (YAML) to play; without one, a sensible assistant."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same choices.")] = 0,
) -> None:
    """Serve the simulator over HTTP, in real time, on this machine only.

    Point a client at it: `openai.OpenAI(base_url="http://127.0.0.1:4010/v1", api_key="any")`.
    """
    try:
        import uvicorn  # noqa: PLC0415  # an extra: only this command needs it

        from runfsm_simulator.doors.asgi import asgi_app  # noqa: PLC0415  # as above
    except ImportError as error:
        raise CallerError(
            f"`runfsm serve` needs {error.name}, which is not installed: "
            f"pip install 'runfsm[server]'"
        ) from error
    simulator = Simulator(script, seed=seed, clock=SystemClock())
    listener = _listen(host, port)
    config = uvicorn.Config(asgi_app(simulator), log_level="warning", lifespan="off")
    print(f"Listening on http://{_url_host(host)}:{listener.getsockname()[1]}", flush=True)
    with listener:
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A socket that is listening already: who reads the line may connect at once."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise CallerError(f"cannot listen on {host}, port {port}: {error}") from error


def _url_host(host: str) -> str:
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:  # a name
        return host
