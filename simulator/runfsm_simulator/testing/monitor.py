"""Properties over time, held against what happens while it happens.

A monitor reports; it hurts nothing that it looks at.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from threading import Lock
from typing import Any, Final

from runfsm_simulator.testing.formulas import BROKEN, Property
from runfsm_simulator.testing.run_properties import RUN_PROPERTIES
from runfsm_simulator.testing.temporal import AROUND, PropertyBroken

__all__ = ["Monitor"]

#: So many reports are kept; later ones are only told.
REPORTS_MAX: Final = 1_000


class Story:
    """One trace, as far as it has come."""

    def __init__(self, properties: Iterable[Property]) -> None:
        self._open = [(one, one) for one in properties]
        self._latest: deque[Any] = deque(maxlen=AROUND)

    def see(self, step: Any) -> list[PropertyBroken]:
        """Which properties this step breaks. Each is broken once."""
        rests = [(whole, rest.after(step)) for whole, rest in self._open]
        self._open = [(whole, rest) for whole, rest in rests if rest is not BROKEN]
        found = [self._broken(whole, step) for whole, rest in rests if rest is BROKEN]
        self._latest.append(step)
        return found

    def end(self) -> list[PropertyBroken]:
        """Which properties are still open at the end."""
        return [self._broken(whole, None) for whole, rest in self._open if not rest.may_end()]

    def _broken(self, whole: Property, step: Any) -> PropertyBroken:
        return PropertyBroken(whole, step, before=self._latest)


class Monitor:
    """Follows live journals, or a growing trace, and reports the first step that breaks a property.

    As an observer of a driver it follows each run by itself: `RunDriver(..., observers=[monitor])`.
    A simulator's trace it follows by `follow`, anything else by `see`. Any thread may call it.

    Args:
        properties: what must hold.
        on_broken: told of each property that is broken, at once.

    Attributes:
        reports: the properties that were broken, with their steps.

    Example:
        >>> from runfsm_simulator.testing import Monitor, event, never
        >>> monitor = Monitor([never(event("cancel"))], on_broken=print)
        >>> from runfsm.lifecycle.tracker import RunTracker
        >>> tracker = RunTracker(on_step=monitor.see, own=())
        >>> for status in ("queued", "cancelling"):
        ...     _ = tracker.observe(status)
        broken: never cancel
            (created) → queued  create by client
          > queued → cancelling  cancel by another client
    """

    def __init__(
        self,
        properties: Iterable[Property] = RUN_PROPERTIES,
        *,
        on_broken: Callable[[PropertyBroken], object] | None = None,
    ) -> None:
        self._properties = tuple(properties)
        self._on_broken = on_broken
        self._lock = Lock()
        self._whole = Story(self._properties)
        self._of_core: dict[int, tuple[weakref.ref[Any], Story]] = {}
        self._last: Any = None
        self.reports: list[PropertyBroken] = []

    def __call__(self, step: Any, core: Any) -> None:
        """Hear of a step of a run that is driven: a driver's observer."""
        with self._lock:
            story = self._story(core)
            found = story.see(step)
            if step.kind == "drive_ended":  # an observer hears it last
                found += story.end()
                del self._of_core[id(core)]
        self._tell(found)

    def see(self, step: Any) -> None:
        """Hear of the next step of the one trace that has no core."""
        with self._lock:
            found = self._whole.see(step)
        self._tell(found)

    def follow(self, trace: Sequence[Any]) -> None:
        """Take what is new in a trace that grows: `monitor.follow(simulator.trace)`.

        Call it often enough that the last step that it has seen is still there.
        """
        new = [*takewhile(lambda step: step is not self._last, reversed(trace))]
        for step in reversed(new):
            self.see(step)
        self._last = trace[-1] if trace else None

    def end(self) -> None:
        """The trace without a core is over: what must come has come, or is reported."""
        with self._lock:
            found = self._whole.end()
        self._tell(found)

    def check(self) -> None:
        """Raise the first report, if there is one.

        Raises:
            PropertyBroken: something was broken.
        """
        if self.reports:
            raise self.reports[0]

    def _story(self, core: Any) -> Story:
        key = id(core)
        if key not in self._of_core:
            stories = self._of_core  # a core that nobody drives to its end takes its story along
            ref = weakref.ref(core, lambda _: stories.pop(key, None))
            stories[key] = (ref, Story(self._properties))
        return self._of_core[key][1]

    def _tell(self, found: Iterable[PropertyBroken]) -> None:
        for one in found:
            if len(self.reports) < REPORTS_MAX:
                self.reports.append(one)
            if self._on_broken:
                self._on_broken(one)
