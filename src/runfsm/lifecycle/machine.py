"""Table -> pytransitions. The only importer of `transitions`.

`build_machine` gives an app a machine of its own, bound to its own model, with its callbacks.
`fire` is for runfsm itself: pytransitions binds some thirty partials onto every model that is
added to a machine, and keeps the model alive; so one shared machine, which owns no model, fires
on whatever has a `status`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Protocol, TypeVar, overload

from transitions import Machine, MachineError, State
from transitions.core import Event
from transitions.extensions.asyncio import AsyncEvent

from runfsm.lifecycle.run import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.table import Lifecycle

__all__ = ["build_machine", "fire"]

MachineT = TypeVar("MachineT", bound=Machine)


class HasStatus(Protocol):
    """What the shared machine moves: anything with a `status`, slots and all."""

    status: Any


@overload
def build_machine(
    model: Any, *, lifecycle: Lifecycle[Any, Any] = LIFECYCLE, **kwargs: Any
) -> Machine: ...
@overload
def build_machine(
    model: Any,
    machine_class: type[MachineT],
    *,
    lifecycle: Lifecycle[Any, Any] = LIFECYCLE,
    **kwargs: Any,
) -> MachineT: ...
def build_machine(
    model: Any,
    machine_class: Any = Machine,
    *,
    lifecycle: Lifecycle[Any, Any] = LIFECYCLE,
    **kwargs: Any,
) -> Any:
    """A pytransitions machine of the table, bound to `model`.

    The model gets a method for each event (`model.start()`), one to try it
    (`model.may_start()`), `model.is_queued()` and so on, and its `on_enter_completed` and
    `before_cancel` methods are called, as with every pytransitions machine.

    Args:
        model: your object, a list of them, or `None` to add models later.
        machine_class: `Machine`, `LockedMachine`, `AsyncMachine`, `GraphMachine`, or your own
            flat (not hierarchical) machine class.
        lifecycle: the table; by default the run's.
        **kwargs: passed on to `machine_class`: `initial` (a status; by default the one
            that creation leads to), `after_state_change`, `send_event`, `model_attribute` ...

    Returns:
        The machine; its triggers raise `IllegalTransition` where the table has no edge.

    Raises:
        ValueError: the model already has an attribute with an event's name, which pytransitions
            would skip without a word.

    Example:
        >>> class Job:
        ...     def on_enter_completed(self):
        ...         print("done")
        >>> job = Job()
        >>> machine = build_machine(job)
        >>> job.start(), job.complete(), job.state
        done
        (True, True, 'completed')
    """
    for one in model if isinstance(model, list) else [model]:
        if one is not None and not kwargs.get("model_override"):
            _refuse_clash(one, lifecycle)
    options: dict[str, Any] = {
        "states": [status.value for status in lifecycle.statuses],
        "transitions": [
            [event.value, source.value, dest.value] for event, source, dest in _rows(lifecycle)
        ],
        "initial": lifecycle.initial.value,
        "auto_transitions": False,
    }
    if isinstance(kwargs.get("initial"), Enum):
        kwargs["initial"] = kwargs["initial"].value
    return _polite(machine_class, lifecycle)(model=model, **options | kwargs)


def _rows(lifecycle: Lifecycle[Any, Any]) -> list[tuple[Any, Any, Any]]:
    """Trigger, source and dest of every edge but the creation, which is the initial state."""
    return [(edge.event, edge.source, edge.dest) for edge in lifecycle.edges if edge.source]


def _refuse_clash(model: Any, lifecycle: Lifecycle[Any, Any]) -> None:
    events = {event.value for event, _, _ in _rows(lifecycle)}
    if clash := sorted(name for name in events if hasattr(model, name)):
        raise ValueError(
            f"{type(model).__name__} already has {', '.join(clash)}, which the machine would "
            f"bind as triggers. Rename them, or give the machine an object of its own: "
            f"self.run = Run(); build_machine(self.run)"
        )


@cache
def _polite(machine_class: Any, lifecycle: Lifecycle[Any, Any]) -> Any:
    """The class, with events that answer an illegal move in the table's own words."""
    event_class = machine_class.event_cls
    mixin = _AsyncPolite if issubclass(event_class, AsyncEvent) else _Polite
    event = type(f"Polite{event_class.__name__}", (mixin, event_class), {"lifecycle": lifecycle})
    return type(machine_class.__name__, (machine_class,), {"event_cls": event})


class _Polite(Event):
    lifecycle: Lifecycle[Any, Any]

    def trigger(self, model: Any, *args: Any, **kwargs: Any) -> bool:
        try:
            return super().trigger(model, *args, **kwargs)
        except MachineError as error:
            raise _illegal(self, model) from error


class _AsyncPolite(AsyncEvent):
    lifecycle: Lifecycle[Any, Any]

    async def trigger(  # type: ignore[override]  # as in pytransitions' own AsyncEvent
        self, model: Any, *args: Any, **kwargs: Any
    ) -> bool:
        try:
            return await super().trigger(model, *args, **kwargs)
        except MachineError as error:
            raise _illegal(self, model) from error


def _illegal(event: _Polite | _AsyncPolite, model: Any) -> Exception:
    table = event.lifecycle
    status = table.statuses(getattr(model, event.machine.model_attribute))
    return table.illegal(status, table.events(event.name))


class _Status(State):
    """A state whose value is the enum's member, while pytransitions knows it by its text.

    pytransitions takes enum members as states, too, but asks at each step whether it has one before
    it. Here a member is found by its text, which it equals: bench/machine_cost.py.
    """

    name = value = ""  # in place of pytransitions' properties

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name, self.value = name, RunStatus(name)


class _Shared(Machine):
    def get_state(self, state: Any) -> State:
        return self.states[state]


@cache
def _shared() -> Mapping[str, Event]:
    """The events of the one machine that owns no model."""
    machine = _Shared(
        model=None,
        states=[_Status(status.value) for status in RunStatus],
        transitions=[
            [event.value, source.value, dest.value] for event, source, dest in _rows(LIFECYCLE)
        ],
        initial=LIFECYCLE.initial.value,
        auto_transitions=False,
        model_attribute="status",
    )
    return machine.events


def fire(cursor: HasStatus, event: RunEvent) -> None:
    """Take the edge that `event` has in `cursor.status`, through the shared machine.

    Raises:
        IllegalTransition: there is none; `cursor` is as before.
    """
    try:
        _shared()[event].trigger(cursor)
    except (KeyError, MachineError):  # no row has the event at all; no row has it here
        raise LIFECYCLE.illegal(cursor.status, event) from None
