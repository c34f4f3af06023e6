"""Facts about the models of a machine: what a plain pytransitions model can do, ours can."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import pydantic
import pytest
from transitions import Machine
from transitions.extensions import LockedMachine
from transitions.extensions.asyncio import AsyncMachine

from machineclasses import MACHINES, awaited, built, triggered
from runfsm.errors import CallerError, IllegalTransition, ModelError
from runfsm.lifecycle import RUN_STEP, RunEvent, RunStatus
from runfsm.lifecycle.machine import build_machine
from runfsm.lifecycle.model import RunModel


@dataclass
class Row:
    """Two rows with one key are equal, as in Django, and cannot be hashed."""

    key: int
    heard: list[str] = field(default_factory=list, compare=False)

    def before_cancel(self) -> None:
        self.heard.append("before_cancel")

    def on_enter_in_progress(self) -> None:
        self.heard.append("on_enter_in_progress")


class Plain:
    """A model without any callback."""


class Empty(Plain):
    """A container that is empty, and so false."""

    def __len__(self) -> int:
        return 0


@pytest.mark.reported(
    "tried as a new user (P12)",
    "Two rows that compare equal on one shared machine: the second one was left out.",
    now="Models are told apart by identity: each gets its own triggers and status.",
)
@pytest.mark.parametrize("machine_class", MACHINES)
def test_models_that_compare_equal_share_a_machine(machine_class: type[Any]) -> None:
    """Each is bound, moves by itself, and leaves by itself (tried as a new user)."""
    first, second, third = rows = [Row(1), Row(1), Row(1)]
    machine = built(machine_class, [first, second])
    machine.add_model(third, initial="requires_action")
    triggered(second, "start")

    assert ["queued", "in_progress", "requires_action"] == [row.state for row in rows]  # type: ignore[attr-defined]  # bound by pytransitions
    assert [[], ["on_enter_in_progress"], []] == [row.heard for row in rows]

    machine.remove_model(second)
    assert [first, third] == list(machine.models)
    assert all(one is other for one, other in zip(machine.models, [first, third], strict=True))


@pytest.mark.parametrize("machine_class", [Machine, LockedMachine])
def test_only_the_removed_models_events_leave_the_queue(machine_class: type[Any]) -> None:
    """Of two equal rows on a queued machine, the one that stays keeps what it has waiting."""
    stays, leaves = Row(1), Row(1)

    def leave() -> None:
        triggered(stays, "start")
        machine.remove_model(leaves)

    machine = built(machine_class, [stays, leaves], queued=True)
    waiting = iter([leave])
    (start,) = machine.get_transitions("start")
    start.add_callback("after", lambda: [todo() for todo in waiting])
    triggered(leaves, "start")

    assert ("in_progress", [stays]) == (stays.state, machine.models)  # type: ignore[attr-defined]  # bound by pytransitions


@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_model_that_is_false_is_bound(machine_class: type[Any]) -> None:
    """An empty container is a model, too."""
    model: Any = Empty()
    built(machine_class, model)
    triggered(model, "start")

    assert "in_progress" == model.state


@pytest.mark.parametrize("machine_class", MACHINES)
def test_models_of_several_classes_share_a_machine(machine_class: type[Any]) -> None:
    """A callback that one has by its name is not asked of one that lacks it."""
    plain: Any = Plain()
    row = Row(1)
    built(machine_class, [row, plain])
    for event in ("start", "cancel"):
        triggered(plain, event)
        triggered(row, event)

    assert ("cancelling", ["on_enter_in_progress", "before_cancel"]) == (plain.state, row.heard)


def test_a_callback_that_nobody_has_is_an_error() -> None:
    """A name that was given, and that the model lacks, is refused as by pytransitions."""
    job: Any = Plain()
    build_machine(job, before_state_change="log_it")

    with pytest.raises(AttributeError, match="log_it"):
        job.start()


@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_model_is_added_once(machine_class: type[Any]) -> None:
    """Given twice, added again, or removed and added: it is there once, and moves."""
    job: Any = Plain()
    machine = built(machine_class, [job, job])
    machine.add_model(job)
    assert 1 == len(machine.models)

    if "Graph" not in machine_class.__name__:  # pytransitions' own refuse a second get_graph
        machine.remove_model(job)
        machine.add_model(job, initial=RunStatus.IN_PROGRESS)
    triggered(job, "start" if job.state == "queued" else "complete")

    assert job.state in {"in_progress", "completed"}


def test_a_model_that_is_not_there_cannot_be_removed() -> None:
    """Not even one that equals a model that is."""
    machine = build_machine(Row(1))

    with pytest.raises(ValueError, match="no such model: Row"):
        machine.remove_model(Row(1))


# Callbacks -------------------------------------------------------------------------------------


class Hearing:
    """Every callback by name, each telling its own."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


