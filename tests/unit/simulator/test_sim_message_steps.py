"""Turns of several messages and hosted steps: their order, their cuts, and what keeps them.

Recorded runs of the code interpreter look like that (openai-dotnet, 2025-09 and 2025-10).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import pytest

from attending import Office
from responding import Desk, outputs
from runfsm.errors import ScriptError
from runfsm.lifecycle import RunEvent
from runfsm_simulator import (
    Script,
    Simulator,
    Switches,
    call,
    code_interpreter,
    fail,
    file_search,
    say,
    turn,
)
from runfsm_simulator.replay.player import play
from runfsm_simulator.replay.tape import Tape
from runfsm_simulator.world.citing import cite
from runfsm_simulator.world.hosted import FileResult
from runfsm_simulator.world.scriptfile import parse_script

CODE: Final = code_interpreter("print(1)", logs="1")
#: Steps begin at 1, 2, 3 and 4 s; the answer at 5 s, and it is there at 9 s.
SEVERAL: Final = Script.of(
    turn(say("Let me look."), CODE, say("Once more."), CODE, say("Done."), queue_s=1, work_s=8)
)
M, T = "message_creation", "tool_calls"


def steps_of(stage: Any, run: str) -> list[dict[str, Any]]:
    """The steps of a run, oldest first."""
    found: list[dict[str, Any]] = stage.get(f"{run}/steps", order="asc")["data"]
    return found


def texts(stage: Any) -> list[str]:
    """What the assistant has written on the thread, oldest first."""
    page = stage.get(f"{stage.thread}/messages", order="asc")["data"]
    return [
        "".join(part["text"]["value"] for part in one["content"])
        for one in page
        if one["role"] == "assistant"
    ]


# In order -----------------------------------------------------------------------------------------


@pytest.mark.reported(
    "recordings",
    "A script could not play several messages and hosted steps in one turn.",
    now="turn(say(...), code_interpreter(...), say(...)) does, and `steps` in a file.",
)
def test_steps_come_in_the_order_of_the_script(make_stage: Callable[..., Any]) -> None:
    """Each has its own times and status; a message is whole before the next step begins."""
    stage = make_stage(SEVERAL)
    run = stage.create_run()
    timeline = {}
    for second in range(1, 10):
        stage.advance(1)
        timeline[second] = [(one["type"], one["status"]) for one in steps_of(stage, run)]
    steps = steps_of(stage, run)

    assert [(M, "in_progress")] == timeline[1]
    assert [(M, "completed"), (T, "in_progress")] == timeline[2]
    assert [(M, "completed"), (T, "completed"), (M, "in_progress")] == timeline[3]
    assert [M, T, M, T, M] == [kind for kind, _ in timeline[9]]
    assert ["Let me look.", "Once more.", "Done."] == texts(stage)
    assert [1, 2, 3, 4, 5] == [one["created_at"] - 1_700_000_000 for one in steps]
    assert all(a["completed_at"] == b["created_at"] for a, b in pairwise(steps))


def test_the_usage_of_a_run_is_the_sum_over_its_steps(make_stage: Callable[..., Any]) -> None:
    """Each step reads what was written and found before it (recording: openai-dotnet, 2025)."""
    stage = make_stage(SEVERAL)
    run = stage.create_run()
    stage.advance(10)
    usages = [one["usage"] for one in steps_of(stage, run)]
    whole = stage.get(run)["usage"]

    for key in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert whole[key] == sum(one[key] for one in usages)
    assert [5, 8, 11, 14, 17] == [one["prompt_tokens"] for one in usages]
    assert [3, 2, 3, 2, 2] == [one["completion_tokens"] for one in usages]


def test_a_stream_tells_of_each_in_its_order(make_stage: Callable[..., Any]) -> None:
    """A message ends before its step, and a step before the next one begins."""
    told = [
        name.removeprefix("thread.").removeprefix("run.")
        for name, _ in make_stage(SEVERAL).stream_run()
        if name not in {"thread.message.delta", "thread.run.step.delta"}
    ]
    message = [
        *("step.created", "step.in_progress", "message.created", "message.in_progress"),
        *("message.completed", "step.completed"),
    ]
    code = ["step.created", "step.in_progress", "step.completed"]

    assert [
        *("created", "queued", "in_progress"),
        *(message + code) * 2,
        *message,
        *("completed", "done"),
    ] == told


def test_the_pieces_of_each_message_come_under_its_own_id(make_stage: Callable[..., Any]) -> None:
    """Joined, they are its text."""
    written: dict[str, str] = {}
    for name, data in make_stage(SEVERAL).stream_run():
        if name == "thread.message.delta":
            piece = data["delta"]["content"][0]["text"]["value"]
            written[data["id"]] = written.get(data["id"], "") + piece

    assert ["Let me look.", "Once more.", "Done."] == list(written.values())


def test_who_listens_changes_nothing(make_stage: Callable[..., Any]) -> None:
    """The same ids, times and usage with a stream and without one."""
    heard, unheard = make_stage(SEVERAL), make_stage(SEVERAL)
    list(heard.stream_run())
    unheard.create_run()
    unheard.advance(60)

    assert heard.everything() == unheard.everything()


@pytest.mark.reported(
    "recordings",
    "A message before function calls in one round could not be scripted.",
    now="turn(say(...), call(...)) plays it.",
)
def test_a_message_comes_before_the_calls_of_its_round(make_stage: Callable[..., Any]) -> None:
    """A round of both: a step each; the next turn goes on after the outputs."""
    script = Script.of(
        turn(say("I will ask."), call("f", queue_s=1, work_s=2)),
        turn(say("It said {output.f}."), say("So.")),
    )
    stage = make_stage(script)
    run = stage.create_run()
    stage.advance(3)
    seen = stage.get(run)
    (wanted,) = seen["required_action"]["submit_tool_outputs"]["tool_calls"]
    output = {"tool_call_id": wanted["id"], "output": "yes"}
    stage.post(f"{run}/submit_tool_outputs", {"tool_outputs": [output]})
    stage.advance(60)

    assert [M, T, M, M] == [one["type"] for one in steps_of(stage, run)]
    assert ["I will ask.", "It said yes.", "So."] == texts(stage)


def test_a_message_cites_what_its_turn_has_found(make_stage: Callable[..., Any]) -> None:
    """By the name of a file that a search of the same turn finds."""
    search = file_search(FileResult(file_id="file-1", file_name="a.pdf"))
    said = say("See【a】.", cites=[cite("【a】", file_name="a.pdf")])
    stage = make_stage(Script.of(turn(search, said, say("Done."))))
    stage.create_run()
    stage.advance(60)
    message = stage.get(f"{stage.thread}/messages", order="asc")["data"][1]

    assert ["file-1"] == [
        one["file_citation"]["file_id"] for one in message["content"][0]["text"]["annotations"]
    ]


# Cut in the middle --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "status", "reason"),
    [
        (RunEvent.CANCEL, "cancelled", "run_cancelled"),
        (RunEvent.EXPIRE, "expired", "run_expired"),
        (RunEvent.FAIL, "failed", "run_failed"),
    ],
)
def test_an_end_cuts_the_message_that_is_being_written(
    make_stage: Callable[..., Any], event: RunEvent, status: str, reason: str
) -> None:
    """What was whole stays; what was written of the rest so far is kept; nothing else comes."""
    stage = make_stage(SEVERAL)
    run = stage.create_run()
    stage.advance(3.5)
    run_id = run.rpartition("/")[2]
    stage.sim.world.fire(run_id, event)
    if event is RunEvent.CANCEL:
        stage.sim.world.fire(run_id, RunEvent.CONFIRM_CANCEL)
    stage.advance(60)
    last = list(stage.sim.world.store.runs[run_id].steps.values())[-1].message

    assert ["completed", "completed", status] == [one["status"] for one in steps_of(stage, run)]
    assert ["Let me look.", "Once "] == texts(stage)
    assert ("incomplete", reason) == (last.status.value, last.incomplete_reason)


@pytest.mark.parametrize(
    ("cap", "written"),
    [
        (16, ["Let me look.", "A" * 48]),
        (4, ["Let me look.", ""]),
        (3, ["Let me look.", ""]),
        (2, ["Let me l"]),
    ],
)
def test_a_token_cap_cuts_a_message_before_the_answer(
    make_stage: Callable[..., Any], cap: int, written: list[str]
) -> None:
    """After the last token that is left; the run is incomplete, and its usage is the cap's."""
    script = Script.of(turn(say("Let me look."), code_interpreter("p(1)"), say("A" * 80), say("x")))
    stage = make_stage(script, switches=Switches(token_cap_min=1))
    run = stage.create_run(max_completion_tokens=cap)
    stage.advance(60)
    seen = stage.get(run)

    assert ("incomplete", "max_completion_tokens") == (
        seen["status"],
        seen["incomplete_details"]["reason"],
    )
    assert (cap, written) == (seen["usage"]["completion_tokens"], texts(stage))


