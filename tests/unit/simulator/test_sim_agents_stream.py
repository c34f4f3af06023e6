"""The events of a session: their order, what they carry, when a stream ends, and how it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import takewhile
from typing import Any

import anyio
import openai
import pytest

from attending import AGENT, OF_OPENAI_3, TWO_ROUNDS, Office
from runfsm_simulator import Call, Script, Simulator, StreamFault, calls, fail, hang, say, truncate
from runfsm_simulator.doors.asgi import create_app
from runfsm_simulator.wire.http import NoAnswer

GREETING = Script.of(say("So there.", queue_s=1, work_s=2), cancel_s=4)
CANCEL = {"type": "agent.session.input.cancel"}
MESSAGE = [
    "turn.item.added",
    "turn.content_part.added",
    "turn.output_text.delta",
    "turn.output_text.delta",
    "turn.output_text.done",
    "turn.content_part.done",
    "turn.item.done",
]


def names(events: Any) -> list[str]:
    """The types of events, without what all of them begin with."""
    return [event["type"].removeprefix("agent.session.") for event in events]


def to_the_end(events: Iterator[Any]) -> list[Any]:
    """The events up to that which says that the session is idle, or failed."""
    ends = {"agent.session.idle", "agent.session.failed"}
    found = [*takewhile(lambda event: event["type"] not in ends, events)]
    return [*found, {"type": "the end"}]


# Order -------------------------------------------------------------------------------------------


def test_a_creation_tells_of_its_turn() -> None:
    """From the session itself to its being idle; then the stream is over."""
    events = Office(GREETING).created()

    assert [
        "created",
        "turn.created",
        "turn.item.added",
        "in_progress",
        "turn.in_progress",
        *MESSAGE,
        "turn.completed",
        "idle",
    ] == names(events)
    assert len(events) == len({event["event_id"] for event in events})


def test_a_turn_as_it_was_at_each_moment() -> None:
    """Each event has the thing of its time; usage is not measured yet at the end."""
    events = Office(GREETING).created()
    turns = [event["turn"] for event in events if "turn" in event]
    sessions = [event["session"] for event in events if "session" in event]

    assert ["queued", "in_progress", "completed"] == [turn["status"] for turn in turns]
    assert ["in_progress", "in_progress", "idle"] == [one["status"] for one in sessions]
    assert {"usage": None}.items() <= events[-2].items()
    assert turns[-1]["usage"] is None


def test_a_message_comes_in_pieces() -> None:
    """Their sum is what is done; its item begins empty."""
    events = Office(GREETING).created()
    by_name = {event["type"].rpartition("session.")[2]: event for event in events}
    deltas = [event["delta"] for event in events if "delta" in event]
    added = [event for event in events if event["type"].endswith("item.added")]

    assert "So there." == "".join(deltas) == by_name["turn.output_text.done"]["text"]
    assert [None, 0] == [event["output_index"] for event in added]
    assert ([], "in_progress") == (added[1]["item"]["content"], added[1]["item"]["status"])
    assert "completed" == by_name["turn.item.done"]["item"]["status"]


def test_a_round_of_calls() -> None:
    """Each comes whole, and is done when its result is in; no event tells that the turn waits."""
    office = Office(TWO_ROUNDS)
    events = office.listen()
    told = [next(events) for _ in range(3)]
    office.answer(office.actions[0])
    told += to_the_end(events)

    assert [
        "turn.in_progress",
        "turn.item.added",
        "requires_action",
        "turn.item.done",
        "turn.item.added",
        "in_progress",
        *(one for one in MESSAGE if not one.endswith("delta")),
        "turn.completed",
        "the end",
    ] == [one for one in names(told) if not one.endswith("delta")]
    assert ({"at": "here"}, "in_progress") == (
        told[1]["item"]["arguments"],
        told[1]["item"]["status"],
    )
    assert ["completed", "completed"] == [event["item"]["status"] for event in told[3:5]]
    assert [0, 0, None] == [event["output_index"] for event in (told[1], *told[3:5])]


def test_what_is_said_meanwhile_is_told() -> None:
    """A message that steers is an item, and what was begun has no end."""
    office = Office(GREETING)
    events = office.listen()
    office.after(2.5)
    office.say("Stop")
    told = names(to_the_end(events))

    assert [
        "turn.in_progress",
        *MESSAGE[:3],
        "turn.item.added",
        *MESSAGE,
        "turn.completed",
        "the end",
    ] == told


def test_a_cancel_is_told_when_it_is_done() -> None:
    """Nothing tells that it was accepted."""
    office = Office(Script.of(hang(), cancel_s=4))
    events = office.listen()
    office.cancel()
    told = [*takewhile(lambda event: event["type"] != "agent.session.idle", events)]

    assert ["turn.in_progress", "turn.cancelled"] == names(told)
    assert 4 == office.sim.clock.now() % 100


@pytest.mark.parametrize("turn", [fail("server_error", "Sorry."), truncate(say="Once")])
def test_a_failure_is_told_as_an_error_first(turn: Any) -> None:
    """Then of the turn, then of the session; and the stream of a creation is over."""
    events = Office(Script.of(turn)).created()[-3:]
    error, failed, session = events

    assert ["error", "turn.failed", "failed"] == names(events)
    assert failed["turn"]["error"]["code"] == error["error"]["code"]
    assert session["session"]["error"] == error["error"]["message"]


# Live --------------------------------------------------------------------------------------------


def test_nothing_is_told_again() -> None:
    """Who comes later hears what comes later; two hear the same."""
    office = Office(GREETING)
    first = office.listen()
    office.after(2.5)
    second = office.listen()
    told, rest = names(to_the_end(first)), names(to_the_end(second))

    assert "turn.in_progress" == told[0]
    assert rest == told[-len(rest) :]
    assert len(rest) < len(told)


def test_a_stream_that_was_asked_for_goes_on() -> None:
    """The next turn is told in it too."""
    office = Office(GREETING)
    events = office.listen()
    to_the_end(events)
    office.say("And?")

    assert ["turn.created", "turn.item.added", "in_progress"] == names(
        next(events) for _ in range(3)
    )


def test_who_hears_nothing_is_timed_out() -> None:
    """After ten silent minutes, the client's own time-out; the session is as it was."""
    office = Office(GREETING)
    office.after(10)
    before = office.sim.clock.now()
    with pytest.raises(NoAnswer):
        next(office.listen())

    assert 600 <= office.sim.clock.now() - before <= 615
    assert ("completed", "idle") == office.statuses


