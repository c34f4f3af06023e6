"""Semantic Kernel's `OpenAIAssistantAgent`: `get_response()` and `invoke_stream()`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from openai import AsyncOpenAI
from semantic_kernel.agents import OpenAIAssistantAgent
from semantic_kernel.agents.open_ai.run_polling_options import RunPollingOptions
from semantic_kernel.exceptions.agent_exceptions import AgentInvokeException
from semantic_kernel.functions import kernel_function

import clientprogram
from clientprogram import ADA, CALLS, QUESTION, WEATHER, play

QUICKLY = RunPollingOptions(
    default_polling_interval=timedelta(milliseconds=10),
    run_polling_interval=timedelta(milliseconds=10),
    run_polling_backoff=timedelta(milliseconds=10),
)


class Plugin:
    """The tools of the agent."""

    @kernel_function(name="get_weather", description="Tell the weather in a city.")
    def get_weather(self, city: Annotated[str, "the city"]) -> str:
        return clientprogram.get_weather(city)


async def made(base_url: str, key: str) -> OpenAIAssistantAgent:
    client = AsyncOpenAI(base_url=base_url, api_key=key)
    definition = await client.beta.assistants.create(model="gpt-4o", name="Weather")
    return OpenAIAssistantAgent(
        client=client, definition=definition, plugins=[Plugin()], polling_options=QUICKLY
    )


async def end(agent: OpenAIAssistantAgent) -> dict[str, Any]:
    """The status that its exception names, and all of its text."""
    try:
        await agent.get_response("Work.")
    except AgentInvokeException as error:
        return {"ended": str(error).split("`")[1], "why": str(error)}
    return {"ended": "completed"}


async def tool_run(base_url: str, key: str) -> dict[str, Any]:
    answer = await (await made(base_url, key)).get_response(WEATHER)
    return {"text": str(answer), "calls": CALLS}


async def two_turns(base_url: str, key: str) -> dict[str, Any]:
    agent = await made(base_url, key)
    first = await agent.get_response(ADA)
    second = await agent.get_response(QUESTION, thread=first.thread)
    return {"texts": [str(first), str(second)]}


async def stream(base_url: str, key: str) -> dict[str, Any]:
    agent = await made(base_url, key)
    pieces = [str(piece) async for piece in agent.invoke_stream("Count.")]
    return {"text": "".join(pieces), "pieces": len(pieces)}


async def failed(base_url: str, key: str) -> dict[str, Any]:
    return await end(await made(base_url, key))


async def incomplete(base_url: str, key: str) -> dict[str, Any]:
    return await end(await made(base_url, key))


async def expired(base_url: str, key: str) -> dict[str, Any]:
    return await end(await made(base_url, key))


play(tool_run, two_turns, stream, failed, incomplete, expired)
