"""The objects of the Agents API, key by key as the official client types them.

Both profiles have these bodies: what is known is the types (openai-python 3.54), and what others
saw of the live service (MiniMax-AI/OpenAgentCore, contracts/agents-api, probes of 2026-09):

* usage is null when a turn ends, and measured seconds later; a session's is null while that of one
  of its turns is;
* lists of items leave out what is not complete; a message has a `phase`, null for a user's;
* of the result of a call, `output` and `error` are both there.

What nobody has seen: how the reasons of a script for a cut sound here; the `error` of a session
whose turn has failed; and arguments that are no JSON object. They go out as the text that they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import from_json

from runfsm.lifecycle import ToolCall
from runfsm_simulator.wire.bodies.flattools import flat
from runfsm_simulator.wire.shapes import unix
from runfsm_simulator.world.sessionmodels import Session, SessionTurn, ToolResult, TurnItem
from runfsm_simulator.world.terms import Json as Kept

__all__ = ["deleted_session", "failure", "item", "listed", "session", "turn"]

Json = dict[str, Any]

#: How the codes of a script's failures sound here, where they sound otherwise.
FAILURES: Final[Mapping[str, str]] = {"invalid_prompt": "invalid_request"}

#: How the reasons of a script for a cut do: an answer that is cut has failed.
CUTS: Final[Mapping[str, tuple[str, str]]] = {
    "max_completion_tokens": ("max_output_tokens", "The model reached its output token limit."),
    "max_prompt_tokens": ("context_length_exceeded", "The input exceeds the context window."),
    "spending_limit": ("session_budget_exceeded", "The session's spending limit was reached."),
}


def session(it: Session, *, now: float = -math.inf) -> Json:
    """A session as it is now.

    Args:
        it: the session.
        now: what usage is measured by then (Unix seconds); none, if nothing is given.
    """
    newest = it.newest
    error = failure(newest) if newest and it.status == "failed" else None
    return {
        "id": it.id,
        "object": "agent.session",
        "agent": {
            "id": it.agent_id,
            "instructions": it.terms.instructions,
            "model": it.terms.model,
            "name": None,
            **it.echo,
            "tools": [flat(tool) for tool in it.terms.tools],
        },
        "created_at": unix(it.created_at),
        "environment": {"type": "none"},
        "error": error and error["message"],
        "last_active_at": unix(it.last_active_at),
        "metadata": it.metadata,
        "required_actions": [_required(call, newest) for call in newest.calls] if newest else [],
        "status": it.status,
        "usage": _usage(*it.turns.values(), now=now),
        **it.extras,
    }


def turn(it: SessionTurn, *, now: float = -math.inf) -> Json:
    """A turn as it is now; `now` as for `session`."""
    return {
        "id": it.id,
        "object": "agent.session.turn",
        "agent_id": it.session.agent_id,
        "completed_at": unix(it.ended_at),
        "created_at": unix(it.created_at),
        "error": failure(it),
        "session_id": it.session.id,
        "started_at": unix(it.started_at),
        "status": it.status.value,
        "subagent_id": None,
        "usage": _usage(it, now=now),
        "prompt_cache_options": None,
    }


def failure(it: SessionTurn) -> Json | None:
    """Why a turn has failed, if it has."""
    if it.error:
        code = it.error.code
        return {"code": FAILURES.get(code, code), "message": it.error.message}
    if it.incomplete_reason:
        code, message = CUTS[it.incomplete_reason]
        return {"code": code, "message": message}
    return None


def _required(call: ToolCall, of: SessionTurn) -> Json:
    return {
        "type": "function_call",
        "arguments": _arguments(call.arguments),
        "call_id": call.call_id,
        "name": call.name,
        "turn_id": of.id,
    }


def _usage(*turns: SessionTurn, now: float) -> Json | None:
    if not all(one.has_usage(now) for one in turns):
        return None
    known = [one.usage for one in turns if one.usage]
    return {
        "input_tokens": sum(usage.prompt_tokens for usage in known),
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": sum(usage.completion_tokens for usage in known),
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sum(usage.total_tokens for usage in known),
    }


def deleted_session(id: str) -> Json:
    """What its deletion answers."""
    return {"id": id, "object": "agent.session.deleted", "deleted": True}


# Items -------------------------------------------------------------------------------------------


def listed(it: SessionTurn) -> list[TurnItem]:
    """The items of a turn that a list shows: those that are complete."""
    done = {"completed", "failed"}
    return [item for item in it.items.values() if it.status_of(item) in done]


def item(it: TurnItem, of: SessionTurn) -> Json:
    """An item of a turn."""
    head: Json = {"id": it.id, "turn_id": it.turn_id, "status": of.status_of(it)}
    if it.message:
        written = it.is_output
        return {
            **head,
            "type": "message",
            "role": it.message.role,
            "phase": "final_answer" if written else None,
            "content": [_part(part, written=written) for part in it.message.content],
        }
    if it.call:
        known = {"call_id": it.call.call_id, "name": it.call.name}
        arguments = _arguments(it.call.arguments)
        return {**head, "type": "function_call", **known, "arguments": arguments}
    if it.result:
        return {**head, "type": "function_call_output", **_result(it.result)}
    raise ValueError(f"{it.id} is nothing")


def _part(part: str | Kept, *, written: bool) -> Kept:
    if isinstance(part, str):
        return {"type": "output_text" if written else "input_text", "text": part}
    return part


def _result(it: ToolResult) -> Json:
    output = it.output if it.output is None or isinstance(it.output, str) else list(it.output)
    return {"call_id": it.call_id, "output": output, "error": it.error}


def _arguments(text: str) -> Any:
    """The arguments of a call: an object, other than on the other wires."""
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text
