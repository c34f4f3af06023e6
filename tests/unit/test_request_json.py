"""What cannot be sent is the caller's error, at once, and names the place."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import pickle
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from runfsm import (
    AssistantsBackend,
    AsyncRunDriver,
    CallerError,
    ResponsesBackend,
    RunDriver,
    RunRequest,
    Text,
    tool,
)
from runfsm.driver.jsonvalues import DEPTH_MAX
from runfsm_simulator import Simulator


class Place(BaseModel):
    city: str


@dataclasses.dataclass
class Span:
    start: float


class Unit(enum.Enum):
    CELSIUS = "c"


class Word(enum.StrEnum):
    LOW = "low"


@tool
def look_up(key: str) -> str:
    """Look up."""
    return key


def nested(levels: int) -> Any:
    """A list in a list in a list ..."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)

OPTIONS = [
    ({"temperature": float("nan")}, "options['temperature'] is nan", "a finite number, or None"),
    ({"temperature": float("inf")}, "options['temperature'] is inf", "a finite number, or None"),
    ({"seed": 2**5000}, "options['seed'] is too large an integer", "give it as text"),
    ({"instructions": "a\ud800"}, "options['instructions'] has half of a surrogate", "index 1"),
    ({"instructions": b"Hi"}, "options['instructions'] is a bytes", "decode it to text"),
    ({"metadata": {"a": "\udfff"}}, "options['metadata']['a'] has half", "errors='replace'"),
    ({"metadata": {"\udfff": "a"}}, "a key of options['metadata'] has half", "index 0"),
    ({"metadata": {5: "a"}}, "options['metadata'] has the key 5, a int", "keys are texts"),
    ({5: "a"}, "options has the key 5, a int", "keys are texts"),
    ({"metadata": {"a": {1}}}, "options['metadata']['a'] is a set", "give a list"),
    ({"metadata": {"a": frozenset()}}, "options['metadata']['a'] is a frozenset", "give a list"),
    ({"tools": [{"type": b"x"}]}, "options['tools'][0]['type'] is a bytes", "decode it"),
    ({"tools": (it for it in "ab")}, "options['tools'] is a generator", "give a list"),
    ({"tools": [look_up]}, "options['tools'][0] is a Tool", "its schema, tool(function).schema"),
    ({"tools": [print]}, "options['tools'][0] is a builtin_function", "its schema"),
    ({"extra": Place(city="Oslo")}, "options['extra'] is a Place", "model_dump(mode='json')"),
    ({"extra": Place}, "options['extra'] is the class Place", "give a value"),
    ({"extra": Span(0)}, "options['extra'] is a Span", "dataclasses.asdict(value)"),
    ({"extra": [Text("Hi")]}, "options['extra'][0] is a Text", "parts are for RunRequest(message="),
    ({"extra": Unit.CELSIUS}, "options['extra'] is an Unit", "give its value"),
    ({"extra": Decimal(1)}, "options['extra'] is a Decimal", "give a text or a number"),
    ({"extra": dt.date(2026, 1, 1)}, "options['extra'] is a date", "give a text or a number"),
    ({"extra": openai.NOT_GIVEN}, "options['extra'] is a NotGiven", "leave it out"),
    ({"extra": nested(DEPTH_MAX)}, "is nested more than 100 levels deep", "give a flat value"),
    ({"circle": CIRCLE}, "[0]... is nested more than 100 levels deep, or holds itself", "flat"),
    ({"response_format": Span}, "options['response_format'] is the class Span", "a pydantic model"),
    ({"metadata": [1]}, "options['metadata'] is a list", "give a dict, such as {'user':"),
    ({"metadata": "a"}, "options['metadata'] is a str", "give a dict, such as {'user':"),
    ({"additional_messages": 5}, "['additional_messages'] is a int", "give a list, such as"),
    ({"additional_messages": "Hi"}, "['additional_messages'] is a str", "give a list, such as"),
    ([("a", 1)], "options is a list", "give a dict, such as {'temperature': 0.2}"),
]


@pytest.mark.reported(
    "nanobot PR 4952; aider#3693",
    "A lone surrogate, bytes or NaN in a message or in `options`: another error on each road.",
    now="`CallerError` from `RunRequest` and `add_message`, which names the place.",
)
@pytest.mark.parametrize(("options", "problem", "right"), OPTIONS, ids=[it[1] for it in OPTIONS])
def test_options_that_are_no_json_are_refused_at_once(
    options: Any, problem: str, right: str
) -> None:
    """Before anything is sent, and for every backend alike (nanobot PR 4952, aider#3693)."""
    with pytest.raises(CallerError) as caught:
        RunRequest("asst_1", "Hi", options=options)

    assert problem in str(caught.value)
    assert right in str(caught.value)


