"""What holds on every wire holds for sessions: the side door, storms, snapshots, files, pacing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from attending import OF_OPENAI_3, SESSIONS, TWO_ROUNDS, Office, text
from responding import Desk
from runfsm.errors import IllegalTransition
from runfsm.lifecycle import TURN, RunEvent, TurnStatus
from runfsm_simulator import ArmedFault, Script, Simulator, Storm, Switches, hang, say
from runfsm_simulator.scenarios import load, names
from runfsm_simulator.wire.http import NoAnswer, Request


def finished(office: Office) -> Office:
    """The office, after everything that waited was answered."""
    for _ in range(20):
        office.after(5)
        for action in office.actions:
            office.answer(action)
    return office


# The side door -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", TurnStatus)
@pytest.mark.parametrize("event", RunEvent)
def test_every_status_and_event_of_the_table(status: TurnStatus, event: RunEvent) -> None:
    """By a person's hand, what the table allows is done, and nothing else."""
    office = Office(Script.of(hang(), cancel_s=4))
    control, turn_id = office.sim.control, office.turn["id"]
    for edge in TURN.path(TURN.initial, status) or ():
        control.fire(turn_id, edge.event)
    assert TURN.allowed(status) == control.next_edges(turn_id)
    if TURN.allows(status, event):
        control.fire(turn_id, event)
        dest = TURN.next(status, event).dest
    else:
        with pytest.raises(IllegalTransition, match="not legal for a turn"):
            control.fire(turn_id, event)
        dest = status

    assert dest == office.turn["status"]


def test_results_by_hand() -> None:
    """An empty one for each call; the turn goes on as after anybody's."""
    office = Office()
    office.after(3)
    office.sim.control.fire(office.turn["id"], RunEvent.SUBMIT_TOOL_OUTPUTS)
    results = [item["output"] for item in office.items if item.get("output") is not None]

    assert ("in_progress", "in_progress") == office.statuses
    assert [] == office.actions
    assert [""] == results


def test_the_trace_tells_of_a_turn() -> None:
    """Each edge, a cancel that was accepted too, by its table."""
    office = Office(Script.of(hang(), cancel_s=4))
    office.after(3)
    office.cancel()
    office.after(4)
    trace = [(entry.event.value, entry.actor.value, entry.table) for entry in office.sim.trace]

    assert [
        ("create", "client", "turn"),
        ("start", "service", "turn"),
        ("cancel", "client", "turn"),
        ("confirm_cancel", "service", "turn"),
    ] == trace


def test_why_a_turn_looks_as_it_does() -> None:
    """Its fields have reasons, and its edges have theirs."""
    office = Office()
    office.after(3)
    answer = office.ask("GET", f"{office.path}/turns/{office.turn['id']}")
    why = office.sim.control.why(answer.headers["x-request-id"]).to_dict()

    assert ["create", "start", "require_action"] == [edge["event"] for edge in why["edges"]]
    assert "a worker picks the turn up" == why["edges"][1]["rule"]
    assert any("usage is null" in rule["rule"] for rule in why["rules"])


@pytest.mark.parametrize("applied", [True, False])
def test_an_answer_that_is_lost(*, applied: bool) -> None:
    """The key makes it safe to ask again: one turn, whether the first was taken or not."""
    office = Office(Script.of(say("So.", queue_s=0, work_s=1)))
    office.after(1)
    fault = ArmedFault(path="/v1/agents/sessions/*/events", trouble="drop", applied=applied)
    office.sim.control.faults.arm(fault)
    with pytest.raises(NoAnswer):
        office.say("And?", key="k")

    assert (2 if applied else 1) == len(office.turns)
    assert 202 == office.say("And?", key="k")
    assert 2 == len(office.turns)


# Worlds that come back ---------------------------------------------------------------------------


def through_a_snapshot(sim: Simulator, _: Path) -> Simulator:
    """Kept, changed, and come back to."""
    snapshot = sim.control.save()
    sim.clock.advance(100)
    sim.control.restore(snapshot)
    return sim


def through_a_fork(sim: Simulator, _: Path) -> Simulator:
    """A world beside."""
    return sim.fork()


