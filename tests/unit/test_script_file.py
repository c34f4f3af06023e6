"""A script file: plain data, each mistake told with its line, nothing that could do harm."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from runfsm.errors import ScriptError
from runfsm_simulator import scenarios
from runfsm_simulator.world.script import Call, Script, call, calls, say
from runfsm_simulator.world.scriptfile import load_script, parse_script, schema_text


def problems(text: str) -> tuple[str, ...]:
    """What is told about a file with this text."""
    with pytest.raises(ScriptError) as caught:
        parse_script(text, where="w.yaml")
    return caught.value.problems


def arguments(text: str) -> Any:
    """What is read where a script has this text for the arguments of a call."""
    script = parse_script(
        f"turns:\n- call: {{name: f, arguments: {text}}}\n- say: x", where="w.yaml"
    )
    assert script.turns[0].call is not None
    return script.turns[0].call[0].arguments


def test_a_file_says_what_python_says(tmp_path: Path) -> None:
    """A file with every kind of key gives the script that the constructors give."""
    path = tmp_path / "lesson.yaml"
    path.write_text(
        """\
        title: A lesson
        about: >-
          About
          it.
        turns:
          - call: {name: f, arguments: {a: 1}}
            queue_s: 1
          - call:
              - {name: g, arguments: "{oops"}
              - name: h
          - say: Über.
            work_s: .5
        cancel_s: never
        """,
        encoding="utf-8",
    )
    script = Script.of(
        call("f", queue_s=1, a=1),
        calls(Call(name="g", arguments="{oops"), Call(name="h")),
        say("Über.", work_s=0.5),
        cancel_s="never",
    )

    expected = script.model_copy(
        update={"name": "lesson", "title": "A lesson", "about": "About it."}
    )
    assert expected == load_script(path)
    assert expected == load_script(str(path))


def test_a_name_in_the_file_goes_before_the_name_of_the_file() -> None:
    """The file's stem names a script only when the file does not."""
    assert "mine" == parse_script("name: mine\nturns: [{say: x}]", where="w.yaml").name
    assert "w" == parse_script("turns: [{say: x}]", where="w.yaml").name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("turns:\n- say: 5", "w.yaml:2: turns[0].say: expected text, got the number 5"),
        ("turns:\n- say:\n    [a]", "w.yaml:2: turns[0].say: expected text, got a list"),
        ("turns:\n- hang: true\n  work_s: 5", "w.yaml:3: turns[0].work_s: hang has no outcome"),
        ("turns:\n- say: x\n  hang: false", "w.yaml:3: turns[0].hang: expected true, got false"),
        ("turns:\n- work_s: 1", "w.yaml:2: turns[0]: a turn does exactly one of"),
        ("turns:\n- sya: x", "w.yaml:2: turns[0].sya: unknown key; did you mean 'say'?"),
        ("turns: [{say: x}]\ncancle_s: 1", "w.yaml:2: cancle_s: unknown key; did you mean"),
        ("turns:\n- call:\n    name: a b\n- say: x", "w.yaml:3: turns[0].call.name: expected 1 to"),
        ("turns:\n- call:\n  - {}\n- say: x", "w.yaml:3: turns[0].call[0].name: is missing"),
        ("turns:\n- call: f\n- say: x", "w.yaml:2: turns[0].call: expected a list, got the text"),
        ("turns:\n- fail:\n    code: oops", "w.yaml:3: turns[0].fail.code: expected 'server_"),
        ("turns:\n- say: x\n- say: y", "w.yaml:3: turns[1]: never reached: turn 0 ends the run"),
        ("turns:\n- call: {name: f}", "w.yaml:2: turns[0]: the last turn calls functions"),
        ("title: x", "w.yaml:1: turns: is missing"),
        ("turns: 5", "w.yaml:1: turns: expected a list, got the number 5"),
        ("", "w.yaml:1: expected a mapping, got nothing"),
        ("- say: x", "w.yaml:1: expected a mapping, got a list"),
        ("just text", "w.yaml:1: expected a mapping, got the text 'just text'"),
    ],
)  # fmt: skip  # a row is a file and its mistake
def test_a_mistake_is_told_with_its_line(text: str, expected: str) -> None:
    """Each mistake is one line: file, line, place, and what was expected there."""
    (problem,) = problems(text)

    assert problem.startswith(expected)


