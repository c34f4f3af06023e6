"""The planner that needs no script: each function tool once, then an answer."""

from __future__ import annotations

from typing import Any

import pytest

from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.script import Call, call, calls, say
from runfsm_simulator.world.sensible import QUOTE_MAX, sensible

WEATHER = {
    "type": "function",
    "function": {
        "name": "getCurrentWeather",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "e.g. Los Angeles, CA"},
                "unit": {"enum": ["c", "f"]},
            },
            "required": ["location", "unit"],
        },
    },
}
TIME = {"type": "function", "function": {"name": "getTime"}}
INTERPRETER = {"type": "code_interpreter"}


def scene(**changes: Any) -> Scene:
    """The start of a run without tools, messages and instructions, but for `changes`."""
    whole: dict[str, Any] = {
        "round": 0,
        "tools": (),
        "messages": (),
        "answered": (),
        "instructions": None,
        "tool_choice": "auto",
        "pick": lambda _stream, options: options[-1],
    }
    return Scene(**{**whole, **changes})


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("auto", ["getCurrentWeather", "getTime"]),
        (None, ["getCurrentWeather", "getTime"]),
        ("required", ["getCurrentWeather", "getTime"]),
        ("none", []),
        ({"type": "function", "function": {"name": "getTime"}}, ["getTime"]),
        ({"type": "function", "function": {"name": "getLost"}}, []),
        ({"type": "code_interpreter"}, []),
        ({"type": "code_interpreter", "function": None}, []),
    ],
)
def test_the_tool_choice_says_which_functions_are_called(choice: Any, called: list[str]) -> None:
    """All function tools are called in one round, unless the tool choice says otherwise."""
    turn = sensible(scene(tools=(WEATHER, INTERPRETER, TIME), tool_choice=choice))

    assert called == [call.name for call in turn.call or ()]


def test_the_arguments_are_made_from_the_schema_and_by_the_chooser() -> None:
    """A hint becomes the text, and among an enum's values the chooser picks."""
    turn = sensible(scene(tools=(WEATHER,)))

    assert call("getCurrentWeather", location="Los Angeles, CA", unit="f") == turn


def test_a_function_without_parameters_is_called_without_arguments() -> None:
    """A tool's `parameters` may be left out on the wire."""
    assert calls(Call(name="getTime", arguments={})) == sensible(scene(tools=(TIME,)))


def test_without_parallel_calls_there_is_one_function_a_round() -> None:
    """`parallel_tool_calls: false` is heeded: each function still has its turn, then the answer."""
    turns = [
        sensible(scene(tools=(WEATHER, TIME), round=round_, parallel_tool_calls=False))
        for round_ in range(3)
    ]

    assert ["getCurrentWeather"] == [call.name for call in turns[0].call]
    assert ["getTime"] == [call.name for call in turns[1].call]
    assert "say" == turns[2].kind


def test_the_answer_mentions_every_output() -> None:
    """After its one round of calls, the assistant tells what each function said."""
    answered = (("getCurrentWeather", "{}", "72f"), ("getNickname", "{}", "LA"))

    turn = sensible(scene(round=1, tools=(WEATHER,), answered=answered))

    assert say("getCurrentWeather answered: 72f\ngetNickname answered: LA") == turn


def test_a_long_output_is_quoted_in_part() -> None:
    """An answer stays short whatever a tool puts out."""
    turn = sensible(scene(round=1, answered=(("f", "{}", "x" * 10_000),)))

    assert say(f"f answered: {'x' * QUOTE_MAX}…") == turn


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ((("user", "Hi"), ("assistant", "Hello."), ("user", "Why?")),
         'You said: "Why?". This answer is simulated.'),
        ((("assistant", "Hello."),), "This answer is simulated."),
        ((), "This answer is simulated."),
    ],
)  # fmt: skip  # a row is a thread and the answer
def test_without_functions_the_last_question_is_echoed(
    messages: tuple[tuple[str, str], ...], text: str
) -> None:
    """An assistant without function tools answers at once, and does not pretend to be clever."""
    assert say(text) == sensible(scene(messages=messages, tools=(INTERPRETER,)))
