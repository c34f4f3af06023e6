"""The places that can be covered are proved: all of them have been reached here, and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

import pytest

from runfsm.lifecycle import LIFECYCLE, RESPONSE, RunEvent, RunStatus
from runfsm_simulator import Call, Script, Seeded, Storm, calls, hang, say
from runfsm_simulator.testing.coverage import Measured, counting, measure, universe
from runfsm_simulator.testing.coverage.cells import Cell
from runfsm_simulator.testing.coverage.universe import FAULTS, ROWS
from runfsm_simulator.wire.http import NoAnswer
from runfsm_simulator.world.storm import REASONS

#: What follows a turn with a call is another one, so that everything can happen to it.
CALLING: Final = Script.of(calls(Call(name="get_weather")), say("Rain."), cancel_s="never")
TWICE: Final = Script.of(*[calls(Call(name="get_weather"))] * 2, say("Rain."))
STILL: Final = Script.of(hang(queue_s=1000), cancel_s="never")
SECTIONS: Final = {section.name: section for section in universe()}


@pytest.mark.parametrize(
    ("name", "reachable", "impossible"),
    [
        ("statuses", 9, 0),
        ("edges", 19, 0),
        ("pairs", 32, 19 * 19 - 32),
        ("calls", 156, 24),
        ("faults", 156, len(REASONS) * 10 - 156),
    ],
)
def test_how_many_there_are(name: str, reachable: int, impossible: int) -> None:
    """Nine statuses, nineteen edges, thirty-two pairs: a change of the table shows here."""
    section = SECTIONS[name]

    assert (reachable, impossible) == (len(section.reachable), len(section.impossible))
    assert set(section.reachable).isdisjoint(section.impossible)
    assert all(section.impossible.values()), "a cell without a reason"


def test_a_pair_is_two_edges_that_meet() -> None:
    """Those that may follow each other, by the table; of the others it is said why not."""
    pairs = SECTIONS["pairs"]
    meeting = [
        (str(one), str(two)) for one in LIFECYCLE.edges for two in LIFECYCLE.allowed(one.dest)
    ]

    assert sorted(meeting) == sorted((cell.row, cell.column) for cell in pairs.reachable)
    first = "in_progress --complete--> completed"
    assert {
        "(created) --create--> queued": "nothing is created twice",
        "queued --start--> in_progress": "it leads to completed, the next one leaves queued",
    }.items() <= {
        cell.column: why for cell, why in pairs.impossible.items() if cell.row == first
    }.items()


def test_another_table_has_its_own_moves_only() -> None:
    """A response has statuses, edges and pairs; of its calls and faults nothing is known yet."""
    assert ["statuses", "edges", "pairs"] == [section.name for section in universe(RESPONSE)]
    assert {RESPONSE.name} == {
        cell.table for section in universe(RESPONSE) for cell in section.reachable
    }


def test_only_faults_that_there_are_have_a_place() -> None:
    """A fault that was renamed leaves no line behind."""
    assert set() == FAULTS.keys() - REASONS.keys()


# Reached, all of them ----------------------------------------------------------------------------


def played(*walks: Callable[[], object]) -> Measured:
    """What these walks cover."""
    with counting() as clerk:
        for walk in walks:
            walk()
    return measure(clerk.book)


def test_every_pair_is_reached(make_stage: Any) -> None:
    """By hand, on one thread after another: every status, every edge, every pair."""

    def live(path: tuple[Any, ...]) -> None:
        stage = make_stage(STILL)
        run_id = stage.create_run().rpartition("/")[2]
        for edge in path[1:]:
            stage.sim.world.fire(run_id, edge.event)

    def paths(*path: Any) -> Iterable[tuple[Any, ...]]:
        nexts = LIFECYCLE.allowed(path[-1].dest if path else None)
        for edge in nexts:
            if path.count(edge) < 2:
                yield from paths(*path, edge)
        if path and not nexts:
            yield path

    measured = played(*(lambda path=path: live(path) for path in paths()))  # type: ignore[misc]  # a default that binds

    assert () == measured.below(100)


def visit(make_stage: Any, met: RunStatus | None) -> None:
    """Every call that can be made, each at a thread whose newest run is in this status."""
    for cell in SECTIONS["calls"].reachable:
        if cell.row == str(met or "(no run)"):
            call_once(make_stage(CALLING), met, *cell.column.split(" "))


def call_once(stage: Any, met: RunStatus | None, method: str, path: str) -> None:
    """One call; refused or not."""
    run = advanced_run(stage, met) if met else ""
    ids = {
        "thread_id": stage.thread_id,
        "run_id": run.rpartition("/")[2],
        "message_id": stage.get(f"{stage.thread}/messages")["data"][-1]["id"],
        "step_id": next(iter(_steps(stage, run)), "") if run else "",
    }
    body: dict[str, Any] = {}
    if path.endswith("/runs"):
        body = {"assistant_id": stage.assistant_id}
    elif path.endswith("/messages"):
        body = {"role": "user", "content": "Again"}
    elif path.endswith("/submit_tool_outputs"):
        body = {"tool_outputs": _outputs(stage, run)}
    stage.ask(method, path.format(**ids), body if method == "POST" else None)


def advanced_run(stage: Any, met: RunStatus) -> str:
    """The path of a run that has a step already, and then came into this status."""
    run: str = stage.run_in(RunStatus.REQUIRES_ACTION)
    again = LIFECYCLE.path(RunStatus.QUEUED, met) or ()
    for event in (RunEvent.SUBMIT_TOOL_OUTPUTS, *(edge.event for edge in again)):
        stage.sim.world.fire(run.rpartition("/")[2], event)
    return run


def _steps(stage: Any, run: str) -> list[str]:
    return [step["id"] for step in stage.get(f"{run}/steps")["data"]]


def _outputs(stage: Any, run: str) -> list[dict[str, str]]:
    action = stage.get(run)["required_action"]
    pending = action["submit_tool_outputs"]["tool_calls"] if action else [{"id": "call_x"}]
    return [{"tool_call_id": call["id"], "output": "1"} for call in pending]


@pytest.mark.parametrize("met", ROWS, ids=lambda met: met or "no-run")
def test_every_call_is_reached_in_every_status(make_stage: Any, met: RunStatus | None) -> None:
    """Each of the thread's and the run's calls, but those that have a reason not to be."""
    measured = played(lambda: visit(make_stage, met))
    row = str(met or "(no run)")

    assert [] == [cell for cell in measured["calls"].missing if cell.row == row]
    assert () == measured["calls"].strays


# No other is reached -----------------------------------------------------------------------------


def guest(stage: Any, chooser: Seeded) -> None:
    """Asks for anything at any time."""
    with suppress(NoAnswer):
        run = chooser.pick("run", [*stage.sim.world.store.runs] or ["run_none"])
        path = f"{stage.thread}/runs/{run}"
        act = chooser.pick("act", ["look", "cancel", "submit", "run", "stream", "list", "wait"])
        body = {"assistant_id": stage.assistant_id, "stream": act == "stream"}
        if act in {"run", "stream"}:
            answer = stage.ask("POST", f"{stage.thread}/runs", body)
            for _ in answer.stream or ():
                pass
        elif act == "submit":
            pending = getattr(stage.sim.world.store.runs.get(run), "calls", ())
            outputs = [{"tool_call_id": one.call_id, "output": "1"} for one in pending]
            stream = {"tool_outputs": outputs, "stream": chooser.pick("stream", [True, False])}
            for _ in stage.ask("POST", f"{path}/submit_tool_outputs", stream).stream or ():
                pass
        elif act == "wait":
            stage.advance(chooser.pick("wait_s", [0.5, 2, 5, 600]))
        else:
            ways = {"look": ("GET", path), "cancel": ("POST", f"{path}/cancel")}
            stage.ask(*ways.get(act, ("GET", f"{stage.thread}/messages")))


def test_sixty_storms_reach_nothing_else(make_stage: Any) -> None:
    """What is called impossible is never counted, whatever strikes and whoever asks."""

    def storm(seed: int) -> None:
        stage = make_stage(CALLING, seed=seed, storm=Storm.swarm(Seeded(seed)))
        chooser = Seeded(seed)
        for _ in range(60):
            guest(stage, chooser)

    measured = played(*(lambda seed=seed: storm(seed) for seed in range(60)))  # type: ignore[misc]  # likewise

    assert [] == [cell for covered in measured for cell in covered.strays]
    assert measured["faults"].percent > 50  # so that something was put to the test


# Every fault, wherever it can strike --------------------------------------------------------------


def strike(make_stage: Any, cell: Cell) -> None:
    """One fault, sure to strike, in one status: by whatever brings it about."""
    met = next((status for status in RunStatus if status == cell.row), None)
    with suppress(NoAnswer):
        PROVOKED.get(cell.column, at_a_call)(make_stage, cell.column, met)


def _stormy(stage: Any, fault: str) -> None:
    stage.sim.world.storm = Storm(**{fault: 1})


def at_a_call(make_stage: Any, fault: str, met: RunStatus | None) -> None:
    """While the run is looked at, twice; or its thread, if there is no run."""
    stage = make_stage(CALLING)
    path = stage.run_in(met) if met else stage.thread
    _stormy(stage, fault)
    stage.ask("GET", path)
    stage.ask("GET", path)


def at_a_list(make_stage: Any, fault: str, met: RunStatus) -> None:
    """While the messages of a run are listed that is over, and has written one."""
    stage = make_stage(Script.of(say("Hello!", queue_s=0, work_s=8), cancel_s="never"))
    run = stage.create_run()
    stage.advance(6)
    for edge in LIFECYCLE.path(RunStatus.IN_PROGRESS, met) or ():
        stage.sim.world.fire(run.rpartition("/")[2], edge.event)
    _stormy(stage, fault)
    stage.get(f"{stage.thread}/messages")


def at_a_turn(make_stage: Any, fault: str, met: RunStatus | None) -> None:
    """While the model is asked for a turn: a call, for a new run; or after outputs."""
    stage = make_stage(CALLING if fault == "second_round" else TWICE)
    run = stage.run_in(met) if met else None
    _stormy(stage, fault)
    if run:
        stage.ask("POST", f"{run}/submit_tool_outputs", {"tool_outputs": _outputs(stage, run)})
    else:
        stage.create_run()


def at_an_end(make_stage: Any, fault: str, met: RunStatus) -> None:
    """While a run comes to its end; or to where it wants calls, or a cancel."""
    stage = make_stage(TWICE)
    _stormy(stage, fault)
    stage.run_in(met)


def at_a_stream(make_stage: Any, fault: str, met: RunStatus | None) -> None:
    """While a stream begins, with a run or with outputs."""
    stage = make_stage(CALLING)
    run = stage.run_in(met) if met else None
    body = {"tool_outputs": _outputs(stage, run)} if run else {"assistant_id": stage.assistant_id}
    _stormy(stage, fault)
    path = f"{run}/submit_tool_outputs" if run else f"{stage.thread}/runs"
    stage.ask("POST", path, {**body, "stream": True}).stream.close()


def at_a_new_run(make_stage: Any, fault: str, met: RunStatus | None) -> None:
    """While a run is wanted on a thread that is free."""
    stage = make_stage(CALLING)
    if met:
        stage.run_in(met)
    _stormy(stage, fault)
    stage.ask("POST", f"{stage.thread}/runs", {"assistant_id": stage.assistant_id})


def at_a_late_cancel(make_stage: Any, fault: str, _: RunStatus) -> None:
    """While a run is cancelled that was about to answer."""
    stage = make_stage(Script.of(say("Hello!", queue_s=0, work_s=9)))
    run = stage.create_run()
    _stormy(stage, fault)
    stage.advance(1)
    stage.post(f"{run}/cancel")


PROVOKED: Final[dict[str, Any]] = {
    "missing_message": at_a_list,
    "stuck_queued": at_an_end,
    "foreign_cancel": at_an_end,
    "endless_cancelling": at_an_end,
    "duplicate_calls": at_an_end,
    "lingering_lock_s": at_an_end,
    "completes_after_cancel": at_a_late_cancel,
    "foreign_run": at_a_new_run,
    **dict.fromkeys(("stuck_in_progress", "nothing_after_outputs", "random_failure"), at_a_turn),
    **dict.fromkeys(("second_round", "strange_call"), at_a_turn),
    **dict.fromkeys(("cut", "no_done", "error_event", "hangs"), at_a_stream),
}

#: Reached by another road: outputs that begin a response.
BY_RESPONSES: Final = {("(no run)", fault) for fault in ("nothing_after_outputs", "second_round")}


@pytest.mark.parametrize("fault", REASONS)
def test_every_fault_is_reached_wherever_it_can_strike(make_stage: Any, fault: str) -> None:
    """In each status that the coverage asks for; and in no other."""
    mine = [cell for cell in SECTIONS["faults"].reachable if cell.column == fault]
    todo = [cell for cell in mine if (cell.row, cell.column) not in BY_RESPONSES]
    measured = played(*(lambda cell=cell: strike(make_stage, cell) for cell in todo))  # type: ignore[misc]  # likewise

    assert [] == [cell for cell in measured["faults"].missing if cell in todo]
    assert () == measured["faults"].strays
