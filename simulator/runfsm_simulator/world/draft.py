"""What an open step is going to hold, and how it comes, piece by piece.

Rule: the pieces are computed from the text and from the time, never chosen. So a run makes the
same choices whether somebody listens to the pieces or not; and a text that is cut in the middle is
cut where a listener heard the last of it.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from runfsm.lifecycle import ToolCall
from runfsm_simulator.world.citing import Annotation

__all__ = ["Draft", "Piece"]

#: One word with the space behind it, or as much of a long one as a token of the service holds.
WORD: Final = re.compile(r"^\s+|\S{1,12}\s*")

PIECES_MAX: Final = 200  # of one text; the words of a longer one come several at once


@dataclass(frozen=True, slots=True)
class Piece:
    """What comes at one moment.

    Attributes:
        text: some more of the message, or of the arguments of a call.
        opens: whether it is the first of its message or call. The one that opens a call has no
            text yet.
        index: which of the calls.
        call: the call that it opens.
        annotations: of the message, those that stand in this piece. Each comes whole.
    """

    text: str
    opens: bool = False
    index: int = 0
    call: ToolCall | None = None
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A message or a round of calls that is being written.

    Attributes:
        text: of the message.
        calls: asked for, where it is no message.
        begun_at: when the step was opened (Unix seconds).
        ends_at: when the whole of it will be there; infinity: a hand opened it, and will say.
        annotations: where the text cites files.
    """

    text: str
    calls: tuple[ToolCall, ...]
    begun_at: float
    ends_at: float = math.inf
    annotations: tuple[Annotation, ...] = ()

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """All of it, in the order of its coming."""
        if not self.calls:
            return tuple(_text_pieces(self.text, self.annotations))
        return tuple(
            piece for index, call in enumerate(self.calls) for piece in _call_pieces(index, call)
        )

    @cached_property
    def moments(self) -> tuple[float, ...]:
        """When each piece comes: evenly, between the opening and the end (Unix seconds)."""
        step = (self.ends_at - self.begun_at) / (len(self.pieces) + 1)
        return tuple(self.begun_at + nth * step for nth in range(1, len(self.pieces) + 1))

    def count_by(self, now: float) -> int:
        """How many of the pieces have come by `now`."""
        return bisect_right(self.moments, now)

    def text_by(self, now: float) -> str:
        """So much of the message as has come by `now`."""
        return "".join(piece.text for piece in self.pieces[: self.count_by(now)])


def _text_pieces(text: str, annotations: Sequence[Annotation]) -> Iterator[Piece]:
    at = 0
    for words in _split(text, annotations):
        marks = tuple(one for one in annotations if at <= one.start < at + len(words))
        yield Piece(words, opens=at == 0, annotations=marks)
        at += len(words)


def _call_pieces(index: int, call: ToolCall) -> Iterator[Piece]:
    yield Piece("", opens=True, index=index, call=call)
    for text in _split(call.arguments):
        yield Piece(text, index=index)


def _split(text: str, annotations: Sequence[Annotation] = ()) -> list[str]:
    """The words; a mark that is annotated is one of them, however long (openai-dotnet)."""
    words: list[str] = []
    at = 0
    for mark in annotations:
        words += [*WORD.findall(text[at : mark.start]), mark.text]
        at = mark.end
    words += WORD.findall(text[at:])
    at_once = -(-len(words) // PIECES_MAX) or 1
    return ["".join(words[nth : nth + at_once]) for nth in range(0, len(words), at_once)]
