"""The things of the Agents API: sessions, their turns, and the items in those.

A turn is work of the model as a run is (`models.Work`), and moves by its own table. All turns of a
session read and write one thread, one after another: the newest alone can be on its way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from runfsm.lifecycle import (
    MESSAGE,
    TURN,
    Edge,
    Lifecycle,
    MessageStatus,
    RunEvent,
    RunStepEvent,
    ToolCall,
    TurnStatus,
)
from runfsm_simulator.world.happenings import RunMoved, StepMoved
from runfsm_simulator.world.models import Message, Thread, Work
from runfsm_simulator.world.responsemodels import item_of, joined
from runfsm_simulator.world.terms import Json, Terms

__all__ = ["ItemStatus", "Session", "SessionStatus", "SessionTurn", "ToolResult", "TurnItem"]

ItemStatus = Literal["in_progress", "completed", "failed", "incomplete"]
SessionStatus = Literal["idle", "in_progress", "requires_action", "failed", "budget_reached"]

#: Usage is null when a turn ends, and measured seconds later (probes of the live service).
USAGE_AFTER_S: Final = 2.0

#: How many idempotency keys a session remembers. Nobody tells how many the service does.
KEYS_MAX: Final = 1_000

#: How webhooks name what a session has become. Of its limit they have no word.
ANNOUNCED: Final[Mapping[SessionStatus, str]] = {
    "in_progress": "agent.session.in_progress",
    "requires_action": "agent.session.action_required",
    "idle": "agent.session.idle",
    "failed": "agent.session.failed",
}

#: What a session is, by the status of its newest turn.
SESSION_STATUS: Final[Mapping[TurnStatus, SessionStatus]] = {
    TurnStatus.QUEUED: "in_progress",
    TurnStatus.IN_PROGRESS: "in_progress",
    TurnStatus.WAITING: "requires_action",
    TurnStatus.CANCELLED: "idle",
    TurnStatus.FAILED: "failed",
    TurnStatus.COMPLETED: "idle",
}


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What became of a call: what the function has answered, or why it has not.

    Attributes:
        turn_id: the turn that asked for it.
        call_id: which call.
        success: whether the function has answered.
        output: its answer: a text, or content as it came.
        error: why there is none.
    """

    turn_id: str
    call_id: str
    success: bool
    output: str | tuple[Json, ...] | None = None
    error: str | None = None

    @property
    def text(self) -> str:
        """What the model reads of it."""
        return joined(self.output or "") if self.success else self.error or ""


@dataclass(slots=True, eq=False)
class TurnItem:
    """An entry of a turn. Exactly one of the last three is given."""

    id: str
    turn_id: str
    message: Message | None = None
    call: ToolCall | None = None
    result: ToolResult | None = None

    @property
    def is_output(self) -> bool:
        """Whether the model has made it."""
        return self.call is not None or (self.message is not None and bool(self.message.run_id))


@dataclass(slots=True, eq=False, kw_only=True)
class SessionTurn(Work):
    """A turn.

    Attributes:
        session: that it is one of.
        items: what was said to it, and what it has made, in the order of coming.
        results: of its calls, of all rounds, by their ids.
    """

    session: Session
    items: dict[str, TurnItem] = field(default_factory=dict)
    results: dict[str, ToolResult] = field(default_factory=dict)
    status: TurnStatus = TURN.initial

    @property
    def lifecycle(self) -> Lifecycle[Any, RunEvent]:
        """The table of one turn."""
        return TURN

    @property
    def channel(self) -> str:
        """One listens to a session, and not to its turns."""
        return self.session.id

    def announced(self, edge: Edge[Any, RunEvent]) -> Iterator[tuple[str, str]]:
        """That its session is there, and what that has become."""
        about = self.session.id
        if edge.source is None and len(self.session.turns) == 1:
            yield "agent.session.created", about
        was = SESSION_STATUS[edge.source] if edge.source else None
        is_ = self.session.status
        if is_ != was and is_ in ANNOUNCED:
            yield ANNOUNCED[is_], about

    def remember(self, happening: Any) -> None:
        """What the model makes is an item from its beginning on."""
        match happening:
            case StepMoved(_, step, RunStepEvent.OPEN) if step.message:
                self.add(TurnItem(step.message.id, self.id, message=step.message))
            case RunMoved(_, edge) if edge.event is RunEvent.REQUIRE_ACTION:
                for call in self.calls:  # in a storm, one may be shown twice
                    self.add(TurnItem(item_of(call).id, self.id, call=call))

    def add(self, item: TurnItem) -> None:
        """One more item, at the end."""
        self.items[item.id] = item

    def status_of(self, item: TurnItem) -> ItemStatus:
        """How far an item has come. What a client has added is complete."""
        if item.call:
            return self._call_status(item.call.call_id)
        if item.result:
            return "completed" if item.result.success else "failed"
        status = item.message.status if item.message else MessageStatus.COMPLETED
        return status.value if status in MESSAGE.terminal or not self.is_over else "incomplete"

    def _call_status(self, call_id: str) -> ItemStatus:
        result = self.results.get(call_id)
        if result:
            return "completed" if result.success else "failed"
        return "incomplete" if self.is_over else "in_progress"

    def output_index(self, item: TurnItem) -> int | None:
        """Its place in what the model has made; `None` for what a client has added."""
        if not item.is_output:
            return None
        made = [one.id for one in self.items.values() if one.is_output]
        return made.index(item.id)

    def has_usage(self, now: float) -> bool:
        """Whether its usage is measured by `now`."""
        return self.ended_at is not None and now >= self.ended_at + USAGE_AFTER_S


@dataclass(slots=True, eq=False, kw_only=True)
class Session:
    """A session.

    Attributes:
        agent_id: of the agent that was made for it.
        terms: what its next turn works with.
        echo: what is only said again of the agent, in the wire's form.
        extras: the same of the session itself.
        thread: what its turns read and write.
        turns: in the order of creation.
        seen_keys: the idempotency keys of what was sent to it, oldest first.
        is_deleted: whether it is only known that there was one.
    """

    id: str
    created_at: float
    agent_id: str
    terms: Terms
    echo: Json
    extras: Json
    metadata: Mapping[str, str]
    thread: Thread
    turns: dict[str, SessionTurn] = field(default_factory=dict)
    seen_keys: dict[str, None] = field(default_factory=dict)
    is_deleted: bool = False

    @property
    def newest(self) -> SessionTurn | None:
        """The latest turn."""
        return next(reversed(self.turns.values()), None)

    @property
    def active(self) -> SessionTurn | None:
        """The turn that is on its way."""
        newest = self.newest
        return newest if newest and not newest.is_over else None

    @property
    def status(self) -> SessionStatus:
        """What its newest turn makes it. One that is cancelled requires no action any more."""
        if self.newest is None:
            return "idle"
        if self.newest.incomplete_reason == "spending_limit":
            return "budget_reached"
        status = SESSION_STATUS[self.newest.status]
        return "in_progress" if status == "requires_action" and not self.newest.calls else status

    @property
    def last_active_at(self) -> float:
        """When its newest turn moved last (Unix seconds)."""
        turn = self.newest
        return (turn.ended_at or turn.started_at or turn.created_at) if turn else self.created_at

    def remember_key(self, key: str) -> None:
        """What came with this key is done; the oldest key is forgotten when there are too many."""
        self.seen_keys[key] = None
        if len(self.seen_keys) > KEYS_MAX:
            del self.seen_keys[next(iter(self.seen_keys))]
