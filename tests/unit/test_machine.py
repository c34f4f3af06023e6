"""Facts about the pytransitions machines that are built from the table."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from transitions import Machine
from transitions.extensions import GraphMachine, LockedMachine
from transitions.extensions.asyncio import AsyncMachine

from runfsm.errors import IllegalTransition
from runfsm.lifecycle import LIFECYCLE, RUN_STEP, RunEvent, RunStatus
from runfsm.lifecycle.machine import build_machine, fire

SQUARE = [(s, e) for s in RunStatus for e in RunEvent if e is not RunEvent.CREATE]
MACHINES = [Machine, LockedMachine, AsyncMachine, GraphMachine]


class Job:
    """A model with callbacks of its own."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_enter_in_progress(self) -> None:
        self.heard.append("entered in_progress")


def _build(machine_class: type[Any], model: Any, **kwargs: Any) -> Any:
    if machine_class is GraphMachine:
        kwargs["graph_engine"] = "mermaid"  # needs no Graphviz
    return build_machine(model, machine_class, **kwargs)


def _trigger(model: Any, event: str) -> None:
    answer = model.trigger(event)
    if not isinstance(answer, bool):

        async def wait() -> None:
            await answer

        anyio.run(wait)


def test_the_square_has_81_cells() -> None:
    """Nine statuses, nine events (creation is how the machine comes to be)."""
    assert 81 == len(SQUARE)


@pytest.mark.parametrize("machine_class", MACHINES)
def test_every_machine_agrees_with_the_table_on_the_whole_square(machine_class: type[Any]) -> None:
    """A legal cell moves the model to the table's dest; an illegal one raises and moves nothing."""
    for status, event in SQUARE:
        model = SimpleNamespace()
        _build(machine_class, model, initial=status.value)
        if LIFECYCLE.allows(status, event):
            _trigger(model, event.value)
            assert LIFECYCLE.next(status, event).dest == model.state
        else:
            with pytest.raises(IllegalTransition) as caught:
                _trigger(model, event.value)
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
    _build(machine_class, job, after_state_change=lambda: job.heard.append("changed"))
    _trigger(job, "start")

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


def test_other_tables_make_machines_too() -> None:
    """The run step's table gives a machine of its own five statuses."""
    step = SimpleNamespace()
    build_machine(step, lifecycle=RUN_STEP)
    step.complete()

    assert "completed" == step.state
    with pytest.raises(IllegalTransition, match="run step"):
        step.fail()
