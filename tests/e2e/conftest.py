"""`runfsm serve`, as another process; `runfsm drive`, in this one."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from drivecommand import SECRET, Drive, Said
from runfsm.cli import main


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


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Drive:
    """The command, in this process, with no service in its environment."""
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(*args: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["runfsm", "drive", *args])
        with pytest.raises(SystemExit) as caught:
            main()
        return Said(caught.value.code, *capsys.readouterr())

    return run
