"""A run's life as one coloured strip: each status as wide as it was long."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from rich.text import Text

from runfsm.lifecycle.run import LIFECYCLE, RunStatus

__all__ = ["STYLES", "strip"]

STYLES: Final = {
    RunStatus.QUEUED: "white",
    RunStatus.IN_PROGRESS: "blue",
    RunStatus.REQUIRES_ACTION: "cyan",
    RunStatus.CANCELLING: "yellow",
    RunStatus.CANCELLED: "bright_black",
    RunStatus.COMPLETED: "green",
    RunStatus.EXPIRED: "magenta",
    RunStatus.FAILED: "red",
    RunStatus.INCOMPLETE: "red",
}


def strip(
    moments: Sequence[tuple[float, RunStatus]], *, width: int, until: float | None = None
) -> Text:
    """The strip of a run that entered these statuses at these times.

    Args:
        moments: (Unix seconds, status), oldest first.
        width: of the terminal. Where the names do not fit side by side, arrows join them.
        until: Unix seconds: how long the last status has lasted, if that is not over.
    """
    labels = [f" {status} " for _, status in moments]
    spare = width - sum(map(len, labels))
    if spare < 0:
        return Text(" → ").join(Text(s, STYLES[s]) for _, s in moments)
    ends = [at for at, _ in moments]
    lasted = [later - at for at, later in pairwise([*ends, until or ends[-1]])]
    total = sum(lasted) or 1.0
    extra = [int(spare * seconds / total) for seconds in lasted]
    return Text.assemble(
        *(
            (label.center(len(label) + more), _style(status))
            for label, more, (_, status) in zip(labels, extra, moments, strict=True)
        )
    )


def _style(status: RunStatus) -> str:
    bold = "bold " if status in LIFECYCLE.terminal else ""
    return f"{bold}white on {STYLES[status]}" if bold else f"black on {STYLES[status]}"