NAMED = [
    "prepare_cancel",
    "before_cancel",
    "on_exit_queued",
    "on_enter_cancelling",
    "after_cancel",
]


def _hearing(*, is_async: bool) -> Any:
    def hear(self: Any, name: str) -> None:
        self.heard.append(name)

    def sync_method(name: str) -> Any:
        return lambda self: hear(self, name)

    def async_method(name: str) -> Any:
        async def method(self: Any) -> None:
            hear(self, name)

        return method

    make = async_method if is_async else sync_method
    return type("Heard", (Hearing,), {name: make(name) for name in NAMED})()


@pytest.mark.reported(
    "pytransitions#6",
    "A model's `before_cancel`, promised by a docstring, was never called.",
    now="`prepare_`, `before_` and `after_<event>` are called by name, on every machine class.",
)
@pytest.mark.parametrize(
    ("machine_class", "is_async"),
    [(one, is_async) for one in MACHINES for is_async in sorted({False, "Async" in one.__name__})],
)
def test_callbacks_are_called_by_name(machine_class: type[Any], *, is_async: bool) -> None:
    """Of events and of states, in pytransitions' order (pytransitions#6)."""
    model = _hearing(is_async=is_async)
    built(machine_class, model)
    triggered(model, "cancel")

    assert NAMED == model.heard


@pytest.mark.parametrize("machine_class", MACHINES)
def test_callbacks_may_be_functions_of_the_object(machine_class: type[Any]) -> None:
    """What was set on the object, a partial or a static method is called as well."""
    heard: list[str] = []

    class Job:
        @staticmethod
        def before_start() -> None:
            heard.append("static")

    job: Any = Job()
    job.after_start = partial(heard.append, "partial")
    job.on_enter_in_progress = lambda: heard.append("function")
    built(machine_class, job)
    triggered(job, "start")

    assert ["static", "function", "partial"] == heard


def test_a_callback_by_name_is_called_on_transitions_that_are_added() -> None:
    """An edge of the user's own, for the same event, is told of like the table's."""
    row: Any = Row(1)
    machine = build_machine([row])
    machine.add_transition("cancel", "completed", "cancelled")
    machine.set_state("completed")
    row.cancel()

    assert (["before_cancel"], "cancelled") == (row.heard, row.state)


def test_an_attribute_that_is_no_function_is_no_callback() -> None:
    """A field of that name is the model's own."""
    job: Any = SimpleNamespace(before_start="monday", after_start=None)
    build_machine(job)
    job.start()

    assert ("monday", "in_progress") == (job.before_start, job.state)


@pytest.mark.parametrize("machine_class", MACHINES)
def test_conditions_and_arguments_reach_the_model(machine_class: type[Any]) -> None:
    """`send_event`, conditions by name and as functions, and `may_…` work as everywhere."""
    seen: list[Any] = []
    job: Any = SimpleNamespace(is_paid=lambda event: event.kwargs.get("paid", False))
    job.after_start = lambda event: seen.append(event.args)
    machine = built(machine_class, job, send_event=True)
    for transition in machine.get_transitions("start"):
        transition.conditions.append(transition.condition_cls("is_paid"))

    assert (False, False) == (triggered(job, "start"), awaited(job.may_start()))
    assert (True, [(7,)]) == (triggered(job, "start", 7, paid=True), seen)