def test_a_deleted_session_ends_its_streams() -> None:
    """There is nothing more to come."""
    office = Office(GREETING)
    office.after(10)
    events = office.listen()
    office.ask("DELETE", office.path)

    assert [] == [*events]


def test_a_closed_stream_leaves_the_turn_alone() -> None:
    """It is an observer, and no more."""
    office = Office(GREETING)
    answer = office.ask("GET", f"{office.path}/events")
    assert answer.stream is not None
    answer.stream.close()

    assert [] == [*answer.stream]
    assert [("completed", "idle")] == office.after(3)


def test_listening_changes_nothing() -> None:
    """The same ids, the same moments, whether somebody hears or not."""
    heard, alone = Office(seed=5), Office(seed=5)
    heard.listen()
    for office in (heard, alone):
        office.after(3)
        office.answer(office.actions[0])
        office.after(3)

    assert heard.sim.trace == alone.sim.trace
    assert heard.items == alone.items


# Broken ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_stream_that_is_cut(after: int) -> None:
    """It ends after so many events, without a word; the turn goes on."""
    office = Office(Script.of(say("So there.", queue_s=1, work_s=2)))
    office.sim.world.stream_fault = StreamFault(kind="cut", after_events=after)

    assert after == len(office.created())
    office.after(3)
    assert ("completed", "idle") == office.statuses


def test_a_stream_without_its_end() -> None:
    """All but the last event, which says that the session is idle."""
    office = Office(GREETING)
    office.sim.world.stream_fault = StreamFault(kind="cut")

    assert "turn.completed" == names(office.created())[-1]


def test_an_error_in_the_middle() -> None:
    """An event like the others, and then nothing."""
    office = Office(GREETING)
    office.sim.world.stream_fault = StreamFault(kind="error", after_events=3)
    events = office.created()

    assert ["created", "turn.created", "turn.item.added", "error"] == names(events)
    assert "server_error" == events[-1]["error"]["type"]


