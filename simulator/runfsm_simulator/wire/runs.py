"""/v1/threads/{thread_id}/runs, /v1/threads/runs, and the steps of runs."""

from __future__ import annotations

from functools import partial
from typing import Any

from runfsm.lifecycle import RunEvent
from runfsm_simulator.wire import shapes
from runfsm_simulator.wire.asked import Asked
from runfsm_simulator.wire.bodies.common import ModifyMetadata, Nothing
from runfsm_simulator.wire.bodies.runs import CreateRun, CreateThreadAndRun, SubmitToolOutputs
from runfsm_simulator.wire.bodies.threads import CreateThread
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.listing import Window
from runfsm_simulator.world.models import Run
from runfsm_simulator.world.operations import World

__all__ = [
    "cancel",
    "create",
    "create_with_thread",
    "hand_in",
    "list_all",
    "list_steps",
    "modify",
    "on_new_thread",
    "on_thread",
    "retrieve",
    "retrieve_step",
    "submit",
]


def on_thread(world: World, thread_id: str, body: CreateRun) -> Run:
    """The run that `body` asks for. The direct door comes through these three too."""
    _check_no_stream(stream=body.stream)
    return world.create_run(
        thread_id,
        body.assistant_id,
        messages=[message.new() for message in body.additional_messages or ()],
        **body.wishes(),
    )


def on_new_thread(world: World, body: CreateThreadAndRun) -> Run:
    """The same, on a new thread."""
    _check_no_stream(stream=body.stream)
    thread = body.thread or CreateThread()
    return world.create_thread_and_run(body.assistant_id, thread=thread.fields(), **body.wishes())


def hand_in(world: World, body: SubmitToolOutputs, *, thread_id: str, run_id: str) -> Run:
    """The run that has taken the outputs of `body`."""
    _check_no_stream(stream=body.stream)
    run = world.store.run(thread_id, run_id)
    world.submit(run.id, [(given.tool_call_id, given.output or "") for given in body.tool_outputs])
    return run


def create(asked: Asked) -> dict[str, Any]:
    """POST runs."""
    return shapes.run(on_thread(asked.world, asked.ids["thread_id"], asked.body(CreateRun)))


def create_with_thread(asked: Asked) -> dict[str, Any]:
    """POST /threads/runs."""
    return shapes.run(on_new_thread(asked.world, asked.body(CreateThreadAndRun)))


def list_all(asked: Asked) -> dict[str, Any]:
    """GET runs."""
    window = Window.of(asked.request.query)
    runs = list(asked.world.store.thread(**asked.ids).runs.values())
    return window.page(runs, "run", shapes.run)


def retrieve(asked: Asked) -> dict[str, Any]:
    """GET runs/{id}."""
    return shapes.run(asked.world.store.run(**asked.ids))


def modify(asked: Asked) -> dict[str, Any]:
    """POST runs/{id}: the metadata, of a run that is over."""
    changes = asked.body(ModifyMetadata).model_dump(exclude_none=True)
    run = asked.world.store.run(**asked.ids)
    asked.world.modify(run, changes)
    return shapes.run(run)


def cancel(asked: Asked) -> dict[str, Any]:
    """POST runs/{id}/cancel."""
    asked.body(Nothing)
    run = asked.world.store.run(**asked.ids)
    asked.world.fire(run.id, RunEvent.CANCEL)
    return shapes.run(run)


def submit(asked: Asked) -> dict[str, Any]:
    """POST runs/{id}/submit_tool_outputs."""
    body = asked.body(SubmitToolOutputs)
    return shapes.run(hand_in(asked.world, body, **asked.ids))


def list_steps(asked: Asked) -> dict[str, Any]:
    """GET runs/{id}/steps."""
    window = Window.of(asked.request.query)
    run = asked.world.store.run(**asked.ids)
    return window.page(list(run.steps.values()), "run step", partial(shapes.step, of=run))


def retrieve_step(asked: Asked) -> dict[str, Any]:
    """GET runs/{id}/steps/{step_id}."""
    step = asked.world.store.step(**asked.ids)
    run = asked.world.store.run(asked.ids["thread_id"], asked.ids["run_id"])
    return shapes.step(step, run)


def _check_no_stream(*, stream: bool | None) -> None:
    if stream:
        raise REFUSALS["stream"].error()