# What a model may be ---------------------------------------------------------------------------


class Slotted:
    """No place for a trigger."""

    __slots__ = ("state",)


class Pydantic(pydantic.BaseModel):
    state: str = "queued"


class Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True)


@dataclass(frozen=True)
class FrozenData:
    state: str = "queued"


@dataclass(slots=True)
class SlottedData:
    state: str = "queued"


@pytest.mark.reported(
    "pytransitions#635",
    'A pydantic model or one with slots: `"P" object has no field "trigger"`.',
    now="`ModelError` says what a machine binds, and to give it an object of its own.",
)
@pytest.mark.parametrize("machine_class", MACHINES)
@pytest.mark.parametrize("model", [Slotted, Pydantic, Frozen, FrozenData, SlottedData, object])
def test_a_model_that_takes_no_attributes_is_refused(model: Any, machine_class: type[Any]) -> None:
    """The error says what to do, and nothing has changed (pytransitions#635)."""
    good = Plain()
    with pytest.raises(ModelError, match=f"^{model.__name__} takes no new attributes") as caught:
        built(machine_class, [good, model()])

    assert "build_machine(self.run)" in str(caught.value)
    assert isinstance(caught.value, CallerError)
    assert {} == vars(good)


def test_a_slotted_models_error_says_how_to_make_room() -> None:
    """`__dict__` among its slots is enough."""

    class Roomy:
        __slots__ = ("__dict__", "heard")

    with pytest.raises(ModelError, match='Add "__dict__" to its __slots__'):
        build_machine(Slotted())
    job: Any = Roomy()
    build_machine(job)

    assert (True, "in_progress") == (job.start(), job.state)


def test_the_error_of_a_model_holds_no_values() -> None:
    """What the object holds is nobody's business."""

    class Person(pydantic.BaseModel):
        password: str

    with pytest.raises(ModelError) as caught:
        build_machine(Person(password="tulip"))  # noqa: S106  # the test's own

    assert "tulip" not in str(caught.value)


@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_base_class_makes_room_in_slots(machine_class: type[Any]) -> None:
    """A slotted dataclass that derives from `RunModel` is a model."""

    @dataclass(slots=True, eq=True)
    class Job(RunModel):
        name: str

    job = Job("one")
    built(machine_class, job)
    triggered(job, "start")

    assert ("in_progress", "one") == (job.state, job.name)
    assert ("name",) == tuple(one.name for one in dataclasses.fields(job))


def test_a_namedtuple_is_several_models() -> None:
    """pytransitions takes every tuple for a list of models, and each must be one."""

    class Pair(NamedTuple):
        one: Any
        other: Any

    pair = Pair(Plain(), Plain())

    assert list(pair) == list(build_machine(pair).models)


@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_machine_can_be_its_own_model(machine_class: type[Any]) -> None:
    """As pytransitions has it by default."""
    machine = built(machine_class, "self")
    triggered(machine, "start")

    assert "in_progress" == machine.state


# Copies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])  # noqa: S301  # of our own making
@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_copied_model_lives_on_by_itself(machine_class: type[Any], copied: Any) -> None:
    """Copied deeply or pickled, it has a machine of its own, with the table's words."""
    # pytransitions keeps the locks of a pickled machine by its models, which it must hash.
    model: Any = Plain() if "Locked" in machine_class.__name__ else Row(1)
    built(machine_class, model)
    triggered(model, "start")
    twin = copied(model)
    triggered(twin, "cancel")

    assert ("in_progress", "cancelling") == (model.state, twin.state)
    with pytest.raises(IllegalTransition, match="not legal for a run in status 'cancelling'"):
        triggered(twin, "start")


