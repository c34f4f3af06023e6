"""Whatever happens to a run, its stream is one that a client can follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfsm.lifecycle import LIFECYCLE, MESSAGE, RUN_STEP, RunEvent
from runfsm_simulator import Call, Script, Turn, calls, fail, hang, say, truncate
from runfsm_simulator.world.script import code_interpreter

TURNS = {
    "say": say("One two three four."),
    "hosted": say("Two.").after(code_interpreter("print(1)", logs="1")),
    "truncate": truncate(say="One two"),
    "fail": fail(),
    "hang": hang(),
    "call": calls(Call(name="a", arguments={"x": [1, 2, 3]}), Call(name="b")),
}


class Follower:
    """A client that knows only what the stream tells, as the SDKs' helpers do."""

    def __init__(self) -> None:
        self.open: dict[str, str] = {}
        self.text: dict[str, str] = {}
        self.calls: dict[str, str] = {}

    def follow(self, name: str, data: Any) -> None:
        """Take one event; it must make sense after those before."""
        kind, _, what = name.rpartition(".")
        if kind not in {"thread.run.step", "thread.message"}:
            return
        if what == "created":
            assert data["id"] not in self.open
            self.open[data["id"]] = data["status"]
            self.text[data["id"]] = ""
        elif what == "delta":
            assert "in_progress" == self.open[data["id"]]
            self._add(data["id"], data["delta"])
        else:
            assert "in_progress" == self.open[data["id"]]
            self.open[data["id"]] = data["status"]
            self._check_text(data)

    def _add(self, id: str, delta: Any) -> None:
        for part in delta.get("content", ()):
            self.text[id] += part["text"]["value"]
        for call in delta.get("step_details", {}).get("tool_calls", ()):
            if call["type"] == "function":
                place = f"{id}.{call['index']}"
                self.calls[place] = self.calls.get(place, "") + call["function"]["arguments"]

    def _check_text(self, data: Any) -> None:
        if data["object"] == "thread.message" and data["status"] != "in_progress":
            assert self.text[data["id"]] == "".join(
                part["text"]["value"] for part in data["content"]
            )


def play(stage: Any, hands: list[tuple[int, int]]) -> tuple[Follower, list[tuple[str, Any]]]:
    """Read a stream to its end; at some of its events, a hand does one of what is legal."""
    follower, told, acts = Follower(), [], dict(hands)
    for name, data in stage.stream_run():
        told.append((name, data))
        follower.follow(name, data)
        with stage.sim.world.operation():
            run = next(iter(stage.sim.world.store.runs.values()))
        edges = [
            edge
            for edge in LIFECYCLE.allowed(run.status)
            if edge.event is not RunEvent.SUBMIT_TOOL_OUTPUTS
        ]
        if edges and len(told) in acts:
            stage.sim.world.fire(run.id, edges[acts[len(told)] % len(edges)].event)
    return follower, told


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # it only makes stages
@given(hands=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 9)), max_size=3))
def test_a_stream_makes_sense_under_any_hand(
    make_stage: Callable[..., Any], turn: Turn, hands: list[tuple[int, int]]
) -> None:
    """Each delta falls between the opening and the end of its thing, and the deltas make it up."""
    ending = [say("Done.")] if turn.kind == "call" else []
    follower, told = play(make_stage(Script.of(turn, *ending)), hands)
    *_, (last, run), (done, _) = told
    pending = run["required_action"] and run["required_action"]["submit_tool_outputs"]["tool_calls"]

    assert ("done", f"thread.run.{run['status']}") == (done, last)
    assert all(
        status in {*RUN_STEP.terminal, *MESSAGE.terminal} or pending
        for status in follower.open.values()
    )
    assert [call["function"]["arguments"] for call in pending or ()] == (
        list(follower.calls.values()) if pending else []
    )
