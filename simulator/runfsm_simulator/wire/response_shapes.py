"""The objects of the Responses API, key by key as the official client types them.

Both profiles have these bodies: nothing was recorded that differs from the types (openai-python
2.54 and 3.54). The keys that are always there, and their order, are those of the reference and of a
body printed in BerriAI/litellm#19899.

What nobody has seen, and what is shown here all the same:

* an item is in the output of a response as soon as it is whole, also while more is being written;
* why an input was too long (`max_prompt_tokens` in a script) is told as `max_output_tokens`;
* a citation names a file by its id, in place of its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from runfsm.lifecycle import MESSAGE, ResponseStatus, RunError, Usage
from runfsm_simulator.wire.bodies.flattools import flat
from runfsm_simulator.wire.shapes import unix
from runfsm_simulator.world.citing import Annotation
from runfsm_simulator.world.hosted import CodeInterpreter, FileResult, HostedStep
from runfsm_simulator.world.models import Message
from runfsm_simulator.world.responsemodels import Conversation, Item, Response

__all__ = [
    "annotation",
    "conversation",
    "deleted_conversation",
    "deleted_response",
    "first_look",
    "item",
    "item_list",
    "response",
    "text_part",
    "typed_page",
]

Json = dict[str, Any]

#: How the reasons of a script sound here.
INCOMPLETE: Final[Mapping[str, str]] = {
    "max_completion_tokens": "max_output_tokens",
    "max_prompt_tokens": "max_output_tokens",
    "spending_limit": "max_output_tokens",
}

#: What a client asks for to see what a hosted tool has found.
SEARCH_RESULTS: Final = "file_search_call.results"
CODE_OUTPUTS: Final = "code_interpreter_call.outputs"


def response(it: Response, include: Collection[str] = ()) -> Json:
    """A response, as it is now."""
    settings = it.terms.settings
    choice = settings.tool_choice
    completed = it.status is ResponseStatus.COMPLETED
    return {
        "id": it.id,
        "object": "response",
        "created_at": unix(it.created_at),
        "status": it.status.value,
        "background": it.background,
        "completed_at": unix(it.completed_at) if completed else None,
        "conversation": it.conversation and {"id": it.conversation.id},
        "error": _error(it.error),
        "incomplete_details": _incomplete(it.incomplete_reason),
        "instructions": it.terms.instructions,
        "max_output_tokens": settings.max_completion_tokens,
        "model": it.terms.model,
        "output": [item(one, include) for one in it.output],
        "parallel_tool_calls": settings.parallel_tool_calls,
        "previous_response_id": it.previous_id,
        "temperature": settings.temperature,
        "tool_choice": choice if isinstance(choice, str) else flat(choice),
        "tools": [flat(tool) for tool in it.terms.tools],
        "top_p": settings.top_p,
        **it.echo,
        "usage": _usage(it.usage),
        "metadata": it.metadata,
    }


def first_look(it: Response, status: ResponseStatus) -> Json:
    """A response as it was at first, in a status in which it had written nothing."""
    ends = {"completed_at": None, "error": None, "incomplete_details": None, "usage": None}
    return {**response(it), "status": status.value, "output": [], **ends}


def _error(error: RunError | None) -> Json | None:
    return {"code": error.code, "message": error.message} if error else None


def _incomplete(reason: str | None) -> Json | None:
    return {"reason": INCOMPLETE.get(reason, reason)} if reason else None


def _usage(usage: Usage | None) -> Json | None:
    if usage is None:
        return None
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.total_tokens,
    }


# Items -------------------------------------------------------------------------------------------


def item(it: Item, include: Collection[str] = ()) -> Json:
    """An item of an input, of an output or of a conversation."""
    if it.message:
        return _message(it.message)
    if it.call:
        call = it.call
        known = {"arguments": call.arguments, "call_id": call.call_id, "name": call.name}
        return {"id": it.id, "type": "function_call", "status": "completed", **known}
    if it.output:
        output = it.output.output
        return {
            "id": it.id,
            "type": "function_call_output",
            "status": "completed",
            "call_id": it.output.call_id,
            "output": output if isinstance(output, str) else list(output),
        }
    if it.hosted:
        return _hosted(it.id, it.hosted, include)
    raise ValueError(f"{it.id} is nothing")


def _message(it: Message) -> Json:
    written = it.role == "assistant"
    return {
        "id": it.id,
        "type": "message",
        "status": it.status.value if it.status in MESSAGE.terminal else "in_progress",
        "role": it.role,
        "content": [_part(part, it.annotations, written=written) for part in it.content],
    }


def _part(
    part: str | Mapping[str, Any], annotations: Iterable[Annotation], *, written: bool
) -> Mapping[str, Any]:
    if not isinstance(part, str):
        return part
    return text_part(part, annotations) if written else {"type": "input_text", "text": part}


def text_part(text: str, annotations: Iterable[Annotation] = ()) -> Json:
    """A text that the model has written."""
    found = [annotation(one) for one in annotations]
    return {"type": "output_text", "annotations": found, "logprobs": [], "text": text}


def annotation(it: Annotation) -> Json:
    """A citation in a text."""
    if it.type == "file_path":
        return {"type": it.type, "file_id": it.file_id, "index": it.index}
    return {
        "type": it.type,
        "file_id": it.file_id,
        "filename": it.file_id,
        "index": it.start,
    }


def _hosted(id: str, it: HostedStep, include: Collection[str]) -> Json:
    head: Json = {"id": id, "type": f"{it.type}_call", "status": "completed"}
    if it.code_interpreter:
        outputs = _outputs(it.code_interpreter) if CODE_OUTPUTS in include else None
        container = f"cntr_{id.partition('_')[2]}"
        return {
            **head,
            "code": it.code_interpreter.input,
            "container_id": container,
            "outputs": outputs,
        }
    results = [_result(one) for one in it.results] if SEARCH_RESULTS in include else None
    return {**head, "queries": [], "results": results}


def _outputs(it: CodeInterpreter) -> list[Json]:
    """What came of a code. An image is a web address here, and none of ours is on the web."""
    return [] if it.logs is None else [{"type": "logs", "logs": it.logs}]


def _result(it: FileResult) -> Json:
    return {
        "attributes": {},
        "file_id": it.file_id,
        "filename": it.file_name,
        "score": it.score,
        "text": it.content,
    }


def item_list(items: Iterable[Item]) -> Json:
    """Items, all of them."""
    data = [item(one) for one in items]
    ends = (data[0]["id"], data[-1]["id"]) if data else ("", "")
    return {
        "object": "list",
        "data": data,
        "first_id": ends[0],
        "last_id": ends[1],
        "has_more": False,
    }


def typed_page(page: Json) -> Json:
    """A page, with the ends of an empty one as the types want them: texts."""
    return {**page, "first_id": page["first_id"] or "", "last_id": page["last_id"] or ""}


# Conversations, and what is gone -----------------------------------------------------------------


def conversation(it: Conversation) -> Json:
    """A conversation."""
    return {
        "id": it.id,
        "object": "conversation",
        "created_at": unix(it.created_at),
        "metadata": it.metadata,
    }


def deleted_conversation(id: str) -> Json:
    """What its deletion answers."""
    return {"id": id, "object": "conversation.deleted", "deleted": True}


def deleted_response(id: str) -> Json:
    """What its deletion answers (reference). The client reads nothing of it."""
    return {"id": id, "object": "response", "deleted": True}
