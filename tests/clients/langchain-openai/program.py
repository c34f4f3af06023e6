"""LangChain's `ChatOpenAI` with `use_responses_api`."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from openai import APIError
from pydantic import BaseModel

from clientprogram import ADA, CALLS, QUESTION, WEATHER, get_weather, play

WEATHER_TOOL = tool(get_weather)


class Report(BaseModel):
    """The fields of an answer by schema."""

    city: str
    degrees: int


def made(base_url: str, key: str) -> ChatOpenAI:
    return ChatOpenAI(model="gpt-4o", base_url=base_url, api_key=key, use_responses_api=True)


def tool_run(base_url: str, key: str) -> dict[str, Any]:
    model = made(base_url, key).bind_tools([WEATHER_TOOL])
    messages: list[Any] = [HumanMessage(WEATHER)]
    messages.append(model.invoke(messages))
    messages += [WEATHER_TOOL.invoke(call) for call in messages[-1].tool_calls]
    return {"text": model.invoke(messages).text, "calls": CALLS}


def two_turns(base_url: str, key: str) -> dict[str, Any]:
    model = made(base_url, key)
    first = model.invoke(ADA)
    second = model.invoke([HumanMessage(ADA), first, HumanMessage(QUESTION)])
    return {"texts": [first.text, second.text]}


def stream(base_url: str, key: str) -> dict[str, Any]:
    pieces = [piece.text for piece in made(base_url, key).stream("Count.") if piece.text]
    return {"text": "".join(pieces), "pieces": len(pieces)}


def failed(base_url: str, key: str) -> dict[str, Any]:
    try:
        made(base_url, key).invoke("Work.")
    except ValueError as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": "completed"}


def incomplete(base_url: str, key: str) -> dict[str, Any]:
    answer = made(base_url, key).invoke("Tell me why.")
    return {"ended": answer.response_metadata["status"], "text": answer.text}


def failed_stream(base_url: str, key: str) -> dict[str, Any]:
    try:
        pieces = list(made(base_url, key).stream("Work."))
    except (APIError, ValueError) as error:
        return {"ended": "failed", "why": str(error)}
    return {"ended": f"without an exception, after {len(pieces)} pieces"}


def schema(base_url: str, key: str) -> dict[str, Any]:
    model = made(base_url, key).with_structured_output(Report, method="json_schema")
    return {"value": model.invoke(WEATHER).model_dump()}


def web_search(base_url: str, key: str) -> dict[str, Any]:
    offered = {"type": "web_search", "filters": {"allowed_domains": ["example.com"]}}
    return {"text": made(base_url, key).bind_tools([offered]).invoke("?").text}


play(tool_run, two_turns, stream, failed, incomplete, failed_stream, schema, web_search)
