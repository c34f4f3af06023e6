"""Citations in a script: what may be written, and what is a mistake."""

from __future__ import annotations

from typing import Any

import pytest

from runfsm.errors import ScriptError
from runfsm_simulator import FileResult, Scene, Script, cite, fail, file_search, say, truncate
from runfsm_simulator.world.citing import annotate
from runfsm_simulator.world.scriptfile import parse_script

LEASE = "【4:0†lease.pdf】"
A_PDF = "{file_id: f, file_name: a.pdf}"
FOUND = file_search(FileResult(file_id="file-1", file_name="lease.pdf"))


def test_a_file_says_what_python_says() -> None:
    """Several marks or one, by id or by name; and a text that is cut may cite too."""
    text = f"""\
    turns:
      - steps:
          file_search: {{results: [{{file_id: file-1, file_name: lease.pdf}}]}}
        say: In May{LEASE}, see sandbox:/a.csv.
        cites:
          - {{text: {LEASE}, file_id: file-1}}
          - {{text: "sandbox:/a.csv", file_id: file-2}}
    """
    single = f"turns: [{{truncate: {{say: In May{LEASE}}}, cites: {{text: {LEASE}, file_id: f}}}}]"
    cut = truncate(say=f"In May{LEASE}", cites=[cite(LEASE, "f")])
    marks = [cite(LEASE, "file-1"), cite("sandbox:/a.csv", "file-2")]
    written = say(f"In May{LEASE}, see sandbox:/a.csv.", cites=marks).after(FOUND)

    assert (written,) == parse_script(text, where="w.yaml").turns
    assert (cut,) == parse_script(single, where="w.yaml").turns


def test_a_name_stands_for_what_the_turns_searches_have_found() -> None:
    """The id is that of the result; without such a search nothing is cited, and no script made."""
    named = say(LEASE, cites=[cite(LEASE, file_name="lease.pdf")])

    assert {LEASE: "file-1"} == Script.of(named.after(FOUND)).turns[0].cited
    assert {} == named.cited
    with pytest.raises(ScriptError, match=r"turns\[0\].cites\[0\].file_name: no search of this"):
        Script.of(named)


@pytest.mark.parametrize(
    ("turn", "problem"),
    [
        ("say: a, cites: {text: b, file_id: f}",
         "cites.text: is not in the answer, or only inside of another mark"),
        ("say: ab, cites: [{text: ab, file_id: f}, {text: b, file_id: g}]",
         "cites[1].text: is not in the answer, or only inside of another mark"),
        ("say: a, cites: [{text: a, file_id: f}, {text: a, file_id: g}]",
         "cites[1].text: cited for the second time; one mark is for one file"),
        ("say: a, cites: {text: a, file_name: b.pdf}",
         "cites.file_name: no search of this turn has found it; found are none"),
        ("say: a, cites: {text: a, file_name: b}, steps: {file_search: {results: [*A]}}",
         "cites.file_name: no search of this turn has found it; found are a.pdf"),
        ("fail: {}, cites: {text: a, file_id: f}", "cites.text: is not in the answer"),
        ("say: a, cites: {text: a}", "cites: a citation names exactly one of file_id, file_name"),
        ("say: a, cites: {text: a, file_id: f, file_name: b}", "cites: a citation names exactly"),
        ("say: a, cites: {text: '', file_id: f}", "cites.text: is not in the answer"),
        ("say: a, cites: {text: 5, file_id: f}", "cites.text: expected text, got the number 5"),
        ("say: a, cites: {text: a, file: f}", "cites.file: unknown key; did you mean 'file_id'?"),
        ("say: a, cites: f", "cites: expected a list, got the text 'f'"),
        ("say: '{mesage}', cites: {text: '{mesage}', file_id: f}", "say: unknown place {mesage}"),
    ],
)  # fmt: skip  # a row is a turn and its mistake
def test_a_mistake_is_told_with_its_line(turn: str, problem: str) -> None:
    """As every mistake in a script."""
    with pytest.raises(ScriptError) as caught:
        parse_script(f"turns:\n- {{{turn}}}".replace("*A", A_PDF), where="w.yaml")

    assert caught.value.problems[0].startswith(f"w.yaml:2: turns[0].{problem}")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: cite("a"), "a citation names exactly one of file_id, file_name"),
        (
            lambda: Script.of(say("a", cites=[cite("b", "file-1")])),
            "turns[0].cites[0].text: is not in the answer",
        ),
        (
            lambda: Script.ruled(say("a", cites=[cite("b", "file-1")])),
            "rules[0].then.cites[0].text: is not in the answer",
        ),
        (lambda: say("a", cites=[5]), "cites[0]: expected a mapping, got the number 5"),  # type: ignore[list-item]  # the mistake
    ],
)
def test_a_mistake_made_in_python_is_a_script_error(make: Any, problem: str) -> None:
    """The same words, without a line."""
    with pytest.raises(ScriptError) as caught:
        make()

    assert problem in caught.value.problems[0]


@pytest.mark.parametrize(
    ("text", "cited", "places"),
    [
        ("a[1] b[2]", ["[1]", "[2]"], [("[1]", 1, 4), ("[2]", 6, 9)]),
        ("a[1] b[1]", ["[1]"], [("[1]", 1, 4), ("[1]", 6, 9)]),
        ("a[1][1]", ["[1]"], [("[1]", 1, 4), ("[1]", 4, 7)]),
        ("[10]", ["[1", "[10]"], [("[10]", 0, 4)]),
        ("abc", ["ab", "bc"], [("ab", 0, 2)]),
        ("a.c axc", ["a.c"], [("a.c", 0, 3)]),
        ("👩‍👧 é[1]", ["[1]"], [("[1]", 5, 8)]),
        ("anything", [], []),
        ("anything", [""], []),
        ("", ["a"], []),
    ],
)
def test_where_marks_stand(text: str, cited: list[str], places: list[tuple[str, int, int]]) -> None:
    """Everywhere, counted in characters; the earlier and the longer goes before."""
    found = annotate(text, dict.fromkeys(cited, "file-1"))

    assert places == [(one.text, one.start, one.end) for one in found]
    assert list(range(len(found))) == [one.index for one in found]
    assert all(one.text == text[one.start : one.end] for one in found)


def test_a_mark_may_quote() -> None:
    """It is filled in as the answer is, so that it is still found there."""
    script = Script.of(
        say("See sandbox:/{message}.csv.", cites=[cite("sandbox:/{message}.csv", "file-1")])
    )
    turn = script(
        Scene(0, (), (("user", "May"),), (), None, "auto", lambda _stream, options: options[0])
    )

    assert ("See sandbox:/May.csv.", {"sandbox:/May.csv": "file-1"}) == (turn.text, turn.cited)


def test_what_says_nothing_has_no_text() -> None:
    """So nothing can be cited in it."""
    assert "" == fail().text
