"""Statuses as look-alikes write them: `COMPLETED`, `in-progress`, `RunStatus.Canceled`. Pure."""

from __future__ import annotations

import re

from runfsm.lifecycle.run import RunStatus

__all__ = ["status_meant_by"]


def status_meant_by(raw_status: str) -> RunStatus | None:
    """Return the status that is written so in other letters; `None`: it is no such one.

    Example:
        >>> [status_meant_by(text) for text in ("COMPLETED", "InProgress", "paused")]
        [<RunStatus.COMPLETED: 'completed'>, <RunStatus.IN_PROGRESS: 'in_progress'>, None]
    """
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", raw_status.strip())
    snake = re.sub(r"[\s-]+", "_", snake).casefold().rpartition(".")[2]
    spelt = re.sub(r"cancel(?=ed|ing)", "cancell", snake)
    return next((status for status in RunStatus if status == spelt), None)
