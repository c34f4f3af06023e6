"""What must hold of a whole trace: properties over time, written as sentences.

A step may be anything: what is asked of it is asked by facts. Those about runs are in
`run_properties.py`; how a property is followed step by step is in `formulas.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Final

from runfsm_simulator.testing.formulas import (
    BROKEN,
    TRUE,
    Always,
    Called,
    Each,
    Fact,
    Predicate,
    Property,
    Then,
    Until,
)

__all__ = [
    "Property",
    "PropertyBroken",
    "always",
    "check",
    "each",
    "eventually",
    "fact",
    "never",
    "never_after",
    "then",
    "until",
]


class PropertyBroken(AssertionError):  # noqa: N818  # what is said of it: the property is broken
    """A trace breaks a property.

    Attributes:
        broken: the property.
        step: the first step after which it cannot hold any more; `None`: the trace's end.
    """

    def __init__(
        self, broken: Property, step: Any, *, before: Iterable[Any] = (), after: Iterable[Any] = ()
    ) -> None:
        lines = [f"    {one}" for one in before]
        lines += ["  > the trace ends here" if step is None else f"  > {step}"]
        lines += [f"    {one}" for one in after]
        super().__init__("\n".join([f"broken: {broken!r}", *lines]))
        self.broken = broken
        self.step = step


#: So many steps are shown on either side of the one that breaks a property.
AROUND: Final = 6


def check(trace: Iterable[Any], *properties: Property) -> None:
    """Hold a whole trace against properties.

    Args:
        trace: steps, oldest first: `simulator.trace`, `outcome.journal`, or anything.
        *properties: all of them must hold.

    Raises:
        PropertyBroken: one does not; the message shows the first step that breaks it, and those
            around.

    Example:
        >>> pop, push = fact("pop", "pop".__eq__), fact("push", "push".__eq__)
        >>> check(["push", "pop", "pop"], never_after(pop, pop))
        Traceback (most recent call last):
        runfsm_simulator.testing.temporal.PropertyBroken: broken: never pop after pop
            push
            pop
          > pop
    """
    steps, open_ones = tuple(trace), [(one, one) for one in properties]
    for number, step in enumerate(steps):
        open_ones = [(whole, rest.after(step)) for whole, rest in open_ones]
        for whole, rest in open_ones:
            if rest is BROKEN:
                raise _broken(whole, steps, number)
    for whole, rest in open_ones:
        if not rest.may_end():
            raise _broken(whole, steps, len(steps))


def _broken(whole: Property, steps: Sequence[Any], number: int) -> PropertyBroken:
    before, after = steps[max(0, number - AROUND) : number], steps[number + 1 : number + 1 + AROUND]
    step = steps[number] if number < len(steps) else None
    return PropertyBroken(whole, step, before=before, after=after)


# The sentences -----------------------------------------------------------------------------------


def fact(words: str, holds: Predicate) -> Property:
    """Something that one step shows or does not: `fact("a cancel", lambda step: ...)`.

    Args:
        words: what it is called in a sentence.
        holds: a predicate of a step.
    """
    return Fact(words, holds)


def always(what: Property) -> Property:
    """From each step on, `what` holds."""
    return Always(what)


def never(what: Property) -> Property:
    """From no step on, `what` holds."""
    return Called(f"never {what!r}", Always(~what))


def eventually(what: Property, *, before: Property | None = None) -> Property:
    """`what` comes; and if `before` is given, it comes before any of that."""
    if before is None:
        return Called(f"eventually {what!r}", Until(TRUE, what))
    return Called(f"eventually {what!r}, and before {before!r}", Until(~before, what & ~before))


def until(what: Property, end: Property) -> Property:
    """`what` holds from each step on, until `end` comes; and `end` does come."""
    return Until(what, end)


def never_after(cause: Property, what: Property, *, until: Property | None = None) -> Property:
    """Once `cause` was seen, no later step shows `what`: for ever, or `until` something is seen.

    A step that shows both breaks nothing by itself.

    Example:
        >>> answered, asked = fact("an answer", "a".__eq__), fact("a question", "q".__eq__)
        >>> once = never_after(answered, answered, until=asked)
        >>> once
        never an answer after an answer, until a question
        >>> check("qaqa", once)
    """
    words = f"never {what!r} after {cause!r}"
    if until is None:
        return Called(words, Always(~cause | Then(Always(~what))))
    quiet = ~Until(~until, what & ~until)
    return Called(f"{words}, until {until!r}", Always(~cause | Then(quiet)))


def then(cause: Property, what: Property) -> Property:
    """After each step that shows `cause`, from the next step on `what` holds, if there is one."""
    return Called(f"after {cause!r}, {what!r}", Always(~cause | Then(what)))


def each(name: str, key: Callable[[Any], Hashable | None], what: Property) -> Property:
    """For each of many interleaved stories, `what` holds of the steps of that story.

    Args:
        name: what a story is called: `"run"`.
        key: which story a step belongs to; `None`: to none of them.
        what: holds of the steps of one story.

    Example:
        >>> once = each("letter", lambda letter: letter, never_after(TRUE, TRUE))
        >>> check("abc", once)
    """
    return Each(name, key, what)
