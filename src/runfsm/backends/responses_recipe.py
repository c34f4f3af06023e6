"""From an assistant to what is sent with every hop. Pure.

The Responses API knows no assistants: model, instructions and tools go with each request, and are
not carried over. So they are frozen when the run begins, as a *recipe*: the part of the request
that is the same for each hop of a run.

The parameters are those of the Assistants API (*create assistant*, *create run*), translated as
OpenAI's migration guide says; what is no parameter there passes through as the Responses API's own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

from runfsm.errors import CallerError

__all__ = ["assistant_id_of", "messages_of", "recipe_of"]

Json = dict[str, Any]

#: The driver, and the chain, fill these in.
RESERVED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("assistant_id", "thread", "input"), "say it with RunRequest's own fields"),
    **dict.fromkeys(("conversation", "previous_response_id"), "say RunRequest(thread_id=…)"),
    "stream": "say driver.stream(request)",
    "background": "every hop is made in background mode",
    "store": "every hop is stored: nobody could look at it otherwise",
}

#: What has no counterpart, and what to do about it.
GONE: Final[Mapping[str, str]] = {
    "max_prompt_tokens": "say truncation='auto', which makes room when there is none",
    "attachments": "put the files into a vector store, and name that in the file_search tool",
}

#: An assistant's own, which no request has; a run's metadata are its own.
UNSENT: Final = frozenset({"name", "description", "metadata"})


def assistant_id_of(params: Mapping[str, Any]) -> str:
    """An id for these parameters: whoever says the same gets the same, in any process.

    Raises:
        CallerError: they are no JSON.
    """
    try:
        text = json.dumps(params, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CallerError(f"an assistant is made of JSON, and this is none: {error}") from error
    return f"asst_{blake2b(text.encode(), digest_size=12).hexdigest()}"


def recipe_of(assistant: Mapping[str, Any], options: Mapping[str, Any]) -> Json:
    """What is sent with every hop of a run.

    Args:
        assistant: parameters of *create assistant*.
        options: parameters of *create run*, which go before the assistant's.

    Raises:
        CallerError: the Responses API has no such thing; the message says what to write instead.

    Example:
        >>> recipe_of({"model": "gpt-5", "reasoning_effort": "low"}, {"max_completion_tokens": 99})
        {'model': 'gpt-5', 'reasoning': {'effort': 'low'}, 'max_output_tokens': 99}
    """
    wanted = {name: value for name, value in options.items() if value is not None}
    own = {name: value for name, value in assistant.items() if value is not None}
    given = {name: value for name, value in own.items() if name not in UNSENT} | wanted
    _check(given)
    _add_instructions(given)
    given.pop("additional_messages", None)
    resources = given.pop("tool_resources", {})
    if "tools" in given:
        given["tools"] = [_flat(tool, resources) for tool in given["tools"]]
    recipe: Json = {}
    for name, value in given.items():
        recipe |= TRANSLATED.get(name, lambda value, name=name: {name: value})(value)
    if "model" not in recipe:
        raise CallerError("an assistant has a model: backend.create_assistant(model='gpt-5', …)")
    return recipe


def _check(given: Mapping[str, Any]) -> None:
    for name in given:
        if name in RESERVED:
            raise CallerError(f"{name} is no option here: {RESERVED[name]}")
        if name in GONE:
            raise CallerError(f"the Responses API has no {name}: {GONE[name]}")


def _add_instructions(given: Json) -> None:
    more = given.pop("additional_instructions", None)
    if more:
        given["instructions"] = "\n".join(filter(None, (given.get("instructions"), more)))


# One parameter each ------------------------------------------------------------------------------


def _flat(tool: Mapping[str, Any], resources: Mapping[str, Any]) -> Json:
    """A tool, without the object within it; and with the files that it may use."""
    kind = tool["type"]
    inner = tool.get(kind)
    known = {**tool, **(inner if isinstance(inner, Mapping) else {})}
    flat = {name: value for name, value in known.items() if value is not None}
    if isinstance(inner, Mapping):
        del flat[kind]
    files = resources.get(kind) or {}
    match kind:
        case "function":
            return {"parameters": {"type": "object", "properties": {}}, "strict": False, **flat}
        case "file_search":
            return {"vector_store_ids": files.get("vector_store_ids", []), **flat}
        case "code_interpreter":
            ids = {"file_ids": files["file_ids"]} if files.get("file_ids") else {}
            return {"container": {"type": "auto", **ids}, **flat}
    return flat


def _choice(choice: Any) -> Json:
    if not isinstance(choice, Mapping):
        return {"tool_choice": choice}
    return {"tool_choice": {"type": choice["type"], **(choice.get("function") or choice)}}


def _format(wanted: Any) -> Json:
    if wanted == "auto":
        return {}
    inner = wanted.get("json_schema")
    flat = {"type": wanted["type"], **inner} if isinstance(inner, Mapping) else dict(wanted)
    return {"text": {"format": flat}}


def _truncation(strategy: Mapping[str, Any]) -> Json:
    if strategy.get("type") != "auto":
        raise CallerError(
            "the Responses API cannot keep the last messages only: say truncation_strategy="
            "{'type': 'auto'}, or begin a new thread"
        )
    return {"truncation": "auto"}


TRANSLATED: Final[Mapping[str, Callable[[Any], Json]]] = {
    "max_completion_tokens": lambda value: {"max_output_tokens": value},
    "reasoning_effort": lambda value: {"reasoning": {"effort": value}},
    "response_format": _format,
    "tool_choice": _choice,
    "truncation_strategy": _truncation,
}


# Messages ----------------------------------------------------------------------------------------


def messages_of(messages: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Messages of the Assistants API, as items.

    Raises:
        CallerError: one has what an item cannot have.
    """
    return [_message(message) for message in messages]


def _message(message: Mapping[str, Any]) -> Json:
    _check({name: value for name, value in message.items() if value and name == "attachments"})
    content, role = message.get("content"), message.get("role", "user")
    if not isinstance(content, str):
        content = [_part(part, role) for part in content or ()]
    return {"type": "message", "role": role, "content": content}


def _part(part: Mapping[str, Any], role: str) -> Json:
    inner = part.get(part["type"])
    match part["type"]:
        case "text":
            text = inner["value"] if isinstance(inner, Mapping) else inner
            return {"type": "output_text" if role == "assistant" else "input_text", "text": text}
        case "image_url" if isinstance(inner, Mapping):
            detail = {"detail": inner["detail"]} if inner.get("detail") else {}
            return {"type": "input_image", "image_url": inner["url"], **detail}
        case "image_file" if isinstance(inner, Mapping):
            detail = {"detail": inner["detail"]} if inner.get("detail") else {}
            return {"type": "input_image", "file_id": inner["file_id"], **detail}
    return dict(part)
