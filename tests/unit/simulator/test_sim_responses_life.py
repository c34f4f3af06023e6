"""A response of the Responses API: created, looked at, cancelled, deleted, on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from responding import MODEL, TOOLS, Desk
from runfsm.lifecycle import RESPONSE, ResponseStatus, RunEvent
from runfsm_simulator import Script, code_interpreter, fail, file_search, hang, say, truncate
from runfsm_simulator.world.hosted import FileResult

GREETING = Script.of(say("Hello!", queue_s=1, work_s=2))


def refusal(error: openai.APIStatusError) -> tuple[int, str, Any, Any]:
    """Status, text, parameter and code."""
    body: Any = error.body
    return error.status_code, body["message"], body["param"], body["code"]


# Background mode ---------------------------------------------------------------------------------


def test_a_response_in_background_mode_lives_by_its_table(make_desk: Callable[..., Desk]) -> None:
    """Queued, in progress, completed: each at its time, with nobody waiting."""
    desk = make_desk(GREETING)
    response = desk.create()
    seen = [(response.status, response.output_text, response.completed_at)]
    for seconds in (1, 1, 1):
        desk.sim.clock.advance(seconds)
        look = desk.look(response)
        seen.append((look.status, look.output_text, look.completed_at and look.completed_at % 100))

    assert [
        ("queued", "", None),
        ("in_progress", "", None),
        ("in_progress", "", None),
        ("completed", "Hello!", 3),
    ] == seen


def test_a_response_says_again_what_it_was_asked(desk: Desk) -> None:
    """Each wish, in the form in which it came; defaults where there was none."""
    schema = {"type": "object", "properties": {}}
    tool = {**TOOLS[0], "description": "Looks.", "strict": False, "parameters": schema}
    response = desk.create(
        instructions="Be brief.",
        tools=[tool, {"type": "code_interpreter", "container": {"type": "auto"}}],
        tool_choice={"type": "function", "name": "look"},
        metadata={"a": "b"},
        max_output_tokens=99,
        temperature=0.5,
        top_p=0.25,
        parallel_tool_calls=False,
        text={"format": {"type": "json_object"}},
        reasoning={"effort": "low"},
        user="somebody",
    )
    shown = response.to_dict()

    assert tool == {key: shown["tools"][0][key] for key in tool}
    assert {
        "object": "response",
        "background": True,
        "instructions": "Be brief.",
        "model": MODEL,
        "tool_choice": {"type": "function", "name": "look"},
        "metadata": {"a": "b"},
        "max_output_tokens": 99,
        "temperature": 0.5,
        "top_p": 0.25,
        "parallel_tool_calls": False,
        "text": {"format": {"type": "json_object"}, "verbosity": "medium"},
        "reasoning": {"effort": "low", "summary": None},
        "user": "somebody",
        "service_tier": "default",
        "truncation": "disabled",
        "conversation": None,
        "previous_response_id": None,
        "error": None,
        "incomplete_details": None,
        "usage": None,
        "output": [],
    }.items() <= shown.items()


def test_a_tool_is_strict_unless_it_says_otherwise(desk: Desk) -> None:
    """Other than in the Assistants API, where it is the other way round."""
    response = desk.create(tools=[{"type": "function", "name": "f", "parameters": {}}])

    assert response.tools[0].strict is True


@pytest.mark.parametrize(
    ("turn", "status", "error", "reason"),
    [
        (fail("rate_limit_exceeded", "Slow down."), "failed", "rate_limit_exceeded", None),
        (truncate(say="Once upon"), "incomplete", None, "max_output_tokens"),
        (truncate("max_prompt_tokens"), "incomplete", None, "max_output_tokens"),
        (truncate("spending_limit"), "incomplete", None, "max_output_tokens"),
    ],
)
def test_other_ends(
    make_desk: Callable[..., Desk], turn: Any, status: str, error: str | None, reason: str | None
) -> None:
    """With `error` or `incomplete_details`, in the types' own words; never `completed_at`."""
    response = make_desk(Script.of(turn)).finished()

    assert (status, None) == (response.status, response.completed_at)
    assert error == (response.error and response.error.code)
    assert reason == (response.incomplete_details and response.incomplete_details.reason)


