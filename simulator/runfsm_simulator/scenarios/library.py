"""Scripts of your own, in a folder or a file, read again when they change.

Rule: nothing runs in the background. Each time that a script is wanted, the file's time and size
are looked at; so a script may be edited while a simulator plays it, and the next turn is played
as the file says now. A file that has a mistake is told of once, in the log, and what it said
before goes on.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from runfsm.errors import ScriptError
from runfsm_simulator.world.latency import Spread
from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.script import Planner, Script, Turn
from runfsm_simulator.world.scriptfile import load_script
from runfsm_simulator.world.sensible import sensible
from runfsm_simulator.world.streamfault import StreamFault

__all__ = ["SUFFIX", "Library", "LiveFolder", "LiveScript"]

LOG: Final = logging.getLogger(__name__)

SUFFIX: Final = ".yaml"

#: The script of a folder that is for every assistant without one of its own.
DEFAULT: Final = "default"

TOLD_MAX: Final = 1_000  # things in the log; clients make up the names in them


class LiveScript:
    """A script file as a planner that follows it: `Simulator(LiveScript("mine.yaml"))`.

    Args:
        path: of the file.

    Attributes:
        path: the same.

    Raises:
        ScriptError: the file has a mistake.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._problem: str | None = None
        self._seen = self._look()
        self._script = load_script(self.path)

    @property
    def script(self) -> Script:
        """What the file says; what it said before, while it has a mistake."""
        with self._lock:
            if (looks := self._look()) != self._seen:
                self._seen = looks
                self._read()
            return self._script

    @property
    def problems(self) -> tuple[str, ...]:
        """The mistake in the file as it is now, if it has one: what it said before is played."""
        _ = self.script
        return (self._problem,) if self._problem else ()

    @property
    def cancel_s(self) -> float | Spread | Literal["never"] | None:
        """As in a `Script`; a simulator asks when it begins to play."""
        return self.script.cancel_s

    @property
    def stream_fault(self) -> StreamFault | None:
        """As in a `Script`."""
        return self.script.stream_fault

    def __call__(self, scene: Scene) -> Turn:
        """The turn of this scene, as the file says now."""
        return self.script(scene)

    def _look(self) -> tuple[int, int] | None:
        """What is different after a change; `None` if there is no file."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    def _read(self) -> None:
        try:
            self._script, self._problem = load_script(self.path), None
        except ScriptError as error:
            self._problem = f"{_one_line(error)}; what it said before is played on"
            LOG.warning("%s", self._problem)


class Library:
    """The scripts of a folder, by their names: `mine` is the file `mine.yaml`.

    Args:
        folder: where the files are; folders in it are not looked at.

    Example:
        >>> library = Library("lessons")                      # doctest: +SKIP
        >>> simulator = Simulator(library.live("umbrella"))   # doctest: +SKIP
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._lock = threading.Lock()
        self._live: dict[str, LiveScript] = {}

    def names(self) -> tuple[str, ...]:
        """The names of all scripts that there are now, sorted.

        Raises:
            ScriptError: there is no such folder.
        """
        try:
            return tuple(sorted(path.stem for path in self.folder.iterdir() if _is_script(path)))
        except OSError as error:
            raise ScriptError(str(self.folder), [error.strerror or str(error)]) from error

    def load(self, name: str) -> Script:
        """The script of this name, as its file says now.

        Raises:
            ScriptError: there is no such script, or it has a mistake and never was without.
        """
        return self.live(name).script

    def live(self, name: str) -> LiveScript:
        """The planner that follows the file of this name.

        Raises:
            ScriptError: as `load`.
        """
        with self._lock:
            if name not in self._live:
                if name not in (names := self.names()):
                    there = ", ".join(names) or "none"
                    raise ScriptError(name, [f"no such script in {self.folder}; there are {there}"])
                self._live[name] = LiveScript(self.folder / f"{name}{SUFFIX}")
            return self._live[name]


class LiveFolder:
    """A folder of scripts as a planner: each assistant plays the one that is called as it is.

    The assistant whose id or name is `umbrella` plays `umbrella.yaml`; everybody else plays
    `default.yaml`, or does what is sensible where there is none. A file may come, change and go
    while runs are played: it is looked at each time that a turn is planned. That an assistant's
    name stands for no script is told in the log, once; so is a file that has a mistake.

    Args:
        path: of the folder.

    Raises:
        ScriptError: there is no such folder, or a file in it has a mistake.

    Example:
        >>> simulator = Simulator(LiveFolder("lessons"))      # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._library = Library(path)
        self._told: set[str] = set()
        for name in self._library.names():
            self._library.load(name)

    @property
    def cancel_s(self) -> float | Spread | Literal["never"] | None:
        """As in the default script, for all runs; a simulator asks when it begins to play."""
        return getattr(self._playable(DEFAULT), "cancel_s", None)

    @property
    def stream_fault(self) -> StreamFault | None:
        """As in the default script, for all runs."""
        return getattr(self._playable(DEFAULT), "stream_fault", None)

    def __call__(self, scene: Scene) -> Turn:
        """The turn of this scene, by the script of its assistant."""
        for name in (scene.assistant_id, scene.assistant_name):
            if name and (own := self._playable(name)):
                return own(scene)
        default = self._playable(DEFAULT)
        if scene.assistant_name:
            played = f"{DEFAULT}{SUFFIX} is played" if default else "it does what is sensible"
            self._tell(
                f"no script {scene.assistant_name!r} in {self._library.folder} for the assistant "
                f"of this name; {played}"
            )
        return (default or sensible)(scene)

    @property
    def problems(self) -> tuple[str, ...]:
        """The mistakes in the files as they are now, one for each file that has any."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[str]:
        try:
            names = self._library.names()
        except ScriptError as error:  # the folder has gone
            yield _one_line(error)
            return
        for name in names:
            try:
                yield from self._library.live(name).problems
            except ScriptError as error:
                yield f"{_one_line(error)}; it is not played"

    def _playable(self, name: str) -> Planner | None:
        """The script of this name, if there is one that can be played."""
        try:
            return self._library.live(name) if name in self._library.names() else None
        except ScriptError as error:
            self._tell(f"{_one_line(error)}; it is not played")
            return None

    def _tell(self, what: str) -> None:
        if what not in self._told and len(self._told) < TOLD_MAX:
            self._told.add(what)
            LOG.warning("%s", what)


def _one_line(error: ScriptError) -> str:
    return ", ".join(line.strip() for line in str(error).splitlines())


def _is_script(path: Path) -> bool:
    return path.suffix == SUFFIX and path.is_file()
