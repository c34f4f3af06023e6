"""The events of a response: their order and numbers, read at once, later, or once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from responding import MODEL, TWO_HOPS, Desk, outputs
from runfsm_simulator import (
    Call,
    FileResult,
    Script,
    StreamFault,
    calls,
    cite,
    code_interpreter,
    fail,
    file_search,
    hang,
    say,
    truncate,
)

HI = Script.of(say("Hi there", queue_s=1, work_s=8))
NOT_STREAMED = (
    "This response cannot be streamed because it was not created with stream=true or the stream "
    "TTL has expired."
)


def names(events: list[Any]) -> list[str]:
    """What the events are called, without what all begin with."""
    return [event.type.removeprefix("response.") for event in events]


def statuses(events: list[Any]) -> list[str]:
    """What the responses in the events say."""
    return [event.response.status for event in events if hasattr(event, "response")]


# Orders ------------------------------------------------------------------------------------------


def test_a_message(make_desk: Callable[..., Desk]) -> None:
    """From `created` to `completed`, numbered from 0, one delta a word."""
    events = make_desk(HI).create(stream=True, background=False)

    assert [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ] == names(events)
    assert [*range(10)] == [event.sequence_number for event in events]
    assert ["in_progress", "in_progress", "completed"] == statuses(events)
    assert ["Hi ", "there"] == [event.delta for event in events if hasattr(event, "delta")]
    assert events[-1].response.output == [events[-2].item]


def test_in_background_mode_it_is_queued_first(make_desk: Callable[..., Desk]) -> None:
    """One event more than without; each response in them is as it was at that moment."""
    desk = make_desk(HI)
    before = desk.sim.clock.now()
    events = desk.create(stream=True)

    assert ["created", "queued", "in_progress"] == names(events)[:3]
    assert ["queued", "queued", "in_progress", "completed"] == statuses(events)
    assert [[], [], []] == [event.response.output for event in events[:3]]
    assert 9 == desk.sim.clock.now() - before


def test_parallel_calls(make_desk: Callable[..., Desk]) -> None:
    """One item after the other, each with its own place, and its arguments piece by piece."""
    script = Script.of(calls(Call(name="a", arguments={"x": 1}), Call(name="b")), say("Done."))
    events = make_desk(script).create(stream=True)
    inner = [event for event in events if not hasattr(event, "response")]
    deltas = [event.delta for event in inner if hasattr(event, "delta")]

    assert [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ] == names(inner)
    assert [0] * 5 + [1] * 4 == [event.output_index for event in inner]
    assert ('{"x": 1}', "{}") == ("".join(deltas[:2]), "".join(deltas[2:]))
    assert [event.item for event in inner if event.type.endswith("item.done")] == (
        events[-1].response.output
    )


def test_the_next_hop_is_streamed_likewise(desk: Desk) -> None:
    """It is a response of its own, numbered from 0."""
    first = desk.finished()
    events = desk.create(outputs(first), previous_response_id=first.id, stream=True)

    assert (0, "created") == (events[0].sequence_number, names(events)[0])
    assert "So there, then." == events[-1].response.output_text


def test_hosted_tools(make_desk: Callable[..., Desk]) -> None:
    """A search and a piece of code, each as it goes on, before the answer."""
    found = FileResult(file_id="file-1", file_name="a.txt")
    turn = say("So.").after(file_search(found), code_interpreter("print(1)", logs="1"))
    events = make_desk(Script.of(turn)).create(stream=True, background=False)

    assert [
        "output_item.added",
        "file_search_call.in_progress",
        "file_search_call.searching",
        "file_search_call.completed",
        "output_item.done",
        "output_item.added",
        "code_interpreter_call.in_progress",
        "code_interpreter_call_code.delta",
        "code_interpreter_call_code.done",
        "code_interpreter_call.interpreting",
        "code_interpreter_call.completed",
        "output_item.done",
        "output_item.added",
    ] == names(events)[2:15]
    assert [0, 1, 2] == [
        event.output_index for event in events if event.type == "response.output_item.added"
    ]


def test_a_citation(make_desk: Callable[..., Desk]) -> None:
    """It follows the delta that its mark stands in, and is in the whole text again."""
    script = Script.of(say("As told [1].", cites=[cite("[1]", file_id="file-1")]))
    events = make_desk(script).create(stream=True)
    (cited,) = [
        event.to_dict() for event in events if event.type.endswith("annotation.added")
    ]  # 2.54 leaves it untyped
    (done,) = [event for event in events if event.type.endswith("content_part.done")]

    assert {"type": "file_citation", "file_id": "file-1", "index": 8}.items() <= (
        cited["annotation"].items()
    )
    assert 1 == len(done.part.annotations)


@pytest.mark.parametrize(
    ("turn", "last"),
    [
        (fail(), ["response.failed"]),
        (
            truncate(say="Once upon"),
            [
                "response.output_text.done",
                "response.content_part.done",
                "response.output_item.done",
                "response.incomplete",
            ],
        ),
    ],
)
def test_other_ends(make_desk: Callable[..., Desk], turn: Any, last: list[str]) -> None:
    """The event is called as the status."""
    events = make_desk(Script.of(turn)).create(stream=True)

    assert last == [event.type for event in events[-len(last) :]]


def test_a_cancel_is_told_as_a_failure(make_desk: Callable[..., Desk]) -> None:
    """There is no event of that name: the response in it says `cancelled`, and has no output."""
    desk = make_desk(HI)
    stream = desk.sim.client().responses.create(
        model=MODEL, input="Hi", background=True, stream=True
    )
    events: list[Any] = []
    for event in stream:
        events.append(event)
        if event.type == "response.output_text.delta" and len(events) < 7:
            desk.client.responses.cancel(events[0].response.id)

    assert "response.failed" == events[-1].type
    assert ("cancelled", [], None) == (
        events[-1].response.status,
        events[-1].response.output,
        events[-1].response.error,
    )
    assert [*range(len(events))] == [event.sequence_number for event in events]


# Later, and once more ----------------------------------------------------------------------------


@pytest.mark.parametrize("after", [None, 0, 5, 9, 99])
def test_events_can_be_read_once_more(make_desk: Callable[..., Desk], after: int | None) -> None:
    """From the one behind `starting_after` on, the same to the letter."""
    desk = make_desk(HI)
    events = desk.create(stream=True)
    query = {} if after is None else {"starting_after": after}
    again = desk.resume(events[0].response, **query)

    assert events[0 if after is None else after + 1 :] == again


@pytest.mark.parametrize(("read", "away_s"), [(4, 4), (1, 60)], ids=["in the middle", "at once"])
def test_a_stream_is_resumed(make_desk: Callable[..., Desk], read: int, away_s: float) -> None:
    """Who lost it misses nothing, whatever has happened meanwhile, and if it is over by now."""
    desk = make_desk(HI)
    whole = make_desk(HI).create(stream=True)
    lost = desk.sim.client().responses.create(model=MODEL, input="Hi", background=True, stream=True)
    events = [next(iter(lost)) for _ in range(read)]
    lost.close()
    desk.sim.clock.advance(away_s)
    rest = desk.resume(events[0].response, starting_after=read - 1)

    assert names(whole) == names([*events, *rest])
    assert [*range(11)] == [event.sequence_number for event in [*events, *rest]]


def test_two_may_read_at_once(make_desk: Callable[..., Desk]) -> None:
    """Each hears all of it."""
    desk = make_desk(HI)
    client = desk.sim.client()
    one = client.responses.create(model=MODEL, input="Hi", background=True, stream=True)
    first = next(iter(one))
    two = iter(client.responses.retrieve(first.response.id, stream=True))
    both = [(mine, next(two)) for mine in [first, *one]]

    assert all(mine == theirs for mine, theirs in both)


def test_a_snapshot_keeps_what_was_told(make_desk: Callable[..., Desk]) -> None:
    """Restored in the middle, a response can be resumed from its beginning."""
    desk = make_desk(HI)
    stream = desk.sim.client().responses.create(
        model=MODEL, input="Hi", background=True, stream=True
    )
    head = [next(iter(stream)) for _ in range(6)]
    saved = desk.sim.control.save()
    rest = list(stream)
    desk.sim.control.restore(saved)
    again = desk.resume(head[0].response)

    assert names([*head, *rest]) == names(again)
    assert head == again[:6]


def test_what_was_not_created_to_be_streamed(make_desk: Callable[..., Desk]) -> None:
    """400: nothing was kept for it."""
    desk = make_desk(HI)
    response = desk.create()
    with pytest.raises(openai.BadRequestError) as error:
        desk.resume(response)

    assert NOT_STREAMED == error.value.body["message"]  # type: ignore[index]


def test_what_was_not_in_the_background_is_told_once(make_desk: Callable[..., Desk]) -> None:
    """Though it was streamed; its stream goes with the client that asked for it."""
    desk = make_desk(HI)
    response = desk.create(stream=True, background=False)[0].response
    with pytest.raises(openai.BadRequestError, match="not created with background=true") as error:
        desk.resume(response)

    assert "stream" == error.value.param


@pytest.mark.parametrize(("seconds", "events"), [(599, 11), (600, 0)])
def test_events_are_kept_for_ten_minutes(
    make_desk: Callable[..., Desk], seconds: float, events: int
) -> None:
    """From the end on. The response itself stays."""
    desk = make_desk(HI)
    response = desk.create(stream=True)[0].response
    desk.sim.clock.advance(seconds)
    if events:
        assert events == len(desk.resume(response))
    else:
        with pytest.raises(openai.BadRequestError, match="stream TTL has expired"):
            desk.resume(response)

    assert "completed" == desk.look(response).status


def test_streaming_changes_nothing(make_desk: Callable[..., Desk]) -> None:
    """The same ids and times whether somebody listens or not."""
    looks = []
    for stream in (False, True):
        desk = make_desk(TWO_HOPS, seed=5)
        answer = desk.create(stream=stream)
        desk.sim.clock.advance(60)
        looks.append(desk.look(answer[0].response if stream else answer))

    assert looks[0] == looks[1]


# Broken ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 3, None])
def test_a_cut_stream_ends_without_a_word(
    make_desk: Callable[..., Desk], after: int | None
) -> None:
    """Before so many events, or before the last; the response goes on, and can be resumed."""
    fault = StreamFault(kind="cut", after_events=after)
    desk = make_desk(Script.of(say("Hi there", queue_s=1, work_s=8), stream_fault=fault))
    events = desk.create(stream=True)
    desk.sim.world.stream_fault = None
    (response,) = desk.sim.world.store.responses.values()
    rest = desk.resume(response, starting_after=len(events) - 1)

    assert (10 if after is None else after) == len(events)
    assert [*range(11)] == [event.sequence_number for event in [*events, *rest]]


def test_an_error_event_is_a_value(make_desk: Callable[..., Desk]) -> None:
    """In its flat shape, the client yields it; in the other one it raises."""
    fault = StreamFault(kind="error", after_events=2, shape="flat")
    desk = make_desk(Script.of(say("Hi"), stream_fault=fault))
    events = desk.create(stream=True)
    desk.sim.world.stream_fault = fault.model_copy(update={"shape": "nested"})

    assert ["created", "queued", "error"] == names(events)
    with pytest.raises(openai.APIError, match="had an error"):
        desk.create(stream=True)


def test_a_stream_that_hangs(make_desk: Callable[..., Desk]) -> None:
    """It is silent until the response is over; then all the rest comes."""
    fault = StreamFault(kind="hang", after_events=3)
    desk = make_desk(Script.of(say("Hi there"), stream_fault=fault))

    assert 11 == len(desk.create(stream=True))


def test_who_streams_what_never_ends_is_timed_out(make_desk: Callable[..., Desk]) -> None:
    """After ten minutes of silence, as the SDK's own clock has it."""
    desk = make_desk(Script.of(hang()))
    before = desk.sim.clock.now()
    with pytest.raises(Exception, match=r"timeout|timed out") as error:
        desk.create(stream=True)

    # 3.54 wraps what 2.54 lets pass.
    assert type(error.value).__name__ in {"APITimeoutError", "ReadTimeout"}
    assert 600 <= desk.sim.clock.now() - before <= 630
