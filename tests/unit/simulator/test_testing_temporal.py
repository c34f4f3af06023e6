"""Properties over time: what holds, what is broken, and by which step first."""

from __future__ import annotations

from itertools import product

import pytest

from runfsm_simulator.testing import (
    Property,
    PropertyBroken,
    always,
    check,
    each,
    eventually,
    fact,
    never,
    never_after,
    until,
)
from runfsm_simulator.testing.temporal import then

A, B, C = (fact(f"an {letter}", lambda step, letter=letter: letter in step) for letter in "abc")


def broken_at(trace: str, what: Property) -> int | None:
    """The number of the step that breaks it; the length of the trace for its end."""
    steps = [Step(step) for step in trace.split()]
    try:
        check(steps, what)
    except PropertyBroken as error:
        return next((n for n, step in enumerate(steps) if step is error.step), len(steps))
    return None


class Step(str):
    """A step that is itself only."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("what", "holds", "broken"),
    [
        (always(A), ["", "a a"], {"a b a": 1}),
        (never(A), ["", "b c"], {"b a a": 1}),
        (eventually(A), ["a", "b a b"], {"": 0, "b b": 2}),
        (eventually(A, before=B), ["a", "c a b"], {"c b a": 1, "ab": 0, "c": 1}),
        (until(A, B), ["b", "a a b c"], {"a c b": 1, "a": 1}),
        (never_after(A, B), ["b", "b ab a c"], {"a c b": 2, "b a b a": 2}),
        (never_after(A, A), ["a b"], {"a b a": 2}),
        (never_after(A, A, until=B), ["a b a", "a b b a"], {"a c a": 2, "a b a a": 3}),
        (then(A, B), ["a", "a b a b"], {"a c": 1, "a b a a": 3}),
        (always(~A | eventually(B)), ["", "a c b a b"], {"a b a": 3}),
        (always(A) | always(B), ["a a", "ab b b"], {"a b": 1, "ab a b": 2}),
        (~never(A), ["c a"], {"c": 1}),
        (eventually(A) & never(B), ["a"], {"a b": 1, "c": 1}),
    ],
    ids=repr,
)
def test_a_property_holds_or_is_broken(
    what: Property, holds: list[str], broken: dict[str, int]
) -> None:
    """It is broken at the first step after which it cannot hold, or at the end."""
    assert [None] * len(holds) == [broken_at(trace, what) for trace in holds]
    assert broken == {trace: broken_at(trace, what) for trace in broken}


TRACES = [" ".join(letters) for length in range(5) for letters in product("abc", repeat=length)]


@pytest.mark.parametrize("trace", TRACES)
def test_the_sentences_mean_what_they_mean_by_the_book(trace: str) -> None:
    """On every trace of up to four steps they agree with their definitions over positions."""
    steps = trace.split()
    at = {letter: [n for n, step in enumerate(steps) if step == letter] for letter in "abc"}
    first = {letter: at[letter][0] if at[letter] else len(steps) for letter in "abc"}
    meant = {
        always(A): len(at["a"]) == len(steps),
        never(A): not at["a"],
        eventually(A): bool(at["a"]),
        eventually(A, before=B): bool(at["a"]) and first["a"] < first["b"],
        until(A, B): bool(at["b"]) and all(step == "a" for step in steps[: first["b"]]),
        never_after(A, B): not any(b > a for a in at["a"] for b in at["b"]),
        never_after(A, A, until=B): not any(
            two > one and not any(one < b < two for b in at["b"])
            for one in at["a"]
            for two in at["a"]
        ),
    }

    assert meant == {what: broken_at(trace, what) is None for what in meant}
    assert {~what: not held for what, held in meant.items()} == {
        ~what: broken_at(trace, ~what) is None for what in meant
    }


def test_stories_are_told_apart() -> None:
    """What holds for each story is broken by one of them, whatever the others do between."""
    shout = fact("!", lambda step: step.endswith("!"))
    quiet = each("letter", lambda step: step[0] if step != "-" else None, never(shout))

    assert broken_at("a b - a b", quiet) is None
    assert broken_at("a b - b!", quiet) == 3
    assert repr(quiet) == "for each letter: never !"


def test_a_story_that_is_left_open_is_told() -> None:
    """At the end, each story is asked whether it may end there."""
    end = fact("an end", lambda step: step.endswith("."))
    ends = each("letter", lambda step: step[0], eventually(end))

    assert broken_at("a b a. b.", ends) is None
    assert broken_at("a b a.", ends) == 3


def test_a_property_that_is_followed_does_not_grow() -> None:
    """After a thousand steps, what is left is no longer than after ten."""
    what = never_after(A, B, until=C) & always(~A | eventually(C))

    def left(steps: int) -> int:
        rest = what
        for number in range(steps):
            rest = rest.after("ac"[number % 2])
        return len(repr(rest))

    assert left(10) == left(1_000)


def test_the_message_shows_the_step_and_those_around() -> None:
    """The property as a sentence, the step that breaks it, and six on either side."""
    with pytest.raises(PropertyBroken) as caught:
        check(["c"] * 9 + ["a"] + ["b"] * 9, never(A))

    expected = ["broken: never an a", *["    c"] * 6, "  > a", *["    b"] * 6]
    assert expected == str(caught.value).split("\n")
