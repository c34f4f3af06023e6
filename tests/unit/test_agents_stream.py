"""What the events of a session tell of one turn: bytes in, events out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runfsm import BackendError, FaultKind, RunRef, RunSnapshot, RunStatus, StepUpdate, TextDelta
from runfsm.backends.agents_answers import read_turn
from runfsm.backends.agents_stream import TurnReader

REF = RunRef("agents", "turn_1", "sess_1")
TURN = {"id": "turn_1", "session_id": "sess_1", "status": "in_progress"}
CALL = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": {}}


def reader(status: str = "in_progress") -> TurnReader:
    """Of a turn with this status."""

    def shown(turn: Any, calls: Any) -> RunSnapshot:
        run: RunSnapshot = turn.shown(REF, is_cancelling=False, calls=calls)
        return run

    return TurnReader(read_turn({**TURN, "status": status}), shown)


def said(kind: str, *, turn_id: str = "turn_1", **more: Any) -> bytes:
    """An event as it is sent."""
    event = {"type": f"agent.session.{kind}", "turn_id": turn_id, **more}
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def message(text: str = "", *, role: str = "assistant") -> Any:
    """An item."""
    return {"type": "message", "id": "msg_1", "role": role, "content": [{"text": text}]}


def heard(*events: bytes, of: TurnReader | None = None) -> list[Any]:
    """What these events tell, all in one piece of the body."""
    return list((of or reader()).feed(b"".join(events)))


DELTA = said("turn.output_text.delta", item_id="msg_1", delta="rain")


def test_a_message_is_told_from_its_beginning_on() -> None:
    """Its step, its text, and the end of its step."""
    begun = said("turn.item.added", item=message())
    done = said("turn.item.done", item=message("rain"))

    assert [
        StepUpdate("msg_1", "message_creation", "in_progress"),
        TextDelta("msg_1", "rain"),
        StepUpdate("msg_1", "message_creation", "completed"),
    ] == heard(begun, DELTA, done)


@pytest.mark.parametrize(
    "before", [b"", said("turn.item.added", item=message("It "))], ids=["unheard", "half"]
)
def test_a_message_that_was_begun_before_is_not_told_in_pieces(before: bytes) -> None:
    """Nor one that is shown as far as it had come: its pieces would not be its text."""
    assert [] == [event for event in heard(before, DELTA) if isinstance(event, TextDelta)]


@pytest.mark.parametrize(
    "event",
    [
        said("turn.completed", turn_id="turn_2", turn={**TURN, "id": "turn_2"}),
        said("turn.item.added", turn_id="turn_2", item=message()),
        said("turn.item.added", item=message("Hi", role="user")),
        said("turn.item.added", item={"type": "function_call_output", "id": "fco_1"}),
        said("requires_action", session={"id": "sess_1", "required_actions": []}),
        said(
            "requires_action",
            session={"id": "sess_1", "required_actions": [{**CALL, "turn_id": "turn_2"}]},
        ),
        said("turn.telepathy", thought="?"),
        b'event: error\ndata: {"type": "error", "error": {"message": "..."}}\n\n',
    ],
)
def test_what_is_not_told(event: bytes) -> None:
    """Another turn's, a user's, what nobody knows; and an error, which is no end."""
    listening = reader()

    assert [] == heard(event, of=listening)
    assert not listening.is_over


def test_a_turn_waits_when_its_session_asks_for_its_calls() -> None:
    """The calls are there at once, and the listening is over."""
    listening = reader()
    actions = [{**CALL, "turn_id": "turn_1"}]
    session = {"id": "sess_1", "required_actions": actions}
    (run,) = heard(said("requires_action", session=session), DELTA, of=listening)

    assert (RunStatus.REQUIRES_ACTION, "waiting") == (run.status, run.raw_status)
    assert ["call_1"] == [call.call_id for call in run.calls]
    assert listening.is_over


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "waiting"])
def test_a_turn_that_is_over_or_waits_is_not_listened_to(status: str) -> None:
    """There is nothing to come."""
    assert reader(status).is_over


@pytest.mark.parametrize(
    "body", [b"data: [1]\n\n", b"data: {}\n\n", b"data: so\n\n", said("turn.completed", turn=7)]
)
def test_what_is_no_event_is_garbled(body: bytes) -> None:
    """It is a fault with a kind, and no exception of the reader's own."""
    with pytest.raises(BackendError) as caught:
        heard(body)
    assert FaultKind.GARBLED is caught.value.fault.kind
