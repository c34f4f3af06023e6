"""Bodies as they were recorded from the live service, where the simulator's differed once.

Each test names the recording: the repository whose tests have it, and its month.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from runfsm_simulator import Script, Switches, call, file_search, say
from runfsm_simulator.world.chooser import Seeded
from runfsm_simulator.world.hosted import FileResult

NO_PARAMETERS: Final = {"type": "object", "properties": {}}
BARE: Final = {"type": "function", "function": {"name": "f"}}
FILLED: Final = {
    "type": "function",
    "function": {"name": "f", "parameters": NO_PARAMETERS, "strict": False},
}


class Share(Seeded):
    """Choices from a seed, but for the share of a step after which its call is seen."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share

    def pick(self, stream: str, options: Any) -> Any:
        return self._share if stream == "call_s" else super().pick(stream, options)


# Tools --------------------------------------------------------------------------------------------


@pytest.mark.reported(
    "recordings",
    "A function tool without parameters was answered without the key.",
    now="It is answered with an empty object's schema, in assistants, runs and all run events.",
)
def test_a_function_without_parameters_is_answered_with_empty_ones(stage: Any) -> None:
    """In assistants, runs and run events, before `strict` (recording: openai-dotnet, 2025-09)."""
    assistant = stage.post("/v1/assistants", {"model": "m", "tools": [BARE]})
    body = {"tools": [BARE]}
    of_run = stage.get(stage.create_run(**body))["tools"]
    stage.advance(10)
    streamed = [data["tools"] for name, data in stage.stream_run(**body) if "tools" in data]

    assert [FILLED] == assistant["tools"] == of_run
    assert [[FILLED]] * 4 == streamed
    assert ["name", "parameters", "strict"] == list(of_run[0]["function"])


@pytest.mark.parametrize("given", [{"strict": True}, {"parameters": None}, {"parameters": {}}])
def test_the_keys_of_a_function_keep_their_order(stage: Any, given: dict[str, Any]) -> None:
    """Name, description, parameters, strict (recordings: openai-dotnet, 2025)."""
    function = {**given, "description": "d", "name": "f"}
    tool = {"type": "function", "function": function}
    assistant = stage.post("/v1/assistants", {"model": "m", "tools": [tool]})
    expected = {
        "name": "f",
        "description": "d",
        "parameters": NO_PARAMETERS,
        "strict": given.get("strict", False),
    }

    assert json.dumps(expected) == json.dumps(assistant["tools"][0]["function"])


# What tools may read ------------------------------------------------------------------------------


@pytest.mark.reported(
    "recordings",
    "A modified thread was answered with a code_interpreter that nobody gave.",
    now="It is answered as a created one: with what was given.",
)
def test_a_modified_thread_is_answered_as_a_created_one(stage: Any) -> None:
    """Only a retrieval fills in `code_interpreter` (recordings: openai-dotnet, ruby-openai)."""
    store = stage.post("/v1/vector_stores", {})["id"]
    searched = {"file_search": {"vector_store_ids": [store]}}
    plain = stage.post(stage.thread, {"metadata": {"a": "b"}})
    given = stage.post(stage.thread, {"tool_resources": searched})

    assert {} == plain["tool_resources"]
    assert searched == given["tool_resources"]
    assert {**searched, "code_interpreter": {"file_ids": []}} == (
        stage.get(stage.thread)["tool_resources"]
    )


@pytest.mark.reported(
    "recordings",
    "An assistant with file_search and no store had no tool_resources.file_search.",
    now="It has an empty list of stores, as code_interpreter has an empty list of files.",
)
@pytest.mark.parametrize("given", [{}, {"tool_resources": {"file_search": {}}}])
def test_an_assistant_that_may_search_nothing(stage: Any, given: dict[str, Any]) -> None:
    """The list of its stores is empty, as that of the interpreter's files (recording)."""
    body = {"model": "m", "tools": [{"type": "file_search"}], **given}
    made = stage.post("/v1/assistants", body)

    assert {"file_search": {"vector_store_ids": []}} == made["tool_resources"]
    assert made == stage.get(f"/v1/assistants/{made['id']}")


@pytest.mark.reported(
    "recordings",
    "In tool_resources, code_interpreter came before file_search.",
    now="file_search comes first, whatever the order of the request.",
)
def test_the_search_comes_before_the_interpreter(stage: Any) -> None:
    """In assistants and threads (recording: openai-dotnet, 2025-10)."""
    store = stage.post("/v1/vector_stores", {})["id"]
    given = {
        "code_interpreter": {"file_ids": []},
        "file_search": {"vector_store_ids": [store]},
    }
    thread = stage.post("/v1/threads", {"tool_resources": given})
    answers = [
        stage.post("/v1/assistants", {"model": "m", "tool_resources": given}),
        thread,
        stage.get(f"/v1/threads/{thread['id']}"),
        stage.post(f"/v1/threads/{thread['id']}", {"tool_resources": given}),
    ]

    assert [["file_search", "code_interpreter"]] * 4 == [
        list(answer["tool_resources"]) for answer in answers
    ]


# Steps --------------------------------------------------------------------------------------------


