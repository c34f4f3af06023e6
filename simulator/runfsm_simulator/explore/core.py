"""The project's own driver as an explored function: on the direct port, and on the client."""

from __future__ import annotations

from typing import Any

from runfsm.backends.assistants import AssistantsBackend
from runfsm.clock import Clock
from runfsm.driver.actions import RunRequest
from runfsm.driver.outcome import Outcome
from runfsm.driver.sync import RunDriver
from runfsm.tools import Toolset

__all__ = ["drive_client", "drive_port"]


def _look_up(place: str) -> str:
    """Look up the weather of a place."""
    return f"It is sunny in {place}."


def _take_note(text: str) -> str:
    """Take a note."""
    return f"Noted: {len(text)} characters."


TOOLS = Toolset([_look_up, _take_note])


def drive_port(backend: Any, clock: Clock, assistant_id: str) -> Outcome:
    """One run, driven on the direct port."""
    request = RunRequest(assistant_id, "How is it?", options={"tools": TOOLS.schemas}, key="run")
    return RunDriver(backend, TOOLS, clock=clock).run(request)


def drive_client(client: Any, clock: Clock, assistant_id: str) -> Outcome:
    """The same through the `openai` client."""
    return drive_port(AssistantsBackend(client), clock, assistant_id)
