"""LangChain's `OpenAIAssistantV2Runnable`, with its own loop for tools."""

from __future__ import annotations

from typing import Any

from langchain_community.agents.openai_assistant import OpenAIAssistantV2Runnable
from langchain_core.agents import AgentFinish
from langchain_core.tools import tool
from openai import OpenAI

from clientprogram import ADA, CALLS, QUESTION, WEATHER, get_weather, play

WEATHER_TOOL = tool(get_weather)


def made(base_url: str, key: str) -> OpenAIAssistantV2Runnable:
    return OpenAIAssistantV2Runnable.create_assistant(
        name="Ada's",
        instructions="Be brief.",
        tools=[WEATHER_TOOL],
        model="gpt-4o",
        client=OpenAI(base_url=base_url, api_key=key),
        as_agent=True,
        check_every_ms=10,
    )


def end(agent: OpenAIAssistantV2Runnable) -> dict[str, Any]:
    """The status that its `ValueError` names, and all of its text."""
    try:
        agent.invoke({"content": "Work."})
    except ValueError as error:
        told = str(error)
        return {"ended": told.removeprefix("Unexpected run status: ").split(".")[0], "why": told}
    return {"ended": "completed"}


def tool_run(base_url: str, key: str) -> dict[str, Any]:
    agent = made(base_url, key)
    answer = agent.invoke({"content": WEATHER})
    while not isinstance(answer, AgentFinish):
        outputs = [
            {"output": WEATHER_TOOL.invoke(it.tool_input), "tool_call_id": it.tool_call_id}
            for it in answer
        ]
        ids = {"run_id": answer[0].run_id, "thread_id": answer[0].thread_id}
        answer = agent.invoke({"tool_outputs": outputs, **ids})
    return {"calls": CALLS, "text": answer.return_values["output"]}


def two_turns(base_url: str, key: str) -> dict[str, Any]:
    agent = made(base_url, key)
    first = agent.invoke({"content": ADA})
    second = agent.invoke({"content": QUESTION, "thread_id": first.thread_id})
    return {"texts": [it.return_values["output"] for it in (first, second)]}


def failed(base_url: str, key: str) -> dict[str, Any]:
    return end(made(base_url, key))


def incomplete(base_url: str, key: str) -> dict[str, Any]:
    return end(made(base_url, key))


def expired(base_url: str, key: str) -> dict[str, Any]:
    return end(made(base_url, key))


play(tool_run, two_turns, failed, incomplete, expired)
