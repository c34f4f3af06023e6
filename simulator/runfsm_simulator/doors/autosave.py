"""Worlds kept in a file while they are served, so that a crash loses a second and not a day.

Rule 1: a save is made when something has changed, at most once in a period. It runs in a thread of
its own; a request to a world waits while that world is written down.

Rule 2: a large state is saved less often. After a save that took one second, nothing is saved for
nine, so saving never takes more than a tenth of the time.

Rule 3: a save that fails stops nobody. The log says so once; it is tried again each period; the
file holds what it held.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Hashable
from threading import Event, Thread
from typing import Final, Self

from runfsm.errors import CallerError
from runfsm_simulator.doors.worlds import Worlds

__all__ = ["Autosave"]

LOG: Final = logging.getLogger(__name__)

#: How many times as long as a save took no other one begins: so saving has a tenth of the time.
REST: Final = 9

#: A period so many times as long as was asked for is told of in the log, and each doubling of it.
NOTICED: Final = 3


class Autosave:
    """Saves worlds to a file: in each period in which they changed, and at the end.

    Use it as a context; when it is left, the last state is written.

    Args:
        worlds: what is saved.
        path: of the file.
        every_s: the period, in seconds: what is lost at most when the process is killed.
        now: the time in seconds, by which a save is measured.

    Attributes:
        saves: how often the file was written.
        failures: how often it could not be written.

    Raises:
        CallerError: when it is left, and the file cannot be written.

    Example:
        >>> with Autosave(worlds, "worlds.json", every_s=1, now=clock.now):   # doctest: +SKIP
        ...     serve(worlds)
    """

    def __init__(
        self,
        worlds: Worlds,
        path: str | os.PathLike[str],
        *,
        every_s: float,
        now: Callable[[], float],
    ) -> None:
        self._worlds = worlds
        self._path = path
        self._every_s = every_s
        self._now = now
        self._saved: Hashable = worlds.progress()
        self._problem: str | None = None
        self._noticed_s = NOTICED * every_s
        self._ended = Event()
        self._thread = Thread(target=self._run, name="runfsm-autosave", daemon=True)
        self.saves = 0
        self.failures = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self._thread.join()
        self._write()

    def save(self) -> float:
        """Save what has changed since the last time, if anything has.

        Returns:
            The seconds until it is to be called again.
        """
        progress = self._worlds.progress()
        if progress == self._saved:
            return self._every_s
        began = self._now()
        try:
            self._write()
        except Exception as error:  # noqa: BLE001  # the worlds go on, whatever it is
            self._failed(error)
            return self._every_s
        self._saved = progress  # of before: a change during the save is saved by the next one
        if self._problem is not None:
            self._problem = None
            LOG.warning("the state is saved to %s again", self._path)
        return self._rest(self._now() - began)

    def _run(self) -> None:
        pause_s = self._every_s
        while not self._ended.wait(pause_s):
            pause_s = self.save()

    def _write(self) -> None:
        self._worlds.dump(self._path)
        self.saves += 1

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        if self._problem != str(error):
            self._problem = str(error)
            expected = isinstance(error, CallerError)
            LOG.error("%s; serving goes on, and it is tried again", error, exc_info=not expected)

    def _rest(self, took_s: float) -> float:
        rest_s = max(self._every_s, REST * took_s)
        if rest_s >= self._noticed_s:
            self._noticed_s = 2 * rest_s
            LOG.warning(
                "a save of the state takes %.2g s, so it is saved every %.2g s instead of %g s; "
                "a kill loses as much",
                took_s,
                rest_s,
                self._every_s,
            )
        return rest_s
