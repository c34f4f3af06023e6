"""/v1/threads/{thread_id}/runs, /v1/threads/runs, and the steps of runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any, Final

from runfsm.lifecycle import RunEvent
from runfsm_simulator.wire import shapes
from runfsm_simulator.wire.asked import Answer, Asked
from runfsm_simulator.wire.bodies.common import ModifyMetadata, Nothing
from runfsm_simulator.wire.bodies.runs import CreateRun, CreateThreadAndRun, SubmitToolOutputs
from runfsm_simulator.wire.bodies.threads import CreateThread
from runfsm_simulator.wire.bodycache import Shaped
from runfsm_simulator.wire.hosted import wants_contents
from runfsm_simulator.wire.listing import Window
from runfsm_simulator.wire.stream import EventStream
from runfsm_simulator.wire.wording import ApiError
from runfsm_simulator.world.happenings import Listener
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


#: All of a run that its body shows and that can become another; see `bodycache.py`.
PARTS: Final = attrgetter(
    "status",
    "started_at",
    "expires_at",
    "cancelled_at",
    "failed_at",
    "completed_at",
    "calls",
    "error",
    "incomplete_reason",
    "usage",
    "metadata",
    "terms",
    "created_at",
    "assistant_id",
    "thread",
)


def on_thread(
    world: World, body: CreateRun, *, thread_id: str, listener: Listener | None = None
) -> Run:
    """The run that `body` asks for. The direct door comes through these three too."""
    return world.create_run(
        thread_id,
        body.assistant_id,
        messages=[message.new() for message in body.additional_messages or ()],
        listener=listener,
        **body.wishes(),
    )


def on_new_thread(
    world: World, body: CreateThreadAndRun, *, listener: Listener | None = None
) -> Run:
    """The same, on a new thread."""
    thread = (body.thread or CreateThread()).fields()
    return world.create_thread_and_run(
        body.assistant_id, thread=thread, listener=listener, **body.wishes()
    )


def hand_in(
    world: World,
    body: SubmitToolOutputs,
    *,
    thread_id: str,
    run_id: str,
    listener: Listener | None = None,
) -> Run:
    """The run that has taken the outputs of `body`."""
    run = world.store.run(thread_id, run_id)
    outputs = [(given.tool_call_id, given.output or "") for given in body.tool_outputs]
    world.submit(run.id, outputs, listener=listener)
    return run


def create(asked: Asked) -> Answer:
    """POST runs."""
    try:
        body = asked.body(CreateRun)
    except ApiError as error:
        _check_lock_first(asked, error)
        raise
    return _answer(asked, body, on_thread)


def _check_lock_first(asked: Asked, error: ApiError) -> None:
    """Refuse for the thread's lock what is wrong with its new messages, if a switch says so."""
    about_messages = (error.param or "").startswith("additional_messages")
    if about_messages and asked.world.switches.additional_messages_checked == "after":
        asked.world.check_unlocked(asked.world.store.thread(**asked.ids), "run")


def create_with_thread(asked: Asked) -> Answer:
    """POST /threads/runs."""
    return _answer(asked, asked.body(CreateThreadAndRun), on_new_thread)


def list_all(asked: Asked) -> dict[str, Any]:
    """GET runs."""
    window = asked.window(Window)
    runs = list(asked.world.store.thread(**asked.ids).runs.values())
    return window.page(runs, "run", shapes.run)


def retrieve(asked: Asked) -> Answer:
    """GET runs/{id}: what is polled more than all else, and seldom has changed."""
    run = asked.world.store.run(**asked.ids)
    return Shaped(run, PARTS(run), shapes.run)


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


def submit(asked: Asked) -> Answer:
    """POST runs/{id}/submit_tool_outputs."""
    return _answer(asked, asked.body(SubmitToolOutputs), hand_in)


def list_steps(asked: Asked) -> dict[str, Any]:
    """GET runs/{id}/steps."""
    window = asked.window(Window)
    run = asked.world.store.run(**asked.ids)
    return window.page(
        list(run.steps.values()),
        "run step",
        partial(shapes.step, of=run, contents=wants_contents(asked.request.query)),
    )


def retrieve_step(asked: Asked) -> dict[str, Any]:
    """GET runs/{id}/steps/{step_id}."""
    step = asked.world.store.step(**asked.ids)
    run = asked.world.store.run(asked.ids["thread_id"], asked.ids["run_id"])
    return shapes.step(step, run, contents=wants_contents(asked.request.query))


def _answer(
    asked: Asked,
    body: CreateRun | CreateThreadAndRun | SubmitToolOutputs,
    act: Callable[..., Run],
) -> Answer:
    """The run as `act` leaves it; or, if the body asks for a stream, what becomes of it."""
    met = asked.world.store.runs.get(asked.ids.get("run_id", ""))
    stream = None
    if body.stream:
        contents = wants_contents(asked.request.query)
        stream = EventStream(
            asked.world,
            asked.profile,
            met=met,
            contents=contents,
            request_id=asked.request_id,
        )
    run = act(asked.world, body, **asked.ids, listener=stream)
    return stream.response() if stream else shapes.run(run)
