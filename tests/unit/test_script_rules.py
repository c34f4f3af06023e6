"""Scripts of rules: which rule is played when, and which of them make no sense."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from runfsm.errors import ScriptError
from runfsm_simulator import call, fail, say, scenarios, when
from runfsm_simulator.world.rules import When
from runfsm_simulator.world.scene import Scene
from runfsm_simulator.world.script import Script
from runfsm_simulator.world.scriptfile import parse_script

RAINY = ("getCurrentWeather", "{}", "Heavy RAIN")


def scene(**changes: Any) -> Scene:
    """The first round of a run of Ada's assistant, whom the user asks about the weather."""
    whole: dict[str, Any] = {
        "round": 0,
        "tools": (),
        "messages": (("user", "Hello"), ("assistant", "Yes?"), ("user", "How is the Weather?")),
        "answered": (),
        "instructions": None,
        "tool_choice": "auto",
        "pick": lambda _stream, options: options[0],
        "assistant_id": "asst_1",
        "assistant_name": "Ada",
    }
    return Scene(**{**whole, **changes})


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"message": "weather"}, True),
        ({"message": "WEATHER?"}, True),
        ({"message": "hello"}, False),  # said before, but not last
        ({"message": "w.*r"}, False),  # no pattern
        ({"assistant": "asst_1"}, True),
        ({"assistant": "Ada"}, True),
        ({"assistant": "ada"}, False),
        ({"round": 0}, True),
        ({"round": 1}, False),
        ({"output": {}}, False),
        ({"message": "weather", "round": 1}, False),
        ({}, True),
    ],
)
def test_when_a_condition_holds(when: dict[str, Any], *, expected: bool) -> None:
    """A message by a part of it in any case, an assistant by id or name, and all together."""
    assert expected == When.model_validate(when).holds(scene())


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({}, True),
        ({"tool": "getCurrentWeather"}, True),
        ({"tool": "getNickname"}, True),
        ({"tool": "getTime"}, False),
        ({"contains": "rain"}, True),
        ({"contains": "snow"}, False),
        ({"tool": "getNickname", "contains": "rain"}, False),
    ],
)
def test_when_an_output_is_the_one(output: dict[str, Any], *, expected: bool) -> None:
    """One of the outputs has to be of the tool and to contain the text, both at once."""
    shown = scene(round=1, latest=(("getNickname", "{}", "LA"), RAINY), answered=(RAINY,))

    assert expected == When.model_validate({"output": output}).holds(shown)


def test_only_what_has_just_been_handed_in_is_an_output() -> None:
    """An output of an earlier round holds no more: a rule on it is not played for ever."""
    when = When.model_validate({"output": {"tool": "getCurrentWeather"}})

    assert not when.holds(scene(round=2, answered=(RAINY,), latest=(("g", "{}", "x"),)))


def test_the_first_rule_that_holds_is_played() -> None:
    """The order of the rules decides, and the last is for all that is left."""
    script = scenarios.load("umbrella")

    def kinds(**changes: Any) -> tuple[str, str]:
        turn = script(scene(**changes))
        return turn.kind, turn.say or ""

    arguments = '{"location": "Rome"}'
    rain, sun = (("getCurrentWeather", arguments, output) for output in ("Rain", "sunny"))
    assert ("call", "") == kinds()
    assert ("say", "Take an umbrella to Rome: Rain.") == kinds(
        round=1, latest=(rain,), answered=(rain,)
    )
    assert ("say", "No umbrella today. The forecast says: sunny.") == kinds(
        round=1, latest=(sun,), answered=(sun,)
    )
    assert ("say", "I only know about the weather. You said: Bye") == kinds(
        messages=(("user", "Bye"),)
    )