def test_a_cut_message_is_incomplete(make_desk: Callable[..., Desk]) -> None:
    """The cap on tokens holds for one response."""
    desk = make_desk(Script.of(say("one two three four " * 10, work_s=1)))
    response = desk.finished(max_output_tokens=16)
    (message,) = response.output

    assert ("incomplete", "incomplete") == (response.status, message.status)
    assert (16, 64) == (response.usage.output_tokens, len(response.output_text))


def test_what_hosted_tools_did_stands_before_the_answer(make_desk: Callable[..., Desk]) -> None:
    """As items of their own; what they found is for those who ask."""
    found = FileResult(file_id="file-1", file_name="a.txt", score=0.5, content="rain")
    turn = say("So.").after(file_search(found), code_interpreter("print(1)", logs="1"))
    desk = make_desk(Script.of(turn))
    response = desk.finished()
    included = ["file_search_call.results", "code_interpreter_call.outputs"]
    asked = desk.client.responses.retrieve(response.id, include=included)

    assert ["file_search_call", "code_interpreter_call", "message"] == [
        item.type for item in response.output
    ]
    assert (None, None) == (response.output[0].results, response.output[1].outputs)
    assert ("rain", "1") == (asked.output[0].results[0].text, asked.output[1].outputs[0].logs)


def test_a_function_call_completes_a_response(desk: Desk) -> None:
    """There is no waiting status: the response is over, and shows what it wants called."""
    response = desk.finished()
    (item,) = response.output

    assert ("completed", "function_call") == (response.status, item.type)
    assert ("look", '{"at": "here"}') == (item.name, item.arguments)
    assert item.id.startswith("fc_")
    assert item.call_id.startswith("call_")


# Who waits ---------------------------------------------------------------------------------------


def test_without_background_mode_the_client_waits(make_desk: Callable[..., Desk]) -> None:
    """The answer is the whole response, and virtual time has passed meanwhile."""
    desk = make_desk(GREETING)
    before = desk.sim.clock.now()
    response = desk.create(background=False)

    assert ("completed", "Hello!", False) == (
        response.status,
        response.output_text,
        response.background,
    )
    assert 2 == desk.sim.clock.now() - before


def test_who_waits_for_nothing_is_timed_out(make_desk: Callable[..., Desk]) -> None:
    """After ten minutes, the SDK's own time-out; the response is at work still."""
    desk = make_desk(Script.of(hang()))
    before = desk.sim.clock.now()
    with pytest.raises(openai.APITimeoutError):
        desk.create(background=False)
    (response,) = desk.sim.world.store.responses.values()

    assert 600 <= desk.sim.clock.now() - before <= 615
    assert ResponseStatus.IN_PROGRESS is response.status


def test_what_is_not_stored_cannot_be_asked_for(make_desk: Callable[..., Desk]) -> None:
    """It is answered once, and by its id it is as if it had never been."""
    desk = make_desk(GREETING)
    response = desk.create(background=False, store=False)
    with pytest.raises(openai.NotFoundError) as gone:
        desk.look(response)
    with pytest.raises(openai.BadRequestError) as lost:
        desk.create(previous_response_id=response.id)

    assert "completed" == response.status
    assert 404 == gone.value.status_code
    assert "previous_response_not_found" == lost.value.code


def test_background_mode_wants_the_response_stored(desk: Desk) -> None:
    """The parameter that is refused is `background`; nothing has been made."""
    with pytest.raises(openai.BadRequestError) as error:
        desk.create(store=False)

    assert (400, "background", "unsupported_parameter") == (
        error.value.status_code,
        error.value.param,
        error.value.code,
    )
    assert {} == desk.sim.world.store.responses


