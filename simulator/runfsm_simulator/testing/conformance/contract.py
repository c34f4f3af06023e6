"""What every backend must do, so that a driver can rely on it: `runfsm.backends.base`, in plays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from runfsm.backends.base import AsyncStreamingBackend, StreamingBackend
from runfsm.driver.live import TextDelta
from runfsm.errors import BackendError, FaultKind, ThreadBusy
from runfsm.lifecycle import LIFECYCLE, Evidence, RunRef, RunSnapshot, RunStatus
from runfsm_simulator.testing.conformance.backendstage import BackendStage
from runfsm_simulator.testing.conformance.behaviour import (
    NotSo,
    Skipped,
    Unreached,
    behaviour,
    expect,
    expect_in,
)

__all__: list[str] = []

CONTRACT: Final = Evidence.certain("runfsm.backends.base: what a driver relies on")
K = FaultKind


# A run, and how it is found ----------------------------------------------------------------------


@behaviour("create-run", CONTRACT)
def create_run(stage: BackendStage) -> None:
    """`create` makes a run on the thread of the request, in a status that the lifecycle knows."""
    thread_id = stage.thread()
    run = stage.call("create", stage.request(thread_id))
    expect("what it gives", "RunSnapshot", type(run).__name__)
    expect("the thread", thread_id, run.ref.thread_id)
    expect_in("the status", set(RunStatus), run.raw_status)


@behaviour("create-thread-too", CONTRACT)
def create_thread_too(stage: BackendStage) -> None:
    """Without a thread, `create` makes one."""
    run = stage.call("create", stage.request())
    expect("the runs of its thread", [run.ref.run_id], _ids(stage, run.ref.thread_id))


@behaviour("create-nobody", CONTRACT)
def create_nobody(stage: BackendStage) -> None:
    """An assistant that does not exist is a fault that asking again does not mend."""
    request = replace(stage.request(stage.thread()), assistant_id="asst_nobodyhasthisidatall0000")
    expect_in("the fault", {K.NOT_FOUND, K.INVALID}, stage.fault("create", request).fault.kind)


@behaviour("key-kept", CONTRACT)
def key_kept(stage: BackendStage) -> None:
    """Who lists the runs of a thread finds a run by its key."""
    request = stage.request(stage.thread())
    run = stage.call("create", request)
    listed = stage.call("runs", run.ref.thread_id)
    found = [one.ref.run_id for one in listed if one.key == request.key]
    expect("the runs of that key", [run.ref.run_id], found)


@behaviour("runs-newest-first", CONTRACT)
def runs_newest_first(stage: BackendStage) -> None:
    """The runs of a thread are listed newest first; a new thread has none."""
    thread_id = stage.thread()
    expect("the runs of a new thread", [], _ids(stage, thread_id))
    made = []
    for _ in range(2):
        run = stage.call("create", stage.request(thread_id))
        made.append(stage.later(run).ref.run_id)
    expect("the runs", made[::-1], _ids(stage, thread_id))


@behaviour("ref-travels", CONTRACT)
def ref_travels(stage: BackendStage) -> None:
    """A run is found by its ref, written down as JSON, by another backend of the service."""
    run = stage.ended()
    ref = RunRef.from_dict(json.loads(json.dumps(run.ref.to_dict())))
    found = stage.another.retrieve(ref)
    expect("the run", (run.ref, run.raw_status), (found.ref, found.raw_status))


@behaviour("look-changes-nothing", CONTRACT)
def look_changes_nothing(stage: BackendStage) -> None:
    """A run that waits for its client is the same at each look."""
    run = stage.calling()
    for _ in range(3):
        found = stage.call("retrieve", run.ref)
        expect("status and calls", (run.raw_status, run.calls), (found.raw_status, found.calls))


@behaviour("look-nowhere", CONTRACT)
def look_nowhere(stage: BackendStage) -> None:
    """A run that does not exist is not found."""
    ref = replace(stage.ended().ref, run_id="run_nobodyhasthisidatall0000")
    expect("the fault", K.NOT_FOUND, stage.fault("retrieve", ref).fault.kind)


def _ids(stage: BackendStage, thread_id: str) -> list[str]:
    return [run.ref.run_id for run in stage.call("runs", thread_id)]


# The lock ----------------------------------------------------------------------------------------


@behaviour("busy-run", CONTRACT)
def busy_run(stage: BackendStage) -> None:
    """A run on a thread that is held is refused as `ThreadBusy`."""
    run = stage.calling()
    error = stage.fault("create", stage.request(run.ref.thread_id))
    _expect_busy(error, run)


@behaviour("busy-message", CONTRACT)
def busy_message(stage: BackendStage) -> None:
    """So is a message."""
    run = stage.calling()
    _expect_busy(stage.fault("add_message", run.ref.thread_id, "Hello again!"), run)


def _expect_busy(error: BackendError, run: RunSnapshot) -> None:
    expect("the error", "ThreadBusy", type(error).__name__)
    expect("the fault", K.LOCKED, error.fault.kind)
    if isinstance(error, ThreadBusy) and error.holder is not None:
        expect("the holder", run.ref.run_id, error.holder)


# Calls and outputs -------------------------------------------------------------------------------


@behaviour("calls-there", CONTRACT)
def calls_there(stage: BackendStage) -> None:
    """A run that waits for outputs has its calls, and no other run has any."""
    run = stage.calling()
    expect("ids and names", True, all(call.call_id and call.name for call in run.calls))
    if not run.calls:
        raise NotSo("the calls of a run in requires_action", "at least one", "none")
    after = stage.call("submit", run.ref, stage.outputs(run))
    expect("the calls of a run in " + after.raw_status, (), after.calls)


@behaviour("submit-leads-on", CONTRACT)
def submit_leads_on(stage: BackendStage) -> None:
    """With all its outputs the run goes on to its end."""
    run = stage.calling()
    run = stage.later(stage.call("submit", run.ref, stage.outputs(run)))
    expect("the status", RunStatus.COMPLETED.value, run.raw_status)


@behaviour("submit-twice", CONTRACT)
def submit_twice(stage: BackendStage) -> None:
    """Outputs that are not wanted any more are a stale action."""
    run = stage.calling()
    outputs = stage.outputs(run)
    stage.call("submit", run.ref, outputs)
    expect("the fault", K.STALE_ACTION, stage.fault("submit", run.ref, outputs).fault.kind)


@behaviour("submit-part", CONTRACT)
def submit_part(stage: BackendStage) -> None:
    """A part of the outputs is refused, and the run waits on."""
    run = stage.calling()
    outputs = stage.outputs(run)
    if len(outputs) < 2:
        raise Unreached("the model called one function at a time")
    kind = stage.fault("submit", run.ref, outputs[:1]).fault.kind
    expect_in("the fault", {K.STALE_ACTION, K.INVALID}, kind)
    expect("the status", run.raw_status, stage.call("retrieve", run.ref).raw_status)


# Cancels -----------------------------------------------------------------------------------------


@behaviour("cancel-run", CONTRACT)
def cancel_run(stage: BackendStage) -> None:
    """A run that is cancelled is over some time later."""
    run = stage.call("cancel", stage.calling().ref)
    ends = {status.value for status in (RunStatus.CANCELLING, *LIFECYCLE.terminal)}
    expect_in("the status", ends, run.raw_status)
    expect_in("the status, later", LIFECYCLE.terminal, stage.later(run).status)


@behaviour("cancel-late", CONTRACT)
def cancel_late(stage: BackendStage) -> None:
    """A cancel that comes too late is told as one."""
    kind = stage.fault("cancel", stage.ended().ref).fault.kind
    expect("the fault", K.ALREADY_TERMINAL, kind)


# Messages ----------------------------------------------------------------------------------------


@behaviour("messages-of-run", CONTRACT)
def messages_of_run(stage: BackendStage) -> None:
    """What a run wrote is its messages, and nothing that a user said."""
    written = stage.call("messages", stage.ended().ref)
    expect("whose they are", {"assistant"}, {message.role for message in written})
    expect("that they say something", True, any(message.text for message in written))


@behaviour("message-found", CONTRACT)
def message_found(stage: BackendStage) -> None:
    """A message is found by its key, and by no other."""
    thread_id = stage.thread()
    added = stage.call("add_message", thread_id, "Hello!", key="key-1")
    expect("by its key", added, stage.call("find_message", thread_id, "key-1"))
    expect("by another", None, stage.call("find_message", thread_id, "key-2"))


# Streams -----------------------------------------------------------------------------------------


def _check_streams(stage: BackendStage) -> None:
    if not isinstance(stage.another, StreamingBackend | AsyncStreamingBackend):
        raise Skipped("this backend does not stream")


@behaviour("stream-run", CONTRACT)
def stream_run(stage: BackendStage) -> None:
    """A stream shows the run to its end, and its pieces of text are the messages."""
    _check_streams(stage)
    events = stage.heard("stream_create", stage.request(stage.thread()))
    last = _last_run(events)
    expect("the last status", RunStatus.COMPLETED.value, last.raw_status)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    written = "".join(message.text for message in stage.call("messages", last.ref))
    expect("the pieces are the messages", True, text == written)


@behaviour("stream-calls", CONTRACT)
def stream_calls(stage: BackendStage) -> None:
    """A stream ends where the run asks for calls; that of the submit goes on from there."""
    _check_streams(stage)
    run = _last_run(stage.heard("stream_create", stage.request(stage.thread(), calls=True)))
    if run.status is not RunStatus.REQUIRES_ACTION:
        raise Unreached(f"the model called no function: its run is {run.raw_status}")
    rest = stage.heard("stream_submit", run.ref, stage.outputs(run))
    expect("the last status", RunStatus.COMPLETED.value, _last_run(rest).raw_status)


@behaviour("stream-lazy", CONTRACT)
def stream_lazy(stage: BackendStage) -> None:
    """Nothing is asked of the service before the first event is."""
    _check_streams(stage)
    thread_id = stage.thread()
    stream = stage.backend.stream_create(stage.request(thread_id))
    expect("the runs of the thread", [], _ids(stage, thread_id))
    next(stream)
    stream.close()
    expect("the runs, when one was asked for", 1, len(_ids(stage, thread_id)))


@behaviour("stream-busy", CONTRACT)
def stream_busy(stage: BackendStage) -> None:
    """A stream on a thread that is held ends in `ThreadBusy`."""
    _check_streams(stage)
    run = stage.calling()
    came = stage.heard("stream_create", stage.request(run.ref.thread_id))
    if not (came and isinstance(came[-1], BackendError)):
        raise NotSo("the end of the stream", "a BackendError", "none")
    _expect_busy(came[-1], run)


def _last_run(events: Sequence[Any]) -> RunSnapshot:
    runs = [event for event in events if isinstance(event, RunSnapshot)]
    if not runs:
        raise NotSo("the stream", "a look at the run", "none")
    return runs[-1]


# Always ------------------------------------------------------------------------------------------


@behaviour("always-legal", CONTRACT)
def always_legal(stage: BackendStage) -> None:
    """No run shows a status that no edge of the lifecycle leads to."""
    for run_id, step in stage.odd_steps:
        raise NotSo(f"the path of {run_id}", "edges of the lifecycle", step, about=run_id)
