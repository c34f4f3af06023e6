"""Citations on the wire: the annotations of a message, whole, streamed and cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runfsm.lifecycle import RunEvent
from runfsm_simulator import FileResult, Script, Turn, cite, file_search, say, truncate

FOODS = "【4:0†favorite_foods.txt】"
FILE = "file-CyHtsk7XAWdRabQUBYRjCu"

#: As it was recorded (openai-dotnet 2025).
RECORDED = Script.of(
    say(f"Filip's favorite food is cake{FOODS}.", cites=[cite(FOODS, FILE)], queue_s=1, work_s=7)
)
ANNOTATION = (
    f'{{"type":"file_citation","text":"{FOODS}","start_index":29,"end_index":53,'
    f'"file_citation":{{"file_id":"{FILE}"}}}}'
)
DELTA = (
    f'{{"index":0,"type":"text","text":{{"value":"{FOODS}","annotations":[{{"index":0,'
    f'"type":"file_citation","text":"{FOODS}","start_index":29,"end_index":53,'
    f'"file_citation":{{"file_id":"{FILE}","quote":""}}}}]}}}}'
)


def compact(value: Any) -> str:
    """As a stream writes it, but for the escapes."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def text_of(message: Any) -> Any:
    """The text part of a message: value and annotations."""
    (part,) = message["content"]
    return part["text"]


def deltas(told: list[tuple[str, Any]]) -> list[Any]:
    """The text parts of all deltas."""
    return [data["delta"]["content"][0] for name, data in told if name == "thread.message.delta"]


@pytest.mark.parametrize("profile", ["wire", "spec"])
def test_a_citation_as_it_was_recorded(make_stage: Callable[..., Any], profile: str) -> None:
    """The same keys in the same order, alone and in a list, in both profiles."""
    stage = make_stage(RECORDED, profile=profile)
    run = stage.create_run()
    stage.advance(10)
    listed = stage.get(f"{stage.thread}/messages", run_id=run.rpartition("/")[2])["data"][0]
    single = stage.get(f"{stage.thread}/messages/{listed['id']}")

    assert listed == single
    assert f"[{ANNOTATION}]" == compact(text_of(single)["annotations"])
    assert f"Filip's favorite food is cake{FOODS}." == text_of(single)["value"]


@pytest.mark.parametrize("profile", ["wire", "spec"])
def test_a_citation_streamed_as_it_was_recorded(
    make_stage: Callable[..., Any], profile: str
) -> None:
    """A delta of its own, whole with its mark; the message that ends has no index and no quote."""
    told = list(make_stage(RECORDED, profile=profile).stream_run())
    parts = deltas(told)
    (message,) = [data for name, data in told if name == "thread.message.completed"]

    assert ["cake", FOODS, "."] == [part["text"]["value"] for part in parts[-3:]]
    assert DELTA == compact(parts[-2])
    assert [True, *[False] * (len(parts) - 3), True, False] == [
        "annotations" in part["text"] for part in parts
    ]
    assert f"[{ANNOTATION}]" == compact(text_of(message)["annotations"])


def test_a_path_of_the_code_interpreter(make_stage: Callable[..., Any]) -> None:
    """A mark in the sandbox has another type and key, and never a quote."""
    path = "sandbox:/mnt/data/plot.csv"
    script = Script.of(say(f"[Here]({path})", cites=[cite(path, "file-2")], queue_s=1, work_s=2))
    stage = make_stage(script)
    told = list(stage.stream_run())
    message = stage.get(f"{stage.thread}/messages")["data"][0]
    expected = {
        "type": "file_path",
        "text": path,
        "start_index": 7,
        "end_index": 33,
        "file_path": {"file_id": "file-2"},
    }

    assert [expected] == text_of(message)["annotations"]
    assert [{"index": 0, **expected}] == deltas(told)[1]["text"]["annotations"]


def test_a_mark_at_the_very_beginning(make_stage: Callable[..., Any]) -> None:
    """The first delta, which has annotations anyway, has this one."""
    told = list(make_stage(Script.of(say("[1] says so.", cites=[cite("[1]", "f")]))).stream_run())

    assert ["[1]"] == [one["text"] for one in deltas(told)[0]["text"]["annotations"]]


def test_more_marks_than_pieces(make_stage: Callable[..., Any]) -> None:
    """Where several words come at once, so do their annotations: each one once, in order."""
    script = Script.of(say("word [1]" * 500, cites=[cite("[1]", "f")], queue_s=1, work_s=2))
    stage = make_stage(script)
    parts = deltas(list(stage.stream_run()))
    told = [one for part in parts for one in part["text"].get("annotations", ())]
    annotations = text_of(stage.get(f"{stage.thread}/messages")["data"][0])["annotations"]

    assert 200 >= len(parts)
    assert list(range(500)) == [one.pop("index") for one in told]
    assert "" == "".join(one["file_citation"].pop("quote") for one in told)
    assert annotations == told


