"""Tools that the service runs by itself: their steps, their shapes, their ends."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from runfsm.errors import ScriptError
from runfsm.lifecycle import RunEvent
from runfsm_simulator import Script, call, fail, hang, say
from runfsm_simulator.world.chooser import Seeded
from runfsm_simulator.world.hosted import FileResult, code_interpreter, file_search
from runfsm_simulator.world.scriptfile import parse_script

START = 1_700_000_000
CONTENTS = "step_details.tool_calls[*].file_search.results[*].content"

SEARCH = file_search(FileResult(file_id="file-1", file_name="a.pdf", score=0.5, content="Text."))
CODE = code_interpreter("print(1)", logs="1", image="file-2")
BOTH = Script.of(say("Done.", queue_s=1, work_s=8).after(SEARCH, CODE))


class Share(Seeded):
    """Choices from a seed, but for the share of a step after which its call is seen."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share

    def pick(self, stream: str, options: Any) -> Any:
        return self._share if stream == "call_s" else super().pick(stream, options)


def seen(stage: Any, run: str) -> list[tuple[str, str, int]]:
    """Type and status of each step, and how many calls it shows; oldest first."""
    return [
        (step["type"], step["status"], len(step["step_details"].get("tool_calls", ())))
        for step in stage.get(f"{run}/steps", order="asc")["data"]
    ]


def test_hosted_tools_run_one_after_another_before_the_answer(
    make_stage: Callable[..., Any],
) -> None:
    """They share the first half of `work_s`; a step shows its call while it goes on."""
    stage = make_stage(BOTH, chooser=Share(0.25))
    run = stage.create_run()
    timeline = {}
    for second in range(1, 11):
        stage.advance(1)
        timeline[second] = seen(stage, run)
        assert stage.get(run)["required_action"] is None

    opened, done = ("tool_calls", "in_progress", 0), ("tool_calls", "completed", 1)
    called = ("tool_calls", "in_progress", 1)
    assert [opened] == timeline[1]
    assert [called] == timeline[2]
    assert [done, opened] == timeline[3]
    assert [done, called] == timeline[4]
    assert [done, done, ("message_creation", "in_progress", 0)] == timeline[5] == timeline[8]
    assert [done, done, ("message_creation", "completed", 0)] == timeline[9]


def test_the_shape_of_hosted_calls(make_stage: Callable[..., Any]) -> None:
    """Keys in the recorded order; no content of a result unless it is asked for."""
    stage = make_stage(BOTH)
    run = stage.create_run()
    stage.advance(10)
    steps = stage.get(f"{run}/steps", order="asc")["data"]
    search, code = (step["step_details"]["tool_calls"][0] for step in steps[:2])

    assert all(re.fullmatch("call_[A-Za-z0-9]{24}", one["id"]) for one in (search, code))
    result = '{"file_id": "file-1", "file_name": "a.pdf", "score": 0.5, "attributes": {}}'
    ranking = '{"ranker": "default_2024_08_21", "score_threshold": 0.0}'
    assert (
        f'{{"id": "{search["id"]}", "type": "file_search", "file_search": '
        f'{{"ranking_options": {ranking}, "results": [{result}]}}}}'
    ) == json.dumps(search)
    outputs = '[{"type": "logs", "logs": "1"}, {"type": "image", "image": {"file_id": "file-2"}}]'
    assert (
        f'{{"id": "{code["id"]}", "type": "code_interpreter", "code_interpreter": '
        f'{{"input": "print(1)", "outputs": {outputs}}}}}'
    ) == json.dumps(code)


def test_the_content_of_a_result_is_for_those_who_ask(make_stage: Callable[..., Any]) -> None:
    """`include[]` adds it, in the list and in the step."""
    stage = make_stage(BOTH)
    run = stage.create_run()
    stage.advance(10)
    listed = stage.get(f"{run}/steps", order="asc", **{"include[]": CONTENTS})["data"][0]
    single = stage.get(f"{run}/steps/{listed['id']}", **{"include[]": CONTENTS})
    (result,) = single["step_details"]["tool_calls"][0]["file_search"]["results"]

    assert listed == single
    assert [{"type": "text", "text": "Text."}] == result["content"]


@pytest.mark.parametrize("asked", [True, False])
def test_a_stream_shows_the_content_of_a_result_too(
    make_stage: Callable[..., Any], *, asked: bool
) -> None:
    """In the step that has ended, for those who ask for it; not in its deltas."""
    stage = make_stage(BOTH)
    with stage.sim.client() as sdk, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        told = sdk.beta.threads.runs.create(
            stage.thread_id,
            assistant_id=stage.assistant_id,
            stream=True,
            **({"include": [CONTENTS]} if asked else {}),
        )
        steps = [event.data for event in told if event.event.startswith("thread.run.step")]
    shown = [step for step in steps if '"text":"Text."' in step.to_json(indent=None)]

    assert ["completed"] * asked == [step.status for step in shown]


def test_the_ranking_options_are_those_of_the_runs_own_tool(
    make_stage: Callable[..., Any],
) -> None:
    """As far as a step has such options."""
    stage = make_stage(Script.of(say("x").after(file_search())))
    given = {"ranker": "auto", "score_threshold": 0.25}
    tool = {"type": "file_search", "file_search": {"ranking_options": given}}
    run = stage.create_run(tools=[tool])
    stage.advance(10)
    step = stage.get(f"{run}/steps", order="asc")["data"][0]

    assert {"ranking_options": given, "results": []} == step["step_details"]["tool_calls"][0][
        "file_search"
    ]


