"""Table -> pytransitions. `machine_class.py` and this are the only importers of `transitions`.

`build_machine` gives an app a machine of its own, bound to its own model, with its callbacks.
`fire` is for runfsm itself: pytransitions binds some thirty partials onto every model that is
added to a machine, and keeps the model alive; so one shared machine, which owns no model, fires
on whatever has a `status`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol, TypeVar, overload

from transitions import Machine, MachineError, State
from transitions.core import Event

from runfsm.errors import ModelError
from runfsm.lifecycle.machine_class import class_of, refuse
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
    (`model.may_start()`), `model.is_queued()` and so on. Its methods `on_enter_<status>`,
    `on_exit_<status>`, `prepare_<event>`, `before_<event>` and `after_<event>` are called, with
    what the trigger was given. Derive it from `RunModel`, and type checkers know all that.

    Args:
        model: your object, a list of them, or `None` to add models later. Several on one machine
            are told apart by identity, so they may compare equal, and need not be hashable.
        machine_class: `Machine`, `LockedMachine`, `AsyncMachine`, `GraphMachine`,
            `HierarchicalMachine`, or your own. A nested state is written `in_progress.waiting`.
        lifecycle: the table; by default the run's.
        **kwargs: passed on to `machine_class`: `initial` (a status; by default the one
            that creation leads to), `after_state_change`, `send_event`, `model_attribute` ...
            A model that was in another status before is set to `initial`: for a row that was
            read from a database, pass its own.

    Returns:
        The machine; its triggers raise `IllegalTransition` where the table has no edge.

    Raises:
        ModelError: the model already has an attribute with an event's name, which pytransitions
            would skip; or it takes no attributes, as one with slots or a pydantic model; or
            `machine_class` is no machine class.
        UnknownNameError: `initial` is none of the statuses; the message has the nearest.

    Example:
        >>> from runfsm import RunModel
        >>> class Job(RunModel):
        ...     def on_enter_completed(self) -> None:
        ...         print("done")
        >>> job = Job()
        >>> machine = build_machine(job)
        >>> job.start(), job.complete(), job.state
        done
        (True, True, 'completed')
    """
    options: dict[str, Any] = {
        "states": [
            {"name": status.value, "final": status in lifecycle.terminal}
            for status in lifecycle.statuses
        ],
        "transitions": [
            [event.value, source.value, dest.value] for event, source, dest in _rows(lifecycle)
        ],
        "initial": lifecycle.initial.value,
        "auto_transitions": False,
    }
    _check_class(machine_class)
    # A list, for pytransitions takes a model that is false (an empty container) for none.
    models = model if model is None or isinstance(model, list | tuple) else [model]
    for one in models or ():  # all of them, before any is bound
        if one is not None and one is not Machine.self_literal and not kwargs.get("model_override"):
            refuse(one, {event.value for event, _, _ in _rows(lifecycle)})
    return class_of(machine_class, lifecycle)(model=models, **options | kwargs)


def _check_class(given: Any) -> None:
    if not (isinstance(given, type) and issubclass(given, Machine)):
        raise ModelError(
            "machine_class must be a machine class of pytransitions, such as LockedMachine, "
            f"got {given!r}"
        )


def _rows(lifecycle: Lifecycle[Any, Any]) -> list[tuple[Any, Any, Any]]:
    """Trigger, source and dest of every edge but the creation, which is the initial state."""
    return [(edge.event, edge.source, edge.dest) for edge in lifecycle.edges if edge.source]


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
