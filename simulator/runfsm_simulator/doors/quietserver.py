"""A uvicorn server that ends quietly, whatever is going on.

Needs the extra `server`: `pip install 'runfsm[server]'`.
"""

from __future__ import annotations

import logging
import socket
from typing import Final

import uvicorn

from runfsm_simulator.doors.asgi import OpenAnswers

__all__ = ["QuietServer"]

#: How uvicorn logs an answer that was broken off: on purpose, here.
BROKEN_OFF: Final = "ASGI callable returned without"


class QuietServer(uvicorn.Server):
    """Breaks off, at its end, what would hold it up for ever: streams, and calls without an answer.

    Args:
        config: see uvicorn.
        open_answers: those that are going on.
    """

    def __init__(self, config: uvicorn.Config, open_answers: OpenAnswers) -> None:
        super().__init__(config)
        self._open_answers = open_answers
        logging.getLogger("uvicorn.error").addFilter(_is_news)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._open_answers.end()
        await super().shutdown(sockets)


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(BROKEN_OFF)
