"""Facts about the pytransitions machines that are built from the table."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from transitions import Machine, MachineError
from transitions.extensions import LockedMachine

from machineclasses import MACHINES, built, triggered
from runfsm.errors import CallerError, IllegalTransition, ModelError, UnknownNameError
from runfsm.lifecycle import LIFECYCLE, RUN_STEP, RunEvent, RunStatus
from runfsm.lifecycle.machine import build_machine, fire

SQUARE = [(s, e) for s in RunStatus for e in RunEvent if e is not RunEvent.CREATE]
NINE = "queued, in_progress, requires_action, cancelling, cancelled, failed, completed, incomplete"


class Job:
    """A model with callbacks of its own."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_enter_in_progress(self) -> None:
        self.heard.append("entered in_progress")


def test_the_square_has_81_cells() -> None:
    """Nine statuses, nine events (creation is how the machine comes to be)."""
    assert 81 == len(SQUARE)


@pytest.mark.parametrize("machine_class", MACHINES)
def test_every_machine_agrees_with_the_table_on_the_whole_square(machine_class: type[Any]) -> None:
    """A legal cell moves the model to the table's dest; an illegal one raises and moves nothing."""
    for status, event in SQUARE:
        model = SimpleNamespace()
        built(machine_class, model, initial=status.value)
        if LIFECYCLE.allows(status, event):
            triggered(model, event.value)
            assert LIFECYCLE.next(status, event).dest == model.state
        else:
            with pytest.raises(IllegalTransition) as caught:
                triggered(model, event.value)
            assert (status, event) == (caught.value.status, caught.value.event)
            assert status == model.state


def test_the_shared_machine_agrees_with_the_table_on_the_whole_square() -> None:
    """The machine that owns no model moves a bare object as the table says, or not at all."""
    for status, event in SQUARE:
        cursor = SimpleNamespace(status=status)
        if LIFECYCLE.allows(status, event):
            fire(cursor, event)
            assert cursor.status is LIFECYCLE.next(status, event).dest
        else:
            with pytest.raises(IllegalTransition):
                fire(cursor, event)
            assert cursor.status is status


def test_the_shared_machine_binds_nothing_onto_the_object() -> None:
    """The object that is moved has a status, and gets nothing else."""
    cursor = SimpleNamespace(status=RunStatus.QUEUED)
    fire(cursor, RunEvent.START)

    assert {"status": RunStatus.IN_PROGRESS} == vars(cursor)


def test_the_shared_machine_cannot_create() -> None:
    """Creation is no move of something that is there: it is refused like every illegal one."""
    with pytest.raises(IllegalTransition):
        fire(SimpleNamespace(status=RunStatus.QUEUED), RunEvent.CREATE)


@pytest.mark.parametrize("machine_class", MACHINES)
def test_the_users_callbacks_are_called(machine_class: type[Any]) -> None:
    """`on_enter_…` of the model and `after_state_change` of the machine are both heard."""
    job = Job()
    built(machine_class, job, after_state_change=lambda: job.heard.append("changed"))
    triggered(job, "start")

    assert ["entered in_progress", "changed"] == job.heard


def test_a_machine_starts_where_creation_leads() -> None:
    """Without `initial`, the model is queued: the creation edge is the machine's beginning."""
    job = Job()
    build_machine(job)

    assert "queued" == job.state  # type: ignore[attr-defined]  # bound by pytransitions


def test_a_machine_can_start_anywhere() -> None:
    """`initial` takes a member of the enum as well as its text: a run that was saved goes on."""
    job = Job()
    build_machine(job, initial=RunStatus.REQUIRES_ACTION)

    assert job.submit_tool_outputs()  # type: ignore[attr-defined]  # bound by pytransitions
    assert "queued" == job.state  # type: ignore[attr-defined]  # as above


def test_a_model_whose_method_would_be_skipped_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """pytransitions would only log that it skips `cancel`; here it is an error that names it."""

    class Order:
        def cancel(self) -> None: ...

    with caplog.at_level(logging.WARNING), pytest.raises(ValueError, match="Order already has"):
        build_machine(Order())

    assert [] == caplog.records


@pytest.mark.reported(
    "python-statemachine#263, django-fsm#294",
    "A misspelt status, from a database or a caller, was taken as a tenth state.",
    now="It is refused where it is written, with the nine and the nearest one.",
)
@pytest.mark.parametrize("machine_class", MACHINES)
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("in-progress", "in_progress"),
        ("In Progress", "in_progress"),
        ("COMPLETED", "completed"),
        ("requiresAction", "requires_action"),
        ("canceled", "cancelled"),
        ("RunStatus.EXPIRED", "expired"),
        ("thread.run.failed", "failed"),
        ("", None),
        ("beim Aufräumen", None),
    ],
)
def test_an_unknown_status_is_refused(
    machine_class: type[Any], given: str, meant: str | None
) -> None:
    """Everywhere a machine takes one (python-statemachine#263, django-fsm#294)."""
    with pytest.raises(UnknownNameError) as caught:
        built(machine_class, Job(), initial=given)
    assert ((*RunStatus,), meant) == (caught.value.known, caught.value.nearest)
    assert isinstance(caught.value, CallerError)
    assert f"{given!r} is no status of a run." in str(caught.value)
    assert f"There are: {NINE}, expired." in str(caught.value)

    job: Any = Job()
    other: Any = Job()
    machine = built(machine_class, job)
    for wrong in (
        lambda: machine.set_state(given),
        lambda: machine.add_model(other, initial=given),
        lambda: setattr(machine, "initial", given),
    ):
        with pytest.raises(UnknownNameError):
            wrong()
    assert ("queued", [job], ["heard"]) == (job.state, machine.models, list(vars(other)))

    job.state = given  # as a row would be read from a database
    with pytest.raises(UnknownNameError):
        triggered(job, "start")
    assert given == job.state


