"""pydantic-ai: `OpenAIResponsesModel` in an `Agent`."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, WebSearchTool
from pydantic_ai.capabilities import NativeTool
from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.models.openai import OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.providers.openai import OpenAIProvider

from clientprogram import ADA, CALLS, QUESTION, WEATHER, get_weather, play

BEHIND = OpenAIResponsesModelSettings(openai_background=True)
PATIENCE_S = 8


class Report(BaseModel):
    """The fields of an answer by schema."""

    city: str
    degrees: int


def made(base_url: str, key: str, **more: Any) -> Agent:
    provider = OpenAIProvider(base_url=base_url, api_key=key)
    return Agent(OpenAIResponsesModel("gpt-4o", provider=provider), **more)


async def tool_run(base_url: str, key: str) -> dict[str, Any]:
    answer = await made(base_url, key, tools=[get_weather]).run(WEATHER)
    return {"text": answer.output, "calls": CALLS}


async def two_turns(base_url: str, key: str) -> dict[str, Any]:
    agent = made(base_url, key)
    first = await agent.run(ADA)
    second = await agent.run(QUESTION, message_history=first.all_messages())
    return {"texts": [first.output, second.output]}


async def stream(base_url: str, key: str) -> dict[str, Any]:
    async with made(base_url, key).run_stream("Count.") as answer:
        pieces = [piece async for piece in answer.stream_text(delta=True, debounce_by=None)]
    return {"text": "".join(pieces), "pieces": len(pieces)}


async def cancel(base_url: str, key: str) -> dict[str, Any]:
    """A task that is cancelled cancels its background response."""
    running = asyncio.create_task(made(base_url, key).run("Work.", model_settings=BEHIND))
    await asyncio.sleep(2)
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        return {"ended": "cancelled"}
    return {"ended": "completed"}


async def failed(base_url: str, key: str) -> dict[str, Any]:
    try:
        await made(base_url, key).run("Work.")
    except ModelAPIError as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": "completed"}


async def incomplete(base_url: str, key: str) -> dict[str, Any]:
    answer = await made(base_url, key).run("Tell me why.")
    ended = {"length": "incomplete"}.get(answer.response.finish_reason, "completed")
    return {"ended": ended, "text": answer.output}


async def background(base_url: str, key: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        return {"text": (await made(base_url, key).run("Count.", model_settings=BEHIND)).output}


async def failed_stream(base_url: str, key: str) -> dict[str, Any]:
    try:
        async with made(base_url, key).run_stream("Work.") as answer:
            await answer.get_output()
    except ModelAPIError as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": "completed"}


async def schema(base_url: str, key: str) -> dict[str, Any]:
    answer = await made(base_url, key, output_type=NativeOutput(Report)).run(WEATHER)
    return {"value": answer.output.model_dump()}


async def web_search(base_url: str, key: str) -> dict[str, Any]:
    tool = WebSearchTool(allowed_domains=["example.com"])
    return {"text": (await made(base_url, key, capabilities=[NativeTool(tool)]).run("?")).output}


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