def test_where_a_mark_stands_is_seen_when_all_is_filled_in(
    make_stage: Callable[..., Any],
) -> None:
    """What is quoted before it moves it."""
    stage = make_stage(Script.of(say("{message} to you{message}[1]", cites=[cite("[1]", "f")])))
    stage.create_run()
    stage.advance(60)
    (annotation,) = text_of(stage.get(f"{stage.thread}/messages")["data"][0])["annotations"]

    assert len("Hi to youHi") == annotation["start_index"]


TWO = [cite("[1]", "file-1"), cite("[2]", "file-2")]


@pytest.mark.parametrize(
    ("turn", "asked"),
    [
        (truncate(say="One [1] two [", cites=TWO[:1]), {}),
        (say("One [1] two " + "x" * 100 + "[2]", cites=TWO), {"max_completion_tokens": 16}),
        (say("One [1] two [2]" + "x" * 100, cites=TWO), {"max_completion_tokens": 16}),
    ],
    ids=["by a script", "by a cap", "behind both"],
)
def test_what_is_cut_off_is_not_cited(
    make_stage: Callable[..., Any], turn: Turn, asked: dict[str, int]
) -> None:
    """Each annotation that is left stands in the text that is left."""
    stage = make_stage(Script.of(turn))
    run = stage.create_run(**asked)
    stage.advance(60)
    text = text_of(stage.get(f"{stage.thread}/messages")["data"][0])

    assert "incomplete" == stage.get(run)["status"]
    assert [mark for mark in ("[1]", "[2]") if mark in text["value"]] == [
        one["text"] for one in text["annotations"]
    ]


@pytest.mark.parametrize("end", [RunEvent.FAIL, RunEvent.EXPIRE, RunEvent.TRUNCATE])
def test_an_answer_that_ends_in_its_middle(make_stage: Callable[..., Any], end: RunEvent) -> None:
    """It cites what it has come to by then, and the next mark only when all of that is there."""
    stage = make_stage(Script.of(say("a [1] b [2]", cites=TWO, queue_s=1, work_s=10)))
    run = stage.create_run()
    stage.advance(9)
    stage.sim.world.fire(run.rpartition("/")[2], end)
    text = text_of(stage.get(f"{stage.thread}/messages")["data"][0])

    assert ("a [1] ", ["[1]"]) == (text["value"], [one["text"] for one in text["annotations"]])


def test_a_search_that_a_cap_kept_from_running_has_found_nothing(
    make_stage: Callable[..., Any],
) -> None:
    """The run is cut before it, says nothing, and cites nothing."""
    found = file_search(FileResult(file_id="file-1", file_name="a.pdf", content="x" * 10_000))
    turn = say("So [1].", cites=[cite("[1]", file_name="a.pdf")]).after(found, found)
    stage = make_stage(Script.of(turn))
    run = stage.create_run(max_prompt_tokens=300)
    stage.advance(60)

    assert "incomplete" == stage.get(run)["status"]
    assert {"value": "", "annotations": []} == text_of(
        stage.get(f"{stage.thread}/messages")["data"][0]
    )


@pytest.mark.parametrize("seconds", [1, 6, 20])
def test_a_state_file_keeps_citations(
    make_stage: Callable[..., Any], tmp_path: Path, seconds: int
) -> None:
    """Before, while and after they are written: the message comes out the same."""
    stage, again = make_stage(RECORDED), make_stage(RECORDED)
    stage.create_run()
    stage.advance(seconds)
    stage.sim.control.dump(tmp_path / "state.json")
    again.sim.control.load(tmp_path / "state.json")
    for one in (stage, again):
        one.advance(20 - seconds)
    messages = [one.get(f"{stage.thread}/messages") for one in (stage, again)]

    assert messages[0] == messages[1]
    assert f"[{ANNOTATION}]" == compact(text_of(messages[1]["data"][0])["annotations"])


@pytest.mark.parametrize("message", ["", "x", "two"])
def test_a_state_file_keeps_a_turn_that_is_no_script_any_more(
    make_stage: Callable[..., Any], tmp_path: Path, message: str
) -> None:
    """A mark that came to nothing when it was filled in, or was cut off, is no damage."""
    marks = [cite("{message}", "file-1"), cite("two", "file-2"), cite("end", "file-3")]
    stage = make_stage(Script.of(say("{message} two" + "." * 90 + "end", cites=marks, work_s=9)))
    stage.sim.add_message(stage.thread_id, message or " ")
    run = stage.create_run(max_completion_tokens=16)
    stage.advance(8)
    stage.sim.control.dump(tmp_path / "state.json")
    stage.sim.control.load(tmp_path / "state.json")
    stage.advance(20)

    assert "incomplete" == stage.get(run)["status"]
