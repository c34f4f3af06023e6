"""AutoGen's `OpenAIAssistantAgent`."""

from __future__ import annotations

import asyncio
from typing import Any

from autogen_agentchat.messages import TextMessage
from autogen_core import CancellationToken
from autogen_ext.agents.openai import OpenAIAssistantAgent
from openai import AsyncOpenAI

from clientprogram import ADA, CALLS, QUESTION, WEATHER, get_weather, play

#: A run that is over is noticed within a second; or never.
PATIENCE_S = 8


class Conversation:
    """An agent, which has a thread."""

    def __init__(self, base_url: str, key: str) -> None:
        self.token = CancellationToken()
        self.agent = OpenAIAssistantAgent(
            name="weather",
            description="Tells the weather.",
            client=AsyncOpenAI(base_url=base_url, api_key=key),
            model="gpt-4o",
            instructions="Be brief.",
            tools=[get_weather],
        )

    async def ask(self, text: str) -> str:
        message = TextMessage(content=text, source="user")
        async with asyncio.timeout(PATIENCE_S):
            answer = await self.agent.on_messages([message], self.token)
        return answer.chat_message.content


async def tool_run(base_url: str, key: str) -> dict[str, Any]:
    text = await Conversation(base_url, key).ask(WEATHER)
    return {"calls": CALLS, "text": text}


async def two_turns(base_url: str, key: str) -> dict[str, Any]:
    it = Conversation(base_url, key)
    return {"texts": [await it.ask(said) for said in (ADA, QUESTION)]}


async def cancel(base_url: str, key: str) -> dict[str, Any]:
    it = Conversation(base_url, key)
    asking = asyncio.create_task(it.ask("Work."))
    await asyncio.sleep(1)
    it.token.cancel()
    try:
        await asking
    except asyncio.CancelledError:
        return {"ended": "cancelled"}
    return {"ended": "completed"}


async def failed(base_url: str, key: str) -> dict[str, Any]:
    try:
        await Conversation(base_url, key).ask("Work.")
    except ValueError as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": "completed"}


async def incomplete(base_url: str, key: str) -> dict[str, Any]:
    return {"ended": "incomplete", "text": await Conversation(base_url, key).ask("Tell me why.")}


async def expired(base_url: str, key: str) -> dict[str, Any]:
    return {"ended": await Conversation(base_url, key).ask("Work.")}


play(tool_run, two_turns, cancel, failed, incomplete, expired)
