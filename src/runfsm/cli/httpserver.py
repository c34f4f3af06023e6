"""The server of `runfsm serve`: the simulator as an ASGI application, in uvicorn.

Needs the extra `server`; imported by that command only, when it begins to serve.
"""

from __future__ import annotations

import ipaddress
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import uvicorn
from starlette.middleware.cors import CORSMiddleware

import runfsm
from runfsm.cli.collector import QuietCollector, full_passes_wait
from runfsm.cli.serveoptions import ServeOptions
from runfsm.clock import SystemClock
from runfsm_simulator.doors.asgi import App, OpenAnswers, create_app
from runfsm_simulator.doors.quietserver import QuietServer
from runfsm_simulator.doors.serverpages import (
    Observer,
    Page,
    ServerPages,
    about_page,
    access_line,
    guarded,
    health_page,
)
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import Request

__all__ = ["run"]

WHAT: Final = (
    "A simulator of the OpenAI API: assistants, threads and runs; responses and conversations; "
    "agent sessions. Nothing here is the real service; any key will do."
)

#: What a browser lets a page of another site read of an answer.
EXPOSED: Final = (
    "x-request-id",
    "x-runfsm-world",
    "openai-processing-ms",
    "openai-poll-after-ms",
    "openai-version",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
)


def run(
    worlds: Worlds, side_door: SideDoor | None, listener: socket.socket, options: ServeOptions
) -> None:
    """Serve until it is interrupted.

    Args:
        worlds: what is served.
        side_door: answers under `/_sim/`, if anything does.
        listener: is listening already.
        options: how the server behaves beside that.
    """
    with _noted_signals() as ending:
        _run(worlds, side_door, listener, options, ending)


def _run(
    worlds: Worlds,
    side_door: SideDoor | None,
    listener: socket.socket,
    options: ServeOptions,
    ending: list[int],
) -> None:
    open_answers = OpenAnswers()
    is_local = ipaddress.ip_address(listener.getsockname()[0]).is_loopback
    pages = _pages(worlds, open_answers, options, is_local=is_local, has_side_door=bool(side_door))
    app: Any = create_app(worlds, side_door=side_door, pages=pages, open_answers=open_answers)
    if options.cors_origins:
        app = CorsForTheApi(app, options.cors_origins)
    config = uvicorn.Config(
        app,
        log_level=options.log_level,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=3,
    )
    with full_passes_wait() as collector:
        Server(config, open_answers, ending, collector).run(sockets=[listener])


class Server(QuietServer):
    """Ends at a signal that came before it began, too; and lets the garbage collector wait.

    Args:
        config: see uvicorn.
        open_answers: those that are going on.
        ending: the signals that came before it began to serve; with any, it ends at once.
        collector: makes the full passes over all objects.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        open_answers: OpenAnswers,
        ending: list[int],
        collector: QuietCollector,
    ) -> None:
        super().__init__(config, open_answers)
        self._ending = ending
        self._collector = collector

    async def main_loop(self) -> None:
        """Serve, unless it is to end already."""
        if not self._ending:  # from here on, uvicorn notes the signals itself
            await super().main_loop()

    async def on_tick(self, counter: int) -> bool:
        """Do what is due ten times a second; return whether to end."""
        self._collector.tick(self.server_state.total_requests)
        return await super().on_tick(counter)


class CorsForTheApi:
    """An application that pages of other sites may call, save its side door.

    Args:
        app: the whole.
        origins: of those sites; `*` is every site.
    """

    def __init__(self, app: App, origins: tuple[str, ...]) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("*",),
            expose_headers=EXPOSED,
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See ASGI."""
        own = scope["type"] != "http" or scope["path"].startswith("/_sim")
        await (self._app if own else self._cors)(scope, receive, send)


@contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """The signals that end a server, noted when they come before or after it serves.

    Raised as exceptions, they would be lost in a weak reference's callback, which the garbage
    collector calls: Python prints such an exception, and goes on.
    """
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pages(
    worlds: Worlds,
    open_answers: OpenAnswers,
    options: ServeOptions,
    *,
    is_local: bool,
    has_side_door: bool,
) -> ServerPages:
    now = SystemClock().now
    links = {"health": "/healthz", "metrics": "/metrics"}
    facts = {
        "version": runfsm.__version__,
        "what": WHAT,
        "time": options.time,
        "links": {**links, "control_api": "/_sim/"} if has_side_door else links,
    }
    metrics, observers = _metrics(worlds, open_answers, options)
    if options.access_log:
        observers.append(_log_access)
    pages = {
        "/": about_page(facts),
        "/healthz": health_page(runfsm.__version__, now=now),
        "/metrics": guarded(metrics, is_local=is_local),
    }
    return ServerPages(pages, observers=observers, now=now)


def _log_access(request: Request, status: int | None, took_s: float) -> None:
    """Write a line on stderr. Clients are answered, too, when nobody reads it any more."""
    with suppress(OSError):
        print(access_line(request, status, took_s), file=sys.stderr, flush=True)


def _metrics(
    worlds: Worlds, open_answers: OpenAnswers, options: ServeOptions
) -> tuple[Page, list[Observer]]:
    """The page of the metrics, and who counts for it; without the library it says so."""
    try:
        from runfsm_simulator.doors.metrics import Metrics  # noqa: PLC0415  # serves without, too
    except ImportError as error:
        problem = f"metrics need {error.name}: pip install 'runfsm[server]'"
        return lambda _: REFUSALS["no_metrics"].error(problem=problem).response(), []
    metrics = Metrics(worlds, open_streams=lambda: open_answers.streams, autosave=options.autosave)
    return metrics.page, [metrics.note]
