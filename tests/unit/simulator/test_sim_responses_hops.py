"""Tool hops: one run is a chain of responses, by its conversation or by its predecessors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import openai
import pytest

from responding import Desk, outputs
from runfsm_simulator import Call, Script, Simulator, call, calls, fail, say, scenarios, when

TWO_CALLS = Script.of(calls(Call(name="a"), Call(name="b")), say("Done."))
THREE_HOPS = Script.of(
    call("a"), call("b"), say("{round}: {output.a}, {output.b}, {message}", queue_s=0, work_s=1)
)


def conversation(desk: Desk) -> dict[str, Any]:
    """A wish for a new conversation."""
    return {"conversation": desk.client.conversations.create().id}


def types(desk: Desk, conversation_id: str) -> list[str]:
    """What a conversation holds, oldest first."""
    page = desk.client.conversations.items.list(conversation_id, order="asc")
    return [item.type for item in page.data]


def test_a_run_is_a_chain_of_responses(make_desk: Callable[..., Desk]) -> None:
    """Each hop is a response with an id of its own; the earlier ones stay as they were."""
    desk = make_desk(THREE_HOPS)
    first = desk.finished("Go!")
    second = desk.answered(first, previous_response_id=first.id)
    third = desk.finished(outputs(second, "snow"), previous_response_id=second.id)

    assert ["a", "b"] == [one.output[0].name for one in (first, second)]
    assert "2: rain, snow, Go!" == third.output_text
    assert ("completed", second.id) == (third.status, third.previous_response_id)
    assert first == desk.look(first)


def test_the_same_on_a_conversation(make_desk: Callable[..., Desk]) -> None:
    """It says itself what came before, and holds all of it in the end."""
    desk = make_desk(THREE_HOPS)
    wish = conversation(desk)
    first = desk.finished("Go!", **wish)
    second = desk.answered(first, **wish)
    third = desk.finished(outputs(second, "snow"), **wish)

    assert "2: rain, snow, Go!" == third.output_text
    assert wish["conversation"] == third.conversation.id
    assert [
        "message",
        *["function_call", "function_call_output"] * 2,
        "message",
    ] == types(desk, wish["conversation"])


def test_the_same_with_all_of_it_sent_again(make_desk: Callable[..., Desk]) -> None:
    """What a response has put out is taken back in, and nothing needs to be stored."""
    desk = make_desk(THREE_HOPS)
    items: list[Any] = [{"role": "user", "content": "Go!"}]
    for text in ("rain", "snow"):
        response = desk.create(items, background=False, store=False)
        items += [item.to_dict() for item in response.output] + outputs(response, text)

    assert "2: rain, snow, Go!" == desk.create(items, background=False, store=False).output_text


def test_the_next_question_begins_a_new_run(make_desk: Callable[..., Desk]) -> None:
    """After an answer, the script begins again; the planner sees all that was said."""
    desk = make_desk(Script.ruled(when(round=0, then=call("a")), say("{message}")))
    wish = conversation(desk)
    for text in ("One", "Two"):
        first = desk.finished(text, **wish)

        assert "a" == first.output[0].name
        assert text == desk.answered(first, **wish).output_text


def test_two_may_go_on_from_one(make_desk: Callable[..., Desk]) -> None:
    """A chain by predecessors has no lock: it forks, and neither reads the other."""
    desk = make_desk(THREE_HOPS)
    first = desk.finished("Go!")
    forks = [
        desk.create(outputs(first, text), previous_response_id=first.id) for text in ("rain", "sun")
    ]
    desk.sim.clock.advance(10)
    ends = [desk.answered(desk.look(fork), previous_response_id=fork.id) for fork in forks]

    assert ["2: rain, rain, Go!", "2: sun, rain, Go!"] == [end.output_text for end in ends]


def test_tools_and_instructions_are_not_carried_over(desk: Desk) -> None:
    """Each response has what it was created with, and no more."""
    first = desk.finished(instructions="Be brief.")
    second = desk.answered(first, previous_response_id=first.id, tools=[])

    assert ("Be brief.", 1) == (first.instructions, len(first.tools))
    assert (None, []) == (second.instructions, second.tools)


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["previous", "conversation"])
def test_all_calls_are_answered_at_once(make_desk: Callable[..., Desk], by: str) -> None:
    """With one of two outputs, with none, or with a foreign one: 400, and nothing has changed."""
    desk = make_desk(TWO_CALLS)
    wish = conversation(desk) if by == "conversation" else {}
    first = desk.finished(**wish)
    wish = wish or {"previous_response_id": first.id}
    one, two = outputs(first)
    foreign = {**one, "call_id": "call_foreign"}
    refusals = []
    for given in ([one], "Hello?", [one, two, foreign]):
        with pytest.raises(openai.BadRequestError) as error:
            desk.create(given, **wish)
        refusals.append((error.value.param, error.value.body["message"]))  # type: ignore[index]

    missing = "No tool output found for function call {}."
    assert [
        ("input", missing.format(two["call_id"])),
        ("input", missing.format(one["call_id"])),
        ("input", "No tool call found for function call output with call_id call_foreign."),
    ] == refusals
    assert 1 == len(desk.sim.world.store.responses)
    assert "Done." == desk.finished([two, one], **wish).output_text


def test_an_abandoned_run_poisons_its_conversation(desk: Desk) -> None:
    """Whatever is said, the call has to be answered first; or its item deleted."""
    wish = conversation(desk)
    first = desk.finished(**wish)
    for _ in range(2):
        with pytest.raises(openai.BadRequestError, match="No tool output found for function call"):
            desk.create("Never mind.", **wish)
    desk.client.conversations.items.delete(first.output[0].id, **_named(wish))

    assert "completed" == desk.finished("Never mind.", **wish).status


def test_a_poisoned_conversation_is_healed_by_an_answer(desk: Desk) -> None:
    """The output may come together with the next thing that is said."""
    wish = conversation(desk)
    first = desk.finished(**wish)
    spoken = {"role": "user", "content": "Never mind."}
    healed = desk.finished([*outputs(first, "cancelled by client"), spoken], **wish)

    assert "So there, then." == healed.output_text


def _named(wish: dict[str, Any]) -> dict[str, Any]:
    return {"conversation_id": wish["conversation"]}


def test_a_predecessor_that_is_lost(desk: Desk) -> None:
    """400 and a code of its own, not 404; what it has left to its successor stays."""
    first = desk.finished()
    second = desk.answered(first, previous_response_id=first.id)
    desk.client.responses.delete(first.id)
    with pytest.raises(openai.BadRequestError) as error:
        desk.create(outputs(first), previous_response_id=first.id)

    assert (400, "previous_response_id", "previous_response_not_found") == (
        error.value.status_code,
        error.value.param,
        error.value.code,
    )
    assert f"Previous response with id '{first.id}' not found." in error.value.message
    assert 3 == len(desk.client.responses.input_items.list(second.id).data)


# What is left behind -----------------------------------------------------------------------------


def test_a_failed_hop_leaves_nothing_behind(make_desk: Callable[..., Desk]) -> None:
    """Neither its input nor its output joins the conversation: the calls wait as before."""
    desk = make_desk(Script.of(call("a"), fail()))
    wish = conversation(desk)
    first = desk.finished(**wish)
    second = desk.answered(first, **wish)

    assert ("failed", "server_error") == (second.status, second.error.code)
    assert ["message", "function_call"] == types(desk, wish["conversation"])
    desk.sim.control.play(Script.of(call("a"), say("Better.")))
    assert "Better." == desk.answered(first, **wish).output_text


def test_what_a_response_reads_is_what_there_was(make_desk: Callable[..., Desk]) -> None:
    """Items come to a conversation when the response is over, not while it is being made."""
    desk = make_desk(Script.of(say("Hello!", queue_s=1, work_s=2)))
    wish = conversation(desk)
    response = desk.create("Hi", **wish)
    before = types(desk, wish["conversation"])
    desk.sim.clock.advance(10)

    assert [] == before
    assert ["message", "message"] == types(desk, wish["conversation"])
    assert ["message"] == [
        item.type for item in desk.client.responses.input_items.list(response.id).data
    ]


# One script, both wires --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_scenario_plays_on_both_wires(seed: int) -> None:
    """The same file: the same calls, the same answer, at the same times."""
    script = scenarios.load("weather")
    assistants, responses = played_as_a_run(script, seed), played_as_a_chain(script, seed)

    assert assistants == responses
    names = [name for name, _ in assistants[0]]
    assert ["getCurrentWeather", "getNickname"] == names


Played = tuple[list[tuple[str, str]], str, list[float]]


def played_as_a_run(script: Script, seed: int) -> Played:
    """Its calls, its answer, and when it began to wait and when it was over."""
    sim = Simulator(script, seed=seed)
    beta = sim.client().beta.threads
    thread_id = sim.create_thread()
    sim.add_message(thread_id, "What's the weather in LA?")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's, at every call of this API
        run: Any = beta.runs.create(thread_id, assistant_id=sim.create_assistant())
        sim.clock.advance(10)
        run = beta.runs.retrieve(run.id, thread_id=thread_id)
        wanted = run.required_action.submit_tool_outputs.tool_calls
        given = [{"tool_call_id": one.id, "output": "72"} for one in wanted]
        beta.runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=given)  # type: ignore[arg-type]  # plain dicts
        sim.clock.advance(10)
        text: Any = beta.messages.list(thread_id).data[0].content[0]
    moments = [one.at for one in sim.trace if one.event in {"require_action", "complete"}]
    return (
        [(one.function.name, one.function.arguments) for one in wanted],
        text.text.value,
        moments,
    )


def played_as_a_chain(script: Script, seed: int) -> Played:
    """The same, hop by hop."""
    desk = Desk(script, seed=seed)
    first = desk.finished("What's the weather in LA?")
    second = desk.finished(outputs(first, "72"), previous_response_id=first.id)
    moments = [one.at for one in desk.sim.trace if one.event == "complete"]
    return [(one.name, one.arguments) for one in first.output], second.output_text, moments
