"""Answers in JSON, where nobody wrote a script: a response format is heeded on each wire."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any, Final, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter

from attending import AGENT, Office
from responding import Desk
from runfsm_simulator import Script, Simulator, say
from runfsm_simulator.world.arguments import make_value
from runfsm_simulator.world.sensible import sensible


class Colour(Enum):
    RED = "red"


class Leg(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["bus", "train"]
    minutes: int
    next: Leg | None


class Trip(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: str
    colour: Colour
    legs: list[Leg]


SCHEMA: Final = Trip.model_json_schema()
NESTED: Final = {
    "type": "json_schema",
    "json_schema": {"name": "trip", "schema": SCHEMA, "strict": True},
}
FLAT: Final = {"type": "json_schema", "name": "trip", "schema": SCHEMA, "strict": True}


def answered(sim: Simulator, assistant_id: str, **body: Any) -> str:
    """The answer of a run that calls no function, or whose calls get an output."""
    with sim.client() as sdk:
        threads = sdk.beta.threads
        thread = threads.create(messages=[{"role": "user", "content": "Where to?"}])
        run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant_id, **body)
        if run.required_action:
            calls = run.required_action.submit_tool_outputs.tool_calls
            outputs: Any = [{"tool_call_id": one.id, "output": "ok"} for one in calls]
            threads.runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=thread.id, tool_outputs=outputs
            )
        content: Any = threads.messages.list(thread.id).data[0].content[0]
    return str(content.text.value)


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.reported(
    "recordings",
    "response_format with a JSON schema was ignored when no script was given.",
    now="The answer is JSON that fits the schema.",
)
@pytest.mark.parametrize("where", ["assistant", "run"])
@pytest.mark.parametrize("tools", [(), ({"type": "function", "function": {"name": "f"}},)])
def test_a_run_answers_with_json_of_the_schema(where: str, tools: Any) -> None:
    """The assistant's format, or the run's; after the calls, if there are tools."""
    sim = Simulator()
    of_assistant = NESTED if where == "assistant" else "auto"
    made = sim.control.seed.assistant(
        {"model": "m", "tools": [*tools], "response_format": of_assistant}, id="asst_1"
    )
    body = {"response_format": NESTED} if where == "run" else {}

    assert Trip.model_validate_json(answered(sim, made, **body)).legs


@pytest.mark.parametrize(
    "form",
    [
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "any"}},
        {"type": "json_schema", "json_schema": {"name": "any", "schema": {}}},
    ],
)
def test_a_run_answers_with_an_object(form: Any) -> None:
    """Where any object will do."""
    sim = Simulator()
    made = sim.control.seed.assistant({"model": "m"}, id="asst_1")

    assert isinstance(json.loads(answered(sim, made, response_format=form)), dict)


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"type": "json_schema"}, "response_format.json_schema"),
        ({"type": "json_schema", "json_schema": {}}, "response_format.json_schema.name"),
        ({"type": "json"}, "response_format.type"),
        ({}, "response_format.type"),
    ],
)
def test_a_format_that_lacks_something(stage: Any, form: Any, param: str) -> None:
    """It is refused, for no client could read it back (types of openai-python)."""
    body = {"assistant_id": stage.assistant_id, "response_format": form}
    status, error = stage.refused("POST", f"{stage.thread}/runs", body)

    assert (400, param) == (status, error["param"])


@pytest.mark.parametrize("form", ["auto", {"type": "text"}])
def test_a_run_that_wants_text_answers_with_text(form: Any) -> None:
    """As ever."""
    sim = Simulator()
    made = sim.control.seed.assistant({"model": "m"}, id="asst_1")

    assert "You said" in answered(sim, made, response_format=form)


def test_a_script_is_played_whatever_the_format() -> None:
    """Who writes a script may have a model that does not keep to it."""
    sim = Simulator(Script.of(say("No JSON.")))
    made = sim.control.seed.assistant({"model": "m"}, id="asst_1")

    assert "No JSON." == answered(sim, made, response_format=NESTED)


@pytest.mark.reported(
    "recordings",
    "On the Responses wire, text.format with a JSON schema was ignored without a script.",
    now="The answer is JSON that fits the schema.",
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_response_answers_with_json_of_the_schema(*, stream: bool) -> None:
    """Whole and as a stream; the format is said again as it was given."""
    desk = Desk(sensible)
    answer = desk.create(tools=[], text={"format": FLAT}, background=False, stream=stream)
    done = answer[-1].response if stream else answer

    assert Trip.model_validate_json(done.output_text).legs
    assert FLAT == done.text.format.to_dict(exclude_none=True)


def test_a_response_answers_with_an_object() -> None:
    """Of `json_object`."""
    desk = Desk(sensible)
    done = desk.finished(tools=[], text={"format": {"type": "json_object"}})

    assert isinstance(json.loads(done.output_text), dict)


def test_a_response_is_parsed_by_the_client() -> None:
    """`responses.parse` gives the model."""
    with Simulator().client() as sdk:
        done = sdk.responses.parse(model="m", input="Where to?", text_format=Trip)

    assert isinstance(done.output_parsed, Trip)


def test_a_session_answers_with_json_of_the_schema() -> None:
    """The same on the Agents API."""
    form = {"type": "json_schema", "schema": SCHEMA}
    agent = {**AGENT, "tools": [], "text": {"format": form}}
    office = Office(sensible, wishes={"agent": agent})
    office.after(60)
    (said,) = [one for one in office.items if one.get("role") == "assistant"]

    assert Trip.model_validate_json(said["content"][0]["text"]).legs


@given(
    st.sampled_from(
        [bool, int, float, str, list[int], tuple[int, str], dict[str, int], Trip, Leg | None]
    )
)
def test_a_value_fits_a_schema_of_any_type(kind: Any) -> None:
    """Not of objects only; pydantic writes the schema, and judges the value."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    made = make_value(adapter.json_schema(), pick=lambda _, options: options[0])

    adapter.validate_json(json.dumps(made))


@pytest.mark.parametrize("schema", [True, None, {}, {"$ref": "#"}, {"type": "object"}])
def test_a_schema_that_says_nothing(schema: Any) -> None:
    """Any value will do, and one is made."""
    json.dumps(make_value(schema, pick=lambda _, options: options[0]))
