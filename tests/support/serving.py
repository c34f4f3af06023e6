"""`runfsm serve` as a process of its own, and waiting for what it does."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Server", "running", "until"]

#: Long enough for a slow machine; a test that passes never waits so long.
PATIENCE_S = 60.0


def until(holds: Callable[[], object], *, what: str) -> None:
    """Wait until something holds; fail if it does not in time."""
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.02)):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError(f"not within {PATIENCE_S} s: {what}")


@dataclass
class Server:
    """A server that is running: where, and as which process."""

    url: str
    process: subprocess.Popen[str]

    def end(self, sent: signal.Signals) -> tuple[int, str]:
        """Send it a signal; its exit code, and all of its stderr."""
        self.process.send_signal(sent)
        _, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, err


@contextmanager
def running(*args: str) -> Iterator[Server]:
    """A server with these arguments, on a port that the system picked; killed if it is left."""
    command = [sys.executable, "-W", "error", "-m", "runfsm", "serve", "--port", "0", *args]
    with subprocess.Popen(  # noqa: S603  # our own program
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"Listening on (http://\S+)\n", line)
            assert found, line or process.communicate(timeout=PATIENCE_S)[1]
            yield Server(found[1], process)
        finally:
            process.kill()
