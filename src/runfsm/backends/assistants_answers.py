"""How the answers of the Assistants wire are read, once, at the edge.

Look-alikes leave fields out, or null, or empty; the client hides nothing of that. What must be
there, or it is none of this API's answers, is said at each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from runfsm.backends.fields import arguments_in
from runfsm.lifecycle.snapshot import (
    METADATA_KEY,
    RunError,
    RunMessage,
    RunRef,
    RunSnapshot,
    ToolCall,
    Usage,
)

__all__ = [
    "join_texts",
    "read_id",
    "read_key",
    "read_message",
    "read_poll_after_s",
    "read_run",
]


def read_id(thing: Any) -> str:
    """The id of anything."""
    if not isinstance(thing.id, str):
        raise TypeError("it has no id")
    return thing.id


def read_run(run: Any) -> RunSnapshot:
    """An `openai` `Run` as a snapshot. Id, thread and status must be there; the rest may not be."""
    if not all(isinstance(part, str) for part in (run.id, run.thread_id, run.status)):
        raise TypeError("a run has an id, a thread_id and a status")
    return RunSnapshot(
        ref=RunRef("assistants", run.id, run.thread_id),
        raw_status=str(run.status),
        calls=_read_calls(run),
        created_at=_moment(run.created_at),
        started_at=_moment(run.started_at),
        expires_at=_moment(run.expires_at),
        error=_read_error(run.last_error),
        incomplete_reason=_get(run.incomplete_details, "reason"),
        usage=_read_usage(run.usage),
        key=read_key(run),
        raw=run,
    )


def _get(thing: Any, *path: str) -> Any:
    for name in path:
        thing = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    return thing


def _moment(value: Any) -> float | None:
    return value if isinstance(value, int | float) else None


def _read_calls(run: Any) -> tuple[ToolCall, ...]:
    calls = _get(run, "required_action", "submit_tool_outputs", "tool_calls") or ()
    return tuple(
        ToolCall(call.id, call.function.name, arguments_in(_get(call.function, "arguments")))
        for call in calls
    )


def _read_error(error: Any) -> RunError | None:
    if error is None:
        return None
    return RunError(_get(error, "code") or "unknown", _get(error, "message") or "")


def _read_usage(usage: Any) -> Usage | None:
    counts = [_get(usage, f"{name}_tokens") for name in ("prompt", "completion", "total")]
    return Usage(*counts) if all(isinstance(count, int) for count in counts) else None


def read_message(message: Any) -> RunMessage:
    """An `openai` `Message`, its text parts joined."""
    text = join_texts(_get(message, "content")) or _text_in(message)
    return RunMessage(_get(message, "id") or "", message.role, text, raw=message)


def join_texts(content: Any) -> str:
    """The text parts of a message's content, or of a piece of it; images and the like are none.

    Look-alikes write one text for all of it, or one for a part: `"content": "Hi"`, and
    `{"type": "text", "text": "Hi"}`.
    """
    parts = content if isinstance(content, list | tuple) else [content]
    return "".join(part if isinstance(part, str) else _text_in(part) for part in parts)


def _text_in(part: Any) -> str:
    text = _get(part, "text")
    value = text if isinstance(text, str) else _get(text, "value")
    return value if isinstance(value, str) else ""


def read_key(thing: Any) -> str | None:
    """The name that the creator of a run or a message gave it."""
    metadata = _get(thing, "metadata")
    key = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    return key if isinstance(key, str) else None


def read_poll_after_s(headers: Mapping[str, str]) -> float | None:
    """When the service wishes to be asked again; the SDKs' poll helpers heed it too."""
    try:
        seconds = float(headers["openai-poll-after-ms"]) / 1000
    except (KeyError, ValueError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
