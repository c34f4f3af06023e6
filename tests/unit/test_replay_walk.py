"""`runfsm replay --step` on a terminal: what a key does."""

from __future__ import annotations

import os
import sys
import termios
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from runfsm import RunDriver, RunRequest, Toolset
from runfsm.cli import main
from runfsm.cli.drive.tracefile import save_trace
from runfsm_simulator import Simulator

pty = pytest.importorskip("pty")  # no such terminals on Windows

Walk = Callable[..., str]


class Typist(threading.Thread):
    """Somebody at a terminal: presses a key each time when a step is shown and one is waited for.

    Args:
        screen: what the program writes comes from here, and keys go into it.
        keys: one after the other; then none.
    """

    def __init__(self, screen: int, keys: list[str]) -> None:
        super().__init__(daemon=True)
        self.screen, self.keys = screen, keys
        self.shown = ""

    def run(self) -> None:
        pressed = 0
        while part := self._part():
            self.shown += part
            steps = sum("line " in line for line in self.shown.split("\n")[:-1])
            if pressed < min(steps, len(self.keys)):
                while termios.tcgetattr(self.screen)[3] & termios.ICANON:
                    os.sched_yield()  # it is not waited for yet; what is typed now would be lost
                os.write(self.screen, self.keys[pressed].encode())
                pressed += 1

    def _part(self) -> str:
        try:
            return os.read(self.screen, 4096).decode()
        except OSError:  # the terminal was closed
            return ""


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Walk:
    """The command, in this process, on a terminal of its own; what was shown there."""

    def run(path: Path, *keys: str) -> str:
        screen, terminal = pty.openpty()
        typist = Typist(screen, [*keys])
        typist.start()
        with os.fdopen(terminal, "r") as stdin, os.fdopen(os.dup(terminal), "w") as stdout:
            monkeypatch.setattr(sys, "stdin", stdin)
            monkeypatch.setattr(sys, "stdout", stdout)
            monkeypatch.setattr(sys, "argv", ["runfsm", "replay", str(path), "--step"])
            with pytest.raises(SystemExit) as caught:
                main()
            monkeypatch.undo()
        typist.join()
        os.close(screen)
        assert 0 == caught.value.code
        return typist.shown

    return run


@pytest.fixture(params=["tape", "trace"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A tape of three calls; a drive's trace of three steps."""
    path = tmp_path / "trace.jsonl"
    if request.param == "tape":
        simulator = Simulator(record=path)
        for _ in range(3):
            simulator.create_thread()
        return path
    simulator = Simulator()
    driver = RunDriver(simulator.backend, Toolset(), clock=simulator.clock)
    watch = driver.watch(RunRequest(simulator.create_assistant(), "Hello!"))
    for _ in watch:
        pass
    save_trace(path, watch.core)
    return path


def test_without_a_terminal_nobody_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All steps come at once, and then the sum of them."""
    monkeypatch.setattr(sys, "argv", ["runfsm", "replay", str(path), "--step"])
    with pytest.raises(SystemExit) as caught:
        main()
    shown = capsys.readouterr().out

    assert 0 == caught.value.code
    assert 3 == shown.count("line ")
    assert "equal: 3 calls" in shown or "1 run: all of it can be" in shown


@pytest.mark.parametrize(
    ("keys", "steps"),
    [
        (["q"], 1),
        (["\r", "q"], 2),
        ([" ", "Q"], 2),
        (["\r", "\x03"], 2),  # Ctrl-C
        (["\r", "\x04"], 2),  # Ctrl-D
        (["\r", "\r", "\r"], 3),
    ],
    ids=repr,
)
def test_a_key_shows_the_next_step_and_q_leaves(
    walk: Walk, path: Path, keys: list[str], steps: int
) -> None:
    """A step is shown, and the next one waits for its key; who leaves is shown no more."""
    shown = walk(path, *keys)

    assert "Enter: the next step; q: leave" in shown
    assert steps == shown.count("line ") - shown.count("left at line ")
