"""What must hold always: judged at the end, of every run that any answer or event has shown."""

from __future__ import annotations

from runfsm.lifecycle import LIFECYCLE, Evidence
from runfsm_simulator.testing.conformance.behaviour import NotSo, Unreached, behaviour, expect
from runfsm_simulator.testing.conformance.stage import Stage

__all__: list[str] = []

LATER_S = 5.0
LOOKS_MAX = 20


@behaviour("always-final", Evidence.certain("deep dive: the terminal statuses; every recording"))
def always_final(stage: Stage) -> None:
    """A run that is over stays as it is."""
    ended = [run for run in stage.runs if run["status"] in LIFECYCLE.terminal][:LOOKS_MAX]
    if not ended:
        raise Unreached("no run came to an end")
    stage.wait(LATER_S)
    for run in ended:
        answer = stage.ask("GET", stage.at(run))
        expect(f"the status of {run['id']}, later", run["status"], answer.get("status"))


@behaviour("always-legal", Evidence.certain("the lifecycle's table, edge by edge"))
def always_legal(stage: Stage) -> None:
    """No run shows a status that the lifecycle has not, or that no edge leads to."""
    if not stage.runs:
        raise Unreached("no run was ever shown")
    for run_id, step in stage.odd_steps:
        raise NotSo(f"the path of {run_id}", "edges of the lifecycle", step, about=run_id)


@behaviour("always-fields", Evidence.certain("recordings: 296 bodies of runs"))
def always_fields(stage: Stage) -> None:
    """Every run has every field, null or set as its status says."""
    if not stage.runs:
        raise Unreached("no run was ever shown")
    for run_id, field, expected, got in stage.odd_fields:
        raise NotSo(field, expected, got, about=run_id)
