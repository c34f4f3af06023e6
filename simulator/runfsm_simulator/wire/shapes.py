"""The objects that are given, key by key in the recorded order, null rather than absent.

Where the recordings (openai-dotnet 2025) and the published schema differ, the recordings win:

* a run has `tool_resources` and `reasoning_effort`; usage has `prompt_token_details`, singular;
* a run step has `expires_at` where the schema says `expired_at`, and no `metadata`;
* a message has no `status`, and answers a modification with `file_ids` in place of `attachments`;
* a thread answers its creation and its modification with the `tool_resources` it was given, a
  retrieval with `code_interpreter` filled in; `file_search` comes before `code_interpreter`;
* a completed step keeps its run's `expires_at` until the run is over (ruby-openai 2024-10).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import floor
from typing import Any, Final

from runfsm.lifecycle import RunError, RunStepStatus, ToolCall, Usage
from runfsm_simulator.wire.hosted import hosted_call
from runfsm_simulator.world.citing import Annotation
from runfsm_simulator.world.models import Assistant, Message, Part, Run, Step, Thread

__all__ = [
    "NO_FILES",
    "annotation",
    "assistant",
    "deleted",
    "message",
    "modified_message",
    "new_thread",
    "run",
    "step",
    "thread",
    "unix",
]

NO_FILES: Final[Mapping[str, Any]] = {"code_interpreter": {"file_ids": []}}

#: What each tool may read as long as nobody has given it anything; in the recorded order.
NOTHING_TO_READ: Final[Mapping[str, Mapping[str, Any]]] = {
    "file_search": {"vector_store_ids": []},
    "code_interpreter": {"file_ids": []},
}


def _resources(given: Mapping[str, Any], *, tools: Collection[str] = ()) -> dict[str, Any]:
    """`tool_resources`: what was given, and an empty entry for each of `tools` that got nothing."""
    return {
        tool: {**nothing, **(given.get(tool) or {})}
        for tool, nothing in NOTHING_TO_READ.items()
        if tool in given or tool in tools
    }


def unix(moment: float | None) -> int | None:
    """Whole seconds, as all times on the wire."""
    return None if moment is None else floor(moment)


def deleted(kind: str, id: str) -> dict[str, Any]:
    """What a deletion answers; `kind` is the object's own name."""
    return {"id": id, "object": f"{kind}.deleted", "deleted": True}


def assistant(it: Assistant) -> dict[str, Any]:
    """An assistant."""
    return {
        "id": it.id,
        "object": "assistant",
        "created_at": unix(it.created_at),
        "name": it.name,
        "description": it.description,
        "model": it.model,
        "instructions": it.instructions,
        "tools": list(it.tools),
        "top_p": it.top_p,
        "temperature": it.temperature,
        "reasoning_effort": it.reasoning_effort,
        "tool_resources": _resources(it.tool_resources, tools=[tool["type"] for tool in it.tools]),
        "metadata": it.metadata,
        "response_format": it.response_format,
    }


def new_thread(it: Thread) -> dict[str, Any]:
    """A thread, as its creation and its modification answer."""
    return {
        "id": it.id,
        "object": "thread",
        "created_at": unix(it.created_at),
        "metadata": it.metadata,
        "tool_resources": _resources(it.tool_resources),
    }


def thread(it: Thread) -> dict[str, Any]:
    """A thread, as it is retrieved."""
    return {**new_thread(it), "tool_resources": _resources(it.tool_resources, tools=NO_FILES)}


def message(it: Message) -> dict[str, Any]:
    """A message."""
    return {**_message_head(it), "attachments": list(it.attachments), "metadata": it.metadata}


def modified_message(it: Message) -> dict[str, Any]:
    """A message, as its modification answers: with a key of the API's first version."""
    return {**_message_head(it), "file_ids": [], "metadata": it.metadata}


