"""The options of `runfsm serve` that are about the server, not about the service, read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runfsm_simulator.doors.autosave import Autosave

__all__ = ["LEVELS", "TRACE", "ServeOptions"]

LEVELS: Final = ("critical", "error", "warning", "info", "debug", "trace")

#: The level of uvicorn's own; `logging` has none so low.
TRACE: Final = 5


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The behaviour of a server.

    Attributes:
        time: how time goes by, in words.
        log_level: one of `LEVELS`.
        access_log: whether each request is a line on stderr.
        cors_origins: whose pages may call the API; `*` is every site's.
        autosave: what saves the worlds, if anything does.
    """

    time: str = "real"
    log_level: str = "warning"
    access_log: bool = False
    cors_origins: tuple[str, ...] = ()
    autosave: Autosave | None = None
