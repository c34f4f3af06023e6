"""The pytransitions classes of a table: any machine class, with the table's rules put in front.

What a plain pytransitions machine leaves to luck is settled here: an illegal event answers in the
table's own words, and an unknown status is refused where it is written; models are told apart by
identity, so rows that compare equal can share a machine; and a callback that one model has by name
is not asked of another one that lacks it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from contextlib import nullcontext
from enum import Enum
from functools import cache, partial
from typing import Any, Final

from transitions import Machine, MachineError, State
from transitions.core import Event, Transition, listify

from runfsm.errors import IllegalTransition, ModelError
from runfsm.lifecycle.names import unknown_name
from runfsm.lifecycle.table import Lifecycle

__all__ = ["class_of", "refuse"]

PROBE: Final = "may_trigger"

OWN_OBJECT: Final = (
    "give the machine an object of its own, which keeps yours: "
    "self.run = Run(); build_machine(self.run), with `class Run(RunModel)`"
)


class Models(list[Any]):
    """Models by identity: what compares equal is not the same."""

    def __contains__(self, model: object) -> bool:
        return id(model) in map(id, self)

    def remove(self, model: Any) -> None:
        for index, one in enumerate(self):
            if one is model:
                del self[index]
                return
        raise ValueError(f"the machine has no such model: {type(model).__name__}")


class _OfTable:
    """The part that the machine and its events share: their table, and how they are copied."""

    lifecycle: Lifecycle[Any, Any]
    made_of: tuple[Any, Lifecycle[Any, Any]]
    part: str  # "machine", "event" or "state"

    def __reduce_ex__(self, protocol: Any) -> Any:
        # The class was made while the program ran, so pickle finds it nowhere: it is made again.
        reduced: Any = super().__reduce_ex__(2)
        return (_revived, (*self.made_of, self.part), *reduced[2:])


class TableMachine(_OfTable, Machine):
    """In front of a machine class: its models, their callbacks, and names of statuses."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.named_callbacks: set[str] = set()
        super().__init__(*args, **kwargs)

    @property
    def models(self) -> Models:  # pytransitions assigns a list
        return self.__dict__["models"]  # type: ignore[no-any-return]  # `__dict__` is of Any

    @models.setter
    def models(self, models: Iterable[Any]) -> None:
        self.__dict__["models"] = Models(models)

    # Models ------------------------------------------------------------------------------------

    def add_model(self, model: Any, initial: Any = None, **kwargs: Any) -> None:
        new = self._new_among(listify(model))
        initial = self._known(initial)
        for one in new:
            self._refuse(one)
        if new:
            super().add_model(new, initial, **kwargs)
        for one in new:
            self._bind_callbacks(one)

    def _new_among(self, models: Iterable[Any]) -> Models:
        """Return those that are not there yet, each once."""
        given = (self if one is self.self_literal else one for one in models)
        there = set(map(id, self.models))
        return Models({id(one): one for one in given if id(one) not in there}.values())

    def remove_model(self, model: Any) -> None:
        super().remove_model(Models(listify(model)))

    def _refuse(self, model: Any) -> None:
        if not self.model_override:
            bound = [name for name in self.events if self._is_bound(getattr(model, name, None))]
            refuse(model, set(self.events) - set(bound))

    def _is_bound(self, bound: Any) -> bool:
        """Return whether this machine has bound it: a copied model has the original's."""
        if not isinstance(bound, partial):
            return False
        owner = getattr(bound.func, "__self__", None)
        return owner is self or owner in self.events.values()

    def _checked_assignment(self, model: Any, name: str, func: Any) -> None:
        if self._is_bound(model.__dict__.get(name) if hasattr(model, "__dict__") else None):
            setattr(model, name, func)
        else:
            super()._checked_assignment(model, name, func)

    # Callbacks by name ---------------------------------------------------------------------------

    def _bind_callbacks(self, model: Any) -> None:
        events: dict[str, Any] = self.events
        for event in events.values():
            for kind in self.transition_cls.dynamic_methods:
                if self._has_callback(model, f"{kind}_{event.name}"):
                    event.add_named(kind)

    def _add_model_to_state(self, state: Any, model: Any) -> None:
        super()._add_model_to_state(state, model)
        for kind in self.state_cls.dynamic_methods:
            name = f"{kind}_{self._callback_name(state)}"
            if self._has_callback(model, name) and name not in getattr(state, kind):
                state.add_callback(kind.removeprefix("on_"), name)

    @property
    def _is_nested(self) -> bool:
        return hasattr(type(self), "get_global_name")

    def _callback_name(self, state: Any) -> str:
        return str(self.get_global_name(state) if self._is_nested else state.name)

    def _has_callback(self, model: Any, name: str) -> bool:
        found = getattr(model, name, None)
        is_function = inspect.isroutine(found) or isinstance(found, partial)
        # A machine that is its own model answers to such a name with a way to add callbacks.
        is_there = inspect.ismethod(found) or (is_function and model is not self)
        if is_there:
            self.named_callbacks.add(name)
        return is_there

    @staticmethod
    def resolve_callable(func: Any, event_data: Any) -> Any:
        machine, model = event_data.machine, event_data.model
        if isinstance(func, str) and func in machine.named_callbacks and not hasattr(model, func):
            return _nothing
        return Machine.resolve_callable(func, event_data)

    # Statuses ----------------------------------------------------------------------------------

    @property
    def initial(self) -> Any:
        return super().initial

    @initial.setter
    def initial(self, value: Any) -> None:
        inherited: Any = super(TableMachine, type(self)).initial
        inherited.fset(self, self._known(value))

    def get_state(self, state: Any, *args: Any) -> Any:
        try:
            return super().get_state(self._plain(state), *args)
        except (ValueError, TypeError) as error:  # TypeError: it cannot be hashed
            raise self._unknown(state) from error

    def set_state(self, state: Any, model: Any = None) -> None:
        super().set_state(self._named(state), model)

    def build_state_tree(self, model_states: Any, *args: Any) -> Any:
        """Called by hierarchical machines, to read a model's status."""
        machine: Any = self
        if model_states is None or model_states == []:  # listify(None): a column that is NULL
            raise self._unknown(None)
        states = self._plain(model_states)
        with machine():  # from wherever it is asked, a model's status is a name from the top
            self._known(states)
        tree: Any = super()
        return tree.build_state_tree(states, *args)

    def get_triggers(self, *args: Any) -> list[str]:
        return super().get_triggers(*(self._plain(state) for state in args))

    def _get_trigger(self, model: Any, trigger_name: str, *args: Any, **kwargs: Any) -> Any:
        if not self.ignore_invalid_triggers:
            self._check_event(trigger_name)
        return super()._get_trigger(model, trigger_name, *args, **kwargs)

    def _check_event(self, name: str) -> None:
        machine: Any = self
        is_nested = hasattr(type(self), "has_trigger")
        with machine() if is_nested else nullcontext():  # in a callback, too, from the top
            if name not in self.events and not (is_nested and machine.has_trigger(name)):
                raise unknown_name("event", self.lifecycle.name, name, list(self.events))

    def _plain(self, state: Any) -> Any:
        """A member of an enum by its value, which is what pytransitions calls the state here."""
        if isinstance(state, Enum) and state.name not in self.states:
            return state.value
        return state

    def _named(self, state: Any) -> Any:
        """Return what can name a state, plain; refuse a number, bytes and the like."""
        state = self._plain(state)
        is_several = isinstance(state, list | tuple) and self._is_nested  # of a parallel state
        if state is None or is_several or isinstance(state, str | Enum | State):
            return state
        raise self._unknown(state)

    def _known(self, state: Any) -> Any:
        state = self._named(state)
        if isinstance(state, str):
            self.get_state(state)
        return state

    def _unknown(self, state: Any) -> Exception:
        statuses: Any = self.lifecycle.statuses
        known = list(statuses)
        known += [name for name in self.states if name not in known]
        return unknown_name("status", self.lifecycle.name, state, known)

    def _check_event_result(self, res: Any, model: Any, trigger: str) -> Any:
        """Called by hierarchical machines, whose events decide together."""
        try:
            return super()._check_event_result(res, model, trigger)  # type: ignore[misc]  # theirs
        except MachineError as error:
            raise self.illegal(getattr(model, self.model_attribute), trigger) from error

    def illegal(self, status: Any, event: str) -> IllegalTransition:
        """The error for an event that the machine does not have in `status`."""
        table = self.lifecycle
        try:
            return table.illegal(table.statuses(status), table.events(event))
        except ValueError:  # one that the user has added
            allowed = self.get_triggers(*(status if isinstance(status, list) else [status]))
            legal = ", ".join(allowed) or "nothing"
            message = f"'{event}' is not legal in status '{status}'; legal here: {legal}."
            return IllegalTransition(message, status=status, event=event, allowed=allowed)


