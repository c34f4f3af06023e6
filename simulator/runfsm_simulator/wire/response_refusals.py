"""How the Responses API refuses: texts, parameters and codes, and where each is known from.

None of them was tried against the live service. State conflicts are 400 here too, so that no SDK
repeats them by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle import Evidence
from runfsm_simulator.wire.wording import Wording

__all__ = ["RESPONSE_REFUSALS"]

_likely, _inferred = Evidence.likely, Evidence.inferred

AZURE: Final = _likely("azure-ai-agentserver-responses 2.3.0 on PyPI, Microsoft's own server")

#: Every one by a short name; `errors.py` has them among all others.
RESPONSE_REFUSALS: Final[Mapping[str, Wording]] = {
    # What the state of a response, or of a conversation, forbids.
    "conversation_locked": Wording(
        "Another process is currently operating on this conversation. "
        "Please retry in a few seconds.",
        _likely("reports that quote the whole body, with status 400; held though the client left"),
        param="conversation",
        code="conversation_locked",
    ),
    "no_tool_output": Wording(
        "No tool output found for function call {call_id}.",
        _likely("openai-agents-python#673; tjardoo/openai-client#124"),
        param="input",
    ),
    "no_tool_call": Wording(
        "No tool call found for function call output with call_id {call_id}.",
        _likely("public reports that quote it"),
        param="input",
    ),
    "cancel_response": Wording("Cannot cancel a {status} response.", AZURE, param="response_id"),
    "cancel_incomplete": Wording(
        "Cannot cancel a response in terminal state.",
        _likely("azure-ai-agentserver-responses: its changelog calls it the text of the spec"),
        param="response_id",
    ),
    "cancel_synchronous": Wording(
        "Cannot cancel a synchronous response.", AZURE, param="response_id"
    ),
    "background_not_stored": Wording(
        "background=true requires store=true",
        AZURE,
        param="background",
        code="unsupported_parameter",
    ),
    "not_streamed": Wording(
        "This response cannot be streamed because it was not created with stream=true or the "
        "stream TTL has expired.",
        AZURE,
        param="stream",
    ),
    "not_background": Wording(
        "This response cannot be streamed because it was not created with background=true.",
        AZURE,
        param="stream",
    ),
    "exclusive": Wording(
        "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. "
        "Ensure you are only providing one of them.",
        _inferred("the types say that they cannot be used together; the text is our own"),
        code="mutually_exclusive_parameters",
    ),
    # What does not exist.
    "previous_not_found": Wording(
        "Previous response with id '{id}' not found.",
        _likely("the service's documentation, and public reports"),
        param="previous_response_id",
        code="previous_response_not_found",
    ),
    "no_response": Wording(
        "Response with id '{id}' not found.",
        _likely("Azure's server; vllm-project/vllm says the same"),
        status=404,
        param="response_id",
    ),
    "no_conversation": Wording(
        "{Kind} with id '{id}' not found.",
        _inferred("by analogy with a response"),
        status=404,
    ),
}
