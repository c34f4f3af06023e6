"""The Responses API in background mode, on conversations: what differs there.

A run is a chain of responses; its lifecycle, and the sources, are in `chain.py`. Nothing here was
tried against the live service.
"""

from __future__ import annotations

from typing import Final

from runfsm.lifecycle.run import RunStatus
from runfsm.lifecycle.table import Evidence
from runfsm.lifecycle.wires.chain import CHAIN_STATUSES, RESPONSES_CHAIN
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

__all__ = ["RESPONSES"]

_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

_locked = _certain("paulgmiller/careme#379; community threads 1355268, 1367791")
_types = _certain("openai-python: ResponseError, Response.incomplete_details")

ERROR_CODES: Final = frozenset({
    "server_error", "rate_limit_exceeded", "invalid_prompt", "vector_store_timeout",
    "data_residency_mismatch", "bio_policy", "misalignment_policy_violation",
    "invalid_image", "invalid_image_format", "invalid_image_mode", "invalid_image_url",
    "invalid_base64_image", "image_too_large", "image_too_small", "image_parse_error",
    "image_content_policy_violation", "image_file_too_large", "image_file_not_found",
    "unsupported_image_media_type", "empty_image_file", "failed_to_download_image",
})  # fmt: skip  # a list of words, not a column
WEBHOOKS: Final = frozenset({
    "response.completed", "response.failed", "response.cancelled", "response.incomplete",
})  # fmt: skip  # a list of words, not a column

RESPONSES: Final = Wire(
    name="responses",
    title="OpenAI Responses API, background mode",
    about="a run is a chain of responses, one a hop; runfsm fills in what the service does not say",
    table=RESPONSES_CHAIN,
    statuses=CHAIN_STATUSES,
    refusals={
        Occasion.RUN_WHILE_BUSY: Trait(
            Answer(
                400,
                "Another process is currently operating on this conversation. "
                "Please retry in a few seconds.",
                "conversation_locked",
            ),
            "on a conversation; a chain by previous_response_id forks instead",
            _locked,
        ),
        Occasion.MESSAGE_WHILE_BUSY: Trait(
            None,
            "a message is an item, or comes with the next response; nobody tells of a refusal",
            _inferred("API reference: conversations; no report"),
        ),
        Occasion.RUN_AFTER_UNANSWERED: Trait(
            Answer(400, "No tool output found for function call call_X."),
            "for ever: the calls must be answered or their items deleted",
            _certain("openai-agents-python#673; community thread 1361157"),
        ),
        Occasion.CANCEL_TOO_LATE: Trait(
            Answer(400, "Cannot cancel a completed response."),
            "a response that is cancelled already is no error",
            _likely("azure-ai-agentserver-responses; BerriAI/litellm#39617: a 400"),
        ),
        Occasion.OUTPUTS_TOO_LATE: Trait(
            None,
            "while the head is kept, its calls can be answered; twice forks the chain",
            _inferred("no expires_at in the API reference"),
        ),
        Occasion.OUTPUTS_MISSING: Trait(
            Answer(400, "No tool output found for function call call_X."),
            "",
            _certain("openai-agents-python#673, tjardoo/openai-client#124"),
        ),
        Occasion.OUTPUTS_UNKNOWN: Trait(
            Answer(400, "No tool call found for function call output with call_id call_X."),
            "",
            _likely("leookun/cursor-byok#307"),
        ),
        Occasion.PARENT_GONE: Trait(
            Answer(
                400,
                "Previous response with id 'resp_X' not found.",
                "previous_response_not_found",
            ),
            "",
            _likely("maximhq/bifrost#2441"),
        ),
        Occasion.NOT_FOUND: Trait(
            Answer(404, "Response with id 'resp_X' not found."),
            "",
            _likely("azure-ai-agentserver-responses"),
        ),
    },
    standing=Trait(
        "alive", "generally available; no end is announced", _likely("OpenAI's deprecations page")
    ),
    run_id=Trait(
        False,
        "a response has an id, and a run is a chain of them: keep them all, ask the last one; "
        "the one before says `completed` for ever",
        _certain("function calling guide: previous_response_id"),
    ),
    lock=Trait(
        LockScope.CONVERSATION,
        "a conversation takes no response while one is being made; "
        "a chain by previous_response_id has no lock",
        _locked,
    ),
    lock_holder=Trait(False, "the refusal names nobody", _locked),
    expiry=Trait(
        None,
        "no response expires, and calls may wait for ever: the deadline is the client's",
        _likely("API reference: no expires_at; stuck in queued: community thread 1382584"),
    ),
    cancel=Trait(
        CancelAnswer.DONE,
        "the answer says `cancelled`; background responses only",
        _certain("background guide; BerriAI/litellm#39617"),
    ),
    submit=Trait(
        Submitting.AS_A_NEW_RESPONSE,
        "all outputs at once, as input of a new response with an id of its own",
        _certain("function calling guide; openai-agents-python#673"),
    ),
    resumed=Trait(
        RunStatus.QUEUED,
        "the new response is `queued`, as each one is that is made in background mode",
        _likely("background guide; bodies printed in prism-php/prism#590, of first responses"),
    ),
    settings=Trait(
        False,
        "instructions and tools are not carried over: send them with every hop, and do not change "
        "them in the middle of a run",
        _certain("API reference: instructions; function calling guide"),
    ),
    idempotency=Trait(frozenset(), "no call takes an idempotency key", _likely("API reference")),
    listing=Trait(
        False,
        "neither responses nor conversations can be listed, only a conversation's items",
        _likely("API reference: no such call; openai-python 3.54 has none"),
    ),
    empty_threads=Trait(
        True, "a conversation is made by a call of its own", _likely("API reference: conversations")
    ),
    messages=Trait(
        False,
        "what a response has written is a part of it, and comes with its status",
        _certain("openai-python: Response.output"),
    ),
    unfinished=Trait(
        frozenset({RunStatus.INCOMPLETE}),
        "an answer that was cut is in `output`; a response that was cancelled has none",
        _likely("background guide; azure-ai-agentserver-responses: a cancel clears the output"),
    ),
    streaming=Trait(
        Streaming.RESUMABLE,
        "events are numbered, and can be had again after any number, for some minutes, if the "
        "response was created with stream=true",
        _certain("background guide: starting_after; openai-python#2828 has the limit"),
    ),
    retention=Trait(
        "30 days",
        "a response is kept for 30 days if created with store=true, in background mode otherwise "
        "for some ten minutes; a conversation until deleted",
        _likely("background and conversation state guides, as of 2026-11"),
    ),
    webhooks=Trait(
        WEBHOOKS,
        "response.completed, .failed, .cancelled, .incomplete; a call that waits for the client "
        "comes as response.completed",
        _certain("webhooks guide; openai-python: openai.types.webhooks"),
    ),
    error_codes=Trait(
        ERROR_CODES,
        "server_error, rate_limit_exceeded, invalid_prompt, vector_store_timeout, three of policy, "
        "fourteen of images; others may come",
        _types,
    ),
    incomplete_reasons=Trait(
        frozenset({"max_output_tokens", "max_messages", "content_filter", "steered"}),
        "max_output_tokens, content_filter; since openai 3: max_messages, steered",
        _types,
    ),
)