class TableEvent(_OfTable, Event):
    """In front of an event class: what is illegal, and the callbacks that models have by name."""

    machine: Any

    def _is_valid_source(self, state: Any) -> bool:
        try:
            return bool(super()._is_valid_source(state))
        except MachineError as error:
            raise self.machine.illegal(state.name, self.name) from error

    def add_transition(self, transition: Transition) -> None:
        super().add_transition(transition)
        for kind in transition.dynamic_methods:
            if f"{kind}_{self.name}" in self.machine.named_callbacks:
                self.add_named(kind)

    def add_named(self, kind: str) -> None:
        """Have each transition call the model's method of that name, once."""
        name = f"{kind}_{self.name}"
        for transition in (one for some in self.transitions.values() for one in some):
            if name not in getattr(transition, kind):
                transition.add_callback(kind, name)


class FlatState(_OfTable, State):
    """In front of a nested state class: `in_progress` is one status, not `progress` within `in`."""

    separator = "."


@cache
def class_of(machine_class: Any, lifecycle: Lifecycle[Any, Any]) -> Any:
    """The machine class, with the table's rules in front of it, of its events and states."""

    def joined(front: type, behind: type, part: str, **members: Any) -> type:
        own = {"lifecycle": lifecycle, "made_of": (machine_class, lifecycle), "part": part}
        return type(behind.__name__, (front, behind), {"__doc__": behind.__doc__, **own, **members})

    event = joined(TableEvent, machine_class.event_cls, "event")
    state = machine_class.state_cls
    if getattr(state, "separator", None) == "_":
        state = joined(FlatState, state, "state")
    return joined(TableMachine, machine_class, "machine", event_cls=event, state_cls=state)


