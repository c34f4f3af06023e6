"""The official Python client: `responses.create`, `stream`, `parse`, `retrieve`, `cancel`."""

from __future__ import annotations

import json
from typing import Any

from openai import APIError, OpenAI

from clientprogram import ADA, CALLS, QUESTION, SCHEMA, WEATHER, get_weather, play

TOOL = {
    "type": "function",
    "name": "get_weather",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
MODEL = "gpt-4o"


def made(base_url: str, key: str) -> Any:
    return OpenAI(base_url=base_url, api_key=key).responses


def finished(responses: Any, response: Any) -> Any:
    while response.status in {"queued", "in_progress"}:
        response = responses.retrieve(response.id)
    return response


def tool_run(base_url: str, key: str) -> dict[str, Any]:
    responses = made(base_url, key)
    first = responses.create(model=MODEL, input=WEATHER, tools=[TOOL])
    outputs = [
        {
            "type": "function_call_output",
            "call_id": item.call_id,
            "output": get_weather(**json.loads(item.arguments)),
        }
        for item in first.output
        if item.type == "function_call"
    ]
    second = responses.create(
        model=MODEL, input=outputs, tools=[TOOL], previous_response_id=first.id
    )
    return {"calls": CALLS, "text": second.output_text}


def two_turns(base_url: str, key: str) -> dict[str, Any]:
    responses = made(base_url, key)
    first = responses.create(model=MODEL, input=ADA)
    second = responses.create(model=MODEL, input=QUESTION, previous_response_id=first.id)
    return {"texts": [first.output_text, second.output_text]}


def stream(base_url: str, key: str) -> dict[str, Any]:
    with made(base_url, key).stream(model=MODEL, input="Count.") as events:
        pieces = [it.delta for it in events if it.type == "response.output_text.delta"]
        text = events.get_final_response().output_text
    return {"text": text if text == "".join(pieces) else pieces, "pieces": len(pieces)}


def cancel(base_url: str, key: str) -> dict[str, Any]:
    responses = made(base_url, key)
    response = responses.create(model=MODEL, input="Work.", background=True)
    responses.cancel(response.id)
    return {"ended": finished(responses, responses.retrieve(response.id)).status}


def failed(base_url: str, key: str) -> dict[str, Any]:
    response = made(base_url, key).create(model=MODEL, input="Work.")
    return {"ended": response.status, "why": response.error.message}


def incomplete(base_url: str, key: str) -> dict[str, Any]:
    response = made(base_url, key).create(model=MODEL, input="Tell me why.")
    return {"ended": response.status, "text": response.output_text}


def background(base_url: str, key: str) -> dict[str, Any]:
    responses = made(base_url, key)
    response = responses.create(model=MODEL, input="Count.", background=True)
    return {"text": finished(responses, response).output_text}


def failed_stream(base_url: str, key: str) -> dict[str, Any]:
    """Its iterator raises at the `error` event, before it shows `response.failed`."""
    try:
        events = [
            it.type for it in made(base_url, key).create(model=MODEL, input="Go.", stream=True)
        ]
    except APIError as error:
        return {"ended": "failed", "why": error.message}
    return {"ended": f"without an exception: {events[-1]}"}


def schema(base_url: str, key: str) -> dict[str, Any]:
    wanted = {"type": "json_schema", "name": "report", "schema": SCHEMA, "strict": True}
    response = made(base_url, key).create(model=MODEL, input=WEATHER, text={"format": wanted})
    return {"value": json.loads(response.output_text)}


def web_search(base_url: str, key: str) -> dict[str, Any]:
    tool = {
        "type": "web_search",
        "filters": {"allowed_domains": ["example.com"]},
        "user_location": {"type": "approximate", "city": "Oslo"},
    }
    return {"text": made(base_url, key).create(model=MODEL, input="?", tools=[tool]).output_text}


play(
    tool_run,
    two_turns,
    stream,
    cancel,
    failed,
    incomplete,
    background,
    failed_stream,
    schema,
    web_search,
)
