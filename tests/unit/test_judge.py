"""`runfsm judge`: looks in, the hidden path out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfsm import RunDriver, RunRequest, RunStatus, Toolset
from runfsm.cli import main
from runfsm.cli.drive.tracefile import save_trace
from runfsm.cli.judge import lookfile
from runfsm.cli.judge.hearing import Hearing, heard
from runfsm.cli.judge.locking import TwoActive
from runfsm.cli.judge.lookfile import Looks
from runfsm.errors import CallerError
from runfsm.lifecycle import LIFECYCLE
from runfsm.lifecycle.hindsight import is_sure, kept_lock, reachable
from runfsm.lifecycle.journal import Transition
from runfsm_simulator import Simulator
from runfsm_simulator.testing.drawn import Drawn
from runfsm_simulator.world.refusals import ThreadLocked

Judge = Callable[..., str]

UNSAID = "what nobody may read"


def hearing(*lines: Any) -> Hearing:
    """What these lines prove; what is no text is written as JSON."""
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return heard(Looks(io.StringIO("\n".join(texts))))


def path(found: Hearing, run: int = 0) -> list[str]:
    """The edges of a run, with what is known of each."""
    return [
        f"{told.step.edge.event}{' unseen' if told.step.inferred else ''}{'' if told.sure else '?'}"
        for told in found.runs[run].told
        if isinstance(told.step, Transition)
    ]


def look(status: str, run_id: str = "run_1", **more: Any) -> dict[str, Any]:
    """A look, as an app may log it."""
    return {"run_id": run_id, "status": status, **more}


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Judge:
    """The command, in this process, on standard input; what it says."""

    def run(*args: str, lines: Iterable[Any] = (), code: int = 0) -> str:
        text = "\n".join(json.dumps(line) for line in lines)
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        monkeypatch.setattr(sys, "argv", ["runfsm", "judge", *(args or ["-"])])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        assert code == caught.value.code, out + err
        return err if code == 2 else out

    return run


def test_what_polls_missed_is_rebuilt() -> None:
    """Edges between two looks are the table's; they are sure where there is no way around them."""
    found = hearing(look("queued"), look("requires_action"), look("completed"))

    assert [
        "create",
        "start unseen",
        "require_action",
        "submit_tool_outputs unseen?",
        "start unseen?",
        "complete?",
    ] == path(found)
    assert found.impossible is None


def test_the_first_impossible_look_is_named() -> None:
    """By its line in the whole log, whichever run it is of; what could have been is told."""
    found = hearing(
        look("cancelling"),
        look("completed", "run_2"),
        look("queued", "run_2"),
        look("queued"),
    )
    assert found.impossible
    run, told = found.impossible

    assert ("run_2", 3) == (run.run_id, told.line)
    assert "completed is terminal" in str(told.why)
    other = found.runs[0].impossible
    assert other
    assert "After cancelling can come only: cancelled (the worker has stopped)" in str(other.why)


def test_a_log_that_is_out_of_order_is_told_so() -> None:
    """An impossible look whose time is before that of the look before may be in the wrong place."""
    found = hearing(look("completed", at=9.0), look("in_progress", at=8.0))

    assert found.impossible
    assert "is the log in order?" in str(found.impossible[1].why)


def test_a_new_round_of_calls_is_told_from_the_old_one() -> None:
    """Two looks in requires_action with other call ids: outputs were submitted in between."""

    def asks(call_id: str) -> dict[str, Any]:
        calls = [{"id": call_id, "function": {"name": "f", "arguments": UNSAID}}]
        required = {"submit_tool_outputs": {"tool_calls": calls}}
        return {"id": "run_1", "status": "requires_action", "required_action": required}

    events = path(hearing(asks("call_1"), asks("call_1"), asks("call_2")))

    assert ["submit_tool_outputs unseen", "start unseen", "require_action"] == events[3:]


# Two runs of one thread --------------------------------------------------------------------------


def on(thread_id: str, *looks: str, **more: Any) -> list[dict[str, Any]]:
    """Looks at runs of a thread, each as `"a queued"`, or with its time, `"a queued 3"`."""
    told = [text.split() for text in looks]
    times = [{"at": float(at[0])} if at else {} for _, _, *at in told]
    return [
        {**look(status, f"run_{run}", thread_id=thread_id), **time, **more}
        for (run, status, *_), time in zip(told, times, strict=True)
    ]


CLASHES = {
    "in between": ["a queued", "b queued", "a in_progress"],
    "in any locking status": ["a requires_action", "b cancelling", "a requires_action"],
    "later": ["a queued", "b queued", "b completed", "a in_progress"],
    "among others": ["a queued", "b queued", "c queued", "c queued", "a queued"],
    "in time": ["a queued 1", "b queued 2", "a in_progress 3"],
    "at one time": ["a queued 1", "b queued 1", "a in_progress 1"],
}


