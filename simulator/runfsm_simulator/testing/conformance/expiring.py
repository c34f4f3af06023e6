"""Expiry: what becomes of a run that nobody answers."""

from __future__ import annotations

from runfsm.lifecycle import LIFECYCLE, RunEvent, RunStatus
from runfsm_simulator.testing.conformance.behaviour import behaviour, expect
from runfsm_simulator.testing.conformance.refusing import expect_refusal
from runfsm_simulator.testing.conformance.stage import Stage, outputs

__all__: list[str] = []

EXPIRE = LIFECYCLE.next(RunStatus.REQUIRES_ACTION, RunEvent.EXPIRE)
LIFETIME_S = 600.0
LATE_S = 120.0


@behaviour("expire-unanswered", EXPIRE.evidence, slow=True)
def expire_unanswered(stage: Stage) -> None:
    """A run that nobody answers expires after ten minutes, takes no outputs, and locks nothing."""
    stage.check_patience(LIFETIME_S)
    waiting = stage.calling()
    stage.wait(LIFETIME_S - 60)
    expect("the status after nine minutes", waiting["status"], stage.look(waiting)["status"])
    stage.wait(60 + LATE_S)
    run = stage.look(waiting)
    expect("the status after twelve minutes", EXPIRE.dest.value, run["status"])
    expect_refusal(stage.submit(run, outputs(waiting)), "submit", status=run["status"])
    path = f"/threads/{run['thread_id']}/messages"
    answer = stage.ask("POST", path, {"role": "user", "content": "Hello again!"})
    expect("the answer to a message", "200", answer.said)
