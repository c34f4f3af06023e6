"""Server-sent events: what is told of a run, name by name and key by key as recorded.

The 25 names are those of the published API schema: `thread.created`, ten of the run, seven of its
steps, five of its messages, `error` and `done`. A run has no event of its own for its creation in
the lifecycle's table, so `thread.run.created` and `thread.run.queued` tell the same of it; a step
and a message begin with `created` and `in_progress` likewise (recordings: openai-dotnet).

Where an object looks different from what a GET answers, the recordings say so:

* a run, as a thread, has `tool_resources` with `code_interpreter` filled in;
* a step begins with no calls, even one whose search a GET shows at the same moment;
* a message has a status and its timestamps;
* a delta has `annotations` if it is the first of its text, or if it brings one: whole, with its
  mark, its place among them, and an empty `quote`;
* only the first delta of a call has its id and name.

That each of several parallel calls opens with a delta of its own is the schema's word; that a path
of the code interpreter comes as a citation does, without a quote, is a guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic_core import to_json

from runfsm.lifecycle import MessageEvent, MessageStatus, RunEvent, RunStatus, RunStepEvent
from runfsm_simulator.wire import shapes
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.hosted import hosted_deltas
from runfsm_simulator.world.citing import Annotation
from runfsm_simulator.world.draft import Piece
from runfsm_simulator.world.happenings import (
    Happening,
    HostedRan,
    MessageMoved,
    RunMoved,
    StepGrew,
    StepMoved,
    ThreadMade,
)
from runfsm_simulator.world.models import Message, Run, Step
from runfsm_simulator.world.streamfault import StreamFault
from runfsm_simulator.world.switches import DOCUMENTED, Switches

__all__ = ["CONTENT_TYPE", "DONE", "block", "error_block", "events"]

CONTENT_TYPE: Final = "text/event-stream; charset=utf-8"
DONE: Final = b"event: done\ndata: [DONE]\n\n"

Json = dict[str, Any]
Event = tuple[str, Json]


def block(name: str, payload: Json) -> bytes:
    """One event. Compact, and ASCII: some readers of lines break them at U+2028 as well."""
    return b"event: %b\ndata: %b\n\n" % (name.encode("ascii"), compact(payload))


def compact(value: Any) -> bytes:
    """JSON without a space, in ASCII."""
    try:
        data = to_json(value)  # several times as fast; what is not ASCII it does not escape
    except ValueError:  # half of a surrogate pair, which has no UTF-8
        data = b"\xff"
    return data if data.isascii() else json.dumps(value, separators=(",", ":")).encode("ascii")


def error_block(fault: StreamFault, request_id: str) -> bytes:
    """The `error` event, in one of the two shapes that are told of."""
    body = REFUSALS["broken_stream"].error(request_id=request_id).body()
    return block("error", body if fault.shape == "nested" else body["error"])


def events(
    happening: Happening, switches: Switches = DOCUMENTED, *, contents: bool = False
) -> Iterator[Event]:
    """The names and payloads that tell of a happening; with what a search found, or without."""
    match happening:
        case ThreadMade(thread):
            yield "thread.created", shapes.thread(thread)
        case RunMoved(Run(status=RunStatus.INCOMPLETE) as run, _):
            yield switches.incomplete_event, _run(run)
        case RunMoved(Run() as run, edge):
            yield from _moved("thread.run", _run(run), created=edge.event is RunEvent.CREATE)
        case StepMoved(Run() as run, step, event):
            opened = event is RunStepEvent.OPEN
            payload = _begun(step, run) if opened else shapes.step(step, run, contents=contents)
            yield from _moved("thread.run.step", payload, created=opened)
        case MessageMoved(message, event):
            opened = event is MessageEvent.OPEN
            yield from _moved("thread.message", _message(message), created=opened)
        case StepGrew(step, piece) if step.message:
            yield _delta("thread.message", step.message.id, {"content": [_text_piece(piece)]})
        case StepGrew(step, piece):
            yield _step_delta(step, _call_piece(piece))
        case HostedRan(Run() as run, step):
            for call in hosted_deltas(step, run):
                yield _step_delta(step, call)


def _moved(thing: str, payload: Json, *, created: bool) -> Iterator[Event]:
    if created:
        yield f"{thing}.created", payload
    yield f"{thing}.{payload['status']}", payload


def _run(it: Run) -> Json:
    plain = shapes.run(it)
    return {**plain, "tool_resources": {**shapes.NO_FILES, **plain["tool_resources"]}}


def _begun(it: Step, of: Run) -> Json:
    """A step as it is opened: its calls are told by deltas."""
    plain = shapes.step(it, of)
    return plain if it.message else {**plain, "step_details": {"type": it.type, it.type: []}}


def _message(it: Message) -> Json:
    plain = shapes.message(it)
    cut = it.status is MessageStatus.INCOMPLETE
    known = {
        "status": it.status.value,
        "incomplete_details": it.incomplete_reason and {"reason": it.incomplete_reason},
        "incomplete_at": shapes.unix(it.ended_at) if cut else None,
        "completed_at": None if cut else shapes.unix(it.ended_at),
    }
    behind = {key: plain.pop(key) for key in ("role", "content", "attachments", "metadata")}
    return {**plain, **known, **behind}


# Deltas ------------------------------------------------------------------------------------------


def _delta(thing: str, id: str, delta: Json) -> Event:
    return f"{thing}.delta", {"id": id, "object": f"{thing}.delta", "delta": delta}


def _step_delta(step: Step, call: Json) -> Event:
    details = {"type": step.type, step.type: [call]}
    return _delta("thread.run.step", step.id, {"step_details": details})


def _text_piece(piece: Piece) -> Json:
    found = [_annotation(one) for one in piece.annotations]
    known: Json = {"annotations": found} if found or piece.opens else {}
    return {"index": 0, "type": "text", "text": {"value": piece.text, **known}}


def _annotation(it: Annotation) -> Json:
    quote = {"quote": ""} if it.type == "file_citation" else {}
    return {"index": it.index, **shapes.annotation(it), it.type: {"file_id": it.file_id, **quote}}


def _call_piece(piece: Piece) -> Json:
    function: Json = {"arguments": piece.text}
    if piece.call is None:
        return {"index": piece.index, "type": "function", "function": function}
    function = {"name": piece.call.name, **function, "output": None}
    call_id = piece.call.call_id
    return {"index": piece.index, "id": call_id, "type": "function", "function": function}