@pytest.mark.parametrize("machine_class", [Machine, LockedMachine, AsyncMachine])
def test_a_shallow_copy_can_be_added(machine_class: type[Any]) -> None:
    """It bears the original's triggers until then; added, it has its own."""
    model: Any = Row(1)
    machine = built(machine_class, model)
    twin = copy.copy(model)
    machine.add_model(twin)
    triggered(twin, "start")

    assert ("queued", "in_progress") == (model.state, twin.state)


def test_a_machine_of_another_table_can_be_pickled() -> None:
    """The table goes with it."""
    step: Any = SimpleNamespace()
    build_machine(step, lifecycle=RUN_STEP)
    twin = pickle.loads(pickle.dumps(step))  # noqa: S301  # of our own making
    twin.complete()

    assert ("in_progress", "completed") == (step.state, twin.state)


# Two machines, further attributes ---------------------------------------------------------------


@pytest.mark.parametrize("machine_class", MACHINES)
def test_the_status_may_have_another_name(machine_class: type[Any]) -> None:
    """`model_attribute` is honoured in triggers, in questions, and in errors."""
    job: Any = Plain()
    machine = built(machine_class, job, model_attribute="status")
    triggered(job, "start")

    assert ("in_progress", True) == (job.status, "in_progress" == machine.get_model_state(job).name)
    with pytest.raises(IllegalTransition):
        triggered(job, "start")


@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_status_may_be_the_enums_member(machine_class: type[Any]) -> None:
    """Wherever a machine takes the name of a status, `RunStatus` will do, in the model as well."""
    job: Any = Plain()
    machine = built(machine_class, job, initial=RunStatus.REQUIRES_ACTION)
    machine.set_state(RunStatus.IN_PROGRESS)
    other: Any = Plain()
    machine.add_model(other, initial=RunStatus.IN_PROGRESS)
    other.state = RunStatus.IN_PROGRESS

    assert "cancel" in machine.get_triggers(RunStatus.IN_PROGRESS)
    for model in (job, other):
        triggered(model, RunEvent.CANCEL)
        assert "cancelling" == model.state


@pytest.mark.parametrize("machine_class", MACHINES)
def test_further_transitions_answer_in_the_same_way(machine_class: type[Any]) -> None:
    """Ordered and automatic ones are there if asked for; where they are illegal, it is said."""
    job: Any = Plain()
    machine = built(machine_class, job, auto_transitions=True)
    machine.add_transition("archive", "completed", "expired")
    with pytest.raises(IllegalTransition, match="'archive' is not legal in status 'queued'") as no:
        triggered(job, "archive")
    triggered(job, "to_completed")

    assert "start" in no.value.allowed
    assert (True, "expired") == (triggered(job, "archive"), job.state)


class Odd:
    """Compares with nothing, and has no hash: as an array, or a row without a key."""

    __hash__ = None  # type: ignore[assignment]  # as in a class that defines __eq__

    def __eq__(self, other: object) -> bool:
        raise TypeError("ambiguous")


@pytest.mark.parametrize("machine_class", MACHINES)
def test_models_are_never_compared(machine_class: type[Any]) -> None:
    """A model whose comparison raises is added, moved and removed like any other."""
    first: Any = Odd()
    second: Any = Odd()
    machine = built(machine_class, [first, second])
    triggered(second, "start")
    machine.remove_model(first)

    assert (["queued", "in_progress"], 1) == ([first.state, second.state], len(machine.models))


def test_what_a_model_has_may_be_overridden() -> None:
    """`model_override=True` binds what the class declares, as in pytransitions, and no more."""

    class Declared:
        state: str

        def start(self) -> bool:
            raise NotImplementedError

        def is_in_progress(self) -> bool:
            raise NotImplementedError

    job = Declared()
    build_machine(job, model_override=True)

    assert (True, True) == (job.start(), job.is_in_progress())
    assert not hasattr(job, "cancel")


