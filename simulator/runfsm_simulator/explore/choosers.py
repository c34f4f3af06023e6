"""Choices noted, given again, and gone through one by one: the choosers of a search.

Rule: a choice is plain data. What was asked (`stream`, `options`) and what was taken can be
written down, read by a person, and given again to another world.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, TypeVar

from runfsm_simulator.world.chooser import Chooser

__all__ = ["Choice", "Diverged", "Enumerated", "Foreseen", "Plain", "Recorded", "Replayed"]

T = TypeVar("T")

#: What a choice is written down as.
Plain = str | int | float | bool | None

Kind = Literal["pick", "between", "ident"]

#: Of an option that is no plain value, so much of its `repr` stands for it.
LABEL_MAX: Final = 100


def plain(option: object) -> Plain:
    """An option as plain data: itself, the name of a function, or its `repr`, cut short."""
    if option is None or isinstance(option, str | int | float | bool):
        return option
    name = getattr(option, "__name__", None)
    return name if isinstance(name, str) else repr(option)[:LABEL_MAX]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a chooser was asked, and what it took.

    Attributes:
        stream: what the choice is about.
        kind: which method of `Chooser` was asked.
        options: of a pick, the options; of a number, its two bounds; of an id, its prefix.
        taken: the option, the number or the id.

    Example:
        >>> Choice("queue_s", "between", (0.5, 2.0), 1.25).to_dict()
        {'stream': 'queue_s', 'kind': 'between', 'options': [0.5, 2.0], 'taken': 1.25}
    """

    stream: str
    kind: Kind
    options: tuple[Plain, ...]
    taken: Plain

    def __str__(self) -> str:
        return f"{self.stream}: {self.taken}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; `from_dict` makes a choice of it again."""
        return {**asdict(self), "options": [*self.options]}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> Self:
        """The choice that `to_dict` wrote."""
        kind, options = written["kind"], tuple(written["options"])
        return cls(written["stream"], kind, options, written["taken"])


class Diverged(BaseException):
    """A world asked something else than was foreseen: what is tested does not repeat itself.

    No `Exception`: the `openai` client takes each of those for a broken connection, and tries
    again.

    Attributes:
        stream: what was asked.
        nth: how often that had been asked before.
    """

    def __init__(self, stream: str, nth: int, why: str) -> None:
        super().__init__(f"choice {nth + 1} of {stream!r} does not fit: {why}")
        self.stream = stream
        self.nth = nth