@pytest.mark.parametrize("looks", CLASHES.values(), ids=CLASHES)
def test_two_active_runs_on_one_thread_are_named(looks: list[str]) -> None:
    """By the look that proves it, with the two lines that prove it with it."""
    found = hearing(*on("thread_1", *looks))
    assert found.impossible
    _, told = found.impossible

    assert f"line {told.line} shows that it was active from line" in str(told.why)
    assert "thread_1 is locked by one run at a time" in str(told.why)


def test_the_first_of_them_is_told_with_its_lines() -> None:
    """In JSON, too: which run, which other one, and where both were seen."""
    found = hearing(*on("thread_1", "a queued", "b queued", "a queued", "b queued"))
    assert found.impossible
    told = found.impossible[1].to_dict()

    assert (3, "two_active", "run_a", 1, "run_b", 2) == tuple(
        told[key] for key in ("line", "kind", "run_id", "since", "other_id", "other_line")
    )


POSSIBLE = {
    "one after the other": ["a queued", "b queued", "b completed"],
    "after its end": ["a queued", "a completed", "b queued", "b completed"],
    "an end seen late": ["a queued", "b queued", "a completed", "b queued"],
    "a look at the past": ["a queued", "b completed", "a queued"],
    "not in the order of time": ["a queued 5", "b queued 1", "a queued 6"],
    "what nobody believes": ["a completed", "a queued", "b queued", "a queued"],
    "a tenth status": ["a paused", "b queued", "a paused"],
}


@pytest.mark.parametrize("looks", POSSIBLE.values(), ids=POSSIBLE)
def test_two_runs_that_need_not_have_met_are_not_accused(looks: list[str]) -> None:
    """What could have been otherwise between two looks is no proof."""
    steps = [told.step for run in hearing(*on("thread_1", *looks)).runs for told in run.told]

    assert not any(isinstance(step, TwoActive) for step in steps)


@pytest.mark.parametrize(
    ("thread_id", "more", "named"),
    [
        ("thread_1", {}, ["run_a"]),
        ("mine", {}, []),  # nobody says which API calls a thread so
        ("mine", {"object": "thread.run"}, ["run_a"]),
        ("mine", {"backend": "assistants"}, ["run_a"]),
        ("thread_1", {"backend": "responses"}, []),
        ("thread_1", {"backend": "agents"}, []),
        ("thread_1", {"backend": "another"}, []),
    ],
)
def test_only_a_wire_that_locks_threads_is_judged_so(
    thread_id: str, more: dict[str, Any], named: list[str]
) -> None:
    """The wires' tables say which: conversations are locked otherwise, sessions not at all."""
    found = hearing(*on(thread_id, "a queued", "b queued", "a in_progress", **more))

    assert named == [run.run_id for run in found.runs if run.impossible]


def test_runs_of_other_threads_may_be_active_at_once() -> None:
    """A lock is a thread's own."""
    lines = [*on("thread_1", "a queued"), *on("thread_2", "b queued"), *on("thread_1", "a queued")]

    assert hearing(*lines).impossible is None


@given(st.data())
def test_nobody_is_accused_in_a_simulator(data: st.DataObject) -> None:
    """Whatever happens on a thread, and whenever somebody looks at some run of it."""
    simulator = Simulator(pacing="nobody", chooser=Drawn(data))
    thread_id, runs = simulator.create_thread(), []
    simulator.add_message(thread_id, UNSAID)
    assistant_id = simulator.create_assistant()
    lines = []
    for seconds in data.draw(st.lists(st.sampled_from([0.0, 0.5, 2.0, 700.0]), max_size=12)):
        simulator.control.advance(seconds)
        with suppress(CallerError, ThreadLocked):
            runs.append(simulator.world.create_run(thread_id, assistant_id).id)
        seen = simulator.world.store.runs[data.draw(st.sampled_from(runs))]
        lines += on(thread_id, f"{seen.id} {seen.status} {simulator.clock.now()}")

    assert hearing(*lines).impossible is None


def test_a_lock_is_kept_unless_a_way_leads_around_it() -> None:
    """Of a run, it is between any two statuses that lock; said once more, from the statuses."""
    for seen in RunStatus:
        for now in RunStatus:
            both = not {seen, now} & LIFECYCLE.terminal
            assert both == kept_lock(LIFECYCLE, seen, now)


def test_the_command_names_two_active_runs(judge: Judge) -> None:
    """In one sentence, with exit code 1."""
    lines = on("thread_1", "a queued", "b queued", "a in_progress")
    said = " ".join(judge(lines=lines, code=1).split())

    assert "run_a cannot be: line 3 shows that it was active from line 1 to this one" in said


