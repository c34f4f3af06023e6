"""Which errors a storm justifies: what may be raised out of a drive, and when.

* Out of money (`quota`): at once.
* Not found: at once, as long as no run was seen, if the app named the thread: it may be wrong.
* Garbled: at once, if nothing else was ever answered: it may be the wrong address.
* These and all that passes (a 429, a 500, a time-out, a broken line): after more than `faults_max`.
* Each of them only of a storm in which it strikes, and only before that has healed.
* `ThreadBusy`: while another client's run holds the thread, or its lock lingers; it names that run,
  and the app's patience with it is over. If the last look failed, it is what the one before showed.
* What a stage says beside, of its wire alone (`Stage.justifies`).
* `ToolError`, `RunCancelled`, `DeadlineExceeded`: when the app wanted that, and no run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from runfsm import Enqueue, Reject, Transition
from runfsm.driver.journal import FaultMet
from runfsm.errors import BackendError, DeadlineExceeded, Fault, FaultKind, RunCancelled, ToolError
from stormstage import Stage
from stormstory import Story

__all__ = ["excused"]

K = FaultKind

#: Which faults of a storm a client may meet as which kind.
CAUSES: Final[Mapping[FaultKind, Sequence[str]]] = {
    K.RATE_LIMITED: ["rate_limited"],
    K.QUOTA: ["quota"],
    K.NOT_FOUND: ["missing_after_write"],
    K.GARBLED: ["malformed"],
    K.TRANSIENT: [
        "server_error",
        "timeout",
        "dropped",
        "error_after_effect",
        "timeout_after_effect",
        "dropped_after_effect",
    ],
}


#: Unix times are known to some 0.2 µs.
ROUNDING_S: Final = 1e-3


def excused(stage: Stage, story: Story) -> Iterator[str]:
    """What is raised has a cause in the storm, before it heals, or in what the app wanted."""
    if story.error is None or story.has_left:
        return
    kind, said, fault = story.error
    if issubclass(kind, BackendError):
        is_busy = fault.kind is K.LOCKED
        yield from _busy(stage, story, fault) if is_busy else _faulted(stage, story, fault)
    elif issubclass(kind, RunCancelled | DeadlineExceeded):
        yield from _cancelled_early(stage)
    elif not (issubclass(kind, ToolError) and stage.plan.policy.on_tool_error == "raise"):
        yield f"{kind.__name__}: {said}"


def _faulted(stage: Stage, story: Story, fault: Fault) -> Iterator[str]:
    if stage.justifies(fault):
        return
    if not any(getattr(stage.plan.storm, cause) for cause in CAUSES.get(fault.kind, [])):
        yield f"{fault.kind}, and nothing of the kind strikes: {fault.message}"
    met = [step.at or 0.0 for step in story.journal if isinstance(step, FaultMet)]
    if not _is_hopeless(stage, story, fault) and len(met) <= stage.plan.policy.pacing.faults_max:
        yield f"{fault.kind}, after no more than {len(met)} faults"
    if late_s := max(0.0, max(met, default=0.0) - stage.heals_at):
        yield f"{fault.kind}, {late_s:.1f} s after the storm was over"


def _is_hopeless(stage: Stage, story: Story, fault: Fault) -> bool:
    met = sum(isinstance(step, FaultMet) for step in story.journal)
    was_seen = any(isinstance(step, Transition) for step in story.journal)
    match fault.kind:
        case K.QUOTA:
            return True
        case K.NOT_FOUND:
            return bool(stage.thread_id) and not was_seen
        case K.GARBLED:
            if stage.case.wire != "assistants":  # several requests a call
                return not was_seen
            return met == len(story.calls) - story.before
    return False


def _busy(stage: Stage, story: Story, fault: Fault) -> Iterator[str]:
    yield from _impatient(stage, story)
    holder = stage.holder()
    if holder in {run.id for run in stage.ours}:
        yield f"locked out by our own run: {fault.message}"
    elif _looked_in_vain(story):  # it is not known who holds it now
        return
    elif holder is None:
        yield f"busy, and nobody holds the thread: {fault.message}"
    elif fault.holder not in stage.names_of(holder):
        yield f"{holder} holds the thread, and the error names {fault.holder}"


def _looked_in_vain(story: Story) -> bool:
    last = story.journal[-1] if story.journal else None
    return isinstance(last, FaultMet) and last.fault is not K.LOCKED


def _impatient(stage: Stage, story: Story) -> Iterator[str]:
    on_busy = stage.plan.policy.on_busy
    if isinstance(on_busy, Enqueue):  # the whole way counts
        since = story.calls[story.before].at
    else:
        met = (step for step in story.journal if isinstance(step, FaultMet))
        since = next((step.at or 0.0 for step in met if step.fault is K.LOCKED), story.finished_at)
    waited_s = story.finished_at - since
    if not isinstance(on_busy, Reject) and waited_s < on_busy.timeout_s - ROUNDING_S:
        yield f"busy, after {waited_s:.1f} s, and not {on_busy.timeout_s}"


def _cancelled_early(stage: Stage) -> Iterator[str]:
    if stage.ours:
        yield "cancelled before a run was created, and there is one"
    if "cancel" not in stage.plan.acts.values() and stage.plan.policy.deadline_s is None:
        yield "cancelled, and nobody wanted that"
