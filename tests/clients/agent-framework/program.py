"""Microsoft's agent-framework: `OpenAIChatClient`, which speaks Responses, in an `Agent`."""

from __future__ import annotations

from typing import Any

from agent_framework import Agent
from agent_framework.exceptions import ChatClientException
from agent_framework_openai import OpenAIChatClient
from pydantic import BaseModel

from clientprogram import ADA, CALLS, QUESTION, WEATHER, get_weather, play


class Report(BaseModel):
    """The fields of an answer by schema."""

    city: str
    degrees: int


def client(base_url: str, key: str) -> OpenAIChatClient:
    return OpenAIChatClient(model="gpt-4o", base_url=base_url, api_key=key)


def made(base_url: str, key: str, **more: Any) -> Agent:
    return Agent(client(base_url, key), name="Ada", **more)


async def tool_run(base_url: str, key: str) -> dict[str, Any]:
    answer = await made(base_url, key, tools=[get_weather]).run(WEATHER)
    return {"text": answer.text, "calls": CALLS}


async def two_turns(base_url: str, key: str) -> dict[str, Any]:
    agent = made(base_url, key)
    session = agent.create_session()
    return {"texts": [(await agent.run(said, session=session)).text for said in (ADA, QUESTION)]}


async def stream(base_url: str, key: str) -> dict[str, Any]:
    running = made(base_url, key).run("Count.", stream=True)
    pieces = [
        content.text
        async for update in running
        for content in update.contents
        if content.type == "text" and content.text and content.merge_mode == "append"
    ]
    whole = (await running.get_final_response()).text
    return {"text": whole if whole == "".join(pieces) else pieces, "pieces": len(pieces)}


async def failed(base_url: str, key: str) -> dict[str, Any]:
    try:
        answer = await made(base_url, key).run("Work.")
    except ChatClientException as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": f"without an exception: {answer.finish_reason} {answer.text!r}"}


async def incomplete(base_url: str, key: str) -> dict[str, Any]:
    answer = await made(base_url, key).run("Tell me why.")
    ended = {"length": "incomplete"}.get(str(answer.finish_reason), "completed")
    return {"ended": ended, "text": answer.text}


async def background(base_url: str, key: str) -> dict[str, Any]:
    agent = made(base_url, key)
    session = agent.create_session()
    answer = await agent.run("Count.", session=session, options={"background": True})
    while token := answer.continuation_token:
        options = {"continuation_token": token}
        answer = await agent.run(session=session, options=options)
    return {"text": answer.text}


async def failed_stream(base_url: str, key: str) -> dict[str, Any]:
    try:
        async for _ in made(base_url, key).run("Work.", stream=True):
            pass
    except ChatClientException as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": "without an exception"}


async def schema(base_url: str, key: str) -> dict[str, Any]:
    answer = await made(base_url, key).run(WEATHER, options={"response_format": Report})
    return {"value": answer.value.model_dump()}


async def web_search(base_url: str, key: str) -> dict[str, Any]:
    asked = client(base_url, key)
    tool = asked.get_web_search_tool(filters={"allowed_domains": ["example.com"]})
    return {"text": (await Agent(asked, name="Ada", tools=[tool]).run("?")).text}


play(tool_run, two_turns, stream, failed, incomplete, background, failed_stream, schema, web_search)
