"""The official Python client, by its helpers: `create_and_poll`, `stream` and so on."""

from __future__ import annotations

import json
from typing import Any

from openai import OpenAI

from clientprogram import ADA, CALLS, QUESTION, WEATHER, get_weather, play

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


class Conversation:
    """An assistant, a thread and what is done with them."""

    def __init__(self, base_url: str, key: str) -> None:
        self.beta = OpenAI(base_url=base_url, api_key=key).beta
        self.assistant = self.beta.assistants.create(model="gpt-4o", tools=[TOOL])
        self.thread = self.beta.threads.create()

    def say(self, text: str) -> None:
        self.beta.threads.messages.create(self.thread.id, role="user", content=text)

    def run(self, text: str) -> Any:
        self.say(text)
        return self.beta.threads.runs.create_and_poll(
            thread_id=self.thread.id, assistant_id=self.assistant.id
        )

    def text(self) -> str:
        newest = self.beta.threads.messages.list(self.thread.id).data[0]
        return newest.content[0].text.value


def tool_run(base_url: str, key: str) -> dict[str, Any]:
    it = Conversation(base_url, key)
    run = it.run(WEATHER)
    outputs = [
        {
            "tool_call_id": call.id,
            "output": get_weather(**json.loads(call.function.arguments)),
        }
        for call in run.required_action.submit_tool_outputs.tool_calls
    ]
    it.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=it.thread.id, tool_outputs=outputs
    )
    return {"calls": CALLS, "text": it.text()}


def two_turns(base_url: str, key: str) -> dict[str, Any]:
    it = Conversation(base_url, key)
    texts = []
    for said in (ADA, QUESTION):
        it.run(said)
        texts.append(it.text())
    return {"texts": texts}


def stream(base_url: str, key: str) -> dict[str, Any]:
    it = Conversation(base_url, key)
    it.say("Count.")
    with it.beta.threads.runs.stream(
        thread_id=it.thread.id, assistant_id=it.assistant.id
    ) as events:
        pieces = list(events.text_deltas)
    return {"text": "".join(pieces), "pieces": len(pieces)}


def cancel(base_url: str, key: str) -> dict[str, Any]:
    it = Conversation(base_url, key)
    it.say("Work.")
    runs = it.beta.threads.runs
    run = runs.create(thread_id=it.thread.id, assistant_id=it.assistant.id)
    runs.cancel(run.id, thread_id=it.thread.id)
    return {"ended": runs.poll(run.id, thread_id=it.thread.id).status}


def failed(base_url: str, key: str) -> dict[str, Any]:
    run = Conversation(base_url, key).run("Work.")
    return {"ended": run.status, "why": run.last_error.message}


def incomplete(base_url: str, key: str) -> dict[str, Any]:
    it = Conversation(base_url, key)
    run = it.run("Tell me why.")
    return {"ended": run.status, "text": it.text()}


def expired(base_url: str, key: str) -> dict[str, Any]:
    return {"ended": Conversation(base_url, key).run("Work.").status}


play(tool_run, two_turns, stream, cancel, failed, incomplete, expired)
