"""What is told of a session, event by event, as the official client types it.

Known from the types of openai-python 3.54: names and keys. Known from others who watched the live
service (MiniMax-AI/OpenAgentCore, contracts/agents-api, probes of 2026-09): how a turn begins, how
a message comes, that usage is null at the end, that items of a client have a null `output_index`,
and that neither a cancel that is accepted nor a turn that goes on has an event of its own.

Not known, and so in one place: that a call comes whole, in the moment in which the turn begins to
wait for it (`_moved`); that it is done when its result is in (`events`); the `error` before a
failure (`_ended`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runfsm.lifecycle import RunEvent, RunStepEvent, TurnStatus
from runfsm_simulator.wire import session_shapes as shapes
from runfsm_simulator.world.happenings import (
    CallAnswered,
    Happening,
    ItemAdded,
    RunMoved,
    StepGrew,
    StepMoved,
)
from runfsm_simulator.world.models import Step
from runfsm_simulator.world.sessionmodels import Session, SessionTurn, TurnItem

__all__ = ["begun", "created", "events"]

Json = dict[str, Any]
Event = tuple[str, Json]


def created(session: Session) -> Event:
    """The first event of a stream that a creation answers with."""
    return _session("created", session)


def events(happening: Happening, session: Session) -> Iterator[Event]:
    """The names and payloads that tell of what happens in a session."""
    match happening:
        case RunMoved(SessionTurn() as turn, edge):
            yield from _moved(turn, edge.event)
        case ItemAdded(SessionTurn() as turn, item):
            yield _item("added", turn, item)
        case CallAnswered(SessionTurn() as turn, call_id):
            calls = [one for one in turn.items.values() if one.call and one.call.call_id == call_id]
            yield from (_item("done", turn, item) for item in calls)
        case StepMoved(SessionTurn() as turn, step, RunStepEvent.OPEN) if step.message:
            yield from _opened(turn, step)
        case StepMoved(SessionTurn() as turn, step, RunStepEvent.COMPLETE) if step.message:
            yield from _closed(turn, step)
        case StepGrew(step, piece) if step.message and session.newest:
            at = _at(session.newest, _message_of(session.newest, step))
            yield "agent.session.turn.output_text.delta", {**at, "delta": piece.text}


def begun(turn: SessionTurn) -> Iterator[Event]:
    """A turn begins: itself, what was said to it, and then the session."""
    yield _turn("created", turn)
    for item in turn.items.values():
        yield _item("added", turn, item)
    yield _session("in_progress", turn.session)


def _moved(turn: SessionTurn, event: RunEvent) -> Iterator[Event]:
    match event:
        case RunEvent.CREATE:
            yield from begun(turn)
        case RunEvent.START:
            yield _turn("in_progress", turn)
        case RunEvent.REQUIRE_ACTION:
            waiting = {call.call_id for call in turn.calls}
            for item in turn.items.values():
                if item.call and item.call.call_id in waiting:
                    yield _item("added", turn, item)
            yield _session("requires_action", turn.session)
        case RunEvent.SUBMIT_TOOL_OUTPUTS:
            yield _session("in_progress", turn.session)
        case _ if turn.is_over:
            yield from _ended(turn)


def _ended(turn: SessionTurn) -> Iterator[Event]:
    failure = shapes.failure(turn)
    if turn.status is TurnStatus.FAILED and failure:
        error = {**failure, "param": None, "type": "server_error"}
        yield "error", {"session_id": turn.session.id, "error": error}
    name, payload = _turn(turn.status.value, turn)
    yield name, {**payload, "usage": None}
    yield _session(turn.session.status, turn.session)


# Messages ----------------------------------------------------------------------------------------


def _opened(turn: SessionTurn, step: Step) -> Iterator[Event]:
    item = _message_of(turn, step)
    yield _item("added", turn, item)
    part = {"type": "output_text", "text": ""}
    yield "agent.session.turn.content_part.added", {**_at(turn, item), "part": part}


def _closed(turn: SessionTurn, step: Step) -> Iterator[Event]:
    item = _message_of(turn, step)
    at = _at(turn, item)
    text = step.message.text if step.message else ""
    yield "agent.session.turn.output_text.done", {**at, "text": text}
    part = {"type": "output_text", "text": text}
    yield "agent.session.turn.content_part.done", {**at, "part": part}
    yield _item("done", turn, item)


def _message_of(turn: SessionTurn, step: Step) -> TurnItem:
    return turn.items[step.message.id if step.message else ""]


# Forms -------------------------------------------------------------------------------------------


def _session(name: str, session: Session) -> Event:
    return f"agent.session.{name}", {"session": shapes.session(session)}


def _turn(name: str, turn: SessionTurn) -> Event:
    known = {"session_id": turn.session.id, "turn_id": turn.id}
    return f"agent.session.turn.{name}", {**known, "turn": shapes.turn(turn)}


def _item(name: str, turn: SessionTurn, item: TurnItem) -> Event:
    known = {"session_id": turn.session.id, "turn_id": turn.id}
    shown = {"item": shapes.item(item, turn), "output_index": turn.output_index(item)}
    return f"agent.session.turn.item.{name}", {**known, **shown}


def _at(turn: SessionTurn, item: TurnItem) -> Json:
    return {
        "session_id": turn.session.id,
        "turn_id": turn.id,
        "item_id": item.id,
        "output_index": turn.output_index(item),
        "content_index": 0,
    }
