"""The OpenAI Agents SDK: `Runner.run` and `Runner.run_streamed` with a session."""

from __future__ import annotations

from typing import Any

from agents import (
    Agent,
    ModelBehaviorError,
    OpenAIResponsesModel,
    Runner,
    SQLiteSession,
    WebSearchTool,
    function_tool,
)
from openai import APIError, AsyncOpenAI
from openai.types.responses.web_search_tool import Filters
from pydantic import BaseModel

from clientprogram import ADA, CALLS, QUESTION, WEATHER, get_weather, play


class Report(BaseModel):
    """The fields of an answer by schema."""

    city: str
    degrees: int


def made(base_url: str, key: str, **more: Any) -> Agent:
    client = AsyncOpenAI(base_url=base_url, api_key=key)
    return Agent(name="Ada's", model=OpenAIResponsesModel("gpt-4o", client), **more)


async def tool_run(base_url: str, key: str) -> dict[str, Any]:
    agent = made(base_url, key, tools=[function_tool(get_weather)])
    return {"text": (await Runner.run(agent, WEATHER)).final_output, "calls": CALLS}


async def two_turns(base_url: str, key: str) -> dict[str, Any]:
    agent, session = made(base_url, key), SQLiteSession("ada")
    answers = [await Runner.run(agent, said, session=session) for said in (ADA, QUESTION)]
    return {"texts": [it.final_output for it in answers]}


async def stream(base_url: str, key: str) -> dict[str, Any]:
    running = Runner.run_streamed(made(base_url, key), "Count.")
    pieces = [
        event.data.delta
        async for event in running.stream_events()
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    ]
    whole = running.final_output
    return {"text": whole if whole == "".join(pieces) else pieces, "pieces": len(pieces)}


async def failed(base_url: str, key: str) -> dict[str, Any]:
    try:
        await Runner.run(made(base_url, key), "Work.")
    except ModelBehaviorError as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": "completed"}


async def incomplete(base_url: str, key: str) -> dict[str, Any]:
    try:
        await Runner.run(made(base_url, key), "Tell me why.")
    except ModelBehaviorError as error:
        return {"ended": str(error).split("status=")[1].split(";")[0]}
    return {"ended": "completed"}


async def failed_stream(base_url: str, key: str) -> dict[str, Any]:
    try:
        async for _ in Runner.run_streamed(made(base_url, key), "Work.").stream_events():
            pass
    except (ModelBehaviorError, APIError) as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": "completed"}


async def schema(base_url: str, key: str) -> dict[str, Any]:
    answer = await Runner.run(made(base_url, key, output_type=Report), WEATHER)
    return {"value": answer.final_output.model_dump()}


async def web_search(base_url: str, key: str) -> dict[str, Any]:
    tool = WebSearchTool(filters=Filters(allowed_domains=["example.com"]))
    return {"text": (await Runner.run(made(base_url, key, tools=[tool]), "?")).final_output}


play(tool_run, two_turns, stream, failed, incomplete, failed_stream, schema, web_search)
