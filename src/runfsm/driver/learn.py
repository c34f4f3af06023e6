"""What a reply changes in what is known of a run that is there. Nothing is decided here.

The counterpart of `decide.py`: that one goes from what is known to an action, this one from what
came of it back to what is known. Of a run that is not there yet, `admission.py` learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from runfsm.driver.actions import Action, Cancel, Listen, Retrieve, SubmitOutputs
from runfsm.driver.journal import (
    CancelReason,
    CancelWanted,
    FaultMet,
    GaveUp,
    NoText,
    OutputTooLarge,
    ToolAnswered,
)
from runfsm.driver.known import Known
from runfsm.driver.live import TextDelta
from runfsm.driver.oversize import Limit
from runfsm.driver.policy import Policy
from runfsm.driver.replies import Faulted, Fetched, Heard, Reply, Seen, Silent, Slept, ToolsRan
from runfsm.driver.request import ToolOutput
from runfsm.driver.retry import OUTDATED, may_pass
from runfsm.driver.spelling import status_meant_by
from runfsm.errors import BackendError, Fault, FaultKind, RunfsmError, ToolError
from runfsm.lifecycle.journal import JournalStep, Transition
from runfsm.lifecycle.run import LIFECYCLE, RunEvent, RunStatus
from runfsm.lifecycle.snapshot import RunMessage, RunSnapshot

__all__ = ["SENDS", "fail", "give_up", "learn", "see", "want_cancel"]

#: The client's edge that an action takes.
SENDS: Final[dict[type[Action], RunEvent]] = {
    SubmitOutputs: RunEvent.SUBMIT_TOOL_OUTPUTS,
    Cancel: RunEvent.CANCEL,
}

#: An unknown status is borne for so long, in seconds, where the app has no deadline.
UNKNOWN_S: Final = 1200.0

#: How often messages that must be there are asked for when none is there yet (openai-php#321).
EMPTY_MAX: Final = 3


def learn(known: Known, policy: Policy, action: Action, reply: Reply) -> None:
    """Take what came of an action.

    Args:
        known: what is known; it is changed.
        policy: what the app wants by now; it may have changed its mind under way.
        action: what was asked for.
        reply: what came of it; it fits the action.
    """
    known.cancel_tried = known.cancel_tried or isinstance(action, Cancel)
    match reply:
        case Slept():
            known.patience.rest()
        case Seen(snapshot) | Heard(RunSnapshot() as snapshot):
            see(known, action, snapshot)
        case Heard(TextDelta()):
            known.has_text = True
        case Silent():
            known.is_listening = False
            known.patience.rest()  # what it did not say, a look will: at once
        case ToolsRan(outputs):
            _take_outputs(known, policy, outputs)
        case Fetched(messages):
            _take_messages(known, tuple(messages))
        case Faulted(fault):
            _meet(known, policy, action, fault)
    if known.parting is not None and isinstance(action, Cancel):
        fail(known, known.parting)


def see(known: Known, action: Action, snapshot: RunSnapshot) -> None:
    """Take a look at the run, which the action has brought."""
    _remember(known, action)
    if known.has_expired and known.cancel_tried and snapshot.status is RunStatus.CANCELLED:
        snapshot = replace(snapshot, means=RunStatus.EXPIRED)  # what we cancelled it for
    steps: tuple[JournalStep, ...] = ()
    if not known.answers.is_old_round(snapshot):
        steps = known.tracker.observe(snapshot, at=known.now, own=known.own)
        known.snapshot, known.seen_at = snapshot, known.now
    known.journal.extend(steps)
    known.own -= {step.edge.event for step in steps if isinstance(step, Transition)}
    known.patience.look(
        news=bool(steps),
        mends=bool(steps) or not known.must_look,  # a look at nothing new mends no submit
        status=known.status,
        at=known.now,
        poll_after_s=snapshot.poll_after_s,
    )
    known.must_look = False
    if snapshot.status is None:
        _meet_unknown(known, snapshot)
    else:
        known.unknown_since = None


def _meet_unknown(known: Known, run: RunSnapshot) -> None:
    """Bear a status that is none of ours for a while: a known one may follow.

    One of ours in other letters (`COMPLETED`, `in-progress`) is how this server writes all of them.
    """
    known.unknown_since = known.now if known.unknown_since is None else known.unknown_since
    meant = status_meant_by(run.raw_status)
    if meant is None and known.now - known.unknown_since < UNKNOWN_S:
        return
    instead = f"the API writes {str(meant)!r}" if meant else f"it is one of {', '.join(RunStatus)}"
    said = f"{run.ref.run_id} shows the status {run.raw_status!r}, and nothing else: {instead}"
    error = BackendError.of(Fault(FaultKind.UNSUPPORTED, said))
    if meant in LIFECYCLE.terminal:
        fail(known, error)
    else:
        _part(known, known.policy, Retrieve(run.ref), error)


def _remember(known: Known, action: Action) -> None:
    """Note what we have sent, so that its edge is not taken for another client's."""
    if type(action) in SENDS:
        known.own.add(SENDS[type(action)])
    match action:
        case SubmitOutputs(_, outputs, stream):
            known.answers.accept(outputs)
            known.is_listening = stream
        case Cancel():
            known.cancel_sent = True
            known.is_listening = False  # what it says of the time before is of no use now