def through_a_file(sim: Simulator, folder: Path) -> Simulator:
    """Written down, and read under the same script by another simulator."""
    sim.control.dump(folder / "state")
    other = Simulator(sim.world.planner, seed=99)
    other.control.load(folder / "state")
    return other


@pytest.mark.parametrize("way", [through_a_snapshot, through_a_fork, through_a_file])
@pytest.mark.parametrize("seconds", [0, 2.5, 3])
def test_a_session_comes_back_as_it_was(way: Any, seconds: float, tmp_path: Path) -> None:
    """With its turn, what waits, a cancel on its way, and its keys; and goes on alike."""
    office = Office(seed=7)
    office.after(seconds)
    office.say("Hurry", key="k")
    office.cancel()
    twin = Office(seed=7)
    twin.after(seconds)
    twin.say("Hurry", key="k")
    twin.cancel()
    office.sim = way(office.sim, tmp_path)

    assert (twin.session, twin.turns, twin.items) == (office.session, office.turns, office.items)
    for one in (office, twin):
        one.after(3)
        one.say("Hurry", key="k")
        one.after(1)
    assert (twin.turns, twin.sim.trace) == (office.turns, office.sim.trace)
    assert ("cancelled", "idle") == office.statuses


def test_the_same_seed_is_the_same_session() -> None:
    """Ids and times of everything, with what a script leaves open drawn."""
    first, second = (finished(Office(None, seed=3)) for _ in range(2))

    assert (first.session, first.items) == (second.session, second.items)
    assert first.sim.trace == second.sim.trace


# One script on three wires -----------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_every_scenario_plays(name: str) -> None:
    """Each comes to an end, or waits for a result; or hangs, and can be cancelled."""
    office = finished(Office(load(name)))
    office.cancel()
    if office.sim.world.planner.cancel_s != "never":  # type: ignore[attr-defined]  # a script
        office.after(60)

        assert TurnStatus(office.turn["status"]) in TURN.terminal


def test_one_script_says_the_same_on_each_wire() -> None:
    """The same calls, and the same answer."""
    office = finished(Office(TWO_ROUNDS))
    desk = Desk(TWO_ROUNDS)
    first = desk.finished()
    second = desk.answered(first, previous_response_id=first.id)
    asked = next(item for item in office.items if item["type"] == "function_call")

    assert second.output_text == text(office.items[-1])
    assert first.output[0].name == asked["name"]


