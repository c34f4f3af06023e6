"""The things of the world: assistants, threads, messages, runs, steps. State, and no rule.

Those of the Responses API are in `responsemodels.py`, those of the Agents API in
`sessionmodels.py`.

Times are Unix seconds. What only passes through (tools, metadata, image parts, a tool choice) is
kept in the form in which it came.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from runfsm.lifecycle import (
    LIFECYCLE,
    MESSAGE,
    RUN_STEP,
    Edge,
    Lifecycle,
    MessageEvent,
    MessageStatus,
    RunError,
    RunEvent,
    RunStatus,
    RunStepEvent,
    RunStepStatus,
    ToolCall,
    Usage,
)
from runfsm_simulator.world.citing import Annotation
from runfsm_simulator.world.draft import Draft
from runfsm_simulator.world.hosted import HostedStep
from runfsm_simulator.world.script import Turn
from runfsm_simulator.world.terms import Json, Terms
from runfsm_simulator.world.turnsteps import TurnStep

__all__ = [
    "Assistant",
    "Message",
    "NewMessage",
    "Part",
    "Run",
    "Step",
    "Thread",
    "Work",
]

Part = str | Json  # of a message: a text, or an image as it came
StepType = Literal["message_creation", "tool_calls"]
CutReason = Literal["max_tokens", "run_cancelled", "run_expired", "run_failed"]


@dataclass(slots=True)
class Assistant:
    """Who answers. A run copies from it what it needs, and is not touched by a later change."""

    id: str
    created_at: float
    model: str
    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    tools: tuple[Json, ...] = ()
    temperature: float = 1.0
    top_p: float = 1.0
    reasoning_effort: str | None = None
    response_format: Any = "auto"
    tool_resources: Json = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that a client adds."""

    role: str
    content: tuple[Part, ...]
    attachments: tuple[Json, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Its text parts, joined."""
        return _text(self.content)


@dataclass(slots=True)
class Message:
    """A message of a thread. One from a client is born complete, and belongs to no run.

    Attributes:
        annotations: of its text; only what a run has written has any.
    """

    id: str
    created_at: float
    thread_id: str
    role: str
    content: tuple[Part, ...]
    status: MessageStatus
    attachments: tuple[Json, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    assistant_id: str | None = None
    run_id: str | None = None
    incomplete_reason: CutReason | None = None
    ended_at: float | None = None
    annotations: tuple[Annotation, ...] = ()

    @property
    def text(self) -> str:
        """Its text parts, joined."""
        return _text(self.content)

    def move(self, event: MessageEvent, now: float) -> None:
        """Take an edge of the message's table."""
        self.status = MESSAGE.next(self.status, event).dest
        self.ended_at = now


def _text(content: tuple[Part, ...]) -> str:
    return "".join(part for part in content if isinstance(part, str))


@dataclass(slots=True)
class Step:
    """One message written, or one round of tool calls.

    Attributes:
        draft: what it is going to hold; nobody sees that before it is there.
        told: how many pieces of the draft a listener has heard of.
        interim: whether it is a message before its turn's outcome.
        hosted: the tool that the service runs in it, if it does.
        hosted_id: the id of that call.
        ran: whether that tool has run: its call is seen, with what came of it.
    """

    id: str
    created_at: float
    type: StepType
    prompt_tokens: int
    status: RunStepStatus
    message: Message | None = None
    calls: tuple[ToolCall, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    completion_tokens: int = 0
    ended_at: float | None = None
    error: RunError | None = None
    draft: Draft | None = None
    told: int = 0
    interim: bool = False
    hosted: HostedStep | None = None
    hosted_id: str = ""
    ran: bool = False

    @property
    def is_of_turn(self) -> bool:
        """Return whether it is one of the steps that its turn takes before the outcome."""
        return self.interim or self.hosted is not None

    @property
    def usage(self) -> Usage | None:
        """Tokens; told when the step is over, as recorded."""
        if self.status not in RUN_STEP.terminal:
            return None
        total = self.prompt_tokens + self.completion_tokens
        return Usage(self.prompt_tokens, self.completion_tokens, total)

    def move(self, event: RunStepEvent, now: float) -> None:
        """Take an edge of the run step's table."""
        self.status = RUN_STEP.next(self.status, event).dest
        self.ended_at = now


#: The event that a turn of each kind ends with. One that hangs has none.
OUTCOMES: Final[Mapping[str, RunEvent]] = {
    "say": RunEvent.COMPLETE,
    "call": RunEvent.REQUIRE_ACTION,
    "fail": RunEvent.FAIL,
    "truncate": RunEvent.TRUNCATE,
}


@dataclass(slots=True, eq=False, kw_only=True, weakref_slot=True)
class Work:
    """What the simulated model is put to: a run, a response, or a turn of a session.

    Attributes:
        thread: what the model reads.
        terms: its own copy of what the model works with.
        turn: what the simulated model does when the work is started next, or does now.
        status: one of its table.
        round: how often tool outputs have been submitted.
        answered: (name, arguments, output) of the calls so far, for the planner.
        plan: number of the plan that is in force; an agenda entry of an earlier one is void.
        open_step: the step that is open, if one is.
        outcome_at: when the turn that is being played comes to its outcome (Unix seconds).
        to_run: the steps that this turn is still going to take before its outcome.
        lingers_until: until when its thread stays locked though it is over (Unix seconds).
    """

    id: str
    created_at: float
    thread: Thread
    terms: Terms
    metadata: Mapping[str, str]
    turn: Turn
    status: StrEnum
    assistant_id: str | None = None
    expires_at: float | None = None
    started_at: float | None = None
    cancelled_at: float | None = None
    failed_at: float | None = None
    completed_at: float | None = None
    calls: tuple[ToolCall, ...] = ()
    error: RunError | None = None
    incomplete_reason: str | None = None
    usage: Usage | None = None
    steps: dict[str, Step] = field(default_factory=dict)
    round: int = 0
    answered: tuple[tuple[str, str, str], ...] = ()
    plan: int = 0
    open_step: Step | None = None
    outcome_at: float = math.inf
    to_run: tuple[TurnStep, ...] = ()
    lingers_until: float = -math.inf

    @property
    def lifecycle(self) -> Lifecycle[Any, RunEvent]:
        """The table that it lives by."""
        raise NotImplementedError

    @property
    def outcomes(self) -> Mapping[str, RunEvent]:
        """What each kind of turn comes to."""
        return OUTCOMES

    @property
    def outcome(self) -> RunEvent | None:
        """What its turn comes to; one that hangs, to nothing."""
        return self.outcomes.get(self.turn.kind)

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status in self.lifecycle.terminal

    @property
    def ended_at(self) -> float | None:
        """When it was over (Unix seconds)."""
        ends = (self.completed_at, self.failed_at, self.cancelled_at)
        return next((moment for moment in ends if moment is not None), None)

    @property
    def channel(self) -> str:
        """The id under which one listens to it."""
        return self.id

    def announced(self, _: Edge[Any, RunEvent]) -> Iterable[tuple[str, str]]:
        """What the outside is told of this edge: events, each with the id that it is about."""
        return ()

    def cut_by(self, reason: str) -> str:
        """Why it was cut short, in a word that there is for it."""
        return reason

    def settle(self) -> None:
        """It is over: leave behind what is to stay."""

    def remember(self, happening: Any) -> None:
        """Keep what has just happened to it, if that is asked for later."""

    @property
    def remembers(self) -> bool:
        """Whether it does."""
        return False


@dataclass(slots=True, eq=False, kw_only=True)
class Run(Work):
    """A run."""

    assistant_id: str
    status: RunStatus = LIFECYCLE.initial

    @property
    def lifecycle(self) -> Lifecycle[Any, RunEvent]:
        """The run's table."""
        return LIFECYCLE

    def cut_by(self, reason: str) -> str:
        """A run knows of tokens, and nothing of money."""
        return "max_completion_tokens" if reason == "spending_limit" else reason


@dataclass(slots=True, eq=False)
class Thread:
    """A conversation. The order in its dictionaries is the order of creation."""

    id: str
    created_at: float
    tool_resources: Json = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def holder(self, now: float) -> Run | None:
        """The run that holds the thread. It can only be the newest: the lock lets no two live."""
        newest = next(reversed(self.runs.values()), None)
        if newest and (LIFECYCLE.locks_thread(newest.status) or now < newest.lingers_until):
            return newest
        return None
