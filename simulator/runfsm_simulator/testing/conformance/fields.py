"""Which fields a run has, and which of them are null, status by status.

Rule: this is what was recorded, and no more. Where the evidence is thin (a cancelled or an expired
run) nothing is said. `runfsm_simulator.world.effects` makes the same of it, by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from runfsm.lifecycle import LIFECYCLE, RunStatus

__all__ = ["RUN_KEYS", "wrong_fields"]

S = RunStatus

#: Every key of a run that both the recordings and the published schema have.
RUN_KEYS: Final = (
    "id",
    "object",
    "created_at",
    "assistant_id",
    "thread_id",
    "status",
    "started_at",
    "expires_at",
    "cancelled_at",
    "failed_at",
    "completed_at",
    "required_action",
    "last_error",
    "model",
    "instructions",
    "tools",
    "metadata",
    "temperature",
    "top_p",
    "max_completion_tokens",
    "max_prompt_tokens",
    "truncation_strategy",
    "incomplete_details",
    "usage",
    "response_format",
    "tool_choice",
    "parallel_tool_calls",
)

#: Where a field is set; in every other status of `KNOWN` it is null.
SET_IN: Final[Mapping[str, frozenset[RunStatus]]] = {
    "required_action": frozenset({S.REQUIRES_ACTION}),
    "last_error": frozenset({S.FAILED}),
    "incomplete_details": frozenset({S.INCOMPLETE}),
    "failed_at": frozenset({S.FAILED}),
    "completed_at": frozenset({S.COMPLETED, S.INCOMPLETE}),
    "expires_at": LIFECYCLE.locks,
    "usage": frozenset({S.COMPLETED, S.FAILED, S.INCOMPLETE}),
}

#: Recorded often enough: all but the two ends of which only single reports tell.
KNOWN: Final = frozenset(RunStatus) - {S.CANCELLED, S.EXPIRED}

#: It ran, so it began.
STARTED: Final = frozenset({S.IN_PROGRESS, S.REQUIRES_ACTION, S.COMPLETED, S.INCOMPLETE})


def wrong_fields(run: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each field that is not as it was recorded: its name, what was expected, what it is.

    Example:
        >>> run = dict.fromkeys(RUN_KEYS) | {"status": "queued", "expires_at": 600, "usage": {}}
        >>> list(wrong_fields(run))
        [('usage of a run queued', 'null', 'set')]
    """
    for key in RUN_KEYS:
        if key not in run:
            yield f"the key {key} of a run", "there", "absent"
    try:
        status = RunStatus(run.get("status", ""))
    except ValueError:
        return
    wanted = {key: status in statuses for key, statuses in SET_IN.items()}
    if status in STARTED:
        wanted["started_at"] = True
    for key, is_set in wanted.items() if status in KNOWN else ():
        if key in run and (run[key] is not None) != is_set:
            said = ("null", "set")
            yield f"{key} of a run {status}", said[is_set], said[not is_set]
