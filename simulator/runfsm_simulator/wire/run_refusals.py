"""How the Assistants API refuses what its state forbids, and misses what is not there.

State conflicts are 400, never 409: the SDKs retry a 409 by themselves, and would not a 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle import Evidence
from runfsm_simulator.wire.wording import PLATFORM, Wording

__all__ = ["RUN_REFUSALS"]

_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

#: Every one by a short name; `errors.py` has them among all others.
RUN_REFUSALS: Final[Mapping[str, Wording]] = {
    # What the state forbids.
    "message_on_locked_thread": Wording(
        "Can't add messages to {thread_id} while a run {run_id} is active.",
        _certain("openai-python#1023, n8n#13378, openai-dotnet#87"),
    ),
    "run_on_locked_thread": Wording(
        "Thread {thread_id} already has an active run {run_id}.",
        _certain("openai-dotnet#214, dotnet/extensions#5964, TripBot#939"),
    ),
    "cancel": Wording(
        "Cannot cancel run with status '{status}'.",
        _certain("recording: ruby-openai (completed); public code (cancelled, cancelling)"),
    ),
    "submit": Wording(
        'Runs in status "{status}" do not accept tool outputs.',
        _certain("recording: ruby-openai; public code (queued, expired, cancelled)"),
    ),
    "change_on_locked_thread": Wording(
        "Can't {wanted} {id} while a run {run_id} is active.",
        _inferred("the wording for messages that are added; no refusal is reported"),
    ),
    "thread_full": Wording(
        "A thread can't have more than {messages_max} messages.",
        _inferred("the number is documented; what is answered beyond it, no recording shows"),
    ),
    "modify_active_run": Wording(
        "Cannot update run with status '{status}'.",
        _certain("recordings: ruby-openai 2023-11 and 2024-04; later behaviour unknown"),
    ),
    "wrong_tool_outputs": Wording(
        "Expected tool outputs for call_ids {expected}, got {got}",
        _certain("community thread 560554, for missing ids; inferred for other mismatches"),
    ),
    "empty_thread": Wording(
        "Run creation requires a Thread with a user message or an assistant with instructions.",
        _certain("recording: ruby-openai 2024-04-29"),
        code="invalid_thread",
    ),
    # What does not exist.
    "not_found": Wording(
        "No {kind} found with id '{id}'.",
        _certain("recordings: ruby-openai (thread, run step); by analogy for run and message"),
        status=404,
    ),
    "no_such_object": Wording(
        "No such {Kind} object: {id}",
        _inferred("the wording recorded for files"),
        status=404,
        param="id",
    ),
    "no_file": Wording(
        "No such File object: {id}",
        _certain("recordings: openai-dotnet 2025"),
        status=404,
        param="id",
    ),
    "not_attached": Wording(
        "No file found with id '{file_id}' in vector store '{vector_store_id}'.",
        _likely("public code"),
        status=404,
    ),
    "no_model": Wording(
        "The model '{model}' does not exist",
        _certain("recordings: openai-dotnet 2025"),
        status=404,
        param="model",
        code="model_not_found",
    ),
    "malformed_id": Wording(
        "Invalid '{name}': '{id}'. Expected an ID that begins with '{prefix}'.",
        _certain(
            "public code (thread, assistant), LibreChat#8178 (file); by analogy for the others"
        ),
        param="{name}",
        code="invalid_value",
    ),
    "unknown_url": Wording("Invalid URL ({method} {path})", PLATFORM, status=404),
    "wrong_method": Wording(
        "Not allowed to {method} on {path}. "
        "(HINT: Perhaps you meant to use a different HTTP method?)",
        PLATFORM,
        status=405,
        code="method_not_supported",
    ),
}