def test_a_stream_that_hangs() -> None:
    """Nothing more is told until the turn is over."""
    office = Office(GREETING)
    office.sim.world.stream_fault = StreamFault(kind="hang", after_events=2)

    assert ["created", "turn.created", "turn.completed", "idle"] == names(office.created())


# The client's own helpers ------------------------------------------------------------------------


def client(script: Any = TWO_ROUNDS) -> Any:
    """The sessions of a client that validates strictly."""
    made: Any = Simulator(script).client(_strict_response_validation=True, max_retries=0)
    return made.beta.agents.sessions


def session(sessions: Any, **wishes: Any) -> Any:
    """A session that the client creates."""
    return sessions.create(environment={"type": "none"}, agent=AGENT, input="Hi", **wishes)


@OF_OPENAI_3
def test_the_helper_of_creations_calls_tools() -> None:
    """It answers while it reads, and has the result at the end."""
    asked = []
    stream = session(client(), stream=True, tool_handlers={"look": asked.append})

    assert "So there, then." == stream.get_final_result().output_text
    assert [{"at": "here"}] == asked


@OF_OPENAI_3
def test_the_helper_of_idle_sessions() -> None:
    """It opens the stream, sends the message, calls the tools, and stops at the end."""
    sessions = client()
    created = session(sessions, stream=True, tool_handlers={"look": lambda _: "rain"})
    session_id = created.get_final_result().session_id
    asked = []
    with sessions.stream(session_id, input="And?", tool_handlers={"look": asked.append}) as stream:
        result = stream.get_final_result()

    assert ("completed", "So there, then.") == (result.turn.status, result.output_text)
    assert [{"at": "here"}] == asked
    assert 2 == len(sessions.turns.list(session_id).data)


@OF_OPENAI_3
def test_the_helper_answers_several_calls_one_by_one() -> None:
    """With a key for each; the turn goes on with the last of them."""
    script = Script.of(calls(Call(name="look"), Call(name="hear")), say("So."))
    stream = session(
        client(script), stream=True, tool_handlers={"look": lambda _: "1", "hear": lambda _: "2"}
    )

    assert "So." == stream.get_final_result().output_text


@OF_OPENAI_3
def test_the_helper_wants_an_idle_session() -> None:
    """Its own check, on what the session says."""
    sessions = client()
    made = session(sessions)
    with (
        pytest.raises(ValueError, match="requires an idle session"),
        sessions.stream(made.id, input="And?"),
    ):
        pass


@OF_OPENAI_3
def test_what_the_client_makes_of_refusals() -> None:
    """A conflict is a conflict, and the code of an unknown call is the one that it looks for."""
    sessions = client()
    made = session(sessions)
    result = {"type": "agent.session.input.tool_result", "turn_id": "turn_x", "success": True}
    with pytest.raises(openai.BadRequestError) as unknown:
        sessions.events.create(made.id, events=[{**result, "call_id": "call_x"}])
    with pytest.raises(openai.ConflictError):
        sessions.delete(made.id)

    assert "invalid_request_error" == unknown.value.code
    assert {"message": "Unknown pending tool call: call_x"}.items() <= unknown.value.body.items()  # type: ignore[union-attr,attr-defined]  # it is a dict


@OF_OPENAI_3
def test_an_async_client_over_asgi() -> None:
    """What is accepted has no body, and the client makes nothing of it."""
    http = import_module("httpx2")
    transport = http.ASGITransport(app=create_app(Simulator(GREETING, pacing="everybody")))

    async def talk() -> tuple[Any, str]:
        made: Any = openai.AsyncOpenAI(
            api_key="sk-any",
            base_url="http://simulator.invalid/v1",
            http_client=http.AsyncClient(transport=transport),
        )
        sessions = made.beta.agents.sessions
        begun = await session(sessions)
        sent = await sessions.events.create(begun.id, events=[CANCEL], idempotency_key="k")
        while (look := await sessions.retrieve(begun.id)).status != "idle":
            pass
        return sent, look.status

    assert (None, "idle") == anyio.run(talk)
