"""One behaviour: what must hold of a service, how we know, and how to bring it about.

Rule: a behaviour is judged by what can be seen from outside, and its failure shows what was
expected, what came, and what was asked and answered until then. What is known only by inference
does not fail: it is told.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runfsm.lifecycle import Confidence, Evidence

__all__ = [
    "Behaviour",
    "Finding",
    "NotSo",
    "Skipped",
    "Unreached",
    "Verdict",
    "behaviour",
    "expect",
    "expect_in",
]

#: Brings it about, and raises what is in this file if it does not hold.
Play = Callable[[Any], None]


class Verdict(StrEnum):
    """What came of a behaviour."""

    PASSED = "passed"
    FAILED = "failed"
    DIFFERS = "differs"  # from what is known by inference only
    SKIPPED = "skipped"
    UNREACHED = "could not be brought about"


class NotSo(Exception):  # noqa: N818  # what one says: that is not so
    """What must hold does not.

    Attributes:
        fact: what was looked at.
        expected: what it had to be.
        got: what it was.
        about: the run that it is about, if it is not the one that was just looked at.
    """

    def __init__(self, fact: str, expected: str, got: str, *, about: str | None = None) -> None:
        super().__init__(f"{fact}: expected {expected}, got {got}")
        self.fact = fact
        self.expected = expected
        self.got = got
        self.about = about


class Skipped(Exception):  # noqa: N818  # a verdict, not a mistake
    """It is not tried here; the text says why."""


class Unreached(Exception):  # noqa: N818  # a verdict, not a mistake
    """It could not be tried: the service never came to where it shows. The text says why."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a service does.

    Attributes:
        name: short, to name it by.
        must: what must hold, as a sentence.
        evidence: where we know it from. What is only inferred cannot fail.
        play: brings it about on a stage.
        slow: it takes minutes in real time.
    """

    name: str
    must: str
    evidence: Evidence
    play: Play = field(repr=False)
    slow: bool = False


def behaviour(name: str, evidence: Evidence, *, slow: bool = False) -> Callable[[Play], Behaviour]:
    """Make a behaviour of a play, whose docstring says what must hold."""

    def make(play: Play) -> Behaviour:
        must = " ".join(inspect.cleandoc(play.__doc__ or "").split())
        return Behaviour(name, must, evidence, play, slow)

    return make


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one behaviour.

    Attributes:
        behaviour: which.
        verdict: whether it holds.
        said: why not, or why that is not known; empty if it holds.
        expected: what had to be, if it does not hold.
        got: what was.
        trace: what was asked and answered, if it does not hold; without keys and texts.
    """

    behaviour: Behaviour
    verdict: Verdict
    said: str = ""
    expected: str | None = None
    got: str | None = None
    trace: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(cls, one: Behaviour, wrong: NotSo, trace: tuple[dict[str, Any], ...]) -> Finding:
        """The finding that it does not hold."""
        doubted = one.evidence.confidence is Confidence.INFERRED
        verdict = Verdict.DIFFERS if doubted else Verdict.FAILED
        return cls(one, verdict, str(wrong), wrong.expected, wrong.got, trace)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "name": self.behaviour.name,
            "must": self.behaviour.must,
            "source": self.behaviour.evidence.source,
            "confidence": self.behaviour.evidence.confidence.value,
            "verdict": self.verdict.value,
            "said": self.said,
            "expected": self.expected,
            "got": self.got,
            "trace": list(self.trace),
        }


def expect(fact: str, expected: object, got: object) -> None:
    """A fact is as expected.

    Raises:
        NotSo: it is not.
    """
    if expected != got:
        raise NotSo(fact, _told(expected), _told(got))


def expect_in(fact: str, expected: Collection[object], got: object) -> None:
    """A fact is one of these."""
    if got not in expected:
        raise NotSo(fact, " or ".join(sorted(map(_told, expected))), _told(got))


def _told(value: object) -> str:
    return str(value) if isinstance(value, str) and value else repr(value)
