"""From an assistant to the agent of a session, and from messages to its input. Pure.

A session has its agent from its creation on, so a thread's first run says what it is. Parameters
are those of the Assistants API (*create assistant*, *create run*), translated as for the Responses
API (`responses_recipe.py`); a session knows fewer of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runfsm.backends.content import agents_content
from runfsm.backends.responses_recipe import messages_of, recipe_of
from runfsm.driver.request import RunRequest
from runfsm.errors import CallerError

__all__ = ["check_agent", "check_later", "input_of", "session_of"]

Json = dict[str, Any]

#: What a session has beside its agent (openai-python: `sessions.create`).
OF_SESSION: Final = frozenset(
    {"environment", "metadata", "prompt_cache_options", "review", "spend_control", "vault_ids"}
)

#: What its agent has, in its own words and in those that are translated.
OF_AGENT: Final = frozenset({
    "additional_instructions", "compaction", "experimental", "instructions", "model",
    "multi_agent", "reasoning", "reasoning_effort", "response_format", "service_tier", "text",
    "tools",
})  # fmt: skip  # a list of words, not a column

#: What an assistant has for itself.
UNSENT: Final = frozenset({"name", "description", "metadata"})


def check_agent(assistant: Mapping[str, Any]) -> None:
    """Whether an agent can be made of an assistant.

    Raises:
        CallerError: it cannot.
    """
    _agent(assistant, {})


def session_of(
    assistant_id: str, assistant: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> Json:
    """What a session is created with, but for its input.

    Args:
        assistant_id: if the app did not say what it is, the id of an agent that the service keeps.
        assistant: parameters of *create assistant*, if it did.
        options: parameters of *create run*, which go before the assistant's.

    Raises:
        CallerError: a session has no such thing.

    Example:
        >>> session_of("asst_1", {"model": "gpt-5", "name": "Ann"}, {"metadata": {"user": "7"}})
        {'metadata': {'user': '7'}, 'agent': {'model': 'gpt-5'}}
        >>> session_of("agent_7", None, {})
        {'agent_id': 'agent_7'}
    """
    given = {name: value for name, value in options.items() if value is not None}
    own = {name: value for name, value in given.items() if name in OF_SESSION}
    more = {name: value for name, value in given.items() if name not in OF_SESSION}
    more.pop("additional_messages", None)
    if assistant is not None:
        return {**own, "agent": _agent(assistant, more)}
    changed = _agent({"model": ""}, more)
    if not changed["model"]:
        del changed["model"]
    return {**own, **({"agent": changed} if changed else {}), "agent_id": assistant_id}


def check_later(options: Mapping[str, Any]) -> None:
    """Whether a later run of a thread may have these options.

    Raises:
        CallerError: they are for its first.
    """
    for name in {*options} - {"additional_messages"}:
        raise CallerError(
            f"{name} comes too late: a session keeps the agent that it was created with, so options"
            f" go with a thread's first run. For another agent, begin a new thread"
        )


def _agent(assistant: Mapping[str, Any], options: Mapping[str, Any]) -> Json:
    own = {name: value for name, value in assistant.items() if name not in UNSENT}
    if wrong := sorted(({*own} | {*options}) - OF_AGENT):
        raise CallerError(
            f"the Agents API has no {', '.join(wrong)}; an agent has {', '.join(sorted(OF_AGENT))}"
        )
    agent = recipe_of(own, options)
    if "tools" in agent:
        agent["tools"] = [_tool(tool) for tool in agent["tools"]]
    if "text" in agent and "response_format" in {*own, *options}:
        agent["text"] = _text(agent["text"])
    return agent


def _text(text: Mapping[str, Any]) -> Json:
    """A format that was another API's; here a schema has neither a name nor `strict`."""
    if not isinstance(wanted := text.get("format"), Mapping):
        return dict(text)
    kept = {name: it for name, it in wanted.items() if name in {"type", "schema"}}
    return {**text, "format": kept}


def _tool(tool: Mapping[str, Any]) -> Json:
    """A tool; a function has a description, and is not strict in so many words."""
    if tool.get("type") != "function":
        return dict(tool)
    return {"description": "", **{name: it for name, it in tool.items() if name != "strict"}}


# What is said ------------------------------------------------------------------------------------


def input_of(request: RunRequest, waiting: Sequence[Json]) -> list[Json]:
    """What a turn begins with: messages that wait for it, and the run's own.

    Raises:
        CallerError: there is none, or not of a user.
    """
    given = [*waiting, *(request.options.get("additional_messages") or ())]
    if request.message is not None:
        given.append({"role": "user", "content": agents_content(request.message)})
    if not given:
        raise CallerError(
            "a turn begins with a message: RunRequest(assistant_id, 'Hi'), or add_message before"
        )
    return [_said(message) for message in messages_of(given)]


def _said(message: Json) -> Json:
    if message["role"] != "user":
        raise CallerError(f"a session is told what users say, and not {message['role']}s")
    content = message["content"]
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}]
    return {"role": "user", "content": content}
