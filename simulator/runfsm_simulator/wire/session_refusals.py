"""How the Agents API refuses: texts and codes, and where each is known from.

None of them was tried by us. Other than on the rest of the platform, a code repeats the type, and a
conflict of state is 409: which the SDK tries again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle import Evidence
from runfsm_simulator.wire.wording import Wording

__all__ = ["SESSION_REFUSALS"]

_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred

PROBES: Final = _likely(
    "MiniMax-AI/OpenAgentCore, contracts/agents-api: probes of the live service, 2026-09"
)

INVALID: Final = "invalid_request_error"
CONFLICT: Final = "conflict_error"
MISSING: Final = "not_found_error"

#: Every one by a short name; `errors.py` has them among all others.
SESSION_REFUSALS: Final[Mapping[str, Wording]] = {
    "no_agents_beta": Wording(
        "To access the Agents API, set the 'OpenAI-Beta' header to 'agents=v1'.",
        PROBES,
        type="invalid_beta",
        code="invalid_beta",
    ),
    # What a session is not given, or asked.
    "no_initial_input": Wording(
        "conversation-only sessions currently require initial input", PROBES, code=INVALID
    ),
    "no_update": Wording("At least one update field is required", PROBES, code=INVALID),
    "unknown_pending_call": Wording(
        "Unknown pending tool call: {call_id}",
        _certain("openai-python: the helper of session streams looks for it; probes of 2026-09"),
        code=INVALID,
    ),
    "other_turns_call": Wording(
        "function call {call_id} belongs to a different managed agent turn", PROBES, code=INVALID
    ),
    "unknown_request": Wording(
        "Unknown pending approval request: {request_id}",
        _inferred("by analogy with a call; nobody asks for an approval here"),
        code=INVALID,
    ),
    "long_key": Wording(
        "Invalid 'Idempotency-Key': expected 1 to 256 characters, but got {length}.",
        _inferred("the reference has the limits; the text is our own"),
        code=INVALID,
    ),
    # What the state of a session forbids.
    "session_busy": Wording(
        "session must be durably idle or failed without required actions before deletion",
        PROBES,
        status=409,
        type=CONFLICT,
        code=CONFLICT,
    ),
    "call_is_over": Wording(
        "function call {call_id} does not wait for a result any more",
        _inferred("probes of 2026-09 have the status and the code; the text is our own"),
        status=409,
        type=CONFLICT,
        code=CONFLICT,
    ),
    "call_has_result": Wording(
        "function call {call_id} has a different result already",
        _inferred("probes of 2026-09 have the status and the code; the text is our own"),
        status=409,
        type=CONFLICT,
        code=CONFLICT,
    ),
    # What does not exist.
    "no_resource": Wording(
        "{Kind} '{id}' not found.",
        _inferred("probes of 2026-09 have the status, type and code; the text is our own"),
        status=404,
        type=MISSING,
        code=MISSING,
    ),
    "no_item_cursor": Wording("Invalid session item ID in `after`", PROBES, code=INVALID),
}