def test_options_are_kept_as_a_copy_in_plain_json() -> None:
    """What the app changes later changes nothing; tuples are lists, and enums of text are texts."""
    metadata = {"a": "b"}
    given = {"metadata": metadata, "tools": (), "reasoning_effort": Word.LOW, "x": True, "n": None}
    request = RunRequest("asst_1", options=MappingProxyType(given))
    metadata.clear()

    expected = {
        "metadata": {"a": "b"},
        "tools": [],
        "reasoning_effort": "low",
        "x": True,
        "n": None,
    }
    assert expected == request.options
    assert str is type(request.options["reasoning_effort"])
    assert request == pickle.loads(pickle.dumps(request))  # noqa: S301  # our own bytes


MESSAGES = [
    ("Hi \ud83d", "message has half of a surrogate pair at index 3"),
    (b"Hi", "message is a bytes: give a text, or a list such as"),
    (5, "message is a int: give a text, or a list"),
    (float("nan"), "message is a float: give a text, or a list"),
    ([], "message is an empty list: give a text, or at least one part"),
    (
        {"type": "text", "text": "Hi"},
        "message is one part, and no list of them: put it into a list",
    ),
    (["Hi", "\ud800"], "message[1] has half of a surrogate pair at index 0"),
    (["Hi", b"Hi"], "message[1] is a bytes: give a text, ImageUrl, "),
    (
        ["Hi", {"type": "text", "text": "\ud800"}],
        "message[1]: Text.text has half of a surrogate pair",
    ),
    (["Hi", {"type": "text", "text": 5}], "message[1]: Text.text is a int: give a text"),
    (["Hi", {"type": "video"}], "message[1]: there is no part of type 'video'; there are text, "),
    (["Hi", {"text": "Hi"}], "message[1]: there is no part of type None"),
    (
        ["Hi", {"type": "image_url", "image_url": "https://x.test"}],
        "message[1]: image_url is a str",
    ),
    (["Hi", {"type": "text", "text": "a", "when": 1}], "message[1]: text has no 'when' here"),
]


@pytest.mark.parametrize(("message", "problem"), MESSAGES, ids=[it[1] for it in MESSAGES])
def test_a_message_that_cannot_be_sent_is_refused_at_once(message: Any, problem: str) -> None:
    """By `RunRequest`, by `add_message` of either driver and of a session; nothing is sent."""
    simulator = Simulator()
    thread_id = simulator.create_thread()
    driver = RunDriver(AssistantsBackend(simulator.client()), clock=simulator.clock)
    tasks = AsyncRunDriver(AssistantsBackend(simulator.async_client()), clock=simulator.clock)
    with pytest.raises(CallerError) as of_request:
        RunRequest("asst_1", message)
    with pytest.raises(CallerError) as of_message:
        driver.add_message(thread_id, message)
    with pytest.raises(CallerError) as of_task:
        tasks.add_message(thread_id, message).send(None)
    with driver.thread_session(thread_id) as session:  # noqa: SIM117  # one statement may raise
        with pytest.raises(CallerError) as of_session:
            session.add_message(message)

    assert problem in str(of_request.value)
    for caught in (of_message, of_task, of_session):
        assert str(of_request.value).replace("message", "content", 1) == str(caught.value)


@pytest.mark.parametrize("name", ["assistant_id", "thread_id", "key"])
def test_a_name_that_cannot_be_sent_is_refused_at_once(name: str) -> None:
    """An id or a key is text that UTF-8 can carry, too."""
    with pytest.raises(CallerError, match=f"{name} has half of a surrogate pair at index 2"):
        RunRequest(**({"assistant_id": "asst_1"} | {name: "a_\ud800"}))


@pytest.mark.parametrize("backend", [AssistantsBackend, ResponsesBackend])
def test_an_assistant_or_a_thread_that_is_no_json_is_refused_at_once(backend: Any) -> None:
    """By every backend in the same words."""
    made = backend(Simulator().client())

    with pytest.raises(CallerError, match=r"assistant\['instructions'\] has half of a surrogate"):
        made.create_assistant(model="gpt-5", instructions="\ud800")
    with pytest.raises(CallerError, match=r"assistant\['temperature'\] is nan"):
        made.create_assistant(model="gpt-5", temperature=float("nan"))
    with pytest.raises(CallerError, match=r"thread\['metadata'\] is a set"):
        made.create_thread(metadata={"a"})


def test_a_key_is_no_longer_than_metadata_takes() -> None:
    """One that is would be refused by the service, after the run's thread was made."""
    assert 512 == len(str(RunRequest("asst_1", key="k" * 512).key))
    with pytest.raises(CallerError, match="key has 513 characters, and metadata takes 512"):
        RunRequest("asst_1", key="k" * 513)
    with pytest.raises(CallerError, match="key has 513 characters"):
        RunDriver(Simulator().backend).add_message("thread_1", "Hi", key="k" * 513)
