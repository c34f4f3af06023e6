"""A simulator behind a URL on this machine, in a thread of the test's own process.

In this process, so that the test can look at the simulator and move its clock while a client in
another one waits for an answer.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from runfsm_simulator import Simulator
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds

__all__ = ["LiveServer", "serving"]

#: Any key will do; the official client asks for one.
KEY: Final = "sk-any"

STOP_S: Final = 10.0  # for requests under way


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A server while it runs; as text, its URL.

    Attributes:
        url: without a path: `"http://127.0.0.1:40123"`; the control API is at `{url}/_sim/`.
        simulator: what answers there.
    """

    url: str
    simulator: Simulator

    @property
    def base_url(self) -> str:
        """The `base_url` of a client: `"http://127.0.0.1:40123/v1"`."""
        return f"{self.url}/v1"

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables by which the official clients find it."""
        return {"OPENAI_BASE_URL": self.base_url, "OPENAI_API_KEY": KEY}

    def __str__(self) -> str:
        return self.url


@contextmanager
def serving(simulator: Simulator) -> Iterator[LiveServer]:
    """Serve a simulator on a free port of the loopback address, for as long as the block runs.

    Raises:
        pytest.UsageError: the extra `server` is not installed.
    """
    server, listener = _server(simulator), socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield LiveServer(f"http://127.0.0.1:{port}", simulator)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _server(simulator: Simulator) -> Any:
    try:
        import uvicorn  # noqa: PLC0415  # an extra: only this fixture needs it

        from runfsm_simulator.doors.asgi import (  # noqa: PLC0415  # as above
            OpenAnswers,
            create_app,
        )
        from runfsm_simulator.doors.quietserver import QuietServer  # noqa: PLC0415  # as above
    except ImportError as error:
        raise pytest.UsageError(
            f"the fixture runfsm_server needs {error.name}, which is not installed: "
            "pip install 'runfsm[server]'"
        ) from error
    open_answers = OpenAnswers()
    side_door = SideDoor(Worlds(lambda: simulator))
    app = create_app(simulator, side_door=side_door, open_answers=open_answers)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="error",
        ws="none",
        timeout_graceful_shutdown=int(STOP_S),
    )
    return QuietServer(config, open_answers)
