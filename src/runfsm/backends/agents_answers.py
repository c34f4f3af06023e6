"""How the answers of the Agents API are read, once, at the edge. Pure.

Everything here is about JSON as it came: the official client has types of it since openai 3 only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from runfsm.backends.fields import (
    arguments_in,
    error_in,
    number_in,
    object_in,
    objects_in,
    usage_in,
)
from runfsm.backends.responses_answers import Item, read_items
from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.snapshot import RunError, RunRef, RunSnapshot, ToolCall, Usage
from runfsm.lifecycle.turn import TURN, TurnStatus

__all__ = ["Actions", "Turn", "read_actions", "read_session_id", "read_turn", "read_turns"]

#: What a session waits for: calls and requests, each with the turn that asks for it, if one does.
Actions = tuple[tuple[str | None, ToolCall], ...]

#: Failures that are none of a run: a limit of the client's own has cut its answer short.
CUTS: Final = frozenset({"max_output_tokens", "session_budget_exceeded"})


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn.

    Attributes:
        id: of the turn.
        session_id: of its session.
        status: as the service wrote it.
        created_at: Unix time in seconds.
        started_at: the same.
        error: why it failed.
        usage: tokens: input, output, total; the service counts them some time after its end.
        raw: the answer.
    """

    id: str
    session_id: str
    status: str
    created_at: float | None
    started_at: float | None
    error: RunError | None
    usage: tuple[int, int, int] | None
    raw: Item

    @property
    def is_over(self) -> bool:
        """Whether it has ended. Of a status that is not known, nobody knows."""
        return self.status in TURN.terminal

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its client, or for a cancel to come through."""
        return self.status == TurnStatus.WAITING

    def shown(self, ref: RunRef, *, is_cancelling: bool, **more: Any) -> RunSnapshot:
        """The run that this turn is.

        Args:
            ref: its name.
            is_cancelling: whether a cancel of it was accepted. No turn shows that.
            **more: what is known from elsewhere.
        """
        cut = self.error.code if self.error and self.error.code in CUTS else None
        means: RunStatus | None = None
        if is_cancelling and not self.is_over:
            means = RunStatus.CANCELLING
        elif self.is_waiting:
            means = RunStatus.REQUIRES_ACTION
        elif cut:
            means = RunStatus.INCOMPLETE
        return RunSnapshot(
            ref=ref,
            raw_status=self.status,
            created_at=self.created_at,
            started_at=self.started_at,
            means=means,
            error=None if cut else self.error,
            incomplete_reason=cut,
            usage=Usage(*self.usage) if self.usage else None,
            raw=self.raw,
            **more,
        )


def read_turn(body: Any) -> Turn:
    """A turn. Ids and status must be there; the rest may not be.

    Raises:
        TypeError: it is none.
    """
    fields = ("id", "session_id", "status")
    known: dict[str, Any] = {name: object_in(body).get(name) for name in fields}
    if not all(isinstance(one, str) for one in known.values()):
        raise TypeError("a turn has an id, a session and a status")
    return Turn(
        **known,
        created_at=number_in(body.get("created_at")),
        started_at=number_in(body.get("started_at")),
        error=error_in(body.get("error")),
        usage=usage_in(body.get("usage")),
        raw=body,
    )


def read_turns(body: Any) -> tuple[Turn, ...]:
    """A page of turns, but for those of subagents.

    Raises:
        TypeError: it is none.
    """
    return tuple(read_turn(one) for one in read_items(body) if one.get("subagent_id") is None)


def read_session_id(body: Any) -> str:
    """The id of a session.

    Raises:
        TypeError: it is none.
    """
    session_id = object_in(body).get("id")
    if not isinstance(session_id, str):
        raise TypeError("a session has an id")
    return session_id


def read_actions(body: Any) -> Actions:
    """What a session waits for.

    Raises:
        TypeError: it is none.
    """
    read_session_id(body)
    actions = objects_in(body.get("required_actions"))
    return tuple((action.get("turn_id"), _call(action)) for action in actions)


def _call(action: Mapping[str, Any]) -> ToolCall:
    kind = str(action.get("type"))
    if kind == "function_call":
        text = arguments_in(action.get("arguments"))
        return ToolCall(str(action.get("call_id")), str(action.get("name")), text)
    named = (action.get(f"{name}_id") for name in ("request", "environment"))
    call_id = next((name for name in named if name is not None), kind)
    asked = action.get("request") or {}
    return ToolCall(str(call_id), kind, json.dumps(asked), kind=kind)
