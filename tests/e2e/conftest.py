"""`runfsm serve`, as another process."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest


@contextmanager
def _served(*args: str) -> Iterator[str]:
    """Its URL, on a port that the system picked."""
    command = [sys.executable, "-W", "error", "-m", "runfsm", "serve", "--port", "0", *args]
    with subprocess.Popen(  # noqa: S603  # our own program
        command, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        found = re.fullmatch(r"Listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert found, line
        try:
            yield found[1]
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=20)


@pytest.fixture(scope="session")
def served() -> Callable[..., AbstractContextManager[str]]:
    """Starts a server with these arguments; ends it when the context is left."""
    return _served