RUN = {"id": "run_1", "object": "thread.run", "status": "queued", "created_at": 5}
EDGE = {"at": 1.0, "run_id": "run_1", "source": None, "event": "create", "dest": "queued"}
FORMS = {
    "run": [RUN],
    "polled": [look("queued", at=1.0)],
    "wrapped": [{"at": 1.0, "run": RUN}],
    "event": [{"event": "thread.run.queued", "data": RUN}],
    "page": [{"object": "list", "data": [RUN]}],
    "edge": [EDGE],
    "journal": [{"requests": [{"run_id": "run_1", "status": 200}], "transitions": [EDGE]}],
    "document": [json.dumps({"requests": [], "transitions": [EDGE]}, indent=2)],
    "list": [json.dumps([RUN], indent=2)],
    "step": [{"kind": "transition", **EDGE, "inferred": False}],
}


@pytest.mark.parametrize("lines", FORMS.values(), ids=FORMS)
def test_each_form_of_a_look_is_read(lines: list[Any]) -> None:
    """The API's own object, a line of an app's own, and whatever runfsm writes itself."""
    found = hearing(*lines)

    assert [("run_1", RunStatus.QUEUED)] == [(run.run_id, run.status) for run in found.runs]


OTHERS = [
    {"id": "msg_1", "object": "thread.message", "status": "completed"},
    {"kind": "outcome", "run_id": "run_1", "status": "completed"},
    {"at": 1.0, "method": "GET", "path": "/v1", "status": 200, "run_id": "run_1"},
    {"hello": "world"},
    {"status": "queued"},
]


@pytest.mark.parametrize("line", OTHERS, ids=str)
def test_what_is_no_look_at_a_run_is_passed_over(line: Any) -> None:
    """And its number is kept: the other lines of the log are judged."""
    looks = Looks(io.StringIO(json.dumps(line)))

    assert () == heard(looks).runs
    assert [1] == looks.passed_over


BROKEN = ["no json", "[1, 2]", "{", '{"a":' * 100_000, '"x"', f'{{"id": "{"x" * 1_000_001}"}}']


@pytest.mark.parametrize("line", BROKEN, ids=lambda line: line[:10])
def test_a_line_that_cannot_be_read_does_not_end_the_judging(line: str) -> None:
    """It is noted by its number, and the looks around it count."""
    looks = Looks(io.StringIO(f"{json.dumps(look('queued'))}\n\n{line}\n{json.dumps(RUN)}"))

    assert 2 == heard(looks).runs[0].looks
    assert [3] == looks.unreadable
    assert 4 == looks.lines


def test_an_unknown_status_is_told_and_not_judged(judge: Judge) -> None:
    """A tenth status is no impossibility: the run goes on from the last known one."""
    said = judge(lines=[look("queued"), look("paused"), look("in_progress")])

    assert "no status of the lifecycle, and not judged: paused" in said
    assert "1 run: what was judged can be" in said


@pytest.mark.reported(
    "no report; statuses in capitals",
    '`COMPLETED` in a log: `judge` said "all of it can be", exit code 0, with nothing judged.',
    now="Nothing judged is exit code 2; unknown statuses are named, each with the nearest.",
)
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("COMPLETED", "COMPLETED (did you mean completed?)"),
        ("In-Progress", "In-Progress (did you mean in_progress?)"),
        ("RunStatus.QUEUED", "RunStatus.QUEUED (did you mean queued?)"),
        ("7", "not judged: 7"),
    ],
)
def test_nothing_judged_is_no_success(
    judge: Judge, status: str, told: str, as_json: list[str]
) -> None:
    """Statuses of another spelling are named with the nearest, and the exit code is 2."""
    error = judge("-", *as_json, lines=[look(status), look(status)], code=2)

    assert "nothing was judged: no status of the lifecycle" in error
    assert told in error
    assert "can be" not in error


def test_a_run_of_which_nothing_was_judged_is_counted(judge: Judge) -> None:
    """Beside one that was: the sum tells both, and a program gets both numbers."""
    lines = [look("queued"), look("COMPLETED", "run_2")]
    said = judge(lines=lines)
    told = json.loads(judge("-", "--json", lines=lines))

    assert "1 run: what was judged can be" in said
    assert "1 run: nothing was judged" in said
    assert (1, {"COMPLETED": "completed"}) == (told["judged_runs"], told["unknown_statuses"])


def test_nothing_that_anybody_said_is_printed(judge: Judge) -> None:
    """Neither instructions nor arguments nor metadata of a run, in either form of the answer."""
    run = {**RUN, "instructions": UNSAID, "metadata": {"a": UNSAID}}

    assert UNSAID not in judge(lines=[run]) + judge("-", "--json", lines=[run])