def test_a_machine_class_of_ones_own() -> None:
    """Its own events, states and methods are kept."""

    class Loud(Machine):
        def add_model(self, model: Any, initial: Any = None) -> None:
            super().add_model(model, initial)
            heard.append("added")

    heard: list[str] = []
    job: Any = Plain()
    machine = build_machine(job, Loud)
    job.start()

    assert (["added"], True, "Loud") == (heard, isinstance(machine, Loud), type(machine).__name__)


@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_model_that_is_added_later_is_checked_as_well(machine_class: type[Any]) -> None:
    """One that takes nothing, or has no place for a trigger; a copied one has the original's."""
    machine = built(machine_class, None)
    taken = SimpleNamespace(cancel=print)
    for wrong in (Slotted(), taken):
        with pytest.raises(ModelError):
            machine.add_model(wrong)

    assert ([], {"cancel": print}) == (machine.models, vars(taken))


@pytest.mark.parametrize("model", [Pydantic(), {"state": "queued"}, [5], "a model"])
def test_only_what_has_slots_is_told_of_slots(model: Any) -> None:
    """The remedy fits the model."""
    with pytest.raises(ModelError) as caught:
        build_machine(model)

    assert "__slots__" not in str(caught.value)
    assert ". Give the machine an object of its own" in str(caught.value)


class Extra(pydantic.BaseModel, extra="allow"):
    """Takes any attribute, and takes it for data."""

    number: int = 1


@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_model_that_takes_attributes_for_data_is_refused(machine_class: type[Any]) -> None:
    """The triggers would be dumped with it, and its repr would never end (pytransitions#635)."""
    model = Extra()
    with pytest.raises(ModelError, match=r"fields, by pydantic's extra='allow'"):
        built(machine_class, model)

    assert {"number": 1} == model.model_dump()


def test_a_model_that_drops_attributes_is_refused() -> None:
    """Before anything calls what was never bound."""

    class Deaf:
        def __setattr__(self, name: str, value: object) -> None:
            """Take nothing."""

    with pytest.raises(ModelError, match=r"^Deaf drops the attributes that it is given"):
        build_machine(Deaf())


def test_a_machine_that_is_its_own_model_hears_its_own_methods() -> None:
    """By their names, as of any model; and nothing else that it answers to."""
    heard: list[str] = []

    class Own(Machine):
        def before_start(self) -> None:
            heard.append("before_start")

    machine: Any = build_machine("self", Own)
    machine.start()

    assert (["before_start"], "in_progress") == (heard, machine.state)


@pytest.mark.parametrize("machine_class", [one for one in MACHINES if "Hierarch" in one.__name__])
def test_states_within_states_are_the_users_own(machine_class: type[Any]) -> None:
    """They are entered by their path, have events and callbacks of their own, and are told."""
    job: Any = SimpleNamespace(heard=[])
    machine = built(machine_class, None)
    machine.add_states([{"name": "review", "children": ["first", "second"], "initial": "first"}])
    machine.add_transition("review_it", "queued", "review")
    machine.add_transition("go_on", "review.first", "review.second")
    machine.add_model(job)
    triggered(job, "review_it")
    assert "review.first" == job.state
    triggered(job, "go_on")
    assert "review.second" == job.state

    with pytest.raises(IllegalTransition, match=r"not legal in status 'review.second'; legal here"):
        triggered(job, "go_on")


def test_what_is_legal_in_a_status_of_the_users_own_is_told() -> None:
    """All of it, or that there is nothing."""
    job: Any = Plain()
    machine = build_machine(job)
    machine.add_states(["archived", "gone"])
    machine.add_transition("restore", "archived", "queued")
    machine.add_transition("delete", "archived", "gone")
    for status, legal in (("archived", "restore, delete"), ("gone", "nothing")):
        machine.set_state(status)
        with pytest.raises(IllegalTransition, match=f"'{status}'; legal here: {legal}."):
            job.start()