@pytest.mark.parametrize(
    ("event", "status"),
    [(RunEvent.FAIL, "failed"), (RunEvent.EXPIRE, "expired"), (RunEvent.CANCEL, "cancelled")],
)
@pytest.mark.parametrize(("share", "calls"), [(0.0, 1), (0.25, 0)])
def test_a_tool_that_is_running_ends_with_its_run(
    make_stage: Callable[..., Any], event: RunEvent, status: str, share: float, calls: int
) -> None:
    """A search that was seen stays; one that was not is never shown. Neither costs a token."""
    stage = make_stage(BOTH, chooser=Share(share))
    run = stage.create_run()
    stage.advance(1.25)
    stage.sim.world.fire(run.rpartition("/")[2], event)
    if event is RunEvent.CANCEL:
        stage.sim.world.fire(run.rpartition("/")[2], RunEvent.CONFIRM_CANCEL)

    (step,) = stage.get(f"{run}/steps")["data"]
    assert [("tool_calls", status, calls)] == seen(stage, run)
    assert 0 == step["usage"]["completion_tokens"]


@pytest.mark.parametrize(
    ("event", "type"),
    [(RunEvent.COMPLETE, "message_creation"), (RunEvent.REQUIRE_ACTION, "tool_calls")],
)
def test_a_hand_that_does_not_wait_for_the_tool(
    make_stage: Callable[..., Any], event: RunEvent, type: str
) -> None:
    """The tool is done at once, and the outcome has a step of its own."""
    stage = make_stage(BOTH)
    run = stage.create_run()
    stage.advance(2)
    stage.sim.world.fire(run.rpartition("/")[2], event)
    first, second = stage.get(f"{run}/steps", order="asc")["data"]

    assert ("completed", "file_search") == (
        first["status"],
        first["step_details"]["tool_calls"][0]["type"],
    )
    assert type == second["type"]


def test_tools_before_calls_and_before_a_failure(make_stage: Callable[..., Any]) -> None:
    """Any turn that comes to an outcome may run them first; each turn has its own."""
    script = Script.of(
        call("f", queue_s=1, work_s=2).after(CODE), fail(queue_s=1, work_s=2).after(CODE)
    )
    stage = make_stage(script)
    run = stage.create_run()
    stage.advance(3)
    pending = stage.get(run)["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": one["id"], "output": "ok"} for one in pending]
    stage.post(f"{run}/submit_tool_outputs", {"tool_outputs": outputs})
    stage.advance(3)

    assert "failed" == stage.get(run)["status"]
    assert ["completed"] * 3 == [status for _, status, _ in seen(stage, run)]
    assert ["code_interpreter", "function", "code_interpreter"] == [
        step["step_details"]["tool_calls"][0]["type"]
        for step in stage.get(f"{run}/steps", order="asc")["data"]
    ]


def test_a_file_says_what_python_says() -> None:
    """One step needs no list; a search may find nothing."""
    text = """\
    turns:
      - call: {name: f}
        steps: {code_interpreter: {input: print(1), logs: "1", image: file-2}}
      - say: x
        steps:
          - file_search: {}
          - file_search:
              results: [{file_id: file-1, file_name: a.pdf, score: 0.5, content: Text.}]
    """
    expected = Script.of(call("f").after(CODE), say("x").after(file_search(), SEARCH))

    assert expected.turns == parse_script(text, where="w.yaml").turns


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("{}", "2: turns[0].steps: a step does exactly one of say, code_interpreter, file_search"),
        ("{code_interpreter: {}}", "2: turns[0].steps.code_interpreter.input: is missing"),
        ("{file_serch: {}}", "2: turns[0].steps.file_serch: unknown key; did you mean"),
        ("[{file_search: {results: [{file_id: a, file_name: b, score: 2}]}}]",
         "2: turns[0].steps[0].file_search.results[0].score: expected a number from 0 to 1"),
    ],
)  # fmt: skip  # a row is a step and its mistake
def test_a_mistake_in_a_step_is_told_with_its_line(step: str, problem: str) -> None:
    """As every mistake in a script."""
    with pytest.raises(ScriptError) as caught:
        parse_script(f"turns:\n- {{say: x, steps: {step}}}", where="w.yaml")

    assert caught.value.problems[0].startswith(f"w.yaml:{problem}")


def test_who_hangs_runs_no_tools() -> None:
    """There is no outcome that they could come before."""
    with pytest.raises(ScriptError, match="steps: hang comes to nothing"):
        hang().after(CODE)


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_a_stream_tells_of_hosted_tools_before_their_step_is_completed(
    make_stage: Callable[..., Any],
) -> None:
    """A search comes in one piece; of code, first its opening, then the input, then the outputs.

    What a search has found comes only with the completed step (recorded).
    """
    stage = make_stage(BOTH)
    with stage.sim.client() as client:
        events = list(
            client.beta.threads.runs.create(
                stage.thread_id, assistant_id=stage.assistant_id, stream=True
            )
        )
    told = [event for event in events if event.event.startswith("thread.run.step.")]
    names = [event.event.removeprefix("thread.run.step.") for event in told]
    pieces = [
        event.data.delta.step_details.tool_calls[0].model_dump(exclude_unset=True)
        for event in told
        if event.event == "thread.run.step.delta"
    ]

    opening = ["created", "in_progress"]
    assert [*opening, "delta", "completed", *opening, *["delta"] * 3, "completed"] == names[:10]
    assert ["file_search", *["code_interpreter"] * 3] == [piece["type"] for piece in pieces]
    assert [] == pieces[0]["file_search"]["results"]
    assert 1 == len(told[3].data.step_details.tool_calls[0].file_search.results)
    assert [{"input": "", "outputs": []}, {"input": "print(1)"}] == [
        piece["code_interpreter"] for piece in pieces[1:3]
    ]
    assert ["logs", "image"] == [
        output["type"] for output in pieces[3]["code_interpreter"]["outputs"]
    ]