def test_the_exit_code_says_whether_it_can_be(judge: Judge) -> None:
    """0: it can; 1: it cannot, and the JSON names the first look that cannot."""
    judge(lines=[look("queued"), look("completed")])
    told = json.loads(judge("-", "--json", lines=[look("completed"), look("queued")], code=1))

    assert ("run_1", 2, "completed", "queued") == tuple(
        told["impossible"][key] for key in ("run_id", "line", "seen", "shown")
    )


def test_a_terminal_obeys_nothing_in_a_log(judge: Judge) -> None:
    """An id or a status may hold what a terminal would obey; it is not printed."""
    assert "\x1b" not in judge(lines=[look("\x1b[2J", "run_\x1b[31m"), look("queued")])
    assert "\x1b" not in judge(lines=[look("\x1b[2J")], code=2)


@pytest.mark.parametrize("lines", [[], [{"hello": "world"}]], ids=["empty", "other"])
def test_a_log_without_a_look_is_a_wrong_call(judge: Judge, lines: list[Any]) -> None:
    """The error shows what a look is."""
    assert '"status": "queued"' in judge(lines=lines, code=2)


@pytest.mark.parametrize("status", ["queued", "COMPL\ud800"])
def test_half_a_character_can_be_printed(judge: Judge, status: str) -> None:
    """JSON can write a surrogate alone, which no terminal can be sent."""
    told = judge(lines=[look(status, "run_\ud800"), look("completed", "run_\ud800")])
    assert "run_�" in told
    assert "run_\\ud800" in judge("-", "--json", lines=[look("queued", "run_\ud800")])


def test_a_status_with_spaces_around_it_is_quoted(judge: Judge) -> None:
    """So that one sees why it is none of the nine."""
    assert "'queued ' (did you mean queued?)" in judge(lines=[look("queued ")], code=2)


def test_a_time_that_is_no_number_is_no_time(judge: Judge) -> None:
    """Python writes NaN and Infinity as JSON, which others cannot read."""
    lines = [look("queued", at=float("nan")), look("completed", at=float("inf"))]
    assert "nan" not in judge(lines=lines)
    assert "NaN" not in judge("-", "--json", lines=lines)


def test_a_log_that_cannot_be_opened_is_a_wrong_call(judge: Judge, tmp_path: Path) -> None:
    """One line, with the reason."""
    assert "No such file" in judge(str(tmp_path / "none.jsonl"), code=2)


def test_lines_and_runs_are_bounded(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log without an end is refused, not swallowed."""
    monkeypatch.setattr(lookfile, "LINES_MAX", 2)

    assert "judge the log in parts" in judge(lines=[RUN] * 3, code=2)


def test_a_drive_s_trace_is_judged(judge: Judge, tmp_path: Path) -> None:
    """What `runfsm drive --save-trace` writes is a log; what the driver did itself is no doubt."""
    simulator = Simulator()
    watch = RunDriver(simulator.backend, Toolset(), clock=simulator.clock).watch(
        RunRequest(simulator.create_assistant(), UNSAID)
    )
    for _ in watch:
        pass
    save_trace(tmp_path / "trace.jsonl", watch.core)
    told = json.loads(judge(str(tmp_path / "trace.jsonl"), "--json"))

    assert ["create", "start", "complete"] == [step["event"] for step in told["runs"][0]["path"]]
    assert [1] == told["other_lines"]


@given(st.lists(st.booleans(), min_size=6, max_size=6))
def test_fewer_looks_never_make_a_life_impossible(seen: list[bool]) -> None:
    """Whatever a poller misses of a run of the simulator, what it sees can be."""
    life = ["queued", "in_progress", "requires_action", "queued", "in_progress", "completed"]
    looks = [look(status) for status, is_seen in zip(life, seen, strict=True) if is_seen]

    assert hearing(*looks).impossible is None


def test_an_edge_is_sure_when_nothing_goes_around_it() -> None:
    """Take the edge away, and the later status cannot be reached: so for every pair of statuses."""
    for before in RunStatus:
        for edge in reachable(LIFECYCLE, before):
            way = LIFECYCLE.path(before, edge.dest, again=True) or ()
            for one in way:
                assert _reaches(before, edge.dest, without=one) != is_sure(
                    LIFECYCLE, one, before, edge.dest
                )


def _reaches(before: RunStatus, after: RunStatus, *, without: Any) -> bool:
    """Said once more, by a flood over the edges that are left."""
    left = [edge for edge in LIFECYCLE.edges if edge != without]
    wet: set[RunStatus] = {edge.dest for edge in left if edge.source is before}
    for _ in RunStatus:
        wet |= {edge.dest for edge in left if edge.source in wet}
    return after in wet
