"""What the clerk counts, on each road to the simulator; and that it changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runfsm import RunRequest
from runfsm.errors import BackendError
from runfsm.lifecycle import LIFECYCLE, RESPONSE, RunEvent, RunStatus
from runfsm_simulator import Call, Script, Simulator, Storm, calls, hang, say
from runfsm_simulator.testing.coverage import Clerk, counting
from runfsm_simulator.testing.coverage.cells import (
    call_cell,
    edge_cell,
    fault_cell,
    pair_cell,
    refusal_cell,
    status_cell,
)
from runfsm_simulator.world.witness import WITNESSES

RUNS = "POST /v1/threads/{thread_id}/runs"
RUN = "GET /v1/threads/{thread_id}/runs/{run_id}"
CANCEL = "POST /v1/threads/{thread_id}/runs/{run_id}/cancel"
CREATE, START = (LIFECYCLE.next(*move) for move in ((None, "create"), ("queued", "start")))
COMPLETE = LIFECYCLE.next(RunStatus.IN_PROGRESS, RunEvent.COMPLETE)


@pytest.fixture
def clerk() -> Iterator[Clerk]:
    """One that counts all that the test does."""
    with counting() as clerk:
        yield clerk


def test_a_run_that_answers(clerk: Clerk, stage: Any) -> None:
    """Three statuses, three edges, and the two pairs of them."""
    stage.create_run()
    stage.advance(10)
    stage.get(f"{stage.thread}/runs")
    book = clerk.book

    assert (1, 1, 1) == tuple(book[edge_cell("run", edge)] for edge in (CREATE, START, COMPLETE))
    assert 1 == book[pair_cell("run", CREATE, START)] == book[pair_cell("run", START, COMPLETE)]
    assert 2 == sum(cell.kind == "pair" for cell in book.counts)
    assert {"queued", "in_progress", "completed"} == {
        cell.row for cell in book.counts if cell.kind == "status"
    }


def test_a_pair_is_of_one_run(clerk: Clerk) -> None:
    """Two runs of equal ids, in two worlds of one seed, by turns: no pair is made of both."""
    still = Script.of(hang(queue_s=1000))
    worlds = [Simulator(still).world for _ in range(2)]
    runs = []
    for world in worlds:
        thread = world.create_thread()
        assistant = world.create_assistant(model="gpt-4o", instructions="Hi")
        runs.append(world.create_run(thread.id, assistant.id))
    worlds[0].fire(runs[0].id, RunEvent.START)
    worlds[1].fire(runs[1].id, RunEvent.FAIL)

    assert runs[0].id == runs[1].id
    assert {pair_cell("run", CREATE, START): 1, pair_cell("run", CREATE, _fail()): 1} == {
        cell: count for cell, count in clerk.book.counts.items() if cell.kind == "pair"
    }


def _fail() -> Any:
    return LIFECYCLE.next(RunStatus.QUEUED, RunEvent.FAIL)


def test_a_forked_run_begins_anew(clerk: Clerk, stage: Any) -> None:
    """Of a copied run the next edge is counted, but follows none: nobody saw the copy's first."""
    stage.create_run()
    twin = stage.sim.fork()
    twin.clock.advance(10)

    assert 2 == len(twin.trace) - 1
    assert 0 == clerk.book[pair_cell("run", CREATE, START)]
    assert 1 == clerk.book[pair_cell("run", START, COMPLETE)]


def test_responses_have_a_table_of_their_own(clerk: Clerk, make_desk: Any) -> None:
    """What becomes of a response is counted under its own lifecycle's name."""
    make_desk().create()
    tables = {cell.table for cell in clerk.book.counts if cell.kind == "edge"}

    assert {RESPONSE.name} == tables


def test_a_call_and_what_it_met(clerk: Clerk, stage: Any) -> None:
    """The status before the call counts: `POST runs` met no run, then the one that it had made."""
    run = stage.create_run()
    stage.refused("POST", f"{stage.thread}/runs", {"assistant_id": stage.assistant_id})
    stage.get(run)
    book = clerk.book

    assert (1, 0) == (book[call_cell(RUNS, None)], book[refusal_cell(RUNS, None)])
    assert (1, 1) == (book[call_cell(RUNS, "queued")], book[refusal_cell(RUNS, "queued")])
    assert 1 == book[call_cell(RUN, "queued")]


def test_a_call_meets_what_has_come_due(clerk: Clerk, stage: Any) -> None:
    """A run that is over by the time of a look is met as it is then."""
    run = stage.create_run()
    stage.advance(10)
    stage.get(run)

    assert 1 == clerk.book[call_cell(RUN, "completed")]


