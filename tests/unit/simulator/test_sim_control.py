"""The powers that only a simulator has: time, seeds, edges, faults, the journal, and why."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import openai
import pytest

from runfsm.errors import CallerError, IllegalTransition, UnknownNameError
from runfsm.lifecycle import LIFECYCLE, Confidence, RunEvent, RunStatus
from runfsm_simulator import Script, Simulator, hang, say
from runfsm_simulator.doors import faults, journal
from runfsm_simulator.doors.faults import ArmedFault
from runfsm_simulator.doors.sidedoor import SideDoor
from runfsm_simulator.doors.worlds import Worlds
from runfsm_simulator.wire.errors import REFUSALS
from runfsm_simulator.wire.http import NoAnswer, Request, Response
from runfsm_simulator.world.reasons import RUN_FIELDS
from runfsm_simulator.world.refusals import NotFound

# The SDK warns at every call of this API.
deprecated = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

HEADERS = {"authorization": "Bearer sk-secret", "openai-beta": "assistants=v2"}


@pytest.fixture
def sim() -> Simulator:
    """One whose run waits a second, works for two, and answers."""
    return Simulator(Script.of(say("Hello!", queue_s=1, work_s=2)))


def ask(sim: Simulator, method: str, path: str, body: Any = None) -> Response:
    """The answer to a client's request."""
    data = b"" if body is None else json.dumps(body).encode()
    return sim.handle(Request(method, path, headers=HEADERS, body=data))


# Time --------------------------------------------------------------------------------------------


def test_time_jumps_from_event_to_event(sim: Simulator) -> None:
    """Start, half of the work, the answer; then there is nothing to jump to."""
    began = sim.control.now()
    sim.control.seed.run()
    jumps = [sim.control.jump() for _ in range(4)]

    assert [began + 1, began + 2, began + 3, None] == jumps
    assert began + 3 == sim.control.now()


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_time_does_not_go_back_or_for_ever(sim: Simulator, seconds: float) -> None:
    """Nothing changes."""
    began = sim.control.now()
    with pytest.raises(CallerError, match="give 0 or more"):
        sim.control.advance(seconds)
    assert began == sim.control.now()


@pytest.mark.parametrize(("move", "how"), [("advance", [1]), ("jump", [])])
def test_real_time_is_moved_by_nobody(move: str, how: list[float]) -> None:
    """The error says which clocks can be moved."""
    sim = Simulator(clock=SimpleNamespace(now=lambda: 0.0))  # type: ignore[arg-type]  # a clock
    with pytest.raises(CallerError, match="--time manual"):
        getattr(sim.control, move)(*how)


# Seeds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", RunStatus)
def test_a_run_can_be_had_in_each_status(sim: Simulator, status: RunStatus) -> None:
    """It has come there along legal edges, and has what such a run has."""
    ref = sim.control.seed.run(status, id="run_1")
    run = ask(sim, "GET", f"/v1/threads/{ref.thread_id}/runs/run_1").json()
    taken = [LIFECYCLE.next(entry.source, entry.event) for entry in sim.trace]

    assert status == run["status"] == taken[-1].dest
    assert [None, *(edge.dest for edge in taken[:-1])] == [edge.source for edge in taken]
    assert (status == "requires_action") == (run["required_action"] is not None)


@pytest.mark.parametrize("status", ["in-progress", "Completed", "", None])
def test_a_run_cannot_be_had_in_a_status_that_there_is_not(sim: Simulator, status: Any) -> None:
    """The nine are named, and nothing is made (python-statemachine#263)."""
    with pytest.raises(UnknownNameError, match="is no status of a run"):
        sim.control.seed.run(status)
    door = SideDoor(Worlds(lambda: sim))
    body = json.dumps({"status": status}).encode()
    request = Request("POST", "/_sim/runs", {}, {"host": "127.0.0.1"}, body)
    answer = door.handle(request, peer="127.0.0.1")

    assert (400, []) == (answer.status, list(sim.world.store.runs))
    if status:
        assert "Did you mean" in answer.json()["error"]["message"]