def test_a_failure_after_messages_leaves_them_whole(make_stage: Callable[..., Any]) -> None:
    """The run fails once they are written."""
    stage = make_stage(Script.of(turn(say("Let me look."), fail("server_error", "No."))))
    run = stage.create_run()
    stage.advance(60)

    assert "failed" == stage.get(run)["status"]
    assert [(M, "completed")] == [(one["type"], one["status"]) for one in steps_of(stage, run)]


def test_a_hand_that_does_not_wait_for_the_message(make_stage: Callable[..., Any]) -> None:
    """The message is whole at once, and the outcome has a step of its own."""
    stage = make_stage(SEVERAL)
    run = stage.create_run()
    stage.advance(1.25)
    stage.sim.world.fire(run.rpartition("/")[2], RunEvent.COMPLETE)

    assert ["Let me look.", "Done."] == texts(stage)
    assert [(M, "completed")] * 2 == [(one["type"], one["status"]) for one in steps_of(stage, run)]


# Kept ---------------------------------------------------------------------------------------------


def test_a_snapshot_and_a_file_keep_what_is_still_to_come(
    make_stage: Callable[..., Any], tmp_path: Any
) -> None:
    """In the middle of a message before the answer; the same future follows from each."""
    stage = make_stage(SEVERAL)
    run = stage.create_run()
    stage.advance(1.5)
    kept = stage.sim.control.save()
    stage.sim.control.dump(tmp_path / "world.json")
    other = make_stage(SEVERAL)
    other.sim.control.load(tmp_path / "world.json")
    stage.advance(60)
    first = [one["type"] for one in steps_of(stage, run)], texts(stage)
    stage.sim.control.restore(kept)
    stage.advance(60)
    other.thread, other.thread_id = stage.thread, stage.thread_id
    other.advance(60)

    assert first == ([one["type"] for one in steps_of(stage, run)], texts(stage))
    assert first == ([one["type"] for one in steps_of(other, run)], texts(other))


