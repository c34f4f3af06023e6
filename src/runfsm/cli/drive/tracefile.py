"""What `--save-trace` writes: a run's journal as JSON lines, without what anybody said.

The first line says what the file is, and names the run; each further one is a step, as its
`to_dict` gives it, and `runfsm.driver.journal.step_from_dict` reads it back.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from runfsm import __version__
from runfsm.driver.core import RunCore
from runfsm_simulator.doors import wholefile

__all__ = ["check_writable", "save_trace"]

FORMAT: Final = "runfsm trace"

#: How an error of writing begins.
TOLD: Final = "the trace cannot be saved"

#: Of what is written. Who writes another gives it a higher number.
VERSION: Final = 1


def check_writable(path: Path) -> None:
    """Find out now, rather than when the run is over.

    Raises:
        CallerError: no file can be put there.
    """
    wholefile.check_writable(path, told=TOLD)


def save_trace(path: Path, core: RunCore) -> None:
    """Write what is known of the run now, in place of what the file held.

    Raises:
        CallerError: the file cannot be written. What it held before, it still holds.
    """
    text = "".join(f"{json.dumps(line)}\n" for line in _lines(core))
    wholefile.write_whole(path, text.encode(), told=TOLD)


def _lines(core: RunCore) -> list[dict[str, object]]:
    request, seen = core.request, core.snapshot
    head = {
        "format": FORMAT,
        "version": VERSION,
        "runfsm": __version__,
        "request": {"assistant_id": request.assistant_id, "thread_id": request.thread_id},
        "run": seen and replace(seen.ref, record=None).to_dict(),  # it has instructions in it
        "status": seen and seen.raw_status,
    }
    return [head, *(step.to_dict() for step in core.journal)]
