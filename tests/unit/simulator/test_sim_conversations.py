"""Conversations: items in their order, and one response at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from responding import HEADERS, MODEL, Desk, outputs
from runfsm.lifecycle import RESPONSE, ResponseStatus
from runfsm_simulator import ArmedFault, Script, hang, say, truncate

LOCKED = {
    "message": "Another process is currently operating on this conversation. "
    "Please retry in a few seconds.",
    "type": "invalid_request_error",
    "param": "conversation",
    "code": "conversation_locked",
}
GREETING = Script.of(say("Hello!", queue_s=1, work_s=2))


def texts(page: Any) -> list[str]:
    """What the messages of a page say."""
    return [item.content[0].text for item in page.data]


def test_a_conversation_needs_no_body(desk: Desk) -> None:
    """It is empty then, and has no metadata."""
    made = desk.client.conversations.create()

    assert ("conversation", {}) == (made.object, made.metadata)
    assert made.id.startswith("conv_")
    assert made == desk.client.conversations.retrieve(made.id)
    assert [] == desk.client.conversations.items.list(made.id).data


def test_a_conversation_is_modified_and_deleted(desk: Desk) -> None:
    """Its metadata alone; when it is gone, so are its items, by that way."""
    room = desk.client.conversations
    made = room.create(items=[{"role": "user", "content": "Hi"}], metadata={"a": "b"})
    changed = room.update(made.id, metadata={"c": "d"})
    gone = room.delete(made.id)
    with pytest.raises(openai.NotFoundError) as error:
        room.retrieve(made.id)

    assert {"c": "d"} == changed.metadata
    assert (made.id, True, "conversation.deleted") == (gone.id, gone.deleted, gone.object)
    assert f"Conversation with id '{made.id}' not found." in error.value.message


def test_items_are_listed_newest_first(desk: Desk) -> None:
    """By pages, with cursors that are exclusive, as every list."""
    room = desk.client.conversations
    made = room.create(items=[{"role": "user", "content": text} for text in "abc"])
    newest = room.items.list(made.id, limit=2)
    rest = room.items.list(made.id, limit=2, after=newest.data[-1].id)

    assert ("cb", True) == ("".join(texts(newest)), newest.has_more)
    assert ("a", False) == ("".join(texts(rest)), rest.has_more)
    assert "abc" == "".join(texts(room.items.list(made.id, order="asc")))


def test_items_are_added_looked_at_and_deleted(desk: Desk) -> None:
    """Adding lists the new ones; deleting answers with the conversation."""
    room = desk.client.conversations
    made = room.create()
    call = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "call_1", "output": "yes"}
    added = room.items.create(made.id, items=[{"role": "user", "content": "a"}, call, output])
    found = room.items.retrieve(added.data[2].id, conversation_id=made.id)

    assert ["msg", "fc", "fco"] == [item.id.partition("_")[0] for item in added.data]
    assert ("function_call_output", "yes") == (found.type, found.output)
    assert made == room.items.delete(found.id, conversation_id=made.id)
    with pytest.raises(openai.NotFoundError, match="Item with id"):
        room.items.retrieve(found.id, conversation_id=made.id)


def test_twenty_items_at_once() -> None:
    """One more is refused, and nothing has been added."""
    desk = Desk()
    items = [{"role": "user", "content": "a"}] * 21
    status, error = desk.refused("POST", "/conversations", {"items": items})

    assert (400, "items", "array_above_max_length") == (status, error["param"], error["code"])
    assert {} == desk.sim.world.store.conversations


def test_what_was_cut_short_is_kept(make_desk: Callable[..., Desk]) -> None:
    """The question, and as much of the answer as there was."""
    desk = make_desk(Script.of(truncate(say="Well", queue_s=1, work_s=2)))
    made = desk.client.conversations.create()
    response = desk.finished("Why?", conversation=made.id)

    assert "incomplete" == response.status
    assert ["Why?", "Well"] == texts(desk.client.conversations.items.list(made.id, order="asc"))


def test_a_conversation_that_is_not_there(desk: Desk) -> None:
    """404, for a response as well; and an id of another kind is told of."""
    with pytest.raises(openai.NotFoundError, match="Conversation with id 'conv_1' not found"):
        desk.create(conversation="conv_1")
    status, error = desk.refused("GET", "/conversations/thread_1")

    assert (400, "conversation_id") == (status, error["param"])


# The lock ----------------------------------------------------------------------------------------


def test_one_response_at_a_time(make_desk: Callable[..., Desk]) -> None:
    """While one is made, a second is refused with 400, so that no SDK repeats it by itself."""
    desk = make_desk(GREETING)
    made = desk.client.conversations.create()
    first = desk.create(conversation=made.id)
    seen = []
    for seconds in (0, 1, 1, 1):
        desk.sim.clock.advance(seconds)
        item = {"items": [{"role": "user", "content": "Wait!"}]}
        answer = desk.ask("POST", f"/conversations/{made.id}/items", item)
        if answer.status == 400:
            assert LOCKED == answer.json()["error"]
            with pytest.raises(openai.BadRequestError):
                desk.create(conversation={"id": made.id})
        seen.append((desk.look(first).status, answer.status == 400))

    assert [
        ("queued", True),
        ("in_progress", True),
        ("in_progress", True),
        ("completed", False),
    ] == seen


@pytest.mark.parametrize("status", ResponseStatus)
def test_the_lock_is_the_tables(status: ResponseStatus) -> None:
    """Every status that locks does, and no other; the refusal names no holder."""
    desk = Desk(Script.of(hang()))
    made = desk.client.conversations.create()
    response = desk.create(conversation=made.id)
    for edge in RESPONSE.path(RESPONSE.initial, status) or ():
        desk.sim.control.fire(response.id, edge.event)
    answer = desk.ask(
        "POST", "/responses", {"model": MODEL, "input": "Hi", "conversation": made.id}
    )

    assert RESPONSE.locks_thread(status) == (answer.status == 400)
    if answer.status == 400:
        assert LOCKED == answer.json()["error"]


def test_a_response_that_waits_for_outputs_locks_nothing(desk: Desk) -> None:
    """It is over; what stands in the way is the call, not the lock."""
    made = desk.client.conversations.create()
    first = desk.finished(conversation=made.id)
    with pytest.raises(openai.BadRequestError, match="No tool output found"):
        desk.create(conversation=made.id)

    assert "completed" == desk.answered(first, conversation=made.id).status


@pytest.mark.parametrize("trouble", ["timeout", "drop"])
def test_the_lock_outlives_the_client(make_desk: Callable[..., Desk], trouble: Any) -> None:
    """Whoever was to wait has gone: the service goes on, and lets go when it is done."""
    desk = make_desk(GREETING)
    made = desk.client.conversations.create()
    desk.sim.control.faults.arm(ArmedFault(path="/v1/responses", trouble=trouble, applied=True))
    with pytest.raises(openai.APIConnectionError):
        desk.create(conversation=made.id, background=False)
    with pytest.raises(openai.BadRequestError) as error:
        desk.create("Again", conversation=made.id)
    desk.sim.clock.advance(3)

    assert LOCKED == error.value.body
    assert "Hello!" == texts(desk.client.conversations.items.list(made.id))[0]
    assert "completed" == desk.finished("Again", conversation=made.id).status


def test_a_reader_who_leaves_unlocks_nothing() -> None:
    """A stream that is closed in the middle: the same."""
    desk = Desk(GREETING)
    made = desk.client.conversations.create()
    stream = desk.client.responses.create(
        model=MODEL, input="Hi", conversation=made.id, stream=True
    )
    next(iter(stream))
    stream.close()
    with pytest.raises(openai.BadRequestError):
        desk.create(conversation=made.id)
    desk.sim.clock.advance(3)

    assert "completed" == desk.finished(conversation=made.id).status
    assert {} == desk.sim.world._engine.happenings._listeners


@pytest.mark.parametrize("how", ["cancel", "delete"])
def test_who_ends_a_response_frees_its_conversation(
    make_desk: Callable[..., Desk], how: str
) -> None:
    """At once, and nothing of it has been added."""
    desk = make_desk(Script.of(hang()))
    made = desk.client.conversations.create()
    response = desk.create(conversation=made.id)
    getattr(desk.client.responses, how)(response.id)
    desk.sim.control.play(GREETING)

    assert "completed" == desk.finished("Again", conversation=made.id).status
    assert ["Hello!", "Again"] == texts(desk.client.conversations.items.list(made.id))


def test_a_deleted_conversation_disturbs_no_response(make_desk: Callable[..., Desk]) -> None:
    """What is being made on it comes to its end, and still names it."""
    desk = make_desk(GREETING)
    made = desk.client.conversations.create()
    response = desk.create(conversation=made.id)
    desk.client.conversations.delete(made.id)
    desk.sim.clock.advance(10)

    assert ("completed", made.id) == (
        desk.look(response).status,
        desk.look(response).conversation.id,
    )


def test_outputs_are_the_next_response_on_it(desk: Desk) -> None:
    """They belong to the conversation when that is done."""
    made = desk.client.conversations.create()
    first = desk.finished(conversation=made.id)
    desk.finished(outputs(first), conversation=made.id)
    page = desk.client.conversations.items.list(made.id, order="asc")

    assert [("user", None), (None, "call"), (None, "output"), ("assistant", None)] == [
        (getattr(item, "role", None), item.type.rpartition("_")[2] if "_" in item.type else None)
        for item in page.data
    ]


def test_no_beta_header_is_asked_for() -> None:
    """Other than for assistants: these are not in beta."""
    assert "openai-beta" not in HEADERS
    assert 200 == Desk().ask("POST", "/conversations").status
