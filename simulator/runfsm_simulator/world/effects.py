"""What an edge does to the fields of a run. Whether it may be taken was asked before.

The sources are those of `runfsm.lifecycle.run`. What the recordings show:

* `started_at` is null at first, kept while queued again, and *overwritten* at the next start;
* `expires_at` is created_at + 600 s and never extended; null as soon as the run is over;
* `completed_at` is set on `incomplete` too (ruby-openai 2024-04-29; openai-python#1407);
* `required_action` is there in `requires_action` only: the answer to submit lacks it already;
* `usage` is null until the run is over, then the sum over its steps: zeros if there are none
  (a report: failed before any model call, usage 0/0/0).

That `expires_at` is null and `usage` an object on cancelled and expired runs is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runfsm.lifecycle import LIFECYCLE, Edge, RunError, RunEvent, RunStatus, Usage
from runfsm_simulator.world.models import Run
from runfsm_simulator.world.script import Failure, Truncation

__all__ = ["apply"]

#: The timestamp that each end of a run sets. An expired run has none of its own.
STAMPED: Final[Mapping[RunStatus, str]] = {
    RunStatus.CANCELLED: "cancelled_at",
    RunStatus.COMPLETED: "completed_at",
    RunStatus.INCOMPLETE: "completed_at",
    RunStatus.FAILED: "failed_at",
}


def apply(run: Run, edge: Edge[RunStatus, RunEvent], now: float) -> None:
    """Bring the fields of `run` to what `edge`, taken at `now`, makes of them."""
    run.status = edge.dest
    run.calls = ()
    match edge.event:
        case RunEvent.START:
            run.started_at = now
        case RunEvent.REQUIRE_ACTION:
            run.calls = run.open_step.calls if run.open_step else ()
        case RunEvent.FAIL:
            failure = run.turn.fail or Failure()
            run.error = RunError(failure.code, failure.message)
        case RunEvent.TRUNCATE:
            run.incomplete_reason = (run.turn.truncate or Truncation()).reason
    if edge.dest in LIFECYCLE.terminal:
        _end(run, now)


def _end(run: Run, now: float) -> None:
    run.expires_at = None
    if run.status in STAMPED:
        setattr(run, STAMPED[run.status], now)
    usages = [step.usage for step in run.steps.values() if step.usage]
    prompt = sum(usage.prompt_tokens for usage in usages)
    completion = sum(usage.completion_tokens for usage in usages)
    run.usage = Usage(prompt, completion, prompt + completion)