def _message_head(it: Message) -> dict[str, Any]:
    return {
        "id": it.id,
        "object": "thread.message",
        "created_at": unix(it.created_at),
        "assistant_id": it.assistant_id,
        "thread_id": it.thread_id,
        "run_id": it.run_id,
        "role": it.role,
        "content": [_part(part, it.annotations) for part in it.content],
    }


def _part(part: Part, annotations: Iterable[Annotation]) -> Mapping[str, Any]:
    if isinstance(part, str):
        found = [annotation(one) for one in annotations]
        return {"type": "text", "text": {"value": part, "annotations": found}}
    return part


def annotation(it: Annotation) -> dict[str, Any]:
    """A citation in a text. That a path has its keys in the same order is a guess."""
    return {
        "type": it.type,
        "text": it.text,
        "start_index": it.start,
        "end_index": it.end,
        it.type: {"file_id": it.file_id},
    }


def run(it: Run) -> dict[str, Any]:
    """A run: 29 keys, always all of them."""
    settings = it.terms.settings
    return {
        "id": it.id,
        "object": "thread.run",
        "created_at": unix(it.created_at),
        "assistant_id": it.assistant_id,
        "thread_id": it.thread.id,
        "status": it.status.value,
        "started_at": unix(it.started_at),
        "expires_at": unix(it.expires_at),
        "cancelled_at": unix(it.cancelled_at),
        "failed_at": unix(it.failed_at),
        "completed_at": unix(it.completed_at),
        "required_action": _required_action(it.calls) if it.calls else None,
        "last_error": _last_error(it.error),
        "model": it.terms.model,
        "instructions": it.terms.instructions,
        "tools": list(it.terms.tools),
        "tool_resources": {},
        "metadata": it.metadata,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "reasoning_effort": settings.reasoning_effort,
        "max_completion_tokens": settings.max_completion_tokens,
        "max_prompt_tokens": settings.max_prompt_tokens,
        "truncation_strategy": settings.truncation_strategy,
        "incomplete_details": it.incomplete_reason and {"reason": it.incomplete_reason},
        "usage": _usage(it.usage),
        "response_format": settings.response_format,
        "tool_choice": settings.tool_choice,
        "parallel_tool_calls": settings.parallel_tool_calls,
    }


def _required_action(calls: tuple[ToolCall, ...]) -> dict[str, Any]:
    return {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {"tool_calls": [_call(call) for call in calls]},
    }


def _call(call: ToolCall, **more: Any) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments, **more}
    return {"id": call.call_id, "type": "function", "function": function}


def _last_error(error: RunError | None) -> dict[str, str] | None:
    return {"code": error.code, "message": error.message} if error else None


def _usage(usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def step(it: Step, of: Run, *, contents: bool = False) -> dict[str, Any]:
    """A step of a run; with the `contents` that a search has found, or without."""
    return {
        "id": it.id,
        "object": "thread.run.step",
        "created_at": unix(it.created_at),
        "run_id": of.id,
        "assistant_id": of.assistant_id,
        "thread_id": of.thread.id,
        "type": it.type,
        "status": it.status.value,
        "cancelled_at": _ended(it, RunStepStatus.CANCELLED),
        "completed_at": _ended(it, RunStepStatus.COMPLETED),
        "expires_at": None if of.is_over else unix(of.expires_at),
        "failed_at": _ended(it, RunStepStatus.FAILED),
        "last_error": _last_error(it.error),
        "step_details": _details(it, of, contents=contents),
        "usage": _usage(it.usage),
    }


def _ended(it: Step, status: RunStepStatus) -> int | None:
    return unix(it.ended_at) if it.status is status else None


def _details(it: Step, of: Run, *, contents: bool) -> dict[str, Any]:
    if it.message:
        return {"type": it.type, it.type: {"message_id": it.message.id}}
    if it.hosted:
        shown = [hosted_call(it, of, contents=contents)] if it.ran else []
        return {"type": it.type, it.type: shown}
    calls = [_call(call, output=it.outputs.get(call.call_id)) for call in it.calls]
    return {"type": it.type, it.type: calls}