def test_an_event_that_there_is_not_is_refused(sim: Simulator) -> None:
    """In Python and at the side door, with the nearest (python-statemachine#263)."""
    ref = sim.control.seed.run()
    with pytest.raises(UnknownNameError, match="Did you mean 'start'"):
        sim.control.fire(ref.run_id, "strat")  # type: ignore[arg-type]  # as a user would
    door = SideDoor(Worlds(lambda: sim))
    path = f"/_sim/runs/{ref.run_id}/events"
    request = Request("POST", path, {}, {"host": "127.0.0.1"}, b'{"event": "strat"}')
    answer = door.handle(request, peer="127.0.0.1")

    assert (400, True) == (
        answer.status,
        "Did you mean 'start'" in answer.json()["error"]["message"],
    )


def test_things_can_have_chosen_ids(sim: Simulator) -> None:
    """Assistant, thread and run; each is found by its id."""
    assistant_id = sim.create_assistant(id="asst_bob")
    thread_id = sim.create_thread(id="thread_of-bob")
    ref = sim.control.seed.run(id="run_1", thread_id=thread_id, assistant_id=assistant_id)

    assert ("asst_bob", "thread_of-bob", "run_1") == (assistant_id, ref.thread_id, ref.run_id)
    assert (
        "asst_bob" == ask(sim, "GET", "/v1/threads/thread_of-bob/runs/run_1").json()["assistant_id"]
    )


def test_a_chosen_id_shifts_no_other(sim: Simulator) -> None:
    """The ids that are made up come in the same order, whatever is chosen between."""
    other = Simulator()
    sim.create_thread(id="thread_mine")

    assert [other.create_thread() for _ in range(3)] == [sim.create_thread() for _ in range(3)]


@pytest.mark.parametrize(
    "id", ["bob", "run_1", "thread_", "thread_a/b", "thread_é" * 200, "thread"]
)
def test_an_id_that_could_not_be_asked_for_is_refused(sim: Simulator, id: str) -> None:
    """Nothing is made."""
    with pytest.raises(CallerError, match="as in 'thread_1'"):
        sim.create_thread(id=id)
    assert {} == sim.world.store.threads


def test_an_id_is_given_once(sim: Simulator) -> None:
    """The thing that has it stays as it is."""
    sim.create_thread(id="thread_1")
    first = sim.world.store.threads["thread_1"]
    with pytest.raises(CallerError, match="there is a thread_1 already"):
        sim.create_thread(id="thread_1")
    assert first is sim.world.store.threads["thread_1"]


def test_a_refused_creation_leaves_no_id_behind(sim: Simulator) -> None:
    """The next thing gets its own."""
    with pytest.raises(CallerError, match="Unknown parameter"):
        sim.control.seed.assistant({"model": "gpt-4o", "colour": "blue"}, id="asst_1")
    assert "asst_1" != sim.create_assistant()


def test_a_run_can_be_seeded_with_the_apis_own_parameters(sim: Simulator) -> None:
    """They are checked as the API checks them."""
    ref = sim.control.seed.run(body={"metadata": {"lesson": "1"}})
    assert {"lesson": "1"} == sim.world.store.runs[ref.run_id].metadata
    with pytest.raises(CallerError, match="temperature"):
        sim.control.seed.run(body={"temperature": 3})


# Edges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", RunStatus)
def test_the_next_edges_are_those_of_the_table(sim: Simulator, status: RunStatus) -> None:
    """In each status; and each of them can be chosen."""
    sim.control.seed.run(status, id="run_1")
    edges = sim.control.next_edges("run_1")
    snapshot = sim.control.save()

    assert LIFECYCLE.allowed(status) == edges
    for edge in edges:
        sim.control.restore(snapshot)
        assert edge == sim.control.fire("run_1", edge.event)


def test_an_edge_that_is_not_there_cannot_be_chosen(sim: Simulator) -> None:
    """The run stays where it is."""
    sim.control.seed.run(id="run_1")
    with pytest.raises(IllegalTransition):
        sim.control.fire("run_1", RunEvent.COMPLETE)
    with pytest.raises(NotFound):
        sim.control.next_edges("run_2")
    assert RunStatus.QUEUED is sim.world.store.runs["run_1"].status


def test_a_script_is_played_from_the_next_turn_on(sim: Simulator) -> None:
    """What is planned already is still done."""
    sim.control.seed.run()
    sim.control.play(Script.of(hang()))
    sim.control.seed.run()
    sim.clock.advance(60)

    assert ["complete"] == [entry.event for entry in sim.trace if entry.dest == "completed"]
    assert 1 == sum(run.status is RunStatus.IN_PROGRESS for run in sim.world.store.runs.values())