@pytest.mark.parametrize("machine_class", MACHINES)
@pytest.mark.parametrize("given", [5, True, 1.5, b"queued", {"queued": 1}, object()])
def test_a_status_that_is_no_text_is_refused(machine_class: type[Any], given: object) -> None:
    """As it may stand in a column of numbers: before anything is bound, and at the next event."""
    other: Any = Job()
    job: Any = Job()
    machine = built(machine_class, job)
    for wrong in (
        lambda: built(machine_class, Job(), initial=given),
        lambda: machine.set_state(given),
        lambda: machine.add_model(other, initial=given),
    ):
        with pytest.raises(UnknownNameError):
            wrong()
    assert ("queued", [job], ["heard"]) == (job.state, machine.models, list(vars(other)))

    job.state = given
    with pytest.raises(UnknownNameError):
        triggered(job, "start")


@pytest.mark.parametrize("machine_class", MACHINES)
def test_a_status_that_is_null_is_refused(machine_class: type[Any]) -> None:
    """A row whose column is NULL is not passed over in silence."""
    job: Any = Job()
    built(machine_class, job)
    job.state = None
    with pytest.raises(UnknownNameError, match=r"^None is no status of a run"):
        triggered(job, "start")


@pytest.mark.parametrize("machine_class", [Machine, LockedMachine])
def test_a_list_is_no_status(machine_class: type[Any]) -> None:
    """Only nested machines can be in several states at once."""
    with pytest.raises(UnknownNameError):
        build_machine(Job(), machine_class, initial=["queued"])


@pytest.mark.parametrize("machine_class", MACHINES)
def test_the_ends_of_the_table_are_final_states(machine_class: type[Any]) -> None:
    """pytransitions' `on_final` is called at the end of a run, and only there."""
    ends: list[str] = []
    job: Any = Job()
    built(machine_class, job, on_final=lambda: ends.append(job.state))
    triggered(job, "start")
    assert [] == ends

    triggered(job, "complete")

    assert ["completed"] == ends


@pytest.mark.parametrize("given", [None, "LockedMachine", Job, Machine(None)])
def test_what_is_no_machine_class_is_refused(given: Any) -> None:
    """The error shows what was got."""
    with pytest.raises(ModelError, match=r"^machine_class must be a machine class .* got "):
        build_machine(Job(), given)


@pytest.mark.parametrize("machine_class", MACHINES)
def test_an_unknown_event_is_refused(machine_class: type[Any]) -> None:
    """Triggered by its name; the error names the nearest one."""
    job: Any = Job()
    built(machine_class, job)
    with pytest.raises(UnknownNameError, match="Did you mean 'submit_tool_outputs'") as caught:
        triggered(job, "submitToolOutputs")

    assert ("queued", "submitToolOutputs") == (job.state, caught.value.given)


def test_unknown_events_are_ignored_if_the_machine_is_told_so() -> None:
    """`ignore_invalid_triggers` means these, too, as in pytransitions."""
    job: Any = Job()
    build_machine(job, ignore_invalid_triggers=True)

    assert (False, False) == (job.trigger("complet"), job.complete())


def test_a_status_of_the_users_own_is_known() -> None:
    """States that were added to the machine are among what can be written."""
    job: Any = Job()
    machine = build_machine(job)
    machine.add_state("archived")
    machine.set_state("archived")
    assert "archived" == job.state

    with pytest.raises(UnknownNameError, match=r"Did you mean 'archived'.*expired, archived"):
        machine.set_state("Archived")


def test_an_error_of_another_machine_stays_what_it_is() -> None:
    """A callback that fires an illegal event elsewhere is not told as this machine's."""
    other: Any = SimpleNamespace()
    Machine(other, states=["a", "b"], initial="a", transitions=[["go", "b", "a"]])
    job: Any = Job()
    build_machine(job, before_state_change=other.go)

    with pytest.raises(MachineError, match="Can't trigger event go from state a"):
        job.start()


def test_a_machines_exception_handler_gets_the_tables_words() -> None:
    """`on_exception` sees the error that would have been raised."""
    seen: list[Any] = []
    job: Any = Job()
    build_machine(job, send_event=True, on_exception=lambda event: seen.append(event.error))
    job.complete()

    assert [IllegalTransition] == [type(error) for error in seen]


def test_other_tables_make_machines_too() -> None:
    """The run step's table gives a machine of its own five statuses."""
    step = SimpleNamespace()
    build_machine(step, lifecycle=RUN_STEP)
    step.complete()

    assert "completed" == step.state
    with pytest.raises(IllegalTransition, match="run step"):
        step.fail()