def test_every_mistake_is_told_at_once() -> None:
    """Two mistakes give two lines, so that one edit can mend both."""
    found = problems("turns:\n- say: 5\n- sya: x\n")

    assert ["w.yaml:2", "w.yaml:3"] == [problem[:8] for problem in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b: c", "w.yaml:1: mapping values are not allowed here"),
        ("a: [1,\nb", "w.yaml:2: while parsing a flow sequence, expected ',' or ']'"),
        ("a: 1\n---\nb: 2", "w.yaml:2: expected a single document in the stream, but found"),
        ("a: \x00", "w.yaml: special characters are not allowed"),
        ("a: &x [1]\nb: *x", "w.yaml:2: an alias (*); write the value out"),
        ("a: &x [*x]", "w.yaml:1: an alias (*); write the value out"),
        ("a: 1\na: 2", "w.yaml:2: the key 'a' for the second time"),
        ("? [a]\n: 1", "w.yaml:1: a key that is a list or a mapping"),
        ("[" * 10_000, "w.yaml:1: nested deeper than 32 levels"),
        ("{" * 10_000, "w.yaml:1: nested deeper than 32 levels"),
        ("a: !!python/object/apply:os.system [ls]", "w.yaml:1: the tag tag:yaml.org,2002:python"),
        ("a: !!binary aGk=", "w.yaml:1: the tag tag:yaml.org,2002:binary"),
        ("a: " + "9" * 5000, "w.yaml:1: Exceeds the limit"),
        ("a: !!int five", "w.yaml:1: invalid literal for int"),
        ("#" * (1 << 20) + "#", "longer than 1048576 characters"),
    ],
    ids=lambda text: text[:20],
)
def test_yaml_beyond_plain_data_is_refused(text: str, expected: str) -> None:
    """Broken YAML, and YAML that could run code, explode or surprise, is refused with its line."""
    (problem,) = problems(text)

    assert problem.startswith(expected)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{a: no, b: 12:30, c: 2026-01-31, d: 007, e: 0x10, f: 1_000}",
         {"a": "no", "b": "12:30", "c": "2026-01-31", "d": "007", "e": "0x10", "f": "1_000"}),
        ("{a: true, b: False, c: null, d: ~, e: , f: -5, g: 1.5e3, h: '5'}",
         {"a": True, "b": False, "c": None, "d": None, "e": None, "f": -5, "g": 1500.0, "h": "5"}),
        ("{1: a, true: b, <<: c}", {"1": "a", "true": "b", "<<": "c"}),
    ],
)  # fmt: skip  # a row is what is written and what is meant
def test_a_scalar_means_what_it_means_in_json(written: str, value: Any) -> None:
    """YAML's dates, sexagesimals, octals and `no` are text here; keys always are."""
    assert value == arguments(written)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda _path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "it is UTF-16; save it as UTF-8"),
        (lambda path: path.write_bytes(b"#" * ((1 << 20) + 5)), "longer than"),
    ],
    ids=["missing", "directory", "UTF-16", "too long"],
)
def test_a_file_that_cannot_be_read_is_a_script_error(
    tmp_path: Path, make: Any, reason: str
) -> None:
    """Whatever is wrong with the file itself is told like every other mistake."""
    path = tmp_path / "w.yaml"
    make(path)

    with pytest.raises(ScriptError, match=reason):
        load_script(path)


def test_a_path_with_a_null_character_is_a_script_error() -> None:
    """A path that no system takes is a mistake of the caller, told as one."""
    with pytest.raises(ScriptError, match="null"):
        load_script("a\x00.yaml")


def test_the_schema_for_editors_is_fresh() -> None:
    """The exported JSON Schema is what the model says now."""
    written = (files(scenarios) / "script.schema.json").read_text(encoding="utf-8")

    assert schema_text() == written, "stale: run `python -m runfsm_simulator.scenarios`"
