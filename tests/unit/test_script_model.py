"""A script: one action a turn, calls then one ending, and errors in a script writer's words."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from runfsm.errors import ScriptError
from runfsm_simulator.world.script import (
    Call,
    Failure,
    Scene,
    Script,
    Truncation,
    Turn,
    call,
    calls,
    fail,
    hang,
    say,
    truncate,
)


def scene(round_: int) -> Scene:
    """What a script is shown; it looks at the round only."""
    return Scene(round_, (), (), (), None, "auto", lambda _stream, options: options[0])


@pytest.mark.parametrize(
    ("made", "written"),
    [
        (say("hi", work_s=2), Turn(say="hi", work_s=2)),
        (call("f", queue_s=1, a=1), Turn(call=(Call(name="f", arguments={"a": 1}),), queue_s=1)),
        (calls(Call(name="f")), Turn(call=(Call(name="f"),))),
        (fail(), Turn(fail=Failure(message="Sorry, something went wrong."))),
        (fail("invalid_prompt", "No."), Turn(fail=Failure(code="invalid_prompt", message="No."))),
        (truncate(say="Once"), Turn(truncate=Truncation(say="Once"))),
        (hang(), Turn(hang=True)),
    ],
    ids=["say", "call", "calls", "fail", "fail with", "truncate", "hang"],
)
def test_a_constructor_makes_the_turn_that_the_model_spells_out(made: Turn, written: Turn) -> None:
    """`say("hi")` and its like are short for a `Turn` with that one action."""
    assert written == made


@pytest.mark.parametrize(
    ("turn", "kind"),
    [
        (say(""), "say"),
        (call("f"), "call"),
        (fail(), "fail"),
        (truncate(), "truncate"),
        (hang(), "hang"),
    ],
)
def test_the_kind_of_a_turn_is_its_one_action(turn: Turn, kind: str) -> None:
    """`kind` names the action, and saying nothing at all is saying too."""
    assert kind == turn.kind


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: say(5), "say: expected text, got the number 5"),
        (lambda: say("half \ud83d"), "surrogates not allowed"),
        (lambda: say("x", work_s=-1), "work_s: expected 0 seconds or more, got the number -1"),
        (lambda: say("x", queue_s=math.inf), "queue_s: expected a finite number of seconds"),
        (lambda: say("x", work_s=True), "work_s: expected a number of seconds, got true"),
        (lambda: say("x", work_s="2"), "work_s: expected a number of seconds, got the text '2'"),
        (lambda: call("two words"), "name: expected 1 to 64 of the characters"),
        (lambda: call("f" * 65), "got a long text"),
        (lambda: call("f", x=math.nan), "arguments: cannot be written as JSON: Out of range"),
        (lambda: call("f", x=object()), "arguments: cannot be written as JSON: Object of type"),
        (lambda: call("f", x="\ud83d"), "arguments: cannot be written as JSON: 'utf-8'"),
        (calls, "call: the list is empty; name at least one function, or use say"),
        (lambda: calls(object()), "call[0]: expected a mapping, got an object of type object"),
        (lambda: fail("too_tired"), "code: expected 'server_error', 'rate_limit_exceeded' or"),
        (lambda: truncate("bored"), "reason: expected 'max_completion_tokens', "),
        (Script.of, "turns: the list is empty; the shortest script says something"),
        (lambda: Script.of(call("f")), "turns[0]: the last turn calls functions, and then?"),
        (lambda: Script.of(say("a"), say("b")), "turns[1]: never reached: turn 0 ends the run"),
        (lambda: Script.of(say("a"), cancel_s=-1), '0 seconds or more, or "never"'),
        (lambda: Script.of(say("a"), cancel_s="soon"), "cancel_s: expected 0 seconds or more"),
        (lambda: Script.of(say("a"), cancel_s=True), "cancel_s: expected 0 seconds"),
    ],
)  # fmt: skip  # a row is a mistake and its message
def test_a_mistake_made_in_python_is_told_in_plain_words(
    make: Callable[[], Any], problem: str
) -> None:
    """The constructors raise `ScriptError` with one line: the place, and what was expected."""
    with pytest.raises(ScriptError) as caught:
        make()

    assert "script" == caught.value.where
    assert 1 == len(caught.value.problems)
    assert problem in caught.value.problems[0]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, "none of them"),
        ({"say": None}, "none of them"),
        ({"say": "", "hang": True}, "say and hang"),
        ({"call": {"name": "f"}, "fail": {}, "truncate": {}}, "call and fail and truncate"),
    ],
)
def test_a_turn_does_exactly_one_thing(fields: dict[str, Any], found: str) -> None:
    """A turn with no action or with several is refused, and the message says which are there."""
    with pytest.raises(ValidationError, match=f"exactly one of say, call, .*; here is {found}"):
        Turn.model_validate(fields)


@pytest.mark.parametrize(
    ("key", "hint"),
    [("sya", "did you mean 'say'"), ("xyzzy", "known are say, call, fail, truncate, hang")],
)
def test_an_unknown_key_is_refused_with_a_suggestion(key: str, hint: str) -> None:
    """A misspelt key names the near miss, a strange one all that is known."""
    with pytest.raises(ValidationError, match=f"unknown key; {hint}"):
        Turn.model_validate({key: "x"})


def test_one_call_needs_no_list() -> None:
    """`call` takes one mapping as well as a list of them."""
    one, listed = ({"call": {"name": "f"}}, {"call": [{"name": "f"}]})

    assert Turn.model_validate(listed) == Turn.model_validate(one)


@pytest.mark.parametrize("arguments", [[1], 5, None, True])
def test_arguments_are_a_mapping_or_a_text(arguments: Any) -> None:
    """What is neither is refused with one message, not one for each member of the union."""
    with pytest.raises(ValidationError) as caught:
        Call(name="f", arguments=arguments)

    assert 1 == caught.value.error_count()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [({}, "{}"), ({"city": "Zürich"}, '{"city": "Zürich"}'), ("{oops", "{oops"), ("", "")],
)
def test_arguments_go_out_as_the_wire_carries_them(arguments: Any, text: str) -> None:
    """A mapping becomes JSON; a text stays as it is, so that malformed arguments can be played."""
    assert text == Call(name="f", arguments=arguments).arguments_text()


def test_a_script_plays_its_turns_round_by_round() -> None:
    """Called with a scene, a script answers with the turn of that round."""
    script = Script.of(call("f"), call("g"), say("done"))

    assert list(script.turns) == [script(scene(round_)) for round_ in range(3)]


def test_a_round_that_nobody_foresaw_plays_the_ending_again() -> None:
    """A hand can force rounds beyond the script; its last turn ends the run then too."""
    assert say("done") == Script.of(call("f"), say("done"))(scene(7))


@pytest.mark.parametrize("cancel_s", [None, "never", 0, 2.5])
def test_a_cancel_takes_seconds_or_for_ever(cancel_s: Any) -> None:
    """`cancel_s` keeps what it was given: seconds, `"never"`, or nothing for a drawn one."""
    assert cancel_s == Script.of(say("x"), cancel_s=cancel_s).cancel_s


def test_a_script_survives_json() -> None:
    """Dumped as JSON and read again, a script is the same: a server can be sent one."""
    script = Script.of(call("f", a=[1]), truncate(say="Once"), cancel_s="never")

    assert script == Script.model_validate(json.loads(script.model_dump_json(exclude_none=True)))


def test_a_script_does_not_change() -> None:
    """The parts of a script are frozen: a run that plays it cannot alter the next one's."""
    with pytest.raises(ValidationError, match="frozen"):
        say("x").say = "y"
