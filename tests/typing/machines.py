"""Type-checked, never run: an app's own models on machines of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from transitions.extensions import LockedMachine
from transitions.extensions.asyncio import AsyncMachine

from runfsm import AsyncRunModel, RunEvent, RunModel, RunStatus, build_machine


class Job(RunModel):
    """The example of the README."""

    def on_enter_completed(self) -> None:
        """Be called by its name."""


def sync_app() -> None:
    """Events answer whether they were taken."""
    job = Job()
    build_machine(job)
    job.start()
    job.complete()
    assert_type(job.submit_tool_outputs({"call_1": "42"}), bool)
    assert_type(job.trigger(RunEvent.CANCEL), bool)
    assert_type((job.may_cancel(), job.is_completed(), job.state), tuple[bool, bool, str])


@dataclass
class Row(RunModel):
    """A row whose status has another name."""

    id: int
    status: str = "queued"


def rows() -> None:
    """Many models share a machine."""
    machine = build_machine(
        [Row(1), Row(2)], LockedMachine, model_attribute="status", initial=RunStatus.QUEUED
    )
    machine.add_model(Row(3), initial="in_progress")
    assert_type(machine, LockedMachine)


class AsyncJob(AsyncRunModel):
    """Callbacks may be coroutine functions."""

    async def before_cancel(self) -> None:
        """Be called by its name."""


async def async_app() -> None:
    """Events are awaited."""
    job = AsyncJob()
    build_machine(job, AsyncMachine)
    assert_type(await job.start(), bool)
    assert_type(await job.may_cancel(), bool)
    assert_type(job.is_queued(), bool)
