"""The run's five verbs without HTTP and JSON: for millions of steps.

A `DirectBackend` has the methods of `runfsm.backends.base.Backend`, and goes where a backend goes.
It does not import that protocol: the simulator knows nothing of the driver, so that one mistake
cannot hide another. What it refuses, it refuses in the words of the wire.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel

from runfsm.errors import BackendError, Fault, FaultKind, IllegalTransition
from runfsm.lifecycle import RunEvent, RunMessage, RunRef, RunSnapshot
from runfsm_simulator.wire import runs
from runfsm_simulator.wire.asked import check_id
from runfsm_simulator.wire.bodies.runs import CreateRun, CreateThreadAndRun, SubmitToolOutputs
from runfsm_simulator.wire.errors import REFUSALS, ApiError, api_error
from runfsm_simulator.wire.shapes import unix
from runfsm_simulator.wire.validation import parse
from runfsm_simulator.world.models import Run
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.refusals import NotFound, Refusal, ThreadLocked, WrongToolOutputs

__all__ = ["AsyncDirectBackend", "DirectBackend"]

ModelT = TypeVar("ModelT", bound=BaseModel)


class RunRequest(Protocol):
    """What to run."""

    @property
    def assistant_id(self) -> str:
        """Who answers."""

    @property
    def message(self) -> str | None:
        """What the user says; added to the thread together with the run."""

    @property
    def thread_id(self) -> str | None:
        """Where; `None` makes a new thread."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Further parameters of the API's own *create run* call."""


class ToolOutput(Protocol):
    """What is handed in for one call."""

    @property
    def call_id(self) -> str:
        """Which call."""

    @property
    def output(self) -> str:
        """The text for the model."""


class DirectBackend:
    """A backend whose service is a `World` in the same process.

    Every method raises `BackendError` (or its `ThreadBusy`) for a fault of the service. What the
    planner itself raises comes through as it is: it is a mistake of the program, not a fault.

    Args:
        world: what is asked.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, request: RunRequest) -> RunSnapshot:
        """Create a run on `request.thread_id`, or on a new thread when that is `None`."""
        said = [] if request.message is None else [{"role": "user", "content": request.message}]
        body = {**request.options, "assistant_id": request.assistant_id}
        with self._operation():
            if body.get("stream"):
                raise REFUSALS["stream"].error(why="the direct port shows snapshots")
            if request.thread_id is None:
                body["thread"] = _with(body.get("thread") or {}, "messages", said)
                run = runs.on_new_thread(self._world, _copied(CreateThreadAndRun, body))
            else:
                check_id("thread_id", request.thread_id)
                body = _with(body, "additional_messages", said)
                created = _copied(CreateRun, body)
                run = runs.on_thread(self._world, created, thread_id=request.thread_id)
            return _snapshot(run)

    def retrieve(self, ref: RunRef) -> RunSnapshot:
        """Look at the run."""
        with self._operation():
            return _snapshot(self._run(ref))

    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """Hand in the outputs of every pending call at once."""
        given = [{"tool_call_id": it.call_id, "output": it.output} for it in outputs]
        with self._operation():
            _check_ids(ref)
            body = _copied(SubmitToolOutputs, {"tool_outputs": given})
            return _snapshot(
                runs.hand_in(self._world, body, thread_id=ref.thread_id, run_id=ref.run_id)
            )

    def cancel(self, ref: RunRef) -> RunSnapshot:
        """Ask to cancel; the snapshot is still `cancelling`."""
        with self._operation():
            run = self._run(ref)
            self._world.fire(run.id, RunEvent.CANCEL)
            return _snapshot(run)

    def messages(self, ref: RunRef) -> tuple[RunMessage, ...]:
        """What the run wrote, oldest first."""
        with self._operation():
            run = self._run(ref)
            return tuple(
                RunMessage(message.id, message.role, message.text)
                for message in run.thread.messages.values()
                if message.run_id == run.id
            )

    def _run(self, ref: RunRef) -> Run:
        _check_ids(ref)
        return self._world.store.run(ref.thread_id, ref.run_id)

    @contextmanager
    def _operation(self) -> Iterator[None]:
        try:
            with self._world.operation():
                yield
        except (ApiError, IllegalTransition, Refusal) as refusal:
            raise BackendError.of(_fault(refusal)) from refusal


class AsyncDirectBackend:
    """The same five calls, to be awaited. None of them ever waits.

    Args:
        world: what is asked.
    """

    def __init__(self, world: World) -> None:
        self._backend = DirectBackend(world)

    async def create(self, request: RunRequest) -> RunSnapshot:
        """See `DirectBackend.create`."""
        return self._backend.create(request)

    async def retrieve(self, ref: RunRef) -> RunSnapshot:
        """See `DirectBackend.retrieve`."""
        return self._backend.retrieve(ref)

    async def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """See `DirectBackend.submit`."""
        return self._backend.submit(ref, outputs)

    async def cancel(self, ref: RunRef) -> RunSnapshot:
        """See `DirectBackend.cancel`."""
        return self._backend.cancel(ref)

    async def messages(self, ref: RunRef) -> tuple[RunMessage, ...]:
        """See `DirectBackend.messages`."""
        return self._backend.messages(ref)


def _check_ids(ref: RunRef) -> None:
    check_id("thread_id", ref.thread_id)
    check_id("run_id", ref.run_id)


def _with(body: Any, key: str, more: list[Any]) -> Any:
    """`body` with `more` at the end of its list; or as it is, for the wire to refuse."""
    listed = body.get(key) or [] if isinstance(body, Mapping) else None
    return {**body, key: [*listed, *more]} if isinstance(listed, list | tuple) else body


def _copied(model: type[ModelT], body: Mapping[str, Any]) -> ModelT:
    """A body by way of JSON after all: what the world keeps must not change under its hands."""
    return parse(model, json.dumps(body).encode())


def _snapshot(run: Run) -> RunSnapshot:
    return RunSnapshot(
        ref=RunRef("assistants", run.id, run.thread.id),
        raw_status=run.status.value,
        calls=run.calls,
        created_at=unix(run.created_at),
        started_at=unix(run.started_at),
        expires_at=unix(run.expires_at),
        error=run.error,
        incomplete_reason=run.incomplete_reason,
        usage=run.usage,
    )


#: What a refused event of a client means to it.
REFUSED: Final[Mapping[RunEvent, FaultKind]] = {
    RunEvent.CANCEL: FaultKind.ALREADY_TERMINAL,
    RunEvent.SUBMIT_TOOL_OUTPUTS: FaultKind.STALE_ACTION,
}


def _fault(refusal: ApiError | IllegalTransition | Refusal) -> Fault:
    answer = refusal if isinstance(refusal, ApiError) else api_error(refusal)
    holder = refusal.run_id if isinstance(refusal, ThreadLocked) else None
    match refusal:
        case ThreadLocked():
            kind = FaultKind.LOCKED
        case NotFound():
            kind = FaultKind.NOT_FOUND
        case IllegalTransition(event=event):
            kind = REFUSED[event]
        case WrongToolOutputs():  # another client may have answered; this is a later round
            kind = FaultKind.STALE_ACTION
        case _:
            kind = FaultKind.INVALID
    return Fault(kind, answer.message, holder=holder, status_code=answer.status)
