"""Who is told of a run as it goes: the log, and the observers of the app's.

Rule: every step once, in order, as soon as it is known, and at the end that nobody drives the run
any more. What an observer does or raises cannot hurt the run.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Iterable
from inspect import isawaitable, iscoroutinefunction
from typing import Final, Protocol

from runfsm.driver.core import RunCore
from runfsm.driver.journal import DriveEnded
from runfsm.driver.logbook import log_step
from runfsm.driver.threadcore import ThreadCore
from runfsm.errors import CallerError
from runfsm.lifecycle.journal import JournalStep

__all__ = ["Observer", "Teller", "check_observers"]

LOG: Final = logging.getLogger("runfsm.observers")


class Observer(Protocol):
    """What an app may give a driver to hear of each step of each run.

    It is called in the thread or the event loop that drives the run, and nothing goes on until it
    returns; so it should be quick. It may look at the core, and may ask for the run to be cancelled
    by `core.request_cancel()`; the rest of a core is the driver's. Its last step is a `DriveEnded`.

    Example:
        >>> def shout(step: JournalStep, core: RunCore) -> None:
        ...     if isinstance(step, DriveEnded):
        ...         print(core.request.assistant_id, step)
        >>> driver = RunDriver(backend, observers=[shout])  # doctest: +SKIP
    """

    def __call__(self, step: JournalStep, core: RunCore, /) -> object:
        """Hear of a step; `core` is the run's mind: its `request`, its latest `snapshot`."""


def check_observers(observers: Iterable[Observer]) -> tuple[Observer, ...]:
    """The observers, without any that would never be run.

    Raises:
        CallerError: an observer is a coroutine function, a class or not callable, or stands alone.
    """
    if callable(observers):
        name = _name(observers)
        raise CallerError(f"observers={name}: it is one, not a list; say observers=[{name}]")
    told = tuple(observers)
    for observer in told:
        if problem := _problem(observer):
            raise CallerError(f"observers=[{_name(observer)}]: {problem}")
    return told


def _problem(observer: object) -> str | None:
    if not callable(observer):
        return "it is not callable; give a function of a step and the run's core"
    if isinstance(observer, type):
        return f"it is a class; give one of its objects: {observer.__qualname__}()"
    if iscoroutinefunction(observer) or iscoroutinefunction(type(observer).__call__):
        return (
            "it is async, and nobody would await it; give a plain function, which may put the "
            "step into a queue or start a task"
        )
    return None


def _name(observer: object) -> str:
    return str(getattr(observer, "__qualname__", type(observer).__qualname__))


class Teller:
    """Tells of one core.

    Args:
        core: what is told of. What its journal holds already was told before it was saved.
        observers: who hears of it, beside the log.
    """

    def __init__(self, core: RunCore | ThreadCore, observers: Iterable[Observer] = ()) -> None:
        self._core = core
        self._observers = tuple(observers)
        self._told = len(core.journal)
        self._is_open = False

    def news(self) -> tuple[JournalStep, ...]:
        """Tell what is new in the journal, and return it."""
        self._is_open = True
        first = self._told
        while self._told < len(self._core.journal):  # an observer that cancels makes one more
            self._told += 1
            self._tell(self._core.journal[self._told - 1])
        return tuple(self._core.journal[first : self._told])

    def end(self, at: float) -> None:
        """Tell that nobody drives any more; nothing if it was told, or nobody ever did."""
        if self._is_open and isinstance(self._core, RunCore):
            self.news()
            self._tell(_ended(self._core, at))
        self._is_open = False

    def _tell(self, step: JournalStep) -> None:
        log_step(step, self._core)
        if isinstance(self._core, RunCore):
            for observer in self._observers:
                _call(observer, step, self._core)


def _call(observer: Observer, step: JournalStep, core: RunCore) -> None:
    try:
        told = observer(step, core)
    except Exception:
        LOG.exception("an observer of runs raised, at: %s", step)
        return
    if isawaitable(told):  # it was no async function to look at
        LOG.error("an observer returned an awaitable, and nobody awaits it, at: %s", step)
        if isinstance(told, Coroutine):
            told.close()


def _ended(core: RunCore, at: float) -> DriveEnded:
    return DriveEnded(
        at,
        status=core.status,
        error=type(core.error).__name__ if core.error else None,
        elapsed_s=max(0.0, at - core.started_at),
        usage=core.snapshot.usage if core.snapshot else None,
    )
