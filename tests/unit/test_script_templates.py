"""Texts that quote: what each place says, which places there are, and what stays a text."""

from __future__ import annotations

from typing import Any

import pytest

from runfsm.errors import ScriptError
from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.script import Call, Script, call, calls, say, truncate
from runfsm_simulator.world.templates import QUOTE_MAX

FIRST = ("getWeather", '{"city": "Rome", "days": [1, 2], "n": {"m": null}}', "sunny")
SECOND = ("get-2", "not JSON", "{message}")
HALF = ("getWeather", r'{"city": "\ud83d!"}', "")


def scene(**changes: Any) -> Scene:
    """The second round of a run: two functions have answered."""
    whole: dict[str, Any] = {
        "round": 2,
        "tools": (),
        "messages": (("user", "Hi"), ("assistant", "Yes?"), ("user", "Rain?")),
        "answered": (FIRST, SECOND),
        "instructions": None,
        "tool_choice": "auto",
        "pick": lambda _stream, options: options[0],
    }
    return Scene(**{**whole, **changes})


def said(text: str, **changes: Any) -> str | None:
    """What a script says whose last turn has this text."""
    script = Script.of(call("getWeather"), call("get-2"), say(text))
    return script(scene(**changes)).say


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You said: {message}", "You said: Rain?"),
        ("{round}", "2"),
        ("{output.getWeather}, {output.getWeather}!", "sunny, sunny!"),
        ("{argument.getWeather.city}", "Rome"),
        ("{argument.getWeather.days}", "[1, 2]"),
        ("{argument.getWeather.n.m}", ""),  # a key may have a dot; this one is not there
        ("{argument.getWeather.__class__}", ""),
        ("{argument.get-2.city}", ""),
        ("{output.get-2}", "{message}"),  # what is quoted is not looked at again
        ("{{message}}", "{message}"),
        ('{"a": {}, "b": {1}} {} { message } {oops', '{"a": {}, "b": {1}} {} { message } {oops'),
        ("", ""),
    ],
)
def test_what_a_place_says(text: str, expected: str) -> None:
    """Four kinds of places are filled; all other braces are text."""
    assert expected == said(text)


def test_what_is_not_there_yet_says_nothing() -> None:
    """A hand can force an ending before the function was answered."""
    assert "It is ." == said("It is {output.getWeather}.", answered=(), messages=())


def test_the_latest_output_of_a_function_is_quoted() -> None:
    """Called twice, it is the second answer that counts."""
    assert "b" == said("{output.getWeather}", answered=(FIRST, ("getWeather", "{}", "b")))


def test_what_no_wire_can_carry_is_not_quoted() -> None:
    """Half of a surrogate pair, as an escape in malformed arguments can make it, is replaced."""
    assert "?!" == said("{argument.getWeather.city}", answered=(HALF,))


def test_a_long_quotation_is_cut() -> None:
    """A text stays short whatever a user says or a tool puts out."""
    assert "x" * QUOTE_MAX + "…" == said("{message}", messages=(("user", "x" * 100_000),))


def test_arguments_and_cut_answers_quote_too() -> None:
    """Strings in arguments are filled at any depth, keys and a text of arguments are not."""
    made = calls(
        Call(name="f", arguments={"{message}": ["{message}", {"a": "{round}"}, 5]}),
        Call(name="g", arguments="{message}"),
    )
    first, second = Script.of(made, say("x"))(scene(round=0)).call or ()
    cut = Script.of(truncate(say="{message} Well,"))(scene()).truncate

    assert {"{message}": ["Rain?", {"a": "0"}, 5]} == first.arguments
    assert "{message}" == second.arguments_text()
    assert cut is not None
    assert "Rain? Well," == cut.say


def test_a_planner_that_is_no_script_quotes_nothing() -> None:
    """A turn by itself has no places: what a function returns is said as it is."""
    assert "{nonsense}" == say("{nonsense}").say


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{mesage}", "unknown place {mesage}; known are {message}, {round}, {output.FUNCTION}, "),
        ("{nope}", "for the text, write {{nope}}"),
        ("{output}", "unknown place {output}"),
        ("{message.x}", "unknown place {message.x}"),
        ("{argument.getWeather}", "unknown place {argument.getWeather}"),
        ("{output.getTime}", "{output.getTime}: getTime is not answered by then; answered are get"),
        ("{round}" * 101, "quotes in more than 100 places"),
    ],
)
def test_a_place_that_is_none_is_told_when_the_script_is_made(text: str, problem: str) -> None:
    """The message names the places that there are, and how to write the braces as a text."""
    with pytest.raises(ScriptError) as caught:
        said(text)

    (found,) = caught.value.problems
    assert found.startswith("turns[2].say: ")
    assert problem in found


def test_the_answer_to_a_call_is_quoted_only_after_it() -> None:
    """A turn cannot quote what its own round of calls will answer."""
    with pytest.raises(ScriptError, match=r"turns\[0\].call\[0\].arguments.a: .* not answered"):
        Script.of(call("f", a="{output.f}"), say("x"))


def test_arguments_too_deep_to_be_written_by_hand_are_left_as_they_are() -> None:
    """No depth is too deep for a script that was made by a program."""
    deep: Any = "{message}"
    for _ in range(200):
        deep = [deep]

    assert call("f", a=deep) == Script.of(call("f", a=deep), say("x"))(scene(round=0))