def test_a_tape_plays_such_a_turn_once_more(make_stage: Callable[..., Any], tmp_path: Any) -> None:
    """Every answer, block and edge again, of a stream and of looks."""
    path = tmp_path / "a.jsonl"
    stage = make_stage(SEVERAL, record=path)
    list(stage.stream_run())
    steps_of(stage, stage.create_run())
    *_, played = play(Tape.read(path), script=SEVERAL)

    assert played.difference is None


# On the other wires -------------------------------------------------------------------------------


def test_a_response_has_its_items_in_order(make_desk: Callable[..., Desk]) -> None:
    """Messages and calls of hosted tools, as the script has them."""
    done = make_desk(SEVERAL).finished()
    kinds = ["message", "code_interpreter_call"]

    assert [*kinds, *kinds, "message"] == [item.type for item in done.output]
    assert "Let me look.Once more.Done." == done.output_text


def test_the_events_of_a_response_are_in_order(make_desk: Callable[..., Desk]) -> None:
    """Each item is done before the next one is added; places count from 0."""
    events = make_desk(SEVERAL).create(stream=True, background=False)
    told = [
        (event.type.rpartition(".")[2], event.output_index)
        for event in events
        if event.type.startswith("response.output_item.")
    ]

    assert [(what, place) for place in range(5) for what in ("added", "done")] == told


def test_a_message_before_calls_does_not_end_the_run(make_desk: Callable[..., Desk]) -> None:
    """Rounds are counted on: the third response plays the third turn."""
    script = Script.of(
        turn(say("First."), call("look")),
        turn(say("Second."), call("look")),
        say("{round} rounds."),
    )
    desk = make_desk(script)
    first = desk.finished("Go!")
    second = desk.answered(first, previous_response_id=first.id)
    third = desk.finished(outputs(second), previous_response_id=second.id)
    fresh = desk.finished("Again!", previous_response_id=third.id)

    assert ["message", "function_call"] == [item.type for item in second.output]
    assert "2 rounds." == third.output_text
    assert "First." == fresh.output_text


