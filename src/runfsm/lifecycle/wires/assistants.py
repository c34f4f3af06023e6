"""The Assistants API v2: the wire that the run's lifecycle was taken from.

Sources as in `run.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from runfsm.lifecycle.run import LIFECYCLE, RunStatus
from runfsm.lifecycle.table import Evidence, Origin
from runfsm.lifecycle.wires.wire import (
    Answer,
    CancelAnswer,
    LockScope,
    Occasion,
    Streaming,
    Submitting,
    Trait,
    Wire,
)

__all__ = ["ASSISTANTS"]

_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

_recorded = _certain("recordings: openai-dotnet, ruby-openai")
_types = _certain("openai-python: types of beta.threads")

ASSISTANTS: Final = Wire(
    name="assistants",
    title="OpenAI Assistants API v2",
    about="a run on a thread; the service knows all nine statuses",
    table=LIFECYCLE,
    statuses={status: Trait(Origin.NATIVE, f"`{status}`", _types) for status in RunStatus},
    refusals={
        Occasion.RUN_WHILE_BUSY: Trait(
            Answer(400, "Thread thread_X already has an active run run_Y."),
            "",
            _certain("reports: openai-dotnet#214, dotnet/extensions#5964"),
        ),
        Occasion.MESSAGE_WHILE_BUSY: Trait(
            Answer(400, "Can't add messages to thread_X while a run run_Y is active."),
            "",
            _certain("reports: openai-python#1023, n8n#13378, openai-dotnet#87"),
        ),
        Occasion.RUN_AFTER_UNANSWERED: Trait(
            Answer(400, "Thread thread_X already has an active run run_Y."),
            "until that run expires or is cancelled",
            _certain("reports: openai-dotnet#214, dotnet/extensions#5964"),
        ),
        Occasion.CANCEL_TOO_LATE: Trait(
            Answer(400, "Cannot cancel run with status 'completed'."),
            "",
            _certain("recording: ruby-openai"),
        ),
        Occasion.OUTPUTS_TOO_LATE: Trait(
            Answer(400, 'Runs in status "expired" do not accept tool outputs.'),
            "",
            _certain("recording: ruby-openai; public code"),
        ),
        Occasion.OUTPUTS_MISSING: Trait(
            Answer(400, "Expected tool outputs for call_ids ['call_X', 'call_Y'], got ['call_X']"),
            "",
            _certain("community thread 560554"),
        ),
        Occasion.OUTPUTS_UNKNOWN: Trait(
            Answer(400, "Expected tool outputs for call_ids ['call_X'], got ['call_Z']"),
            "",
            _inferred("the wording for missing ones"),
        ),
        Occasion.PARENT_GONE: Trait(
            Answer(404, "No run found with id 'run_X'."),
            "",
            _likely("recordings: ruby-openai, for threads and run steps"),
        ),
        Occasion.NOT_FOUND: Trait(
            Answer(404, "No run found with id 'run_X'."),
            "",
            _likely("recordings: ruby-openai, for threads and run steps"),
        ),
    },
    standing=Trait(
        "retired",
        "OpenAI shut it down on 2026-08-26; Azure AI Foundry (classic) speaks it until 2027-03-31, "
        "self-hosted servers for as long as you like",
        _certain("OpenAI's migration guide; Microsoft Learn, foundry-classic"),
    ),
    run_id=Trait(True, "one id from creation to end", _recorded),
    lock=Trait(
        LockScope.THREAD,
        "a thread takes no message and no run while a run on it is not over",
        _certain("deep dive; reports: openai-dotnet#87, Chainlit#573"),
    ),
    lock_holder=Trait(
        True, "the refusal names the run", _certain("reports: openai-dotnet#214, n8n#13378")
    ),
    expiry=Trait(
        timedelta(minutes=10),
        "the service ends a run at expires_at, ten minutes after its creation",
        _certain("deep dive; recordings: expires_at"),
    ),
    cancel=Trait(
        CancelAnswer.ASKED,
        "the answer says `cancelling`; which status wins, a later look says",
        _certain("recordings: ruby-openai"),
    ),
    submit=Trait(Submitting.INTO_THE_RUN, "all outputs at once, into the run", _recorded),
    resumed=Trait(RunStatus.QUEUED, "the run goes back to `queued`", _recorded),
    settings=Trait(
        True,
        "the service keeps instructions and tools: an assistant's, copied to the run",
        _recorded,
    ),
    idempotency=Trait(frozenset(), "no call takes an idempotency key", _likely("API reference")),
    listing=Trait(True, "a thread's runs can be listed, newest first", _recorded),
    empty_threads=Trait(True, "a thread is made by a call of its own", _recorded),
    messages=Trait(True, "what a run has written is listed with its thread", _recorded),
    unfinished=Trait(
        frozenset({RunStatus.INCOMPLETE, RunStatus.CANCELLED, RunStatus.FAILED, RunStatus.EXPIRED}),
        "a message that was begun stays on the thread as `incomplete`, whatever ended the run",
        _likely(
            "openai-python: Message.incomplete_details.reason has run_cancelled, run_failed, "
            "run_expired and max_tokens"
        ),
    ),
    streaming=Trait(
        Streaming.LIVE,
        "events of a create or of a submit, live; nobody can listen again",
        _likely("API reference; openai-python: the stream helpers"),
    ),
    retention=Trait(
        "until deleted",
        "threads and runs are kept until somebody deletes them",
        _likely("OpenAI's page on your data"),
    ),
    webhooks=Trait(frozenset(), "no event is delivered", _likely("API reference: no such event")),
    error_codes=Trait(
        frozenset({"server_error", "rate_limit_exceeded", "invalid_prompt"}),
        "server_error, rate_limit_exceeded, invalid_prompt",
        _types,
    ),
    incomplete_reasons=Trait(
        frozenset({"max_completion_tokens", "max_prompt_tokens"}),
        "max_completion_tokens, max_prompt_tokens",
        _types,
    ),
)
