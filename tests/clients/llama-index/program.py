"""LlamaIndex's `OpenAIAssistantAgent`: `chat()`, and `run_assistant()` where a status is wanted."""

from __future__ import annotations

import os
from typing import Any

from llama_index.agent.openai import OpenAIAssistantAgent
from llama_index.core.tools import FunctionTool

from clientprogram import ADA, CALLS, QUESTION, WEATHER, get_weather, play


def made(base_url: str, key: str) -> OpenAIAssistantAgent:
    os.environ["OPENAI_BASE_URL"] = base_url
    return OpenAIAssistantAgent.from_new(
        name="Ada's",
        instructions="Be brief.",
        tools=[FunctionTool.from_defaults(get_weather)],
        model="gpt-4o",
        run_retrieve_sleep_time=0.01,
        api_key=key,
    )


def tool_run(base_url: str, key: str) -> dict[str, Any]:
    return {"text": str(made(base_url, key).chat(WEATHER)), "calls": CALLS}


def two_turns(base_url: str, key: str) -> dict[str, Any]:
    agent = made(base_url, key)
    return {"texts": [str(agent.chat(said)) for said in (ADA, QUESTION)]}


def failed(base_url: str, key: str) -> dict[str, Any]:
    try:
        made(base_url, key).chat("Work.")
    except ValueError as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": "completed"}


def incomplete(base_url: str, key: str) -> dict[str, Any]:
    agent = made(base_url, key)
    agent.add_message("Tell me why.")
    run, _ = agent.run_assistant()
    return {"ended": run.status, "text": str(agent.latest_message.content)}


def expired(base_url: str, key: str) -> dict[str, Any]:
    agent = made(base_url, key)
    agent.add_message("Work.")
    run, _ = agent.run_assistant()
    return {"ended": run.status}


play(tool_run, two_turns, failed, incomplete, expired)
