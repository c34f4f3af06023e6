"""Cancels: asked for, honoured, and too late."""

from __future__ import annotations

from runfsm.lifecycle import LIFECYCLE, Evidence, RunEvent, RunStatus
from runfsm_simulator.testing.conformance.behaviour import Unreached, behaviour, expect, expect_in
from runfsm_simulator.testing.conformance.refusing import expect_refusal, known
from runfsm_simulator.testing.conformance.stage import Stage, outputs

__all__: list[str] = []

S = RunStatus
CANCELS = {S.CANCELLING.value, S.CANCELLED.value}


def _evidence(status: RunStatus) -> Evidence:
    return LIFECYCLE.next(status, RunEvent.CANCEL).evidence


@behaviour("cancel-waiting", _evidence(S.REQUIRES_ACTION))
def cancel_waiting(stage: Stage) -> None:
    """A run that waits for outputs can be cancelled."""
    run = stage.calling()
    answer = stage.ask("POST", stage.at(run, "cancel"))
    expect("the answer", "200", answer.said)
    expect_in("the status", CANCELS, answer.get("status"))
    expect("required_action", None, answer.get("required_action"))


@behaviour("cancel-going", _evidence(S.IN_PROGRESS))
def cancel_going(stage: Stage) -> None:
    """A run that is on its way can be cancelled; it is cancelling until the worker has stopped."""
    run = stage.begun(calls=True)
    answer = stage.ask("POST", stage.at(run, "cancel"))
    if answer.status == 400 and stage.look(run)["status"] in LIFECYCLE.terminal:
        raise Unreached("the run was over before it could be cancelled")
    expect("the answer", "200", answer.said)
    expect("the status", S.CANCELLING.value, answer.get("status"))
    expect("cancelled_at", None, answer.get("cancelled_at"))


@behaviour("cancel-ends", LIFECYCLE.next(S.CANCELLING, RunEvent.CONFIRM_CANCEL).evidence)
def cancel_ends(stage: Stage) -> None:
    """A cancelled run is over soon, tells when, takes no outputs, and frees its thread."""
    waiting = stage.calling()
    if stage.ask("POST", stage.at(waiting, "cancel")).status != 200:
        raise Unreached("a run that waits for outputs cannot be cancelled")
    run = stage.later(waiting, LIFECYCLE.terminal)
    expect_in("the status, some time later", LIFECYCLE.terminal, run["status"])
    if run["status"] != S.CANCELLED:
        raise Unreached(f"the cancel came too late: the run is {run['status']}")
    expect("cancelled_at", "set", "null" if run["cancelled_at"] is None else "set")
    expect_refusal(stage.submit(run, outputs(waiting)), "submit", status=run["status"])
    again = {"role": "user", "content": "Hello again!"}
    answer = stage.ask("POST", f"/threads/{run['thread_id']}/messages", again)
    expect("the answer to a message", "200", answer.said)


@behaviour("cancel-late", known("cancel"))
def cancel_late(stage: Stage) -> None:
    """A run that is over cannot be cancelled."""
    run = stage.ended()
    expect_refusal(stage.ask("POST", stage.at(run, "cancel")), "cancel", status=run["status"])


@behaviour("cancel-twice", known("cancel"))
def cancel_twice(stage: Stage) -> None:
    """A cancel is refused where one was taken already."""
    run = stage.calling()
    first = stage.ask("POST", stage.at(run, "cancel"))
    if first.status != 200:
        raise Unreached("a run that waits for outputs cannot be cancelled")
    answer = stage.ask("POST", stage.at(run, "cancel"))
    texts = [f"400 Cannot cancel run with status '{status}'." for status in CANCELS]
    expect_in("the answer", texts, answer.said)
