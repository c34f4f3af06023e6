"""How a refusal sounds: status, text, type, param, code; and where each text is known from.

State conflicts are 400, never 409: the SDKs retry a 409 by themselves, and would not a 400. Only
the Agents API has some.

Sources beside those of `runfsm.lifecycle.run`: public repositories that quote an answer in full
("public code"), and the general wording of the same platform's other endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runfsm.errors import IllegalTransition
from runfsm.lifecycle import Evidence, ResponseStatus, RunEvent
from runfsm_simulator.wire.response_refusals import RESPONSE_REFUSALS
from runfsm_simulator.wire.session_refusals import SESSION_REFUSALS
from runfsm_simulator.wire.wording import ApiError, Wording
from runfsm_simulator.world.refusals import (
    CallHasResult,
    CallIsOver,
    ChangeLocked,
    ConversationLocked,
    EmptyThread,
    Kind,
    LostPrevious,
    MissingToolOutput,
    NotAttached,
    NotBackground,
    NotDownloadable,
    NotFound,
    NotRepeated,
    NotStored,
    NotStreamed,
    OtherTurnsCall,
    Refusal,
    RunActive,
    SessionBusy,
    StorageFull,
    ThreadFull,
    ThreadLocked,
    UnknownPendingCall,
    UnknownRequest,
    UnknownToolCall,
    WrongToolOutputs,
)
from runfsm_simulator.world.switches import DOCUMENTED, Switches

__all__ = ["REFUSALS", "ApiError", "Wording", "api_error"]


_certain, _likely, _inferred = Evidence.certain, Evidence.likely, Evidence.inferred


PLATFORM: Final = _likely("the wording of the platform's other endpoints")
OWN: Final = _inferred("the simulator's own answer")

#: Every answer that is an error, by a short name.
REFUSALS: Final[Mapping[str, Wording]] = {
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
    # What is asked before anybody looks at the body.
    "no_key": Wording(
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field "
        "(with blank username) if you're accessing the API from your browser and are prompted for "
        "a username and password. You can obtain an API key from "
        "https://platform.openai.com/account/api-keys.",
        _certain("public code, for other endpoints"),
        status=401,
        headers=(("www-authenticate", 'Basic realm="OpenAI API"'),),
    ),
    "no_beta": Wording(
        "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
        "Please try again by setting the header 'OpenAI-Beta: assistants=v2'.",
        _certain("public code; status 400: SwiftOpenAI#66"),
        code="invalid_beta",
    ),
    "malformed_beta": Wording(
        "Invalid beta header provided: '{beta}'. "
        "The header should be in the format 'OpenAI-Beta: example_beta=v1'.",
        _likely("public code, for vector stores"),
        code="invalid_beta",
    ),
    "unknown_beta": Wording(
        "Unknown beta requested: '{beta}'.", _likely("public code"), code="invalid_beta"
    ),
    # The body as a whole.
    "too_large": Wording(
        "Request body too large. The maximum is {limit} bytes.",
        _inferred("the simulator's own limit"),
        status=413,
    ),
    "not_json": Wording(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't "
        "using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was "
        "sent was not valid JSON.)",
        PLATFORM,
    ),
    "not_an_object": Wording(
        "Invalid type for the body: expected an object, but got {got} instead.",
        _inferred("the wording for parameters"),
        code="invalid_type",
    ),
    "stream": Wording(
        "Nothing can be streamed here, for {why}: leave 'stream' out, and poll.",
        _inferred("the simulator's own answer"),
        param="stream",
        code="unsupported_parameter",
    ),
    # Uploads.
    "not_a_form": Wording(
        "We could not parse the multipart form of your request: {problem}.",
        _inferred("the wording for a JSON body"),
    ),
    "missing_field": Wording(
        "'{name}' is a required property", _likely("public code, for a missing file")
    ),
    "wrong_purpose": Wording(
        "'{value}' is not one of {supported} - 'purpose'",
        _certain("recordings: openai-dotnet 2025"),
        param="purpose",
    ),
    "not_downloadable": Wording(
        "Not allowed to download files of purpose: {purpose}",
        _certain("public code, many (assistants, user_data)"),
    ),
    "storage_full": Wording(
        "The simulator keeps uploads up to {bytes_max} bytes together. Delete some.",
        _inferred("the simulator's own limit"),
        status=413,
    ),
    "broken_stream": Wording(
        "The server had an error processing your request.",
        _likely("openai-dotnet, a test of 2026; as an `error` event in the middle of a stream"),
        status=500,
        type="server_error",
    ),
    # The simulator's own matters: its worlds, its side door.
    "own": Wording("{problem}", OWN, code="simulator"),
    "no_world": Wording("{problem}", OWN, code="no_world"),
    "side_door_shut": Wording("The side door is shut: {problem}.", OWN, status=403),
    # What is nobody's fault but ours, or the planner's.
    "broken": Wording(
        "The server had an error while processing your request. Sorry about that! "
        "(The simulator, or the planner it was given, raised {problem}; see the log for where.)",
        _likely("the service's documentation of its errors; what is in brackets is our own"),
        status=500,
        type="server_error",
        headers=(("x-should-retry", "false"),),  # to the SDKs: it would go wrong again
    ),
    # One parameter. The texts that are recorded: a role, a metadata value, a content, a key.
    "unknown_parameter": Wording(
        "Unknown parameter: '{name}'.",
        _certain("openai-node#902; MicrosoftDocs/azure-docs#122953, with the code"),
        param="{name}",
        code="unknown_parameter",
    ),
    "missing": Wording(
        "Missing required parameter: '{name}'.",
        PLATFORM,
        param="{name}",
        code="missing_required_parameter",
    ),
    "invalid_type": Wording(
        "Invalid type for '{name}': expected {expected}, but got {got} instead.",
        _certain("recording: ruby-openai 2024-04-29"),
        param="{name}",
        code="invalid_type",
    ),
    "invalid_value": Wording(
        "Invalid value: '{value}'. Supported values are: {supported}.",
        _certain("public code"),
        param="{name}",
        code="invalid_value",
    ),
    "out_of_range": Wording(
        "Invalid '{name}': {kind} {words} value. "
        "Expected a value {sign} {bound}, but got {value} instead.",
        PLATFORM,
        param="{name}",
        code="{code}",
    ),
    "wrong_length": Wording(
        "Invalid '{name}': {kind} too {side}. Expected {a_kind} with {limit} length {bound}, "
        "but got {a_kind} with length {length} instead.",
        _certain("public code, for a content; the code is inferred"),
        param="{name}",
        code="{code}",
    ),
    "out_of_schema": Wording(
        "{value} is {words} of {bound} - '{name}'",
        _inferred("the wording of the platform's older endpoints, recorded for 'purpose'"),
    ),
    "empty": Wording(
        "Invalid '{name}': empty {kind}. "
        "Expected {a_kind} with minimum length 1, but got an empty {kind} instead.",
        _inferred("public code, many, for chat completions and responses"),
        param="{name}",
        code="empty_{kind}",
    ),
    "too_many_properties": Wording(
        "Invalid '{name}': too many properties. Expected an object with at most {bound} "
        "properties, but got an object with {length} properties instead.",
        _likely("public code, for the metadata of other endpoints"),
        param="{name}",
        code="object_above_max_properties",
    ),
    "long_property_name": Wording(
        "Invalid property name in '{name}': '{property}' is too long. Expected a string with "
        "maximum length {bound}, but got a string with length {length} instead.",
        _likely("public code, for the metadata of other endpoints"),
        param="{name}.{property}",
        code="property_name_above_max_length",
    ),
    "wrong_pattern": Wording(
        "Invalid '{name}': string does not match pattern. "
        "Expected a string that matches the pattern '{pattern}'.",
        PLATFORM,
        param="{name}",
        code="invalid_value",
    ),
    "invalid": Wording(
        "Invalid '{name}': {problem}.",
        _inferred("what the platform has no known words for"),
        param="{name}",
        code="invalid_value",
    ),
    **RESPONSE_REFUSALS,
    **SESSION_REFUSALS,
}


#: The refusals whose facts are called as in the text.
PLAIN: Final[Mapping[type[Refusal], str]] = {
    CallHasResult: "call_has_result",
    CallIsOver: "call_is_over",
    ChangeLocked: "change_on_locked_thread",
    ConversationLocked: "conversation_locked",
    LostPrevious: "previous_not_found",
    MissingToolOutput: "no_tool_output",
    NotBackground: "cancel_synchronous",
    NotRepeated: "not_background",
    NotStored: "background_not_stored",
    NotStreamed: "not_streamed",
    OtherTurnsCall: "other_turns_call",
    SessionBusy: "session_busy",
    UnknownPendingCall: "unknown_pending_call",
    UnknownRequest: "unknown_request",
    UnknownToolCall: "no_tool_call",
    NotAttached: "not_attached",
    NotDownloadable: "not_downloadable",
    StorageFull: "storage_full",
    ThreadFull: "thread_full",
}


#: What is missed in words of its own.
NOT_FOUND: Final[Mapping[Kind, str]] = {
    "file": "no_file",
    "response": "no_response",
    "conversation": "no_conversation",
    "item": "no_conversation",
    "session": "no_resource",
    "turn": "no_resource",
    "agent": "no_resource",
    "session item": "no_item_cursor",
}


#: What is missed, by analogy, in words that are recorded for other things.
UNQUOTED: Final = frozenset({"run", "message"})


def api_error(refusal: Refusal | IllegalTransition, switches: Switches = DOCUMENTED) -> ApiError:
    """The answer that tells a client of a refusal of the world."""
    name, facts = _words(refusal, switches)
    return REFUSALS[name].error(**facts)


def _words(refusal: Refusal | IllegalTransition, switches: Switches) -> tuple[str, dict[str, Any]]:
    match refusal:
        case ThreadLocked(wanted=wanted, thread_id=thread_id, run_id=run_id):
            return f"{wanted}_on_locked_thread", {"thread_id": thread_id, "run_id": run_id}
        case NotFound():
            return _missing(refusal, switches)
        case Refusal() if type(refusal) in PLAIN:
            return PLAIN[type(refusal)], vars(refusal)
        case WrongToolOutputs():
            return _mismatch(refusal, switches)
        case EmptyThread():
            return "empty_thread", {}
        case RunActive(status=status):
            return "modify_active_run", {"status": status}
        case IllegalTransition(event=RunEvent.CANCEL, status=status):
            return _late_cancel(status), {"status": status}
        case IllegalTransition(event=RunEvent.SUBMIT_TOOL_OUTPUTS, status=status):
            return "submit", {"status": status}
    raise refusal  # no client's request leads here


def _late_cancel(status: object) -> str:
    if status is ResponseStatus.INCOMPLETE:
        return "cancel_incomplete"
    return "cancel_response" if isinstance(status, ResponseStatus) else "cancel"


def _missing(refusal: NotFound, switches: Switches) -> tuple[str, dict[str, Any]]:
    kind = refusal.kind
    facts = {"kind": kind, "Kind": kind.capitalize(), "id": refusal.id}
    if kind in UNQUOTED and switches.missing_text == "no_such_object":
        return "no_such_object", facts
    return NOT_FOUND.get(kind, "not_found"), facts


def _mismatch(refusal: WrongToolOutputs, switches: Switches) -> tuple[str, dict[str, Any]]:
    nth = refusal.stray
    if nth is None or switches.stray_output_text == "expected":
        return "wrong_tool_outputs", {"expected": [*refusal.expected], "got": [*refusal.got]}
    problem = f"no pending call '{refusal.got[nth]}' is without an output"
    return "invalid", {"name": f"tool_outputs[{nth}].tool_call_id", "problem": problem}
