"""What a driver gives to the direct port, and what it gets there. The driver is not imported."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, Protocol

from runfsm.errors import CallerError, Fault, FaultKind, IllegalTransition
from runfsm.lifecycle import RunEvent, RunRef, RunSnapshot
from runfsm.lifecycle.snapshot import METADATA_KEY
from runfsm_simulator.wire.refused import api_error
from runfsm_simulator.wire.shapes import unix
from runfsm_simulator.wire.wording import ApiError
from runfsm_simulator.world.models import Run
from runfsm_simulator.world.refusals import NotFound, Refusal, ThreadLocked, WrongToolOutputs
from runfsm_simulator.world.switches import Switches

__all__ = ["RunRequest", "ToolOutput", "fault", "snapshot", "user_message"]


class RunRequest(Protocol):
    """What to run."""

    @property
    def assistant_id(self) -> str:
        """Who answers."""

    @property
    def message(self) -> Any | None:
        """What the user says; added to the thread together with the run."""

    @property
    def thread_id(self) -> str | None:
        """Where; `None` makes a new thread."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Further parameters of the API's own *create run* call."""

    @property
    def key(self) -> str | None:
        """The run's own name, kept in its metadata."""


class ToolOutput(Protocol):
    """What is handed in for one call."""

    @property
    def call_id(self) -> str:
        """Which call."""

    @property
    def output(self) -> str:
        """The text for the model."""


def user_message(content: Any) -> dict[str, Any]:
    """Return a message, a text or typed parts, as a body of the Assistants API.

    Raises:
        CallerError: it has no such part.
    """
    if isinstance(content, str):
        return {"role": "user", "content": content}
    files = [_attachment(part) for part in content if part.type == "file"]
    parts = [_part(part) for part in content if part.type != "file"]
    return {"role": "user", "content": parts} | ({"attachments": files} if files else {})


def _part(part: Any) -> dict[str, Any]:
    if part.type == "text":
        return {"type": "text", "text": part.text}
    if part.type in {"image_url", "image_file"}:
        inner = {name: it for name, it in asdict(part).items() if it is not None}
        return {"type": part.type, part.type: inner}
    raise CallerError(f"the Assistants API has no {type(part).__name__} in a message: upload it")


def _attachment(file: Any) -> dict[str, Any]:
    tools = [{"type": tool} for tool in file.tools or ("file_search",)]
    return {"file_id": file.file_id, "tools": tools}


def snapshot(run: Run) -> RunSnapshot:
    """What a look at the run shows."""
    return RunSnapshot(
        ref=RunRef("assistants", run.id, run.thread.id),
        raw_status=run.status.value,
        calls=run.calls,
        created_at=unix(run.created_at),
        started_at=unix(run.started_at),
        expires_at=unix(run.expires_at),
        error=run.error,
        incomplete_reason=run.incomplete_reason,
        usage=run.usage,
        key=run.metadata.get(METADATA_KEY),
    )


#: What a refused event of a client means to it.
REFUSED: Final[Mapping[RunEvent, FaultKind]] = {
    RunEvent.CANCEL: FaultKind.ALREADY_TERMINAL,
    RunEvent.SUBMIT_TOOL_OUTPUTS: FaultKind.STALE_ACTION,
}

#: The words of an output that is too long, and of all of them together.
OVERSIZE: Final = re.compile(r"'tool_outputs\b.*too (long|large)")


def fault(refusal: ApiError | IllegalTransition | Refusal, switches: Switches) -> Fault:
    """What a driver makes of a refusal, which has the words of the wire."""
    answer = refusal if isinstance(refusal, ApiError) else api_error(refusal, switches)
    holder = refusal.run_id if isinstance(refusal, ThreadLocked) else None
    match refusal:
        case ThreadLocked():
            kind = FaultKind.LOCKED
        case NotFound() | ApiError(status=404):
            kind = FaultKind.NOT_FOUND
        case IllegalTransition(event=event):
            kind = REFUSED[event]
        case WrongToolOutputs():  # another client may have answered; this is a later round
            kind = FaultKind.STALE_ACTION
        case _:
            is_large = OVERSIZE.search(answer.message) is not None
            kind = FaultKind.TOO_LARGE if is_large else FaultKind.INVALID
    return Fault(kind, answer.message, holder=holder, status_code=answer.status)