def _take_outputs(known: Known, policy: Policy, outputs: Sequence[ToolOutput]) -> None:
    known.is_listening = False  # the stream paused when the run did
    known.patience.rest()  # tools take time: if the run has expired by now, look at once
    for output in outputs:
        known.answers.take(output)
        known.journal.append(ToolAnswered.of(output, known.now))
    if known.limit.chars is not None:
        most = known.limit.chars
        _tell_too_large(known, policy, [it for it in outputs if len(it.output) > most])
    # Given up: the run does not want them any more, or nearly so. What it is, a look will tell.
    known.must_look = any(output.error == "abandoned" for output in outputs)
    if (kind := known.answers.unheard_of(outputs, known.snapshot)) is not None:
        known.parting = BackendError.of(_nobody_answers(kind))
        want_cancel(known, CancelReason.FAULT)
    elif policy.on_tool_error == "raise" and known.answers.failed:
        want_cancel(known, CancelReason.TOOL_ERROR)


def _take_messages(known: Known, messages: tuple[RunMessage, ...]) -> None:
    must_be_some = known.has_text or known.status is RunStatus.COMPLETED
    if must_be_some and not messages and known.empty < EMPTY_MAX:
        known.empty += 1
        known.patience.look(news=False, mends=True, at=known.now)
    else:
        _finish(known, messages)


def _finish(known: Known, messages: tuple[RunMessage, ...]) -> None:
    known.messages = messages
    if known.status is RunStatus.COMPLETED and not any(message.text for message in messages):
        known.journal.append(NoText(known.now, len(messages)))
    failed = known.answers.failed
    if known.status is None and known.snapshot is not None:
        said = f"the run never showed a status that is known: {known.snapshot.raw_status!r}"
        fail(known, BackendError.of(Fault(FaultKind.UNSUPPORTED, said)))
    elif known.cancel_reason is CancelReason.TOOL_ERROR and failed is not None:
        known.error = _tool_error(known, failed)


# Faults, cancels and the end ---------------------------------------------------------------------


def _meet(known: Known, policy: Policy, action: Action, fault: Fault) -> None:
    known.journal.append(FaultMet.of(fault, type(action).__name__, known.now))
    # Once, an outdated view is mended by a look right away; a service that contradicts itself
    # is not asked in a circle without a pause.
    if fault.kind is FaultKind.LOCKED:  # not yet; it is no failure to be counted
        known.patience.look(news=False, mends=True, status=known.status, at=known.now)
    else:
        known.patience.fail(fault.wait_s(known.now), at_once=fault.kind in OUTDATED)
    known.must_look = known.must_look or type(action) in SENDS
    known.is_listening = False
    if fault.maybe_applied and type(action) in SENDS:
        known.own.add(SENDS[type(action)])
    if isinstance(action, SubmitOutputs) and fault.kind is FaultKind.TOO_LARGE:
        known.limit = Limit.told_by(fault.message)
        if _tell_too_large(known, policy, known.limit.exceeded_by(action.outputs)):
            return
    if known.patience.is_worn_out or not _may_go_on(action, fault):
        _part(known, policy, action, BackendError.of(fault))


def _tell_too_large(known: Known, policy: Policy, outputs: Sequence[ToolOutput]) -> bool:
    """Hand in a word to the model in place of these outputs; return whether there are any."""
    if not outputs:
        return False
    for output in outputs:
        size = len(output.output)
        known.journal.append(OutputTooLarge(known.now, output.call_id, output.name, size))
        known.answers.take(known.limit.word_for(output))
    if policy.on_tool_error == "raise":
        want_cancel(known, CancelReason.TOOL_ERROR)
    known.patience.look(news=True, mends=True)
    known.patience.rest()  # the service is well: look at once, and hand in
    return True


def _may_go_on(action: Action, fault: Fault) -> bool:
    if isinstance(action, Listen) or fault.kind in {*OUTDATED, FaultKind.LOCKED}:
        return True  # the next look tells more
    return may_pass(fault, ours=True, answered=True)


def _part(known: Known, policy: Policy, action: Action, error: BackendError) -> None:
    """Raise it; but before, tell the run once to cancel: alone it would hold its thread."""
    if isinstance(action, Cancel) or known.is_let_go or policy.on_interrupt == "leave":
        fail(known, error)
    else:
        known.parting = error
        want_cancel(known, CancelReason.FAULT)


def want_cancel(known: Known, reason: CancelReason) -> bool:
    """Want the run cancelled. The first reason stays; a run that is over stays as it is.

    Returns:
        Whether that is new.
    """
    if known.cancel_reason is not None or known.error is not None or known.is_over:
        return False
    known.cancel_reason = reason
    known.cancel_wanted_at = known.now
    known.journal.append(CancelWanted(known.now, reason))
    return True


def give_up(known: Known) -> None:
    """Wait no longer for a cancel to be honoured."""
    known.gave_up = True
    known.journal.append(GaveUp(known.now, str(known.status)))


def fail(known: Known, error: BackendError) -> None:
    """It cannot go on, and this says why."""
    error.ref = known.snapshot and known.snapshot.ref
    error.journal = tuple(known.journal)
    known.error = error


def _nobody_answers(kind: str) -> Fault:
    said = (
        f"the model waits for a {kind}, and no tool answers that: the run was cancelled. A tool "
        f"named {kind!r} would be called with the fields of the item; or do not offer it"
    )
    return Fault(FaultKind.UNSUPPORTED, said)


def _tool_error(known: Known, failed: ToolOutput) -> RunfsmError:
    error = ToolError(
        f"tool {failed.name!r} failed ({failed.error}), so the run was cancelled",
        tool=failed.name,
        call_id=failed.call_id,
    )
    error.outcome = known.outcome
    error.__cause__ = failed.exception
    return error