@pytest.mark.reported(
    "recordings",
    "A completed step lost its expires_at while its run went on.",
    now="It is null only when the run is over.",
)
def test_a_completed_step_keeps_its_expiry_while_its_run_goes_on(
    make_stage: Callable[..., Any],
) -> None:
    """It is the run's, until that is over (recording: ruby-openai, 2024-10)."""
    stage = make_stage(Script.of(say("So.", queue_s=1, work_s=8).after(file_search())))
    run = stage.create_run()
    stage.advance(6)
    during, _ = stage.get(f"{run}/steps", order="asc")["data"]
    stage.advance(10)
    after, _ = stage.get(f"{run}/steps", order="asc")["data"]

    assert ("completed", stage.get(run)["created_at"] + 600) == (
        during["status"],
        during["expires_at"],
    )
    assert ("completed", None) == (after["status"], after["expires_at"])


@pytest.mark.reported(
    "recordings",
    "The call of a hosted tool was shown only when its step was completed.",
    now="It is seen, results and all, while the step is in progress.",
)
@pytest.mark.parametrize(("share", "after_s"), [(0.0, 1), (0.25, 2)])
def test_a_search_is_seen_while_its_step_is_in_progress(
    make_stage: Callable[..., Any], share: float, after_s: float
) -> None:
    """At once or a little later; both are recorded (ruby-openai, 2024-10)."""
    found = FileResult(file_id="file-1", file_name="a.pdf")
    script = Script.of(say("So.", queue_s=1, work_s=8).after(file_search(found)))
    stage = make_stage(script, chooser=Share(share))
    run = stage.create_run()
    stage.advance(after_s)
    (step,) = stage.get(f"{run}/steps")["data"]
    (shown,) = step["step_details"]["tool_calls"]

    assert ("in_progress", None) == (step["status"], step["usage"])
    assert ["file-1"] == [one["file_id"] for one in shown["file_search"]["results"]]


def test_a_stream_begins_a_search_without_its_call(make_stage: Callable[..., Any]) -> None:
    """A delta brings it, even where a GET shows it at once (recording: openai-dotnet, 2025)."""
    stage = make_stage(Script.of(say("So.").after(file_search())), chooser=Share(0.0))
    told = list(stage.stream_run())
    begun = [data for name, data in told if name == "thread.run.step.in_progress"]
    names = [name for name, _ in told]

    assert [] == begun[0]["step_details"]["tool_calls"]
    assert "thread.run.step.delta" == names[names.index("thread.run.step.in_progress") + 1]


@pytest.mark.reported(
    "recordings",
    "A step id without its prefix was refused with 400.",
    now="It is a 404, No run step found, as recorded under v2.",
)
@pytest.mark.parametrize("way", ["prefix", "prefix_and_underscore", "not_found"])
def test_a_step_id_without_its_prefix_is_not_found(
    make_stage: Callable[..., Any], way: Any
) -> None:
    """Whatever the switch for runs and messages says (recording: ruby-openai, 2024-04)."""
    stage = make_stage(switches=Switches(malformed_id=way))
    status, error = stage.refused("GET", f"{stage.create_run()}/steps/123")

    assert (404, "No run step found with id '123'.", None, None) == (
        status,
        error["message"],
        error["param"],
        error["code"],
    )


def test_who_polls_a_step_lets_virtual_time_pass(make_stage: Callable[..., Any]) -> None:
    """A client that waits for a step comes to its end (ruby-openai's tests wait like that)."""
    script = Script.of(say("So.", queue_s=1, work_s=8).after(file_search()))
    stage = make_stage(script, pacing="everybody")
    run = stage.create_run()
    stage.advance(1)
    (step,) = stage.get(f"{run}/steps")["data"]
    looks = [stage.get(f"{run}/steps/{step['id']}")["status"] for _ in range(4)]

    assert "completed" == looks[-1]


def test_a_step_waits_for_its_client_as_its_run_does(make_stage: Callable[..., Any]) -> None:
    """Where outputs are missing, a look lets five seconds pass, and no more."""
    stage = make_stage(Script.of(call("f", queue_s=1, work_s=2), say("So.")), pacing="everybody")
    run = stage.create_run()
    stage.advance(3)
    (step,) = stage.get(f"{run}/steps")["data"]
    begun = stage.sim.control.now()
    for _ in range(3):
        stage.get(f"{run}/steps/{step['id']}")

    assert 10 == stage.sim.control.now() - begun


# Cancelled runs -----------------------------------------------------------------------------------


@pytest.mark.reported(
    "recordings",
    "That a cancelled run has no expires_at and a usage of zeros was inferred only.",
    now="The switches name the recording.",
)
def test_a_cancelled_run_as_it_was_recorded(stage: Any) -> None:
    """Before any model call: `cancelled_at` is set, usage is 0/0/0 (simple-openai, 2024-05)."""
    run = stage.create_run()
    stage.post(f"{run}/cancel")
    stage.advance(10)
    seen = stage.get(run)
    usage = seen["usage"]

    assert ("cancelled", None) == (seen["status"], seen["expires_at"])
    assert isinstance(seen["cancelled_at"], int)
    assert (0, 0, 0) == tuple(
        usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
