"""OpenAI's Agents sessions: a turn of a session is a run. Experimental: a public beta.

What becomes of a turn is in `lifecycle/turn.py`; what that is as a run, in `session.py`. Nothing
here was tried by us against the live service. Sources:

* *sessions guide*: developers.openai.com/api/docs/guides/agents-api/sessions, as of 2026-11;
* *openai-python*: its types, `openai.types.beta.agents`, in 3.54, and their docstrings;
* *probes*: what the authors of another server saw of the live service in 2026-09:
  MiniMax-AI/OpenAgentCore, contracts/agents-api.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.table import Evidence
from runfsm.lifecycle.wires.session import SESSION_RUN, TURN_STATUSES
from runfsm.lifecycle.wires.wire import (
    Answer,
    CancelAnswer,
    Occasion,
    Streaming,
    Submitting,
    Trait,
    Wire,
)

__all__ = ["AGENTS"]

_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

_types = _certain("openai-python: Turn, AgentSession")
_steers = _likely("sessions guide: 'A message sent during an active turn steers that turn.'")
_nobody = _inferred("neither the sessions guide nor openai-python tells of a refusal")
_probes = _likely("MiniMax-AI/OpenAgentCore: probes of the live service, 2026-09")
_not_found = Trait(Answer(404, "...", "not_found_error"), "in words that are not known", _probes)

REFUSALS: Final[Mapping[Occasion, Trait[Answer | None]]] = {
    Occasion.RUN_WHILE_BUSY: Trait(None, "the message steers the turn that is on its way", _steers),
    Occasion.MESSAGE_WHILE_BUSY: Trait(None, "it steers the turn that is on its way", _steers),
    Occasion.RUN_AFTER_UNANSWERED: Trait(None, "the turn that waits is still on its way", _steers),
    Occasion.CANCEL_TOO_LATE: Trait(
        None, "a cancel names no turn, and of an idle session is accepted in silence", _nobody
    ),
    Occasion.OUTPUTS_TOO_LATE: Trait(
        Answer(409, "...", "conflict_error"),
        "in words that are not known; the SDK repeats a 409 by itself. The same result once more "
        "is accepted",
        _probes,
    ),
    Occasion.OUTPUTS_MISSING: Trait(None, "each result is handed in by itself", _types),
    Occasion.OUTPUTS_UNKNOWN: Trait(
        Answer(400, "Unknown pending tool call: call_X", "invalid_request_error"),
        "also when it comes a moment too early",
        _certain("openai-python: the tool helper of its session streams tries again; probes"),
    ),
    Occasion.PARENT_GONE: _not_found,
    Occasion.NOT_FOUND: _not_found,
}

ERROR_CODES: Final = frozenset({
    "server_error", "rate_limit_exceeded", "internal_error", "connection_failed",
    "request_timeout", "server_overloaded", "flex_unavailable", "invalid_request",
    "authentication_error", "resource_not_found", "context_length_exceeded",
    "max_output_tokens", "session_budget_exceeded", "usage_limit_exceeded",
    "project_spend_limit_exceeded", "organization_spend_limit_exceeded",
    "organization_usage_limit_exceeded", "billing_not_active", "credit_balance_exhausted",
    "cyber_policy", "misalignment_policy_violation", "sandbox_error",
    "executor_version_incompatible", "active_turn_not_steerable",
})  # fmt: skip  # a list of words, not a column
WEBHOOKS: Final = frozenset({
    "agent.session.created", "agent.session.in_progress", "agent.session.action_required",
    "agent.session.idle", "agent.session.failed",
    "agent.environment.ready", "agent.environment.suspended", "agent.environment.expired",
    "agent.environment.failed",
})  # fmt: skip  # a list of words, not a column

AGENTS: Final = Wire(
    name="agents",
    title="OpenAI Agents sessions (beta)",
    about="a run is a turn of a session; experimental",
    table=SESSION_RUN,
    statuses=TURN_STATUSES,
    refusals=REFUSALS,
    standing=Trait(
        "beta", "public beta since 2026-09-10; openai 3 only", _likely("sessions guide")
    ),
    run_id=Trait(
        True,
        "a turn has one id, which the answer to its creation does not tell",
        _certain("openai-python: events.create gives nothing back"),
    ),
    lock=Trait(None, "none: what comes meanwhile steers the turn", _steers),
    lock_holder=Trait(False, "nobody is refused", _steers),
    expiry=Trait(
        None,
        "no turn expires: the deadline is the client's",
        _likely("openai-python: no expires_at"),
    ),
    cancel=Trait(
        CancelAnswer.ASKED,
        "202 with no body; whatever turn is active then is cancelled, some seconds later",
        _likely("openai-python: 'HTTP 202 confirms acceptance, not durable completion'"),
    ),
    submit=Trait(Submitting.ONE_BY_ONE, "each result by itself, into the session", _types),
    resumed=Trait(
        RunStatus.IN_PROGRESS,
        "with its last result the turn goes on, and is not queued again: a journal passes `queued` "
        "unseen, in no time",
        _likely("probes: turn.in_progress does not come a second time; lifecycle/turn.py"),
    ),
    settings=Trait(
        True, "the session keeps its agent's instructions and tools", _likely("sessions guide")
    ),
    idempotency=Trait(
        frozenset({"events.create"}),
        "messages, results and cancels of a session; its creation heeds none",
        _certain("openai-python: events.create(idempotency_key=)"),
    ),
    listing=Trait(True, "a session's turns can be listed, newest first", _types),
    empty_threads=Trait(
        False,
        "a session without an environment is made together with its first turn",
        _certain("openai-python: input is 'required when environment.type is none'"),
    ),
    messages=Trait(True, "the items of a turn are listed, once they are complete", _probes),
    unfinished=Trait(
        frozenset(), "an item is listed once it is complete, and others never are", _probes
    ),
    streaming=Trait(
        Streaming.LIVE,
        "a session's events, live; their ids have no order, and none tells that a turn waits",
        _likely("openai-python: event ids; sessions guide"),
    ),
    retention=Trait("until deleted", "a session is kept until deleted", _likely("sessions guide")),
    webhooks=Trait(
        WEBHOOKS,
        "of the session, not of the turn: created, in_progress, action_required, idle, failed",
        _certain("openai-python: openai.types.webhooks"),
    ),
    error_codes=Trait(
        ERROR_CODES,
        "server_error, rate_limit_exceeded, and 22 of limits, billing and environment",
        _types,
    ),
    incomplete_reasons=Trait(
        frozenset({"max_output_tokens", "session_budget_exceeded"}),
        "max_output_tokens, session_budget_exceeded, as error codes",
        _likely("openai-python: SessionTurnError"),
    ),
)