# Faults ------------------------------------------------------------------------------------------


def test_a_fault_strikes_once_at_the_call_that_it_fits(sim: Simulator) -> None:
    """Others pass; afterwards, so does this one."""
    sim.control.faults.arm(
        ArmedFault(method="POST", path="/v1/threads/*/messages", status=429, body={"no": "way"})
    )
    thread_id = sim.create_thread()
    path = f"/v1/threads/{thread_id}/messages"
    body = {"role": "user", "content": "Hi"}
    answers = [ask(sim, "GET", path), ask(sim, "POST", "/v1/threads", {})]
    answers += [ask(sim, "POST", path, body) for _ in range(2)]

    assert [200, 200, 429, 200] == [answer.status for answer in answers]
    assert {"no": "way"} == answers[2].json()
    assert 1 == len(sim.world.store.threads[thread_id].messages)


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("trouble", ["answer", "timeout", "drop"])
def test_a_call_may_have_taken_effect_all_the_same(
    sim: Simulator, trouble: Any, *, applied: bool
) -> None:
    """Whatever the client is told."""
    sim.control.faults.arm(ArmedFault(trouble=trouble, applied=applied))
    if trouble == "answer":
        assert 500 == ask(sim, "POST", "/v1/threads", {}).status
    else:
        with pytest.raises(NoAnswer):
            ask(sim, "POST", "/v1/threads", {})

    assert applied == bool(sim.world.store.threads)


@deprecated
@pytest.mark.parametrize(
    ("trouble", "error"),
    [("timeout", openai.APITimeoutError), ("drop", openai.APIConnectionError)],
)
def test_no_answer_is_the_sdks_own_exception(sim: Simulator, trouble: Any, error: Any) -> None:
    """As over a real network, and without waiting for it."""
    sim.control.faults.arm(ArmedFault(trouble=trouble))
    with sim.client(max_retries=0) as client, pytest.raises(error) as caught:
        client.beta.threads.create()
    assert error is caught.type


@deprecated
def test_the_sdk_repeats_a_create_that_was_applied(sim: Simulator) -> None:
    """An answer 500 to an applied create run makes its retry meet the lock: a known trap."""
    thread_id, assistant_id = sim.create_thread(), sim.create_assistant()
    retry = {"retry-after-ms": "1"}
    sim.control.faults.arm(ArmedFault(path="*/runs", applied=True, headers=retry))
    with (
        sim.client() as client,
        pytest.raises(openai.BadRequestError, match="already has an active run"),
    ):
        client.beta.threads.runs.create(thread_id, assistant_id=assistant_id)


def test_a_stream_that_is_dropped_is_not_listened_to(sim: Simulator) -> None:
    """The run goes on; nobody keeps its events."""
    thread_id = sim.create_thread()
    sim.control.faults.arm(ArmedFault(applied=True))
    body = {"assistant_id": sim.create_assistant(), "stream": True}
    ask(sim, "POST", f"/v1/threads/{thread_id}/runs", body)
    sim.clock.advance(10)

    assert RunStatus.COMPLETED is sim.trace[-1].dest
    assert () == sim.world._engine.happenings.everybody()


def test_as_many_faults_are_armed_as_are_allowed(sim: Simulator) -> None:
    """They are listed, oldest first, and can be disarmed."""
    for number in range(faults.ARMED_MAX):
        sim.control.faults.arm(ArmedFault(path=f"/{number}"))
    with pytest.raises(CallerError, match="disarm them first"):
        sim.control.faults.arm(ArmedFault())
    assert "/0" == sim.control.faults.armed[0].path
    sim.control.faults.disarm()
    assert () == sim.control.faults.armed


# The journal, and why ----------------------------------------------------------------------------


