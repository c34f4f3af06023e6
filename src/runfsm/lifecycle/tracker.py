"""Two looks in, the edges between them out: a run followed by whoever polls, streams or listens.

An observer sees statuses, often late. The tracker keeps the last known one, asks the table which
edges must have been taken since, moves along them through the shared pytransitions machine, and
writes them down. It asks nobody for the time and talks to no service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from runfsm.errors import AnomalyError
from runfsm.lifecycle.journal import (
    Anomaly,
    JournalStep,
    Transition,
    UnknownStatus,
    step_from_dict,
)
from runfsm.lifecycle.machine import fire
from runfsm.lifecycle.run import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.snapshot import RunSnapshot
from runfsm.lifecycle.table import Actor, Edge, Origin
from runfsm.lifecycle.wires import WIRES

__all__ = ["RunTracker"]

JSON_VERSION = 1


class RunTracker:
    """Follows one run through whatever looks an app gets at it.

    * A status seen again is nothing; a skipped one is inferred.
    * A cancel or submit that no look shows is inferred. Name the events that your app sends as
      `own`, and any other one is marked as another client's; without `own` none is.
    * An unknown status keeps the last known one, and is noted once.
    * An impossible one is an `Anomaly`: noted, and not believed. The first terminal status wins.

    Args:
        on_step: called with each new step of the journal, after the tracker has moved.
        strict: raise `AnomalyError` for what cannot be; the tracker is then as before.
        own: the client events that this app sends, `"submit_tool_outputs"` or `"cancel"`. `()`: it
            only watches. `None`: it does not say, so no event is taken for another client's.

    Raises:
        UnknownNameError: `own` has what is no event.

    Example:
        >>> tracker = RunTracker(own={"submit_tool_outputs"})  # and never cancels
        >>> for status in ("queued", "requires_action", "requires_action", "completed"):
        ...     for step in tracker.observe(status):
        ...         print(step)
        (created) → queued  create by client
        queued → in_progress  start by service, not seen
        in_progress → requires_action  require_action by service
        requires_action → queued  submit_tool_outputs by client, not seen
        queued → in_progress  start by service, not seen
        in_progress → completed  complete by service
    """

    __slots__ = ("_call_ids", "_journal", "_on_step", "_own", "_strange", "status", "strict")

    def __init__(
        self,
        *,
        on_step: Callable[[JournalStep], object] | None = None,
        strict: bool = False,
        own: Collection[str] | None = None,
    ) -> None:
        self.status: RunStatus | None = None
        self.strict = strict
        self._on_step = on_step
        self._own = _events(own)
        self._journal: list[JournalStep] = []
        self._call_ids: frozenset[str] = frozenset()
        self._strange: str | None = None  # the last unknown or impossible status, noted already

    @property
    def journal(self) -> tuple[JournalStep, ...]:
        """What has happened so far, oldest first."""
        return tuple(self._journal)

    @property
    def is_terminal(self) -> bool:
        """Whether the run is over."""
        return self.status in LIFECYCLE.terminal

    def observe(
        self, run: Any, *, at: float | None = None, own: Collection[str] | None = None
    ) -> tuple[JournalStep, ...]:
        """Take one look.

        Args:
            run: a status, a run as a dict, an `openai` `Run`, or a `RunSnapshot`. From all but
                the first, a new round of tool calls is told from the old one by its call ids.
            at: the time of the look, Unix seconds.
            own: the client events that this app has sent since the last look, where that is
                known; `None`: those that the tracker was made with.

        Returns:
            The new steps of the journal; empty when nothing has happened.

        Raises:
            AnomalyError: strict, and the look shows what cannot be.
            TypeError: `run` has no status.
            UnknownNameError: `own` has what is no event.
        """
        sent = self._own if own is None else _events(own)
        raw_status, call_ids = _read(run)
        try:
            shown = RunStatus(raw_status)
        except ValueError:
            return self._note_once(raw_status, UnknownStatus(at, raw_status, self.status))
        path = LIFECYCLE.path(
            self.status,
            shown,
            own=sent or frozenset(),
            again=shown is RunStatus.REQUIRES_ACTION and self._is_new_round(call_ids),
        )
        if path is None:
            return self._doubt(Anomaly(at, str(self.status), shown))
        self._strange = None
        if not call_ids <= self._call_ids:  # some of a round's may be answered before the others
            self._call_ids = call_ids
        return self._write(
            [
                Transition(at, e, e is not path[-1], _is_foreign(e, sent), _origin(run, e.dest))
                for e in path
            ]
        )

    def _is_new_round(self, call_ids: frozenset[str]) -> bool:
        return bool(self._call_ids) and not call_ids <= self._call_ids

    def _doubt(self, anomaly: Anomaly) -> tuple[JournalStep, ...]:
        if self.strict:
            raise AnomalyError(anomaly)
        return self._note_once(anomaly.shown, anomaly)

    def _note_once(self, strange: str, step: JournalStep) -> tuple[JournalStep, ...]:
        if strange == self._strange:
            return ()
        self._strange = strange
        return self._write([step])

    def _write(self, steps: Iterable[JournalStep]) -> tuple[JournalStep, ...]:
        new = tuple(steps)
        for step in new:
            if isinstance(step, Transition):
                self._move(step.edge)
        self._journal.extend(new)
        if self._on_step is not None:
            for step in new:
                self._on_step(step)
        return new

    def _move(self, edge: Edge[RunStatus, RunEvent]) -> None:
        if edge.source is None:
            self.status = edge.dest
        else:
            fire(self, edge.event)

    def to_json(self) -> str:
        """Everything but the arguments, as text; `from_json` goes on from it."""
        return json.dumps(
            {
                "version": JSON_VERSION,
                "status": self.status,
                "call_ids": sorted(self._call_ids),
                "strange": self._strange,
                "journal": [step.to_dict() for step in self._journal],
            }
        )

    @classmethod
    def from_json(
        cls,
        text: str,
        *,
        on_step: Callable[[JournalStep], object] | None = None,
        strict: bool = False,
        own: Collection[str] | None = None,
    ) -> RunTracker:
        """The tracker that `to_json` saved, with the arguments of a new one.

        Raises:
            ValueError: `text` is not what `to_json` writes.
        """
        tracker = cls(on_step=on_step, strict=strict, own=own)
        try:
            data = json.loads(text)
            _check_version(data["version"])
            tracker.status = data["status"] and RunStatus(data["status"])
            tracker._call_ids = frozenset(data["call_ids"])
            tracker._strange = data["strange"]
            tracker._journal = [step_from_dict(step) for step in data["journal"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"not a saved RunTracker: {error}") from error
        return tracker


def _check_version(version: object) -> None:
    if version != JSON_VERSION:
        raise ValueError(f"version {version!r}, where this runfsm writes {JSON_VERSION}")


def _events(own: Collection[str] | None) -> frozenset[RunEvent] | None:
    if isinstance(own, str):  # one event, and not a collection of letters
        own = (own,)
    return None if own is None else frozenset(map(LIFECYCLE.event, own))


def _is_foreign(edge: Edge[RunStatus, RunEvent], own: frozenset[RunEvent] | None) -> bool:
    if own is None or edge.source is None:
        return False
    return edge.actor is Actor.CLIENT and edge.event not in own


def _origin(run: Any, status: RunStatus) -> Origin:
    """Who says that status, as far as the look tells which wire it came by."""
    wire = WIRES.get(run.ref.backend) if isinstance(run, RunSnapshot) else None
    return wire.statuses[status].value if wire else Origin.NATIVE


def _read(run: Any) -> tuple[str, frozenset[str]]:
    """The status and the pending call ids, out of whatever an app has in its hands."""
    if isinstance(run, RunSnapshot):
        return str(run.status or run.raw_status), frozenset(call.call_id for call in run.calls)
    if isinstance(run, str):
        return str(run), frozenset()
    status = _get(run, "status")
    if not isinstance(status, str):
        raise TypeError(
            f"observe() wants a status, a dict with one, an openai Run or a RunSnapshot; "
            f"{type(run).__name__} has no status"
        )
    calls = _get(_get(_get(run, "required_action"), "submit_tool_outputs"), "tool_calls")
    return str(status), frozenset(str(_get(call, "id")) for call in calls or ())


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
