"""Which of all wordings tells a client of what the world refuses, and with which facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runfsm.errors import IllegalTransition
from runfsm.lifecycle import ResponseStatus, RunEvent
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.wording import ApiError
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

__all__ = ["api_error"]

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