def test_the_journal_has_every_request_and_no_secret(sim: Simulator) -> None:
    """Method, path, status, request id and run; no key, no query, no body."""
    ref = sim.control.seed.run(id="run_1", thread_id=sim.create_thread(id="thread_1"))
    ask(sim, "GET", f"/v1/threads/{ref.thread_id}/runs/run_1")
    sim.handle(Request("GET", "/v1/assistants", {"after": ["mine"]}, HEADERS, b"secret"))
    sim.control.faults.arm(ArmedFault(trouble="drop"))
    with pytest.raises(NoAnswer):
        ask(sim, "POST", "/v1/threads", {"metadata": {"a": "secret"}})
    lines = sim.control.journal.requests

    assert [
        ("GET", "/v1/threads/thread_1/runs/run_1", 200, "run_1"),
        ("GET", "/v1/assistants", 404, None),
        ("POST", "/v1/threads", None, None),
    ] == [(line.method, line.path, line.status, line.run_id) for line in lines]
    assert "secret" not in repr(lines) + json.dumps([line.to_dict() for line in lines])
    assert sim.trace == sim.control.journal.transitions


def test_the_journal_is_bounded(sim: Simulator) -> None:
    """In lines, and in the length of a path."""
    for number in range(journal.LINES_MAX + 1):
        ask(sim, "GET", f"/v1/threads/{number}/{'x' * 1000}")
    lines = sim.control.journal.requests

    assert journal.LINES_MAX == len(lines)
    assert lines[0].path.startswith("/v1/threads/1/")
    assert journal.PATH_MAX == len(lines[0].path)


def test_why_tells_the_wording_of_a_refusal_and_the_edges_behind_it(sim: Simulator) -> None:
    """A locked thread: the text's evidence, and how the run came to hold it."""
    ref = sim.control.seed.run(RunStatus.REQUIRES_ACTION)
    body = {"role": "user", "content": "Hi"}
    answer = ask(sim, "POST", f"/v1/threads/{ref.thread_id}/messages", body)
    sim.control.fire(ref.run_id, RunEvent.EXPIRE)
    why = sim.control.why(answer.headers["x-request-id"])
    wording = REFUSALS["message_on_locked_thread"]

    assert [(wording.text, wording.evidence)] == [
        (reason.rule, reason.evidence) for reason in why.reasons
    ]
    assert ref.run_id == why.asking.run_id
    assert ["create", "start", "require_action"] == [entry.event for entry in why.edges]


def test_why_tells_the_edges_and_fields_of_a_run(sim: Simulator) -> None:
    """Each with its reason and its evidence; also of the run that a request has just made."""
    thread_id = sim.create_thread()
    body = {"assistant_id": sim.create_assistant()}
    answer = ask(sim, "POST", f"/v1/threads/{thread_id}/runs", body)
    told = sim.control.why(answer.headers["x-request-id"]).to_dict()
    edge = LIFECYCLE.next(None, RunEvent.CREATE)

    assert [reason.to_dict() for reason in RUN_FIELDS] == told["rules"]
    assert [(answer.json()["id"], edge.why, edge.evidence.source, "certain")] == [
        (it["run_id"], it["rule"], it["source"], it["confidence"]) for it in told["edges"]
    ]


def test_why_owns_up_to_what_is_the_simulators_own(sim: Simulator) -> None:
    """An armed fault and a paced look are told as such, and as inferred at best."""
    sim.control.faults.arm(ArmedFault())
    struck = ask(sim, "GET", "/v1/assistants")
    ref = sim.control.seed.run()
    helper = {**HEADERS, "x-stainless-poll-helper": "true"}
    path = f"/v1/threads/{ref.thread_id}/runs/{ref.run_id}"
    paced = sim.handle(Request("GET", path, headers=helper))
    reasons = [
        sim.control.why(answer.headers["x-request-id"]).reasons[0] for answer in (struck, paced)
    ]

    assert "armed by hand" in reasons[0].rule
    assert "openai-poll-after-ms" in reasons[1].rule
    assert {Confidence.INFERRED} == {reason.evidence.confidence for reason in reasons}


def test_why_knows_as_much_as_the_trace(sim: Simulator) -> None:
    """Edges that it has forgotten are left out, and others do not take their place."""
    first = sim.control.seed.run(RunStatus.COMPLETED)
    path = f"/v1/threads/{first.thread_id}/runs/{first.run_id}"
    answer = ask(sim, "GET", path)
    sim.world._engine.trace.popleft()
    sim.control.seed.run()

    edges = sim.control.why(answer.headers["x-request-id"]).edges
    assert ["start", "complete"] == [entry.event for entry in edges]


def test_an_answer_that_is_not_remembered_has_no_why(sim: Simulator) -> None:
    """The error says where ids are found."""
    with pytest.raises(CallerError, match="x-request-id"):
        sim.control.why("req_0")
