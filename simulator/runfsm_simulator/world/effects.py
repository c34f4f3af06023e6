"""What an edge does to the fields of a run, or of a response. Whether it may be, was asked before.

The rules are told in `reasons.py`, each with its evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runfsm.lifecycle import Edge, RunError, RunEvent, RunStatus, Usage
from runfsm_simulator.world.models import Work
from runfsm_simulator.world.script import Failure, Truncation
from runfsm_simulator.world.switches import DOCUMENTED, Switches

__all__ = ["apply", "failure"]

#: The timestamp that each end of a run sets. An expired run has none of its own, unless a switch
#: says so.
STAMPED: Final[Mapping[RunStatus, str]] = {
    RunStatus.CANCELLED: "cancelled_at",
    RunStatus.COMPLETED: "completed_at",
    RunStatus.INCOMPLETE: "completed_at",
    RunStatus.FAILED: "failed_at",
}


def apply(
    run: Work, edge: Edge[Any, RunEvent], now: float, switches: Switches = DOCUMENTED
) -> None:
    """Bring the fields of `run` to what `edge`, taken at `now`, makes of them."""
    run.status = edge.dest
    run.calls = ()
    match edge.event:
        case RunEvent.START:
            run.started_at = now
        case RunEvent.REQUIRE_ACTION:
            run.calls = run.open_step.calls if run.open_step else ()
        case RunEvent.FAIL:
            run.error = failure(run)
        case RunEvent.TRUNCATE:
            run.incomplete_reason = run.cut_by((run.turn.truncate or Truncation()).reason)
    if run.is_over:
        _end(run, now, switches)


def failure(run: Work) -> RunError:
    """Why `run` fails, when it does: as its turn says, or, by a hand, for no good reason."""
    told = run.turn.fail or Failure()
    return RunError(told.code, told.message)


def _end(run: Work, now: float, switches: Switches) -> None:
    if _way(switches, run, "expires_at") != "kept":
        run.expires_at = None
    if run.started_at is None and switches.unstarted_started_at == "set":
        run.started_at = now
    if run.status in STAMPED:
        setattr(run, STAMPED[RunStatus(run.status)], now)
    if _way(switches, run, "completed_at") == "set":
        run.completed_at = now
    if _way(switches, run, "usage") != "null":
        run.usage = _spent(run)
    run.settle()


def _way(switches: Switches, run: Work, field: str) -> str | None:
    """How a field is left by the end that `run` has come to, where that is in doubt."""
    return getattr(switches, f"{run.status}_{field}", None)


def _spent(run: Work) -> Usage:
    usages = [step.usage for step in run.steps.values() if step.usage]
    prompt = sum(usage.prompt_tokens for usage in usages)
    completion = sum(usage.completion_tokens for usage in usages)
    return Usage(prompt, completion, prompt + completion)
