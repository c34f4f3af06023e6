"""The simulator's own powers over responses: why, snapshots, files, faults, storms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

from responding import MODEL, TWO_HOPS, Desk, outputs
from runfsm.lifecycle import RESPONSE, ResponseStatus, RunEvent
from runfsm_simulator import Script, Simulator, Storm, hang, say
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.http import Request
from struck import Picky

GREETING = Script.of(say("Hello!", queue_s=1, work_s=2))


# Why ---------------------------------------------------------------------------------------------


def test_why_a_response_looks_as_it_does() -> None:
    """Its edges with the reasons of its own table, and the rules of its own fields."""
    desk = Desk(GREETING)
    response = desk.finished()
    answer = desk.ask("GET", f"/responses/{response.id}")
    told = desk.sim.control.why(answer.headers["x-request-id"]).to_dict()

    assert [edge.why for edge in RESPONSE.path(None, ResponseStatus.COMPLETED) or ()] == [
        edge["rule"] for edge in told["edges"]
    ]
    assert any("none are carried over" in rule["rule"] for rule in told["rules"])


def test_why_a_cancel_was_refused() -> None:
    """The rule is the text, with its source."""
    desk = Desk(GREETING)
    response = desk.finished()
    answer = desk.ask("POST", f"/responses/{response.id}/cancel")
    (rule,) = desk.sim.control.why(answer.headers["x-request-id"]).to_dict()["rules"]

    assert ("Cannot cancel a {status} response.", "likely") == (rule["rule"], rule["confidence"])


def test_the_side_door_has_edges_of_responses() -> None:
    """What may happen to one, and a hand that makes it happen."""
    desk = Desk(Script.of(hang()))
    response = desk.create()
    door = SideDoor(Worlds(lambda: desk.sim))

    def ask(method: str, path: str, body: bytes = b"") -> Any:
        request = Request(method, f"/_sim/runs/{path}", {}, {"host": "127.0.0.1"}, body)
        return door.handle(request, peer="127.0.0.1").json()

    assert ["start", "fail", "cancel"] == [one["event"] for one in ask("GET", response.id)["next"]]
    done = ask("POST", f"{response.id}/events", b'{"event": "fail"}')
    assert "failed" == done["dest"] == desk.look(response).status


# Other worlds ------------------------------------------------------------------------------------


def everything(sim: Simulator) -> Any:
    """All that clients can see of responses and conversations, and what goes on."""
    client, store = sim.client(), sim.world.store
    responses = [client.responses.retrieve(ident).to_dict() for ident in store.responses]
    inputs = [client.responses.input_items.list(ident).data for ident in store.responses]
    items = [client.conversations.items.list(ident).data for ident in store.conversations]
    told = [response.told for response in store.responses.values()]
    return responses, inputs, items, told


def in_the_middle() -> Desk:
    """A chain, a conversation, and a response on it that is being written and streamed."""
    desk = Desk(Script.of(TWO_HOPS.turns[0], say("one two three four", queue_s=1, work_s=8)))
    made = desk.client.conversations.create(items=[{"role": "user", "content": "Hi"}])
    first = desk.finished(conversation=made.id)
    stream = desk.client.responses.create(
        model=MODEL, input=outputs(first), conversation=made.id, background=True, stream=True
    )
    while next(iter(stream)).type != "response.output_text.delta":
        pass
    return desk


@pytest.mark.parametrize("how", ["fork", "file"])
def test_nothing_of_a_response_is_forgotten(how: str, tmp_path: Path) -> None:
    """The same now, and the same future: every word, item, id and event."""
    desk = in_the_middle()
    if how == "fork":
        other = desk.sim.fork()
    else:
        desk.sim.control.dump(tmp_path / "state.json")
        other = Simulator(desk.sim.world.planner)
        other.control.load(tmp_path / "state.json")

    assert everything(desk.sim) == everything(other)
    for one in (desk.sim, other):
        one.clock.advance(60)
    assert everything(desk.sim) == everything(other)
    assert "completed" == everything(other)[0][-1]["status"]


def test_the_same_seed_makes_the_same_responses() -> None:
    """Ids and times too."""
    assert everything(in_the_middle().sim) == everything(in_the_middle().sim)


# Storms ------------------------------------------------------------------------------------------


def test_a_response_that_is_too_new() -> None:
    """A replica does not know of it yet: 404, in the words for a response."""
    desk = Desk(GREETING)
    response = desk.create()
    desk.sim.control.storm = Storm(missing_after_write=1)
    with pytest.raises(openai.NotFoundError, match="Response with id"):
        desk.look(response)
    desk.sim.clock.advance(60)

    assert "completed" == desk.look(response).status


def test_a_stale_look() -> None:
    """It shows what the look before showed."""
    desk = Desk(GREETING, storm=Storm(stale_look=1))
    response = desk.create()
    desk.look(response)
    desk.sim.clock.advance(10)

    assert "queued" == desk.look(response).status
    assert "completed" == desk.look(response).status


def test_a_seventh_status() -> None:
    """One that nobody knows, once a response; the client lets it pass, if it is not strict."""
    desk = Desk(GREETING, storm=Storm(unknown_status=1))
    client = desk.sim.client()
    response = client.responses.create(model=MODEL, input="Hi", background=True)
    seen = [client.responses.retrieve(response.id).status for _ in range(2)]

    assert "queued" == seen[1]
    assert seen[0] not in {*ResponseStatus}


@pytest.mark.parametrize(
    ("storm", "status"),
    [
        (Storm(stuck_queued=1), "queued"),
        (Storm(stuck_in_progress=1), "in_progress"),
        (Storm(random_failure=1), "failed"),
        (Storm(foreign_cancel=1), "cancelled"),
    ],
)
def test_what_befalls_a_response(storm: Storm, status: str) -> None:
    """As it befalls a run; and what is stuck is stuck for ever, for there is no expiry."""
    script = Script.of(say("Hello!", queue_s=1, work_s=60))
    desk = Desk(script, storm=storm)
    response = desk.create()
    desk.sim.clock.advance(100_000)

    assert status == desk.look(response).status


def test_another_clients_response_comes_first() -> None:
    """It holds the conversation for a while; who waits gets through."""
    desk = Desk(GREETING, storm=Storm(foreign_run=1))
    made = desk.client.conversations.create()
    with pytest.raises(openai.BadRequestError) as error:
        desk.create(conversation=made.id)
    desk.sim.control.heal()
    desk.sim.clock.advance(30)

    assert "conversation_locked" == error.value.code
    assert "completed" == desk.finished(conversation=made.id).status


def test_nobody_comes_first_where_calls_wait() -> None:
    """Whoever asks is refused there, another client too: so the outputs get through."""
    desk = Desk()
    made = desk.client.conversations.create()
    first = desk.finished(conversation=made.id)
    desk.sim.world.storm = Storm(foreign_run=1)

    assert "completed" == desk.answered(first, conversation=made.id).status


def test_a_lock_that_lingers() -> None:
    """After the response is over."""
    desk = Desk(GREETING, storm=Storm(lingering_lock_s=5))
    made = desk.client.conversations.create()
    first = desk.create(conversation=made.id)
    desk.sim.clock.advance(3)
    over = desk.look(first).status
    with pytest.raises(openai.BadRequestError):
        desk.create(conversation=made.id)
    desk.sim.clock.advance(5)

    assert "completed" == over
    assert "completed" == desk.finished(conversation=made.id).status


def test_a_lock_lingers_until_its_time_is_over() -> None:
    """At that moment the conversation is free, and not only after it."""
    desk = Desk(GREETING, storm=Storm(lingering_lock_s=4), chooser=Picky())
    made = desk.client.conversations.create()
    desk.create(conversation=made.id)
    desk.sim.clock.advance(3 + 4)

    assert "completed" == desk.finished(conversation=made.id).status


def test_more_calls_than_were_wanted() -> None:
    """A second round of the same calls is one hop more."""
    desk = Desk(storm=Storm(second_round=1))
    first = desk.finished()
    second = desk.answered(first, previous_response_id=first.id)
    third = desk.answered(second, previous_response_id=second.id)

    assert ["function_call"] == [item.type for item in second.output]
    assert "So there, then." == third.output_text


def test_the_trace_has_responses_too() -> None:
    """One entry an edge, by the response's id."""
    desk = Desk(GREETING)
    response = desk.finished()

    assert [("create", response.id), ("start", response.id), ("complete", response.id)] == [
        (entry.event, entry.run_id) for entry in desk.sim.trace
    ]
    assert RunEvent.COMPLETE is desk.sim.trace[-1].event