SAY = "then: {say: x}"
CALL = "then: {call: {name: f}}"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([f"when: {{message: a}}, {SAY}"],
         "2: rules[0].when: the last rule is for all that is left; it has no `when`"),
        ([CALL], "2: rules[0].then: calls functions in every round, and then? End with say"),
        ([SAY, SAY], "3: rules[1]: never reached: rule 0 has no `when`, and always holds"),
        ([f"when: {{message: a}}, {SAY}", f"when: {{message: Ab, round: 0}}, {SAY}", SAY],
         "3: rules[1]: never reached: rule 0 holds whenever this one does"),
        ([f"when: {{output: {{}}}}, {SAY}", f"when: {{output: {{tool: f}}}}, {SAY}", SAY],
         "3: rules[1]: never reached: rule 0 holds whenever this one does"),
        ([f"when: {{message: a}}, {CALL}", SAY],
         "2: rules[0].when: would call again in every round: add the `round`, or the `output`"),
        ([f"when: {{round: 0, output: {{}}}}, {SAY}", SAY],
         "2: rules[0].when.output: never holds: in round 0 there is no output yet"),
        ([f"when: {{round: -1}}, {SAY}", SAY], "2: rules[0].when.round: expected the number of a"),
        ([f"when: {{round: true}}, {SAY}", SAY], "2: rules[0].when.round: expected the number"),
        ([f"when: {{mesage: a}}, {SAY}", SAY], "2: rules[0].when.mesage: unknown key; did you"),
        (["when: {message: a}", SAY], "2: rules[0].then: is missing"),
    ],
)  # fmt: skip  # a row is a script and its mistake
def test_rules_that_make_no_sense_are_told_with_their_line(rules: list[str], expected: str) -> None:
    """What can never be played, or would never end, is found when the script is read."""
    text = "rules:\n" + "".join(f"- {{{rule}}}\n" for rule in rules)
    with pytest.raises(ScriptError) as caught:
        parse_script(text, where="w.yaml")

    assert 1 == len(caught.value.problems)
    assert caught.value.problems[0].startswith(f"w.yaml:{expected}")


def test_python_says_what_a_file_says() -> None:
    """Each condition has its keyword, and a turn alone is for all that is left."""
    text = """\
    rules:
      - {when: {message: weather, round: 0}, then: {call: {name: f, arguments: {a: 1}}}}
      - {when: {output: {tool: f, contains: rain}}, then: {say: Take an umbrella.}}
      - {when: {assistant: Grumpy}, then: {fail: {}}}
      - {then: {say: "You said: {message}"}}
    cancel_s: 1
    """
    script = Script.ruled(
        when(message="weather", round=0, then=call("f", a=1)),
        when(output={"tool": "f", "contains": "rain"}, then=say("Take an umbrella.")),
        when(assistant="Grumpy", then=fail()),
        say("You said: {message}"),
        cancel_s=1,
    )

    assert parse_script(text, where="script.yaml") == script


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (Script.ruled, "rules: the list is empty"),
        (lambda: Script.ruled(say("a"), say("b")), "rules[1]: never reached: rule 0 has no"),
        (lambda: Script.ruled(when(message="a", then=say("b"))), "rules[0].when: the last rule is"),
        (lambda: when(round=-1, then=say("a")), "round: expected the number of a round"),
        (lambda: when(output={"tol": "f"}, then=say("a")), "output.tol: unknown key; did you"),
    ],
)
def test_a_rule_that_makes_no_sense_in_python_is_a_script_error(make: Any, problem: str) -> None:
    """The same words as for a file, without a line."""
    with pytest.raises(ScriptError) as caught:
        make()

    assert caught.value.problems[0].startswith(problem)


def test_there_are_not_so_many_rules_that_reading_them_takes_long() -> None:
    """Each is compared with those above it, so a file of thousands is refused unread."""
    text = "rules:\n" + f"- {{when: {{message: a}}, {SAY}}}\n" * 2_000
    with pytest.raises(ScriptError, match=r"rules\[1000\]: more than 1000 rules"):
        parse_script(text, where="w.yaml")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{message: ab}", "{message: a}"),
        ("{message: a, round: 0}", "{message: a}"),
        ("{assistant: Ada}", "{assistant: Bob}"),
        ("{output: {tool: f}}", "{output: {tool: g}}"),
        ("{output: {}}", "{message: a}"),
    ],
)
def test_rules_that_both_have_their_case_are_taken(first: str, second: str) -> None:
    """A narrower rule may stand before a wider one, and different ones in any order."""
    text = "\n- ".join(["rules:", f"{{when: {first}, {SAY}}}", f"{{when: {second}, {SAY}}}", SAY])

    assert 3 == len(parse_script(text, where="w.yaml").rules)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "turns.*is missing; a script has turns, or else rules"),
        ({"rules": []}, "rules.*the list is empty"),
        ({"turns": [{"say": "x"}], "rules": [{"then": {"say": "x"}}]}, "beside turns; a script"),
    ],
)
def test_a_script_has_turns_or_rules(fields: dict[str, Any], problem: str) -> None:
    """Neither, and both, is refused."""
    with pytest.raises(ValidationError, match=f"(?s){problem}"):
        Script.model_validate(fields)


def test_a_script_of_rules_survives_json() -> None:
    """Dumped as JSON and read again, it is the same: a server can be sent one."""
    script = scenarios.load("umbrella")

    assert script == Script.model_validate_json(script.model_dump_json(exclude_none=True))