@OF_OPENAI_3
def test_the_program_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """It says what its last comment says."""
    page = (Path(__file__).parents[3] / "docs" / "agents.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    exec(compile(program, "agents.md", "exec"), {})  # noqa: S102  # our own text

    assert "completed\n" == capsys.readouterr().out


# Storms ------------------------------------------------------------------------------------------


def test_another_clients_message_comes_first() -> None:
    """Its turn is on its way, and ours steers it: there is no lock."""
    office = Office(Script.of(say("So.", queue_s=0, work_s=1)))
    office.after(1)
    office.sim.control.storm = Storm(foreign_run=1)
    office.say("And?")
    items = [text(item) for item in office.items][2:]

    assert 2 == len(office.turns)
    assert ["This is another client's.", "And?"] == items


def test_another_client_cancels() -> None:
    """As any client would: there is a window."""
    sim_storm = Storm(foreign_cancel=1)
    office = Office(Script.of(hang(), cancel_s=4), storm=sim_storm)
    office.after(20)

    assert ("cancelled", "idle") == office.statuses
    assert "cancel" in [entry.event.value for entry in office.sim.trace]


def test_a_cancel_that_is_not_heard() -> None:
    """The turn is stuck; once the storm is over, another cancel ends it."""
    office = Office(storm=Storm(endless_cancelling=1))
    office.after(1.5)
    office.cancel()
    stuck = office.after(1000)
    office.sim.control.heal()
    office.cancel()

    assert [("in_progress", "in_progress")] == stuck
    assert [("cancelled", "idle")] == office.after(4)


def _moves(*, cancel: bool) -> list[tuple[str, float]]:
    """What becomes of two turns, and when; where nobody heeds a cancel of the first."""
    office = Office(Script.of(say("So."), cancel_s="never"), seed=3)
    if cancel:
        office.cancel()
    office.after(30)
    office.say("And then?")
    office.after(30)
    return [(it.event, it.at) for it in office.sim.trace if it.event is not RunEvent.CANCEL]


def test_a_cancel_by_itself_changes_nothing() -> None:
    """The worker goes on as it would have, and so does chance: the next turn takes as long."""
    assert _moves(cancel=False) == _moves(cancel=True)


def test_switches_of_runs_leave_turns_alone() -> None:
    """What a cancelled run has spent may be untold; of a turn, nobody ever missed it."""
    office = Office(switches=Switches(cancelled_usage="null"))
    office.after(3)
    office.cancel()
    office.after(10)

    assert "cancelled" == office.turn["status"]
    assert office.turn["usage"]["total_tokens"] > 0


def test_the_answer_after_a_cancel() -> None:
    """In spite of it, the turn is completed."""
    script = Script.of(say("So.", queue_s=0, work_s=20), cancel_s=4)
    office = Office(script, storm=Storm(completes_after_cancel=1))
    office.after(1)
    office.cancel()

    assert [("completed", "idle")] == office.after(4)


@pytest.mark.parametrize("path", ["", "/turns/{turn}"])
def test_what_is_new_may_be_missing(path: str) -> None:
    """A replica does not know of it yet; after five seconds it does."""
    office = Office()
    turn = office.turn["id"]
    office.sim.control.storm = Storm(missing_after_write=1)
    early = office.ask("GET", office.path + path.format(turn=turn))
    office.sim.clock.advance(5)
    late = office.ask("GET", office.path + path.format(turn=turn))

    assert (404, "not_found_error") == office.refused(early)[::3]
    assert 200 == late.status


def test_a_look_may_be_an_old_one() -> None:
    """What was shown before is shown once more."""
    office = Office()
    path = f"{office.path}/turns/{office.turn['id']}"
    office.sim.control.storm = Storm(stale_look=1)
    first = office.get(path)
    office.sim.clock.advance(3)

    assert ("queued", "queued") == (first["status"], office.get(path)["status"])
    office.sim.control.heal()
    assert "waiting" == office.get(path)["status"]


def test_a_call_may_be_shown_twice() -> None:
    """One result answers both."""
    office = Office(storm=Storm(duplicate_calls=1))
    office.after(3)
    first, second = office.actions
    office.answer(first)

    assert first == second
    assert ("in_progress", "in_progress") == office.statuses


def test_what_clients_meet_in_a_storm() -> None:
    """Outages come here as on every wire, and no world breaks."""
    office = Office(storm=Storm(server_error=0.3, rate_limited=0.3, malformed=0.2), seed=1)
    request = Request(
        "GET",
        f"/v1{office.path}",
        headers={"authorization": "Bearer sk-any", "openai-beta": "agents=v1"},
    )
    statuses = {office.sim.handle(request).status for _ in range(60)}

    assert {200, 429, 500} <= statuses


# Pacing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/turns/{turn}"])
def test_who_polls_moves_virtual_time(path: str) -> None:
    """A second look without news lets time pass, on a turn and on its session alike."""
    office = Office(pacing="everybody")
    turn = office.sim.world.store.sessions[office.id].newest
    assert turn is not None
    looks = [office.get(office.path + path.format(turn=turn.id))["status"] for _ in range(4)]

    assert looks[-1] in {"waiting", "requires_action"}
    assert 3 == office.sim.clock.now() % 100


def test_a_turn_that_waits_leaves_its_client_time() -> None:
    """Five seconds a look; and the window of a cancel is jumped over."""
    office = Office(pacing="everybody")
    office.sim.clock.advance(3)
    for _ in range(3):
        office.get(office.path)
    waited = office.sim.clock.now() % 100
    office.cancel()
    for _ in range(2):
        office.get(office.path)

    assert 13 == waited
    assert ("cancelled", "idle") == office.statuses


def test_a_list_of_sessions_moves_nothing() -> None:
    """Only looks at one thing do."""
    office = Office(pacing="everybody")
    for _ in range(5):
        office.get(SESSIONS)

    assert 0 == office.sim.clock.now() % 100