@pytest.mark.parametrize(
    ("path", "body"),
    [("{thread}/runs/run_nobodys", None), ("{thread}/runs", {"assistant_id": 7})],
    ids=["unknown", "malformed"],
)
def test_a_wrong_call_covers_nothing(clerk: Clerk, stage: Any, path: str, body: Any) -> None:
    """An unknown id and a body that is none say nothing about a status."""
    before = clerk.book
    method = "POST" if body else "GET"
    stage.refused(method, path.format(thread=stage.thread), body)

    assert before == clerk.book


def by_wire(stage: Any, storm: Storm) -> None:
    """Create, look, cancel twice: as requests."""
    run = stage.create_run()
    stage.sim.world.storm = storm
    stage.ask("GET", run)
    stage.sim.world.storm = Storm()
    stage.post(f"{run}/cancel")
    stage.refused("POST", f"{run}/cancel")


def by_direct_port(stage: Any, storm: Storm) -> None:
    """The same, as calls of the direct port."""
    backend = stage.sim.backend
    ref = backend.create(RunRequest(stage.assistant_id, None, stage.thread_id)).ref
    stage.sim.world.storm = storm
    with pytest.raises(BackendError):
        backend.retrieve(ref)
    stage.sim.world.storm = Storm()
    backend.cancel(ref)
    with pytest.raises(BackendError):
        backend.cancel(ref)


@pytest.mark.parametrize("walk", [by_wire, by_direct_port])
@pytest.mark.parametrize(
    ("storm", "looks"), [(Storm(server_error=1), 0), (Storm(error_after_effect=1), 1)]
)
def test_both_roads_are_counted_alike(
    clerk: Clerk, make_stage: Any, walk: Callable[..., None], storm: Storm, looks: int
) -> None:
    """Calls, refusals and faults; a call that a fault kept from the service was none."""
    walk(make_stage(), storm)
    book, fault = clerk.book, str(storm)[len("Storm(") : -len("=1)")]

    assert 1 == book[call_cell(RUNS, None)]
    assert looks == book[call_cell(RUN, "queued")]
    assert 1 == book[fault_cell(fault, "queued")]
    assert (1, 0) == (book[call_cell(CANCEL, "queued")], book[refusal_cell(CANCEL, "queued")])
    assert 1 == book[call_cell(CANCEL, "cancelling")] == book[refusal_cell(CANCEL, "cancelling")]


def test_a_fault_of_a_later_turn_meets_the_run(clerk: Clerk, make_stage: Any) -> None:
    """What a storm makes of the turn after outputs struck in `requires_action`."""
    stage = make_stage(Script.of(calls(Call(name="get_weather")), say("Rain.")))
    run = stage.run_in(RunStatus.REQUIRES_ACTION)
    stage.sim.world.storm = Storm(random_failure=1)
    stage.sim.world.fire(run.rpartition("/")[2], RunEvent.SUBMIT_TOOL_OUTPUTS)

    assert 1 == clerk.book[fault_cell("random_failure", "requires_action")]


def test_a_clerk_changes_nothing(make_stage: Any) -> None:
    """The same seed makes the same trace, counted or not."""
    alone = _quietly(make_stage)
    with counting():
        counted = _quietly(make_stage)

    assert alone == counted


def _quietly(make_stage: Any) -> Any:
    stage = make_stage(storm=Storm(stuck_queued=0.3, foreign_cancel=0.3), seed=3)
    for _ in range(20):
        stage.create_run()
        stage.advance(700)
    return stage.sim.trace


def test_nobody_counts_unless_asked(stage: Any) -> None:
    """Before and after there is no witness; after, a clerk hears no more."""
    before = WITNESSES.present
    with counting() as clerk:
        assert WITNESSES.present
    stage.create_run()

    assert before == WITNESSES.present
    assert 0 == clerk.book[status_cell("run", "queued")]


def test_two_clerks_count_each_for_itself(stage: Any) -> None:
    """The inner one has what happened while it was there, the outer one all."""
    with counting() as outer:
        stage.create_run()
        with counting() as inner:
            stage.advance(1.5)
            _ = stage.sim.trace

    assert 1 == outer.book[edge_cell("run", CREATE)]
    assert 0 == inner.book[edge_cell("run", CREATE)]
    assert 1 == inner.book[edge_cell("run", START)] == outer.book[edge_cell("run", START)]


def test_many_threads_lose_nothing(clerk: Clerk, make_stage: Any) -> None:
    """Eight worlds in eight threads: every creation is counted."""
    stages = [make_stage() for _ in range(8)]

    def create(stage: Any) -> None:
        for _ in range(50):
            stage.create_run()
            stage.advance(700)

    threads = [threading.Thread(target=create, args=(stage,)) for stage in stages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 400 == clerk.book[edge_cell("run", CREATE)]