# Cancel ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 2])
def test_a_cancel_is_answered_with_cancelled(desk: Desk, seconds: float) -> None:
    """At once, queued or at work; again, it is the same; the output is empty, and stays so."""
    response = desk.create()
    desk.sim.clock.advance(seconds)
    twice = [desk.client.responses.cancel(response.id) for _ in range(2)]
    desk.sim.clock.advance(60)

    assert ["cancelled"] * 3 == [one.status for one in (*twice, desk.look(response))]
    assert [[]] * 3 == [one.output for one in (*twice, desk.look(response))]


def test_a_cancel_clears_what_was_written(make_desk: Callable[..., Desk]) -> None:
    """An item that was done already is gone with it."""
    turn = say("So.", queue_s=0, work_s=8).after(code_interpreter("print(1)"))
    desk = make_desk(Script.of(turn))
    response = desk.create()
    desk.sim.clock.advance(6)
    before = [item.type for item in desk.look(response).output]

    assert ["code_interpreter_call"] == before
    assert [] == desk.client.responses.cancel(response.id).output


@pytest.mark.parametrize(
    ("turn", "text"),
    [
        (say("Hi"), "Cannot cancel a completed response."),
        (fail(), "Cannot cancel a failed response."),
        (truncate(), "Cannot cancel a response in terminal state."),
    ],
)
def test_a_cancel_that_lost(make_desk: Callable[..., Desk], turn: Any, text: str) -> None:
    """400, in a text that names the end; the response is as it was."""
    desk = make_desk(Script.of(turn))
    response = desk.finished()
    with pytest.raises(openai.BadRequestError) as error:
        desk.client.responses.cancel(response.id)

    assert (400, text, "response_id", None) == refusal(error.value)
    assert response == desk.look(response)


def test_who_waits_cannot_cancel(make_desk: Callable[..., Desk]) -> None:
    """Only background mode can be cancelled, whatever the status."""
    desk = make_desk(GREETING)
    response = desk.create(background=False)
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
        desk.client.responses.cancel(response.id)


def test_every_status_and_event_of_the_table(make_desk: Callable[..., Desk]) -> None:
    """By a person's hand, what the table allows is done, and nothing else."""
    for status in ResponseStatus:
        for event in RunEvent:
            desk = make_desk(Script.of(hang()))
            response = desk.create()
            for edge in RESPONSE.path(RESPONSE.initial, status) or ():
                desk.sim.control.fire(response.id, edge.event)
            if RESPONSE.allows(status, event):
                desk.sim.control.fire(response.id, event)
                dest = RESPONSE.next(status, event).dest
            else:
                with pytest.raises(Exception, match="not legal for a response"):
                    desk.sim.control.fire(response.id, event)
                dest = status

            assert dest == desk.look(response).status, (status, event)


# Delete, and what is not there -------------------------------------------------------------------


def test_a_deleted_response_is_gone(desk: Desk) -> None:
    """Also while it is being made; the client returns nothing."""
    response = desk.create()

    assert desk.client.responses.delete(response.id) is None
    desk.sim.clock.advance(10)
    with pytest.raises(openai.NotFoundError) as error:
        desk.look(response)
    said = f"Response with id '{response.id}' not found."
    assert (404, said, "response_id", None) == refusal(error.value)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/responses/resp_1"),
        ("DELETE", "/responses/resp_1"),
        ("POST", "/responses/resp_1/cancel"),
        ("GET", "/responses/resp_1/input_items"),
    ],
)
def test_a_response_that_is_not_there(method: str, path: str) -> None:
    """404, in the same words everywhere."""
    status, error = Desk().refused(method, path)

    assert (404, "Response with id 'resp_1' not found.") == (status, error["message"])


def test_there_is_no_list_of_responses() -> None:
    """Nor of conversations, as on the real service."""
    desk = Desk()

    assert [405, 405] == [desk.ask("GET", path).status for path in ("/responses", "/conversations")]


# Input -------------------------------------------------------------------------------------------


