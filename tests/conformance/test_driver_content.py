"""Messages with images and files, down every road: each wire says them in its own words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from onroad import OnRoad
from runfsm import (
    CallerError,
    FileAttachment,
    FileData,
    FileUrl,
    ImageFile,
    ImageUrl,
    RunRequest,
    Text,
)
from runfsm_simulator.doors.faults import ArmedFault
from runfsm_simulator.world.script import Script, say

SCRIPT = Script.of(say("A cat."))
URL = "https://example.com/cat.png"
PICTURE = ["What is this?", ImageUrl(URL)]

#: What the service keeps of PICTURE: texts are texts there, and an image has its detail.
KEPT = {
    "assistants": {"type": "image_url", "image_url": {"url": URL, "detail": "auto"}},
    "responses": {"type": "input_image", "image_url": URL, "detail": "auto"},
    "agents": {"type": "input_image", "image_url": URL},
}


def said(stage: OnRoad) -> list[tuple[Any, ...]]:
    """What users have said, as the service keeps it."""
    store = stage.simulator.world.store
    with stage.simulator.world.operation():
        messages = [it for thread in store.threads.values() for it in thread.messages.values()]
        homes = [*store.conversations.values(), *store.turns.values()]
        items = [item for home in homes for item in home.items.values()]
        messages += [item.message for item in items if getattr(item, "message", None)]
        return [message.content for message in messages if message.role == "user"]


def asking(stage: OnRoad, message: Any) -> RunRequest:
    """A request of this message."""
    return RunRequest(stage.request.assistant_id, message, key="key_1")


@pytest.mark.reported(
    "simple-openai PR 127",
    "`RunRequest(message=[text, image])` worked by accident on one wire, and was typed `str`.",
    now="A message is a text or typed parts; each backend says them in its API's words.",
)
@pytest.mark.parametrize(
    "message",
    [
        PICTURE,
        (Text("What is this?"), ImageUrl(URL)),
        [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": URL}},
        ],
        [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": URL},
        ],
    ],
    ids=["parts", "tuple", "assistants", "responses"],
)
def test_a_run_begins_with_a_text_and_an_image(road: Any, message: Any) -> None:
    """The same request on every wire, typed or in the words of an API (simple-openai PR 127)."""
    stage = OnRoad(road, SCRIPT)
    outcome = stage.play(stage.watch(asking(stage, message)).finish)

    assert "A cat." == outcome.text
    assert [("What is this?", KEPT[road.wire])] == said(stage)


def test_a_message_with_an_image_waits_for_a_run(road: Any) -> None:
    """`driver.add_message` takes the same parts; on sessions it is said with the next run."""
    stage = OnRoad(road, SCRIPT)
    thread_id = road.thread(stage.simulator)

    async def main() -> None:
        added = stage.driver.add_message(thread_id, PICTURE)
        if road.loop is not None:
            await added
        request = RunRequest(stage.request.assistant_id, "Well?", thread_id)
        await stage.watch(request).finish()

    stage.play(main)

    assert [("What is this?", KEPT[road.wire]), ("Well?",)] == said(stage)


def test_a_run_with_an_image_whose_creation_was_not_answered_is_found(road: Any) -> None:
    """It is found by its key, or by what it said; there is one run, and one message."""
    stage = OnRoad(road, SCRIPT)
    fault = ArmedFault(method="POST", path=road.creates, status=502, applied=True)
    stage.simulator.control.faults.arm(fault)
    outcome = stage.play(stage.watch(asking(stage, PICTURE)).finish)

    assert "A cat." == outcome.text
    assert [("What is this?", KEPT[road.wire])] == said(stage)


ALL = {"Text", "ImageUrl", "ImageFile", "FileAttachment", "FileUrl", "FileData"}
SAYS = {
    "assistants": {"Text", "ImageUrl", "ImageFile", "FileAttachment"},
    "responses": ALL,
    "agents": {"Text", "ImageUrl"},
}


@pytest.mark.parametrize(
    "part",
    [
        Text("Well?"),
        ImageUrl(URL),
        ImageFile("file-abc123"),
        FileAttachment("file-abc123"),
        FileUrl("https://example.com/report.pdf"),
        FileData("report.pdf", "data:application/pdf;base64,JVBERi0x"),
    ],
    ids=lambda part: type(part).__name__,
)
def test_what_a_wire_cannot_say_is_refused_before_anything_is_sent(road: Any, part: Any) -> None:
    """The `CallerError` names the API and the part; what can be said is."""
    stage = OnRoad(road, SCRIPT)
    if type(part).__name__ in SAYS[road.wire] - {"ImageFile", "FileAttachment"}:
        assert "A cat." == stage.play(stage.watch(asking(stage, ["Look:", part])).finish).text
    elif type(part).__name__ not in SAYS[road.wire]:
        with pytest.raises(
            CallerError, match=f"{road.wire.title()} API has no {type(part).__name__}"
        ):
            stage.play(stage.watch(asking(stage, ["Look:", part])).finish)
        assert [] == said(stage)


# Options -----------------------------------------------------------------------------------------


class Weather(BaseModel):
    """What the model is to answer."""

    degrees: int
    place: str | None = None


STRICT = {
    "type": "object",
    "title": "Weather",
    "description": "What the model is to answer.",
    "properties": {
        "degrees": {"title": "Degrees", "type": "integer"},
        "place": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Place"},
    },
    "required": ["degrees", "place"],
    "additionalProperties": False,
}


@pytest.mark.reported(
    "tried as a new user",
    "`options={'response_format': MyModel}`: `AttributeError: get`, or `TypeError`.",
    now="A pydantic model becomes its strict JSON schema, on every wire.",
)
def test_a_pydantic_model_is_a_response_format(road: Any) -> None:
    """The service gets its strict schema (tried as a new user), of a run and of an assistant."""
    stage = OnRoad(road, SCRIPT)
    request = RunRequest(stage.request.assistant_id, "Hi", options={"response_format": Weather})
    inner = {"name": "Weather", "schema": STRICT, "strict": True}

    assert {"type": "json_schema", "json_schema": inner} == request.options["response_format"]
    assert "A cat." == stage.play(stage.watch(request).finish).text
    if hasattr(stage.backend, "create_assistant"):  # the direct port has none
        made = road.ask(
            lambda: stage.backend.create_assistant(model="gpt-5", response_format=Weather)
        )
        assert made
