"""A body that is given again is the body that would be made now, whatever has happened."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, Final

import pytest

from runfsm.lifecycle import RunError, RunEvent, RunStatus, ToolCall, Usage
from runfsm_simulator import Script, Simulator, call, say
from runfsm_simulator.wire import shapes
from runfsm_simulator.wire.bodycache import BodyCache, Shaped
from runfsm_simulator.wire.http import Request, json_bytes
from runfsm_simulator.world.models import Run, Thread
from runfsm_simulator.world.terms import Settings, Terms

HEADERS: Final = {"authorization": "Bearer sk-any", "openai-beta": "assistants=v2"}


def begun(**options: Any) -> tuple[Simulator, Run]:
    """A simulator, and a new run in it."""
    script = Script.of(call("get_time", queue_s=1, work_s=1), say("Noon.", queue_s=1, work_s=1))
    sim = Simulator(script, pacing="nobody", **options)
    thread_id = sim.create_thread()
    sim.add_message(thread_id, "Hello")
    return sim, sim.world.create_run(thread_id, sim.create_assistant())


def asked(sim: Simulator, run: Run, method: str = "GET", end: str = "", **body: Any) -> bytes:
    """The answer to a request about the run."""
    path = f"/v1/threads/{run.thread.id}/runs/{run.id}{end}"
    sent = json.dumps(body).encode() if method == "POST" else b""
    answer = sim.handle(Request(method, path, headers=HEADERS, body=sent))
    assert 200 == answer.status
    return answer.body


#: Another value of each field of a run.
CHANGED: Final[dict[str, Any]] = {
    "id": "run_other",
    "created_at": 7.0,
    "thread": Thread("thread_other", 0.0),
    "terms": Terms("asst_1", "A", "other", "Be short.", (), Settings(temperature=0.5)),
    "metadata": {"a": "b"},
    "status": RunStatus.FAILED,
    "assistant_id": "asst_other",
    "expires_at": 8.0,
    "started_at": 9.0,
    "cancelled_at": 10.0,
    "failed_at": 11.0,
    "completed_at": 12.0,
    "calls": (ToolCall("call_1", "f", "{}"),),
    "error": RunError("server_error", "Sorry."),
    "incomplete_reason": "max_prompt_tokens",
    "usage": Usage(1, 2, 3),
}

#: Of a run, but in no body of it.
UNSEEN: Final = frozenset(
    {"turn", "steps", "round", "answered", "plan", "open_step", "outcome_at", "to_run"}
    | {"lingers_until"}
)


@pytest.mark.parametrize("name", sorted({field.name for field in fields(Run)} - UNSEEN))
def test_a_change_of_any_field_is_seen(name: str) -> None:
    """A new field of a run is either not in its body, or has to be looked at."""
    sim, run = begun()
    path = f"/v1/threads/{run.thread.id}/runs/{run.id}"
    request = Request("GET", path, headers=HEADERS)
    before = sim.handle(request).body
    setattr(run, name, CHANGED[name])
    after = sim.handle(request).body

    assert before != after
    assert json_bytes(shapes.run(run)) == after


def test_a_run_is_shown_as_it_is_all_along() -> None:
    """Whoever changes it: time, its client, a person's hand."""
    sim, run = begun()
    statuses = []

    def look() -> None:
        for _ in range(2):
            body = asked(sim, run)
            assert json_bytes(shapes.run(run)) == body
        statuses.append(json.loads(body)["status"])

    look()
    for _ in range(2):
        sim.clock.advance(1)
        look()
    outputs = [{"tool_call_id": one.call_id, "output": "12"} for one in run.calls]
    asked(sim, run, "POST", "/submit_tool_outputs", tool_outputs=outputs)
    look()
    sim.clock.advance(1)
    look()
    asked(sim, run, "POST", "/cancel")
    look()
    sim.world.fire(run.id, RunEvent.CONFIRM_CANCEL)
    look()
    asked(sim, run, "POST", metadata={"a": "b"})
    look()

    assert [
        "queued",
        "in_progress",
        "requires_action",
        "queued",
        "in_progress",
        "cancelling",
        "cancelled",
        "cancelled",
    ] == statuses
    assert {"a": "b"} == json.loads(asked(sim, run))["metadata"]


def test_a_run_that_has_come_back_is_another_one() -> None:
    """After a snapshot is restored, its body is that of the run as it was then."""
    sim, run = begun()
    snapshot = sim.world.save()
    queued = asked(sim, run)
    sim.clock.advance(1)
    assert queued != asked(sim, run)
    sim.world.restore(snapshot)

    assert queued == asked(sim, run)


def test_an_unchanged_body_is_made_once() -> None:
    """Its shape is asked again only when a part is another one."""
    made = []
    _, run = begun()

    def shape(_: Any) -> dict[str, Any]:
        made.append(1)
        return {}

    cache = BodyCache(lambda body: body)
    for parts in ((1,), (1,), (2,), (2,)):
        assert b"{}" == cache.bytes_of(Shaped(run, parts, shape))

    assert 2 == len(made)


def test_bodies_of_many_things_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest first, so that what is kept is bounded; they are made again."""
    monkeypatch.setattr("runfsm_simulator.wire.bodycache.KEPT_MAX", 2)
    made = []
    runs = [Thread(f"thread_{number}", 0.0) for number in range(3)]

    def shape(thing: Thread) -> dict[str, Any]:
        made.append(thing.id)
        return {}

    cache = BodyCache(lambda body: body)
    for thing in (*runs, runs[2], runs[1], runs[0]):
        cache.bytes_of(Shaped(thing, (), shape))

    assert ["thread_0", "thread_1", "thread_2", "thread_0"] == made


@pytest.mark.parametrize("profile", ["wire", "spec"])
def test_each_profile_has_its_own_form(profile: Any) -> None:
    """What is kept has the form that the profile demands."""
    sim, run = begun(profile=profile)
    bodies = {asked(sim, run) for _ in range(2)}

    assert 1 == len(bodies)
    assert ("wire" == profile) == ("reasoning_effort" in json.loads(bodies.pop()))
