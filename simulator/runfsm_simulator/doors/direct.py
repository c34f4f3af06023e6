"""What a driver asks for, without HTTP and JSON: for millions of steps.

A `DirectBackend` has the methods of `runfsm.backends.base.Backend`, and goes where a backend goes.
It does not import that protocol: the simulator knows nothing of the driver, so that one mistake
cannot hide another. What it refuses, it refuses in the words of the wire.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial, wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from pydantic import BaseModel

from runfsm.errors import BackendError, IllegalTransition
from runfsm.lifecycle import RunEvent, RunMessage, RunRef, RunSnapshot
from runfsm.lifecycle.snapshot import METADATA_KEY
from runfsm_simulator.doors.directvalues import (
    RunRequest,
    ToolOutput,
    fault,
    snapshot,
    user_message,
)
from runfsm_simulator.doors.striker import Called, Striker
from runfsm_simulator.wire import runs
from runfsm_simulator.wire.asked import check_endpoint, check_id
from runfsm_simulator.wire.bodies.runs import CreateRun, CreateThreadAndRun, SubmitToolOutputs
from runfsm_simulator.wire.bodies.threads import CreateMessage
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.validation import parse
from runfsm_simulator.wire.wording import ApiError
from runfsm_simulator.world.models import Run, Thread
from runfsm_simulator.world.operations import World
from runfsm_simulator.world.refusals import Refusal
from runfsm_simulator.world.witness import WITNESSES

__all__ = ["DirectBackend"]

#: A list's first page.
LATEST: Final = 20

ModelT = TypeVar("ModelT", bound=BaseModel)
T = TypeVar("T")
P = ParamSpec("P")

#: Which call of the API each method stands for.
CALLS: Final[Mapping[str, str]] = {
    "create": "POST /v1/threads/{thread_id}/runs",
    "retrieve": "GET /v1/threads/{thread_id}/runs/{run_id}",
    "submit": "POST /v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
    "cancel": "POST /v1/threads/{thread_id}/runs/{run_id}/cancel",
    "messages": "GET /v1/threads/{thread_id}/messages",
    "create_thread": "POST /v1/threads",
    "runs": "GET /v1/threads/{thread_id}/runs",
    "add_message": "POST /v1/threads/{thread_id}/messages",
    "find_message": "GET /v1/threads/{thread_id}/messages",
}

Method = Callable[Concatenate["DirectBackend", P], T]


def _call(method: Method[P, T]) -> Method[P, T]:
    """A method that is a call of the service: what befalls calls in a storm, befalls it."""

    @wraps(method)
    def call(self: DirectBackend, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._striker.is_calm and not WITNESSES.present:
            return method(self, *args, **kwargs)
        answer = partial(method, self, *args, **kwargs)
        return self._stormed(method.__name__, _about(*args, *kwargs.values()), answer)

    return call


def _about(subject: Any = None, *_: Any) -> Called:
    """What a call names: the first argument of each is an id of a thread, or has the ids."""
    if isinstance(subject, str):
        return Called(thread_id=subject)
    return Called(getattr(subject, "thread_id", None), getattr(subject, "run_id", None))


class DirectBackend:
    """A backend whose service is a `World` in the same process.

    Every method raises `BackendError` (or its `ThreadBusy`) for a fault of the service. What the
    planner itself raises comes through as it is: it is a mistake of the program, not a fault.

    Args:
        world: what is asked.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.runfsm_service = world  # for a driver: two backends of one world are one service
        self._striker = Striker(world)

    @_call
    def create(self, request: RunRequest) -> RunSnapshot:
        """Create a run on `request.thread_id`, or on a new thread when that is `None`."""
        said = [] if request.message is None else [user_message(request.message)]
        body = {**request.options, "assistant_id": request.assistant_id}
        if request.key is not None:
            body["metadata"] = {**(body.get("metadata") or {}), METADATA_KEY: request.key}
        with self._operation():
            if body.get("stream"):
                raise REFUSALS["stream"].error(why="the direct port shows snapshots")
            if request.thread_id is None:
                body["thread"] = _with(body.get("thread") or {}, "messages", said)
                run = runs.on_new_thread(self._world, self._copied(CreateThreadAndRun, body))
            else:
                check_id("thread_id", request.thread_id)
                body = _with(body, "additional_messages", said)
                created = self._copied(CreateRun, body)
                run = runs.on_thread(self._world, created, thread_id=request.thread_id)
            return snapshot(run)

    @_call
    def retrieve(self, ref: RunRef) -> RunSnapshot:
        """Look at the run."""
        with self._operation():
            return snapshot(self._run(ref))

    @_call
    def submit(self, ref: RunRef, outputs: Sequence[ToolOutput]) -> RunSnapshot:
        """Hand in the outputs of every pending call at once."""
        given = [{"tool_call_id": it.call_id, "output": it.output} for it in outputs]
        with self._operation():
            self._check_ids(ref)
            body = self._copied(SubmitToolOutputs, {"tool_outputs": given})
            return snapshot(
                runs.hand_in(self._world, body, thread_id=ref.thread_id, run_id=ref.run_id)
            )

    @_call
    def cancel(self, ref: RunRef) -> RunSnapshot:
        """Ask to cancel; the snapshot is still `cancelling`, unless a switch says otherwise."""
        with self._operation():
            run = self._run(ref)
            self._world.fire(run.id, RunEvent.CANCEL)
            return snapshot(run)

    @_call
    def messages(self, ref: RunRef) -> tuple[RunMessage, ...]:
        """What the run wrote, oldest first."""
        with self._operation():
            run = self._run(ref)
            written = (it for it in run.thread.messages.values() if it.run_id == run.id)
            shown = map(self._world.as_shown, written)
            return tuple(RunMessage(it.id, it.role, it.text) for it in shown)

    @_call
    def create_thread(self) -> str:
        """Make an empty thread, and return its id."""
        with self._operation():
            return self._world.create_thread().id

    @_call
    def runs(self, thread_id: str) -> tuple[RunSnapshot, ...]:
        """The thread's latest runs, newest first."""
        with self._operation():
            latest = list(self._thread(thread_id).runs.values())[: -LATEST - 1 : -1]
            return tuple(snapshot(run) for run in latest)

    @_call
    def add_message(self, thread_id: str, content: Any, *, key: str | None = None) -> str:
        """Add a user's message that keeps this key, and return its id."""
        metadata = {} if key is None else {METADATA_KEY: key}
        body = {**user_message(content), "metadata": metadata}
        with self._operation():
            check_id("thread_id", thread_id)
            new = self._copied(CreateMessage, body).new()
            return self._world.add_message(thread_id, new).id

    @_call
    def find_message(self, thread_id: str, key: str) -> str | None:
        """The id of the thread's message of this key, if there is one."""
        with self._operation():
            messages = reversed(self._thread(thread_id).messages.values())
            found = (one.id for one in messages if one.metadata.get(METADATA_KEY) == key)
            return next(found, None)

    def _thread(self, thread_id: str) -> Thread:
        check_id("thread_id", thread_id)
        return self._world.store.thread(thread_id)

    def _check_ids(self, ref: RunRef) -> None:
        check_id("thread_id", ref.thread_id)
        check_id("run_id", ref.run_id, self._world.switches)

    def _run(self, ref: RunRef) -> Run:
        self._check_ids(ref)
        return self._world.store.run(ref.thread_id, ref.run_id)

    def _copied(self, model: type[ModelT], body: Mapping[str, Any]) -> ModelT:
        """A body by way of JSON after all: what the world keeps must not change under its hands."""
        return parse(model, json.dumps(body).encode(), self._world.switches)

    def _stormed(self, verb: str, called: Called, answer: Callable[[], T]) -> T:
        """The answer, or what a storm makes of it: the same as `stormdoor.py` does to a response.

        Raises:
            BackendError: the call was refused, or a fault struck.
        """
        strike = self._striker.decide(called)
        if strike is None:
            shown: T = self._shown(verb, called.run_id or "", self._answered(verb, called, answer))
            return shown
        if strike.applied:
            with suppress(BackendError):
                self._answered(verb, called, answer)
        raise BackendError.of(strike.fault)

    def _answered(self, verb: str, called: Called, answer: Callable[[], T]) -> T:
        on_new_thread = verb == "create" and called.thread_id is None
        call = "POST /v1/threads/runs" if on_new_thread else CALLS[verb]
        store, ids = self._world.store, {"thread_id": called.thread_id, "run_id": called.run_id}
        with self._world.operation(), WITNESSES.calling(call, store, ids):
            return answer()

    def _shown(self, verb: str, run_id: str, answer: Any) -> Any:
        """The answer, less fresh or less whole than it came."""
        if verb == "retrieve":
            answer = self._striker.lagging(run_id, answer)
            tenth = self._striker.tenth_status(run_id)
            return replace(answer, raw_status=tenth) if tenth else answer
        if verb == "messages" and self._striker.hides_messages(run_id):
            return ()
        return answer

    @contextmanager
    def _operation(self) -> Iterator[None]:
        try:
            with self._world.operation():
                check_endpoint("POST", "/v1/threads", self._world.switches)
                yield
        except (ApiError, IllegalTransition, Refusal) as refusal:
            raise BackendError.of(fault(refusal, self._world.switches)) from refusal


def _with(body: Any, key: str, more: list[Any]) -> Any:
    """`body` with `more` at the end of its list; or as it is, for the wire to refuse."""
    listed = body.get(key) or [] if isinstance(body, Mapping) else None
    return {**body, key: [*listed, *more]} if isinstance(listed, list | tuple) else body
