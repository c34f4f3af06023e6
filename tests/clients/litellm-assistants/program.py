"""LiteLLM's Assistants API: `create_assistants`, `create_thread`, `add_message`, `run_thread`."""

from __future__ import annotations

from typing import Any

import litellm

from clientprogram import ADA, QUESTION, play


class Conversation:
    """An assistant and a thread."""

    def __init__(self, base_url: str, key: str) -> None:
        self.where = {"custom_llm_provider": "openai", "api_base": base_url, "api_key": key}
        self.assistant = litellm.create_assistants(model="gpt-4o", **self.where)
        self.thread = litellm.create_thread(**self.where)

    def say(self, text: str) -> None:
        litellm.add_message(thread_id=self.thread.id, role="user", content=text, **self.where)

    def run(self, text: str, **how: Any) -> Any:
        self.say(text)
        ids = {"thread_id": self.thread.id, "assistant_id": self.assistant.id}
        return litellm.run_thread(**ids, **self.where, **how)

    def text(self) -> str:
        messages = litellm.get_messages(thread_id=self.thread.id, **self.where)
        return messages.data[0].content[0].text.value


def two_turns(base_url: str, key: str) -> dict[str, Any]:
    it = Conversation(base_url, key)
    texts = []
    for said in (ADA, QUESTION):
        it.run(said)
        texts.append(it.text())
    return {"texts": texts}


def stream(base_url: str, key: str) -> dict[str, Any]:
    with Conversation(base_url, key).run("Count.", stream=True) as events:
        pieces = list(events.text_deltas)
    return {"text": "".join(pieces), "pieces": len(pieces)}


def failed(base_url: str, key: str) -> dict[str, Any]:
    run = Conversation(base_url, key).run("Work.")
    return {"ended": run.status, "why": run.last_error.message}


def incomplete(base_url: str, key: str) -> dict[str, Any]:
    it = Conversation(base_url, key)
    run = it.run("Tell me why.")
    return {"ended": run.status, "text": it.text()}


def expired(base_url: str, key: str) -> dict[str, Any]:
    return {"ended": Conversation(base_url, key).run("Work.").status}


play(two_turns, stream, failed, incomplete, expired)