def _revived(machine_class: Any, lifecycle: Lifecycle[Any, Any], part: str) -> Any:
    made = class_of(machine_class, lifecycle)
    kind = {"machine": made, "event": made.event_cls, "state": made.state_cls}[part]
    return kind.__new__(kind)


def _nothing(*_: Any, **__: Any) -> None:
    """Stand for a callback that this model does not have."""


def refuse(model: Any, events: Iterable[str]) -> None:
    """Raise `ModelError` if a machine with these events cannot take the model.

    pytransitions would skip a taken name, and the model's other methods, with no more than a line
    in the log.
    """
    if clash := sorted(name for name in events if hasattr(model, name)):
        raise ModelError(
            f"{type(model).__name__} already has {', '.join(clash)}, which the machine would "
            f"bind as triggers. Rename them, or {OWN_OBJECT}"
        )
    _refuse_unbindable(model)


def _refuse_unbindable(model: Any) -> None:
    """Try one of the names that will be bound, before any is."""
    if hasattr(model, PROBE):
        return
    try:
        setattr(model, PROBE, None)
    except Exception as error:
        raise _unbindable(model, f"takes no new attributes ({error})") from error
    if not hasattr(model, PROBE):
        raise _unbindable(model, "drops the attributes that it is given")
    is_data = PROBE in (getattr(model, "__pydantic_extra__", None) or ())
    delattr(model, PROBE)
    if is_data:  # dumped with the rest, and each one's repr has the model's
        raise _unbindable(model, "takes new attributes for fields, by pydantic's extra='allow'")


def _unbindable(model: Any, problem: str) -> ModelError:
    """Return the error for a model that has no room for methods."""
    kind = type(model)
    has_slots = not hasattr(model, "__dict__") and hasattr(kind, "__slots__")
    remedy = f'Add "__dict__" to its __slots__, or {OWN_OBJECT}' if has_slots else OWN_OBJECT
    return ModelError(
        f"{kind.__name__} {problem}, and a machine binds its methods onto its model. "
        f"{remedy[0].upper()}{remedy[1:]}"
    )
