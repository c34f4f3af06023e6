"""The formulas behind the sentences of `temporal.py`: what is left to hold after each step.

Rule: a property is a value. `after(step)` is what is left to hold of the rest of the trace, once
this step was seen; `may_end()` is whether nothing is left open when the trace ends there. That is
all that a check or a monitor needs. (It is how formulas of linear temporal logic are progressed:
Bacchus and Kabanza, "Planning for temporally extended goals", 1998; over finite traces: De Giacomo
and Vardi, "Linear temporal logic and linear dynamic logic on finite traces", 2013.)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

__all__ = [
    "BROKEN",
    "TRUE",
    "Always",
    "Called",
    "Each",
    "Fact",
    "Predicate",
    "Property",
    "Then",
    "Until",
]

Predicate = Callable[[Any], object]


class Property(ABC):
    """Something that holds of a trace, or is broken by one of its steps, or by its end.

    Made by the functions of `temporal.py`, and joined by `&`, `|` and `~`. Its `repr` is a
    sentence.

    Example:
        >>> from runfsm_simulator.testing import eventually, fact, never_after
        >>> work, done = fact("work", "work".__eq__), fact("an end", "end".__eq__)
        >>> eventually(done) & never_after(done, work)
        eventually an end, and never work after an end
    """

    @abstractmethod
    def after(self, step: Any) -> Property:
        """What must hold of the rest of the trace, now that `step` was seen."""

    @abstractmethod
    def may_end(self) -> bool:
        """Whether a trace may end here."""

    @abstractmethod
    def __repr__(self) -> str: ...

    def __and__(self, other: Property) -> Property:
        return _all(self, other)

    def __or__(self, other: Property) -> Property:
        return ~_all(~self, ~other)

    def __invert__(self) -> Property:
        return self.inner if isinstance(self, Not) else Not(self)


@dataclass(frozen=True, repr=False)
class Known(Property):
    """It is settled: it holds, or is broken, whatever comes."""

    holds: bool

    def after(self, step: Any) -> Property:
        """Itself."""
        del step
        return self

    def may_end(self) -> bool:
        """Whether it holds."""
        return self.holds

    def __repr__(self) -> str:
        return "anything" if self.holds else "nothing"

    def __invert__(self) -> Property:
        return BROKEN if self.holds else TRUE


TRUE: Final[Property] = Known(True)
BROKEN: Final[Property] = Known(False)


@dataclass(frozen=True, repr=False)
class Fact(Property):
    """Settled by the next step. Where there is none, there is no such fact."""

    words: str
    holds: Predicate

    def after(self, step: Any) -> Property:
        """Settled."""
        return TRUE if self.holds(step) else BROKEN

    def may_end(self) -> bool:
        """There is no such step any more."""
        return False

    def __repr__(self) -> str:
        return self.words


@dataclass(frozen=True, repr=False)
class Not(Property):
    """The contrary."""

    inner: Property

    def after(self, step: Any) -> Property:
        """The contrary of what is left."""
        return ~self.inner.after(step)

    def may_end(self) -> bool:
        """The contrary."""
        return not self.inner.may_end()

    def __repr__(self) -> str:
        if isinstance(self.inner, All):
            return " or ".join(repr(~part) for part in self.inner.parts)
        return f"not {self.inner!r}"


@dataclass(frozen=True, repr=False)
class All(Property):
    """All at once; none of them is settled, and none stands there twice."""

    parts: tuple[Property, ...]

    def after(self, step: Any) -> Property:
        """What is left of each."""
        return _all(*(part.after(step) for part in self.parts))

    def may_end(self) -> bool:
        """Whether none of them is open."""
        return all(part.may_end() for part in self.parts)

    def __repr__(self) -> str:
        return ", and ".join(map(repr, self.parts))


def _all(*parts: Property) -> Property:
    """All of these, as short as can be: a property that is followed for long must not grow."""
    kept: list[Property] = []
    for part in parts:
        if part is BROKEN:
            return BROKEN
        for one in part.parts if isinstance(part, All) else [part]:
            if one is not TRUE and one not in kept:
                kept.append(one)
    return All(tuple(kept)) if len(kept) > 1 else next(iter(kept), TRUE)


@dataclass(frozen=True, repr=False)
class Always(Property):
    """From each step on."""

    what: Property

    def after(self, step: Any) -> Property:
        """What is left of it from this step on; and itself."""
        return _all(self.what.after(step), self)

    def may_end(self) -> bool:
        """Of no step, it holds."""
        return True

    def __repr__(self) -> str:
        return f"always {self.what!r}"


@dataclass(frozen=True, repr=False)
class Until(Property):
    """From each step on, till the end comes; which it must."""

    what: Property
    end: Property

    def after(self, step: Any) -> Property:
        """The end has come; or what is left of both."""
        return self.end.after(step) | _all(self.what.after(step), self)

    def may_end(self) -> bool:
        """The end has not come."""
        return False

    def __repr__(self) -> str:
        return f"{self.what!r} until {self.end!r}"


@dataclass(frozen=True, repr=False)
class Then(Property):
    """From the next step on, if there is one."""

    what: Property

    def after(self, step: Any) -> Property:
        """It begins."""
        del step
        return OrEnd(self.what)

    def may_end(self) -> bool:
        """There is no next step."""
        return True

    def __repr__(self) -> str:
        return f"then {self.what!r}"


@dataclass(frozen=True, repr=False)
class OrEnd(Property):
    """It holds of what comes, if anything comes."""

    what: Property

    def after(self, step: Any) -> Property:
        """Something has come."""
        return self.what.after(step)

    def may_end(self) -> bool:
        """Nothing has come."""
        return True

    def __repr__(self) -> str:
        return f"{self.what!r}, or the end"


@dataclass(frozen=True, repr=False)
class Called(Property):
    """A property with words of its own. What is left of it needs none."""

    words: str
    what: Property

    def after(self, step: Any) -> Property:
        """As that property."""
        return self.what.after(step)

    def may_end(self) -> bool:
        """As that property."""
        return self.what.may_end()

    def __repr__(self) -> str:
        return self.words


@dataclass(frozen=True, repr=False)
class Each(Property):
    """The same for every story. What is left of each is kept by its key."""

    name: str
    key: Callable[[Any], Hashable | None]
    what: Property
    rests: Mapping[Hashable, Property] = field(default_factory=dict, hash=False)

    def after(self, step: Any) -> Property:
        """What is left, of the story that the step belongs to."""
        key = self.key(step)
        if key is None:
            return self
        rest = self.rests.get(key, self.what).after(step)
        return BROKEN if rest is BROKEN else replace(self, rests={**self.rests, key: rest})

    def may_end(self) -> bool:
        """Whether no story is open."""
        return all(rest.may_end() for rest in self.rests.values())

    def __repr__(self) -> str:
        return f"for each {self.name}: {self.what!r}"
