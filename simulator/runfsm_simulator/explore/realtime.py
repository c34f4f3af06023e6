"""A warning, once a line, when code in virtual time waits in real time all the same.

What replaces the sleeps of a function cannot reach them all: a `functools.partial`, a library with
its own way to wait, a lock. Such a wait looks like a hang. So a thread looks, four times a second,
where the function stands; one that has not moved for a second, outside the simulator, is named.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

__all__ = ["noticed"]

EVERY_S: Final = 0.25
LOOKS: Final = 5  # at one instruction, until it is a wait
IDLE_LOOKS: Final = 8  # with nobody to look at, until the thread ends

OURS: Final = (str(Path(__file__).parents[1]),)
LIBRARIES: Final = (str(Path(threading.__file__).parent), "<")


@dataclass(slots=True)
class Watched:
    """One thread that plays a function.

    Attributes:
        ident: the thread's.
        at: the code and instruction at the last look.
        looks: how often it has been there.
        error: the warning, if the user's filters make errors of warnings.
    """

    ident: int
    at: tuple[CodeType, int, int] | None = None
    looks: int = 0
    error: Warning | None = None


class Watchdog:
    """Looks after all functions that are being played in this process, by one thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: list[Watched] = []
        self._told: set[tuple[str, int]] = set()
        self._is_running = False

    def add(self, one: Watched) -> None:
        """Look after it from now on."""
        with self._lock:
            self._watched.append(one)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="runfsm-real-time", daemon=True).start()

    def remove(self, one: Watched) -> None:
        """Look after it no more."""
        with self._lock:
            self._watched.remove(one)

    def _run(self) -> None:
        idle, pause = 0, threading.Event()
        while True:
            pause.wait(EVERY_S)
            with self._lock:
                watched = list(self._watched)
                idle = 0 if watched else idle + 1
                if idle > IDLE_LOOKS:
                    self._is_running = False
                    return
            frames = sys._current_frames()  # noqa: SLF001  # documented, for debuggers
            for one in watched:
                if frame := frames.get(one.ident):
                    self._look(one, frame)
            del frames

    def _look(self, one: Watched, frame: FrameType) -> None:
        at = (frame.f_code, frame.f_lasti, id(frame))
        one.looks = one.looks + 1 if at == one.at else 1
        one.at = at
        if one.looks == LOOKS and not frame.f_code.co_filename.startswith(OURS):
            self._tell(one, _own_line(frame))

    def _tell(self, one: Watched, line: tuple[str, int]) -> None:
        if line in self._told:
            return
        self._told.add(line)
        text = (
            f"{Path(line[0]).name}:{line[1]} waits in real time, and only virtual time is let pass "
            "here: use time.sleep, asyncio.sleep or anyio.sleep, called by these names, or take "
            "the function that sleeps as an argument"
        )
        try:
            warnings.warn_explicit(text, RuntimeWarning, *line)
        except RuntimeWarning as error:
            one.error = error


def _own_line(frame: FrameType) -> tuple[str, int]:
    """The innermost line that is neither a library's nor ours; or else the innermost."""
    one: FrameType | None = frame
    while one is not None:
        if not one.f_code.co_filename.startswith((*OURS, *LIBRARIES)):
            return one.f_code.co_filename, one.f_lineno
        if one.f_code.co_filename.startswith(OURS):
            break  # what called us is no part of the function
        one = one.f_back
    return frame.f_code.co_filename, frame.f_lineno


_WATCHDOG: Final = Watchdog()


@contextmanager
def noticed() -> Iterator[None]:
    """Within it, a wait in real time is warned of, once a line.

    Raises:
        RuntimeWarning: at the end, where warnings are errors.
    """
    one = Watched(threading.get_ident())
    _WATCHDOG.add(one)
    try:
        yield
    finally:
        _WATCHDOG.remove(one)
    if one.error is not None:
        raise one.error