def test_a_turn_of_a_session_has_its_items_in_order() -> None:
    """Messages, then the call that the turn waits for."""
    office = Office(Script.of(turn(say("One."), say("Two."), call("look")), say("Three.")))
    office.after(60)
    office.answer(office.actions[0])
    office.after(60)
    kinds = [item["type"] for item in office.items]

    assert ["message", "message", "message", "function_call"] == kinds[:4]
    assert "message" == kinds[-1]


# Writing such a turn ------------------------------------------------------------------------------


def test_a_file_says_what_python_says_with_messages() -> None:
    """`steps` has them all; one step needs no list."""
    text = """\
    turns:
      - steps: {say: I will ask.}
        call: {name: f}
      - steps:
          - say: Let me look【a】.
            cites: {text: 【a】, file_name: a.pdf}
          - code_interpreter: {input: print(1), logs: "1"}
          - file_search: {results: [{file_id: file-1, file_name: a.pdf}]}
        say: Done.
        work_s: 8
    """
    search = file_search(FileResult(file_id="file-1", file_name="a.pdf"))
    look = say("Let me look【a】.", cites=[cite("【a】", file_name="a.pdf")])
    expected = Script.of(
        turn(say("I will ask."), call("f")), turn(look, CODE, search, say("Done."), work_s=8)
    )

    assert expected.turns == parse_script(text, where="w.yaml").turns


def test_after_and_turn_say_the_same() -> None:
    """`after` puts steps before those that a turn has."""
    whole = turn(say("a"), CODE, say("b"), work_s=1)

    assert whole == say("b", work_s=1).after(say("a"), CODE)
    assert whole == say("b", work_s=1).after(CODE).after(say("a"))
    assert ["a", "print(1)"] == [step.written for step in whole.steps]


ONE_OF: Final = "a step does exactly one of say, code_interpreter, file_search"


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("{say: 5}", "2: turns[0].steps.say: expected text, got the number 5"),
        ("[{say: x}, {sya: y}]", "2: turns[0].steps[1].sya: unknown key; did you mean 'say'?"),
        (
            "{say: x, code_interpreter: {input: y}}",
            f"2: turns[0].steps: {ONE_OF}; here is say and code_interpreter",
        ),
        ("{cites: []}", f"2: turns[0].steps: {ONE_OF}; here is none of them"),
        ("[5]", "2: turns[0].steps[0]: expected a mapping, got the number 5"),
        ("{say: '{mesage}'}", "2: turns[0].steps.say: unknown place {mesage}; "),
        ("{say: x, cites: {text: y, file_id: z}}", "2: turns[0].steps.cites.text: is not in the"),
        ("{code_interpreter: {input: y}, cites: []}", "2: turns[0].steps.cites: unknown key; "),
    ],
)
def test_a_mistake_in_a_message_is_told_with_its_line(step: str, problem: str) -> None:
    """As every mistake in a script."""
    with pytest.raises(ScriptError) as caught:
        parse_script(f"turns:\n- {{say: x, steps: {step}}}", where="w.yaml")

    assert f"w.yaml:{problem}" == caught.value.problems[0][: len(f"w.yaml:{problem}")]


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ((), "the last part of a turn says what it comes to"),
        ((say("a"), CODE), "the last part of a turn says what it comes to"),
        ((call("f"), say("a")), "only messages, say(text), and hosted tools may come before"),
        ((say("a", work_s=1), say("b")), "queue_s and work_s belong to the turn"),
        ((say("a").after(CODE), say("b")), "only messages, say(text), and hosted tools"),
    ],
)
def test_parts_that_make_no_turn(parts: Any, problem: str) -> None:
    """What is wrong is told, with the way to write it."""
    with pytest.raises(ScriptError, match=problem.replace("(", r"\(").replace(")", r"\)")):
        turn(*parts)


def test_a_simulator_takes_such_a_script_as_json() -> None:
    """`model_dump` writes what `model_validate` reads."""
    assert SEVERAL == Script.model_validate(SEVERAL.model_dump(exclude_none=True))
    assert SEVERAL == Simulator(SEVERAL).world.planner