def test_input_items_come_newest_first(desk: Desk) -> None:
    """Those of the predecessors too, as far as they are read again."""
    first = desk.finished("Hi")
    second = desk.answered(first, previous_response_id=first.id)
    newest = desk.client.responses.input_items.list(second.id).data
    oldest = desk.client.responses.input_items.list(second.id, order="asc", limit=2)

    assert ["function_call_output", "function_call", "message"] == [item.type for item in newest]
    assert ["message", "function_call"] == [item.type for item in oldest.data]
    assert oldest.has_more is True


@pytest.mark.parametrize(
    ("item", "role", "content"),
    [
        ({"role": "user", "content": "Hi"}, "user", [("input_text", "Hi")]),
        ({"role": "developer", "content": "Hi"}, "developer", [("input_text", "Hi")]),
        (
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
            },
            "assistant",
            [("output_text", "Hi")],
        ),
    ],
)
def test_how_a_message_is_kept(
    desk: Desk, item: Any, role: str, content: list[tuple[str, str]]
) -> None:
    """With or without a type; text becomes what its side writes."""
    response = desk.create([item])
    (kept,) = desk.client.responses.input_items.list(response.id).data

    assert role == kept.role
    assert content == [(part.type, part.text) for part in kept.content]


def test_an_image_passes_through(desk: Desk) -> None:
    """As it came, with the `detail` that the types demand."""
    image = {"type": "input_image", "image_url": "https://example.com/a.png"}
    response = desk.create([{"role": "user", "content": [image]}])
    (kept,) = desk.client.responses.input_items.list(response.id).data

    assert {**image, "detail": "auto"} == kept.content[0].to_dict()


@pytest.mark.parametrize(
    ("body", "text", "param", "code"),
    [
        ({}, "Missing required parameter: 'input'.", "input", "missing_required_parameter"),
        (
            {"input": "Hi", "colour": 1},
            "Unknown parameter: 'colour'.",
            "colour",
            "unknown_parameter",
        ),
        (
            {"input": 1},
            (
                "Invalid type for 'input': expected one of a string or an array of input items, "
                "but got an integer instead."
            ),
            "input",
            "invalid_type",
        ),
        (
            {"input": [{"type": "nonsense"}]},
            (
                "Invalid value: 'nonsense'. Supported values are: 'message', 'function_call', "
                "'function_call_output', 'file_search_call', and 'code_interpreter_call'."
            ),
            "input[0].type",
            "invalid_value",
        ),
        (
            {"input": "Hi", "conversation": "conv_1", "previous_response_id": "resp_1"},
            (
                "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. "
                "Ensure you are only providing one of them."
            ),
            None,
            "mutually_exclusive_parameters",
        ),
    ],
)
def test_a_mistake_in_a_body(body: Any, text: str, param: str | None, code: str) -> None:
    """Told in the platform's words; nothing has been made."""
    desk = Desk()
    status, error = desk.refused("POST", "/responses", {"model": MODEL, **body})

    assert (400, text, param, code) == (status, error["message"], error["param"], error["code"])
    assert {} == desk.sim.world.store.responses


def test_a_clock_that_nobody_can_wait_at() -> None:
    """Background mode needs none; who would have to wait is refused, and nothing has been made."""

    class Standing:
        def now(self) -> float:
            return 1_700_000_000.0

    desk = Desk(GREETING, clock=Standing())
    body = {"model": MODEL, "input": "Hi"}

    assert 200 == desk.ask("POST", "/responses", {**body, "background": True}).status
    for wish in ({}, {"stream": True}):
        assert 400 == desk.ask("POST", "/responses", {**body, **wish}).status
    assert 1 == len(desk.sim.world.store.responses)


def test_nothing_but_its_end_is_announced() -> None:
    """On its way a response in background mode is looked at; there are no events for that."""
    desk = Desk(Script.of(hang(queue_s=1)))
    made = desk.create()
    desk.sim.clock.advance(5)
    desk.look(made)
    (response,) = desk.sim.world.store.responses.values()
    edges = RESPONSE.path(None, ResponseStatus.IN_PROGRESS) or ()

    assert "in_progress" == response.status
    assert [] == [told for edge in edges for told in response.announced(edge)]
