"""A run as JSON objects, for scripts: what is told while it goes, and how it ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from runfsm.driver.live import LiveItem, StepUpdate, TextDelta
from runfsm.driver.outcome import Outcome
from runfsm.errors import BackendError
from runfsm.lifecycle.snapshot import RunRef, ToolCall

__all__ = ["error_to_dict", "item_to_dict", "outcome_to_dict", "ref_to_dict"]


def item_to_dict(item: LiveItem, *, arguments: bool = False) -> dict[str, Any]:
    """What a live run tells, as a JSON object.

    Args:
        item: a step of its journal, a piece of text, a run step or a tool call.
        arguments: whether to tell a call's arguments, too.
    """
    match item:
        case TextDelta(message_id, text):
            return {"kind": "text", "message_id": message_id, "text": text}
        case StepUpdate(step_id, type_, status):
            return {"kind": "run_step", "step_id": step_id, "type": type_, "status": status}
        case ToolCall(call_id, name, written):
            told = {"arguments": written} if arguments else {}
            return {"kind": "tool_call", "call_id": call_id, "name": name, **told}
        case step:
            return step.to_dict()


def outcome_to_dict(outcome: Outcome) -> dict[str, Any]:
    """How a run ended, as a JSON object; without messages' ids and without the journal."""
    return {
        **ref_to_dict(outcome.ref),
        "status": outcome.status,
        "text": outcome.text,
        "error": outcome.error and asdict(outcome.error),
        "incomplete_reason": outcome.incomplete_reason,
        "cancel_reason": outcome.cancel_reason,
        "usage": outcome.usage and asdict(outcome.usage),
    }


def error_to_dict(error: Exception) -> dict[str, Any]:
    """Why there is no outcome, as a JSON object; the run, if one was made, may go on."""
    fault = error.fault if isinstance(error, BackendError) else None
    return {
        **ref_to_dict(getattr(error, "ref", None)),
        "type": type(error).__name__,
        "message": str(error),
        "fault": fault and fault.kind,
        "status_code": fault and fault.status_code,
        "request_id": fault and fault.request_id,
    }


def ref_to_dict(ref: RunRef | None) -> dict[str, str | None]:
    """Which run; `None`: none is known."""
    return {
        "run_id": ref.run_id if ref else None,
        "thread_id": ref.thread_id if ref else None,
    }