class Recorded:
    """Another chooser's choices, each of them noted.

    Args:
        inner: makes them.

    Example:
        >>> from runfsm_simulator.world.chooser import Seeded
        >>> recorded = Recorded(Seeded(7))
        >>> recorded.pick("weather", ["rain", "sun"]) == recorded.choices[0].taken
        True
    """

    def __init__(self, inner: Chooser) -> None:
        self._inner = inner
        self._noted: list[Choice] = []

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All that were made so far, in their order."""
        return tuple(self._noted)

    def pick(self, stream: str, options: Sequence[T]) -> T:
        """See `Chooser.pick`."""
        taken = self._inner.pick(stream, options)
        self._note(stream, "pick", map(plain, options), plain(taken))
        return taken

    def between(self, stream: str, low: float, high: float) -> float:
        """See `Chooser.between`."""
        taken = self._inner.between(stream, low, high)
        self._note(stream, "between", (low, high), taken)
        return taken

    def ident(self, prefix: str) -> str:
        """See `Chooser.ident`."""
        taken = self._inner.ident(prefix)
        self._note(f"ident:{prefix}", "ident", (prefix,), taken)
        return taken

    def _note(self, stream: str, kind: Kind, options: Iterable[Plain], taken: Plain) -> None:
        self._noted.append(Choice(stream, kind, tuple(options), taken))


class Replayed:
    """Choices given again, each stream by itself in its order.

    So it does not matter in which order two threads ask about different things.

    Args:
        choices: as `Recorded` noted them.
        then: asked when a stream has no choice left; a world that asks on diverges if `None`.

    Raises:
        Diverged: when asked, the choice that was foreseen is no option.

    Example:
        >>> replayed = Replayed([Choice("weather", "pick", ("rain", "sun"), "sun")])
        >>> replayed.pick("weather", ["rain", "sun"])
        'sun'
        >>> replayed.pick("weather", ["rain", "sun"])
        Traceback (most recent call last):
        runfsm_simulator.explore.choosers.Diverged: choice 2 of 'weather' does not fit: none is left
    """

    def __init__(self, choices: Iterable[Choice], *, then: Chooser | None = None) -> None:
        self._left: dict[str, deque[Plain]] = {}
        self._asked: Counter[str] = Counter()
        self._then = then
        for choice in choices:
            self._left.setdefault(choice.stream, deque()).append(choice.taken)

    def pick(self, stream: str, options: Sequence[T]) -> T:
        """See `Chooser.pick`."""
        if not self._has(stream) and self._then:
            return self._then.pick(stream, options)
        wanted, labels = self._next(stream), [plain(option) for option in options]
        if wanted not in labels:
            raise self._diverged(stream, f"{wanted!r} was foreseen, and is none of {labels}")
        return options[labels.index(wanted)]

    def between(self, stream: str, low: float, high: float) -> float:
        """See `Chooser.between`."""
        if not self._has(stream) and self._then:
            return self._then.between(stream, low, high)
        wanted = self._next(stream)
        if not isinstance(wanted, int | float) or not low <= wanted <= high:
            raise self._diverged(stream, f"{wanted!r} was foreseen, and not {low} to {high}")
        return wanted

    def ident(self, prefix: str) -> str:
        """See `Chooser.ident`."""
        stream = f"ident:{prefix}"
        if not self._has(stream) and self._then:
            return self._then.ident(prefix)
        wanted = self._next(stream)
        if not isinstance(wanted, str):
            raise self._diverged(stream, f"{wanted!r} was foreseen, which is no id")
        return wanted

    def _has(self, stream: str) -> bool:
        return bool(self._left.get(stream))

    def _next(self, stream: str) -> Plain:
        self._asked[stream] += 1
        if not self._has(stream):
            raise self._diverged(stream, "none is left")
        return self._left[stream].popleft()

    def _diverged(self, stream: str, why: str) -> Diverged:
        return Diverged(stream, self._asked[stream] - 1, why)


#: The path so far: choices, the indices that were taken, ids given by their prefixes.
Past = tuple[list[Choice], list[int], Counter[str]]


class Enumerated:
    """One path through all that may be chosen: as the prefix says, then the first option always.

    Whoever asks puts the harmless option first. Each choice is noted with its options, so a search
    knows where else this path might have gone. Where there is but one option nothing is chosen.

    A number is one of its two bounds. Ids are counted.

    Args:
        prefix: the indices of the options to take.

    Attributes:
        choices: all that were made so far. `options` of a number are its bounds.
        taken: the index of the option of each.

    Raises:
        Diverged: when asked, there is no option of the prefix's index.

    Example:
        >>> path = Enumerated([1])
        >>> path.pick("turn", ["answer", "call"]), path.between("work_s", 0.0, 5.0)
        ('call', 0.0)
        >>> [len(choice.options) for choice in path.choices]
        [2, 2]
    """

    def __init__(self, prefix: Sequence[int] = ()) -> None:
        self.choices: list[Choice] = []
        self.taken: list[int] = []
        self._prefix = prefix
        self._idents: Counter[str] = Counter()

    @property
    def is_led(self) -> bool:
        """Whether the prefix says what is taken next."""
        return len(self.taken) < len(self._prefix)

    @property
    def past(self) -> Past:
        """The choices and what was taken, so far; and how many ids were given."""
        return self.choices, self.taken, self._idents

    def go_on_after(self, past: Past) -> None:
        """Take another path's past for this one's own; its prefix begins with what was taken."""
        self.choices, self.taken, self._idents = past

    def pick(self, stream: str, options: Sequence[T]) -> T:
        """See `Chooser.pick`."""
        if len(options) == 1:
            return options[0]
        labels = tuple(plain(option) for option in options)
        return options[self._take(stream, "pick", labels)]

    def between(self, stream: str, low: float, high: float) -> float:
        """See `Chooser.between`."""
        return (low, high)[self._take(stream, "between", (low, high))] if low < high else low

    def ident(self, prefix: str) -> str:
        """See `Chooser.ident`."""
        self._idents[prefix] += 1
        return f"{prefix}_{self._idents[prefix]:024}"

    def _take(self, stream: str, kind: Kind, options: tuple[Plain, ...]) -> int:
        index = self._index(stream, options)
        if not 0 <= index < len(options):
            why = f"option {index} was foreseen, of {len(options)}"
            raise Diverged(stream, self._asked(stream), why)
        self.taken.append(index)
        self.choices.append(Choice(stream, kind, options, options[index]))
        return index

    def _index(self, stream: str, options: tuple[Plain, ...]) -> int:  # noqa: ARG002  # by place
        at = len(self.taken)
        return self._prefix[at] if at < len(self._prefix) else 0

    def _asked(self, stream: str) -> int:
        return sum(choice.stream == stream for choice in self.choices)


class Foreseen(Enumerated):
    """A path that is told by its streams, so that it fits what does nearly the same.

    The n-th time that a stream is asked, the n-th option that was foreseen for it is taken; the
    first one of all where nothing was foreseen, or what was foreseen is no option. So a behaviour
    that broke something can be played again on code that was mended since.

    Args:
        foreseen: options by stream, in their order.

    Example:
        >>> path = Foreseen({"turn": ["answer", "call"]})
        >>> [path.pick("turn", ["answer", "call"]) for _ in range(3)]
        ['answer', 'call', 'answer']
    """

    def __init__(self, foreseen: Mapping[str, Sequence[Plain]]) -> None:
        super().__init__()
        self._foreseen = foreseen

    def _index(self, stream: str, options: tuple[Plain, ...]) -> int:
        wanted, nth = self._foreseen.get(stream, ()), self._asked(stream)
        return options.index(wanted[nth]) if nth < len(wanted) and wanted[nth] in options else 0
