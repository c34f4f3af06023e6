"""Streams: the order of their events, and what the pieces add up to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from runfsm.lifecycle import Evidence
from runfsm_simulator.testing.conformance.behaviour import NotSo, Unreached, behaviour, expect
from runfsm_simulator.testing.conformance.refusing import expect_refusal, known
from runfsm_simulator.testing.conformance.service import Event
from runfsm_simulator.testing.conformance.stage import Stage, outputs

__all__: list[str] = []

RECORDED = Evidence.certain("recordings: openai-dotnet, openllmetry")

#: Each event by a word; a piece as often as it comes.
BEGIN = "run.created run.queued run.in_progress "
MESSAGE = (
    "step.created step.in_progress message.created message.in_progress (message.delta )*"
    "message.completed step.completed "
)
CALLS = "step.created step.in_progress (step.delta )*"
ANSWER = re.compile(f"{BEGIN}({MESSAGE})+run.completed done ")
FIRST_LEG = re.compile(f"{BEGIN}({MESSAGE})*{CALLS}run.requires_action done ")
SECOND_LEG = re.compile(
    f"step.completed run.queued run.in_progress ({MESSAGE})*"
    f"(run.completed done |{CALLS}run.requires_action done )"
)


def _words(events: Sequence[Event]) -> str:
    return "".join(f"{_word(name)} " for name, _ in events)


def _word(name: str) -> str:
    return name.removeprefix("thread.").replace("run.step.", "step.")


def _expect_order(events: Sequence[Event], order: re.Pattern[str]) -> None:
    words = _words(events)
    if not order.fullmatch(words):
        squeezed = re.sub(r"(\S+\.delta )+", r"\1… ", words)
        raise NotSo("the order of the events", order.pattern, squeezed.strip())


def _heard(stage: Stage, *, calls: bool = False) -> list[Event]:
    path = f"/threads/{stage.thread('Hello!')}/runs"
    return stage.hear(path, stage.wish(calls=calls))


def _first_leg(stage: Stage) -> list[Event]:
    events = _heard(stage, calls=True)
    if "run.requires_action" not in _words(events):
        raise Unreached("the model called no function")
    return events


@behaviour("stream-answer", RECORDED)
def stream_answer(stage: Stage) -> None:
    """The stream of a run that answers: run, step, message, pieces, and back again."""
    _expect_order(_heard(stage), ANSWER)


@behaviour("stream-calls", RECORDED)
def stream_calls(stage: Stage) -> None:
    """The stream of a run that calls ends at requires_action, with the step still open."""
    _expect_order(_first_leg(stage), FIRST_LEG)


@behaviour("stream-outputs", RECORDED)
def stream_outputs(stage: Stage) -> None:
    """The stream of a submit begins with the end of the step, then goes on from the queue."""
    leg = _first_leg(stage)
    run = next(data for name, data in leg if name.endswith("requires_action"))
    body = {"tool_outputs": outputs(run)}
    _expect_order(stage.hear(stage.at(run, "submit_tool_outputs"), body), SECOND_LEG)


@behaviour("stream-pieces", RECORDED)
def stream_pieces(stage: Stage) -> None:
    """The pieces of a message, joined, are the message as it is listed."""
    events = _heard(stage)
    pieces = [data for name, data in events if name == "thread.message.delta"]
    run = next((data for name, data in events if name == "thread.run.completed"), None)
    if run is None or not pieces:
        raise Unreached("the run did not answer")
    listed = stage.ask("GET", f"/threads/{run['thread_id']}/messages/{pieces[0]['id']}")
    text = "".join(
        _texts(part)
        for one in pieces
        for part in one["delta"].get("content", ())
        if one["id"] == pieces[0]["id"]
    )
    same = text == "".join(map(_texts, listed.get("content") or ()))
    expect("the pieces are the message", True, same)


def _texts(part: Any) -> str:
    return str((part.get("text") or {}).get("value") or "")


@behaviour("stream-refused", known("run_on_locked_thread"))
def stream_refused(stage: Stage) -> None:
    """What is refused before the stream begins is an answer as any other."""
    run = stage.calling()
    wish = {**stage.wish(), "stream": True}
    answer = stage.ask("POST", f"/threads/{run['thread_id']}/runs", wish)
    expect_refusal(answer, "run_on_locked_thread", thread_id=run["thread_id"], run_id=run["id"])
