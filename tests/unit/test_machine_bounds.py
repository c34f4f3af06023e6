"""Facts about the edges of what a machine takes: names, and states within states."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from transitions import Machine
from transitions.extensions import HierarchicalMachine
from transitions.extensions.nesting import NestedState

from machineclasses import MACHINES, built, triggered
from runfsm.errors import IllegalTransition
from runfsm.lifecycle.machine import build_machine

NESTED: list[type[Any]] = [one for one in MACHINES if "Hierarch" in one.__name__]


class Counting:
    """A model that counts how often its callback is called."""

    def __init__(self) -> None:
        self.calls = 0

    def before_start(self) -> None:
        self.calls += 1


class Pause(Enum):
    """A status of the user's own, whose name is not its value."""

    PAUSED = 1


@dataclass
class Bell:
    """A callback that compares by value, and so cannot be hashed."""

    rung: list[str] = field(default_factory=list)

    def __call__(self) -> None:
        self.rung.append("rung")


# Callbacks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_callback_that_many_models_have_is_called_once_on_each(machine_class: type[Any]) -> None:
    """However many models of its class the machine has."""
    models: list[Any] = [Counting(), Counting(), Counting()]
    built(machine_class, models)
    triggered(models[0], "start")

    assert [1, 0, 0] == [model.calls for model in models]


def test_a_field_of_one_model_excuses_no_missing_callback_of_another() -> None:
    """Only what is a callback on one model may be missing on another one."""
    models: list[Any] = [SimpleNamespace(before_start="monday"), SimpleNamespace()]
    machine = build_machine(models)
    for transition in machine.get_transitions("start"):
        transition.add_callback("before", "before_start")

    with pytest.raises(AttributeError, match="before_start"):
        models[1].start()


def test_a_callback_that_cannot_be_hashed_is_called() -> None:
    """As plain pytransitions calls it."""
    bell, job = Bell(), SimpleNamespace()
    build_machine(job, after_state_change=bell)
    triggered(job, "start")

    assert ["rung"] == bell.rung


@pytest.mark.parametrize("machine_class", NESTED)
def test_a_state_within_a_state_is_named_from_the_top(machine_class: type[Any]) -> None:
    """Its callback by name has its path; the one of its last part is another state's."""
    heard: list[str] = []
    job: Any = SimpleNamespace(on_enter_first=lambda: heard.append("first"))
    setattr(job, "on_enter_review.first", lambda: heard.append("review.first"))
    machine = built(machine_class, None)
    machine.add_states([{"name": "review", "children": ["first"], "initial": "first"}])
    machine.add_transition("review_it", "queued", "review")
    machine.add_model(job)
    triggered(job, "review_it")

    assert ["review.first"] == heard


# States within states ----------------------------------------------------------------------------


def _reviewed(**callbacks: Any) -> dict[str, Any]:
    """A status of the user's own with two parts, and an event within."""
    within = {"trigger": "go_on", "source": "first", "dest": "second", **callbacks}
    children = ["first", "second"]
    return {"name": "review", "children": children, "initial": "first", "transitions": [within]}


def test_an_event_within_a_state_is_known() -> None:
    """It may be triggered by its name, as the others."""
    job: Any = SimpleNamespace()
    machine = build_machine(None, HierarchicalMachine)
    machine.add_states([_reviewed()])
    machine.add_model(job, initial="review")

    assert (True, "review.second") == (job.trigger("go_on"), job.state)


def test_a_callback_within_a_state_may_go_on() -> None:
    """An event that is triggered from there begins at the top again, and so does a question."""
    heard: list[bool] = []
    job: Any = SimpleNamespace(told=lambda: heard.append(job.is_queued()))
    machine = build_machine(None, HierarchicalMachine)
    machine.add_states([_reviewed(after=[partial(triggered, job, "back"), job.told])])
    machine.add_transition("back", "review.second", "queued")
    machine.add_model(job, initial="review")
    job.go_on()

    assert ("queued", [True]) == (job.state, heard)


def test_what_is_legal_in_several_states_at_once_is_told() -> None:
    """Of each of them."""
    job: Any = SimpleNamespace()
    machine = build_machine(None, HierarchicalMachine)
    machine.add_states([{"name": "review", "parallel": ["left", "right"]}])
    machine.add_transition("agree", "review.left", "completed")
    machine.add_transition("refuse", "review.right", "failed")
    machine.add_model(job, initial="review")

    with pytest.raises(IllegalTransition, match="legal here: agree, refuse"):
        job.start()


def test_a_separator_of_ones_own_is_kept() -> None:
    """Only the one that is a part of the table's names is not."""

    class Slashed(NestedState):
        separator = "/"

    class Own(HierarchicalMachine):
        state_cls = Slashed

    job: Any = SimpleNamespace()
    machine = build_machine(None, Own)
    machine.add_states([_reviewed()])
    machine.add_model(job, initial="review")

    assert "review/first" == job.state


# What is there before ----------------------------------------------------------------------------


def test_an_enum_of_the_users_own_is_found_by_its_name() -> None:
    """As pytransitions finds it; the table's members are found by their values."""
    job: Any = SimpleNamespace()
    machine = build_machine(job)
    machine.add_states(Pause)
    machine.set_state(Pause.PAUSED)

    assert Pause.PAUSED is job.state
    assert Pause.PAUSED is machine.get_state(Pause.PAUSED).value


def test_slots_for_all_that_is_bound_will_do() -> None:
    """A model without a dictionary, that has a place for each trigger."""
    plain: Any = SimpleNamespace()
    build_machine(plain)
    job = type("Tight", (), {"__slots__": tuple(vars(plain))})()
    build_machine(job)

    assert (True, "in_progress") == (job.start(), job.state)


def test_what_a_model_has_by_another_name_that_is_bound_stays() -> None:
    """Plain pytransitions skips it, with a line in the log; only the table's events are refused."""
    job: Any = SimpleNamespace(may_trigger="monday")
    build_machine(job)

    assert "monday" == job.may_trigger


def test_the_class_of_a_machine_is_described_as_before() -> None:
    """`help(machine)` tells what the user's own class does."""
    assert Machine.__doc__
    assert Machine.__doc__ == type(build_machine(None)).__doc__
